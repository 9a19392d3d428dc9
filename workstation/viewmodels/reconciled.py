"""What the venue says an account holds beside what this program says: cash and positions, and the gap between them.

Beside the order walk. The engine notes the cash that a venue names when it is asked; screens show it as rows. A venue
that names no cash makes a row without a figure, never one of 0. It decides nothing: reconciliation does.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from workstation.domain.numbers import MONEY_ONE
from workstation.ports.broker import BrokerReport, QueryAnswer
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, Formats, exact_time, money
from workstation.viewmodels.frames import AccountSnap, CashSeen, PositionSnap

NOT_AVAILABLE = "not available"
ROUNDING: int = MONEY_ONE // 100
"""Cash that differs by no more than this differs by rounding, as reconciliation has it."""


class VenueCash:
    """The cash that venues named last, beside ours then. Engine thread. ours: an account's cash by currency."""

    def __init__(self, ours: Callable[[str], Mapping[str, int]]) -> None:
        self._ours = ours
        self._seen: dict[str, tuple[CashSeen, ...]] = {}

    def take(self, report: BrokerReport) -> None:
        """Note a complete answer of a venue, after it was booked here."""
        if isinstance(report, QueryAnswer) and not report.error:
            ours = self._ours(report.account)
            self._seen[report.account] = tuple(
                CashSeen(row.currency, ours.get(row.currency, 0), row.cash, report.ts_event)
                for row in sorted(report.balances, key=lambda row: row.currency)
            )

    def of(self, account: str) -> tuple[CashSeen, ...]:
        """Return an account's cash as its venue named it last, by currency; nothing where it never did."""
        return self._seen.get(account, ())


class ReconcileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One figure here and there, as text. symbol: of a position, "" for cash. as_of: UTC ns, 0 for now."""

    what: str
    ours: str
    theirs: str
    gap: str
    differs: bool
    symbol: str = ""
    currency: str = ""
    as_of: int = 0

    @property
    def words(self) -> str:
        """The row as a sentence."""
        when = f" as of {exact_time(self.as_of)[:19].replace('T', ' ')} UTC" if self.as_of else ""
        return f"{self.what}: {self.ours} here, {self.theirs} at the broker, gap {self.gap}{when}"


def reconcile_rows(formats: Formats, account: AccountSnap, positions: Iterable[PositionSnap]) -> list[ReconcileRow]:
    """Return the account's cash, then the positions that differ from the venue's."""
    rows = [_cash_row(seen) for seen in account.venue_cash]
    if not rows:
        what, ours = f"Cash {account.currency}", money(account.cash)
        rows.append(
            ReconcileRow(
                what=what, ours=ours, theirs=MISSING, gap=NOT_AVAILABLE, differs=False, currency=account.currency
            )
        )
    for snap in positions:
        position = snap.position
        if snap.theirs is not None and position.account == account.account:
            gap = position.qty - snap.theirs
            texts = [formats.quantity(position.symbol, figure) for figure in (position.qty, snap.theirs, gap)]
            rows.append(
                ReconcileRow(
                    what=position.symbol,
                    ours=texts[0],
                    theirs=texts[1],
                    gap=f"+{texts[2]}" if gap > 0 else texts[2],
                    differs=bool(gap),
                    symbol=position.symbol,
                )
            )
    return rows


def _cash_row(seen: CashSeen) -> ReconcileRow:
    gap = seen.ours - seen.theirs
    return ReconcileRow(
        what=f"Cash {seen.currency}",
        ours=money(seen.ours),
        theirs=money(seen.theirs),
        gap=money(gap, signed=True),
        differs=abs(gap) > ROUNDING,
        currency=seen.currency,
        as_of=seen.as_of,
    )


def reconcile_table() -> ColumnTable[ReconcileRow]:
    """Return an empty table of figures here and there."""
    code = ColumnKind.CODE
    columns: tuple[Column[ReconcileRow], ...] = (
        Column("what", "Reconcile", code, lambda r: r.what, lambda r: r.what, width=7, hover=lambda r: r.words,
               fixed=True, hint="Our figures beside the broker's; a click shows the fills behind one"),
        Column("gap", "Gap", code, lambda r: r.gap, lambda r: r.gap, right=True, width=12,
               hover=lambda r: r.words, hint="Ours less the broker's"),
        Column("ours", "Ours", code, lambda r: r.ours, lambda r: r.ours, right=True, width=11,
               hover=lambda r: r.words, hint="What this program counts"),
        Column("theirs", "Broker", code, lambda r: r.theirs, lambda r: r.theirs, right=True, width=12,
               hover=lambda r: r.words, hint="What the broker named when it was asked last"),
    )  # fmt: skip
    return ColumnTable(columns, lambda row: row.what)


def reconcile_style(row: ReconcileRow) -> RowStyle:
    """Return how a row looks: a gap in red and bold, agreement plain, what nobody names muted."""
    if row.differs:
        return RowStyle(cells={"gap": CellStyle("danger", bold=True), "what": CellStyle("danger", glyph="bar")})
    muted = CellStyle("text_muted")
    return RowStyle(cells={"theirs": muted, "gap": muted} if row.gap == NOT_AVAILABLE else {})
