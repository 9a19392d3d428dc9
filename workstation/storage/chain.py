"""The hash chain of the journal: each line's SHA-256 covers the line before it, so that one changed byte shows.

A chain makes tampering evident; it does not prevent it, and who can rewrite every line can rewrite the chain. A daily
anchor outside the database narrows that.
"""

import hashlib
from collections.abc import Iterable, Iterator

from workstation.domain.errors import StorageDamaged
from workstation.ports.store import JournalLine

GENESIS = bytes(32)
"""Hash that the first line chains to."""

EVENT_SCHEMA_VERSION = 1
"""Version of the events' wire form, stored with each line."""

COLUMNS = "seq, epoch, ts_wall, ts_mono, kind, schema_version, correlation, causation, actor, payload, prev_hash, hash"
"""Columns of a line in the order of `line_of`."""


def line_hash(
    prev_hash: bytes, numbers: tuple[int, int, int, int, int], texts: tuple[str, str, str, str], payload: bytes
) -> bytes:
    """Return SHA-256(prev_hash ‖ canonical fields).

    numbers: seq, epoch, ts_wall, ts_mono, schema_version; texts: kind, correlation, causation, actor. Lengths stand
    before the texts, so that no two different lines share one canonical form.
    """
    seq, epoch, ts_wall, ts_mono, version = numbers
    kind, correlation, causation, actor = texts
    lengths = f"{len(kind)},{len(correlation)},{len(causation)},{len(actor)},{len(payload)}"
    head = f"{seq},{epoch},{ts_wall},{ts_mono},{version};{lengths};{kind}{correlation}{causation}{actor}"
    return hashlib.sha256(prev_hash + head.encode() + payload).digest()


def line_of(row: tuple[int, int, int, int, str, int, str, str, str, bytes, bytes, bytes]) -> JournalLine:
    """Return the line of a database row with COLUMNS."""
    seq, epoch, ts_wall, ts_mono, kind, version, correlation, causation, actor, payload, prev_hash, own_hash = row
    return JournalLine(
        seq=seq,
        epoch=epoch,
        ts_wall=ts_wall,
        ts_mono=ts_mono,
        kind=kind,
        schema_version=version,
        correlation=correlation,
        causation=causation,
        actor=actor,
        payload=bytes(payload),
        prev_hash=bytes(prev_hash),
        hash=bytes(own_hash),
    )


def verified(lines: Iterable[JournalLine], after_seq: int, prev_hash: bytes) -> Iterator[JournalLine]:
    """Pass `lines` on while each follows the one before it without a gap and with its hash intact.

    Raises:
        StorageDamaged: naming the first line that does not.
    """
    expected = after_seq + 1
    for line in lines:
        if line.seq != expected:
            raise StorageDamaged(f"journal line {expected} is missing; line {line.seq} follows")
        if line.prev_hash != prev_hash:
            raise StorageDamaged(f"journal line {line.seq} does not chain to the line before it")
        numbers = (line.seq, line.epoch, line.ts_wall, line.ts_mono, line.schema_version)
        texts = (line.kind, line.correlation, line.causation, line.actor)
        if line.hash != line_hash(prev_hash, numbers, texts, line.payload):
            raise StorageDamaged(f"journal line {line.seq} ({line.kind}) was changed: its hash does not verify")
        yield line
        expected, prev_hash = line.seq + 1, line.hash
