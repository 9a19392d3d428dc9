"""The limit order book of one instrument: strict price-time priority, visible and hidden size.

Heart of the matching core; it knows neither order types nor owners' accounts. Best prices are read in O(1); adding,
taking and removing cost O(log levels) at most, amortised O(1) per order. Prices and sizes are positive-grid
integers on the instrument's scales; negative prices are legal where the instrument permits them.
"""

from bisect import bisect_left, insort
from collections import deque
from typing import Generic, TypeVar

from workstation.domain.market import Level

Owner = TypeVar("Owner")

DEAD_ORDERS_MAX = 32
"""Cancelled orders that a level's queue may carry beyond its living ones before it is swept."""


class RestingOrder(Generic[Owner]):
    """One order in a queue. `leaves` counts hidden size too, `shown` is the part that others see.

    owner: whose it is; None for the synthetic market. An order with leaves 0 is dead and skipped when met.
    """

    __slots__ = ("display", "leaves", "owner", "price", "shown", "sign")

    def __init__(
        self, sign: int, price: int, leaves: int, owner: Owner | None = None, display: int | None = None
    ) -> None:
        self.sign = sign
        self.price = price
        self.leaves = leaves
        self.owner = owner
        self.display = display
        self.shown = leaves if display is None else min(display, leaves)


Fill = tuple[RestingOrder[Owner], int, int]
"""Maker, quantity, price."""


class _PriceLevel(Generic[Owner]):
    __slots__ = ("hidden", "living", "queue", "shown")

    def __init__(self) -> None:
        self.queue: deque[RestingOrder[Owner]] = deque()
        self.shown = 0
        self.hidden = 0
        self.living = 0


class BookSide(Generic[Owner]):
    """One side of a book. Keys are prices on the bid side and negated prices on the ask side: the best key is the last.

    dirty: keys whose visible size changed since the reader cleared it.
    """

    __slots__ = ("dirty", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _PriceLevel[Owner]] = {}
        self.dirty: set[int] = set()

    @property
    def best(self) -> int | None:
        """Best price, None when the side is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    @property
    def best_size(self) -> int:
        """Visible size at the best price."""
        return self.levels[self.keys[-1]].shown if self.keys else 0

    def shown_at(self, price: int) -> int:
        """Return the visible size at a price."""
        level = self.levels.get(price * self.sign)
        return level.shown if level is not None else 0

    def top(self, count: int) -> tuple[Level, ...]:
        """Return up to `count` visible levels, best first."""
        return tuple(Level(key * self.sign, self.levels[key].shown) for key in self.keys[: -count - 1 : -1])

    def add(self, order: RestingOrder[Owner]) -> None:
        """Put an order at the end of its price's queue."""
        key = order.price * self.sign
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = _PriceLevel()
            insort(self.keys, key)
        level.queue.append(order)
        level.shown += order.shown
        level.hidden += order.leaves - order.shown
        level.living += 1
        self.dirty.add(key)

    def remove(self, order: RestingOrder[Owner]) -> int:
        """Take an order out; returns the quantity it still had, 0 when it was dead already."""
        left = order.leaves
        if left:
            key = order.price * self.sign
            level = self.levels[key]
            level.shown -= order.shown
            level.hidden -= left - order.shown
            level.living -= 1
            order.leaves = order.shown = 0
            self.dirty.add(key)
            if level.living == 0:
                self._drop(key)
            elif len(level.queue) > 2 * level.living + DEAD_ORDERS_MAX:
                level.queue = deque(alive for alive in level.queue if alive.leaves)
        return left

    def reduce(self, order: RestingOrder[Owner], leaves: int) -> None:
        """Shrink a living order to `leaves` (above 0) without losing its place."""
        level = self.levels[order.price * self.sign]
        shown = min(order.shown, leaves)
        level.shown += shown - order.shown
        level.hidden += (leaves - shown) - (order.leaves - order.shown)
        order.leaves, order.shown = leaves, shown
        self.dirty.add(order.price * self.sign)

    def grow_newest(self, qty: int) -> None:
        """Add size behind everything else at the best price, where the newest order there is the synthetic market's."""
        level = self.levels[self.keys[-1]]
        newest = level.queue[-1]
        if newest.owner is None and newest.leaves:
            newest.leaves += qty
            newest.shown += qty
            level.shown += qty
            self.dirty.add(self.keys[-1])

    def available(self, limit: int | None, most: int) -> int:
        """Return the size, hidden included, that a taker could reach down to `limit`; counting stops at `most`."""
        total = 0
        edge = None if limit is None else limit * self.sign
        for key in reversed(self.keys):
            if total >= most or (edge is not None and key < edge):
                break
            level = self.levels[key]
            total += level.shown + level.hidden
        return min(total, most)

    def take(self, qty: int, limit: int | None) -> list[Fill[Owner]]:
        """Fill up to `qty` against the queues, best price and oldest first, no worse than `limit`.

        An iceberg whose visible part is used up shows its next part at the end of the queue.
        """
        fills: list[Fill[Owner]] = []
        edge = None if limit is None else limit * self.sign
        while qty and self.keys:
            key = self.keys[-1]
            if edge is not None and key < edge:
                break
            level = self.levels[key]
            price = key * self.sign
            self.dirty.add(key)
            while qty and level.living:
                maker = level.queue[0]
                if not maker.leaves:
                    level.queue.popleft()
                    continue
                size = min(qty, maker.shown)
                qty -= size
                maker.leaves -= size
                maker.shown -= size
                level.shown -= size
                fills.append((maker, size, price))
                if not maker.shown:
                    self._refill(level)
            if not level.living:
                self._drop(key)
        return fills

    @staticmethod
    def _refill(level: _PriceLevel[Owner]) -> None:
        maker = level.queue.popleft()
        if not maker.leaves:
            level.living -= 1
            return
        maker.shown = min(maker.display or maker.leaves, maker.leaves)
        level.shown += maker.shown
        level.hidden -= maker.shown
        level.queue.append(maker)

    def _drop(self, key: int) -> None:
        del self.levels[key]
        del self.keys[bisect_left(self.keys, key)]


class LimitBook(Generic[Owner]):
    """Both sides of one instrument's book."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: BookSide[Owner] = BookSide(1)
        self.asks: BookSide[Owner] = BookSide(-1)

    def side(self, sign: int) -> BookSide[Owner]:
        """Return the side on which orders of this sign rest."""
        return self.bids if sign > 0 else self.asks

    def opposite(self, sign: int) -> BookSide[Owner]:
        """Return the side that orders of this sign take from."""
        return self.asks if sign > 0 else self.bids

    def crosses(self, sign: int, price: int) -> bool:
        """Tell whether an order at `price` would trade at once."""
        best = self.opposite(sign).best
        return best is not None and (price - best) * sign >= 0
