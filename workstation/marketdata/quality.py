"""The border of the core: impossible market data is refused and counted here, odd data is counted and let through.

First step of `service.on_feed`. Nothing is repaired: a refused message is dropped whole, and a sample of it is kept for
the data-quality panel.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    Bar,
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    PhaseChange,
    Quote,
    StreamChange,
    Trade,
    TradeBust,
)

REFUSED_SAMPLES_MAX = 100
"""Refused messages kept for inspection; the newest push out the oldest."""


class Defect(StrEnum):
    """What was wrong, counted for each instrument."""

    REFUSED = "REFUSED"
    GAP = "GAP"
    CROSSED = "CROSSED"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    LATE = "LATE"
    TOO_LATE = "TOO_LATE"
    OUTSIDE_SESSION = "OUTSIDE_SESSION"
    STALE = "STALE"
    BUST = "BUST"


class Refusal(msgspec.Struct, frozen=True):
    """One refused message and why."""

    event: Any
    reason: str


class Quality:
    """Counters by (symbol, defect), and the last refused messages."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Defect]] = Counter()
        self.refused: deque[Refusal] = deque(maxlen=REFUSED_SAMPLES_MAX)

    def count(self, symbol: str, defect: Defect, times: int = 1) -> None:
        """Count a defect."""
        self.counts[symbol, defect] += times

    def refuse(self, event: MarketEvent, reason: str) -> None:
        """Count a refused message and keep it as a sample."""
        self.count(getattr(event, "symbol", ""), Defect.REFUSED)
        self.refused.append(Refusal(event, reason))

    def of(self, symbol: str, defect: Defect) -> int:
        """Return how often a defect was seen on an instrument."""
        return self.counts[symbol, defect]

    def total(self, defect: Defect) -> int:
        """Return how often a defect was seen on all instruments."""
        return sum(times for (_, kind), times in self.counts.items() if kind is defect)


class Border:
    """Checks messages against the instrument: exact integers on its grid, sizes not negative, high not below low."""

    def __init__(self, instruments: Mapping[str, Instrument], quality: Quality) -> None:
        self._instruments = instruments
        self._quality = quality
        self._checks: dict[type, Callable[[Any], str]] = {
            Quote: self._quote,
            Trade: self._trade,
            BookSnapshot: self._levels,
            BookChange: self._levels,
            Bar: self._bar,
            PhaseChange: self._known,
            TradeBust: self._known,
            StreamChange: self._pass,
        }
        self._uniform: dict[str, int] = {}

    def admit(self, events: list[MarketEvent]) -> list[MarketEvent]:
        """Return the events that can be true; the list itself when none was refused."""
        checks = self._checks
        reasons = [checks[type(event)](event) for event in events]
        if not any(reasons):
            return events
        admitted = []
        for event, reason in zip(events, reasons, strict=True):
            if reason:
                self._quality.refuse(event, reason)
            else:
                admitted.append(event)
        return admitted

    def forget(self, symbol: str) -> None:
        """Look an instrument's grid up again: it may have changed."""
        self._uniform.pop(symbol, None)

    def _quote(self, quote: Quote) -> str:
        bid, ask = quote.bid, quote.ask
        tick = self._uniform.get(quote.symbol)
        if (  # the common case on one line of tests: both sides present, whole, positive, on a single-band grid
            tick
            and type(bid) is int
            and type(ask) is int
            and 0 < bid <= ask
            and not bid % tick
            and not ask % tick
            and type(quote.bid_size) is int
            and type(quote.ask_size) is int
            and quote.bid_size >= 0 <= quote.ask_size
        ):
            return ""
        return self._odd_quote(quote)

    def _odd_quote(self, quote: Quote) -> str:
        instrument = self._instrument(quote.symbol)
        if instrument is None:
            return "unknown instrument"
        bid, ask = quote.bid, quote.ask
        for price, size in ((bid, quote.bid_size), (ask, quote.ask_size)):
            reason = _bad_size(size) if price is None else _bad_price(instrument, price) or _bad_size(size)
            if reason:
                return reason
            if price is None and size:
                return "size without a price"
        if bid is not None and ask is not None and bid > ask:
            self._quality.count(quote.symbol, Defect.CROSSED)
        return ""

    def _trade(self, trade: Trade) -> str:
        price, size = trade.price, trade.size
        tick = self._uniform.get(trade.symbol)
        if tick and type(price) is int and type(size) is int and size > 0 < price and not price % tick:
            return ""
        instrument = self._instrument(trade.symbol)
        if instrument is None:
            return "unknown instrument"
        return _bad_price(instrument, price) or _bad_size(size) or ("" if size else "trade of size 0")

    def _levels(self, event: BookSnapshot | BookChange) -> str:
        instrument = self._instrument(event.symbol)
        if instrument is None:
            return "unknown instrument"
        tick = self._uniform.get(event.symbol)
        return _bad_levels(instrument, tick, event.bids) or _bad_levels(instrument, tick, event.asks)

    def _bar(self, bar: Bar) -> str:
        instrument = self._instrument(bar.symbol)
        if instrument is None:
            return "unknown instrument"
        for price in (bar.open, bar.high, bar.low, bar.close):  # not on the tick: bars may be adjusted or averaged
            if type(price) is not int or (price <= 0 and not instrument.price_may_be_negative):
                return f"price {price!r} cannot be"
        if not (bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high):
            return "open or close outside low and high"
        if bar.ts_close <= bar.ts_open:
            return "bar without a duration"
        return _bad_size(bar.volume)

    def _known(self, event: PhaseChange | TradeBust) -> str:
        return "" if event.symbol in self._instruments else "unknown instrument"

    def _pass(self, _event: StreamChange) -> str:
        return ""

    def _instrument(self, symbol: str) -> Instrument | None:
        instrument = self._instruments.get(symbol)
        if instrument and len(instrument.ticks) == 1 and not instrument.price_may_be_negative:
            self._uniform[symbol] = instrument.ticks[0].tick
        return instrument


def _bad_price(instrument: Instrument, price: object) -> str:
    if type(price) is not int:
        return f"price {price!r} is not a whole number of price units"
    if price <= 0 and not instrument.price_may_be_negative:
        return "price not above 0"
    return "" if instrument.on_tick(price) else "price off the grid"


def _bad_size(size: object) -> str:
    if type(size) is not int:
        return f"size {size!r} is not a whole number of quantity units"
    return "negative size" if size < 0 else ""


def _bad_levels(instrument: Instrument, tick: int | None, levels: Iterable[Level]) -> str:
    for level in levels:
        price, size = level.price, level.size
        if tick and type(price) is int and type(size) is int and price > 0 <= size and not price % tick:
            continue
        if reason := _bad_price(instrument, price) or _bad_size(size):
            return reason
    return ""
