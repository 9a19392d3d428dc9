"""Open series after trading hours were imported or deleted: their bars are those that the new hours cut."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.helpers.market import MINUTE, T0, instrument, trade
from workstation.domain.market import Bar, BarType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.history import BarHistory
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.market_hours import ImportedCalendars
from workstation.marketdata.service import MarketData
from workstation.ports.market_data import MarketHours

HOUR = 60 * MINUTE
MIDNIGHT = T0 - T0 % (24 * HOUR)
SHOP = msgspec.structs.replace(instrument("ABC"), calendar="shop")
DAY, OPENED, MINUTES = bar_type_of("1d"), bar_type_of("1h@open"), bar_type_of("1m")


def hours(opens_s: int, closes_s: int) -> None:
    week = (((opens_s, closes_s),),) * 7
    Calendars.adopt(ImportedCalendars({"shop": MarketHours(name="shop", zone="UTC", week=week)}))


@pytest.fixture(autouse=True)
def early() -> Iterator[None]:
    hours(0, 86_400)
    yield
    Calendars.adopt({})


def market() -> MarketData:
    return MarketData(VirtualClock(T0), {"ABC": SHOP}, on_fault=lambda *_: None)


def feed(data: MarketData, first: int, last: int, step: int = 17) -> None:
    """Trade every `step` minutes from minute `first` of the day on, the price being the minute."""
    for minute in range(first, last, step):
        data.on_feed([trade(1_000 + minute, 3, at=MIDNIGHT - T0 + minute * MINUTE)])


def rows(history: BarHistory) -> list[list[int]]:
    return [
        [*times, *values]
        for times, values in zip(history.ts_open_close().tolist(), history.values.tolist(), strict=True)
    ]


def recut(data: MarketData) -> list[BarType]:
    found = data.series.miscut()
    return [bar_type for symbol, bar_type in found if data.series.recut(symbol, bar_type, ()) is not None]


@pytest.mark.parametrize("bar_type", [DAY, OPENED, bar_type_of("30m@open")])
def test_a_series_of_trades_is_as_if_the_new_hours_had_always_been(bar_type: BarType) -> None:
    open_, fresh = market(), market()
    history = open_.bars("ABC", bar_type)
    feed(open_, 1, 3_000)
    hours(9 * 3_600 + 600, 17 * 3_600)  # opens after the first trade, so that every bar of them is known whole
    assert recut(open_) == [bar_type]
    wanted = fresh.bars("ABC", bar_type)
    feed(fresh, 1, 3_000)
    assert rows(history) == rows(wanted)
    assert len(history) > 1
    for data in (open_, fresh):
        feed(data, 3_001, 6_000)
    assert rows(history) == rows(wanted)
    assert open_.current_bar("ABC", bar_type) == fresh.current_bar("ABC", bar_type)
    assert recut(open_) == []


def test_a_composed_series_is_laid_of_its_parts_and_the_parts_stay() -> None:
    data, fresh = market(), market()
    small, large = data.bars("ABC", MINUTES), data.series.compose("ABC", MINUTES, OPENED)
    feed(data, 1, 3_000, step=7)
    before = rows(small)
    hours(1_800, 86_400)
    wanted = fresh.series.compose("ABC", MINUTES, OPENED)
    feed(fresh, 1, 3_000, step=7)
    assert recut(data) == [OPENED]
    assert (rows(small), rows(large)) == (before, rows(wanted)[1:])  # the first one began before the first trade
    for one in (data, fresh):
        feed(one, 3_001, 3_200, step=7)
    assert rows(large) == rows(wanted)[1:]


def test_bars_from_outside_take_the_place_of_what_they_cover_and_the_last_goes_on() -> None:
    data = market()
    history = data.bars("ABC", DAY)
    feed(data, 1, 3_000)
    hours(6 * 3_600, 86_400)
    opened = MIDNIGHT + 6 * HOUR
    past = [
        Bar("ABC", DAY, 7, 9, 6, 8, 5, 1, opened, MIDNIGHT + 24 * HOUR),
        Bar("ABC", DAY, 8, 9, 7, 9, 5, 1, opened + 24 * HOUR, MIDNIGHT + 48 * HOUR, partial=True),
    ]
    assert data.series.recut("ABC", DAY, past) == past[-1]
    assert history.ts_open.tolist() == [opened]
    forming = data.current_bar("ABC", DAY)
    assert forming is not None
    assert (forming.ts_open, forming.open, forming.volume) == (opened + 24 * HOUR, 8, 5)


def test_what_is_older_than_all_that_is_known_stays_as_it_was_cut() -> None:
    data = market()
    old = Bar("ABC", DAY, 7, 9, 6, 8, 5, 1, MIDNIGHT - 48 * HOUR, MIDNIGHT - 24 * HOUR)
    history = data.series.seed("ABC", DAY, [old])
    hours(6 * 3_600, 86_400)
    assert recut(data) == []
    assert history.ts_open.tolist() == [old.ts_open]
    feed(data, 1, 5_000)
    assert recut(data) == [DAY]
    assert history.ts_open.tolist()[0] == old.ts_open


def test_hours_that_cut_nothing_otherwise_leave_every_series_alone() -> None:
    data = market()
    data.bars("ABC", MINUTES)
    data.bars("ABC", bar_type_of("100t"))
    feed(data, 1, 3_000)
    hours(6 * 3_600, 86_400)
    assert data.series.miscut() == []
