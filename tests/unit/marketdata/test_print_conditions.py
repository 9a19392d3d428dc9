"""Prints that count for a part: by the venue's table, for high and low, the last price and the volume apart."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import MINUTE, SECOND, T0, instrument, trade
from workstation.domain.conditions import EXTREMES, LAST, NO_PRICE, NOT_LAST, NOTHING, VOLUME, WHOLE, counts_for
from workstation.domain.market import Bar, BarKind, BarRevised, BarType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.calendar import always_open
from workstation.marketdata.service import MarketData

ONE = BarType(BarKind.MINUTE, 1)


def builder(bar_type: BarType = ONE) -> BarBuilder:
    return BarBuilder("ABC", bar_type, always_open(), since_ns=T0)


def put(bars: BarBuilder, price: int, size: int, at: int, effect: int = WHOLE) -> list[tuple[int, ...]]:
    made = bars.put_marked(price, size, T0 + at, 0, effect)
    return [(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count) for bar in made]


@pytest.mark.parametrize(
    ("conditions", "exchange", "effect"),
    [
        ("", "XNYS", WHOLE),
        ("@ F", "XNYS", WHOLE),
        ("@ T", "XNYS", WHOLE),
        ("@ I", "XNAS", NO_PRICE),
        ("Z", "XNYS", NOT_LAST),
        ("4", "XNYS", NOT_LAST),
        ("4,I", "XNYS", NO_PRICE),
        ("M", "XNYS", NOTHING),
        ("9", "XNYS", EXTREMES | LAST),
        ("P;20000020", "SMART", WHOLE),
        ("D;20100200", "SMART", NO_PRICE),
        ("P;80000000", "SMART", NO_PRICE),
        ("D;200", "SMART", NOT_LAST),
        ("Q;4000000", "SMART", NOTHING),
        ("P;word", "SMART", WHOLE),
        ("INSURANCE_FUND", "USDM", NO_PRICE),
        ("I", "USDM", WHOLE),
        ("I", "SIMX", WHOLE),
    ],
)
def test_a_print_counts_for_what_its_venues_table_says(conditions: str, exchange: str, effect: int) -> None:
    assert counts_for(conditions, exchange) == effect


def test_high_and_low_last_and_volume_are_apart() -> None:
    bars = builder()
    put(bars, 100, 10, 0)
    put(bars, 150, 5, 1, NO_PRICE)
    put(bars, 90, 5, 2, NOT_LAST)
    put(bars, 999, 5, 3, NOTHING)
    put(bars, 101, 70, 4, EXTREMES | LAST)
    assert put(bars, 102, 1, MINUTE) == [(100, 101, 90, 101, 20, 4)]


def test_a_print_without_a_price_waits_for_the_first_that_has_one() -> None:
    bars = builder()
    put(bars, 100, 10, 0)
    assert put(bars, 150, 3, MINUTE, NO_PRICE) == [(100, 100, 100, 100, 10, 1)]
    put(bars, 120, 3, MINUTE + 1, NOT_LAST)
    put(bars, 110, 10, MINUTE + 2)
    assert put(bars, 1, 1, 2 * MINUTE) == [(110, 120, 110, 110, 16, 3)]


def test_an_interval_without_a_last_price_stands_at_the_close_before_it() -> None:
    bars = builder()
    put(bars, 100, 10, 0)
    put(bars, 150, 3, MINUTE, NO_PRICE)
    put(bars, 97, 2, MINUTE + 1, NOT_LAST)
    (stands,) = bars.on_time(T0 + 2 * MINUTE)
    assert (stands.open, stands.high, stands.low, stands.close, stands.volume, stands.empty) == (
        100, 100, 97, 100, 5, False,
    )  # fmt: skip
    assert bars.on_time(T0 + 3 * MINUTE) == []


def test_a_late_print_without_a_price_revises_the_volume() -> None:
    bars = builder()
    put(bars, 100, 10, 0)
    put(bars, 101, 10, MINUTE)
    assert put(bars, 5, 7, 59 * SECOND, NO_PRICE) == [(100, 100, 100, 100, 17, 2)]


def test_volume_bars_keep_their_step_and_other_counted_bars_take_the_volume_along() -> None:
    volume = builder(BarType(BarKind.VOLUME, 10))
    assert put(volume, 90, 4, 0, NO_PRICE) == []
    assert put(volume, 100, 3, 1) == []
    assert put(volume, 500, 5, 2, NO_PRICE) == [(100, 100, 100, 100, 10, 2)]
    ticks = builder(BarType(BarKind.TICK, 2))
    put(ticks, 90, 4, 0, NO_PRICE)
    put(ticks, 100, 3, 1)
    put(ticks, 500, 5, 2, NOT_LAST)
    assert ticks.current is not None
    assert (ticks.current.high, ticks.current.volume) == (100, 12)


effects = st.sampled_from((WHOLE, WHOLE, NO_PRICE, NOT_LAST, NOTHING, EXTREMES | LAST))
kinds = st.sampled_from(
    [ONE, BarType(BarKind.MINUTE, 1, every=True), BarType(BarKind.VOLUME, 30), BarType(BarKind.VALUE, 900),
     BarType(BarKind.RENKO, 20), BarType(BarKind.TICK_RUNS, 2)]
)  # fmt: skip


@given(
    kinds, st.lists(st.tuples(st.integers(0, 2 * MINUTE), st.integers(1, 99), st.integers(1, 50), effects), max_size=40)
)
def test_volume_that_counts_is_in_the_bars_and_low_and_high_hold(
    bar_type: BarType, drawn: list[tuple[int, int, int, int]]
) -> None:
    bars, at, made, counted = builder(bar_type), 0, [], 0
    for gap, price, size, effect in drawn:
        at += gap
        made += bars.put_marked(price, size, T0 + at, 0, effect)
        counted += size if effect & VOLUME else 0
    made += bars.on_time(T0 + at + 3 * MINUTE) or ([bars.current] if bars.current else [])
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in made)
    missing = counted - sum(bar.volume for bar in made)
    waits = sum(size for *_, size, effect in drawn if effect in (NO_PRICE, NOT_LAST))
    assert missing == 0 if bar_type.kind is BarKind.MINUTE else 0 <= missing <= waits


def test_the_conditions_of_a_feed_reach_its_bars() -> None:
    listed = msgspec.structs.replace(instrument(), exchange="XNYS")
    market = MarketData(VirtualClock(T0), {"ABC": listed}, on_fault=lambda *_: None)
    history = market.bars("ABC", ONE, since_ns=T0)
    odd = msgspec.structs.replace(trade(500, 7, at=1), conditions="@ I")
    told: list[object] = []
    market.listen(told.extend)
    market.on_feed([trade(100, 10), odd, trade(101, 10, at=MINUTE)])
    assert history.values.tolist() == [[100, 100, 100, 100, 17]]
    market.on_feed([msgspec.structs.replace(trade(500, 7, at=2), conditions="@ I")])
    assert [type(event) for event in told if isinstance(event, Bar | BarRevised)] == [Bar, BarRevised]
    assert history.values.tolist() == [[100, 100, 100, 100, 24]]
