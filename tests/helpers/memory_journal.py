"""A journal in memory: durable at once, or only when a test says so. Also replays what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from workstation.domain.events import Event, decode_event, encode_event
from workstation.ports.store import Entry, JournalLine, Row, Snapshot


class MemoryJournal:
    """`instant`: what is appended is durable at once. Otherwise `commit` and `fail` decide."""

    def __init__(self, *, instant: bool = True, epoch: int = 1) -> None:
        self.instant = instant
        self.epoch = epoch
        self.trouble = ""
        self.fill_ratio = 0.0
        self.entries: list[Entry] = []
        self.appends: list[int] = []
        self.durable_seq = 0
        self.snapshots: list[Snapshot] = []
        self._waiting: list[tuple[int, Callable[[bool], None]]] = []

    @property
    def last_seq(self) -> int:
        return len(self.entries)

    @property
    def events(self) -> list[Event]:
        return [entry.event for entry in self.entries]

    @property
    def rows(self) -> list[Row]:
        return [row for entry in self.entries for row in entry.rows]

    def kinds(self) -> list[str]:
        return [type(entry.event).__name__ for entry in self.entries]

    def append(self, entries: Sequence[Entry]) -> int:
        self.entries.extend(entries)
        self.appends.append(len(entries))
        if self.instant:
            self.durable_seq = self.last_seq
        return self.last_seq

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        if seq <= self.durable_seq:
            call(True)
        else:
            self._waiting.append((seq, call))

    def commit(self, upto: int | None = None) -> None:
        """Make everything up to `upto` durable and tell those who wait."""
        self.durable_seq = self.last_seq if upto is None else upto
        due = [call for seq, call in self._waiting if seq <= self.durable_seq]
        self._waiting = [(seq, call) for seq, call in self._waiting if seq > self.durable_seq]
        for call in due:
            call(True)

    def fail(self, trouble: str = "disk full") -> None:
        """Refuse everything that waits."""
        self.trouble = trouble
        waiting, self._waiting = self._waiting, []
        for _, call in waiting:
            call(False)

    def save_snapshot(self, state: bytes, state_hash: bytes) -> None:
        self.snapshots.append(Snapshot(seq=self.last_seq, ts=0, state=state, state_hash=state_hash))

    def latest_snapshot(self) -> Snapshot | None:
        return self.snapshots[-1] if self.snapshots else None

    def replay(self, after_seq: int) -> Iterator[JournalLine]:
        previous = b""
        for seq, entry in enumerate(self.entries, start=1):
            payload = encode_event(entry.event)
            link = hashlib.sha256(previous + payload).digest()
            if seq > after_seq:
                yield JournalLine(
                    seq=seq,
                    epoch=self.epoch,
                    ts_wall=entry.event.ts,
                    ts_mono=0,
                    kind=type(entry.event).__name__,
                    schema_version=1,
                    correlation=entry.correlation,
                    causation=entry.causation,
                    actor=entry.actor,
                    payload=payload,
                    prev_hash=previous,
                    hash=link,
                )
            previous = link

    def replayed(self, after_seq: int = 0) -> list[Event]:
        """Return the events as a restart would read them."""
        return [decode_event(line.payload) for line in self.replay(after_seq)]
