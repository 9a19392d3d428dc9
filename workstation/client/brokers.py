"""Brokers: connections, accounts and how they stand."""

from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, SortedParams, Value, WalkParams, When


class Broker(Value, frozen=True, kw_only=True):
    """A broker; times are None for the built-in one as long as nobody changed it."""

    id: str
    tenant_id: str
    created_at: datetime | None
    updated_at: datetime | None
    name: str
    display_name: str | None
    broker_type: str
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


class ConnectionHealth(Value, frozen=True, kw_only=True):
    """How a link stands. reconcile: whether book and venue agree; latency_ms: median of the recent orders."""

    connection_id: str
    name: str
    status: str
    last_connected: datetime | None
    last_disconnected: datetime | None
    last_heartbeat: datetime | None
    heartbeat_age_ms: int | None
    latency_ms: Decimal | None
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
    connections: tuple[ConnectionHealth, ...]
    capabilities: Capabilities
    timestamp: datetime


class Connection(Value, frozen=True, kw_only=True):
    """A way to a broker. status: of the session behind it."""

    id: str
    tenant_id: str
    created_at: datetime | None
    updated_at: datetime | None
    broker_id: str
    name: str
    connection_type: str
    description: str | None
    host: str | None
    port: int | None
    use_ssl_override: bool | None
    client_id: int | None
    status: str
    is_active: bool
    is_paper_trading: bool
    username: str | None
    has_credentials: bool
    trading_hours_start: str | None
    trading_hours_end: str | None
    timezone: str
    max_order_value: Decimal | None
    max_daily_loss: Decimal | None
    auto_reconnect: bool
    heartbeat_interval: int
    enable_logging: bool
    last_connected: datetime | None
    last_disconnected: datetime | None
    last_heartbeat: datetime | None
    last_error: str | None
    metadata: dict[str, Any]


class ConnectionLog(Value, frozen=True, kw_only=True):
    """A line of a connection's log. metadata: venue, state, and in lasted_ms how long the state before had lasted."""

    id: str
    tenant_id: str
    created_at: datetime
    broker_connection_id: str
    event_type: str
    level: str
    message: str
    request_id: str | None
    response_time_ms: int | None
    error_code: str | None
    error_details: dict[str, Any] | None
    metadata: dict[str, Any]


class BrokerAccount(Value, frozen=True, kw_only=True):
    """An account, with its money as the engine last showed it; None before that, and where no session opens it."""

    id: str
    tenant_id: str
    created_at: datetime | None
    updated_at: datetime | None
    broker_id: str
    broker_connection_id: str
    account_number: str
    account_name: str | None
    account_type: str
    status: str
    is_active: bool
    currency: str
    base_currency: str
    can_trade_stocks: bool
    can_trade_options: bool
    can_trade_futures: bool
    can_trade_forex: bool
    can_trade_bonds: bool
    can_trade_mutual_funds: bool
    risk_tolerance: str
    max_leverage: Decimal | None
    is_paper: bool
    balance: Decimal | None
    buying_power: Decimal | None
    day_trading_buying_power: Decimal | None
    overnight_buying_power: Decimal | None
    trading_locked: bool | None
    metadata: dict[str, Any]


class BrokerList(SortedParams, kw_only=True):
    """Filters of the list of brokers."""

    broker_type: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class BrokerFields(Params, kw_only=True):
    """What a broker may hold beside its name and type."""

    display_name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    host: str | UnsetType | None = UNSET
    port: int | UnsetType | None = UNSET
    use_ssl: bool | UnsetType = UNSET
    api_version: str | UnsetType | None = UNSET
    timeout_seconds: int | UnsetType = UNSET
    max_retries: int | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    is_testing: bool | UnsetType = UNSET
    website: str | UnsetType | None = UNSET
    support_email: str | UnsetType | None = UNSET
    documentation_url: str | UnsetType | None = UNSET
    config: dict[str, Any] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class BrokerCreate(BrokerFields, kw_only=True):
    """A new broker."""

    name: str
    broker_type: str


class BrokerUpdate(BrokerFields, kw_only=True):
    """A partial change: what is absent stays. if_match: the tag that was read, or "*" for any."""

    broker_id: str
    if_match: int | str
    name: str | UnsetType = UNSET


class ConnectionFields(Params, kw_only=True):
    """What a connection may hold beside its name and adapter. credentials: by name, written and never read back."""

    broker_id: str
    description: str | UnsetType | None = UNSET
    host: str | UnsetType | None = UNSET
    port: int | UnsetType | None = UNSET
    use_ssl_override: bool | UnsetType | None = UNSET
    client_id: int | UnsetType | None = UNSET
    is_paper_trading: bool | UnsetType = UNSET
    username: str | UnsetType | None = UNSET
    credentials: dict[str, str] | UnsetType = UNSET
    trading_hours_start: str | UnsetType | None = UNSET
    trading_hours_end: str | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    max_order_value: Decimal | UnsetType | None = UNSET
    max_daily_loss: Decimal | UnsetType | None = UNSET
    auto_reconnect: bool | UnsetType = UNSET
    heartbeat_interval: int | UnsetType = UNSET
    enable_logging: bool | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class ConnectionCreate(ConnectionFields, kw_only=True):
    """A new connection."""

    name: str
    connection_type: str


class ConnectionUpdate(ConnectionFields, kw_only=True):
    """A partial change: what is absent stays. if_match: the tag that was read, or "*" for any."""

    connection_id: str
    if_match: int | str
    name: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class AccountFields(Params, kw_only=True):
    """What an account may hold beside its number and its owner."""

    broker_id: str
    account_name: str | UnsetType | None = UNSET
    currency: str | UnsetType = UNSET
    base_currency: str | UnsetType = UNSET
    can_trade_stocks: bool | UnsetType = UNSET
    can_trade_options: bool | UnsetType = UNSET
    can_trade_futures: bool | UnsetType = UNSET
    can_trade_forex: bool | UnsetType = UNSET
    can_trade_bonds: bool | UnsetType = UNSET
    can_trade_mutual_funds: bool | UnsetType = UNSET
    risk_tolerance: str | UnsetType = UNSET
    max_leverage: Decimal | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class AccountCreate(AccountFields, kw_only=True):
    """A new account. initial_cash: of a paper account, in its base currency."""

    account_number: str
    account_type: str
    broker_connection_id: str | UnsetType | None = UNSET
    initial_cash: Decimal | UnsetType = UNSET


class AccountUpdate(AccountFields, kw_only=True):
    """A partial change: what is absent stays. if_match: the tag that was read, or "*" for any."""

    account_id: str
    if_match: int | str
    account_type: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class ConnectionLogList(WalkParams, kw_only=True):
    """Filters of a connection's log."""

    broker_id: str
    connection_id: str
    level: str | UnsetType = UNSET
    event_type: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


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
    account_type: str | UnsetType = UNSET
    is_paper: bool | UnsetType = UNSET


class AccountId(Params):
    """Names an account."""

    broker_id: str
    account_id: str


class Brokers(Group[W], Generic[W]):
    """Keep, read and direct brokers."""

    list = Listing("/brokers", BrokerList, "brokers", Broker)
    get = Call("GET", "/brokers/{broker_id}", BrokerId, Broker)
    create = Call("POST", "/brokers", BrokerCreate, Broker)
    change = Call("PUT", "/brokers/{broker_id}", BrokerUpdate, Broker)
    delete = Call("DELETE", "/brokers/{broker_id}", BrokerId, NoneType)
    status = Call("GET", "/brokers/{broker_id}/status", BrokerId, BrokerStatus)
    connect = Call("POST", "/brokers/{broker_id}/connect", BrokerId, ActionResult)
    disconnect = Call("POST", "/brokers/{broker_id}/disconnect", BrokerId, ActionResult)


class Connections(Group[W], Generic[W]):
    """Keep, read and direct a broker's connections."""

    list = Listing("/brokers/{broker_id}/connections", ConnectionList, "connections", Connection)
    get = Call("GET", "/brokers/{broker_id}/connections/{connection_id}", ConnectionId, Connection)
    create = Call("POST", "/brokers/{broker_id}/connections", ConnectionCreate, Connection)
    change = Call("PUT", "/brokers/{broker_id}/connections/{connection_id}", ConnectionUpdate, Connection)
    delete = Call("DELETE", "/brokers/{broker_id}/connections/{connection_id}", ConnectionId, NoneType)
    logs = Listing("/brokers/{broker_id}/connections/{connection_id}/logs", ConnectionLogList, "logs", ConnectionLog)
    connect = Call("POST", "/brokers/{broker_id}/connections/{connection_id}/connect", ConnectionId, ActionResult)
    disconnect = Call("POST", "/brokers/{broker_id}/connections/{connection_id}/disconnect", ConnectionId, ActionResult)


class Accounts(Group[W], Generic[W]):
    """Open, read, change and close a broker's accounts, and have one reconciled."""

    list = Listing("/brokers/{broker_id}/accounts", AccountList, "accounts", BrokerAccount)
    get = Call("GET", "/brokers/{broker_id}/accounts/{account_id}", AccountId, BrokerAccount)
    create = Call("POST", "/brokers/{broker_id}/accounts", AccountCreate, BrokerAccount)
    change = Call("PUT", "/brokers/{broker_id}/accounts/{account_id}", AccountUpdate, BrokerAccount)
    delete = Call("DELETE", "/brokers/{broker_id}/accounts/{account_id}", AccountId, NoneType)
    reconcile = Call("POST", "/brokers/{broker_id}/accounts/{account_id}/reconcile", AccountId, ActionResult)
