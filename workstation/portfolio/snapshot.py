"""The ledger's state as plain records: what a snapshot stores and recovery loads (P11).

Every map is encoded in sorted order by the deterministic encoder, every list in its own order, so equal ledgers give
equal bytes and equal hashes. Field order is the format: add at the end, with defaults.
"""

from collections import deque

import msgspec

from workstation.domain.accounts import Account
from workstation.domain.executions import CostMethod
from workstation.portfolio.entries import Fill, HoldingEntry, SortKey, Split
from workstation.portfolio.figures import Figures
from workstation.portfolio.holding import Holding
from workstation.portfolio.positions import Position
from workstation.portfolio.purses import DayStart, Purse


class LedgerCounts(msgspec.Struct):
    """How often the venue's word was repeated, late, taken back, or named a fill that has not come (yet)."""

    duplicates: int = 0
    late: int = 0
    busts: int = 0
    unmatched: int = 0


class PositionRecord(msgspec.Struct, frozen=True, array_like=True):
    """One `Position`; lots is None by average cost."""

    qty: int
    cost: int
    realised: int
    fees: dict[str, int]
    lots: tuple[tuple[int, int], ...] | None
    updated_at: int
    version: int


class FiguresRecord(msgspec.Struct, frozen=True, array_like=True):
    """One `Figures`."""

    total: PositionRecord
    parts: dict[str, PositionRecord]
    cash: dict[str, int]
    settled: int
    traded: int
    issued: int


class HoldingRecord(msgspec.Struct, frozen=True):
    """One `Holding`; its index is derived from the entries."""

    account: str
    symbol: str
    now: FiguresRecord
    checkpoint: FiguresRecord
    entries: tuple[HoldingEntry, ...]
    sealed_fills: tuple[Fill, ...]
    sealed_to: SortKey | None
    awaited_voids: tuple[str, ...]
    beyond_horizon: int


class PurseRecord(msgspec.Struct, frozen=True):
    """One `Purse`."""

    terms: Account | None
    cash: dict[str, int]
    realised: dict[str, int]
    fees: dict[str, int]
    income: dict[str, int]
    updated_at: dict[str, int]
    day: DayStart


class LedgerState(msgspec.Struct, frozen=True):
    """The whole ledger."""

    method: CostMethod
    counts: LedgerCounts
    holdings: tuple[HoldingRecord, ...]
    splits: dict[str, tuple[Split, ...]]
    purses: dict[str, PurseRecord]


def pack_holding(holding: Holding) -> HoldingRecord:
    """Return the record of a holding."""
    return HoldingRecord(
        account=holding.account,
        symbol=holding.contract.symbol,
        now=_pack_figures(holding.now),
        checkpoint=_pack_figures(holding.checkpoint),
        entries=tuple(holding.entries),
        sealed_fills=tuple(holding.sealed_fills.values()),
        sealed_to=holding.sealed_to,
        awaited_voids=tuple(holding.awaited_voids),
        beyond_horizon=holding.beyond_horizon,
    )


def unpack_holding(record: HoldingRecord, holding: Holding) -> None:
    """Fill a new holding from its record."""
    fifo = holding.now.total.lots is not None
    holding.now = _unpack_figures(record.now, fifo=fifo)
    holding.checkpoint = _unpack_figures(record.checkpoint, fifo=fifo)
    holding.entries = list(record.entries)
    holding.keys = [entry.sort_key for entry in record.entries]
    holding.index = {entry.exec_key: entry.sort_key for entry in record.entries if isinstance(entry, Fill)}
    holding.sealed_fills = {fill.exec_key: fill for fill in record.sealed_fills}
    holding.sealed_to = record.sealed_to
    holding.awaited_voids = dict.fromkeys(record.awaited_voids)
    holding.beyond_horizon = record.beyond_horizon


def pack_purse(purse: Purse) -> PurseRecord:
    """Return the record of an account's money."""
    return PurseRecord(
        terms=purse.terms,
        cash=purse.cash.copy(),
        realised=purse.realised.copy(),
        fees=purse.fees.copy(),
        income=purse.income.copy(),
        updated_at=purse.updated_at.copy(),
        day=purse.day,
    )


def unpack_purse(record: PurseRecord) -> Purse:
    """Return an account's money from its record."""
    purse = Purse()
    purse.terms, purse.day = record.terms, record.day
    purse.cash, purse.realised = record.cash.copy(), record.realised.copy()
    purse.fees, purse.income = record.fees.copy(), record.income.copy()
    purse.updated_at = record.updated_at.copy()
    return purse


def _pack_position(position: Position) -> PositionRecord:
    lots = None if position.lots is None else tuple((qty, cost) for qty, cost in position.lots)
    return PositionRecord(
        position.qty,
        position.cost,
        position.realised,
        position.fees.copy(),
        lots,
        position.updated_at,
        position.version,
    )


def _unpack_position(record: PositionRecord, *, fifo: bool) -> Position:
    position = Position(fifo=fifo)
    position.qty, position.cost, position.realised = record.qty, record.cost, record.realised
    position.fees = record.fees.copy()
    position.updated_at, position.version = record.updated_at, record.version
    if record.lots is not None:
        position.lots = deque([qty, cost] for qty, cost in record.lots)
    return position


def _pack_figures(figures: Figures) -> FiguresRecord:
    parts = {name: _pack_position(part) for name, part in sorted(figures.parts.items())}
    return FiguresRecord(
        _pack_position(figures.total), parts, figures.cash.copy(), figures.settled, figures.traded, figures.issued
    )


def _unpack_figures(record: FiguresRecord, *, fifo: bool) -> Figures:
    figures = Figures(fifo=fifo)
    figures.total = _unpack_position(record.total, fifo=fifo)
    figures.parts = {name: _unpack_position(part, fifo=fifo) for name, part in record.parts.items()}
    figures.cash = record.cash.copy()
    figures.settled, figures.traded, figures.issued = record.settled, record.traded, record.issued
    return figures
