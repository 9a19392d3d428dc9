"""PostgreSQL through psycopg 3: the same statements, with `%s` for `?`, on a server that keeps its promises.

Trading is refused unless the server syncs: `fsync`, `full_page_writes` and `synchronous_commit` are read at every
connect. One schema holds one journal: a desk of several people gives each writer a schema (`search_path` in the URL).
A connection lost at COMMIT leaves an unknown outcome; the journal thread looks it up and never guesses.
"""

import contextlib
import functools
import select
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, QueuePool

from workstation.domain.errors import InvariantError, StorageDamaged, StorageError, StorageFull, StorageLocked
from workstation.storage.driver import READ_LEASE, ConnectionLost, DiskFailed, Driver, Parameters, ReadOnly, Statement
from workstation.storage.migrate import upgrade
from workstation.storage.schema import HEAD, revision_of
from workstation.storage.statistics import analyse
from workstation.storage.tables import metadata
from workstation.storage.watermark import Watermark

READERS = 16
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000
GIVE_BACK_S = 1.0
"""How long the end of a session waits for a server that does not answer."""


TENANT_SETTING, EVERY_TENANT = "workstation.tenant", "*"
"""What the policies of the tables look at; the writer and the start see every tenant, a tenant's own reads only its."""

_REQUIRED = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}
_LEASE_NAME = b"workstation.writer"
_CONNECTION_CLASS, _SHUTDOWN_CLASS = "08", "57P"
_ERRORS: dict[str, type[Exception]] = {
    "53100": StorageFull,  # disk_full
    "55P03": StorageLocked,  # lock_not_available
    "57014": StorageLocked,  # query_canceled, by statement_timeout
    "25006": ReadOnly,  # read_only_sql_transaction
    "58030": DiskFailed,  # io_error
    "XX001": StorageDamaged,  # data_corrupted
    "XX002": StorageDamaged,  # index_corrupted
}
_CONSTRAINT_CLASS = "23"


def translate(error: Exception) -> Exception:
    """Return the storage family's error for one of psycopg's."""
    state = getattr(error, "sqlstate", None) or ""
    text = f"PostgreSQL: {str(error).strip() or type(error).__name__}"
    if state in _ERRORS:
        return _ERRORS[state](text)
    if state.startswith(_CONSTRAINT_CLASS):
        return InvariantError(f"{text} (a row breaks a rule of its table)")
    lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    if lost and (not state or state.startswith((_CONNECTION_CLASS, _SHUTDOWN_CLASS))):
        return ConnectionLost(text)
    return StorageError(text)


class PostgresDriver:
    """The one writing session, which holds the advisory lock of its schema for as long as it lives.

    Raises:
        StorageLocked: another session writes to this schema.
        StorageError: the server does not sync, or cannot be reached.
    """

    fence = Statement(f"{READ_LEASE.text} FOR SHARE")

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection = self._open()

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
        except psycopg.Error as error:
            raise translate(error) from error
        try:
            for name, value in _timeouts().items():
                connection.execute(f"SET {name} = {value}".encode())
            connection.execute(f"SET {TENANT_SETTING} = '{EVERY_TENANT}'".encode())
            _require_durability(connection)
            _take_advisory_lock(connection)
        except psycopg.Error as error:
            connection.close()
            raise translate(error) from error
        except StorageError:
            connection.close()
            raise
        return connection

    def begin(self) -> None:
        """Start a transaction; rows are locked as they are touched."""
        self._run("BEGIN")

    def execute(self, statement: Statement, parameters: Parameters = ()) -> None:
        """Run one statement."""
        self._run(statement.text, _numeric(statement, [parameters])[0])

    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row of parameters, in one pipeline."""
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_marked(statement.text), _numeric(statement, rows))
        except psycopg.Error as error:
            raise translate(error) from error

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        try:
            return self._connection.execute(_marked(statement.text), parameters).fetchall()
        except psycopg.Error as error:
            raise translate(error) from error

    def commit(self) -> None:
        """Make the transaction durable before returning."""
        try:
            self._connection.execute("COMMIT")
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise ConnectionLost(f"PostgreSQL: no answer to COMMIT ({error})") from error
        except psycopg.Error as error:
            raise translate(error) from error

    def rollback(self) -> None:
        """Undo the transaction; harmless without one or without a server."""
        if (
            not self._connection.broken
            and self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
        ):
            self._run("ROLLBACK")

    def reconnect(self) -> None:
        """Open the session anew where it was lost, advisory lock included."""
        if self._connection.broken or self._connection.closed:
            self._connection = self._open()

    def tidy(self, *, thorough: bool) -> None:
        """Do nothing: the server tends its own log."""

    def close(self) -> None:
        """End the session. Its lock is given back before: the server ends sessions in its own time."""
        with contextlib.suppress(psycopg.Error):
            session = self._connection.pgconn
            session.send_query(b"SELECT pg_advisory_unlock_all()")
            session.flush()
            select.select([session.socket], [], [], GIVE_BACK_S)
        self._connection.close()

    def _run(self, sql: str, parameters: Parameters = ()) -> None:
        try:
            self._connection.execute(_marked(sql), parameters)
        except psycopg.Error as error:
            raise translate(error) from error


class PostgresBackend:
    """A database on a server; url as SQLAlchemy writes it, any driver name in it is replaced by psycopg."""

    remark = ""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def has_data(self) -> bool:
        """True when the schema is not empty."""
        return bool(self.revision())

    def revision(self) -> str:
        """Return the schema's revision, read-only."""
        engine = self.reading_engine()
        try:
            with engine.connect() as connection:
                return revision_of(connection)
        finally:
            engine.dispose()

    def migrate(self, program_version: str) -> None:
        """Bring the schema to HEAD, all of it or nothing; what copies rows sees those of every tenant.

        Where there were rows, the planner then looks at every table: of what was copied it knows nothing.

        Raises:
            StorageLocked: another session writes to this schema, or migrates it.
        """
        writer = self.writing_driver()
        engine = create_engine(
            self._url, poolclass=NullPool, connect_args=self._options({TENANT_SETTING: EVERY_TENANT})
        )
        event.listen(engine, "handle_error", _replace)
        try:
            with engine.connect() as connection:
                had_rows = bool(revision_of(connection))
            upgrade(engine, HEAD, program_version)
            if had_rows:
                with engine.connect() as connection:
                    analyse(connection, sorted(metadata.tables))
        finally:
            engine.dispose()
            writer.close()

    def writing_driver(self) -> Driver:
        """Open the one writing session."""
        return PostgresDriver(self._dsn)

    def reading_engine(self) -> Engine:
        """Return the pool of short read-only connections."""
        settings = {**_timeouts(), "default_transaction_read_only": "on", TENANT_SETTING: EVERY_TENANT}
        engine = create_engine(
            self._url,
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={**self._options(settings), "connect_timeout": CONNECT_TIMEOUT_S},
        )
        event.listen(engine, "handle_error", _replace)
        return engine

    def damage(self, *, thorough: bool = False) -> str:  # noqa: ARG002  the port's signature
        """Leave the server's files to the server; the chain is verified as everywhere."""
        return ""

    @property
    def checks_quickly(self) -> bool:
        """Return True: there is nothing to do."""
        return True

    def watermark(self) -> Watermark | None:
        """Return None: the journal's own last line is compared after each reconnect instead."""
        return None

    def copy_to(self, _target: object) -> bool:
        """Leave backups to the server."""
        return False

    def _options(self, settings: Mapping[str, object]) -> dict[str, str]:
        """Return what makes a session begin with these settings, after those that the URL gives."""
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        return {"options": f"{self._url.query.get('options', '')} {options}".strip()}


@functools.lru_cache(maxsize=256)
def _marked(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


def _numeric(statement: Statement, rows: Sequence[Parameters]) -> Sequence[Parameters]:
    """Return the rows with their FixedPoint parameters as NUMERIC takes them."""
    if not statement.fixed:
        return rows
    changed = []
    for row in rows:
        values = list(row)
        for index, kind in statement.fixed:
            values[index] = kind.to_numeric(values[index])
        changed.append(values)
    return changed


def _timeouts() -> dict[str, int]:
    return {
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
    }


def _require_durability(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    for name, accepted in _REQUIRED.items():
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
        value = row[0] if row else "unknown"
        if value not in accepted:
            raise StorageError(f"PostgreSQL has {name}={value}; trading needs {' or '.join(accepted)}")


def _take_advisory_lock(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Take the writer's lock of this schema; the server drops it with the session."""
    row = connection.execute("SELECT current_schema()").fetchone()
    key = zlib.crc32(_LEASE_NAME + b"." + str(row[0] if row else "").encode())
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
    if row is None or not row[0]:
        holder = "another session"
        with contextlib.suppress(psycopg.Error):
            found = connection.execute(READ_LEASE.text.encode()).fetchone()
            holder = str(found[1]) if found else holder
        raise StorageLocked(f"this database is written by {holder}")


def _replace(context: Any) -> Exception | None:
    """Translate what a query raised; the pool's own look at an idle connection is left to the pool."""
    error = context.original_exception
    return translate(error) if isinstance(error, psycopg.Error) and not context.is_pre_ping else None
