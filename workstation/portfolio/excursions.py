"""How far a round trip has run for and against its holder: kept at every mark, while the position is open.

Part of a line of `pnl`. A trip is named by the entry that opened it. It reads no clock and stores nothing on disk, so
a trip that was open before the program started is not whole: its best was at least what was seen.
"""

import msgspec

from workstation.domain.numbers import div_half_even
from workstation.portfolio.entries import SortKey
from workstation.portfolio.holding import Holding

FINISHED_MAX = 500
"""Excursions of closed trips kept, per account and instrument."""


class Excursion(msgspec.Struct, frozen=True, gc=False):
    """Highest and lowest profit of a round trip, 0 among them, as money; whole: False where part was not seen."""

    best: int
    worst: int
    whole: bool = True


class ExcursionMeter:
    """Best and worst of the trip under way, doubled, and those of the trips before it.

    realised_twice: what the trip has realised so far, doubled; with open profit it is the profit on its way.
    """

    __slots__ = ("_base_twice", "_finished", "_key", "_qty", "best_twice", "is_whole", "realised_twice", "worst_twice")

    def __init__(self) -> None:
        self._key: SortKey | None = None
        self._qty = self._base_twice = 0
        self._finished: dict[SortKey, Excursion] = {}
        self.realised_twice = self.best_twice = self.worst_twice = 0
        self.is_whole = False

    def take(self, holding: Holding, *, is_marked: bool) -> None:
        """Take a change of the position. is_marked: a mark stands, so that a trip which begins now is seen whole."""
        total, held = holding.now.total, self._qty
        realised_twice = 2 * total.realised
        turned = bool(held and total.qty) and (held > 0) is not (total.qty > 0)
        if held and (turned or not total.qty):
            self.realised_twice = realised_twice - self._base_twice
            self.note(0)
            self._finish()
        if total.qty and (turned or not held):
            self._key = holding.keys[-1] if holding.keys else None
            self._base_twice, self.is_whole = realised_twice, is_marked
            self.best_twice = self.worst_twice = 0
        self._qty = total.qty
        self.realised_twice = realised_twice - self._base_twice

    def note(self, open_twice: int) -> None:
        """Take an open profit, doubled."""
        profit = open_twice + self.realised_twice
        if profit > self.best_twice:
            self.best_twice = profit
        elif profit < self.worst_twice:
            self.worst_twice = profit

    def of(self, key: SortKey | None) -> Excursion | None:
        """Return the excursion of the trip that an entry opened, of the one under way for None."""
        if key is None or (key == self._key and self._qty):
            return self._now() if self._qty else None
        return self._finished.get(key)

    def _finish(self) -> None:
        if self._key is not None:
            self._finished[self._key] = self._now()
            if len(self._finished) > FINISHED_MAX:
                del self._finished[next(iter(self._finished))]

    def _now(self) -> Excursion:
        return Excursion(div_half_even(self.best_twice, 2), div_half_even(self.worst_twice, 2), self.is_whole)
