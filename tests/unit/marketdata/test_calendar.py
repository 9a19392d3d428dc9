"""Sessions in exchange time, answered in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from workstation.domain.errors import NotFound
from workstation.marketdata.calendar import Calendars, SessionCalendar, always_open, foreign_exchange, us_equities


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def test_a_new_york_session_follows_the_clock_change() -> None:
    calendar = us_equities()
    winter, summer = calendar.session(date(2024, 1, 3)), calendar.session(date(2024, 7, 1))
    assert winter is not None
    assert summer is not None
    assert (winter.open, winter.close) == (ns("2024-01-03T14:30"), ns("2024-01-03T21:00"))
    assert (summer.open, summer.close) == (ns("2024-07-01T13:30"), ns("2024-07-01T20:00"))


def test_holidays_and_weekends_have_no_session() -> None:
    calendar = us_equities()
    assert calendar.session(date(2024, 7, 4)) is None
    assert calendar.session(date(2024, 7, 6)) is None


def test_an_early_close_ends_the_session_at_one() -> None:
    found = us_equities().session(date(2024, 11, 29))
    assert found is not None
    assert found.close == ns("2024-11-29T18:00")


def test_a_session_is_open_at_its_open_and_closed_at_its_close() -> None:
    calendar = us_equities()
    assert calendar.session_at(ns("2024-01-03T14:30")) is not None
    assert calendar.session_at(ns("2024-01-03T21:00")) is None


def test_a_day_order_given_after_the_close_ends_with_the_next_session() -> None:
    assert us_equities().close_after(ns("2024-07-03T18:00")) == ns("2024-07-05T20:00")


def test_the_currency_week_begins_on_sunday_evening_and_ends_on_friday_evening() -> None:
    calendar = foreign_exchange()
    assert calendar.session_at(ns("2024-01-07T21:59")) is None
    sunday = calendar.session_at(ns("2024-01-07T22:00"))
    assert sunday is not None
    assert sunday.label == date(2024, 1, 8)
    assert calendar.session_at(ns("2024-01-12T22:00")) is None


@pytest.mark.parametrize("calendar", [always_open(), us_equities(), foreign_exchange()], ids=lambda found: found.name)
def test_day_windows_follow_each_other_without_a_gap(calendar: SessionCalendar) -> None:
    day = date(2024, 3, 8)
    for ahead in range(6):
        _, end = calendar.day_window(day + timedelta(days=ahead))
        assert end == calendar.day_window(day + timedelta(days=ahead + 1))[0]
        assert calendar.trading_date(end) == day + timedelta(days=ahead + 1)
        assert calendar.trading_date(end - 1) == day + timedelta(days=ahead)


def test_holidays_may_be_given_as_data() -> None:
    calendar = us_equities(frozenset({date(2013, 10, 7)}), {})
    assert calendar.session(date(2013, 10, 7)) is None
    assert Calendars({"MINE": calendar})["MINE"] is calendar


def test_an_unknown_calendar_is_named_in_the_error() -> None:
    with pytest.raises(NotFound, match="MARS"):
        Calendars()["MARS"]
