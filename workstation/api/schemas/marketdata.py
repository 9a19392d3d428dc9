"""The latest of the market on the wire: one row an instrument, from one moment, with its freshness.

Prices are exact texts; the day's volume is in whole units by contract, rounded half to even.
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.names import instrument_id
from workstation.api.schemas.values import (
    PRICE_DIGITS,
    CommaList,
    DecimalOut,
    IdOut,
    Price,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    Symbol,
    TimeOut,
    price_text,
    quantity_text,
    time_text,
)
from workstation.domain.instruments import Instrument
from workstation.domain.market import Level, StreamState
from workstation.domain.numbers import div_half_even, format_scaled, rescale
from workstation.domain.records import LOCAL_TENANT
from workstation.kernel.ids import stable_uid
from workstation.marketdata.conflation import DepthSnapshot, MarketSnapshot
from workstation.marketdata.freshness import Flag

NS_PER_MS = 1_000_000

Source = Annotated[str, StringConstraints(min_length=1, max_length=50)]
Limit = Annotated[QueryInteger, Field(ge=1, le=500)]
Offset = Annotated[QueryInteger, Field(ge=0, le=1_000_000)]


class MarketDataList(Query):
    """Filters of the list of latest values; prices are last prices."""

    instrument_symbol: Symbol | None = None
    data_source: Source | None = None
    is_delayed: QueryFlag | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Limit = 100
    offset: Offset = 0
    with_count: QueryFlag = True


class MarketDataRead(Query):
    """Shape of one instrument's latest values."""

    fields: CommaList | None = None


class MarketData(Resource):
    """Latest values of one instrument. close_price: last price of the day before; metadata: freshness and phase."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    updated_at: TimeOut
    instrument_id: IdOut
    instrument_symbol: str
    last_price: DecimalOut | None
    bid_price: DecimalOut | None
    ask_price: DecimalOut | None
    mid_price: DecimalOut | None
    volume: int | None
    bid_size: DecimalOut | None
    ask_size: DecimalOut | None
    high_price: DecimalOut | None
    low_price: DecimalOut | None
    open_price: DecimalOut | None
    close_price: DecimalOut | None
    implied_volatility: DecimalOut | None
    delta: DecimalOut | None
    gamma: DecimalOut | None
    theta: DecimalOut | None
    vega: DecimalOut | None
    timestamp: TimeOut
    last_updated: TimeOut
    data_source: str
    is_delayed: bool
    delay_minutes: int | None
    metadata: dict[str, Any]


class MarketDataPage(Resource):
    """A page of latest values."""

    market_data: list[MarketData]
    total_count: int | None
    has_next: bool


class LastPrice(Resource):
    """Price of an instrument's last trade."""

    instrument_symbol: str
    last_price: DecimalOut
    timestamp: TimeOut
    data_source: str
    is_delayed: bool


def market_data_body(
    snap: MarketSnapshot, instrument: Instrument, source: str, tenant: str = LOCAL_TENANT
) -> dict[str, Any]:
    """Return an instrument's latest values as the wire shows them. tenant: who reads them."""
    quote, trade, stats = snap.quote, snap.trade, snap.stats
    shown = snap.price if quote is None else snap.quoted
    seen = [event for event in (quote, trade) if event is not None]
    updated = time_text(max(event.ts_init for event in seen))
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)

    def price(value: int | None) -> str | None:
        return None if value is None else price_text(instrument, value)

    return {
        "id": stable_uid("market_data", snap.symbol),
        "tenant_id": tenant_uid(tenant),
        "created_at": updated,
        "updated_at": updated,
        "instrument_id": instrument_id(snap.symbol),
        "instrument_symbol": snap.symbol,
        "last_price": None if trade is None else price(trade.price),
        "bid_price": price(bid),
        "ask_price": price(ask),
        "mid_price": None if bid is None or ask is None else _mid_text(instrument, bid, ask),
        "volume": whole_units(stats.volume, instrument.qty_decimals),
        "bid_size": None if bid is None or quote is None else quantity_text(instrument, quote.bid_size),
        "ask_size": None if ask is None or quote is None else quantity_text(instrument, quote.ask_size),
        "high_price": price(stats.high),
        "low_price": price(stats.low),
        "open_price": price(stats.open),
        "close_price": price(stats.prev_close),
        **dict.fromkeys(("implied_volatility", "delta", "gamma", "theta", "vega")),
        "timestamp": time_text(max(event.ts_event for event in seen)),
        "last_updated": updated,
        "data_source": source,
        "is_delayed": Flag.DELAYED in shown.flags,
        "delay_minutes": None,
        "metadata": {
            "freshness": shown.freshness,
            "age_ms": shown.age_ns // NS_PER_MS,
            "reason": shown.reason or None,
            "phase": snap.phase,
            "flags": sorted(shown.flags),
        },
    }


def whole_units(quantity: int, decimals: int) -> int:
    """Return a quantity in whole units, half to even."""
    return div_half_even(quantity, 10**decimals)


def _mid_text(instrument: Instrument, bid: int, ask: int) -> str:
    """Return the exact middle, which may need one decimal more than a price."""
    decimals, keep = instrument.price_decimals + 1, instrument.decimals_at(bid)
    twice_half = (bid + ask) * 5
    if decimals <= PRICE_DIGITS:
        return format_scaled(twice_half, decimals, keep=keep)
    return format_scaled(rescale(twice_half, decimals, PRICE_DIGITS), PRICE_DIGITS, keep=min(keep, PRICE_DIGITS))


def depth_body(depth: DepthSnapshot, instrument: Instrument, source: str) -> dict[str, Any]:
    """Return a book as the wire shows it: [price, size] of each level, best first."""

    def levels(side: tuple[Level, ...]) -> list[list[str]]:
        return [[price_text(instrument, level.price), quantity_text(instrument, level.size)] for level in side]

    return {
        "instrument_symbol": depth.symbol,
        "bids": levels(depth.bids),
        "asks": levels(depth.asks),
        "sequence": depth.seq,
        "is_synced": depth.state is StreamState.UP,
        "timestamp": time_text(depth.ts_event),
        "data_source": source,
        "metadata": {"crossed": depth.crossed},
    }
