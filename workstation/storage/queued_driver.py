"""A driver for work aside of a running journal: reads on the pool, writes through the journal's queue, piece by piece.

What a transaction writes is held back until `commit`, so that giving up before it leaves nothing. It is then written in
pieces between which orders get their turn: a process that dies in between leaves a part, which the same import
completes.
"""

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Engine

from workstation.domain.errors import StorageError, StorageFull
from workstation.storage.driver import Parameters, Statement
from workstation.storage.lent_connections import rows_of
from workstation.storage.queue import Aside, WorkQueue

ROWS_A_PIECE = 500
"""Rows of one transaction, so that orders get a turn between two."""

ROWS_HELD_MAX = 2_000_000
"""Rows that one import may hold back."""

PIECE_TIMEOUT_S = 60.0


class Pen(Protocol):
    """The part of a driver that an import writes with."""

    def begin(self) -> None:
        """Start a transaction."""

    def execute(self, statement: Statement, parameters: Parameters = ()) -> None:
        """Run one statement."""

    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row of parameters."""

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""

    def commit(self) -> None:
        """Make the transaction durable before returning."""

    def rollback(self) -> None:
        """Undo the transaction; harmless without one."""


class QueuedDriver:
    """Implements `Pen` beside the journal's own connection. One thread, never the engine's: `commit` waits."""

    def __init__(self, queue: WorkQueue, engine: Engine) -> None:
        self._queue, self._engine = queue, engine
        self._held: list[tuple[Statement, list[Parameters]]] = []
        self._rows = 0

    def begin(self) -> None:
        """Start with nothing held."""
        self.rollback()

    def execute(self, statement: Statement, parameters: Parameters = ()) -> None:
        """Hold one statement back."""
        self.execute_many(statement, [parameters])

    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Hold a statement back for each row.

        Raises:
            StorageFull: more rows than one import may hold.
        """
        self._rows += len(rows)
        if self._rows > ROWS_HELD_MAX:
            raise StorageFull(f"more than {ROWS_HELD_MAX:,} rows at once: import the file by the command line")
        self._held += [
            (statement, list(rows[first : first + ROWS_A_PIECE])) for first in range(0, len(rows), ROWS_A_PIECE)
        ]

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Read what is committed; what is held back is not seen."""
        return rows_of(self._engine, statement, parameters)

    def commit(self) -> None:
        """Write what is held, piece by piece.

        Raises:
            StorageError: a piece was not stored; those before it are.
        """
        held, self._held, self._rows = self._held, [], 0
        for statement, rows in held:
            done = threading.Event()
            outcome: list[bool] = []

            def told(stored: bool, done: threading.Event = done, outcome: list[bool] = outcome) -> None:
                outcome.append(stored)
                done.set()

            self._queue.put(Aside([(statement, rows)], told))
            if not done.wait(PIECE_TIMEOUT_S) or not outcome[0]:
                raise StorageError("not everything was stored; the same import completes it")

    def rollback(self) -> None:
        """Forget what is held."""
        self._held, self._rows = [], 0
