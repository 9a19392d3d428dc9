"""The feed port of the simulated venue: quotes, trades and depth of the subscribed markets, in lists, with sequences.

First stage of the tick walk. The venue's flow calls `observe` after each event of a market and `flush` once per
batch. A quote goes out with every change of the touch, a depth change once per batch, a trade as it prints. Nothing
is sent for what nobody subscribed; a subscribed market that stands still repeats its quote once a second, so that
silence means trouble.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from workstation.brokers.sim.matching import Matcher, Print
from workstation.brokers.sim.universe import VENUE
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    FEED_SLICE_MAX,
    Aggressor,
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    PhaseChange,
    Quote,
    SessionPhase,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
    TradeBust,
)
from workstation.kernel.clock import Clock, Scheduler
from workstation.ports.feed import FeedSink

DEPTH_LEVELS = 60
"""Levels of a snapshot on each side; changes tell about every level."""

REPEAT_NS = 1_000_000_000
"""A subscribed quote is repeated after this long without a change."""

BACKLOG_MAX = 100_000
"""Events that may wait for delivery; beyond that the oldest are dropped, counted, and depth is resynchronised."""


PRINTED_MAX = 5_000
"""Prints that may still be taken back."""

FILL_APART_NS = 50_000_000
"""How far apart a fill and its print may be stamped: the clock goes on between the two."""


class _Line:
    """One market on the feed."""

    __slots__ = ("depth", "frozen", "gap", "matcher", "quoted_at", "quotes", "seq", "top", "trades")

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.quotes = self.trades = self.depth = False
        self.frozen: set[StreamKind] = set()
        self.top: tuple[int | None, int, int | None, int] = (None, 0, None, 0)
        self.quoted_at = 0
        self.seq = 0
        self.gap = False


class SimFeed:
    """Market data of the simulated exchange."""

    name = VENUE

    def __init__(
        self, matchers: dict[str, Matcher], clock: Clock, scheduler: Scheduler, venue_ns: Callable[[], int]
    ) -> None:
        self._lines = {symbol: _Line(matcher) for symbol, matcher in matchers.items()}
        self._watched: dict[str, _Line] = {}
        self._clock = clock
        self._scheduler = scheduler
        self._venue_ns = venue_ns
        self._sink: FeedSink | None = None
        self._down = False
        self._waiting: list[MarketEvent] = []
        self._printed: deque[Trade] = deque(maxlen=PRINTED_MAX)
        self._slices: deque[list[MarketEvent]] = deque()
        self._backlog = 0
        self._delivering = False
        self._trades = 0
        self.dropped = 0
        self.tape: Callable[[str, list[Print]], None] = lambda _symbol, _prints: None

    def instruments(self) -> tuple[Instrument, ...]:
        """Return everything listed."""
        return tuple(line.matcher.instrument for line in self._lines.values())

    def start(self, sink: FeedSink) -> None:
        """Begin to deliver: the feed's state, then each market's phase."""
        self._sink = sink
        now = self._clock.now_ns()
        self._waiting.append(StreamChange(None, StreamState.UP, now))
        for symbol, line in self._lines.items():
            self._waiting.append(PhaseChange(symbol, line.matcher.phase, self._venue_ns(), now))
        self._hand_over()

    def stop(self) -> None:
        """End; what waits is dropped."""
        self._sink = None
        self._waiting.clear()
        self._slices.clear()
        self._backlog = 0

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """Begin a stream: depth with a snapshot, quotes with the present quote."""
        line = self._lines.get(symbol)
        if line is None:
            return
        self._watched[symbol] = line
        if stream is StreamKind.QUOTES:
            line.quotes = True
            self._quote(symbol, line, self._venue_ns())
        elif stream is StreamKind.TRADES:
            line.trades = True
        else:
            line.depth = True
            self._snapshot(symbol, line)
        self._hand_over()

    def unsubscribe(self, symbol: str, stream: StreamKind) -> None:
        """End a stream."""
        line = self._lines.get(symbol)
        if line is None:
            return
        if stream is StreamKind.QUOTES:
            line.quotes = False
        elif stream is StreamKind.TRADES:
            line.trades = False
        else:
            line.depth = False
        if not (line.quotes or line.trades or line.depth):
            self._watched.pop(symbol, None)

    def resync(self, symbol: str) -> None:
        """Send a new snapshot of a subscribed book."""
        line = self._lines.get(symbol)
        if line is not None and line.depth:
            self._snapshot(symbol, line)
            self._hand_over()

    def observe(self, symbol: str, ts: int) -> None:
        """Look at one market after an event: its prints and its touch."""
        line = self._watched.get(symbol)
        if line is None:
            return
        if line.matcher.prints and line.trades:
            self._print(symbol, line)
        if line.quotes:
            bids, asks = line.matcher.book.bids, line.matcher.book.asks
            if (bids.best, bids.best_size, asks.best, asks.best_size) != line.top:
                self._quote(symbol, line, ts)

    def flush(self) -> None:
        """End a batch: depth changes, repeated quotes, delivery."""
        ts = self._venue_ns()
        for symbol, line in self._lines.items():
            book = line.matcher.book
            if symbol in self._watched:
                self.observe(symbol, ts)
                if line.depth and (book.bids.dirty or book.asks.dirty):
                    self._change(symbol, line, ts)
                if line.quotes and ts - line.quoted_at >= REPEAT_NS:
                    self._quote(symbol, line, ts)
            if line.matcher.prints:
                self._print(symbol, line)
            book.bids.dirty.clear()
            book.asks.dirty.clear()
        self._hand_over()

    def phase_changed(self, symbol: str, phase: SessionPhase, reason: str = "") -> None:
        """Tell that a market opened, closed or halted."""
        self._waiting.append(PhaseChange(symbol, phase, self._venue_ns(), self._clock.now_ns(), reason))
        self._hand_over()

    def freeze(self, symbol: str, stream: StreamKind | None, *, frozen: bool) -> None:
        """Stop or resume a stream silently, the link staying up; symbol "" means every market."""
        kinds = set(StreamKind) if stream is None else {stream}
        for name, line in self._lines.items():
            if symbol in ("", name):
                line.frozen = line.frozen | kinds if frozen else line.frozen - kinds
                line.gap = line.gap or (not frozen and StreamKind.DEPTH in kinds)

    def skip_change(self, symbol: str) -> None:
        """Lose one depth change of a market, or of every one (""), so that the next shows a gap."""
        for name, line in self._lines.items():
            line.gap = line.gap or symbol in ("", name)

    def set_down(self, *, down: bool, reason: str) -> None:
        """Take the whole feed down or up; coming up, subscribed books begin again with snapshots."""
        if self._down == down:
            return
        self._down = down
        self._waiting.append(
            StreamChange(None, StreamState.DOWN if down else StreamState.UP, self._clock.now_ns(), reason=reason)
        )
        self._hand_over(force=True)
        if not down:
            for symbol, line in self._watched.items():
                if line.depth:
                    self._snapshot(symbol, line)
                line.quoted_at = 0

    def _print(self, symbol: str, line: _Line) -> None:
        if line.trades and StreamKind.TRADES not in line.frozen:
            now = self._clock.now_ns()
            for price, size, sign, ts in line.matcher.prints:
                self._trades += 1
                side = Aggressor.BUY if sign > 0 else Aggressor.SELL
                made = Trade(symbol, price, size, side, f"T{self._trades}", ts, now)
                self._printed.append(made)
                self._waiting.append(made)
        self.tape(symbol, line.matcher.prints)
        line.matcher.prints.clear()

    def bust(self, symbol: str, price: int, size: int, ts: int) -> None:
        """Take the print back that a fill of that price, size and time was; one that nobody heard of is none."""
        self._take_back(symbol, price, size, ts)

    def correct(self, symbol: str, price: int, size: int, ts: int, *, to: int) -> None:
        """Take a print back as `bust` does, and print it again at the price that it should have had."""
        found = self._take_back(symbol, price, size, ts)
        if found is None:
            return
        self._trades += 1
        name = f"T{self._trades}"
        made = msgspec.structs.replace(found, price=to, trade_id=name, ts_init=self._clock.now_ns())
        self._printed.append(made)
        self._waiting.append(made)

    def _take_back(self, symbol: str, price: int, size: int, ts: int) -> Trade | None:
        line = self._watched.get(symbol)
        if line is not None:
            self._print(symbol, line)  # it may have traded since the last slice
        near = [
            row
            for row in self._printed
            if (row.symbol, row.price) == (symbol, price) and abs(row.ts_event - ts) <= FILL_APART_NS
        ]
        if not near:
            return None
        same = [row for row in near if row.size == size] or near
        found = min(reversed(same), key=lambda row: abs(row.ts_event - ts))
        self._printed.remove(found)
        self._waiting.append(TradeBust(symbol, found.trade_id, self._venue_ns(), self._clock.now_ns()))
        return found

    def _quote(self, symbol: str, line: _Line, ts: int) -> None:
        bids, asks = line.matcher.book.bids, line.matcher.book.asks
        line.top = (bids.best, bids.best_size, asks.best, asks.best_size)
        if StreamKind.QUOTES not in line.frozen:
            line.quoted_at = ts
            self._waiting.append(Quote(symbol, *line.top, ts, self._clock.now_ns()))

    def _snapshot(self, symbol: str, line: _Line) -> None:
        book = line.matcher.book
        line.seq += 1
        book.bids.dirty.clear()
        book.asks.dirty.clear()
        line.gap = False
        self._waiting.append(
            BookSnapshot(
                symbol,
                book.bids.top(DEPTH_LEVELS),
                book.asks.top(DEPTH_LEVELS),
                line.seq,
                self._venue_ns(),
                self._clock.now_ns(),
            )
        )

    def _change(self, symbol: str, line: _Line, ts: int) -> None:
        if StreamKind.DEPTH in line.frozen:
            line.seq += 1
            return
        if line.gap:
            line.gap = False
            line.seq += 1
            return
        book = line.matcher.book
        bids = tuple(Level(key, book.bids.shown_at(key)) for key in sorted(book.bids.dirty, reverse=True))
        asks = tuple(Level(-key, book.asks.shown_at(-key)) for key in sorted(book.asks.dirty, reverse=True))
        previous, line.seq = line.seq, line.seq + 1
        self._waiting.append(BookChange(symbol, bids, asks, line.seq, line.seq, previous, ts, self._clock.now_ns()))

    def _hand_over(self, *, force: bool = False) -> None:
        waiting, self._waiting = self._waiting, []
        if self._sink is None or not waiting or (self._down and not force):
            return
        for start in range(0, len(waiting), FEED_SLICE_MAX):
            self._slices.append(waiting[start : start + FEED_SLICE_MAX])
        self._backlog += len(waiting)
        while self._backlog > BACKLOG_MAX:
            lost = len(self._slices.popleft())
            self._backlog -= lost
            self.dropped += lost
        if not self._delivering:
            self._delivering = True
            self._scheduler.call_soon(self._deliver)

    def _deliver(self) -> None:
        """Deliver one slice; the next comes after whatever else waits for the engine."""
        if self._slices and self._sink is not None:
            batch = self._slices.popleft()
            self._backlog -= len(batch)
            self._sink(batch)
        self._delivering = bool(self._slices)
        if self._delivering:
            self._scheduler.call_soon(self._deliver)
