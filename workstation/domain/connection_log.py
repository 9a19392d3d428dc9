"""Lines of the log of connections: what a session with a venue went through. Facts, one row each, never changed.

A line travels beside the event of its change of state and is read back from a table of its own.
"""

import re
from enum import StrEnum

import msgspec

MESSAGE_MAX = 2_000
"""Characters that are kept of a venue's words."""

_SECRETS = re.compile(
    r"(?i)\b(password|passwd|secret|token|api[_-]?key|authorization|credential)s?(\s*[=:]\s*|\s+)(bearer\s+)?\S+"
)


class ConnectionEvent(StrEnum):
    """What happened to a connection."""

    CONNECT = "CONNECT"
    DISCONNECT = "DISCONNECT"
    RECONNECT = "RECONNECT"
    ERROR = "ERROR"
    HEARTBEAT = "HEARTBEAT"
    LOGIN = "LOGIN"
    LOGOUT = "LOGOUT"
    API_CALL = "API_CALL"
    ORDER_PLACE = "ORDER_PLACE"
    ORDER_CANCEL = "ORDER_CANCEL"
    ORDER_MODIFY = "ORDER_MODIFY"
    EXECUTION = "EXECUTION"


class LogLevel(StrEnum):
    """How much a line matters."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class ConnectionLog(msgspec.Struct, frozen=True, kw_only=True):
    """One line. connection_id: the record's, or that of the venue's own connection; created_at: UTC ns.

    state: of the session from then on; reason: the venue's words for it; lasted_ms: how long the state before had
    lasted, None where this run did not see it begin.
    """

    id: str
    tenant: str
    connection_id: str
    event_type: ConnectionEvent
    message: str
    created_at: int
    level: LogLevel = LogLevel.INFO
    error_code: str = ""
    venue: str = ""
    state: str = ""
    reason: str = ""
    lasted_ms: int | None = None


def redacted(text: str) -> str:
    """Return a venue's words without what follows the name of a secret, cut at MESSAGE_MAX."""
    return _SECRETS.sub(lambda found: f"{found[1]}{found[2]}[redacted]", text)[:MESSAGE_MAX]
