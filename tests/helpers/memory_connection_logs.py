"""Lines of the log of connections in memory; implements `ports.connection_log.ConnectionLogReader` as the database."""

from __future__ import annotations

from workstation.domain.connection_log import ConnectionEvent, ConnectionLog, LogLevel
from workstation.ports.connection_log import ConnectionLogPage, ConnectionLogQuery, ConnectionTimes

UP = (ConnectionEvent.CONNECT, ConnectionEvent.RECONNECT)
CALM = (LogLevel.DEBUG, LogLevel.INFO)


class MemoryConnectionLogs:
    """Takes lines; reading is safe from any thread."""

    def __init__(self) -> None:
        self._rows: list[ConnectionLog] = []

    def take(self, row: ConnectionLog) -> None:
        self._rows.append(row)

    def lines(self, query: ConnectionLogQuery) -> ConnectionLogPage:
        descending = query.ordering[0].startswith("-")
        rows = [
            row
            for row in self._of(query.tenant, query.connection_id)
            if query.level in (None, row.level)
            and query.event_type in (None, row.event_type)
            and (query.start_ns or 0) <= row.created_at < (query.end_ns or 2**63)
        ]
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=descending)
        total = len(rows) if query.with_count else None
        place = query.after_key
        if place is not None:
            keyed = [((row.created_at, row.id), row) for row in rows]
            rows = [row for key, row in keyed if (key < place if descending else key > place)]
        end = query.offset + query.limit
        return ConnectionLogPage(tuple(rows[query.offset : end]), total, len(rows) > end)

    def times(self, tenant: str, connection_id: str) -> ConnectionTimes:
        rows = self._of(tenant, connection_id)
        up = [row.created_at for row in rows if row.event_type in UP]
        down = [row.created_at for row in rows if row.event_type is ConnectionEvent.DISCONNECT]
        trouble = [row.message for row in rows if row.level not in CALM]
        return ConnectionTimes(
            last_connected=max(up, default=None),
            last_disconnected=max(down, default=None),
            last_error=trouble[-1] if trouble else "",
        )

    def _of(self, tenant: str, connection_id: str) -> list[ConnectionLog]:
        return [row for row in tuple(self._rows) if (row.tenant, row.connection_id) == (tenant, connection_id)]
