"""The journal of a simulation: in memory, durable a few milliseconds later in groups, with slow and full disks.

What a crash leaves of it is what was durable, and perhaps the group that was being written. Every append is checked
against the order of the promises before anything else sees it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence

from tests.helpers.memory_journal import MemoryJournal
from workstation.kernel.clock import Scheduler
from workstation.ports.store import Entry
from workstation.storage.queue import Batch

GROUP_NS = (300_000, 6_000_000)
STALL_NS = (30_000_000, 400_000_000)
FULL_NS = (300_000_000, 1_500_000_000)
STALL_SHARE, FULL_SHARE = 0.02, 0.0015


class GroupJournal(MemoryJournal):
    """Group commit in virtual time. `scheduler` belongs to the life of the program that writes."""

    def __init__(self, scheduler: Scheduler, rng: random.Random, on_append: Callable[[Sequence[Entry]], None]) -> None:
        super().__init__(instant=False)
        self.scheduler = scheduler
        self._rng = rng
        self._on_append = on_append
        self._writing = 0
        self._refused: set[int] = set()

    def append(self, entries: Sequence[Entry]) -> int:
        first = self.last_seq + 1
        seq = super().append(entries)
        self.appends[-1] = seq
        if self.trouble and Batch(first, tuple(entries), 0, 0).raises_exposure:
            self._refused.add(seq)
        self._on_append(entries)
        if not self._writing:
            self._begin()
        return seq

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        if seq <= self.durable_seq:
            self.scheduler.call_soon(lambda: call(True))
        else:
            self._waiting.append((seq, call))

    def crash(self) -> None:
        """Lose what was not durable; the group that was being written is a matter of luck."""
        kept = self._writing if self._writing and self._rng.random() < 0.5 else self.durable_seq
        del self.entries[kept:]
        self.appends = [seq for seq in self.appends if seq <= kept]
        self.snapshots = [snapshot for snapshot in self.snapshots if snapshot.seq <= kept]
        self.durable_seq = kept
        self.trouble = ""
        self._waiting.clear()
        self._refused.clear()
        self._writing = 0
        self.epoch += 1

    def digest(self) -> str:
        """Return the hash of the whole journal, byte by byte."""
        digest = hashlib.sha256()
        for line, entry in zip(self.replay(0), self.entries, strict=True):
            digest.update(line.payload)
            digest.update(f"{entry.actor}|{entry.correlation}|{entry.causation}".encode())
        return digest.hexdigest()

    def _begin(self) -> None:
        self._writing = self.last_seq
        drawn = self._rng.random()
        low, high = STALL_NS if drawn < STALL_SHARE else GROUP_NS
        if drawn > 1 - FULL_SHARE and not self.trouble:
            self.trouble = "disk full"
            self.scheduler.call_later(self._rng.randint(*FULL_NS), self._relieve)
        self.scheduler.call_later(self._rng.randint(low, high), self._commit)

    def _relieve(self) -> None:
        self.trouble = ""

    def _commit(self) -> None:
        self.durable_seq, self._writing = self._writing, 0
        due = [(seq, call) for seq, call in self._waiting if seq <= self.durable_seq]
        self._waiting = [(seq, call) for seq, call in self._waiting if seq > self.durable_seq]
        if self.last_seq > self.durable_seq:
            self._begin()
        for seq, call in due:
            call(seq not in self._refused)
