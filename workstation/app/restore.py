"""`workstation restore`: a person's way back from a damaged database, step by step and never by itself.

Without a name it lists the backups, each opened and verified. With one it restores: what was there is kept beside it,
and the next start replays the journal and asks the venue for what has happened since.
"""

import argparse
import sys
from datetime import UTC, datetime

from workstation.config.paths import find_home
from workstation.domain.errors import UserError
from workstation.storage.backend import SqliteBackend, backend_for
from workstation.storage.backup import FOLDER
from workstation.storage.restore import CheckedBackup, Restored, checked_backups, restore

NEWEST = "newest"
"""Stands for the newest backup that verifies."""


def command(arguments: argparse.Namespace) -> int:
    """List backups or restore one; returns 0, or 1 where no backup verifies."""
    home = find_home(arguments.home).root
    backend = backend_for(arguments.database, home)
    if not isinstance(backend, SqliteBackend):
        raise UserError("restore: a database server keeps its own backups; restore there")
    if arguments.backup is None:
        return _list(list(checked_backups(home)))
    if arguments.backup == NEWEST:
        chosen = next((found.path for found in checked_backups(home) if not found.damage), None)
    else:
        chosen = home / FOLDER / arguments.backup
    if chosen is None or not chosen.is_file():
        raise UserError(f"restore: no such backup as {arguments.backup}; `workstation restore` lists them")
    done = restore(home, backend.path, chosen, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    print("\n".join(_told(done)))
    return 0


def _list(found: list[CheckedBackup]) -> int:
    for backup in found:
        state = f"DAMAGED: {backup.damage}" if backup.damage else f"sound, up to line {backup.newest_seq:,}"
        print(f"{backup.path.name:<48} {state}")
    if not any(not backup.damage for backup in found):
        print("workstation: no backup here verifies", file=sys.stderr)
        return 1
    print(f"Restore one with: workstation restore NAME (or {NEWEST}). What is there now will be kept.")
    return 0


def _told(done: Restored) -> list[str]:
    """Return what was done and what comes next, one sentence a step."""
    kept = f"kept in {done.kept}" if done.kept is not None else "there was none"
    told = [
        f"1. Verified {done.backup.path.name}: sound, up to line {done.backup.newest_seq:,}.",
        f"2. The database that was there: {kept}.",
        "3. The backup stands in its place.",
    ]
    lost = done.acknowledged_seq - done.backup.newest_seq
    if lost > 0:
        told.append(f"4. {lost:,} later lines, up to {done.acknowledged_seq:,}, are not in it.")
    told.append(
        "Start the program: every account stays locked until its orders, fills, positions and cash agree with the "
        "venue; what came from the venue stands in the journal, and every difference left is shown as a break."
    )
    return told
