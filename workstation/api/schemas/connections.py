"""Connections to brokers on the wire, and the log of each. Credentials come in and never go out."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.schemas.brokers import (
    STATES,
    ConnectionState,
    Description,
    Host,
    Metadata,
    Name,
    Port,
    Standing,
    Text100,
    emptied,
    plain,
    shown_fields,
)
from workstation.api.schemas.people import Zone
from workstation.api.schemas.records import RecordList, unchanged
from workstation.api.schemas.values import (
    DecimalOut,
    EndTime,
    IdOut,
    PositiveMoney,
    Request,
    Resource,
    SearchText,
    StartTime,
    TimeOut,
    kept_text,
    time_or_none,
    time_text,
)
from workstation.domain.connection_log import ConnectionLog, LogLevel
from workstation.domain.records import ConnectionRecord
from workstation.domain.records.venues import ConnectionType
from workstation.ports.broker import SessionState
from workstation.ports.connection_log import ConnectionTimes

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
EventName = Literal[
    "CONNECT", "DISCONNECT", "RECONNECT", "ERROR", "HEARTBEAT", "LOGIN", "LOGOUT", "API_CALL", "ORDER_PLACE",
    "ORDER_CANCEL", "ORDER_MODIFY", "EXECUTION",
]  # fmt: skip
Adapter = Literal["SIM", "PAPER", "REPLAY", "IB", "CRYPTO", "ALPACA", "FIX"]
Heartbeat = Annotated[int, Field(ge=1, le=3_600)]
ClientId = Annotated[int, Field(ge=0, le=2_147_483_647)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]


class ConnectionList(RecordList):
    """Filters of the list of connections."""

    status: ConnectionState | None = None
    search: SearchText | None = None


class Credentials(Request):
    """Secrets of a connection: written, never read back. What is absent stays; an empty object forgets all."""

    password: Secret | None = None
    api_key: Secret | None = None
    api_secret: Secret | None = None
    access_token: Secret | None = None
    refresh_token: Secret | None = None


class ConnectionCreate(Request):
    """A new connection. host, port, use_ssl_override: in place of the broker's own."""

    name: Name
    connection_type: Adapter
    description: Description | None = None
    host: Host | None = None
    port: Port | None = None
    use_ssl_override: StrictBool | None = None
    client_id: ClientId | None = None
    is_paper_trading: StrictBool = True
    username: Text100 | None = None
    credentials: Credentials | None = None
    trading_hours_start: Clock | None = None
    trading_hours_end: Clock | None = None
    timezone: Zone = "UTC"
    max_order_value: PositiveMoney | None = None
    max_daily_loss: PositiveMoney | None = None
    auto_reconnect: StrictBool = True
    heartbeat_interval: Heartbeat = 30
    enable_logging: StrictBool = True
    metadata: Metadata = Field(default_factory=dict)


class ConnectionUpdate(Request):
    """A partial change: what is absent stays; null clears what may be empty."""

    name: Name = unchanged()
    description: Description | None = None
    host: Host | None = None
    port: Port | None = None
    use_ssl_override: StrictBool | None = None
    client_id: ClientId | None = None
    is_paper_trading: StrictBool = unchanged()
    username: Text100 | None = None
    credentials: Credentials = unchanged()
    trading_hours_start: Clock | None = None
    trading_hours_end: Clock | None = None
    timezone: Zone = unchanged()
    max_order_value: PositiveMoney | None = None
    max_daily_loss: PositiveMoney | None = None
    auto_reconnect: StrictBool = unchanged()
    heartbeat_interval: Heartbeat = unchanged()
    enable_logging: StrictBool = unchanged()
    metadata: Metadata = unchanged()
    is_active: StrictBool = unchanged()


class Connection(Standing):
    """A way to a broker. status: of the session behind it; has_credentials: some are kept, sealed."""

    broker_id: IdOut
    name: str
    connection_type: Adapter
    description: str | None
    host: str | None
    port: int | None
    use_ssl_override: bool | None
    client_id: int | None
    status: ConnectionState
    is_active: bool
    is_paper_trading: bool
    username: str | None
    has_credentials: bool
    trading_hours_start: str | None
    trading_hours_end: str | None
    timezone: str
    max_order_value: DecimalOut | None
    max_daily_loss: DecimalOut | None
    auto_reconnect: bool
    heartbeat_interval: int
    enable_logging: bool
    last_connected: TimeOut | None
    last_disconnected: TimeOut | None
    last_heartbeat: TimeOut | None
    last_error: str | None
    metadata: dict[str, Any]


class ConnectionPage(Resource):
    """A page of connections."""

    connections: list[Connection]
    total_count: int | None
    has_next: bool


class ConnectionLogList(RecordList):
    """Filters of a connection's log."""

    level: Level | None = None
    event_type: EventName | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class ConnectionLogOut(Resource):
    """A line of a connection's log; what follows the name of a secret is not in it.

    Lines tell what a session went through and belong to no request: request_id and response_time_ms are null, and
    error_code is where the venue gave no code. error_details: state and reason of a line that warns, where the venue
    gave a reason. metadata: venue, state, and in lasted_ms how long the state before had lasted, where that is known;
    empty in lines of versions that did not keep it.
    """

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    broker_connection_id: IdOut
    event_type: EventName
    level: Level
    message: str
    request_id: str | None
    response_time_ms: int | None
    error_code: str | None
    error_details: dict[str, Any] | None
    metadata: dict[str, Any]


class ConnectionLogPage(Resource):
    """A page of a connection's log."""

    logs: list[ConnectionLogOut]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


def connection_body(
    record: ConnectionRecord,
    session: SessionState | None,
    times: ConnectionTimes | None = None,
    heartbeat_ns: int | None = None,
) -> dict[str, Any]:
    """Return a connection as the wire shows it. session: of the venue behind it, None where nothing here speaks to it.

    times: as its log tells them, None where they were not asked for. heartbeat_ns: when the session last said anything.
    """
    known = times or ConnectionTimes()
    return shown_fields(Connection, record) | {
        "status": "DISCONNECTED" if session is None else STATES[session],
        "has_credentials": bool(record.credentials),
        "last_connected": time_or_none(known.last_connected),
        "last_disconnected": time_or_none(known.last_disconnected),
        "last_heartbeat": time_or_none(heartbeat_ns if session is SessionState.UP else None),
        "last_error": known.last_error or None,
        "max_order_value": kept_text(record.max_order_value),
        "max_daily_loss": kept_text(record.max_daily_loss),
    }


def connection_draft(
    asked: ConnectionCreate, *, tenant: str, broker: str, venue: str, credentials: dict[str, str]
) -> ConnectionRecord:
    """Return the record of a new connection. venue: that this program reaches it through, "" for none."""
    return ConnectionRecord(
        tenant=tenant,
        broker_id=broker,
        venue=venue,
        connection_type=ConnectionType(asked.connection_type),
        credentials=credentials,
        **emptied(ConnectionRecord, plain(asked, "connection_type", "credentials")),
    )


def log_body(line: ConnectionLog) -> dict[str, Any]:
    """Return a line of a log as the wire shows it."""
    warns = line.level not in (LogLevel.DEBUG, LogLevel.INFO)
    known = {"venue": line.venue, "state": line.state, "lasted_ms": line.lasted_ms}
    return {
        "id": line.id,
        "tenant_id": tenant_uid(line.tenant),
        "created_at": time_text(line.created_at),
        "broker_connection_id": line.connection_id,
        "event_type": line.event_type.value,
        "level": line.level.value,
        "message": line.message,
        "request_id": None,
        "response_time_ms": None,
        "error_code": line.error_code or None,
        "error_details": {"state": line.state, "reason": line.reason} if warns and line.reason else None,
        "metadata": {name: value for name, value in known.items() if value not in ("", None)},
    }
