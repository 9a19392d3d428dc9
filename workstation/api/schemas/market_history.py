"""Kept market data on the wire: bars, ticks and feed quality.

Prices are exact texts on the decimals that were kept. A bar's volume is in whole units by contract, rounded half to
even; `volume_exact` keeps the fraction of what trades in fractions.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from workstation.api.credentials import tenant_uid
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.marketdata import Limit, Offset, Source, whole_units
from workstation.api.schemas.values import (
    PRICE_DIGITS,
    CommaList,
    DecimalOut,
    EndTime,
    IdOut,
    Price,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    StartTime,
    Symbol,
    TimeOut,
    price_text,
    scaled_text,
    time_or_none,
    time_text,
)
from workstation.domain.instruments import Instrument
from workstation.domain.market import Quote, Trade
from workstation.domain.numbers import format_scaled, rescale
from workstation.kernel.ids import stable_uid
from workstation.ports.market_store import FeedQuality as CoreFeedQuality
from workstation.ports.market_store import StoredBar, StoredTick, TickKind

INTERVALS = {
    "1m": "1_MINUTE",
    "5m": "5_MINUTE",
    "15m": "15_MINUTE",
    "30m": "30_MINUTE",
    "1h": "1_HOUR",
    "4h": "4_HOUR",
    "1d": "1_DAY",
    "1w": "1_WEEK",
    "1mo": "1_MONTH",
}
"""Intervals of the wire and their stored names."""

IntervalName = Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo"]
DataType = Literal["OHLC", "TRADE", "BID_ASK", "VOLUME", "GREEKS", "IMPLIED_VOLATILITY"]
TickType = Literal[
    "BID", "ASK", "TRADE", "BID_SIZE", "ASK_SIZE", "LAST_SIZE", "HIGH", "LOW", "OPEN", "CLOSE", "VOLUME",
    "OPTION_IMPLIED_VOLATILITY", "OPTION_VOLUME", "OPTION_OPEN_INTEREST", "OPTION_DELTA", "OPTION_GAMMA",
    "OPTION_THETA", "OPTION_VEGA", "FUTURE_BASIS", "FUTURE_OPEN_INTEREST", "NEWS", "FUNDAMENTAL",
]  # fmt: skip
Cursor = Annotated[str, Field(min_length=1, max_length=1_000)]
BarLimit = Annotated[QueryInteger, Field(ge=1, le=10_000)]


class HistoricalQuery(Query):
    """A stretch of bars."""

    instrument_symbol: Symbol
    start_date: StartTime
    end_date: EndTime
    interval: IntervalName
    data_type: DataType = "OHLC"
    data_source: Source | None = None
    limit: BarLimit = 1_000
    cursor: Cursor | None = None


class BarsQuery(Query):
    """Bars of one instrument: from `start_date` on, or the newest where there is none."""

    interval: IntervalName
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    limit: BarLimit = 1_000
    cursor: Cursor | None = None


class TickList(Query):
    """Filters of the list of recorded ticks."""

    instrument_symbol: Symbol | None = None
    tick_type: TickType | None = None
    data_source: Source | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Limit = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=10_000)] = 0
    with_count: QueryFlag = True
    cursor: Cursor | None = None


class SnapshotList(Query):
    """Filters of the list of feed qualities."""

    data_source: Source | None = None
    min_instruments: Annotated[QueryInteger, Field(ge=0, le=2**31 - 1)] | None = None
    max_instruments: Annotated[QueryInteger, Field(ge=0, le=2**31 - 1)] | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Limit = 100
    offset: Offset = 0
    with_count: QueryFlag = True


class Bar(Resource):
    """One closed bar over [start_time, end_time)."""

    start_time: TimeOut
    end_time: TimeOut
    open: DecimalOut
    high: DecimalOut
    low: DecimalOut
    close: DecimalOut
    volume: int | None
    volume_exact: DecimalOut
    open_interest: int | None


class HistoricalData(Resource):
    """Bars of one series, ascending. total_points counts the whole stretch."""

    instrument_symbol: str
    interval: IntervalName
    data_source: str
    data_points: list[Bar]
    total_points: int
    has_next: bool
    next_cursor: str | None
    start_date: TimeOut | None
    end_date: TimeOut | None
    metadata: dict[str, Any]


class Tick(Resource):
    """One price of a recorded message. timestamp: when it reached this program."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    instrument_id: IdOut
    instrument_symbol: str
    tick_type: TickType
    price: DecimalOut | None
    size: DecimalOut | None
    bid_price: DecimalOut | None
    ask_price: DecimalOut | None
    last_price: DecimalOut | None
    timestamp: TimeOut
    exchange_timestamp: TimeOut | None
    data_source: str
    exchange: str | None
    currency: str | None
    is_delayed: bool
    metadata: dict[str, Any]


class TickPage(Resource):
    """A page of ticks. total_count is null, too, where counting would read too much."""

    ticks: list[Tick]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class FeedQuality(Resource):
    """What a feed delivered since its snapshot before."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    snapshot_time: TimeOut
    data_source: str
    total_instruments: int
    active_instruments: int
    price_updates: int
    volume_updates: int
    delayed_data_count: int
    error_count: int
    average_latency_ms: DecimalOut | None
    max_latency_ms: DecimalOut | None
    metadata: dict[str, Any]


class SnapshotPage(Resource):
    """A page of feed qualities."""

    snapshots: list[FeedQuality]
    total_count: int | None
    has_next: bool


def bar_body(bar: StoredBar, instrument: Instrument) -> dict[str, Any]:
    """Return a bar as the wire shows it."""
    first, high, low, last = (
        kept_text(price, bar.price_decimals, instrument) for price in (bar.open, bar.high, bar.low, bar.close)
    )
    return {
        "start_time": time_text(bar.start),
        "end_time": time_text(bar.end),
        "open": first,
        "high": high,
        "low": low,
        "close": last,
        "volume": whole_units(bar.volume, bar.qty_decimals),
        "volume_exact": cut_text(bar.volume, bar.qty_decimals),
        "open_interest": None,
    }


def tick_body(tick: StoredTick, names: Names, tenant: str) -> dict[str, Any]:
    """Return a tick as the wire shows it. tenant: who reads it, since market data belongs to nobody."""
    event = tick.event
    instrument = names.instruments.get(event.symbol)

    def price(value: int | None) -> str | None:
        return None if value is None else kept_text(value, tick.price_decimals, instrument)

    value, size = tick_figures(tick)
    at = time_text(tick.time)
    return {
        "id": stable_uid("tick", tick.key),
        "tenant_id": tenant_uid(tenant),
        "created_at": at,
        "instrument_id": instrument_id(event.symbol),
        "instrument_symbol": event.symbol,
        "tick_type": tick.kind,
        "price": price(value),
        "size": cut_text(size, tick.qty_decimals),
        "bid_price": price(event.bid) if isinstance(event, Quote) else None,
        "ask_price": price(event.ask) if isinstance(event, Quote) else None,
        "last_price": price(event.price) if isinstance(event, Trade) else None,
        "timestamp": at,
        "exchange_timestamp": time_or_none(event.ts_event),
        "data_source": tick.source,
        "exchange": None if instrument is None else instrument.exchange or None,
        "currency": None if instrument is None else instrument.currency,
        "is_delayed": False,
        "metadata": _tick_metadata(event),
    }


def feed_quality_body(quality: CoreFeedQuality, tenant: str) -> dict[str, Any]:
    """Return a snapshot of a feed's quality as the wire shows it. tenant: who reads it."""
    at = time_text(quality.snapshot_time)
    average, most = quality.average_latency_ns, quality.max_latency_ns
    return {
        "id": stable_uid("feed_quality", quality.data_source, str(quality.snapshot_time)),
        "tenant_id": tenant_uid(tenant),
        "created_at": at,
        "snapshot_time": at,
        "data_source": quality.data_source,
        "total_instruments": quality.total_instruments,
        "active_instruments": quality.active_instruments,
        "price_updates": quality.price_updates,
        "volume_updates": quality.volume_updates,
        "delayed_data_count": quality.delayed_data_count,
        "error_count": quality.error_count,
        "average_latency_ms": None if average is None else scaled_text(average, 6, 3),
        "max_latency_ms": None if most is None else scaled_text(most, 6, 3),
        "metadata": quality.metadata,
    }


def tick_figures(tick: StoredTick) -> tuple[int | None, int]:
    """Return a tick's price and size in the units that it states."""
    event = tick.event
    if isinstance(event, Trade):
        return event.price, event.size
    return (event.bid, event.bid_size) if tick.kind is TickKind.BID else (event.ask, event.ask_size)


def kept_text(price: int, decimals: int, instrument: Instrument | None) -> str:
    """Return a kept price as text, with the decimals of its instrument's grid where that is still the same."""
    if instrument is not None and instrument.price_decimals == decimals:
        return price_text(instrument, price)
    return cut_text(price, decimals)


def cut_text(value: int, decimals: int) -> str:
    """Return value / 10 ** decimals without trailing zeros, at most PRICE_DIGITS digits after the point."""
    if decimals <= PRICE_DIGITS:
        return format_scaled(value, decimals)
    return format_scaled(rescale(value, decimals, PRICE_DIGITS), PRICE_DIGITS)


def _tick_metadata(event: Quote | Trade) -> dict[str, Any]:
    if isinstance(event, Quote):
        return {}
    return {"aggressor": event.aggressor, "trade_id": event.trade_id or None, "conditions": event.conditions or None}
