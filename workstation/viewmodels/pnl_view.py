"""The profit-and-loss panel without a screen: figures by part of the day, what they mean, the distance to limits.

Last stage of both walks. Every figure stands under a caption that names method, mark, fees and currency; another method
or mark is a view, said to be one. Sums never mix currencies; what has no mark is left out and counted. Sends nothing.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from workstation.domain.instruments import Instrument
from workstation.portfolio.contracts import Contract
from workstation.portfolio.day_views import Trip
from workstation.portfolio.excursions import Excursion
from workstation.viewmodels.columns import NO_CHANGES, CellStyle, Changes, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import exact_money, money, time_of_day
from workstation.viewmodels.frames import BY_HAND, AccountSnap, PositionSnap
from workstation.viewmodels.ladder_settings import PnlUnit
from workstation.viewmodels.open_profit import open_ticks, profit_text
from workstation.viewmodels.pnl_basis import BOOKS, METHOD_WORDS, Basis, Shift, open_by, realised_by, shift_of
from workstation.viewmodels.pnl_curve import NetCurve
from workstation.viewmodels.positions_table import ALL_STRATEGIES

SEVERAL = "several"
"""What stands for ticks or R of more than one position."""


class GroupBy(StrEnum):
    """What a row sums up."""

    INSTRUMENT = "instrument"
    STRATEGY = "strategy"
    TRADE = "trade"
    ACCOUNT = "account"
    CURRENCY = "currency"


class PnlRow(msgspec.Struct, frozen=True):
    """One day's figures of an instrument, strategy, round trip, account or currency, never of two currencies.

    open is None where nothing marks anything held; what has no mark is left out of it and counted in `unmarked`.
    net is None where fees are in another currency or something has no mark. began: UTC ns of a round trip, else 0.
    ticks, risk: open profit of one unit in ticks by the books, and the open risk; None of several positions (`several`)
    as where they are not known.
    """

    symbol: str
    currency: str
    realised: int | None
    open: int | None
    fees: int
    net: int | None
    held: bool
    unmarked: int = 0
    began: int = 0
    excursion: Excursion | None = None
    ticks: float | None = None
    risk: int | None = None
    several: bool = False


class PnlView:
    """One account's figures, beside those of the others where it is summed by account.

    names: of strategies and runs by id.
    """

    def __init__(
        self,
        account: str,
        instruments: Mapping[str, Instrument] | None = None,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.account, self._names = account, names
        self.curve = NetCurve()
        self.basis = BOOKS
        self.mark_kinds: dict[str, str] = {}
        self.by = GroupBy.INSTRUMENT
        self.unit = PnlUnit.MONEY
        self._contracts = Contracts(instruments or {})
        self._snaps: dict[tuple[str, str, str], PositionSnap] = {}
        self._trips: dict[tuple[str, int], Trip] = {}
        self.table: ColumnTable[PnlRow] = ColumnTable(_columns(self), _key)

    def take(self, snaps: Iterable[PositionSnap]) -> Changes:
        """Fold positions in; those of other accounts are kept for the sum by account."""
        touched: set[tuple[str, str]] = set()
        for snap in snaps:
            position = snap.position
            self._snaps[position.account, position.symbol, position.strategy_id] = snap
            if position.account == self.account and position.strategy_id == ALL_STRATEGIES:
                if position.qty:
                    self.mark_kinds[position.symbol] = snap.mark_kind
                else:
                    self.mark_kinds.pop(position.symbol, None)
            if self._counts(snap):
                touched.add(self._group(snap))
        return self.table.upsert(self._rows(touched))

    def take_trips(self, trips: Iterable[Trip]) -> Changes:
        """Take the account's round trips of the day."""
        known = self._trips
        self._trips = {(trip.symbol, trip.opened_at): trip for trip in trips}
        if self.by is not GroupBy.TRADE:
            return NO_CHANGES
        if known.keys() - self._trips.keys():
            self.table.clear()
            known = {}
        fresh = [trip for key, trip in self._trips.items() if not trip.closed_at or known.get(key) != trip]
        return self.table.upsert([self._trip_row(trip) for trip in fresh])

    def group_by(self, by: GroupBy) -> Changes:
        """Sum by something else."""
        self.by = by
        return self._anew()

    def count_by(self, basis: Basis) -> Changes:
        """Show another method or mark; the books stay as they are."""
        self.basis = basis
        return self._anew()

    def show_in(self, unit: PnlUnit) -> Changes:
        """Show open profit in another unit, or nothing of what was made."""
        self.unit = unit
        return self._anew()

    def cell_text(self, amount: int | None, *, signed: bool = True) -> str:
        """Return an amount of money as a cell says it; "" where profit and loss are hidden."""
        return "" if self.unit is PnlUnit.HIDDEN else money(amount, signed=signed)

    def open_text(self, row: PnlRow) -> str:
        """Return open profit of a row in the chosen unit; of several positions ticks and R make no sum."""
        if self.unit is PnlUnit.MONEY:
            return _less_unmarked(money(row.open, signed=True), row)
        if self.unit is PnlUnit.HIDDEN:
            return ""
        return SEVERAL if row.several else profit_text(self.unit, row.open, "", ticks=row.ticks, risk=row.risk)

    def name_of(self, row: PnlRow) -> str:
        """Return what a row is called: a strategy's or run's by its name, where it is known."""
        return self._names.get(row.symbol, row.symbol) if self.by is GroupBy.STRATEGY else row.symbol

    def hover_of(self, row: PnlRow) -> str:
        """Return what a row is called, with the id where that is another."""
        name = self.name_of(row)
        return name if name == row.symbol else f"{name} ({row.symbol})"

    def open_profit(self) -> PnlRow | None:
        """Return what is open of the whole account, None when it is flat."""
        held = [
            snap
            for (name, _, strategy), snap in self._snaps.items()
            if name == self.account and strategy == ALL_STRATEGIES and snap.position.qty
        ]
        return _sum("", [self._row(snap) for snap in held]) if held else None

    def show_account(self, account: str) -> None:
        """Begin afresh with another account."""
        self.account = account
        self.curve.points.clear()
        self.mark_kinds.clear()
        self._snaps.clear()
        self._trips.clear()
        self.table.clear()

    def shift(self, account: AccountSnap) -> Shift:
        """Return what the view changes of the account's own figures, and the positions that it cannot value."""
        shifts = [
            shift_of(snap, self.basis, self._contracts.of(snap.position.symbol), account)
            for (name, _, strategy), snap in self._snaps.items()
            if name == account.account and strategy == ALL_STRATEGIES
        ]
        left_out = sorted(name for shift in shifts for name in shift.left_out)
        return Shift(sum(s.realised for s in shifts), sum(s.open for s in shifts), tuple(left_out))

    def _anew(self) -> Changes:
        self.table.clear()
        if self.by is GroupBy.TRADE:
            return self.table.upsert([self._trip_row(trip) for trip in self._trips.values()])
        return self.table.upsert(self._rows({self._group(s) for s in self._snaps.values() if self._counts(s)}))

    def _counts(self, snap: PositionSnap) -> bool:
        """Tell whether a row is of the kind that is summed: single strategies, or the account's whole positions."""
        if self.by is GroupBy.TRADE or (self.by is not GroupBy.ACCOUNT and snap.position.account != self.account):
            return False
        return (snap.position.strategy_id == ALL_STRATEGIES) is not (self.by is GroupBy.STRATEGY)

    def _group(self, snap: PositionSnap) -> tuple[str, str]:
        position = snap.position
        names = {
            GroupBy.INSTRUMENT: position.symbol,
            GroupBy.STRATEGY: position.strategy_id or BY_HAND,
            GroupBy.ACCOUNT: position.account,
            GroupBy.CURRENCY: position.currency,
        }
        return names[self.by], position.currency

    def _rows(self, wanted: set[tuple[str, str]]) -> list[PnlRow]:
        members: dict[tuple[str, str], list[PnlRow]] = {group: [] for group in wanted}
        for snap in self._snaps.values():
            if self._counts(snap) and (group := self._group(snap)) in members:
                members[group].append(self._row(snap))
        return [_sum(name, rows) for (name, _), rows in members.items()]

    def _row(self, snap: PositionSnap) -> PnlRow:
        """Return a position's day with its ticks, by the books alone: a view has another cost or mark."""
        symbol = snap.position.symbol
        row = row_of(snap, self.basis, self._contracts.of(symbol))
        instrument = self._contracts.instruments.get(symbol)
        if self.unit is not PnlUnit.TICKS or instrument is None or not self.basis.is_books:
            return row
        return msgspec.structs.replace(row, ticks=open_ticks(snap, instrument))

    def _trip_row(self, trip: Trip) -> PnlRow:
        """Return a round trip; what it realised and what is open sum to the same by either method."""
        side = "long" if trip.qty > 0 else "short"
        name = f"{trip.symbol} {side} {time_of_day(trip.opened_at)[:8]}"
        fees, foreign = _fees_of(trip.fees, trip.currency)
        realised: int | None = trip.realised
        opened: int | None = 0
        ticks = risk = None
        if not trip.closed_at:
            snap = self._snaps.get((self.account, trip.symbol, ALL_STRATEGIES))
            contract = self._contracts.of(trip.symbol)
            opened = None if snap is None else open_by(snap, self.basis, contract)
            if snap is not None:
                marked = open_by(snap, Basis(snap.position.method, self.basis.mark), contract)
                realised = None if opened is None or marked is None else trip.realised + marked - opened
                whole = self._row(snap)
                ticks, risk = whole.ticks, whole.risk
        net = None if foreign or opened is None or realised is None else realised + opened - fees
        return PnlRow(
            *(name, trip.currency, realised, opened, fees, net, not trip.closed_at, int(opened is None)),
            began=trip.opened_at,
            excursion=trip.excursion,
            ticks=ticks,
            risk=risk,
        )

    def unit_words(self) -> str:
        """Return what the chosen unit cannot say of the account now, "" where it says all."""
        profit = self.open_profit()
        if self.unit in (PnlUnit.MONEY, PnlUnit.HIDDEN) or profit is None:
            return ""
        if profit.several:
            return f"{self.unit.value} of several positions make no sum: each row has its own"
        if self.unit is PnlUnit.TICKS and not self.basis.is_books:
            return "ticks are counted by the books alone"
        no_stop = self.unit is PnlUnit.RISK and not profit.risk
        return "no R: no protective stop says what is at risk" if no_stop else ""

    def caption(self, currency: str) -> str:
        """Return what the figures mean."""
        if not self.basis.is_books:
            return f"{self.basis.words} · net of fees · {currency} · today, a view: the books are {BOOKS.words}"
        kinds = sorted({kind for kind in self.mark_kinds.values() if kind}) or ["mid"]
        method = METHOD_WORDS[self.basis.method]
        return f"{method} · marked at {' or '.join(kinds)} · net of fees · {currency} · today, own ledger"

    def style(self, row: PnlRow) -> RowStyle:
        """Return how a row looks."""
        cells = {
            name: CellStyle(ink(amount), bold=name == "net")
            for name, amount in (("realised", row.realised), ("open", row.open), ("net", row.net))
        }
        cells["fees"] = cells["currency"] = cells["best"] = cells["worst"] = CellStyle("text_muted")
        return RowStyle(ink="text" if row.held else "text_muted", cells=cells)


class Contracts:
    """Valuation of instruments, made once each; None for one that is not known."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self.instruments = instruments
        self._made: dict[str, Contract] = {}

    def of(self, symbol: str) -> Contract | None:
        """Return an instrument's valuation."""
        made = self._made.get(symbol)
        instrument = self.instruments.get(symbol)
        if made is None and instrument is not None:
            made = self._made[symbol] = Contract(instrument)
        return made


def row_of(snap: PositionSnap, basis: Basis = BOOKS, contract: Contract | None = None) -> PnlRow:
    """Return an instrument's day from its position."""
    position = snap.position
    fees, foreign = _fees_of(snap.day_fees, position.currency)
    realised, opened = realised_by(snap, basis), open_by(snap, basis, contract)
    net = None if foreign or opened is None or realised is None else realised + opened - fees
    unmarked = int(opened is None or realised is None)
    return PnlRow(
        *(position.symbol, position.currency, realised, opened, fees, net, bool(position.qty), unmarked),
        risk=snap.risk,
    )


def _fees_of(fees: Mapping[str, int], currency: str) -> tuple[int, bool]:
    """Return the fees in a currency, and whether there are any in another one."""
    return fees.get(currency, 0), any(name != currency for name, fee in fees.items() if fee)


def _sum(name: str, rows: list[PnlRow]) -> PnlRow:
    """Return the sum of rows of one currency under a name."""
    opens = [row.open for row in rows if row.open is not None]
    nets = [row.net for row in rows if row.net is not None]
    gains = [row.realised for row in rows if row.realised is not None]
    held = [row for row in rows if row.held]
    only = held[0] if len(held) == 1 else None
    return PnlRow(
        symbol=name,
        currency=rows[0].currency,
        realised=sum(gains) if gains else None,
        open=sum(opens) if opens else None,
        fees=sum(row.fees for row in rows),
        net=sum(nets) if len(nets) == len(rows) else None,
        held=bool(held),
        unmarked=sum(row.unmarked for row in rows),
        ticks=None if only is None else only.ticks,
        risk=None if only is None else only.risk,
        several=len(held) > 1,
    )


def ink(amount: int | None) -> str:
    """Return the colour role of a gain, a loss or neither."""
    return "text" if not amount else "rise" if amount > 0 else "fall"


def _key(row: PnlRow) -> tuple[str, str, int]:
    return row.symbol, row.currency, row.began


def _less_unmarked(text: str, row: PnlRow) -> str:
    return f"{text} less {row.unmarked}" if row.unmarked and row.open is not None else text


def _best(row: PnlRow) -> int | None:
    return None if row.excursion is None else row.excursion.best


def _worst(row: PnlRow) -> int | None:
    return None if row.excursion is None else row.excursion.worst


def _extreme(row: PnlRow, text: str, bound: str) -> str:
    return text if not text or row.excursion is None or row.excursion.whole else f"{bound} {text}"


def _columns(view: PnlView) -> tuple[Column[PnlRow], ...]:
    code, number, said = ColumnKind.CODE, ColumnKind.NUMBER, view.cell_text
    return (
        Column("symbol", "Name", code, view.name_of, view.name_of, width=11, fixed=True, hover=view.hover_of),
        Column("currency", "Ccy", code, lambda r: r.currency, lambda r: r.currency, width=4, fixed=True),
        Column("net", "Net", number, lambda r: r.net, lambda r: said(r.net), right=True, width=9,
               exact=lambda r: exact_money(r.net), hint="Realised and open, less fees"),
        Column("open", "Open", number, lambda r: r.open, view.open_text, right=True, width=9,
               exact=lambda r: exact_money(r.open), hint="At the mark; what has none is left out and counted"),
        Column("realised", "Realised", number, lambda r: r.realised, lambda r: said(r.realised),
               right=True, width=9, exact=lambda r: exact_money(r.realised), hint="Realised, before fees"),
        Column("best", "Best", number, _best, lambda r: _extreme(r, said(_best(r)), "≥"), right=True, width=10,
               exact=lambda r: exact_money(_best(r)), hint="Highest profit on its way, before fees (MFE); "
               "≥ where its beginning was not seen"),
        Column("worst", "Worst", number, _worst, lambda r: _extreme(r, said(_worst(r)), "≤"), right=True, width=10,
               exact=lambda r: exact_money(_worst(r)), hint="Deepest loss on its way, before fees (MAE); "
               "≤ where its beginning was not seen"),
        Column("fees", "Fees", number, lambda r: r.fees, lambda r: said(r.fees, signed=False), right=True, width=8,
               exact=lambda r: exact_money(r.fees)),
    )  # fmt: skip
