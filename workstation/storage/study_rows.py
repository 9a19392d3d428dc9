"""What stores of studies share: backtests and sweeps, read on the pool and written through a pen.

A study is a run over stored data. No order depends on it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from workstation.domain.errors import StorageError
from workstation.storage.driver import Parameters, Statement
from workstation.storage.lent_connections import rows_of
from workstation.storage.queued_driver import Pen
from workstation.storage.tables import TENANT


class StudyRows:
    """pen: None where nothing is written here. newest: the statement that reads the highest number of a study."""

    newest: Statement

    def __init__(self, engine: Engine, pen: Pen | None) -> None:
        self._engine, self._pen = engine, pen

    def next_id(self) -> int:
        """Return the number of the next study."""
        [(newest,)] = self._read(self.newest, (TENANT,))
        return int(newest or 0) + 1

    def _read(self, statement: Statement, parameters: Parameters) -> list[tuple[Any, ...]]:
        return rows_of(self._engine, statement, parameters)

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
