"""A split that takes force while bars form: each is in prices of its end, told by the venue or known before."""

from __future__ import annotations

import pytest

from tests.helpers.market import MINUTE, SECOND, T0, instrument, trade
from workstation.domain.market import Bar, BarKind, BarType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import always_open
from workstation.marketdata.coverage import ex_time
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.live_splits import TOLD_TWICE_NS
from workstation.marketdata.service import MarketData

WEEK = BarType(BarKind.WEEK, 1)
HALF = 0.5
FORCE = 10 * MINUTE


def market() -> MarketData:
    made = MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None, resync=lambda _: None)
    made.close_bars(T0)
    return made


def forming(made: MarketData, bar_type: BarType = WEEK) -> tuple[int, int, int, int, int]:
    bar = made.current_bar("ABC", bar_type)
    assert bar is not None
    return bar.open, bar.high, bar.low, bar.close, bar.volume


def traded(made: MarketData, *prices: int, at: int = 0) -> None:
    made.on_feed([trade(price, 10, at=at + number * SECOND) for number, price in enumerate(prices)])


@pytest.mark.parametrize("interval", ["1w", "1mo", "1d", "1w:of-1d", "1h"])
def test_a_bar_within_which_the_venue_does_a_split_is_in_prices_of_its_end(interval: str) -> None:
    made, bar_type = market(), bar_type_of(interval)
    made.bars("ABC", bar_type)
    traded(made, 1_000, 1_020, 980)
    made.splits.on_split("ABC", 2, 1, T0 + FORCE)
    traded(made, 505, at=FORCE)
    if bar_type.parts is None:
        assert forming(made, bar_type) == (500, 510, 490, 505, 70)
    else:
        assert forming(made, bar_type.parts) == (500, 510, 490, 505, 70)


def test_days_that_a_week_is_composed_of_are_brought_along() -> None:
    made, composed = market(), bar_type_of("1w:of-1d")
    made.bars("ABC", composed)
    traded(made, 1_000, 1_020, 980)
    day = 86_400 * SECOND
    traded(made, 1_010, at=day)
    assert forming(made, composed)[:4] == (1_000, 1_020, 980, 980), "of the first day"
    made.splits.on_split("ABC", 2, 1, T0 + day + FORCE)
    traded(made, 505, at=day + FORCE)
    assert forming(made, composed)[:4] == (500, 510, 490, 490)


def test_a_split_that_is_known_before_takes_force_with_the_first_trade_of_its_time() -> None:
    made = market()
    made.bars("ABC", WEEK)
    made.splits.expect("ABC", [(T0 + FORCE, HALF)])
    traded(made, 1_000, 1_020, 980)
    assert forming(made)[:4] == (1_000, 1_020, 980, 980)
    traded(made, 500, at=FORCE)
    assert forming(made) == (500, 510, 490, 500, 70)
    traded(made, 510, at=FORCE + MINUTE)
    made.close_bars(T0 + FORCE + 2 * MINUTE)
    assert forming(made) == (500, 510, 490, 510, 80), "once"


def test_a_split_that_is_known_before_takes_force_without_a_trade_too() -> None:
    made = market()
    made.bars("ABC", WEEK)
    made.splits.expect("ABC", [(T0 + FORCE, HALF)])
    traded(made, 1_000)
    made.close_bars(T0 + FORCE)
    assert forming(made)[3] == 500


def test_one_that_is_past_changes_nothing() -> None:
    made = market()
    made.bars("ABC", WEEK)
    traded(made, 1_000)
    made.splits.expect("ABC", [(T0 - MINUTE, HALF)])
    traded(made, 1_000, at=MINUTE)
    assert forming(made) == (1_000, 1_000, 1_000, 1_000, 20)


def test_one_that_is_known_twice_takes_force_once() -> None:
    made = market()
    made.bars("ABC", WEEK)
    traded(made, 1_000)
    for _ in range(2):
        made.splits.expect("ABC", [(T0 + FORCE, HALF)])
    made.close_bars(T0 + FORCE)
    assert forming(made)[3] == 500


def test_one_that_the_venue_told_of_near_the_time_it_was_known_for_is_the_same() -> None:
    made = market()
    made.bars("ABC", WEEK)
    traded(made, 1_000)
    made.splits.expect("ABC", [(T0 + FORCE, HALF), (T0 + FORCE + 2 * TOLD_TWICE_NS, HALF)])
    made.splits.on_split("ABC", 2, 1, T0 + FORCE - MINUTE)
    made.splits.on_time(T0 + FORCE)
    assert forming(made)[3] == 500
    made.splits.on_time(T0 + FORCE + 2 * TOLD_TWICE_NS)
    assert made.splits.expected == []


def test_closed_bars_other_instruments_and_bars_that_trades_close_stay() -> None:
    made, ticks, minutes = market(), bar_type_of("10t"), bar_type_of("1m")
    history = made.bars("ABC", minutes)
    made.bars("ABC", ticks)
    traded(made, 1_000, 1_020)
    traded(made, 1_010, at=MINUTE)
    made.splits.on_split("XYZ", 2, 1, T0 + FORCE)
    assert forming(made, minutes)[3] == 1_010
    made.splits.on_split("ABC", 2, 1, T0 + MINUTE + SECOND)
    assert history.values[:, 3].tolist() == [1_020]
    assert forming(made, minutes)[3] == 505
    assert forming(made, ticks)[3] == 1_010
    assert isinstance(made.current_bar("ABC", ticks), Bar)


@pytest.mark.parametrize(
    ("interval", "opening"),
    [("1m", 10 * MINUTE), ("5m", 10 * MINUTE), ("1h", 0), ("1d", 0), ("1w", FORCE), ("5kt", FORCE)],
)
def test_a_split_that_was_done_counts_from_the_opening_of_the_bar_that_formed(interval: str, opening: int) -> None:
    made = market()
    traded(made, 1_000)
    made.splits.on_split("ABC", 3, 2, T0 + FORCE + SECOND)
    (done,) = made.splits.done("ABC", bar_type_of(interval))
    expected = T0 + opening + (SECOND if opening == FORCE and interval in ("1w", "5kt") else 0)
    assert (done.numerator, done.denominator, done.at) == (3, 2, expected)
    assert ex_time(done, always_open()) == expected
    assert made.splits.done("XYZ", bar_type_of(interval)) == []
    assert made.splits.done("ABC", bar_type_of(interval), [T0 + FORCE - MINUTE]) == [], "one that is stored is the same"
    assert made.splits.done("ABC", bar_type_of(interval), [T0 - TOLD_TWICE_NS]) == [done]
