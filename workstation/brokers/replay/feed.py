"""The replay feed: a recording behind the feed port, played by its time of receipt on a given clock.

Start of the tick walk with recorded data. Speed 1 is as recorded, 0 as fast as slices allow. Nothing is delivered but
what was recorded: bars bring their close as a trade (conditions "BAR"), never a bid or ask. At the end of the data all
streams go down, so that every price turns STALE instead of standing still.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from workstation.brokers.replay.levels import LevelBook
from workstation.brokers.replay.source import ReplaySource, Row
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    FEED_SLICE_MAX,
    Bar,
    BarSource,
    BookChange,
    BookSnapshot,
    MarketEvent,
    Quote,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
)
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.ports.feed import FeedSink

SPEED_MAX = 1_000.0
SPEED_MIN = 0.1
PUMP_GAP_NS = 1_000_000
"""Shortest wait between two deliveries, so that a busy recording costs few wake-ups."""

ROUND_GAP_NS = 1_000_000_000
"""Pause in recorded time between two rounds."""


class ReplayState(StrEnum):
    """Where the player stands."""

    READY = "READY"
    PLAYING = "PLAYING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


class ReplayProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the replay is.

    ts: time of the last row played, UTC ns. lag_ns: how far it is behind its speed. rounds: finished ones.
    """

    state: ReplayState
    speed: float
    rows: int
    events: int
    ts_start: int
    ts: int
    bytes_done: int
    bytes_total: int
    bad_rows: int
    rounds: int
    lag_ns: int


class ReplayFeed:
    """Plays one source. `loop`: begin again at the end, with times that go on.

    Only subscribed (symbol, stream) pairs reach the sink; `tap` hears everything first, as a paper venue must.
    """

    def __init__(
        self, source: ReplaySource, clock: Clock, scheduler: Scheduler, *, speed: float = 1.0, loop: bool = False
    ) -> None:
        self._source = source
        self._clock = clock
        self._scheduler = scheduler
        self._loop = loop
        self._sink: FeedSink | None = None
        self._taps: list[FeedSink] = []
        self._wanted: set[tuple[str, StreamKind]] = set()
        self._books: dict[str, LevelBook] = {}
        self._timer: Timer | None = None
        self._state = ReplayState.READY
        self._speed = _checked(speed)
        self._rows: Iterator[Row] = iter(())
        self._next: Row | None = None
        self._anchor = (0, 0)
        self._round_shift = self._rounds = 0
        self._count_rows = self._count_events = 0
        self._ts_start = self._ts = 0

    @property
    def name(self) -> str:
        """Name shown as the source."""
        return f"replay of {self._source.name}"

    @property
    def clock_offset_ns(self) -> int | None:
        """Recorder's clock less the venue's, as far as measured; None where only one time was recorded."""
        return self._source.clock_offset_ns

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what the recording holds."""
        return self._source.instruments

    def start(self, sink: FeedSink) -> None:
        """Begin to deliver from the start of the recording."""
        self._sink = sink
        self._rewind()
        self._deliver([StreamChange(None, StreamState.UP, self._ts, reason=self.name)])
        self._resume()

    def stop(self) -> None:
        """End; nothing is delivered afterwards."""
        self._hold()
        self._sink = None
        self._state = ReplayState.READY

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """Deliver a stream from now on; depth begins with the book as it stands."""
        self._wanted.add((symbol, stream))
        if stream is StreamKind.DEPTH:
            self.resync(symbol)

    def unsubscribe(self, symbol: str, stream: StreamKind) -> None:
        """Deliver a stream no more."""
        self._wanted.discard((symbol, stream))

    def resync(self, symbol: str) -> None:
        """Deliver the book as it stands; where the recording itself misses changes there is none to give."""
        book = self._books.get(symbol)
        if book is not None and book.synced and self._sink is not None:
            self._scheduler.call_soon(lambda: self._deliver([book.snapshot(symbol)]))

    def tap(self, listener: FeedSink) -> Callable[[], None]:
        """Let `listener` hear every event before the sink does; returns the call that ends it."""
        self._taps.append(listener)
        return lambda: self._taps.remove(listener) if listener in self._taps else None

    def now_ns(self) -> int:
        """Return the recorded time that the replay has reached, UTC ns; never beyond the next row to be played."""
        if self._state is ReplayState.PLAYING and self._speed and self._next is not None:
            return max(min(self._due_to(), self._next.ts + self._round_shift), self._ts)
        return self._ts

    def pause(self) -> None:
        """Stand still; harmless unless playing."""
        if self._state is ReplayState.PLAYING:
            self._hold()
            self._state = ReplayState.PAUSED

    def resume(self) -> None:
        """Go on after a pause; harmless otherwise."""
        if self._state is ReplayState.PAUSED:
            self._resume()

    def set_speed(self, speed: float) -> None:
        """Play at another speed from here on: 0, or SPEED_MIN to SPEED_MAX.

        Raises:
            ValidationError: another number.
        """
        self._speed = _checked(speed)
        if self._state is ReplayState.PLAYING:
            self._hold()
            self._resume()

    def step(self, rows: int = 1) -> None:
        """Play the next rows at once, while paused.

        Raises:
            StateConflict: not paused.
        """
        if self._state is not ReplayState.PAUSED:
            raise StateConflict("the replay is not paused", state=self._state, allowed=(ReplayState.PAUSED,))
        self._play(min(rows, FEED_SLICE_MAX), None)

    def restart(self) -> None:
        """Play the recording from its start again, its times moved on; every stream goes down and up again.

        Market time never goes back: orders, fills, bars and sessions of before lie in the past of the new round.

        Raises:
            StateConflict: not started.
        """
        if self._sink is None:
            raise StateConflict("the replay is not started", state=self._state)
        self._hold()
        self._deliver([StreamChange(None, StreamState.DOWN, self._ts, reason="replay goes back to its start")])
        self._rewind(self._ts + ROUND_GAP_NS - self._ts_start)
        self._deliver([StreamChange(None, StreamState.UP, self._ts, reason=self.name)])
        self._resume()

    def progress(self) -> ReplayProgress:
        """Return how far the replay is."""
        playing = self._state is ReplayState.PLAYING and self._speed and self._next is not None
        return ReplayProgress(
            state=self._state,
            speed=self._speed,
            rows=self._count_rows,
            events=self._count_events,
            ts_start=self._ts_start,
            ts=self._ts,
            bytes_done=self._source.bytes_done,
            bytes_total=self._source.bytes_total,
            bad_rows=self._source.faults.total,
            rounds=self._rounds,
            lag_ns=max(self._due_to() - self._next.ts - self._round_shift, 0) if playing and self._next else 0,
        )

    def _rewind(self, shift: int = 0) -> None:
        """Stand before the first row; `shift` is added to all times."""
        self._rows = self._source.rows()
        self._next = next(self._rows, None)
        self._books = {}
        self._round_shift = shift
        self._rounds = self._count_rows = self._count_events = 0
        self._ts_start = self._next.ts if self._next else 0
        self._ts = self._ts_start + shift

    def _resume(self) -> None:
        self._state = ReplayState.PLAYING
        self._anchor = (self._clock.mono_ns(), self._ts)
        self._schedule(0)

    def _hold(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, delay_ns: int) -> None:
        self._timer = self._scheduler.call_later(delay_ns, self._pump)

    def _due_to(self) -> int:
        """Return the recorded time that should have been reached by now."""
        mono, ts = self._anchor
        return ts + int((self._clock.mono_ns() - mono) * self._speed)

    def _pump(self) -> None:
        """Play what is due, at most one slice, and come back for the rest."""
        self._timer = None
        more = self._play(FEED_SLICE_MAX, self._due_to() if self._speed else None)
        if self._state is not ReplayState.PLAYING or self._timer is not None:
            return
        if more or not self._speed or self._next is None:
            self._schedule(0)
            return
        wait = self._next.ts + self._round_shift - self._due_to()
        self._schedule(max(int(wait / self._speed) + 1, PUMP_GAP_NS))

    def _play(self, most: int, until: int | None) -> bool:
        """Deliver up to `most` events of rows due at `until` (None: of any); returns whether more may be due."""
        events: list[MarketEvent] = []
        while self._next is not None and (until is None or self._next.ts + self._round_shift <= until):
            row = self._next
            if events and len(events) + len(row.events) > most:
                break
            self._ts = row.ts + self._round_shift
            events += _shifted(row.events, self._round_shift) if self._round_shift else row.events
            self._count_rows += 1
            self._next = next(self._rows, None)
        self._count_events += len(events)
        self._follow_books(events)
        if events:
            self._deliver(events)
        if self._next is None:
            self._finish_round()
            return False
        return until is None or self._next.ts + self._round_shift <= until

    def _finish_round(self) -> None:
        if self._state is not ReplayState.PLAYING and self._state is not ReplayState.PAUSED:
            return
        if self._loop and self._count_rows:
            self._rounds += 1
            self._round_shift = self._ts + ROUND_GAP_NS - self._ts_start
            self._rows = self._source.rows()
            self._next = next(self._rows, None)
            self._books = {}
            reason = "replay begins another round"
            self._deliver([StreamChange(StreamKind.DEPTH, StreamState.UNSYNCED, self._ts, reason=reason)])
            self._deliver([StreamChange(StreamKind.DEPTH, StreamState.UP, self._ts, reason=reason)])
            return
        self._hold()
        self._state = ReplayState.ENDED
        self._deliver([StreamChange(None, StreamState.DOWN, self._ts, reason="end of the recording")])

    def _follow_books(self, events: list[MarketEvent]) -> None:
        for event in events:
            if type(event) is BookChange or type(event) is BookSnapshot:
                self._books.setdefault(event.symbol, LevelBook()).apply(event)

    def _deliver(self, events: list[MarketEvent]) -> None:
        for listener in tuple(self._taps):
            listener(events)
        if self._sink is None:
            return
        wanted = self._wanted
        chosen = [event for event in events if (key := _stream_of(event)) is None or key in wanted]
        if chosen:
            self._sink(chosen)


def _checked(speed: float) -> float:
    if speed and not SPEED_MIN <= speed <= SPEED_MAX:
        raise ValidationError("speed", f"{speed:g} cannot be played", allowed=f"0, or {SPEED_MIN:g} to {SPEED_MAX:g}")
    return speed


def _stream_of(event: MarketEvent) -> tuple[str, StreamKind] | None:
    kind = type(event)
    if kind is Quote:
        return event.symbol, StreamKind.QUOTES
    if kind is Trade:
        return event.symbol, StreamKind.TRADES
    if kind is BookChange or kind is BookSnapshot:
        return event.symbol, StreamKind.DEPTH
    if isinstance(event, Bar):
        return event.symbol, StreamKind.TRADES if event.bar_type.source is BarSource.LAST else StreamKind.QUOTES
    return None


def _shifted(events: tuple[MarketEvent, ...], shift: int) -> list[MarketEvent]:
    """Return the events of a later round, their times moved on."""
    return [
        msgspec.structs.replace(event, ts_open=event.ts_open + shift, ts_close=event.ts_close + shift)
        if isinstance(event, Bar)
        else msgspec.structs.replace(event, ts_init=event.ts_init + shift)
        if isinstance(event, StreamChange)
        else msgspec.structs.replace(event, ts_event=event.ts_event + shift, ts_init=event.ts_init + shift)
        for event in events
    ]
