"""The fills blotter without a screen: one row an execution id, busts and corrections struck through and linked.

Last stage of the order walk. A repeated execution never makes a second row. Reads frames' rows; sends nothing.
"""

from collections.abc import Iterable, Mapping

import msgspec

from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.viewmodels.columns import (
    Accepts,
    CellStyle,
    Changes,
    Column,
    ColumnKind,
    ColumnTable,
    RowStyle,
)
from workstation.viewmodels.formats import MISSING, Formats, exact_money, exact_time, moment, money
from workstation.viewmodels.table_query import TableQuery

SIDE_WORDS = {"BUY": "BUY", "SELL": "SELL", "SELL_SHORT": "SHORT", "BUY_TO_COVER": "COVER"}
_MUTED = CellStyle("text_muted")
FEE_PLACES = 4
_NAMES = {"sym": "symbol", "acct": "account", "quantity": "qty", "px": "price", "liq": "liquidity", "id": "order"}
_SEARCHED = ("symbol", "side", "liquidity", "venue", "account", "currency")


class FillTotals(msgspec.Struct, frozen=True):
    """What stands of the fills shown: how many, how many were taken back, and fees by currency."""

    count: int
    struck: int
    fees: Mapping[str, int]


class FillBlotter:
    """All executions of one screen."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.now_ns = 0
        self._corrected: dict[str, str] = {}
        self._fees: dict[str, int] = {}
        self._busts = 0
        self.table: ColumnTable[Execution] = ColumnTable(self._columns(), _key, newest_first=True)
        self.query = TableQuery(self.table, _SEARCHED, "order", _NAMES)

    def take(self, executions: Iterable[Execution]) -> Changes:
        """Fold executions in; a bust or correction strikes the fill that it names."""
        fresh: dict[str, Execution] = {}
        for execution in executions:
            key = execution.exec_key
            if key in fresh or self.table.get(key) is not None:
                continue
            fresh[key] = execution
            self._busts += execution.kind is ExecKind.BUST
            if execution.kind is not ExecKind.BUST and key not in self._corrected:
                self._add_fee(execution, 1)
            if execution.corrects and execution.corrects not in self._corrected:
                self._corrected[execution.corrects] = key
                struck = fresh.get(execution.corrects) or self.table.get(execution.corrects)
                if struck is not None:
                    fresh[struck.exec_key] = struck
                    self._add_fee(struck, -1)
        return self.table.upsert(fresh.values())

    def is_struck(self, execution: Execution) -> bool:
        """Tell whether a later report took this one back."""
        return execution.exec_key in self._corrected or execution.kind is ExecKind.BUST

    def style(self, execution: Execution) -> RowStyle:
        """Return how a fill's row looks."""
        side = "buy" if execution.side.sign > 0 else "sell"
        if self.is_struck(execution):
            return RowStyle(ink="text_muted", struck=True, cells={"note": CellStyle("warning")})
        cells = {
            "side": CellStyle(side, "", "up" if side == "buy" else "down"),
            "note": CellStyle("warning"),
            **dict.fromkeys(("time", "liquidity", "venue", "account", "currency", "order", "exec"), _MUTED),
        }
        return RowStyle(cells=cells)

    def totals(self) -> FillTotals:
        """Return counts and fees of all fills."""
        struck = len(self._corrected)
        return FillTotals(self.table.total - struck - self._busts, struck, dict(self._fees))

    def accepts(self, line: str, symbol: str = "", *, now_ns: int = 0) -> Accepts | None:
        """Return the filter over row numbers: what the line asks for, of one instrument; None shows everything.

        Raises:
            QueryError: at the first part of the line that cannot be read.
        """
        return self.query.accepts_line(line, symbol, now_ns=now_ns)

    def _add_fee(self, execution: Execution, sign: int) -> None:
        if execution.fee:
            currency = execution.fee_currency
            self._fees[currency] = self._fees.get(currency, 0) + sign * execution.fee

    def _note(self, execution: Execution) -> str:
        by = self._corrected.get(execution.exec_key)
        if by is not None:
            return f"taken back by …{by[-6:]}"
        if execution.kind is ExecKind.BUST:
            return f"busts …{execution.corrects[-6:]}"
        if execution.kind is ExecKind.CORRECTION:
            return f"corrects …{execution.corrects[-6:]}"
        return "made up at reconciliation" if execution.synthetic else ""

    def _columns(self) -> tuple[Column[Execution], ...]:
        code, number = ColumnKind.CODE, ColumnKind.NUMBER
        f = self._formats
        return (
            Column("time", "Time", number, lambda e: e.ts_event, lambda e: moment(e.ts_event, self.now_ns), width=12,
                   right=True, fixed=True, exact=lambda e: exact_time(e.ts_event), hint="The venue's time, UTC"),
            Column("symbol", "Symbol", code, lambda e: e.symbol, lambda e: e.symbol, width=12, fixed=True),
            Column("side", "Side", code, _side, _side, width=8, fixed=True),
            Column("qty", "Qty", number, lambda e: f.quantity_number(e.symbol, e.last_qty),
                   lambda e: f.quantity(e.symbol, e.last_qty), right=True, width=9, fixed=True,
                   exact=lambda e: f.exact_quantity(e.symbol, e.last_qty)),
            Column("price", "Price", number, lambda e: f.price_number(e.symbol, e.last_px),
                   lambda e: f.price(e.symbol, e.last_px), right=True, width=11, fixed=True,
                   exact=lambda e: f.exact_price(e.symbol, e.last_px)),
            Column("fee", "Fee", number, lambda e: e.fee, lambda e: money(e.fee, places=FEE_PLACES), right=True,
                   width=10, fixed=True, exact=lambda e: exact_money(e.fee), hint="Paid; a rebate is below 0"),
            Column("currency", "Ccy", code, lambda e: e.fee_currency, lambda e: e.fee_currency, width=5, fixed=True),
            Column("liquidity", "Liq", code, _liquidity, _liquidity, width=7, fixed=True,
                   hint="Whether the fill added or took liquidity"),
            Column("venue", "Venue", code, lambda e: e.venue, lambda e: e.venue, width=8, fixed=True),
            Column("account", "Account", code, lambda e: e.account, lambda e: e.account, width=11, fixed=True),
            Column("note", "Note", ColumnKind.TEXT, self._note, self._note, width=22),
            Column("order", "Order", ColumnKind.ID, lambda e: e.cl_ord_id, lambda e: f"…{e.cl_ord_id[-6:]}", width=8,
                   fixed=True, exact=lambda e: e.cl_ord_id),
            Column("exec", "Execution", ColumnKind.ID, lambda e: e.exec_key, lambda e: e.exec_id, width=14, fixed=True,
                   exact=lambda e: e.exec_key),
        )  # fmt: skip


def _key(execution: Execution) -> str:
    return execution.exec_key


def _side(execution: Execution) -> str:
    return SIDE_WORDS[execution.side.value]


def _liquidity(execution: Execution) -> str:
    return MISSING if execution.liquidity is Liquidity.UNKNOWN else execution.liquidity.value.lower()
