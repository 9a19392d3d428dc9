"""The log of connections, for lists: what sessions with venues went through, and when they last came and went."""

from typing import Protocol

import msgspec

from workstation.domain.connection_log import ConnectionEvent, ConnectionLog, LogLevel


class ConnectionLogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of one connection's log; None leaves one out. Times are UTC ns, start inclusive, end exclusive."""

    tenant: str
    connection_id: str
    level: LogLevel | None = None
    event_type: ConnectionEvent | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-created_at",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class ConnectionLogPage(msgspec.Struct, frozen=True):
    """One page of a log; total is None when it was not asked for."""

    rows: tuple[ConnectionLog, ...]
    total: int | None
    has_next: bool


class ConnectionTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When a session last came up and went down, UTC ns, and the last trouble that its log names."""

    last_connected: int | None = None
    last_disconnected: int | None = None
    last_error: str = ""


class ConnectionLogReader(Protocol):
    """Committed lines, for any thread."""

    def lines(self, query: ConnectionLogQuery) -> ConnectionLogPage:
        """List lines."""

    def times(self, tenant: str, connection_id: str) -> ConnectionTimes:
        """Return when a connection's session last came and went."""
