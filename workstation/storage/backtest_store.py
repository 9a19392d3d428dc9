"""Backtests in the database; implements `ports.backtests.BacktestStore`.

Written beside a running journal through its queue. No order depends on it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine

from workstation.domain.errors import StorageError
from workstation.ports.backtests import KEPT_MAX, Backtest
from workstation.storage.backtest_tables import (
    DELETE_BACKTEST,
    DELETE_OLD,
    NEWEST_ID,
    READ_BACKTESTS,
    READ_ROWS,
    SAVE_BACKTEST,
)
from workstation.storage.driver import Parameters, Statement
from workstation.storage.market_reader import read_connection
from workstation.storage.queued_driver import Pen
from workstation.storage.tables import TENANT

_encode = msgspec.json.Encoder().encode
_backtest = msgspec.json.Decoder(Backtest).decode


class SqlBacktests:
    """pen: None where nothing is written here."""

    def __init__(self, engine: Engine, pen: Pen | None) -> None:
        self._engine, self._pen = engine, pen
        self._marks = "%s" if engine.dialect.name == "postgresql" else "?"

    def next_id(self) -> int:
        """Return the number of the next backtest."""
        [(newest,)] = self._read(NEWEST_ID, (TENANT,))
        return int(newest or 0) + 1

    def save(self, backtest: Backtest, rows: bytes = b"") -> None:
        """Keep a backtest as it stands, and its rows where there are any; beyond KEPT_MAX the oldest leave.

        Raises:
            StorageError: nothing was kept.
        """
        state = (backtest.created_at, backtest.updated_at, backtest.status.value, _encode(backtest), rows)
        self._write((SAVE_BACKTEST, (TENANT, backtest.id, *state)), (DELETE_OLD, (TENANT, backtest.id - KEPT_MAX)))

    def delete(self, backtest_id: int) -> None:
        """Forget a backtest."""
        self._write((DELETE_BACKTEST, (TENANT, backtest_id)))

    def backtests(self) -> tuple[Backtest, ...]:
        """Return all backtests, the newest first."""
        return tuple(_backtest(blob) for (blob,) in self._read(READ_BACKTESTS, (TENANT,)))

    def rows(self, backtest_id: int) -> bytes:
        """Return the rows of a backtest as they were kept, empty where there are none."""
        found = self._read(READ_ROWS, (TENANT, backtest_id))
        return bytes(found[0][0]) if found else b""

    def _read(self, statement: Statement, parameters: Parameters) -> list[tuple[Any, ...]]:
        text = statement.text.replace("?", self._marks)
        with read_connection(self._engine) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text, tuple(parameters))]

    def _write(self, *work: tuple[Statement, Sequence[Any]]) -> None:
        pen = self._pen
        if pen is None:
            raise StorageError("nothing is written here: this run only looks at the database")
        pen.begin()
        try:
            for statement, parameters in work:
                pen.execute_many(statement, [parameters])
            pen.commit()
        finally:
            pen.rollback()
