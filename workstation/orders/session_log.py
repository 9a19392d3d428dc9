"""What a session with a venue went through, as lines of the log of each connection that shares it.

Made beside the event of the change and stored with it. Decides nothing; never changes state.
"""

from workstation.domain.connection_log import ConnectionEvent, ConnectionLog, LogLevel, redacted
from workstation.domain.records import LOCAL_TENANT, ConnectionRecord
from workstation.kernel.ids import stable_uid
from workstation.orders.fold import CoreState
from workstation.ports.broker import SessionReport, SessionState

_NS_PER_MS = 1_000_000
_LEVELS = {
    SessionState.UP: LogLevel.INFO,
    SessionState.DEGRADED: LogLevel.WARNING,
    SessionState.MAINTENANCE: LogLevel.WARNING,
    SessionState.DOWN: LogLevel.WARNING,
}


class SessionLog:
    """Knows which sessions were up before in this run, coming up again is a RECONNECT, and since when each stands."""

    def __init__(self, state: CoreState) -> None:
        self._state = state
        self._seen: set[str] = set()
        self._standing: dict[str, tuple[SessionState, int]] = {}

    def is_again(self, report: SessionReport) -> bool:
        """Tell whether a session comes up that was up before in this run."""
        return report.state is SessionState.UP and report.venue in self._seen

    def lines(self, report: SessionReport, ts: int, seq: int) -> tuple[ConnectionLog, ...]:
        """Return a line per connection. ts: UTC ns; seq: of the journal line that they go with, which makes ids."""
        event, lasted_ms = self._event(report), self._lasted_ms(report, ts)
        message = redacted(f"{report.venue} is {report.state}{f': {report.reason}' if report.reason else ''}.")
        return tuple(
            ConnectionLog(
                id=stable_uid("connection-log", connection, str(seq)),
                tenant=LOCAL_TENANT,
                connection_id=connection,
                event_type=event,
                message=message,
                created_at=ts,
                level=_LEVELS[report.state],
                venue=report.venue,
                state=report.state.value,
                reason=redacted(report.reason),
                lasted_ms=lasted_ms,
            )
            for connection in self._connections(report.venue)
        )

    def _event(self, report: SessionReport) -> ConnectionEvent:
        if report.state is SessionState.UP:
            again = self.is_again(report)
            self._seen.add(report.venue)
            return ConnectionEvent.RECONNECT if again else ConnectionEvent.CONNECT
        return ConnectionEvent.ERROR if report.state is SessionState.DEGRADED else ConnectionEvent.DISCONNECT

    def _lasted_ms(self, report: SessionReport, ts: int) -> int | None:
        """Return how long the state before had lasted, None where it goes on or was not seen to begin."""
        state, since = self._standing.get(report.venue, (None, ts))
        if state is report.state:
            return None
        self._standing[report.venue] = (report.state, ts)
        return None if state is None else max(ts - since, 0) // _NS_PER_MS

    def _connections(self, venue: str) -> list[str]:
        """Return those that share the session and keep a log; the venue's own does unless its record says no."""
        kept = {row.id: row for row in self._state.records.every(ConnectionRecord) if row.venue == venue}
        own = stable_uid("connection", venue)
        named = [own, *(key for key in sorted(kept) if key != own)]
        return [key for key in named if key not in kept or kept[key].enable_logging]
