"""The fills of each order as one row: how many, quantity, average price and fees; what was taken back is left out.

Last stage of the order walk, beside `fills_table`. Sums grow with each fill; none is read twice. Sends nothing.
"""

from collections.abc import Iterable

import msgspec

from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.orders import Side
from workstation.viewmodels.columns import (
    Accepts,
    CellStyle,
    Changes,
    Column,
    ColumnKind,
    ColumnTable,
    RowStyle,
)
from workstation.viewmodels.fills_table import FEE_PLACES, SIDE_WORDS
from workstation.viewmodels.formats import MISSING, Formats, age, exact_money, exact_time, moment, money
from workstation.viewmodels.table_query import TableQuery

_MUTED = CellStyle("text_muted")
_NAMES = {"sym": "symbol", "acct": "account", "quantity": "qty", "px": "price", "average": "price", "id": "order"}
_SEARCHED = ("symbol", "side", "liquidity", "venue", "account", "currency")


class OrderFill(msgspec.Struct, frozen=True, kw_only=True):
    """What stands of one order's fills. key: our id of the order, else the venue's, else the execution's.

    cost: price units times quantity units; fee: of `currency` alone, None where there are several.
    makers: fills that added liquidity, takers: that took it. first_ts, last_ts: UTC ns.
    """

    key: str
    cl_ord_id: str
    account: str
    symbol: str
    side: Side
    venue: str
    first_ts: int
    last_ts: int
    count: int = 0
    qty: int = 0
    cost: int = 0
    fee: int | None = 0
    currency: str = ""
    makers: int = 0
    takers: int = 0

    def with_fill(self, fill: Execution, sign: int) -> "OrderFill":
        """Return it with a fill more, or with sign −1 one less."""
        mixed = bool(fill.fee) and self.currency not in ("", fill.fee_currency)
        return msgspec.structs.replace(
            self,
            first_ts=min(self.first_ts, fill.ts_event),
            last_ts=max(self.last_ts, fill.ts_event),
            count=self.count + sign,
            qty=self.qty + sign * fill.last_qty,
            cost=self.cost + sign * fill.last_qty * fill.last_px,
            fee=None if mixed or self.fee is None else self.fee + sign * fill.fee,
            currency=self.currency or (fill.fee_currency if fill.fee else ""),
            makers=self.makers + sign * (fill.liquidity is Liquidity.MAKER),
            takers=self.takers + sign * (fill.liquidity is Liquidity.TAKER),
        )


class FillsByOrder:
    """The orders that filled on one screen."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.now_ns = 0
        self._fills: dict[str, Execution] = {}
        self._corrected: set[str] = set()
        self.table: ColumnTable[OrderFill] = ColumnTable(self._columns(), lambda row: row.key, newest_first=True)
        self.query = TableQuery(self.table, _SEARCHED, "order", _NAMES)

    def take(self, executions: Iterable[Execution]) -> Changes:
        """Fold executions in, each once; a bust or correction takes the fill that it names out."""
        touched: dict[str, OrderFill] = {}

        def count(fill: Execution, sign: int) -> None:
            key = _key(fill)
            row = touched.get(key) or self.table.get(key) or _empty(fill)
            touched[key] = row.with_fill(fill, sign)

        for execution in executions:
            if execution.exec_key in self._fills:
                continue
            self._fills[execution.exec_key] = execution
            if execution.kind is not ExecKind.BUST and execution.exec_key not in self._corrected:
                count(execution, 1)
            if execution.corrects and execution.corrects not in self._corrected:
                self._corrected.add(execution.corrects)
                struck = self._fills.get(execution.corrects)
                if struck is not None:
                    count(struck, -1)
        return self.table.upsert(touched.values())

    def style(self, row: OrderFill) -> RowStyle:
        """Return how a row looks: muted where nothing stands of it any more."""
        side = "buy" if row.side.sign > 0 else "sell"
        cells = {
            "side": CellStyle(side, "", "up" if side == "buy" else "down"),
            **dict.fromkeys(("time", "took", "liquidity", "venue", "account", "currency", "order"), _MUTED),
        }
        return RowStyle(ink="text" if row.count else "text_muted", cells=cells)

    def accepts(self, line: str, symbol: str = "", *, now_ns: int = 0) -> Accepts | None:
        """Return the filter over row numbers, as that of single fills.

        Raises:
            QueryError: at the first part of the line that cannot be read.
        """
        return self.query.accepts_line(line, symbol, now_ns=now_ns)

    def _average_number(self, row: OrderFill) -> float | None:
        return self._formats.price_number(row.symbol, row.cost / row.qty if row.qty else None)

    def _columns(self) -> tuple[Column[OrderFill], ...]:
        code, number = ColumnKind.CODE, ColumnKind.NUMBER
        f = self._formats
        return (
            Column("time", "Last", number, lambda r: r.last_ts, lambda r: moment(r.last_ts, self.now_ns), width=12,
                   right=True, exact=lambda r: exact_time(r.last_ts), hint="The venue's time of the last fill, UTC"),
            Column("symbol", "Symbol", code, lambda r: r.symbol, lambda r: r.symbol, width=12, fixed=True),
            Column("side", "Side", code, _side, _side, width=8, fixed=True),
            Column("qty", "Qty", number, lambda r: f.quantity_number(r.symbol, r.qty),
                   lambda r: f.quantity(r.symbol, r.qty), right=True, width=9,
                   exact=lambda r: f.exact_quantity(r.symbol, r.qty)),
            Column("price", "Average", number, self._average_number, lambda r: f.average(r.symbol, r.cost, r.qty),
                   right=True, width=11),
            Column("fills", "Fills", number, lambda r: r.count, lambda r: f"{r.count:,}", right=True, width=6),
            Column("took", "Took", number, lambda r: r.last_ts - r.first_ts, _took, right=True, width=8,
                   hint="From the first fill to the last"),
            Column("fee", "Fees", number, lambda r: r.fee, lambda r: money(r.fee, places=FEE_PLACES), right=True,
                   width=10, exact=lambda r: exact_money(r.fee), hint="In one currency; a dash for several"),
            Column("currency", "Ccy", code, lambda r: r.currency, lambda r: r.currency, width=5),
            Column("liquidity", "Liq", code, _liquidity, _liquidity, width=8, hint="Added liquidity, took it, or both"),
            Column("venue", "Venue", code, lambda r: r.venue, lambda r: r.venue, width=8, fixed=True),
            Column("account", "Account", code, lambda r: r.account, lambda r: r.account, width=11, fixed=True),
            Column("order", "Order", ColumnKind.ID, lambda r: r.cl_ord_id, lambda r: f"…{r.cl_ord_id[-6:]}", width=8,
                   fixed=True, exact=lambda r: r.cl_ord_id),
        )  # fmt: skip


def _key(fill: Execution) -> str:
    return fill.cl_ord_id or fill.order_id or fill.exec_key


def _empty(fill: Execution) -> OrderFill:
    return OrderFill(
        key=_key(fill),
        cl_ord_id=fill.cl_ord_id,
        account=fill.account,
        symbol=fill.symbol,
        side=fill.side,
        venue=fill.venue,
        first_ts=fill.ts_event,
        last_ts=fill.ts_event,
    )


def _side(row: OrderFill) -> str:
    return SIDE_WORDS[row.side.value]


def _took(row: OrderFill) -> str:
    return age(row.last_ts - row.first_ts) if row.count > 1 else MISSING


def _liquidity(row: OrderFill) -> str:
    words = [word for count, word in ((row.makers, "maker"), (row.takers, "taker")) if count]
    return "both" if len(words) > 1 else words[0] if words else MISSING
