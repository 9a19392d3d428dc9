"""Restoring a backup: what is there is set aside whole, the chosen copy takes its place, nothing is deleted.

Never automatic; behind `workstation restore`. The start that follows replays the journal and asks the venue for what
has happened since, as after any crash.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageError
from workstation.storage import anchors, reserve, watermark
from workstation.storage.backup import FOLDER, verify_backup
from workstation.storage.lease import HomeLock, owner_text

SET_ASIDE = "set-aside"
"""Folder of the home below which what a restore replaces is kept, one folder a restore."""


class CheckedBackup(msgspec.Struct, frozen=True):
    """A backup and what its check found. newest_seq: its last journal line; damage: "" when it is sound."""

    path: Path
    newest_seq: int
    damage: str = ""


class Restored(msgspec.Struct, frozen=True):
    """What a restore did. acknowledged_seq: the last line that the replaced database had made durable, as far as known.

    kept: where everything that was replaced lies now, None where there was nothing.
    """

    backup: CheckedBackup
    acknowledged_seq: int
    kept: Path | None


def checked_backups(home: Path) -> Iterator[CheckedBackup]:
    """Yield every backup of a home, newest first, each opened and verified as it is reached."""
    for path in sorted((home / FOLDER).glob("*.db"), reverse=True):
        yield check(path)


def check(path: Path) -> CheckedBackup:
    """Return what opening and verifying one backup finds."""
    try:
        return CheckedBackup(path, verify_backup(path))
    except StorageError as error:
        return CheckedBackup(path, 0, str(error))


def restore(home: Path, database: Path, backup: Path, stamp: str) -> Restored:
    """Put a backup in the place of a database. stamp: names the folder for what was there.

    Raises:
        StorageLocked: a program runs on this home.
        StorageError: the backup does not verify; nothing was touched.
    """
    lock = HomeLock(home, owner_text())
    try:
        checked = check(backup)
        if checked.damage:
            raise StorageError(f"{backup.name} does not verify and was not restored: {checked.damage}")
        draft = database.with_name(database.name + ".restoring")
        shutil.copyfile(backup, draft)
        _sync(draft)
        acknowledged = _acknowledged(database)
        kept = _set_aside(home, database, home / SET_ASIDE / stamp)
        draft.replace(database)
        _sync(database.parent)
        return Restored(checked, acknowledged, kept)
    finally:
        lock.release()


def _acknowledged(database: Path) -> int:
    mark = database.with_name(database.name + watermark.SUFFIX)
    if not mark.exists():
        return 0
    file = watermark.Watermark(database)
    try:
        noted = file.read()
    finally:
        file.close()
    return noted.seq if noted is not None else 0


def _set_aside(home: Path, database: Path, folder: Path) -> Path | None:
    """Move a database with all that speaks of its lines; those of the copy are fewer."""
    names = [database.name + suffix for suffix in ("", "-wal", "-shm", watermark.SUFFIX)]
    there = [path for path in (database.with_name(name) for name in names) if path.exists()]
    there += [path for path in (home / reserve.FILE_NAME, home / anchors.FILE_NAME) if path.exists()]
    if not there:
        return None
    folder.mkdir(parents=True)
    for path in there:
        shutil.move(path, folder / path.name)
    return folder


def _sync(path: Path) -> None:
    """Make a file's content, or a folder's names, survive a power cut; folders cannot be synced on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
