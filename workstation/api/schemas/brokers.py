"""Brokers on the wire, as they are configured and as they stand, and what their connections and accounts share."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from pydantic import AfterValidator, BaseModel, Field, StrictBool, StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.schemas.orders import check_metadata
from workstation.api.schemas.records import RecordList, unchanged
from workstation.api.schemas.values import (
    DecimalOut,
    IdOut,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    TimeOut,
    fixed_text,
    time_or_none,
    time_text,
)
from workstation.commands.venues import VenueStanding
from workstation.domain.accounts import LockState
from workstation.domain.orders import Side
from workstation.domain.records import BrokerRecord, Record
from workstation.domain.records.venues import BrokerType
from workstation.ports.broker import ReplaceKind, SessionState
from workstation.ports.connection_log import ConnectionTimes

BrokerTypeName = Literal[
    "PAPER", "INTERACTIVE_BROKERS", "DERIV", "TD_AMERITRADE", "CHARLES_SCHWAB", "ETRADE", "FIDELITY", "ROBINHOOD",
    "ALPACA", "TRADIER", "CUSTOM",
]  # fmt: skip
ConnectionState = Literal["DISCONNECTED", "CONNECTING", "CONNECTED", "ERROR", "MAINTENANCE"]
STATES: dict[SessionState, ConnectionState] = {
    SessionState.UP: "CONNECTED",
    SessionState.DEGRADED: "CONNECTED",
    SessionState.DOWN: "DISCONNECTED",
    SessionState.MAINTENANCE: "MAINTENANCE",
}
_SECRET = re.compile(r"(?i)password|passwd|secret|token|api_?key|credential|private_?key")


def text(longest: int, least: int = 0) -> StringConstraints:
    """Return the bounds of a text of so many characters, without blanks around it."""
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=longest)


def _without_secrets(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse keys that look like secrets: a config is shown to everybody who may look.

    Raises:
        ValueError: naming the first such key.
    """
    check_metadata(value)
    level: list[Any] = [value]
    while level:
        inner = level.pop()
        if isinstance(inner, dict):
            wrong = next((key for key in inner if _SECRET.search(key)), None)
            if wrong is not None:
                raise ValueError(f"{wrong} looks like a secret; send secrets as a connection's credentials")
            level += inner.values()
        elif isinstance(inner, list):
            level += inner
    return value


Name = Annotated[str, text(100, 1)]
Host = Annotated[str, text(255)]
Text20 = Annotated[str, text(20)]
Text100 = Annotated[str, text(100)]
Text200 = Annotated[str, text(200)]
Text254 = Annotated[str, text(254)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Seconds = Annotated[int, Field(ge=1, le=600)]
Retries = Annotated[int, Field(ge=0, le=10)]
Metadata = Annotated[dict[str, Any], AfterValidator(check_metadata)]
Config = Annotated[dict[str, Any], AfterValidator(_without_secrets)]
Description = Annotated[str, text(2_000)]


class BrokerList(RecordList):
    """Filters of the list of brokers."""

    broker_type: BrokerTypeName | None = None
    is_active: QueryFlag | None = None
    search: SearchText | None = None


class BrokerCreate(Request):
    """A new broker."""

    name: Name
    broker_type: BrokerTypeName
    display_name: Text200 | None = None
    description: Description | None = None
    host: Host | None = None
    port: Port | None = None
    use_ssl: StrictBool = True
    api_version: Text20 | None = None
    timeout_seconds: Seconds = 30
    max_retries: Retries = 3
    is_active: StrictBool = True
    is_testing: StrictBool = False
    website: Text200 | None = None
    support_email: Text254 | None = None
    documentation_url: Text200 | None = None
    config: Config = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)


class BrokerUpdate(Request):
    """A partial change: what is absent stays; null clears what may be empty."""

    name: Name = unchanged()
    display_name: Text200 | None = None
    description: Description | None = None
    host: Host | None = None
    port: Port | None = None
    use_ssl: StrictBool = unchanged()
    api_version: Text20 | None = None
    timeout_seconds: Seconds = unchanged()
    max_retries: Retries = unchanged()
    is_active: StrictBool = unchanged()
    is_testing: StrictBool = unchanged()
    website: Text200 | None = None
    support_email: Text254 | None = None
    documentation_url: Text200 | None = None
    config: Config = unchanged()
    metadata: Metadata = unchanged()


class Standing(Resource):
    """What every broker, connection and account shows. Times are null for what is built in and was never changed."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut | None
    updated_at: TimeOut | None


class Broker(Standing):
    """A broker; built in is the venue that this program trades at."""

    name: str
    display_name: str | None
    broker_type: BrokerTypeName
    description: str | None
    host: str | None
    port: int | None
    use_ssl: bool
    api_version: str | None
    timeout_seconds: int
    max_retries: int
    is_active: bool
    is_testing: bool
    website: str | None
    support_email: str | None
    documentation_url: str | None
    config: dict[str, Any]
    metadata: dict[str, Any]


class BrokerPage(Resource):
    """A page of brokers."""

    brokers: list[Broker]
    total_count: int | None
    has_next: bool


class ConnectionHealth(Resource):
    """How a link stands. reconcile: whether book and venue agree.

    last_connected, last_disconnected: as its log tells them. latency_ms: median over the recent orders, from sending
    one to the venue's word; null before any.
    """

    connection_id: IdOut
    name: str
    status: ConnectionState
    last_connected: TimeOut | None
    last_disconnected: TimeOut | None
    last_heartbeat: TimeOut | None
    heartbeat_age_ms: int | None
    latency_ms: DecimalOut | None
    last_error: str | None
    reconcile: Literal["OK", "RUNNING", "REQUIRED", "FAILED"]
    on_disconnect: Literal["KEEP", "CANCEL", "DEAD_MAN"]
    on_disconnect_verified: bool
    open_breaks: int
    unknown_orders: int


class Capabilities(Resource):
    """What a venue takes."""

    order_types: list[str]
    sides: list[str]
    time_in_force: list[str]
    supports_replace: bool
    supports_preview: bool


class BrokerStatus(Resource):
    """How a broker stands: the worst of its connections."""

    broker_id: IdOut
    status: ConnectionState
    connections: list[ConnectionHealth]
    capabilities: Capabilities
    timestamp: TimeOut


def shown_fields(model: type[BaseModel], record: Record) -> dict[str, Any]:
    """Return those fields of a resource that its record has by the same name, and what every record shows.

    An empty text is shown as null.
    """
    found = {name: getattr(record, name) for name in model.model_fields if hasattr(record, name)}
    shown = {name: None if value == "" else value for name, value in found.items()}
    return shown | {
        "tenant_id": tenant_uid(record.tenant),
        "created_at": time_or_none(record.created_at or None),
        "updated_at": time_or_none(record.updated_at or None),
    }


def broker_body(record: BrokerRecord) -> dict[str, Any]:
    """Return a broker as the wire shows it."""
    return shown_fields(Broker, record)


def broker_draft(asked: BrokerCreate, tenant: str) -> BrokerRecord:
    """Return the record of a new broker."""
    return BrokerRecord(
        tenant=tenant, broker_type=BrokerType(asked.broker_type), **emptied(BrokerRecord, plain(asked, "broker_type"))
    )


def plain(asked: Request, *without: str) -> dict[str, Any]:
    """Return the fields of a body but for those that its record holds otherwise."""
    return {name: getattr(asked, name) for name in type(asked).model_fields if name not in without}


def emptied(kind: type[Record], fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields of a body with null as the empty text, where that is what the kind keeps for nothing."""
    texts = {row.name for row in msgspec.structs.fields(kind) if row.default == ""}
    return {name: "" if value is None and name in texts else value for name, value in fields.items()}


class Link(NamedTuple):
    """A connection of a broker, with what its log tells."""

    id: str
    name: str
    times: ConnectionTimes

    def shown(self) -> dict[str, Any]:
        """Return what the status of a connection says of it whether or not anything reaches it."""
        return {
            "connection_id": self.id,
            "name": self.name,
            "last_connected": time_or_none(self.times.last_connected),
            "last_disconnected": time_or_none(self.times.last_disconnected),
        }


class Pulse(NamedTuple):
    """What the engine says of the venue's session. heartbeat_ns: UTC ns; latency_us: None before any order."""

    heartbeat_ns: int | None
    latency_us: int | None


def status_body(
    broker: str, links: Sequence[Link], standing: VenueStanding, pulse: Pulse, now_ns: int
) -> dict[str, Any]:
    """Return how a broker's venue stands."""
    heartbeat_ns, latency = pulse
    card = standing.card
    running = any(row.state is LockState.RECONCILING for row in standing.locked)
    reconcile = "RUNNING" if running else "REQUIRED" if standing.locked or standing.unknown else "OK"
    age = None if heartbeat_ns is None else max(now_ns - heartbeat_ns, 0) // 1_000_000
    state = STATES[standing.session]
    return {
        "broker_id": broker,
        "status": state,
        "connections": [
            {
                **link.shown(),
                "status": state,
                "last_heartbeat": time_or_none(heartbeat_ns),
                "heartbeat_age_ms": age,
                "latency_ms": None if latency is None else fixed_text(latency, 3),
                "last_error": standing.locked[0].reason if standing.locked else None,
                "reconcile": reconcile,
                "on_disconnect": "CANCEL" if card.cancel_on_disconnect else "KEEP",
                "on_disconnect_verified": False,
                "open_breaks": standing.breaks,
                "unknown_orders": standing.unknown,
            }
            for link in links
        ],
        "capabilities": {
            "order_types": sorted(card.ord_types),
            "sides": [side.value for side in Side],
            "time_in_force": sorted(card.times_in_force),
            "supports_replace": card.replace is not ReplaceKind.NONE,
            "supports_preview": True,
        },
        "timestamp": time_text(now_ns),
    }


def idle_status_body(broker: str, links: Sequence[Link], now_ns: int) -> dict[str, Any]:
    """Return how a broker stands that no adapter of this program reaches."""
    return {
        "broker_id": broker,
        "status": "DISCONNECTED",
        "connections": [
            {
                **link.shown(),
                "status": "DISCONNECTED",
                "last_heartbeat": None,
                "heartbeat_age_ms": None,
                "latency_ms": None,
                "last_error": "no adapter of this program reaches it",
                "reconcile": "REQUIRED",
                "on_disconnect": "KEEP",
                "on_disconnect_verified": False,
                "open_breaks": 0,
                "unknown_orders": 0,
            }
            for link in links
        ],
        "capabilities": {
            "order_types": [],
            "sides": [],
            "time_in_force": [],
            "supports_replace": False,
            "supports_preview": False,
        },
        "timestamp": time_text(now_ns),
    }
