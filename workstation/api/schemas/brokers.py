"""Brokers, their connections and accounts on the wire, as they are configured and as they stand."""

from typing import Any, Literal

from workstation.api.credentials import TENANT_ID
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.values import (
    DecimalOut,
    IdOut,
    QueryFlag,
    Resource,
    SearchText,
    TimeOut,
    money_text,
    time_or_none,
    time_text,
)
from workstation.commands.venues import VenueStanding
from workstation.domain.accounts import Account, Environment, LockState
from workstation.domain.orders import Side
from workstation.kernel.ids import stable_uid
from workstation.ports.broker import ReplaceKind, SessionState
from workstation.viewmodels.frames import AccountSnap

BrokerType = Literal["PAPER", "CUSTOM"]
AccountStatus = Literal["ACTIVE"]
ConnectionState = Literal["DISCONNECTED", "CONNECTING", "CONNECTED", "ERROR", "MAINTENANCE"]
_STATES: dict[SessionState, ConnectionState] = {
    SessionState.UP: "CONNECTED",
    SessionState.DEGRADED: "CONNECTED",
    SessionState.DOWN: "DISCONNECTED",
    SessionState.MAINTENANCE: "MAINTENANCE",
}


class BrokerList(RecordList):
    """Filters of the list of brokers."""

    broker_type: BrokerType | None = None
    is_active: QueryFlag | None = None
    search: SearchText | None = None


class ConnectionList(RecordList):
    """Filters of the list of connections."""

    status: ConnectionState | None = None
    search: SearchText | None = None


class AccountList(RecordList):
    """Filters of the list of accounts."""

    status: AccountStatus | None = None
    is_paper: QueryFlag | None = None
    search: SearchText | None = None


class Broker(Resource):
    """A venue that this program trades at."""

    id: IdOut
    tenant_id: IdOut
    name: str
    display_name: str
    broker_type: BrokerType
    is_active: bool
    is_testing: bool
    config: dict[str, Any]
    metadata: dict[str, Any]


class BrokerPage(Resource):
    """A page of brokers."""

    brokers: list[Broker]
    total_count: int | None
    has_next: bool


class Connection(Resource):
    """The link to a venue."""

    id: IdOut
    tenant_id: IdOut
    broker_id: IdOut
    name: str
    connection_type: Literal["SIM", "PAPER", "REPLAY", "IB", "CRYPTO", "ALPACA", "FIX"]
    status: ConnectionState
    is_active: bool
    is_paper_trading: bool
    has_credentials: bool
    metadata: dict[str, Any]


class ConnectionPage(Resource):
    """A page of connections."""

    connections: list[Connection]
    total_count: int | None
    has_next: bool


class BrokerAccount(Resource):
    """An account, with its money as the engine last showed it; null before that."""

    id: IdOut
    tenant_id: IdOut
    broker_id: IdOut
    broker_connection_id: IdOut
    account_number: str
    account_name: str
    status: AccountStatus
    is_active: bool
    currency: str
    base_currency: str
    is_paper: bool
    balance: DecimalOut | None
    buying_power: DecimalOut | None
    trading_locked: bool | None
    metadata: dict[str, Any]


class AccountPage(Resource):
    """A page of accounts."""

    accounts: list[BrokerAccount]
    total_count: int | None
    has_next: bool


class ConnectionStatus(Resource):
    """How a link stands. reconcile: whether book and venue agree."""

    connection_id: IdOut
    name: str
    status: ConnectionState
    last_heartbeat: TimeOut | None
    heartbeat_age_ms: int | None
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
    connections: list[ConnectionStatus]
    capabilities: Capabilities
    timestamp: TimeOut


def broker_id(venue: str) -> str:
    """Return the id of a venue, the same for ever."""
    return stable_uid("broker", venue)


def connection_id(venue: str) -> str:
    """Return the id of a venue's link."""
    return stable_uid("connection", venue)


def broker_body(venue: str, environment: Environment) -> dict[str, Any]:
    """Return a venue as the wire shows it."""
    return {
        "id": broker_id(venue),
        "tenant_id": TENANT_ID,
        "name": venue,
        "display_name": venue,
        "broker_type": "CUSTOM" if environment is Environment.LIVE else "PAPER",
        "is_active": True,
        "is_testing": environment is not Environment.LIVE,
        "config": {},
        "metadata": {},
    }


def connection_body(venue: str, environment: Environment, standing: VenueStanding) -> dict[str, Any]:
    """Return a venue's link as the wire shows it."""
    kinds = {Environment.SIM: "SIM", Environment.REPLAY: "REPLAY", Environment.LIVE: "FIX"}
    return {
        "id": connection_id(venue),
        "tenant_id": TENANT_ID,
        "broker_id": broker_id(venue),
        "name": venue,
        "connection_type": kinds[environment],
        "status": _STATES[standing.session],
        "is_active": True,
        "is_paper_trading": environment is not Environment.LIVE,
        "has_credentials": False,
        "metadata": {},
    }


def account_body(account: Account, snap: AccountSnap | None) -> dict[str, Any]:
    """Return an account as the wire shows it."""
    power = None if snap is None else snap.buying_power
    return {
        "id": account.uid,
        "tenant_id": TENANT_ID,
        "broker_id": broker_id(account.venue),
        "broker_connection_id": connection_id(account.venue),
        "account_number": account.account,
        "account_name": account.name or account.account,
        "status": "ACTIVE",
        "is_active": True,
        "currency": account.currency,
        "base_currency": account.currency,
        "is_paper": account.environment is not Environment.LIVE,
        "balance": None if snap is None else money_text(snap.cash),
        "buying_power": None if power is None else money_text(power),
        "trading_locked": None if snap is None else snap.lock is not LockState.UNLOCKED,
        "metadata": {},
    }


def status_body(standing: VenueStanding, heartbeat_ns: int | None, now_ns: int) -> dict[str, Any]:
    """Return how a venue stands. heartbeat_ns: when the engine last told of itself, UTC ns."""
    venue, card = standing.venue, standing.card
    running = any(row.state is LockState.RECONCILING for row in standing.locked)
    reconcile = "RUNNING" if running else "REQUIRED" if standing.locked or standing.unknown else "OK"
    age = None if heartbeat_ns is None else max(now_ns - heartbeat_ns, 0) // 1_000_000
    state = _STATES[standing.session]
    return {
        "broker_id": broker_id(venue),
        "status": state,
        "connections": [
            {
                "connection_id": connection_id(venue),
                "name": venue,
                "status": state,
                "last_heartbeat": time_or_none(heartbeat_ns),
                "heartbeat_age_ms": age,
                "last_error": standing.locked[0].reason if standing.locked else None,
                "reconcile": reconcile,
                "on_disconnect": "CANCEL" if card.cancel_on_disconnect else "KEEP",
                "on_disconnect_verified": False,
                "open_breaks": standing.breaks,
                "unknown_orders": standing.unknown,
            }
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
