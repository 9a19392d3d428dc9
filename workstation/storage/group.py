"""A group: the batches that one transaction makes durable, encoded and chained.

Runs on the journal thread, so that the engine pays for neither JSON nor SHA-256.
"""

from typing import NamedTuple

from workstation.domain.events import encode_event
from workstation.storage.chain import EVENT_SCHEMA_VERSION, line_hash
from workstation.storage.projections import Projector
from workstation.storage.queue import Batch
from workstation.storage.reserve import GroupRecord


class SeqRange(NamedTuple):
    """Sequences of one append, both ends included."""

    first: int
    last: int


class Group(NamedTuple):
    """Encoded batches. before: newest line that the group chains to; refusable: appends that intend an INCREASE."""

    before: int
    last_seq: int
    last_hash: bytes
    ts_wall: int
    record: GroupRecord
    refusable: tuple[SeqRange, ...]

    @property
    def events(self) -> int:
        """How many events it holds."""
        return self.last_seq - self.before


class GroupBuilder:
    """Adds batches one by one, then yields the group."""

    def __init__(self, epoch: int, projector: Projector, before: int, prev_hash: bytes) -> None:
        self._epoch = epoch
        self._before = before
        self._rows = projector.batch()
        self._record = GroupRecord([], {})
        self._refusable: list[SeqRange] = []
        self._hash = prev_hash
        self._ts_wall = 0
        self.events = 0

    def add(self, batch: Batch) -> None:
        """Encode and chain one batch."""
        seq, entries, ts_wall, ts_mono = batch
        epoch, prev_hash = self._epoch, self._hash
        append, add_rows = self._record.lines.append, self._rows.add
        for entry in entries:
            payload, kind = encode_event(entry.event), type(entry.event).__name__
            texts = (kind, entry.correlation, entry.causation, entry.actor)
            own_hash = line_hash(prev_hash, (seq, epoch, ts_wall, ts_mono, EVENT_SCHEMA_VERSION), texts, payload)
            times = (seq, epoch, ts_wall, ts_mono)
            append((*times, kind, EVENT_SCHEMA_VERSION, *texts[1:], payload, prev_hash, own_hash))
            add_rows(seq, entry.rows)
            prev_hash = own_hash
            seq += 1
        self._hash = prev_hash
        if batch.raises_exposure:
            self._refusable.append(SeqRange(batch.first_seq, batch.last_seq))
        self.events += len(entries)
        self._ts_wall = ts_wall

    def build(self) -> Group:
        """Return the group."""
        self._record.rows.update(self._rows.encoded())
        return Group(
            self._before, self._before + self.events, self._hash, self._ts_wall, self._record, tuple(self._refusable)
        )
