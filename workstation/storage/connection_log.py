"""The table of the log of connections: how a line becomes its row, and how lines are read back.

Written on the journal thread beside the event of a session; read on the pool of read-only connections. On a server the
table is cut into ranges of the journal's sequence, as is all that grows without end. Decides nothing.
"""

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Engine,
    Index,
    LargeBinary,
    Table,
    Text,
    func,
    select,
    true,
)
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.connection_log import ConnectionEvent, ConnectionLog, LogLevel
from workstation.domain.errors import StorageError
from workstation.ports.connection_log import ConnectionLogPage, ConnectionLogQuery, ConnectionTimes
from workstation.storage import queries
from workstation.storage.driver import insert
from workstation.storage.record_tables import one_of
from workstation.storage.tables import metadata

connection_logs = Table(
    "connection_logs",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("connection_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint(one_of("event_type", ConnectionEvent), name="event_type"),
    CheckConstraint(one_of("level", LogLevel), name="level"),
    Index("ix_connection_logs_created_at", "tenant_id", "connection_id", "created_at", "id"),
    Index("ix_connection_logs_event_type", "tenant_id", "connection_id", "event_type", "created_at"),
)

INSERT = insert(
    connection_logs, ("tenant_id", "id", "seq", "connection_id", "created_at", "event_type", "level", "state")
)
ORDERINGS = {"created_at": connection_logs.c.created_at}
UP = (ConnectionEvent.CONNECT, ConnectionEvent.RECONNECT)
TROUBLE = (LogLevel.WARNING, LogLevel.ERROR, LogLevel.CRITICAL)

_line = connection_logs.c
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ConnectionLog).decode


def log_row(_scales: object, seq: int, row: ConnectionLog) -> tuple[Any, ...]:
    """Return the parameters of a line's row, stored with journal line `seq`."""
    kinds = (row.event_type.value, row.level.value)
    return (row.tenant, row.id, seq, row.connection_id, row.created_at, *kinds, _encode(row))


class SqlConnectionLogs:
    """Implements `ports.connection_log.ConnectionLogReader`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lines(self, query: ConnectionLogQuery) -> ConnectionLogPage:
        """List lines."""
        conditions = _conditions(query)
        statement = queries.ordered(select(_line.state), query.ordering, ORDERINGS, (_line.id,)).where(*conditions)
        if query.after_key is not None:
            statement = statement.where(queries.after_key(_line.created_at, _line.id, query.after_key, query.ordering))
        blobs = self._ask(query.tenant, statement.limit(query.limit + 1).offset(query.offset))
        total = None
        if query.with_count:
            [total] = self._ask(query.tenant, queries.count_of(_line.created_at, conditions))
        return ConnectionLogPage(tuple(_decode(blob) for blob in blobs[: query.limit]), total, len(blobs) > query.limit)

    def times(self, tenant: str, connection_id: str) -> ConnectionTimes:
        """Return when a connection's session last came and went."""
        up = self._newest(tenant, connection_id, _line.event_type.in_(UP))
        down = self._newest(tenant, connection_id, _line.event_type == ConnectionEvent.DISCONNECT)
        trouble = self._newest(tenant, connection_id, _line.level.in_(TROUBLE))
        return ConnectionTimes(
            last_connected=None if up is None else up.created_at,
            last_disconnected=None if down is None else down.created_at,
            last_error="" if trouble is None else trouble.message,
        )

    def _newest(self, tenant: str, connection_id: str, condition: ColumnElement[bool]) -> ConnectionLog | None:
        own = (_line.tenant_id == tenant, _line.connection_id == connection_id, condition)
        found = self._ask(tenant, select(_line.state).where(*own).order_by(_line.created_at.desc()).limit(1))
        return _decode(found[0]) if found else None

    def _ask(self, tenant: str, statement: Any) -> Any:
        try:
            with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(select(func.set_config("workstation.tenant", tenant, true())))
                return connection.execute(statement).scalars().all()
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error


def _conditions(query: ConnectionLogQuery) -> list[ColumnElement[bool]]:
    found = [_line.tenant_id == query.tenant, _line.connection_id == query.connection_id]
    if query.level is not None:
        found.append(_line.level == query.level.value)
    if query.event_type is not None:
        found.append(_line.event_type == query.event_type.value)
    if query.start_ns is not None:
        found.append(_line.created_at >= query.start_ns)
    if query.end_ns is not None:
        found.append(_line.created_at < query.end_ns)
    return found
