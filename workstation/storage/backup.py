"""Backups: a copy of one consistent moment, proven by opening it, kept for a week of days and a month of weeks.

A copied `.db` file without its `-wal` is no backup; this goes through the database's own online copy.
"""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from workstation.domain.errors import StorageError
from workstation.storage import sqlite
from workstation.storage.backend import Backend
from workstation.storage.recovery import SqlRecovery

FOLDER = "backups"
DAYS_KEPT = 7
WEEKS_KEPT = 4
_PREFIX = "workstation-"
_FORMAT = "%Y%m%dT%H%M%SZ"
_STAMP_LENGTH = 16
_UNPROVEN = ".part"


def make_backup(backend: Backend, home: Path, now_ns: int, *, reason: str = "daily") -> Path | None:
    """Write and verify one backup, then drop those that are too old.

    Returns its path, None where the database server keeps its own backups.

    Raises:
        StorageError: the copy failed or did not verify; older backups stay.
    """
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.fromtimestamp(now_ns / 1e9, UTC).strftime(_FORMAT)
    target = folder / f"{_PREFIX}{stamp}-{reason}.db"
    draft = target.with_suffix(_UNPROVEN)
    if not backend.copy_to(draft):
        return None
    verify_backup(draft)
    draft.replace(target)
    for path in expired(sorted(folder.glob(f"{_PREFIX}*.db"))):
        path.unlink()
    return target


def verify_backup(path: Path) -> int:
    """Open a backup, verify the end of its chain and return its last sequence.

    Raises:
        StorageDamaged: it cannot be read, or a line does not verify.
    """
    engine = sqlite.reading_engine(path, sqlite.load_library())
    try:
        recovery = SqlRecovery(engine)
        recovery.verify_tail()
        return recovery.newest()[0]
    finally:
        engine.dispose()


class VerifiedBackup(NamedTuple):
    """A backup that opens and verifies; newest_seq: its last journal line."""

    path: Path
    newest_seq: int


def newest_verified(home: Path) -> VerifiedBackup | None:
    """Return the newest backup that verifies, None where there is none; broken ones are passed over and stay."""
    for path in sorted((home / FOLDER).glob(f"{_PREFIX}*.db"), reverse=True):
        with contextlib.suppress(StorageError):
            return VerifiedBackup(path, verify_backup(path))
    return None


def is_due(home: Path, now_ns: int) -> bool:
    """Tell whether no backup was made on the present UTC day."""
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).strftime("%Y%m%d")
    return not sorted((home / FOLDER).glob(f"{_PREFIX}{today}*.db"))


def expired(backups: list[Path]) -> list[Path]:
    """Return the backups to drop: all but the last of each of DAYS_KEPT days and of each of WEEKS_KEPT weeks.

    backups: in order of their time stamps.
    """
    days: dict[str, Path] = {}
    weeks: dict[str, Path] = {}
    for path in backups:
        made = datetime.strptime(path.name[len(_PREFIX) :][:_STAMP_LENGTH], _FORMAT).replace(tzinfo=UTC)
        days[made.strftime("%Y%m%d")] = path
        weeks[made.strftime("%G-%V")] = path
    kept = {*list(days.values())[-DAYS_KEPT:], *list(weeks.values())[-WEEKS_KEPT:]}
    return [path for path in backups if path not in kept]
