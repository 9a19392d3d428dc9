"""The weekly check of a whole database: the file's structure with its indexes, then every link of the hash chain.

Runs beside the writer, on any thread, in small steps with rests between them, so that trading does not notice. When it
last passed is kept in a small file in the home.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.storage.backend import Backend
from workstation.storage.recovery import SqlRecovery

FILE_NAME = "last-check.json"
EVERY_NS = 7 * 86_400 * 1_000_000_000
"""A full check is due this long after the last one."""

REST_LINES = 1_000
REST_S = 0.005
"""After this many lines the check rests this long: a tenth or so of its time goes to others."""

PROGRESS_STEPS = 10
"""How often progress is told."""

Progress = Callable[[int, int], None]
"""Called with lines verified and lines in all."""


class PassedCheck(msgspec.Struct, frozen=True):
    """When a full check last passed, UTC ns, and how many lines it read."""

    at: int
    lines: int


def is_check_due(home: Path, now_ns: int) -> bool:
    """Tell whether a week has passed since the last full check, or nobody knows of one."""
    try:
        last = msgspec.json.decode((home / FILE_NAME).read_bytes(), type=PassedCheck)
    except (OSError, msgspec.DecodeError):
        return True
    return now_ns - last.at >= EVERY_NS


def note_check(home: Path, now_ns: int, lines: int) -> None:
    """Write down that a full check passed.

    Raises:
        OSError: the file cannot be written.
    """
    draft = home / f"{FILE_NAME}.tmp"
    draft.write_bytes(msgspec.json.encode(PassedCheck(now_ns, lines)))
    draft.replace(home / FILE_NAME)


def full_check(backend: Backend, recovery: SqlRecovery, progress: Progress, is_ended: Callable[[], bool]) -> int | None:
    """Check everything up to the newest line of this moment; returns the lines verified, None when ended early.

    Where the writer has the only connection, every start checks the structure, and this the chain alone.

    Raises:
        StorageDamaged: what is broken, and for the chain the first broken row.
    """
    if not backend.remark and (damage := backend.damage(thorough=True)):
        raise StorageDamaged(damage)
    newest_seq, _ = recovery.newest()
    step = max(newest_seq // PROGRESS_STEPS, 1)
    lines = 0
    for line in recovery.whole():
        lines += 1
        if lines % REST_LINES == 0:
            if is_ended():
                return None
            time.sleep(REST_S)
        if lines % step == 0:
            progress(lines, newest_seq)
        if line.seq >= newest_seq:
            break
    return lines
