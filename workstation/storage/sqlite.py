"""SQLite: the library, the pragmas that durability rests on, the writing connection and the pool of readers.

`synchronous=FULL` is not optional: a commit that was acknowledged must outlive a power cut. Every pragma is read back.
One copy of the library per file and process: opening the file through a second copy would drop the first one's locks.
"""

import contextlib
import errno
import importlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from workstation.domain.errors import InvariantError, StorageDamaged, StorageError, StorageFull, StorageLocked
from workstation.storage.driver import READ_LEASE, DiskFailed, Parameters, ReadOnly, Statement

READERS = 16
"""Read connections, as many as the threads that serve scripts."""

BUSY_TIMEOUT_MS = 5_000
"""How long a statement waits for another process's lock."""

_TIDY_TIMEOUT_MS = 100
"""How long emptying the log waits for a reader; a later try will do."""

LOG_BYTES = 8 * 1024 * 1024
"""Room of the log that is on the disk already: a sync of what is written over waits for no new block."""

ROOM_FACTOR = 16
"""How many times that must be free before it is laid aside; where the disk is nearly full, others need it more."""

_CHUNK = 65_536

_PRAGMAS: dict[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "mmap_size": 0,
    "cell_size_check": 1,
    "wal_autocheckpoint": 0,
    "journal_size_limit": LOG_BYTES,
    "cache_size": -65_536,
}
_PRAGMAS_MACOS = {"fullfsync": 1, "checkpoint_fullfsync": 1}

_IO, _CANNOT_OPEN = 10, 14
_ERRORS: dict[int, type[Exception]] = {
    8: ReadOnly,
    11: StorageDamaged,
    13: StorageFull,
    19: InvariantError,  # a row breaks a rule of its table
    26: StorageDamaged,  # not a database
}
_BUSY = (5, 6)
_FSYNC_ERRORS = (10 | 4 << 8, 10 | 5 << 8)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PROBE_BYTES = 65_536
_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "ncpfs"})


def load_library() -> ModuleType:
    """Return the SQLite library of this process: the shipped one, else Python's own where there is no wheel."""
    with contextlib.suppress(ImportError):
        return importlib.import_module("pysqlite3.dbapi2")
    return importlib.import_module("sqlite3.dbapi2")


def has_reset_race(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite may corrupt a log when two connections write or checkpoint at once.

    Fixed in 3.51.3, back-ported to 3.50.7 and 3.44.6 (sqlite.org/wal.html, "walresetbug").
    """
    if version >= (3, 51, 3) or version < (3, 7, 0):
        return False
    return not ((3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0))


def refuse_network_file_system(path: Path) -> None:
    """Refuse a folder on a network file system, where locks and syncs do not hold. Known on Linux only.

    Raises:
        StorageError: the folder lies on one.
    """
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    target = path.resolve()
    fields = [line.split() for line in mounts.read_text().splitlines()]
    matches = [
        (len(where), kind) for _, where, kind, *_ in fields if target.is_relative_to(where.replace("\\040", " "))
    ]
    kind = max(matches, default=(0, ""))[1]
    if kind in _NETWORK_FILE_SYSTEMS:
        raise StorageError(
            f"{path} is on a network file system ({kind}); choose a folder on a local disk for the database"
        )


def file_uri(path: Path, *, mode: str, vfs: str = "") -> str:
    """Return the URI that opens `path`; mode is `rwc`, `rw` or `ro`."""
    return f"{path.resolve().as_uri()}?mode={mode}" + (f"&vfs={vfs}" if vfs else "")


class SqliteDriver:
    """The one writing connection to a file.

    Raises:
        StorageLocked, StorageDamaged, ReadOnly, StorageError: the file cannot be opened for durable writing.
    """

    fence = READ_LEASE

    def __init__(self, path: Path, library: ModuleType, *, vfs: str = "") -> None:
        self._path = path
        self._library = library
        self._vfs = vfs
        self._exclusive = has_reset_race(library.sqlite_version_info)
        self._patient = True
        self._connection = self._open()

    def _open(self) -> Any:
        try:
            connection = self._library.connect(
                file_uri(self._path, mode="rwc", vfs=self._vfs),
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=64,
            )
            self._set_pragmas(connection)
        except self._library.Error as error:
            raise translate(error, self._path) from error
        return connection

    def _set_pragmas(self, connection: Any) -> None:
        if self._exclusive:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        wanted = {**_PRAGMAS, **(_PRAGMAS_MACOS if sys.platform == "darwin" else {})}
        for name, value in wanted.items():
            connection.execute(f"PRAGMA {name}={value}")
        for name, value in wanted.items():
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if found != value:
                raise StorageError(
                    f"SQLite pragma {name} is {found!r}, not {value!r}: the database cannot promise durability"
                )

    def begin(self) -> None:
        """Start a transaction that holds the write lock; after one wait in vain, later tries do not wait."""
        try:
            self._run("BEGIN IMMEDIATE")
        except StorageLocked:
            self._wait_for_lock(0)
            self._patient = False
            raise
        if not self._patient:
            self._wait_for_lock(_PRAGMAS["busy_timeout"])
            self._patient = True

    def execute(self, statement: Statement, parameters: Parameters = ()) -> None:
        """Run one statement."""
        self._run(statement.text, parameters)

    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row of parameters."""
        try:
            self._connection.executemany(statement.text, rows)
        except self._library.Error as error:
            raise translate(error, self._path) from error

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        try:
            rows: list[tuple[Any, ...]] = self._connection.execute(statement.text, parameters).fetchall()
        except self._library.Error as error:
            raise translate(error, self._path) from error
        return rows

    def commit(self) -> None:
        """Make the transaction durable before returning."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction; harmless without one."""
        if self._connection.in_transaction:
            self._run("ROLLBACK")

    def reconnect(self) -> None:
        """Do nothing: a file does not go away without an error."""

    def tidy(self, *, thorough: bool) -> None:
        """Move the log into the file; thorough: have the log begin anew too, which waits for readers.

        The log keeps its room, see LOG_BYTES; one that has grown beyond it is cut back with its next line.
        """
        if not thorough:
            self._run("PRAGMA wal_checkpoint(PASSIVE)")
            with contextlib.suppress(OSError):
                self._lay_log_aside()
            return
        self._wait_for_lock(_TIDY_TIMEOUT_MS)
        try:
            self._run("PRAGMA wal_checkpoint(RESTART)")
        finally:
            self._wait_for_lock(_PRAGMAS["busy_timeout"])

    def _lay_log_aside(self) -> None:
        """Write zeros behind the log up to LOG_BYTES; nothing there is read before the library has written over it.

        A block that is only reserved would still cost a sync its entry in the file system's own journal. The write lock
        is held meanwhile: nobody else may add to the log where the zeros go.
        """
        log = self._path.with_name(self._path.name + "-wal")
        if log.stat().st_size >= LOG_BYTES or shutil.disk_usage(log.parent).free < ROOM_FACTOR * LOG_BYTES:
            return
        self._wait_for_lock(0)
        try:
            self._run("BEGIN IMMEDIATE")
        except StorageLocked:
            return
        finally:
            self._wait_for_lock(_PRAGMAS["busy_timeout"])
        try:
            with log.open("r+b", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                while size < LOG_BYTES:
                    size += file.write(bytes(min(_CHUNK, LOG_BYTES - size)))
                os.fsync(file.fileno())
        finally:
            self._run("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the last one to leave empties the log."""
        self._connection.close()

    def _wait_for_lock(self, timeout_ms: int | str) -> None:
        self._run(f"PRAGMA busy_timeout={timeout_ms}")

    def _run(self, sql: str, parameters: Parameters = ()) -> None:
        try:
            self._connection.execute(sql, parameters)
        except self._library.Error as error:
            raise translate(error, self._path) from error


def translate(error: Exception, path: Path) -> Exception:
    """Return the storage family's error for one of the library's.

    A full disk or quota, which passes, is told from a failing one, which does not, by asking for room; a failed sync is
    never taken for the former.
    """
    extended = getattr(error, "sqlite_errorcode", None) or 0
    primary, text = extended & 0xFF, f"{path.name}: {error}"
    if primary in _BUSY:
        return StorageLocked(f"{text} (another process holds the database)")
    if primary in (_IO, _CANNOT_OPEN):
        full = extended not in _FSYNC_ERRORS and has_no_room(path)
        return (
            StorageFull(f"{text} (no space left)")
            if full
            else DiskFailed(f"{text} (the disk failed; nothing is retried)")
        )
    return _ERRORS.get(primary, StorageError)(text)


def has_no_room(path: Path) -> bool:
    """Tell whether the folder of `path` refuses to grow a file as large as the log is, for space, quota or size."""
    log = path.with_name(path.name + "-wal")
    probe = path.with_name(f"{path.name}.probe")
    at = log.stat().st_size if log.exists() else 0
    try:
        with probe.open("wb") as file:
            file.seek(at)
            file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return error.errno in _NO_ROOM
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return False


def reading_engine(path: Path, library: ModuleType) -> Engine:
    """Return a pool of short, read-only connections to the file."""

    def connect() -> Any:
        uri = file_uri(path, mode="ro") + ("&immutable=1" if _lies_still(path) else "")
        connection = library.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA mmap_size=0")
        return connection

    engine = create_engine(
        "sqlite://",
        module=library,
        creator=connect,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=5,
    )
    event.listen(engine, "handle_error", lambda context: translate(context.original_exception, path))
    return engine


def _lies_still(path: Path) -> bool:
    """Tell whether nobody can write the file: its folder is read-only and no log waits beside it.

    SQLite cannot make its index of the log in such a folder; told that the file is immutable, it needs none.
    """
    log = path.with_name(path.name + "-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


def migrating_engine(path: Path, library: ModuleType, *, vfs: str = "") -> Engine:
    """Return an engine whose transactions hold DDL too; the library by itself would commit before each statement."""

    def connect() -> Any:
        connection = library.connect(
            file_uri(path, mode="rwc", vfs=vfs), uri=True, check_same_thread=False, isolation_level=None
        )
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    engine = create_engine("sqlite://", module=library, creator=connect, poolclass=NullPool)
    event.listen(engine, "handle_error", lambda context: translate(context.original_exception, path))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def copy_file(path: Path, target: Path, library: ModuleType) -> None:
    """Copy the database as it stands, its log included, while others read and write: one consistent moment, one file.

    Raises:
        StorageFull, StorageDamaged, StorageError: the copy is not complete.
    """
    try:
        source = library.connect(file_uri(path, mode="ro"), uri=True)
        try:
            copy = library.connect(str(target))
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()
        finally:
            source.close()
    except library.Error as error:
        raise translate(error, path) from error
