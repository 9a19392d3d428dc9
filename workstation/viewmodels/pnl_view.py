"""The profit-and-loss panel without a screen: figures by instrument, strategy or currency, what they mean, the curve.

Last stage of both walks. Every figure stands under a caption that names method, mark, fees and currency. Sums never
mix currencies; what has no mark is left out and counted. Sends nothing.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate

import msgspec

from workstation.domain.executions import CostMethod
from workstation.viewmodels.columns import CellStyle, Changes, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import exact_money, money
from workstation.viewmodels.frames import AccountSnap, PositionSnap
from workstation.viewmodels.positions_table import ALL_STRATEGIES

CURVE_POINTS_MAX = 1_024
CURVE_STEP_NS = 1_000_000_000
NEAR_LIMIT_SHARE = 0.75
BY_HAND = "by hand"


class GroupBy(StrEnum):
    """What a row sums up."""

    INSTRUMENT = "instrument"
    STRATEGY = "strategy"
    CURRENCY = "currency"


class PnlRow(msgspec.Struct, frozen=True):
    """One day's figures of an instrument, strategy or currency, never of two currencies.

    open is None where nothing marks anything held; what has no mark is left out of it and counted in `unmarked`.
    net is None where fees are in another currency or something has no mark.
    """

    symbol: str
    currency: str
    realised: int
    open: int | None
    fees: int
    net: int | None
    held: bool
    unmarked: int = 0


class LimitGauge(msgspec.Struct, frozen=True):
    """How much of the day's loss limit is used: share 0 to 1, level ok, amber or red, and the same in words."""

    share: float
    level: str
    text: str


class PnlView:
    """One account's figures."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.curve = NetCurve()
        self.method: CostMethod = CostMethod.AVERAGE
        self.mark_kinds: dict[str, str] = {}
        self.by = GroupBy.INSTRUMENT
        self._snaps: dict[tuple[str, str], PositionSnap] = {}
        self.table: ColumnTable[PnlRow] = ColumnTable(_columns(), _key)

    def take(self, snaps: Iterable[PositionSnap]) -> Changes:
        """Fold the account's positions in."""
        touched: set[tuple[str, str]] = set()
        for snap in snaps:
            position = snap.position
            if position.account != self.account:
                continue
            self._snaps[position.symbol, position.strategy_id] = snap
            if position.strategy_id == ALL_STRATEGIES:
                self.method = position.method
                if position.qty:
                    self.mark_kinds[position.symbol] = snap.mark_kind
                else:
                    self.mark_kinds.pop(position.symbol, None)
            if self._counts(snap):
                touched.add(self._group(snap))
        return self.table.upsert(self._rows(touched))

    def group_by(self, by: GroupBy) -> Changes:
        """Sum by something else."""
        self.by = by
        self.table.clear()
        return self.table.upsert(self._rows({self._group(s) for s in self._snaps.values() if self._counts(s)}))

    def show_account(self, account: str) -> None:
        """Begin afresh with another account."""
        self.account = account
        self.curve.points.clear()
        self.mark_kinds.clear()
        self._snaps.clear()
        self.table.clear()

    def _counts(self, snap: PositionSnap) -> bool:
        """Tell whether a row is of the kind that is summed: single strategies, or the account's whole positions."""
        return (snap.position.strategy_id == ALL_STRATEGIES) is not (self.by is GroupBy.STRATEGY)

    def _group(self, snap: PositionSnap) -> tuple[str, str]:
        position = snap.position
        names = {
            GroupBy.INSTRUMENT: position.symbol,
            GroupBy.STRATEGY: position.strategy_id or BY_HAND,
            GroupBy.CURRENCY: position.currency,
        }
        return names[self.by], position.currency

    def _rows(self, wanted: set[tuple[str, str]]) -> list[PnlRow]:
        members: dict[tuple[str, str], list[PnlRow]] = {group: [] for group in wanted}
        for snap in self._snaps.values():
            if self._counts(snap) and (group := self._group(snap)) in members:
                members[group].append(row_of(snap))
        return [_sum(name, rows) for (name, _), rows in members.items()]

    def caption(self, currency: str) -> str:
        """Return what the figures mean."""
        kinds = sorted({kind for kind in self.mark_kinds.values() if kind}) or ["last"]
        method = "average cost" if self.method is CostMethod.AVERAGE else "FIFO"
        return f"{method} · marked at {' or '.join(kinds)} · net of fees · {currency} · today, own ledger"

    def style(self, row: PnlRow) -> RowStyle:
        """Return how a row looks."""
        cells = {
            name: CellStyle(ink(amount), bold=name == "net")
            for name, amount in (("realised", row.realised), ("open", row.open), ("net", row.net))
        }
        cells["fees"] = cells["currency"] = CellStyle("text_muted")
        return RowStyle(ink="text" if row.held else "text_muted", cells=cells)


def row_of(snap: PositionSnap) -> PnlRow:
    """Return an instrument's day from its position."""
    position = snap.position
    foreign = any(currency != position.currency for currency, fee in position.fees.items() if fee)
    fees = position.fees.get(position.currency, 0)
    opened = snap.unrealised if position.qty else 0
    net = None if foreign or opened is None else position.realised + opened - fees
    unmarked = int(opened is None)
    return PnlRow(
        position.symbol, position.currency, position.realised, opened, fees, net, bool(position.qty), unmarked
    )


def _sum(name: str, rows: list[PnlRow]) -> PnlRow:
    """Return the sum of rows of one currency under a name."""
    opens = [row.open for row in rows if row.open is not None]
    nets = [row.net for row in rows if row.net is not None]
    return PnlRow(
        symbol=name,
        currency=rows[0].currency,
        realised=sum(row.realised for row in rows),
        open=sum(opens) if opens else None,
        fees=sum(row.fees for row in rows),
        net=sum(nets) if len(nets) == len(rows) else None,
        held=any(row.held for row in rows),
        unmarked=sum(row.unmarked for row in rows),
    )


def ink(amount: int | None) -> str:
    """Return the colour role of a gain, a loss or neither."""
    return "text" if not amount else "rise" if amount > 0 else "fall"


def limit_gauge(account: AccountSnap) -> LimitGauge:
    """Return the distance to the day's loss limit."""
    limit, loss = account.day_limit, max(-account.net, 0)
    if limit is None:
        return LimitGauge(0.0, "ok", "No day loss limit is set.")
    if account.lockout:
        return LimitGauge(1.0, "red", account.lockout)
    share = min(loss / limit, 1.0) if limit else 1.0
    left = money(max(limit - loss, 0), places=0)
    text = f"{left} {account.currency} left of the {money(limit, places=0)} day loss limit, {share:.0%} used"
    level = "red" if share >= 1 else "amber" if share >= NEAR_LIMIT_SHARE else "ok"
    return LimitGauge(share, level, text)


class NetCurve:
    """Net P&L over the day, one point a second until full; then every other point goes and the step doubles."""

    def __init__(self) -> None:
        self.points: list[tuple[int, int]] = []
        self._step_ns = CURVE_STEP_NS

    def add(self, ts: int, net: int) -> bool:
        """Note the net (money) at a time (UTC ns); True when a point was added or moved."""
        if self.points and ts - self.points[-1][0] < self._step_ns:
            before = self.points[-1]
            self.points[-1] = (before[0], net)
            return before[1] != net
        self.points.append((ts, net))
        if len(self.points) > CURVE_POINTS_MAX:
            self.points = self.points[::2]
            self._step_ns *= 2
        return True

    def highs(self) -> list[int]:
        """Return at each point the highest net so far."""
        return list(accumulate((net for _, net in self.points), max))

    def reading(self, share: float) -> tuple[int, int, int] | None:
        """Return time, net and fall from the high before it, at the point nearest to a share of the time, 0 to 1."""
        if not self.points:
            return None
        start, end = self.points[0][0], self.points[-1][0]
        wanted = start + min(max(share, 0.0), 1.0) * (end - start)
        place = min(range(len(self.points)), key=lambda at: abs(self.points[at][0] - wanted))
        ts, net = self.points[place]
        return ts, net, self.highs()[place] - net

    def extremes(self) -> tuple[int, int]:
        """Return the lowest and highest net, with 0 among them."""
        values = [net for _, net in self.points]
        return min(values, default=0), max(values, default=0)


def _key(row: PnlRow) -> tuple[str, str]:
    return row.symbol, row.currency


def _open_text(row: PnlRow) -> str:
    text = money(row.open, signed=True)
    return f"{text} less {row.unmarked}" if row.unmarked and row.open is not None else text


def _columns() -> tuple[Column[PnlRow], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    return (
        Column("symbol", "Name", code, lambda r: r.symbol, lambda r: r.symbol, width=12, fixed=True),
        Column("net", "Net", number, lambda r: r.net, lambda r: money(r.net, signed=True), right=True, width=10,
               exact=lambda r: exact_money(r.net), hint="Realised and open, less fees"),
        Column("open", "Open", number, lambda r: r.open, _open_text, right=True, width=10,
               exact=lambda r: exact_money(r.open), hint="At the mark; what has none is left out and counted"),
        Column("realised", "Realised", number, lambda r: r.realised, lambda r: money(r.realised, signed=True),
               right=True, width=10, exact=lambda r: exact_money(r.realised), hint="Realised, before fees"),
        Column("fees", "Fees", number, lambda r: r.fees, lambda r: money(r.fees), right=True, width=8,
               exact=lambda r: exact_money(r.fees)),
        Column("currency", "Ccy", code, lambda r: r.currency, lambda r: r.currency, width=4, fixed=True),
    )  # fmt: skip
