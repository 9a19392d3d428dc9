"""Brokers: connections, accounts and how they stand."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, SortedParams, Value


class Broker(Value, frozen=True, kw_only=True):
    """A venue that this program trades at."""

    id: str
    tenant_id: str
    name: str
    display_name: str
    broker_type: str
    is_active: bool
    is_testing: bool
    config: dict[str, Any]
    metadata: dict[str, Any]


class ConnectionStatus(Value, frozen=True, kw_only=True):
    """How a link stands. reconcile: whether book and venue agree."""

    connection_id: str
    name: str
    status: str
    last_heartbeat: datetime | None
    heartbeat_age_ms: int | None
    last_error: str | None
    reconcile: str
    on_disconnect: str
    on_disconnect_verified: bool
    open_breaks: int
    unknown_orders: int


class Capabilities(Value, frozen=True, kw_only=True):
    """What a venue takes."""

    order_types: tuple[str, ...]
    sides: tuple[str, ...]
    time_in_force: tuple[str, ...]
    supports_replace: bool
    supports_preview: bool


class BrokerStatus(Value, frozen=True, kw_only=True):
    """How a broker stands: the worst of its connections."""

    broker_id: str
    status: str
    connections: tuple[ConnectionStatus, ...]
    capabilities: Capabilities
    timestamp: datetime


class Connection(Value, frozen=True, kw_only=True):
    """The link to a venue."""

    id: str
    tenant_id: str
    broker_id: str
    name: str
    connection_type: str
    status: str
    is_active: bool
    is_paper_trading: bool
    has_credentials: bool
    metadata: dict[str, Any]


class BrokerAccount(Value, frozen=True, kw_only=True):
    """An account, with its money as the engine last showed it; null before that."""

    id: str
    tenant_id: str
    broker_id: str
    broker_connection_id: str
    account_number: str
    account_name: str
    status: str
    is_active: bool
    currency: str
    base_currency: str
    is_paper: bool
    balance: Decimal | None
    buying_power: Decimal | None
    trading_locked: bool | None
    metadata: dict[str, Any]


class BrokerList(SortedParams, kw_only=True):
    """Filters of the list of brokers."""

    broker_type: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class ConnectionList(SortedParams, kw_only=True):
    """Filters of the list of a broker's connections."""

    broker_id: str
    status: str | UnsetType = UNSET
    search: str | UnsetType = UNSET


class BrokerId(Params):
    """Names a broker."""

    broker_id: str


class ConnectionId(Params):
    """Names a connection."""

    broker_id: str
    connection_id: str


class AccountList(SortedParams, kw_only=True):
    """Filters of the list of accounts."""

    broker_id: str
    search: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    is_paper: bool | UnsetType = UNSET


class AccountId(Params):
    """Names an account."""

    broker_id: str
    account_id: str


class Brokers(Group[W], Generic[W]):
    """Read and direct brokers."""

    list = Listing("/brokers", BrokerList, "brokers", Broker)
    get = Call("GET", "/brokers/{broker_id}", BrokerId, Broker)
    status = Call("GET", "/brokers/{broker_id}/status", BrokerId, BrokerStatus)
    connect = Call("POST", "/brokers/{broker_id}/connect", BrokerId, ActionResult)
    disconnect = Call("POST", "/brokers/{broker_id}/disconnect", BrokerId, ActionResult)


class Connections(Group[W], Generic[W]):
    """Read and direct a broker's connections."""

    list = Listing("/brokers/{broker_id}/connections", ConnectionList, "connections", Connection)
    get = Call("GET", "/brokers/{broker_id}/connections/{connection_id}", ConnectionId, Connection)
    connect = Call("POST", "/brokers/{broker_id}/connections/{connection_id}/connect", ConnectionId, ActionResult)
    disconnect = Call("POST", "/brokers/{broker_id}/connections/{connection_id}/disconnect", ConnectionId, ActionResult)


class Accounts(Group[W], Generic[W]):
    """Read a broker's accounts, and have one reconciled."""

    list = Listing("/brokers/{broker_id}/accounts", AccountList, "accounts", BrokerAccount)
    get = Call("GET", "/brokers/{broker_id}/accounts/{account_id}", AccountId, BrokerAccount)
    reconcile = Call("POST", "/brokers/{broker_id}/accounts/{account_id}/reconcile", AccountId, ActionResult)
