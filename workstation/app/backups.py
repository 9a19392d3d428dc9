"""The night watch of the database: a backup and an anchor a day, a full check a week, and what is too old goes.

A thread of its own, never on the engine's, never in a view-only run. What goes wrong is logged and said on screen;
trading goes on, except after damage found by the full check, which the journal takes as its own failure.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from workstation.domain.errors import StorageDamaged, StorageError
from workstation.kernel.clock import Clock
from workstation.kernel.logs import get_logger
from workstation.storage import Store
from workstation.storage.anchors import append_anchor, check_anchor
from workstation.storage.backup import is_due, make_backup
from workstation.storage.checks import full_check, is_check_due, note_check
from workstation.storage.retention import Kept

FIRST_LOOK_S = 30.0
"""A start has better things to do than to make a backup."""

LOOK_S = 600.0
"""How often the watch looks whether something is due."""

STOP_TIMEOUT_S = 5.0
"""How long the program's end waits for a step of work; a copy or check cut short is simply made anew."""

Say = Callable[[str, str], None]
"""Shows a notice: level and text."""

_log = get_logger("backups")


class Backups:
    """Looks after one database while the program runs. store: what this run writes; kept: for how long."""

    def __init__(
        self,
        store: Store,
        home: Path,
        clock: Clock,
        say: Say,
        *,
        kept: Kept | None = None,
        first_look_s: float = FIRST_LOOK_S,
    ) -> None:
        self._store, self._home, self._clock, self._say = store, home, clock, say
        self._kept = kept or Kept()
        self._first_look_s = first_look_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch; what is half done leaves no trace that a later start would trust."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def look(self) -> None:
        """Do what is due now: anchor, backup, full check, the planner's knowledge, and last what retention takes."""
        for step in (self._anchor, self._back_up, self._check, self._learn, self._forget):
            if self._ended.is_set():
                return
            try:
                step()
            except StorageDamaged as damage:
                _log.error("database_damaged", reason=str(damage))
                self._store.journal.failed(str(damage))
                return
            except (StorageError, OSError) as error:
                _log.error("backup_failed", reason=str(error))
                self._say("warning", f"Looking after the database failed: {error}.")

    def _run(self) -> None:
        wait_s = self._first_look_s
        while not self._ended.wait(wait_s):
            self.look()
            wait_s = LOOK_S

    def _anchor(self) -> None:
        check_anchor(self._home, self._store.recovery)
        anchor = append_anchor(self._home, self._store.recovery, self._clock.now_ns())
        if anchor is not None:
            _log.info("chain_anchored", seq=anchor.seq, hash=anchor.hash)

    def _back_up(self) -> None:
        now = self._clock.now_ns()
        if not is_due(self._home, now):
            return
        path = make_backup(self._store.backend, self._home, now)
        if path is not None:
            _log.info("backup_made", file=path.name, bytes=path.stat().st_size)

    def _check(self) -> None:
        now = self._clock.now_ns()
        if not is_check_due(self._home, now):
            return
        _log.info("full_check_began")
        done = full_check(self._store.backend, self._store.recovery, self._on_progress, self._ended.is_set)
        if done is not None:
            note_check(self._home, now, done)
            _log.info("full_check_passed", lines=done)

    def _learn(self) -> None:
        if tables := self._store.statistics.look():
            _log.info("tables_analysed", tables=tables)

    def _forget(self) -> None:
        steps = self._store.retention.look(self._kept, self._clock.now_ns())
        if steps:
            _log.info("old_rows_removed", steps=steps)

    def _on_progress(self, done: int, total: int) -> None:
        _log.info("full_check", lines=done, of=total)
