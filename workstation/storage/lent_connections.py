"""Connections that are lent for one read, with the faults of the library told as ours.

Beside every walk, for any thread. Decides nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.errors import StorageError
from workstation.storage.driver import Parameters, Statement


@contextmanager
def read_connection(engine: Engine) -> Iterator[Connection]:
    """Lend a connection for a read.

    Raises:
        StorageError: the database cannot be read.
    """
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be read: {type(error).__name__}") from error


def rows_of(engine: Engine, statement: Statement, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Run one statement of a driver on a connection that is lent; returns its rows.

    Raises:
        StorageError: the database cannot be read.
    """
    text = statement.text.replace("?", "%s" if engine.dialect.name == "postgresql" else "?")
    with read_connection(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(text, tuple(parameters))]
