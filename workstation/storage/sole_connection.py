"""One connection for everything, where the SQLite library may corrupt a log that two connections use.

Affected libraries (`sqlite.has_reset_race`) get exactly one connection, in exclusive locking mode, opened by the
writer. Reads go over it too, between two transactions: whoever holds the turn has the connection to himself, so that a
read sees committed rows only. Slower than a pool of readers, and never wrong.
"""

import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from workstation.domain.errors import StorageError, StorageLocked
from workstation.storage.driver import Parameters, Statement
from workstation.storage.sqlite import SqliteDriver, translate

TURN_TIMEOUT_S = 30.0
"""How long a read waits for the connection before it gives up."""

BACKUP_PAGES = 256
"""Pages copied before others get a turn."""

REMARK = (
    "SQLite {version} may corrupt a log that two connections use; this run reads and writes through one connection. "
    "Install the wheel pysqlite3 for full speed."
)


class SoleDriver(SqliteDriver):
    """The writing connection, shared with readers by turns."""

    def __init__(self, path: Path, library: ModuleType, *, vfs: str = "") -> None:
        self.turn = threading.Lock()
        self._mine = False
        super().__init__(path, library, vfs=vfs)

    def begin(self) -> None:
        """Start a transaction and keep readers out until it ends."""
        self.turn.acquire()
        self._mine = True
        try:
            super().begin()
        except StorageError:
            self._end_turn()
            raise

    def commit(self) -> None:
        """Make the transaction durable, then let readers in."""
        super().commit()
        self._end_turn()

    def rollback(self) -> None:
        """Undo the transaction, if there is one, and let readers in."""
        try:
            if self._mine:
                super().rollback()
        finally:
            self._end_turn()

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        if self._mine:
            return super().query(statement, parameters)
        with self.turn:
            return super().query(statement, parameters)

    def tidy(self, *, thorough: bool) -> None:
        """Move the log into the file."""
        with self.turn:
            super().tidy(thorough=thorough)

    def close(self) -> None:
        """Close the connection, after whoever reads."""
        with self.turn:
            super().close()

    def reading_engine(self) -> Engine:
        """Return an engine whose one connection is this one, by turns; rows cannot be changed through it."""
        engine = create_engine(
            "sqlite://",
            module=self._library,
            creator=lambda: _Borrowed(self._connection),
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=TURN_TIMEOUT_S,
            pool_reset_on_return=None,
        )
        event.listen(engine, "handle_error", lambda context: translate(context.original_exception, self._path))
        event.listen(engine, "checkout", self._lend)
        event.listen(engine, "checkin", self._take_back)
        return engine

    def copy_to(self, target: Path) -> None:
        """Copy the database to a file, a few pages a turn.

        Raises:
            StorageFull, StorageDamaged, StorageError: the copy is not complete.
        """
        try:
            copy = self._library.connect(str(target))
            try:
                with self.turn:
                    self._connection.backup(copy, pages=BACKUP_PAGES, progress=self._pass_turn, sleep=0)
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()
        except self._library.Error as error:
            raise translate(error, self._path) from error

    def _pass_turn(self, *_: int) -> None:
        self.turn.release()
        self.turn.acquire()

    def _end_turn(self) -> None:
        if self._mine:
            self._mine = False
            self.turn.release()

    def _lend(self, borrowed: Any, *_: object) -> None:
        if not self.turn.acquire(timeout=TURN_TIMEOUT_S):
            raise StorageLocked(f"{self._path.name}: the one connection was not free within {TURN_TIMEOUT_S:.0f} s")
        borrowed.execute("PRAGMA query_only=ON")

    def _take_back(self, borrowed: Any, *_: object) -> None:
        borrowed.execute("PRAGMA query_only=OFF")
        self.turn.release()


class _Borrowed:
    """The writer's connection in a reader's hands: everything but closing it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Do nothing: the writer closes it."""
