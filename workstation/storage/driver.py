"""The driver port: the few calls that journal SQL needs, so that the same plain text runs on every database.

Statements use `?` for parameters and the subset of SQL that SQLite and PostgreSQL share. A driver turns its library's
errors into the storage family, because what the journal does next depends on the kind of failure alone.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from workstation.domain.errors import StorageError
from workstation.storage.fixed_point import FixedPoint

Parameters = Sequence[Any]


class ConnectionLost(StorageError):
    """The server went away; what was in flight is not known until it is looked up."""


class DiskFailed(StorageError):
    """The operating system reported an input/output error: pages may be lost, nothing may be retried."""


class Fenced(StorageError):
    """A newer epoch owns the database: another instance took over."""


class ReadOnly(StorageError):
    """The database cannot be written."""


class Statement(NamedTuple):
    """Plain text with `?` marks; `fixed` names the parameters that are FixedPoint columns."""

    text: str
    fixed: tuple[tuple[int, FixedPoint], ...] = ()


READ_LEASE = Statement("SELECT epoch, owner FROM writer_lease WHERE id = 1")


class Driver(Protocol):
    """One writing connection. Used by one thread at a time.

    fence: reads the lease row so that no other transaction changes it before ours ends.
    """

    fence: Statement

    def begin(self) -> None:
        """Start a transaction that holds the write lock.

        Raises:
            StorageLocked: another connection holds it.
        """

    def execute(self, statement: Statement, parameters: Parameters = ()) -> None:
        """Run one statement."""

    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row of parameters."""

    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""

    def commit(self) -> None:
        """Make the transaction durable before returning.

        Raises:
            ConnectionLost: the outcome is not known.
        """

    def rollback(self) -> None:
        """Undo the transaction; harmless without one."""

    def reconnect(self) -> None:
        """Open the connection anew where it was lost; harmless where it was not."""

    def tidy(self, *, thorough: bool) -> None:
        """Move the log into the database file while nothing else is to be done; thorough: also empty the log."""

    def close(self) -> None:
        """Give the connection up."""


def insert(table: Table, columns: Iterable[str]) -> Statement:
    """Return the statement that adds a row."""
    names = tuple(columns)
    marks = ", ".join("?" for _ in names)
    return Statement(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", _fixed(table, names))  # noqa: S608  names are ours


def upsert(table: Table, columns: Iterable[str], key: Iterable[str], *, frozen: Iterable[str] = ()) -> Statement:
    """Return the statement that adds a row or updates the one with its `key`.

    frozen: columns that never change after the first write; leaving them out spares their indexes.
    """
    names, keys = tuple(columns), tuple(key)
    kept = {*keys, *frozen}
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in kept)
    added = insert(table, names)
    return added._replace(text=f"{added.text} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}")


def _fixed(table: Table, names: Sequence[str]) -> tuple[tuple[int, FixedPoint], ...]:
    types = ((index, table.c[name].type) for index, name in enumerate(names))
    return tuple((index, kind) for index, kind in types if isinstance(kind, FixedPoint))
