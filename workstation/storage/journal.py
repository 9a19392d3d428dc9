"""The journal as the engine sees it: append, ask to be called once durable, never wait.

All state here belongs to the engine's thread. The journal thread reaches it only through `post`, with one message a
group however many orders the group holds.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from functools import partial

from workstation.domain.errors import StorageError
from workstation.kernel.clock import Clock
from workstation.ports.store import Entry, Snapshot
from workstation.storage.group import SeqRange
from workstation.storage.queue import Batch, Stop, WorkQueue

Post = Callable[[Callable[[], None]], None]
"""Runs a call on the engine's thread, soon and in order; called from any thread."""

JOIN_S = 30.0


class SqlJournal:
    """Implements `ports.store.Journal` over a WorkQueue that a JournalWriter empties."""

    def __init__(self, *, queue: WorkQueue, epoch: int, newest_seq: int, clock: Clock, post: Post) -> None:
        self._queue = queue
        self._epoch = epoch
        self._last_seq = self._durable_seq = newest_seq
        self._clock = clock
        self._post = post
        self._trouble = ""
        self._failed = False
        self._waiting: list[tuple[int, int, Callable[[bool], None]]] = []
        self._order = itertools.count()
        self._refused: list[SeqRange] = []
        self._thread: threading.Thread | None = None

    @property
    def last_seq(self) -> int:
        """Sequence given to the newest appended event."""
        return self._last_seq

    @property
    def durable_seq(self) -> int:
        """Every event up to here survives a power cut."""
        return self._durable_seq

    @property
    def epoch(self) -> int:
        """This writer's epoch."""
        return self._epoch

    @property
    def fill_ratio(self) -> float:
        """How full the queue is, 0 to 1."""
        return self._queue.fill_ratio

    @property
    def trouble(self) -> str:
        """Why storage cannot take new risk, "" when it can."""
        return self._trouble

    def append(self, entries: Sequence[Entry]) -> int:
        """Queue entries in order, as one transaction's worth; returns the last one's sequence.

        After a failure entries still get sequences, but nothing more is written: trading has stopped by then.
        """
        if entries:
            batch = Batch(self._last_seq + 1, tuple(entries), self._clock.now_ns(), self._clock.mono_ns())
            if not self._failed:
                self._queue.put(batch)
            self._last_seq = batch.last_seq
        return self._last_seq

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        """Run `call` on the engine's thread, never within this call: True once durable, False when it will not be.

        False also for an INCREASE that met a full disk or a locked database: it is recorded but must not go out.
        """
        if seq <= self._durable_seq or self._failed:
            self._post(partial(call, seq <= self._durable_seq))
        else:
            heapq.heappush(self._waiting, (seq, next(self._order), call))

    def save_snapshot(self, state: bytes, state_hash: bytes) -> None:
        """Store the state after the last appended event; `state_hash` is its SHA-256. Dropped while storage stalls."""
        if not self._failed:
            self._queue.put(Snapshot(seq=self._last_seq, ts=self._clock.now_ns(), state=state, state_hash=state_hash))

    def start(self, work: Callable[[], None]) -> None:
        """Run `work`, the writer's loop, on the journal thread."""
        self._thread = threading.Thread(target=work, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write everything queued and end the thread.

        Raises:
            StorageError: the thread did not end within JOIN_S.
        """
        if self._thread is None:
            return
        self._queue.put(Stop())
        self._thread.join(JOIN_S)
        if self._thread.is_alive():
            raise StorageError(f"the journal thread did not end within {JOIN_S:.0f} s")
        self._thread = None

    def durable(self, seq: int) -> None:
        """Take the writer's report that everything up to `seq` is durable."""
        self._post(partial(self._on_durable, seq))

    def refused(self, ranges: tuple[SeqRange, ...]) -> None:
        """Take the writer's report of appends that must count as refused."""
        if ranges:
            self._post(partial(self._on_refused, ranges))

    def trouble_changed(self, reason: str) -> None:
        """Take the writer's report of a stall, or with "" of its end."""
        self._post(partial(self._on_trouble, reason))

    def failed(self, reason: str) -> None:
        """Take the writer's report of a final failure."""
        self._post(partial(self._on_failed, reason))

    def _on_durable(self, seq: int) -> None:
        self._durable_seq = max(self._durable_seq, seq)
        while self._waiting and self._waiting[0][0] <= self._durable_seq:
            waited, _, call = heapq.heappop(self._waiting)
            call(not self._is_refused(waited))
        self._refused = [span for span in self._refused if span.last > self._durable_seq]

    def _on_refused(self, ranges: tuple[SeqRange, ...]) -> None:
        """Answer at once: a stale order must not go out when storage returns."""
        self._refused += ranges
        told = [item for item in self._waiting if self._is_refused(item[0])]
        self._waiting = [item for item in self._waiting if not self._is_refused(item[0])]
        heapq.heapify(self._waiting)
        for _, _, call in sorted(told, key=lambda item: item[:2]):
            call(False)  # noqa: FBT003  the port's callback takes the outcome alone

    def _on_trouble(self, reason: str) -> None:
        if not self._failed:
            self._trouble = reason

    def _on_failed(self, reason: str) -> None:
        self._failed, self._trouble = True, reason
        waiting, self._waiting = sorted(self._waiting, key=lambda item: item[:2]), []
        for _, _, call in waiting:
            call(False)  # noqa: FBT003  the port's callback takes the outcome alone

    def _is_refused(self, seq: int) -> bool:
        return any(span.first <= seq <= span.last for span in self._refused)
