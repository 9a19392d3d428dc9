"""A feed that only makes load: quotes, trades and book changes of all instruments at a set rate, on ready-made walks.

The first stage of the tick walk for the desktop's benchmark, whose budget speaks of engine and screen: a matching
exchange in the same process would be measured with them. Prices wander around each market's opening price and mean
nothing; nothing trades here.
"""

import random

import msgspec

from workstation.app.venues import SimulatedVenue, VenueOptions
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    FEED_SLICE_MAX,
    Aggressor,
    BarKind,
    BarType,
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    Quote,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
)
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.ports.feed import FeedSink

BEAT_NS = 10_000_000
CATCH_UP_MAX_NS = 100_000_000
"""Longest stretch delivered at once after a stall; the feed does not make up for more."""

WALK_STEPS = 1_024
WALK_TICKS_MAX = 12
LEVELS = 30
TRADE_EVERY = 4
"""One event of so many is a trade, one a book change where depth is wanted; all others are quotes."""

IDLE_TICKS_PER_S = 1
DAILY = BarType(BarKind.DAY, 1)


class _Market:
    """One instrument's walk and book."""

    __slots__ = ("base", "depth", "seq", "step", "symbol", "tick", "walk")

    def __init__(self, symbol: str, base: int, tick: int, rng: random.Random) -> None:
        self.symbol, self.base, self.tick = symbol, base, tick
        self.walk = [0]
        while len(self.walk) < WALK_STEPS:
            self.walk.append(max(min(self.walk[-1] + rng.choice((-1, 0, 0, 1)), WALK_TICKS_MAX), -WALK_TICKS_MAX))
        self.step = rng.randrange(WALK_STEPS)
        self.seq, self.depth = 0, False

    def book(self, now_ns: int) -> BookSnapshot:
        """Return the whole book: LEVELS a side, as far apart as the walk is wide."""
        self.seq += 1
        away = [self.tick * (WALK_TICKS_MAX + number) for number in range(1, LEVELS + 1)]
        bids = tuple(Level(self.base - distance, 100) for distance in away)
        asks = tuple(Level(self.base + distance, 100) for distance in away)
        return BookSnapshot(self.symbol, bids, asks, self.seq, now_ns, now_ns)

    def event(self, number: int, now_ns: int) -> MarketEvent:
        """Return the next event; `number` decides which kind."""
        self.step = step = (self.step + 1) % WALK_STEPS
        price, size = self.base + self.walk[step] * self.tick, 100 + step
        kind = number % TRADE_EVERY
        if kind == 0:
            side = Aggressor.BUY if step & 1 else Aggressor.SELL
            return Trade(self.symbol, price, size, side, "", now_ns, now_ns)
        if kind == 1 and self.depth:
            before, self.seq = self.seq, self.seq + 1
            distance = self.tick * (WALK_TICKS_MAX + 1 + step % LEVELS)
            bids, asks = (Level(self.base - distance, size),), (Level(self.base + distance, size),)
            return BookChange(self.symbol, bids, asks, self.seq, self.seq, before, now_ns, now_ns)
        return Quote(self.symbol, price - self.tick, size, price + self.tick, size, now_ns, now_ns)


class StressFeed:
    """Delivers `rate` events a second in slices, each with a turn for everything else on the loop between."""

    name = "stress"

    def __init__(
        self, instruments: dict[Instrument, int], clock: Clock, scheduler: Scheduler, *, rate: int, seed: int
    ) -> None:
        rng = random.Random(seed)
        self._instruments = tuple(instruments)
        self._markets = {
            row.symbol: _Market(row.symbol, price, row.tick_at(price), rng) for row, price in instruments.items()
        }
        self._ring = list(self._markets.values())
        self._clock, self._scheduler, self._rate = clock, scheduler, rate
        self._sink: FeedSink | None = None
        self._timer: Timer | None = None
        self._delivered_to = 0
        self._number = 0
        self._due = 0

    def instruments(self) -> tuple[Instrument, ...]:
        """Return everything that moves."""
        return self._instruments

    def start(self, sink: FeedSink) -> None:
        """Begin to deliver."""
        self._sink = sink
        now = self._clock.now_ns()
        sink([StreamChange(kind, StreamState.UP, now) for kind in StreamKind])
        self._delivered_to = self._clock.mono_ns()
        self._timer = self._scheduler.call_later(BEAT_NS, self._beat)

    def stop(self) -> None:
        """End."""
        self._sink = None
        if self._timer is not None:
            self._timer.cancel()

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """Begin a depth stream with its book; quotes and trades come anyway."""
        if stream is StreamKind.DEPTH:
            self._markets[symbol].depth = True
            self.resync(symbol)

    def unsubscribe(self, symbol: str, stream: StreamKind) -> None:
        """End a depth stream."""
        if stream is StreamKind.DEPTH:
            self._markets[symbol].depth = False

    def resync(self, symbol: str) -> None:
        """Send the book anew, after what is running now."""
        self._scheduler.call_soon(lambda: self._send([self._markets[symbol].book(self._clock.now_ns())]))

    def _beat(self) -> None:
        self._timer = self._scheduler.call_later(BEAT_NS, self._beat)
        now = self._clock.mono_ns()
        stretch, self._delivered_to = min(now - self._delivered_to, CATCH_UP_MAX_NS), now
        self._due += stretch * self._rate // 10**9
        self._deliver()

    def _deliver(self) -> None:
        count = min(self._due, FEED_SLICE_MAX)
        if count <= 0 or self._sink is None:
            return
        self._due -= count
        now, ring, first = self._clock.now_ns(), self._ring, self._number
        self._number += count
        width = len(ring)
        self._send(
            [ring[number % width].event(number // width + number, now) for number in range(first, first + count)]
        )
        if self._due:
            self._scheduler.call_soon(self._deliver)

    def _send(self, events: list[MarketEvent]) -> None:
        if self._sink is not None:
            self._sink(events)


def stressed(rate: int, clock: Clock, scheduler: Scheduler, options: VenueOptions) -> SimulatedVenue:
    """Return the simulated exchange, nearly at rest, behind a stress feed."""
    venue = SimulatedVenue(clock, scheduler, msgspec.structs.replace(options, ticks_per_s=IDLE_TICKS_PER_S))
    prices = {row: venue.history(row.symbol, DAILY, 1)[-1].close for row in venue.instruments()}
    venue.feed = StressFeed(prices, clock, scheduler, rate=rate, seed=options.seed)
    return venue
