"""Last values with their age: the freshness rule, flags and day statistics."""

from __future__ import annotations

from tests.helpers.market import DAY, SECOND, T0, instrument, quote, trade
from workstation.domain.market import (
    Bar,
    BarKind,
    BarSource,
    BarType,
    PhaseChange,
    SessionPhase,
    StreamChange,
    StreamKind,
    StreamState,
)
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.cache import MarketCache
from workstation.marketdata.freshness import Flag, Freshness, FreshnessLimits
from workstation.marketdata.quality import Defect, Quality

LIMITS = FreshnessLimits(own_max=5 * SECOND, channel_max=2 * SECOND, silence_max=60 * SECOND, usual_factor=4)


def make() -> tuple[MarketCache, VirtualClock]:
    clock = VirtualClock(T0)
    instruments = {symbol: instrument(symbol) for symbol in ("ABC", "XYZ")}
    return MarketCache(clock, LIMITS, instruments), clock


def test_a_price_that_never_came_is_absent() -> None:
    cache, _ = make()
    price = cache.price("ABC")
    assert (price.value, price.freshness) == (None, Freshness.ABSENT)
    assert not cache.reference("ABC").fresh


def test_a_price_is_fresh_up_to_its_limit_and_stale_after_it() -> None:
    cache, clock = make()
    cache.apply([quote(99, 101)])
    clock.advance(5 * SECOND)
    assert cache.price("ABC", BarSource.BID).is_fresh
    clock.advance(1)
    price = cache.price("ABC", BarSource.BID)
    assert (price.value, price.freshness, price.age_ns) == (99, Freshness.STALE, 5 * SECOND + 1)
    assert price.reason == "no update", "its age stands beside it: a reason says no second figure"


def test_a_quiet_instrument_on_a_living_channel_is_fresh_within_its_usual_interval() -> None:
    cache, clock = make()
    for _ in range(3):
        cache.apply([quote(99, 101)])
        clock.advance(8 * SECOND)
    assert cache.price("ABC", BarSource.BID).freshness is Freshness.STALE
    cache.apply([quote(50, 51, symbol="XYZ")])
    assert cache.price("ABC", BarSource.BID).is_fresh
    clock.advance(25 * SECOND)
    cache.apply([quote(50, 51, symbol="XYZ")])
    assert cache.price("ABC", BarSource.BID).freshness is Freshness.STALE


def test_a_polled_snapshot_confirms_the_same_value() -> None:
    cache, clock = make()
    cache.apply([quote(99, 101)])
    clock.advance(9 * SECOND)
    cache.confirm("ABC")
    assert cache.price("ABC", BarSource.BID).is_fresh


def test_a_stream_that_is_down_makes_its_prices_stale_at_once() -> None:
    cache, _ = make()
    cache.apply([quote(99, 101), trade(100)])
    cache.apply([StreamChange(StreamKind.QUOTES, StreamState.DOWN, T0)])
    assert cache.price("ABC", BarSource.MID).freshness is Freshness.STALE
    assert cache.price("ABC").is_fresh
    assert not cache.reference("ABC").fresh


def test_the_feed_as_a_whole_is_down_only_where_all_of_it_is() -> None:
    cache, _ = make()
    assert cache.feed_state is StreamState.UP
    cache.apply(
        [StreamChange(StreamKind.QUOTES, StreamState.DOWN, T0), StreamChange(None, StreamState.DOWN, T0, "ABC")]
    )
    assert cache.feed_state is StreamState.UP
    cache.apply([StreamChange(None, StreamState.DOWN, T0)])
    assert cache.feed_state is StreamState.DOWN
    cache.apply([StreamChange(None, StreamState.UP, T0)])
    assert cache.feed_state is StreamState.UP


def test_a_trade_outside_an_older_quote_makes_both_stale() -> None:
    cache, _ = make()
    cache.apply([quote(99, 101), trade(150, at=2 * SECOND)])
    reference = cache.reference("ABC")
    assert not reference.fresh
    assert "outside" in reference.reason


def test_a_crossed_quote_is_stale_and_flagged() -> None:
    cache, _ = make()
    cache.apply([quote(102, 101)])
    price = cache.price("ABC", BarSource.BID)
    assert price.freshness is Freshness.STALE
    assert Flag.CROSSED in price.flags


def test_phases_are_flags() -> None:
    cache, _ = make()
    cache.apply([trade(100), PhaseChange("ABC", SessionPhase.HALTED, T0, T0)])
    assert Flag.HALTED in cache.price("ABC").flags
    cache.apply([PhaseChange("ABC", SessionPhase.CLOSED, T0, T0)])
    assert cache.price("ABC").flags == {Flag.CLOSED}
    assert cache.phase("ABC") is SessionPhase.CLOSED


def test_a_reference_carries_both_sides_the_last_price_and_the_age() -> None:
    cache, clock = make()
    cache.apply([quote(99, 101), trade(100)])
    clock.advance(SECOND)
    reference = cache.reference("ABC")
    assert (reference.bid, reference.ask, reference.last, reference.age_ms, reference.fresh) == (
        99,
        101,
        100,
        1000,
        True,
    )


def test_a_late_trade_counts_for_the_day_but_is_not_the_last_price() -> None:
    cache, _ = make()
    cache.apply([trade(100, 10, at=10), trade(120, 30, at=5)])
    stats = cache.stats("ABC")
    assert (stats.last, stats.high, stats.low, stats.volume, stats.vwap) == (100, 120, 100, 40, 115)


def test_a_new_trading_day_keeps_the_previous_close() -> None:
    cache, _ = make()
    cache.apply([trade(100), trade(103, at=1), trade(110, 5, at=DAY)])
    stats = cache.stats("ABC")
    assert (stats.prev_close, stats.open, stats.volume, stats.trades) == (103, 110, 5, 1)


def test_a_bar_from_outside_confirms_the_last_price() -> None:
    cache, clock = make()
    cache.apply([trade(100)])
    clock.advance(9 * SECOND)
    cache.apply([Bar("ABC", BarType(BarKind.MINUTE, 1, external=True), 100, 100, 100, 100, 1, 1, T0, T0 + 1)])
    assert cache.price("ABC").is_fresh


def test_stretches_of_silence_and_quotes_out_of_order_are_counted() -> None:
    clock, quality = VirtualClock(T0), Quality()
    cache = MarketCache(clock, LIMITS, {"ABC": instrument()}, quality=quality)
    cache.apply([quote(99, 101, at=5), quote(98, 100, at=4)])
    clock.advance(6 * SECOND)
    cache.apply([quote(99, 101, at=6 * SECOND)])
    assert quality.of("ABC", Defect.OUT_OF_ORDER) == 1
    assert quality.of("ABC", Defect.STALE) == 1
    held = cache.quote("ABC")
    assert held is not None
    assert held.bid == 99
