"""A plain book of price levels: to begin a depth stream in the middle, and for a paper venue to match against.

Prices map to sizes; best prices come from sorted lists. It keeps no orders and repairs nothing: after a sequence gap it
says that it is not in step until the next snapshot.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable

from workstation.domain.market import BookChange, BookSnapshot, Level

EARLY_CHANGES_MAX = 10_000
"""Changes kept while the first snapshot is awaited."""


class LevelSide:
    """Sizes by price on one side; sign +1 for bids, -1 for asks. Keys are price * sign: the best is the last."""

    __slots__ = ("keys", "sign", "sizes")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.sizes: dict[int, int] = {}
        self.keys: list[int] = []

    @property
    def best(self) -> int | None:
        """Best price."""
        return self.keys[-1] * self.sign if self.keys else None

    def clear(self) -> None:
        """Forget every level."""
        self.sizes.clear()
        self.keys.clear()

    def set(self, price: int, size: int) -> int:
        """Set one level, 0 removes it; returns the size it had."""
        before = self.sizes.get(price, 0)
        if size:
            self.sizes[price] = size
            if not before:
                insort(self.keys, price * self.sign)
        elif before:
            del self.sizes[price]
            del self.keys[bisect_left(self.keys, price * self.sign)]
        return before

    def best_first(self) -> Iterable[int]:
        """Return the prices, best first."""
        return (key * self.sign for key in reversed(self.keys))

    def levels(self) -> tuple[Level, ...]:
        """Return all levels, best first."""
        return tuple(Level(price, self.sizes[price]) for price in self.best_first())


class LevelBook:
    """Both sides of one instrument, in sequence or not."""

    def __init__(self) -> None:
        self.bids = LevelSide(1)
        self.asks = LevelSide(-1)
        self.synced = False
        self.seq = self.ts_event = self.ts_init = 0
        self._bridging = False
        self._early: deque[BookChange] = deque(maxlen=EARLY_CHANGES_MAX)

    def side(self, sign: int) -> LevelSide:
        """Return the side on which orders of this sign rest."""
        return self.bids if sign > 0 else self.asks

    def apply(self, event: BookChange | BookSnapshot) -> list[BookChange | BookSnapshot]:
        """Take a message; returns those that came into force, a snapshot with the kept changes that follow it."""
        if type(event) is BookSnapshot:
            return self._reset(event)
        assert type(event) is BookChange  # noqa: S101  the two types of the signature
        if not self.synced:
            self._early.append(event)
            return []
        if event.last_seq <= self.seq:
            return []
        if event.prev_seq != self.seq and not (self._bridging and event.prev_seq < self.seq):
            self.synced = False
            self._early.append(event)
            return []
        self._bridging = False
        self.seq, self.ts_event, self.ts_init = event.last_seq, event.ts_event, event.ts_init
        for side, levels in ((self.bids, event.bids), (self.asks, event.asks)):
            for level in levels:
                side.set(level.price, level.size)
        return [event]

    def snapshot(self, symbol: str) -> BookSnapshot:
        """Return the book as one message."""
        return BookSnapshot(symbol, self.bids.levels(), self.asks.levels(), self.seq, self.ts_event, self.ts_init)

    def _reset(self, snapshot: BookSnapshot) -> list[BookChange | BookSnapshot]:
        for side, levels in ((self.bids, snapshot.bids), (self.asks, snapshot.asks)):
            side.clear()
            for level in levels:
                side.set(level.price, level.size)
        self.seq, self.ts_event, self.ts_init = snapshot.seq, snapshot.ts_event, snapshot.ts_init
        self.synced = self._bridging = True
        early, self._early = self._early, deque(maxlen=EARLY_CHANGES_MAX)
        applied: list[BookChange | BookSnapshot] = [snapshot]
        for change in early:
            applied += self.apply(change)
        return applied
