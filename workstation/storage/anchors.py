"""Anchors: once a day the end of the hash chain, written outside the database.

Who can rewrite the whole database can rewrite its chain; he cannot make it fit a hash that stands elsewhere. One JSON
line a day in `anchors.jsonl`, appended and synced; copied off the machine, it proves the journal up to that day.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.storage.recovery import SqlRecovery

FILE_NAME = "anchors.jsonl"
_TAIL_BYTES = 4_096


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The chain's end on one day. day: UTC, YYYY-MM-DD; hash: hexadecimal SHA-256 of line `seq`."""

    day: str
    seq: int
    hash: str


def newest_anchor(home: Path) -> Anchor | None:
    """Return the last whole anchor, None where there is none."""
    path = home / FILE_NAME
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return msgspec.json.decode(line, type=Anchor)
        except msgspec.DecodeError:
            continue
    return None


def append_anchor(home: Path, recovery: SqlRecovery, now_ns: int) -> Anchor | None:
    """Write down where the chain ends, once a UTC day; returns what was written, None when there was no need.

    Raises:
        OSError: the file cannot be written.
    """
    day = datetime.fromtimestamp(now_ns / 1e9, UTC).date().isoformat()
    last = newest_anchor(home)
    seq, own_hash = recovery.newest()
    if seq == 0 or (last is not None and last.day >= day):
        return None
    anchor = Anchor(day=day, seq=seq, hash=own_hash.hex())
    with (home / FILE_NAME).open("ab") as file:
        file.write(msgspec.json.encode(anchor) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return anchor


def check_anchor(home: Path, recovery: SqlRecovery) -> Anchor | None:
    """Compare the newest anchor with the journal; returns it.

    Raises:
        StorageDamaged: the journal has another line there, or none: it was rewritten or cut.
    """
    anchor = newest_anchor(home)
    if anchor is None:
        return None
    found = recovery.hash_of(anchor.seq)
    if found is None or found.hex() != anchor.hash:
        raise StorageDamaged(
            f"journal line {anchor.seq} is not the one that was anchored on {anchor.day}: the journal was rewritten"
        )
    return anchor
