"""Sweeps in the database; implements `ports.sweeps.SweepStore`.

Written alone on a home by the command line, or beside a running journal through its queue. No order depends on it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine

from workstation.domain.errors import StorageError
from workstation.ports.sweeps import Sweep, Trial
from workstation.storage.driver import Parameters, Statement
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_reader import read_connection
from workstation.storage.queued_driver import Pen
from workstation.storage.sole_writer import SoleWriter, sole_writer
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


class SqlSweeps:
    """pen: None where nothing is written here."""

    def __init__(self, engine: Engine, pen: Pen | None) -> None:
        self._engine, self._pen = engine, pen
        self._marks = "%s" if engine.dialect.name == "postgresql" else "?"

    def next_id(self) -> int:
        """Return the number of the next sweep."""
        [(newest,)] = self._read(NEWEST_ID, (TENANT,))
        return int(newest or 0) + 1

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

    def _read(self, statement: Statement, parameters: Parameters) -> list[tuple[Any, ...]]:
        text = statement.text.replace("?", self._marks)
        with read_connection(self._engine) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text, tuple(parameters))]

    def _write(self, *work: tuple[Statement, Sequence[Parameters]]) -> None:
        pen = self._pen
        if pen is None:
            raise StorageError("nothing is written here: this run only looks at the database")
        pen.begin()
        try:
            for statement, rows in work:
                if rows:
                    pen.execute_many(statement, rows)
            pen.commit()
        finally:
            pen.rollback()


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
