"""The recorder: bars, ticks and feed quality on their way from the engine to the database and to the files of ticks.

A thread of its own packs and writes ticks; rows go to the journal thread as work aside. Nothing here is waited for:
what the inbox or the journal has no room for is shed and counted, and a full disk ends the recording of ticks until
there is room again.
"""

import bisect
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from sqlalchemy import Engine

from workstation.domain.errors import StorageError
from workstation.kernel.logs import get_logger
from workstation.ports.market_store import FeedQuality, Recorded, Retention, StoredBar
from workstation.storage.driver import Parameters, Statement
from workstation.storage.fixed_point import InstrumentSource
from workstation.storage.market_rows import (
    INSERT_CHUNK,
    UPSERT_BAR,
    UPSERT_SNAPSHOT,
    PostgresAging,
    SqliteAging,
    Work,
    bar_row,
    chunk_row,
    snapshot_row,
)
from workstation.storage.queue import Aside, WorkQueue
from workstation.storage.tick_files import CHUNK_SPAN_NS, CHUNK_TICKS_MAX, TickFiles

INBOX_MAX = 200_000
"""Messages that wait for the recorder; beyond, they are shed."""

ROWS_AT_ONCE = 500
"""Rows of one transaction, so that orders get a turn between two."""

SHED_AT_FILL = 0.8
"""How full the journal's queue may be before market data gives way."""

FLUSH_S = 1.0
TICKS_HELD = 5
"""Flushes after which an instrument's ticks become a chunk even when they are few."""

FORGET_FLUSHES = 60
JOIN_S = 10.0
_DAY_NS = 86_400 * 10**9

Done = Callable[[bool], None]
_log = get_logger("recorder")


class Aging(Protocol):
    """How a kind of database makes room for times and gets rid of them."""

    def room_for(self, table: str, times: Iterable[int]) -> list[Work]:
        """Return what must run before rows of these times are written."""

    def forget_before(self, table: str, ts: int) -> list[Work]:
        """Return what throws rows before `ts` away."""

    def forget_what_was_made(self) -> None:
        """Take nothing for granted that `room_for` has given: its transaction failed."""


class Recorder:
    """Implements `ports.market_store.MarketRecorder`. `shed`: messages that were let go."""

    def __init__(self, *, queue: WorkQueue, engine: Engine, files: TickFiles, instruments: InstrumentSource) -> None:
        self._queue = queue
        self._files = files
        self._find = instruments if callable(instruments) else instruments.get
        self._aging: Aging = PostgresAging(engine) if engine.dialect.name == "postgresql" else SqliteAging()
        self._ready = threading.Condition()
        self._bars: list[tuple[Sequence[StoredBar], Done | None]] = []
        self._ticks: list[tuple[Sequence[Recorded], str]] = []
        self._qualities: list[FeedQuality] = []
        self._waiting = 0
        self._held: dict[tuple[str, str], list[Recorded]] = {}
        self._flushes = 0
        self._stopping = False
        self._full = False
        self._thread: threading.Thread | None = None
        self.shed = 0

    # The engine's side

    def start(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        """Begin to keep what is put; now_ns: market time, which retention goes by."""
        self._thread = threading.Thread(target=self._run, args=(retention, now_ns), name="recorder", daemon=True)
        self._thread.start()

    def put_bars(self, bars: Sequence[StoredBar], done: Done | None = None) -> None:
        """Keep closed bars; one that is known already is replaced."""
        with self._ready:
            if self._takes(len(bars)):
                self._bars.append((bars, done))
                self._ready.notify()
                return
        if done is not None:
            done(False)  # noqa: FBT003  the port's callback takes the outcome alone

    def put_ticks(self, ticks: Sequence[Recorded], source: str) -> None:
        """Keep quotes, trades and busts, in order of arrival."""
        with self._ready:
            if self._takes(len(ticks)):
                self._ticks.append((ticks, source))

    def put_quality(self, quality: FeedQuality) -> None:
        """Keep one snapshot of a feed's quality."""
        with self._ready:
            if self._takes(1):
                self._qualities.append(quality)
                self._ready.notify()

    def close(self) -> None:
        """Write everything that waits and end the thread; the journal thread must still run."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _takes(self, count: int) -> bool:
        if self._thread is None or self._stopping or self._waiting + count > INBOX_MAX:
            self.shed += count
            return False
        self._waiting += count
        return True

    # The recorder's thread

    def _run(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        while True:
            with self._ready:
                if not self._stopping and not self._bars and not self._qualities:
                    self._ready.wait(FLUSH_S)
                bars, self._bars = self._bars, []
                ticks, self._ticks = self._ticks, []
                qualities, self._qualities = self._qualities, []
                self._waiting, ending = 0, self._stopping
            for rows, done in bars:
                self._store_bars(rows, done)
            self._store_ticks(ticks, all_of_them=ending)
            if qualities:
                self._write("market_snapshots", UPSERT_SNAPSHOT, [snapshot_row(row) for row in qualities], 2)
            if ending:
                return
            if self._flushes % FORGET_FLUSHES == 1:
                self._forget(retention, now_ns())

    def _store_bars(self, bars: Sequence[StoredBar], done: Done | None) -> None:
        rows = [bar_row(bar) for bar in bars]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            last = start + ROWS_AT_ONCE >= len(rows)
            self._write("market_bars", UPSERT_BAR, rows[start : start + ROWS_AT_ONCE], 4, done if last else None)
        if not rows and done is not None:
            done(True)  # noqa: FBT003  the port's callback takes the outcome alone

    def _store_ticks(self, batches: list[tuple[Sequence[Recorded], str]], *, all_of_them: bool) -> None:
        self._flushes += 1
        for ticks, source in batches:
            for tick in ticks:
                self._held.setdefault((tick.symbol, source), []).append(tick)
        rows: list[Parameters] = []
        due = all_of_them or self._flushes % TICKS_HELD == 0
        for (symbol, source), held in list(self._held.items()):
            while held and (count := _ripe(held, due=due)):
                rows += self._chunk(symbol, source, held[:count])
                del held[:count]
            if not held:
                del self._held[symbol, source]
        if rows:
            self._write("tick_chunks", INSERT_CHUNK, rows, 2)

    def _chunk(self, symbol: str, source: str, ticks: list[Recorded]) -> list[Parameters]:
        instrument = self._find(symbol)
        if instrument is None:
            self.shed += len(ticks)
            return []
        try:
            place = self._files.append(ticks)
        except OSError as error:
            self.shed += len(ticks)
            if not self._full:
                _log.warning("ticks_not_recorded", reason=error.strerror)
            self._full = True
            return []
        self._full = False
        return [chunk_row(ticks, place, (instrument.price_decimals, instrument.qty_decimals), source)]

    def _write(
        self, table: str, statement: Statement, rows: list[Parameters], time_at: int, done: Done | None = None
    ) -> None:
        """Hand rows to the journal thread. time_at: which parameter is the time that the table's months go by."""
        if self._queue.fill_ratio >= SHED_AT_FILL:
            self.shed += len(rows)
            if done is not None:
                done(False)  # noqa: FBT003  the port's callback takes the outcome alone
            return
        room = self._aging.room_for(table, [row[time_at] for row in rows])

        def told(stored: bool) -> None:
            if not stored:
                self.shed += len(rows)
                self._aging.forget_what_was_made()
            if done is not None:
                done(stored)

        self._queue.put(Aside([*room, (statement, rows)], told))

    def _forget(self, retention: Retention, now_ns: int) -> None:
        kept = {
            "market_bars": retention.bars_days,
            "tick_chunks": retention.ticks_days,
            "market_snapshots": retention.qualities_days,
        }
        try:
            for table, days in kept.items():
                if days and (work := self._aging.forget_before(table, now_ns - int(days * _DAY_NS))):
                    self._queue.put(Aside(work, lambda _stored: None))
            if retention.ticks_days:
                self._files.forget_before(now_ns - int(retention.ticks_days * _DAY_NS))
        except (StorageError, OSError) as error:
            _log.warning("old_market_data_kept", reason=str(error))


def _ripe(held: list[Recorded], *, due: bool) -> int:
    """Return how many of the oldest ticks make a chunk now: one that is full in number or time, or due.

    Where the clock was set back a chunk ends, since in one no time goes back.
    """
    ordered = next((at for at, (one, two) in enumerate(pairwise(held), 1) if two.ts_init < one.ts_init), len(held))
    within = bisect.bisect_right(held, held[0].ts_init + CHUNK_SPAN_NS, hi=ordered, key=lambda tick: tick.ts_init)
    count = min(within, CHUNK_TICKS_MAX)
    return count if due or count == CHUNK_TICKS_MAX or count < len(held) else 0
