"""Last price and day statistics: by the conditions of prints, and without those that the venue took back, as bars."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import DAY, MINUTE, SECOND, T0, instrument, quote, trade
from workstation.domain.conditions import EXTREMES, LAST, VOLUME, counts_for
from workstation.domain.market import BAR_CONDITION, Bar, BarKind, BarType, Trade, TradeBust
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.day_statistics import DayStats
from workstation.marketdata.freshness import Freshness
from workstation.marketdata.service import MarketData

STOCK = msgspec.structs.replace(instrument(), exchange="NASDAQ")
ODD_LOT, AVERAGE, OUT_OF_SEQUENCE, OFFICIAL = "I", "W", "Z", "M"


def named(number: int, price: int, size: int = 100, at: int = 0, conditions: str = "") -> Trade:
    return msgspec.structs.replace(trade(price, size, at), trade_id=f"T{number}", conditions=conditions)


def bust(number: int) -> TradeBust:
    return TradeBust("ABC", f"T{number}", T0, T0)


def market() -> MarketData:
    return MarketData(VirtualClock(T0), {"ABC": STOCK}, on_fault=lambda *_: None)


def after(*events: Trade | TradeBust) -> DayStats:
    made = market()
    for event in events:
        made.on_feed([event])
    return made.cache.stats("ABC")


class Row(NamedTuple):
    price: int
    size: int
    at: int
    conditions: str


@pytest.mark.parametrize(
    ("conditions", "high", "volume", "vwap", "last"),
    [
        (ODD_LOT, 101, 250, 100, 101),
        (AVERAGE, 101, 250, 100, 101),
        (OUT_OF_SEQUENCE, 900, 250, 260, 101),
        (OFFICIAL, 101, 200, 100, 101),
        ("", 900, 250, 260, 900),
    ],
)
def test_a_print_sets_what_its_conditions_let_it(conditions: str, high: int, volume: int, vwap: int, last: int) -> None:
    stats = after(named(1, 100), named(2, 101, at=1), named(3, 900, 50, at=2, conditions=conditions))
    assert (stats.open, stats.high, stats.volume, stats.vwap, stats.last) == (100, high, volume, vwap, last)


def test_a_day_of_odd_lots_alone_has_a_volume_and_no_price() -> None:
    stats = after(named(1, 900, 7, conditions=ODD_LOT))
    assert stats == DayStats(None, None, None, None, None, 7, None, 1)


def test_an_odd_lot_does_not_make_an_old_last_price_fresh() -> None:
    clock = VirtualClock(T0)
    made = MarketData(clock, {"ABC": STOCK}, on_fault=lambda *_: None)
    made.on_feed([named(1, 100)])
    clock.advance(60 * MINUTE)
    made.on_feed([named(2, 900, 3, 60 * MINUTE, ODD_LOT)])
    price = made.price("ABC")
    assert (price.value, price.age_ns, price.freshness) == (100, 60 * MINUTE, Freshness.STALE)


def test_a_bust_gives_high_low_last_volume_and_average_back() -> None:
    prints = [named(1, 100), named(2, 105, at=1), named(3, 900, at=2), named(4, 103, at=3), named(5, 7, at=4)]
    assert after(*prints, bust(3), bust(5)) == DayStats(100, 105, 100, 103, None, 300, 102, 3)


def test_a_print_that_was_taken_back_is_taken_back_once() -> None:
    assert after(named(1, 100), named(2, 101, at=1), bust(2), bust(2)).volume == 100


def test_the_first_print_taken_back_lets_the_second_open_the_day() -> None:
    stats = after(named(1, 900), named(2, 101, at=1), bust(1))
    assert (stats.open, stats.high, stats.low, stats.last) == (101, 101, 101, 101)
    assert after(named(1, 900), bust(1)) == DayStats(None, None, None, None, None, 0, None, 0)


def test_a_quiet_instrument_goes_back_to_the_price_before_though_its_print_is_long_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workstation.marketdata.kept_trades.EVENTS_KEPT_MAX", 1)
    stats = after(named(1, 100), named(2, 900, at=1), bust(2))
    assert (stats.last, stats.high, stats.low, stats.volume) == (100, 100, 100, 100)


def test_a_corrected_print_counts_at_its_new_price_and_its_old_time() -> None:
    fixed = named(9, 101, at=SECOND)
    stats = after(named(1, 100), named(2, 900, at=SECOND), named(3, 102, at=2 * SECOND), bust(2), fixed)
    assert stats == DayStats(100, 102, 100, 102, None, 300, 101, 3)


def test_a_bust_is_told_to_screens_as_a_change() -> None:
    made = market()
    screen = made.conflate(("ABC",))
    made.on_feed([quote(99, 101), named(1, 100), named(2, 900, at=1)])
    assert screen.take()["ABC"].stats.last == 900
    made.on_feed([bust(2)])
    assert screen.take()["ABC"].stats.last == 100


def test_a_late_print_of_yesterday_is_none_of_today() -> None:
    stats = after(named(1, 100), named(2, 101, at=DAY), named(3, 900, at=DAY - SECOND))
    assert stats == DayStats(101, 101, 101, 101, 100, 100, 101, 1)


def test_a_bar_from_outside_that_is_played_reaches_from_its_low_to_its_high() -> None:
    made = market()
    minute = BarType(BarKind.MINUTE, 1, external=True)
    bar = Bar("ABC", minute, 100, 109, 91, 101, 40, 1, T0, T0 + MINUTE)
    made.on_feed([bar, named(1, 101, 40, MINUTE - 1, BAR_CONDITION)])
    assert made.cache.stats("ABC") == DayStats(100, 109, 91, 101, None, 40, 101, 1)


def told(rows: list[Row]) -> DayStats:
    """Return the statistics by the plain rules: of all rows, each for what its conditions let it count for."""
    marked = [(row, counts_for(row.conditions, "NASDAQ") if row.conditions else 7) for row in rows]
    lasts = [row for row, effect in marked if effect & LAST]
    priced = [row.price for row, effect in marked if effect & EXTREMES]
    sized = [(row, effect) for row, effect in marked if effect & VOLUME]
    weighed = [row for row, effect in sized if effect & (EXTREMES | LAST)]
    weight = sum(row.size for row in weighed)
    return DayStats(
        min(lasts, key=lambda row: row.at).price if lasts else None,
        max(priced, default=None),
        min(priced, default=None),
        max(reversed(lasts), key=lambda row: row.at).price if lasts else None,
        None,
        sum(row.size for row, _ in sized),
        sum(row.price * row.size for row in weighed) // weight if weight else None,
        sum(effect & (LAST | VOLUME) != 0 for _, effect in marked),
    )


@given(
    st.lists(
        st.tuples(
            st.integers(-5, 9), st.integers(1, 30), st.integers(1, 9), st.sampled_from(["", "", "", "I", "Z", "M", "9"])
        ),
        min_size=1,
        max_size=25,
    ),
    st.data(),
)
def test_after_busts_the_day_is_that_of_the_prints_that_stand(
    drawn: list[tuple[int, int, int, str]], data: st.DataObject
) -> None:
    at, rows = 5, []
    for gap, price, size, conditions in drawn:
        at = max(at + gap, 0)
        rows.append(Row(price, size, at, conditions))
    made, gone = market(), set()
    for number, row in enumerate(rows):
        made.on_feed([named(number, row.price, row.size, row.at, row.conditions)])
        if data.draw(st.integers(0, 3)) == 0:
            back = data.draw(st.integers(0, number))
            gone.add(back)
            made.on_feed([bust(back)])
    standing = [row for number, row in enumerate(rows) if number not in gone]
    assert made.cache.stats("ABC") == told(standing)
