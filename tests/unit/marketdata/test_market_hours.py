"""Calendars of imported market hours: evenings, pauses, holidays, early closes and late opens, and who finds them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.helpers.market import T0, instrument, trade
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.market import BarKind, BarType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import GapFinder
from workstation.marketdata.holidays import XNYS_HOLIDAYS
from workstation.marketdata.market_hours import US_EQUITIES, HoursCalendar, ImportedCalendars, zone_of
from workstation.marketdata.service import MarketData
from workstation.ports.market_data import MarketHours

H = 3_600
DAY = 24 * H
NONE: tuple[tuple[int, int], ...] = ()


def hours(*week: tuple[tuple[int, int], ...], name: str = "a.b", zone: str = "UTC", **parts) -> MarketHours:
    return MarketHours(name=name, zone=zone, week=week, **parts)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def told(calendar: HoursCalendar, day: str) -> tuple[str, ...]:
    """Return the edges of a session, those of its pauses between."""
    found = calendar.session(date.fromisoformat(day))
    edges = () if found is None else (edge for stretch in found.stretches for edge in stretch)
    return tuple(datetime.fromtimestamp(edge // 10**9, UTC).strftime("%d %H:%M") for edge in edges)


LUNCH = hours(*[((9 * H, 12 * H), (13 * H, 16 * H))] * 5, NONE, NONE, holidays=("2024-01-03",))
NIGHT = ((0, 17 * H), (18 * H, DAY))
FUTURES = hours(NIGHT, NIGHT, NIGHT, NIGHT, ((0, 17 * H),), NONE, ((18 * H, DAY),))


def test_a_day_with_a_break_is_one_session_that_pauses():
    calendar = HoursCalendar(LUNCH)
    assert told(calendar, "2024-01-02") == ("02 09:00", "02 12:00", "02 13:00", "02 16:00")
    noon = at("2024-01-02 12:30")
    assert calendar.session_at(noon) is None
    assert calendar.session_after(noon).open == at("2024-01-02 13:00")
    assert calendar.close_after(noon) == at("2024-01-02 16:00"), "a DAY order of the break ends with its day"
    assert calendar.session_at(at("2024-01-02 13:00")).close == at("2024-01-02 16:00")


def test_holidays_and_weekends_have_no_session():
    calendar = HoursCalendar(LUNCH)
    assert [told(calendar, day) for day in ("2024-01-03", "2024-01-06")] == [(), ()]
    assert calendar.session_after(at("2024-01-02 17:00")).open == at("2024-01-04 09:00")


def test_an_evening_belongs_to_the_next_trading_day():
    calendar = HoursCalendar(FUTURES)
    assert told(calendar, "2024-01-08") == ("07 18:00", "08 17:00")
    assert told(calendar, "2024-01-07") == ()
    assert calendar.trading_date(at("2024-01-07 18:00")) == date(2024, 1, 8)
    assert calendar.day_window(date(2024, 1, 8)) == (at("2024-01-07 18:00"), at("2024-01-08 18:00"))


def test_a_market_that_never_closes_has_a_session_for_each_day():
    calendar = HoursCalendar(hours(*[((0, DAY),)] * 7))
    assert told(calendar, "2024-01-06") == ("06 00:00", "07 00:00")


def test_an_early_close_cuts_and_a_late_open_after_it_pauses():
    early = {"2024-01-02": 12 * H, "2024-01-08": 13 * H}
    late = {"2024-01-04": 14 * H, "2024-01-08": 18 * H}
    cut = HoursCalendar(hours(*LUNCH.week, early_closes=early, late_opens=late))
    assert told(cut, "2024-01-02") == ("02 09:00", "02 12:00")
    assert told(cut, "2024-01-04") == ("04 14:00", "04 16:00")
    night = HoursCalendar(hours(*FUTURES.week, early_closes=early, late_opens=late))
    assert told(night, "2024-01-08") == ("07 18:00", "08 13:00")
    assert told(night, "2024-01-09") == ("08 18:00", "09 17:00")


def test_hours_follow_the_clocks_of_the_market():
    calendar = HoursCalendar(hours(*[((9 * H + H // 2, 16 * H),)] * 5, NONE, NONE, zone="America/New_York"))
    assert told(calendar, "2024-01-08") == ("08 14:30", "08 21:00")
    assert told(calendar, "2024-07-08") == ("08 13:30", "08 20:00")
    assert zone_of("UTC-05").utcoffset(None) == timedelta(hours=-5)
    with pytest.raises(ValidationError, match="is no zone"):
        zone_of("Mars/Base")


def test_no_bar_is_missing_in_a_pause():
    finder = GapFinder(BarType(BarKind.HOUR, 1), HoursCalendar(LUNCH))
    starts = [at(f"2024-01-02 {hour:02}:00") for hour in (9, 10, 11, 13, 15)]
    gaps = finder.add(starts, [start + H * 10**9 for start in starts])
    assert [(gap.start, gap.missing) for gap in gaps] == [(at("2024-01-02 14:00"), 1)]


def test_adopted_hours_are_found_by_every_calendars_of_the_process_and_by_their_own_names():
    before = Calendars()
    Calendars.adopt(ImportedCalendars({"north.future": FUTURES}))
    assert before["north.future"].name == "north.future"
    Calendars.adopt({})
    with pytest.raises(NotFound):
        before["north.future"]


def test_hours_of_us_equities_add_to_the_built_in_calendar_and_take_nothing_from_it():
    week = [((9 * H + H // 2, 16 * H),)] * 5
    usa = hours(*week, NONE, NONE, name=US_EQUITIES, zone="America/New_York",
                holidays=("2030-01-01",), early_closes={"2013-07-03": 13 * H})  # fmt: skip
    assert Calendars()["XNYS"].session(date(2013, 7, 3)).close == at("2013-07-03 20:00")
    Calendars.adopt(ImportedCalendars({US_EQUITIES: usa}))
    calendar = Calendars()["XNYS"]
    assert calendar.name == "XNYS"
    assert calendar.session(date(2013, 7, 3)).close == at("2013-07-03 17:00")
    assert calendar.session(date(2030, 1, 1)) is None
    assert all(calendar.session(day) is None for day in XNYS_HOLIDAYS)
    assert calendar.session(date(2026, 11, 27)).close == at("2026-11-27 18:00")


NEW_YORK = hours(*[((9 * H + H // 2, 17 * H),)] * 5, NONE, NONE, name=US_EQUITIES, zone="America/New_York")
EVENING = at("2024-01-02 21:10")
"""Ten minutes behind the built-in close."""


def test_a_calendar_that_is_in_use_tells_imported_hours_at_once_and_keeps_them_when_they_go():
    calendars = Calendars()
    held = calendars["XNYS"]
    assert held.session_at(EVENING) is None
    Calendars.adopt(ImportedCalendars({US_EQUITIES: NEW_YORK, "north.future": FUTURES}))
    assert held.close_after(EVENING) == at("2024-01-02 22:00")
    assert (held.name, held.utc_offset(EVENING)) == ("XNYS", -5 * H * 10**9)
    future = calendars["north.future"]
    Calendars.adopt({})
    assert held.session_at(EVENING) is None
    assert future.trading_date(at("2024-01-07 18:00")) == date(2024, 1, 8), "what is known no more goes on"
    assert future.day_window(date(2024, 1, 8))[0] == at("2024-01-07 18:00")


def test_a_series_that_left_ticks_out_takes_them_once_their_hours_are_imported():
    stock = instrument(calendar="XNYS")
    market = MarketData(VirtualClock(EVENING), {"ABC": stock}, on_fault=lambda *_: None)
    day = BarType(BarKind.DAY, 1)
    market.bars("ABC", day)
    market.on_feed([trade(100, at=EVENING - T0)])
    assert market.current_bar("ABC", day) is None
    Calendars.adopt(ImportedCalendars({US_EQUITIES: NEW_YORK}))
    market.on_feed([trade(101, at=EVENING + 10**9 - T0)])
    bar = market.current_bar("ABC", day)
    assert bar is not None
    assert (bar.close, bar.ts_close) == (101, at("2024-01-02 22:00"))
