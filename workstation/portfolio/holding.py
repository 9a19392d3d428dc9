"""One account in one instrument: its figures now, and enough history to make a late word of the venue come out right.

A fill in time order is folded at once. A late fill, a bust, a correction or a late split changes the history and folds
it again from the checkpoint, so the figures are those of in-order arrival.

Bound: the newest `HISTORY_MAX` entries are kept; when they are full the older half is folded into the checkpoint for
good, of whose fills the last `SEALED_FILLS_MAX` are remembered, to tell repetitions and to take them back. What arrives
from before the checkpoint is booked at the checkpoint, a bust of a sealed fill as its reversal there: quantity, cash
and total profit stay exact, only how profit divides into realised and unrealised may differ from in-order arrival. Each
such case counts in `beyond_horizon` and is reported by `Ledger.doubtful`, never silent.
"""

import bisect
from collections.abc import Iterable

import msgspec

from workstation.portfolio.contracts import Contract
from workstation.portfolio.entries import Fill, HoldingEntry, SortKey
from workstation.portfolio.figures import Figures
from workstation.portfolio.positions import Position

HISTORY_MAX = 4_096
"""Entries that can be folded again, per account and instrument."""

SEALED_FILLS_MAX = 8_192
"""Fills remembered from before the checkpoint, per account and instrument."""

AWAITED_VOIDS_MAX = 1_024
"""Busts kept for fills that have not arrived yet, per account and instrument."""


class Holding:
    """Figures of one account in one instrument, with history, checkpoint and the keys already seen.

    cut: how many entries are sealed at once: the older half of a full history, its middle included.
    refolds: how often its history was changed behind its end, for those that follow it entry by entry.
    """

    __slots__ = (
        "account",
        "awaited_voids",
        "beyond_horizon",
        "checkpoint",
        "contract",
        "cut",
        "entries",
        "halfway",
        "history_max",
        "index",
        "keys",
        "now",
        "refolds",
        "sealed_fills",
        "sealed_to",
    )

    def __init__(self, account: str, contract: Contract, *, fifo: bool, history_max: int = HISTORY_MAX) -> None:
        self.account = account
        self.contract = contract
        self.history_max = history_max
        self.cut = history_max + 1 - (history_max + 1) // 2
        self.now = Figures(fifo=fifo)
        self.checkpoint = Figures(fifo=fifo)
        self.halfway: Figures | None = None
        self.entries: list[HoldingEntry] = []
        self.keys: list[SortKey] = []
        self.index: dict[str, SortKey] = {}
        self.sealed_fills: dict[str, Fill] = {}
        self.sealed_to: SortKey | None = None
        self.awaited_voids: dict[str, None] = {}
        self.beyond_horizon = 0
        self.refolds = 0

    def has_seen(self, exec_key: str) -> bool:
        """Tell whether this execution key was booked before, voided ones included."""
        return exec_key in self.index or exec_key in self.sealed_fills

    def add_fill(self, fill: Fill) -> bool:
        """Book a fill that was not seen; return False when it came late and the history was folded again."""
        exec_key = fill.exec_key
        if exec_key in self.awaited_voids:
            del self.awaited_voids[exec_key]
            fill = msgspec.structs.replace(fill, voided=True)
        key = self.index[exec_key] = fill.ts_event, fill.venue_seq, exec_key
        return self._insert(key, fill)

    def add(self, entry: HoldingEntry) -> bool:
        """Book a split or a settlement; return False when it came late and the history was folded again."""
        return self._insert(entry.sort_key, entry)

    def void(self, exec_key: str) -> bool:
        """Take a fill back and fold again; return False when it was taken back before, or is yet to come."""
        key = self.index.get(exec_key)
        if key is None:
            if exec_key in self.sealed_fills:
                return self._reverse_sealed(exec_key)
            if exec_key not in self.awaited_voids:
                self.awaited_voids[exec_key] = None
                if len(self.awaited_voids) > AWAITED_VOIDS_MAX:
                    self._forget_awaited_void()
            return False
        at = bisect.bisect_left(self.keys, key)
        entry = self.entries[at]
        if not isinstance(entry, Fill) or entry.voided:
            return False
        self.entries[at] = msgspec.structs.replace(entry, voided=True)
        self.refold()
        return True

    def refold(self) -> None:
        """Derive the figures anew from the checkpoint, in time order; a part whose fills are gone stays, flat."""
        self.halfway = None
        self.refolds += 1
        old = self.now
        new = self.now = self.refolded(self.checkpoint.copy(), self.entries)
        new.total.version, new.total.updated_at = old.total.version, old.total.updated_at
        for name, part in old.parts.items():
            renewed = new.parts.setdefault(name, Position(fifo=part.lots is not None))
            renewed.version, renewed.updated_at = part.version, part.updated_at

    def refolded(self, figures: Figures, entries: Iterable[HoldingEntry]) -> Figures:
        """Fold entries onto `figures` and return it."""
        for entry in entries:
            figures.apply(entry, self.contract)
        return figures

    def _insert(self, key: SortKey, entry: HoldingEntry) -> bool:
        keys, entries = self.keys, self.entries
        in_order = not keys or key >= keys[-1]
        if in_order:
            keys.append(key)
            entries.append(entry)
            self.now.apply(entry, self.contract)
            if len(entries) == self.cut:
                self.halfway = self.now.copy()
        else:
            if self.sealed_to is not None and key < self.sealed_to:
                self.beyond_horizon += 1
            at = bisect.bisect_right(keys, key)
            keys.insert(at, key)
            entries.insert(at, entry)
            self.refold()
        if len(entries) > self.history_max:
            self._seal()
        return in_order

    def _seal(self) -> None:
        """Fold the older half into the checkpoint for good; where all came in order, that was done on the way."""
        cut = self.cut
        sealed = self.entries[:cut]
        if self.halfway is None:
            self.refolded(self.checkpoint, sealed)
        else:
            self.checkpoint = self._from_halfway(self.halfway, sealed)
        self.halfway = None
        self.sealed_to = max(self.keys[cut - 1], self.sealed_to or self.keys[0])
        for entry in sealed:
            if isinstance(entry, Fill):
                del self.index[entry.exec_key]
                self.sealed_fills[entry.exec_key] = entry
        del self.entries[:cut], self.keys[:cut]
        while len(self.sealed_fills) > SEALED_FILLS_MAX:
            del self.sealed_fills[next(iter(self.sealed_fills))]

    def _from_halfway(self, figures: Figures, sealed: list[HoldingEntry]) -> Figures:
        """Return what folding `sealed` onto the checkpoint gives, from the copy that was taken when they were folded.

        Counts of changes belong to `now` alone; a part whose fills were all taken back is not part of a fold.
        """
        traded = {entry.strategy_id for entry in sealed if isinstance(entry, Fill) and not entry.voided}
        traded.update(self.checkpoint.parts)
        figures.parts = {name: part for name, part in figures.parts.items() if name in traded}
        for position in (figures.total, *figures.parts.values()):
            position.version = position.updated_at = 0
        return figures

    def _reverse_sealed(self, exec_key: str) -> bool:
        """Book the reversal of a fill from before the checkpoint, at its own time, hence at the checkpoint."""
        fill = self.sealed_fills[exec_key]
        if fill.voided:
            return False
        self.sealed_fills[exec_key] = msgspec.structs.replace(fill, voided=True)
        reversal = msgspec.structs.replace(fill, exec_key=f"{exec_key}~void", qty=-fill.qty, fee=-fill.fee)
        if self.sealed_to is not None and reversal.sort_key >= self.sealed_to:
            self.beyond_horizon += 1  # the last fill sealed: its reversal sorts behind it and would go unnoticed
        self.add_fill(reversal)
        return True

    def _forget_awaited_void(self) -> None:
        del self.awaited_voids[next(iter(self.awaited_voids))]
        self.beyond_horizon += 1
