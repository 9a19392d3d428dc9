"""How far the feed's clock stands from ours, told from what it delivers. Bounded, Qt-free.

Beside the tick walk, one look at each batch. A tick's own time less that of its arrival is the offset less its way; the
greatest within a minute had the shortest way, so that what is told is the offset less that shortest way.
"""

from collections import deque

from workstation.domain.accounts import Environment
from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.marketdata.service import MarketData

BUCKET_NS = 5_000_000_000
BUCKETS_KEPT = 12
"""A minute of them."""


class ClockOffset:
    """The feed's clock. A batch listener; engine's thread."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, int]] = deque(maxlen=BUCKETS_KEPT)

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Take the newest tick of a delivery."""
        newest = events[-1]
        if not isinstance(newest, Quote | Trade):
            return
        bucket, ahead = newest.ts_init // BUCKET_NS, newest.ts_event - newest.ts_init
        if self._buckets and self._buckets[-1][0] == bucket:
            ahead = max(ahead, self._buckets.pop()[1])
        self._buckets.append((bucket, ahead))

    def offset_ns(self) -> int | None:
        """Return how far the feed's clock is ahead (+) or behind (-) on arrival, ns; None before the first tick."""
        return max((ahead for _, ahead in self._buckets), default=None)


def feed_clock(market: MarketData, environment: Environment) -> ClockOffset:
    """Return the clock of a feed, measured from now on; a replay's has none, since its ticks are of another day."""
    clock = ClockOffset()
    if environment is not Environment.REPLAY:
        market.listen(clock.on_batch)
    return clock
