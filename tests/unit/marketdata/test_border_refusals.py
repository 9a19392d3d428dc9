"""What never passes the border, with the reason a person reads; and the day that daily bars give a quiet instrument."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.helpers.market import DAY, T0, instrument, levels, quote, snapshot, trade
from workstation.domain.market import (
    Bar,
    BarKind,
    BarType,
    MarketEvent,
    PhaseChange,
    SessionPhase,
    StreamChange,
    StreamKind,
    StreamState,
)
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.cache import MarketCache
from workstation.marketdata.freshness import FreshnessLimits
from workstation.marketdata.quality import Border, Quality

DAILY = BarType(BarKind.DAY, 1)
replace = msgspec.structs.replace


def daily(day: int, close: int, *, count: int = 3) -> Bar:
    open_ts = T0 + day * DAY
    return Bar("ABC", DAILY, 100, 110, 90, close, 1_000, count, open_ts, open_ts + DAY)


def no_bar(**changes: Any) -> Bar:
    return replace(daily(0, 100), **changes)


REFUSED: list[tuple[MarketEvent, str]] = [
    (quote(99, 101, symbol="NONE"), "unknown instrument"),
    (replace(quote(99, 101), bid=None), "size without a price"),
    (replace(quote(99, 101), bid=99.5), "price 99.5 is not a whole number of price units"),
    (quote(0, 101), "price not above 0"),
    (replace(quote(99, 101), ask_size=-1), "negative size"),
    (replace(quote(99, 101), ask_size=0.5), "size 0.5 is not a whole number of quantity units"),
    (trade(100, symbol="NONE"), "unknown instrument"),
    (trade(100, 0), "trade of size 0"),
    (trade(-5), "price not above 0"),
    (snapshot(levels((99, 1)), levels((101, 1)), 1, symbol="NONE"), "unknown instrument"),
    (snapshot(levels((99, -1)), levels((101, 1)), 1), "negative size"),
    (no_bar(symbol="NONE"), "unknown instrument"),
    (no_bar(low=0), "price 0 cannot be"),
    (no_bar(close=120), "open or close outside low and high"),
    (no_bar(ts_close=T0), "bar without a duration"),
    (no_bar(volume=-1), "negative size"),
    (PhaseChange("NONE", SessionPhase.OPEN, T0, T0), "unknown instrument"),
]


@pytest.mark.parametrize(("event", "reason"), REFUSED)
def test_what_cannot_be_is_refused_with_its_reason(event: MarketEvent, reason: str) -> None:
    quality = Quality()
    border = Border({"ABC": instrument()}, quality)
    assert border.admit([event, quote(99, 101)]) == [quote(99, 101)]
    assert [(refusal.event, refusal.reason) for refusal in quality.refused] == [(event, reason)]


def test_what_is_as_it_should_be_passes_as_the_same_list() -> None:
    events = [quote(99, 101), trade(100), daily(0, 100), snapshot(levels((99, 1)), levels((101, 1)), 1)]
    phase = PhaseChange("ABC", SessionPhase.OPEN, T0, T0)
    stream = StreamChange(StreamKind.QUOTES, StreamState.UP, T0)
    assert Border({"ABC": instrument()}, Quality()).admit([*events, phase, stream]) == [*events, phase, stream]


LIMITS = FreshnessLimits(own_max=5, channel_max=2, silence_max=60, usual_factor=4)


def cache() -> MarketCache:
    return MarketCache(VirtualClock(T0 + DAY), LIMITS, {"ABC": instrument()})


def test_a_day_begins_with_what_daily_bars_say_of_it_and_the_close_before() -> None:
    market = cache()
    market.begin_day([daily(0, 95), daily(1, 104)])
    stats = market.stats("ABC")
    assert (stats.prev_close, stats.open, stats.high, stats.low, stats.volume) == (95, 100, 110, 90, 1_000)


def test_a_day_without_a_trade_has_the_close_before_and_nothing_else() -> None:
    market = cache()
    market.begin_day([daily(0, 95), daily(1, 104, count=0)])
    assert (market.stats("ABC").prev_close, market.stats("ABC").open) == (95, None)
    other = cache()
    other.begin_day([daily(1, 104)])
    assert (other.stats("ABC").prev_close, other.stats("ABC").open) == (None, 100)


def test_an_instrument_that_traded_already_keeps_its_own_day() -> None:
    market = cache()
    market.apply([trade(70, at=DAY)])
    market.begin_day([daily(0, 95), daily(1, 104)])
    assert (market.stats("ABC").open, market.stats("ABC").high) == (70, 70)
