"""Pulled and stacked size: what was added to each level of a book in the last seconds, and what was taken away.

Beside the ladder's rows. What a level loses by trades at its price is no pull, so that a book without traded volume
by price has nothing to show. Works on pictures of the book: what comes and goes between two of them is not seen. A
level that leaves or enters the carried range at its far end is forgotten, not counted. Qt-free.
"""

from collections import deque

from workstation.domain.market import Level
from workstation.viewmodels.frames import DepthSnap

SLOTS = 10
"""Parts of the window: what is older leaves the sum one part at a time."""

Totals = dict[int, tuple[int, int]]
"""price: (bid-traded, ask-traded)"""


class Pulling:
    """Net change of each level over a window, in quantity units, + stacked. Times are monotonic ns of the screen."""

    def __init__(self, window_ns: int) -> None:
        self._slot_ns = max(window_ns // SLOTS, 1)
        self._slots: deque[tuple[int, dict[tuple[int, int], int]]] = deque(maxlen=SLOTS + 1)
        self._net: dict[tuple[int, int], int] = {}
        self._book: DepthSnap | None = None
        self._traded: Totals = {}

    def take(self, depth: DepthSnap, mono_ns: int) -> None:
        """Take a later book; one that is out of sync starts afresh."""
        traded = {price: (sold, bought) for price, sold, bought in depth.traded}
        before, known = self._book, self._traded
        self._book, self._traded = depth, traded
        begun = any(sum(total) < sum(known.get(price, (0, 0))) for price, total in traded.items())
        unknown = bool(traded) and not known
        if before is None or begun or unknown or not (before.synced and depth.synced):
            self._slots.clear()
            self._net.clear()
            return
        for sign, old, new in ((1, before.bids, depth.bids), (-1, before.asks, depth.asks)):
            for price, change in _changes(old, new, sign).items():
                now, earlier = traded.get(price, (0, 0)), known.get(price, (0, 0))
                hit = 0 if sign > 0 else 1
                self._count((sign, price), change + now[hit] - earlier[hit], mono_ns)

    def net(self, sign: int, price: int, mono_ns: int) -> int:
        """Return what a level of one side (+1 bids) gained, less what it lost otherwise than by trades."""
        self._expire(mono_ns)
        return self._net.get((sign, price), 0)

    def levels(self, mono_ns: int) -> list[tuple[int, int, int]]:
        """Return (side sign, price, net) of each level that gained or lost something."""
        self._expire(mono_ns)
        return [(sign, price, net) for (sign, price), net in self._net.items() if net]

    def _count(self, key: tuple[int, int], change: int, mono_ns: int) -> None:
        if not change:
            return
        self._expire(mono_ns)
        slot = mono_ns // self._slot_ns
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append((slot, {}))
        counted = self._slots[-1][1]
        counted[key] = counted.get(key, 0) + change
        self._net[key] = self._net.get(key, 0) + change

    def _expire(self, mono_ns: int) -> None:
        oldest = mono_ns // self._slot_ns - SLOTS
        while self._slots and self._slots[0][0] <= oldest:
            for key, change in self._slots.popleft()[1].items():
                left = self._net.get(key, 0) - change
                if left:
                    self._net[key] = left
                else:
                    self._net.pop(key, None)


def _changes(old: tuple[Level, ...], new: tuple[Level, ...], sign: int) -> dict[int, int]:
    """Return the change of size of each price that both pictures can speak about."""
    was, now = {level.price: level.size for level in old}, {level.price: level.size for level in new}
    changes = {price: now.get(price, 0) - was.get(price, 0) for price in was.keys() | now.keys()}
    if old and len(new) >= len(old):  # as deep as before: what lies beyond the new end has only left the range
        changes = {price: change for price, change in changes.items() if (price - new[-1].price) * sign >= 0}
    if new and len(new) <= len(old):  # no deeper than before: what lies beyond the old end has only come into range
        changes = {price: change for price, change in changes.items() if (price - old[-1].price) * sign >= 0}
    return changes
