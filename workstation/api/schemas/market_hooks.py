"""Market data that a webhook's source sends, on the wire, and how it becomes the core's exact integers."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from workstation.api.errors import invalid
from workstation.api.schemas.market_history import INTERVALS, IntervalName
from workstation.api.schemas.values import INTEGER_MAX, Price, Request, Symbol, Time
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Aggressor, Bar, Quote, Trade
from workstation.domain.numbers import parse_scaled
from workstation.marketdata.intervals import INTERVALS as SERIES

ITEMS_MAX = 500
"""Quotes, trades and bars of one message together."""

LATE_NS = 300 * 10**9
"""How far the time of a quote or trade may be from now."""


class HookQuote(Request):
    """The best prices from `timestamp` on; a side without a price has no size."""

    timestamp: Time
    bid_price: Price | None = None
    bid_size: Price | None = None
    ask_price: Price | None = None
    ask_size: Price | None = None


class HookTrade(Request):
    """One trade. side: who took liquidity."""

    timestamp: Time
    price: Price
    size: Price
    side: Literal["BUY", "SELL"] | None = None
    trade_id: Annotated[str, StringConstraints(max_length=100)] | None = None


class HookBar(Request):
    """A closed bar over [start_time, end_time)."""

    interval: IntervalName
    start_time: Time
    end_time: Time
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Price = "0"


class MarketHook(Request):
    """Market data of one instrument. sequence: above that of the source's last message of the instrument.

    Quotes and trades are in the order of their times, none further than 300 s from now.
    """

    instrument_symbol: Symbol
    sequence: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    quotes: Annotated[list[HookQuote], Field(max_length=ITEMS_MAX)] = Field(default_factory=list)
    trades: Annotated[list[HookTrade], Field(max_length=ITEMS_MAX)] = Field(default_factory=list)
    bars: Annotated[list[HookBar], Field(max_length=ITEMS_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _brings_some(self) -> "MarketHook":
        if not 1 <= len(self.quotes) + len(self.trades) + len(self.bars) <= ITEMS_MAX:
            raise ValueError(f"brings 1 to {ITEMS_MAX} quotes, trades and bars")
        return self


def ticks_of(hook: MarketHook, instrument: Instrument, now_ns: int) -> tuple[Quote | Trade, ...]:
    """Return a message's quotes and trades in the order of their times. now_ns: UTC ns.

    Raises:
        ApiError: 422, a number finer than the instrument's scales, or a time that is stale, ahead or out of order.
    """
    for name, items in (("quotes", hook.quotes), ("trades", hook.trades)):
        _check_times(name, [item.timestamp for item in items], now_ns)
    symbol = instrument.symbol
    quotes = [
        Quote(
            symbol,
            _units(quote.bid_price, instrument.price_decimals, f"quotes.{index}.bid_price"),
            _units(quote.bid_size, instrument.qty_decimals, f"quotes.{index}.bid_size") or 0,
            _units(quote.ask_price, instrument.price_decimals, f"quotes.{index}.ask_price"),
            _units(quote.ask_size, instrument.qty_decimals, f"quotes.{index}.ask_size") or 0,
            quote.timestamp,
            now_ns,
        )
        for index, quote in enumerate(hook.quotes)
    ]
    trades = [
        Trade(
            symbol,
            _units(trade.price, instrument.price_decimals, f"trades.{index}.price") or 0,
            _units(trade.size, instrument.qty_decimals, f"trades.{index}.size") or 0,
            Aggressor(trade.side) if trade.side else Aggressor.UNKNOWN,
            trade.trade_id or "",
            trade.timestamp,
            now_ns,
        )
        for index, trade in enumerate(hook.trades)
    ]
    return tuple(sorted([*quotes, *trades], key=lambda event: event.ts_event))


def bars_of(hook: MarketHook, instrument: Instrument) -> tuple[Bar, ...]:
    """Return a message's bars.

    Raises:
        ApiError: 422, a number finer than the instrument's scales.
    """
    return tuple(_bar(bar, index, instrument) for index, bar in enumerate(hook.bars))


def summary(hook: MarketHook) -> dict[str, Any]:
    """Return what the event of a message tells: what came, not the data itself."""
    counts = {name: len(getattr(hook, name)) for name in ("quotes", "trades", "bars")}
    return {"instrument_symbol": hook.instrument_symbol, "sequence": hook.sequence, **counts}


def _bar(bar: HookBar, index: int, instrument: Instrument) -> Bar:
    def price(name: str) -> int:
        return _units(getattr(bar, name), instrument.price_decimals, f"bars.{index}.{name}") or 0

    return Bar(
        symbol=instrument.symbol,
        bar_type=SERIES[INTERVALS[bar.interval]],
        open=price("open"),
        high=price("high"),
        low=price("low"),
        close=price("close"),
        volume=_units(bar.volume, instrument.qty_decimals, f"bars.{index}.volume") or 0,
        count=1,
        ts_open=bar.start_time,
        ts_close=bar.end_time,
    )


def _check_times(name: str, times: Sequence[int], now_ns: int) -> None:
    for index, (earlier, at) in enumerate(zip((0, *times), times, strict=False)):
        place = f"{name}.{index}.timestamp"
        if at < earlier:
            raise invalid(place, "lies before the one ahead of it", issue="out_of_order")
        if abs(now_ns - at) > LATE_NS:
            raise invalid(place, f"lies more than {LATE_NS // 10**9} s from now", issue="stale")


def _units(text: str | None, decimals: int, place: str) -> int | None:
    if text is None:
        return None
    try:
        return parse_scaled(text, decimals)
    except UserError:
        raise invalid(place, f"has more than {decimals} digits after the point", issue="precision") from None
