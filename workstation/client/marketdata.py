"""Market data: latest values, bars, recorded ticks and subscriptions."""

from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, Stream, W
from workstation.client.requests import Params
from workstation.client.values import Number, SortedParams, Value, WalkParams, When


class MarketData(Value, frozen=True, kw_only=True):
    """Latest values of one instrument. close_price: last price of the day before; metadata: freshness and phase."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    instrument_id: str
    instrument_symbol: str
    last_price: Decimal | None
    bid_price: Decimal | None
    ask_price: Decimal | None
    mid_price: Decimal | None
    volume: int | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    high_price: Decimal | None
    low_price: Decimal | None
    open_price: Decimal | None
    close_price: Decimal | None
    implied_volatility: Decimal | None
    delta: Decimal | None
    gamma: Decimal | None
    theta: Decimal | None
    vega: Decimal | None
    timestamp: datetime
    last_updated: datetime
    data_source: str
    is_delayed: bool
    delay_minutes: int | None
    metadata: dict[str, Any]


class LastPrice(Value, frozen=True, kw_only=True):
    """Price of an instrument's last trade."""

    instrument_symbol: str
    last_price: Decimal
    timestamp: datetime
    data_source: str
    is_delayed: bool


class Bar(Value, frozen=True, kw_only=True):
    """One closed bar over [start_time, end_time)."""

    start_time: datetime
    end_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int | None
    volume_exact: Decimal
    open_interest: int | None


class HistoricalData(Value, frozen=True, kw_only=True):
    """Bars of one series, ascending. total_points counts the whole stretch."""

    instrument_symbol: str
    interval: str
    data_source: str
    data_points: tuple[Bar, ...]
    total_points: int
    has_next: bool
    next_cursor: str | None
    start_date: datetime | None
    end_date: datetime | None
    metadata: dict[str, Any]


class Tick(Value, frozen=True, kw_only=True):
    """One price of a recorded message. timestamp: when it reached this program."""

    id: str
    tenant_id: str
    created_at: datetime
    instrument_id: str
    instrument_symbol: str
    tick_type: str
    price: Decimal | None
    size: Decimal | None
    bid_price: Decimal | None
    ask_price: Decimal | None
    last_price: Decimal | None
    timestamp: datetime
    exchange_timestamp: datetime | None
    data_source: str
    exchange: str | None
    currency: str | None
    is_delayed: bool
    metadata: dict[str, Any]


class FeedQuality(Value, frozen=True, kw_only=True):
    """What a feed delivered since its snapshot before."""

    id: str
    tenant_id: str
    created_at: datetime
    snapshot_time: datetime
    data_source: str
    total_instruments: int
    active_instruments: int
    price_updates: int
    volume_updates: int
    delayed_data_count: int
    error_count: int
    average_latency_ms: Decimal | None
    max_latency_ms: Decimal | None
    metadata: dict[str, Any]


class Subscription(Value, frozen=True, kw_only=True):
    """What a user follows.

    total_updates, last_update: what this run has told him of it, by stream or by calls that were taken. error_count:
    calls that failed in this run. last_error: why it is in ERROR, or what became of the last call where that failed.
    secret: what calls are signed with, only in the answer to what made it.
    """

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    user_id: str
    instrument_symbols: tuple[str, ...]
    data_types: tuple[str, ...]
    update_frequency: str
    delivery_method: str
    price_threshold: Decimal | None
    volume_threshold: int | None
    callback_url: str | None
    include_metadata: bool
    notes: str | None
    metadata: dict[str, Any]
    status: str
    is_active: bool
    last_heartbeat: datetime | None
    total_updates: int
    last_update: datetime | None
    error_count: int
    last_error: str | None
    secret: str | None = None


class BulkFault(Value, frozen=True, kw_only=True):
    """Why an item was rejected, as a problem would say it."""

    code: int
    message: str
    type: str
    details: dict[str, Any]


class BulkError(Value, frozen=True, kw_only=True):
    """One rejected item. order_id: of the order that its refusal left behind, or that it met; data: the item."""

    index: int
    code: str
    error: BulkFault
    order_id: str | None
    data: Any


class BulkSubscriptionResult(Value, frozen=True, kw_only=True):
    """What became of each subscription, both lists in the order of the call."""

    accepted: tuple[Subscription, ...]
    rejected: tuple[BulkError, ...]


class MarketDataList(SortedParams, kw_only=True):
    """Filters of the list of latest values; prices are last prices."""

    instrument_symbol: str | UnsetType = UNSET
    data_source: str | UnsetType = UNSET
    is_delayed: bool | UnsetType = UNSET
    min_price: Number | UnsetType = UNSET
    max_price: Number | UnsetType = UNSET


class SymbolName(Params):
    """Names a symbol."""

    symbol: str


class BarsQuery(SymbolName, kw_only=True):
    """Bars of one instrument: from `start_date` on, or the newest where there is none."""

    interval: str
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class HistoricalQuery(Params, kw_only=True):
    """A stretch of bars."""

    instrument_symbol: str
    start_date: When
    end_date: When
    interval: str
    data_type: str | UnsetType = UNSET
    data_source: str | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class TickList(WalkParams, kw_only=True):
    """Filters of the list of recorded ticks."""

    instrument_symbol: str | UnsetType = UNSET
    tick_type: str | UnsetType = UNSET
    data_source: str | UnsetType = UNSET
    min_price: Number | UnsetType = UNSET
    max_price: Number | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class SnapshotList(SortedParams, kw_only=True):
    """Filters of the list of feed qualities."""

    data_source: str | UnsetType = UNSET
    min_instruments: int | UnsetType = UNSET
    max_instruments: int | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class MarketStream(Params, kw_only=True):
    """What of one's subscriptions to follow: symbols with commas between them, and types such as `marketdata.*`."""

    symbols: str | UnsetType = UNSET
    types: tuple[str, ...] | UnsetType = UNSET
    since_id: str | UnsetType = UNSET


class SubscriptionList(SortedParams, kw_only=True):
    """Filters of the subscription list."""

    instrument_symbol: str | UnsetType = UNSET
    data_type: str | UnsetType = UNSET
    delivery_method: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    user_id: str | UnsetType = UNSET


class SubscriptionId(Params):
    """Names a subscription."""

    subscription_id: str


class SubscriptionCreate(Params, kw_only=True):
    """What to follow, how often to be told, and how."""

    instrument_symbols: tuple[str, ...]
    data_types: tuple[str, ...]
    update_frequency: str
    delivery_method: str
    price_threshold: Number | UnsetType = UNSET
    volume_threshold: int | UnsetType = UNSET
    callback_url: str | UnsetType = UNSET
    include_metadata: bool | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class BulkSubscriptionCreate(Params, kw_only=True):
    """Subscriptions to make, each on its own."""

    subscriptions: tuple[SubscriptionCreate, ...]
    idempotency_key: str | UnsetType = UNSET


class SubscriptionUpdate(SubscriptionId, kw_only=True):
    """A partial change; `is_active` false pauses, true resumes, out of ERROR as well.

    rotate_secret: of a callback; the answer shows the new one, once, and for a day calls are signed with both.
    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    instrument_symbols: tuple[str, ...] | UnsetType = UNSET
    data_types: tuple[str, ...] | UnsetType = UNSET
    update_frequency: str | UnsetType = UNSET
    delivery_method: str | UnsetType = UNSET
    price_threshold: Number | UnsetType | None = UNSET
    volume_threshold: int | UnsetType | None = UNSET
    callback_url: str | UnsetType | None = UNSET
    include_metadata: bool | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    rotate_secret: bool | UnsetType = UNSET


class Market(Group[W], Generic[W]):
    """Read what the market does."""

    list = Listing("/marketdata", MarketDataList, "market_data", MarketData)
    quote = Call("GET", "/marketdata/quotes/{symbol}", SymbolName, MarketData)
    last = Call("GET", "/marketdata/last/{symbol}", SymbolName, LastPrice)
    bars = Call("GET", "/marketdata/bars/{symbol}", BarsQuery, HistoricalData)
    historical = Call("GET", "/marketdata/historical", HistoricalQuery, HistoricalData)
    ticks = Listing("/marketdata/ticks", TickList, "ticks", Tick)
    quality = Listing("/marketdata/snapshots", SnapshotList, "snapshots", FeedQuality)
    follow = Stream("/marketdata/stream", MarketStream)


class Subscriptions(Group[W], Generic[W]):
    """Say what of the market is followed."""

    list = Listing("/marketdata/subscriptions", SubscriptionList, "subscriptions", Subscription)
    get = Call("GET", "/marketdata/subscriptions/{subscription_id}", SubscriptionId, Subscription)
    create = Call("POST", "/marketdata/subscriptions", SubscriptionCreate, Subscription)
    create_many = Call("POST", "/marketdata/subscriptions/bulk", BulkSubscriptionCreate, BulkSubscriptionResult)
    change = Call("PUT", "/marketdata/subscriptions/{subscription_id}", SubscriptionUpdate, Subscription)
    delete = Call("DELETE", "/marketdata/subscriptions/{subscription_id}", SubscriptionId, NoneType)
