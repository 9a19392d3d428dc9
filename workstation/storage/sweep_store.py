"""Sweeps in the database; implements `ports.sweeps.SweepStore`.

Written alone on a home by the command line, or beside a running journal through its queue. No order depends on it.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from workstation.ports.sweeps import Sweep, Trial
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.sole_writer import SoleWriter, sole_writer
from workstation.storage.study_rows import StudyRows
from workstation.storage.sweep_tables import (
    ADD_TRIAL,
    DELETE_SWEEP,
    DELETE_TRIALS,
    NEWEST_ID,
    READ_SWEEP,
    READ_SWEEPS,
    READ_TRIALS,
    SAVE_SWEEP,
)
from workstation.storage.tables import TENANT
from workstation.storage.tick_files import TICKS_FOLDER, TickFiles

_encode = msgspec.json.Encoder().encode
_sweep = msgspec.json.Decoder(Sweep).decode
_trial = msgspec.json.Decoder(Trial).decode


class SqlSweeps(StudyRows):
    """The sweeps of this installation."""

    newest = NEWEST_ID

    def save(self, sweep: Sweep, trials: Sequence[Trial] = ()) -> None:
        """Keep a sweep as it stands, and trials of it; a trial that is kept stays as it is.

        Raises:
            StorageError: not everything was kept; the same call completes it.
        """
        state = (sweep.created_at, sweep.updated_at, sweep.status.value, _encode(sweep))
        rows = [(TENANT, sweep.id, trial.fold, trial.number, trial.status.value, _encode(trial)) for trial in trials]
        self._write((ADD_TRIAL, rows), (SAVE_SWEEP, [(TENANT, sweep.id, *state)]))

    def delete(self, sweep_id: int) -> None:
        """Forget a sweep and its trials."""
        self._write((DELETE_TRIALS, [(TENANT, sweep_id)]), (DELETE_SWEEP, [(TENANT, sweep_id)]))

    def sweeps(self) -> tuple[Sweep, ...]:
        """Return all sweeps, the newest first."""
        return tuple(_sweep(blob) for (blob,) in self._read(READ_SWEEPS, (TENANT,)))

    def sweep(self, sweep_id: int) -> Sweep | None:
        """Return one sweep."""
        found = self._read(READ_SWEEP, (TENANT, sweep_id))
        return _sweep(found[0][0]) if found else None

    def trials(self, sweep_id: int) -> tuple[Trial, ...]:
        """Return a sweep's trials by fold and number."""
        return tuple(_trial(blob) for (blob,) in self._read(READ_TRIALS, (TENANT, sweep_id)))


class SweepHome:
    """A home whose sweeps this process writes: `sweeps`, and `history` that they are run over."""

    def __init__(self, sole: SoleWriter, home: Path) -> None:
        self._sole = sole
        self.sweeps = SqlSweeps(sole.engine, sole.driver)
        self.history = SqlMarketHistory(sole.engine, TickFiles(home / TICKS_FOLDER))

    def close(self) -> None:
        """Give the database and the home up."""
        self._sole.release.close()


def open_sweeps(url: str, home: Path, now_ns: int) -> SweepHome:
    """Become the writer of a home's sweeps. url: "" for the embedded file. now_ns: names a backup, UTC ns.

    Raises:
        StorageLocked: a program runs on this home; the text says which.
        StorageError: it cannot be opened.
    """
    return SweepHome(sole_writer(url, home, now_ns), home)
