"""Anchors: once a day the end of the hash chain, written outside the database.

Who can rewrite the whole database can rewrite its chains; he cannot make them fit hashes that stand elsewhere. One JSON
line a day in `anchors.jsonl`, appended and synced; copied off the machine, it proves journal and audit up to that day,
their newest rows too: an audit whose tail was cut off ends before its head.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.storage.audit import Link
from workstation.storage.recovery import SqlRecovery

FILE_NAME = "anchors.jsonl"
_TAIL_BYTES = 262_144
"""What is read of the file's end: a line with the audit heads of many tenants is long."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The chains' ends on one day. day: UTC, YYYY-MM-DD; hash: hexadecimal SHA-256 of line `seq`.

    audit: by tenant, sequence and hash of its newest audit entry.
    """

    day: str
    seq: int
    hash: str
    audit: dict[str, Link] = {}


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


def audit_heads(home: Path) -> dict[str, Link]:
    """Return by tenant the end of its audit as the newest anchor knows it."""
    anchor = newest_anchor(home)
    return {} if anchor is None else anchor.audit


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
    anchor = Anchor(day=day, seq=seq, hash=own_hash.hex(), audit=dict(recovery.audit_heads()))
    with (home / FILE_NAME).open("ab") as file:
        file.write(msgspec.json.encode(anchor) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return anchor


def check_anchor(home: Path, recovery: SqlRecovery) -> Anchor | None:
    """Compare the newest anchor with the journal; returns it.

    Raises:
        StorageDamaged: a chain has another link there, or none: it was rewritten or cut.
    """
    anchor = newest_anchor(home)
    if anchor is None:
        return None
    found = recovery.hash_of(anchor.seq)
    if found is None or found.hex() != anchor.hash:
        raise StorageDamaged(
            f"journal line {anchor.seq} is not the one that was anchored on {anchor.day}: the journal was rewritten"
        )
    for tenant, (sequence, own) in anchor.audit.items():
        if not recovery.has_audit_link(tenant, sequence, own):
            raise StorageDamaged(
                f"audit entry {sequence} of {tenant} is not the one that was anchored on {anchor.day}, or is missing"
            )
    return anchor
