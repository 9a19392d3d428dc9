"""Calendars over the days of 1970 to 2040 in the zones of exchanges: clock changes, leap days, half days, zone moves.

Random zone, day and hours; the oracle is the wall clock itself, read back from UTC. A spot list holds dates that went
wrong for others.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.times import NS_PER_S
from workstation.marketdata.calendar import DAY_S, HOUR_S, Calendars, SessionCalendar

ZONES = [
    "America/New_York", "America/Chicago", "America/Toronto", "America/Sao_Paulo", "America/Mexico_City",
    "America/Santiago", "America/Bogota", "America/Lima", "America/Argentina/Buenos_Aires", "Europe/London",
    "Europe/Dublin", "Europe/Paris", "Europe/Berlin", "Europe/Zurich", "Europe/Madrid", "Europe/Stockholm",
    "Europe/Warsaw", "Europe/Istanbul", "Europe/Moscow", "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai",
    "Asia/Hong_Kong", "Asia/Singapore", "Asia/Kolkata", "Asia/Jakarta", "Asia/Bangkok", "Asia/Dubai", "Asia/Riyadh",
    "Asia/Tel_Aviv", "Asia/Tehran", "Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland",
    "Africa/Cairo", "Africa/Johannesburg", "Africa/Casablanca", "UTC",
]  # fmt: skip
DAYS = st.dates(date(1970, 1, 3), date(2040, 12, 28))
MARKET_HOURS = ((9 * HOUR_S + 1_800, 16 * HOUR_S), (8 * HOUR_S, 16 * HOUR_S + 1_800), (10 * HOUR_S, 18 * HOUR_S))
OVERNIGHT = ((-7 * HOUR_S, 17 * HOUR_S), (-6 * HOUR_S, 16 * HOUR_S), (0, DAY_S))
SHAPES = st.sampled_from(MARKET_HOURS + OVERNIGHT)


def calendar_of(zone: str, shape: tuple[int, int]) -> SessionCalendar:
    return SessionCalendar(
        zone, ZoneInfo(zone), weekdays=frozenset(range(7)), open_s=shape[0], close_s=shape[1], holidays=frozenset()
    )


def wall(zone: str, ts: int) -> datetime:
    """Return the wall clock of a zone at an instant, UTC ns."""
    return datetime.fromtimestamp(ts // NS_PER_S, ZoneInfo(zone)).replace(tzinfo=None)


@given(st.sampled_from(ZONES), DAYS, st.sampled_from(MARKET_HOURS))
def test_a_session_opens_and_closes_at_its_wall_clock_on_every_day(
    zone: str, day: date, shape: tuple[int, int]
) -> None:
    found = calendar_of(zone, shape).session(day)
    assert found is not None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  a wall clock, of the zone under test
    assert wall(zone, found.open) == midnight + timedelta(seconds=shape[0])
    assert wall(zone, found.close) == midnight + timedelta(seconds=shape[1])
    assert found.close - found.open == (shape[1] - shape[0]) * NS_PER_S, "no clock changes while a market is open"


@given(st.sampled_from(ZONES), DAYS, SHAPES)
def test_trading_days_follow_each_other_without_gap_or_overlap_and_hold_their_session(
    zone: str, day: date, shape: tuple[int, int]
) -> None:
    calendar = calendar_of(zone, shape)
    start, end = calendar.day_window(day)
    after, _ = calendar.day_window(day + timedelta(days=1))
    assert end == after
    assert 22 * HOUR_S <= (end - start) // NS_PER_S <= 26 * HOUR_S
    found = calendar.session(day)
    assert found is not None
    assert start <= found.open < found.close <= end


@given(st.sampled_from(ZONES), DAYS, SHAPES, st.integers(0, DAY_S - 1))
def test_every_instant_belongs_to_the_day_whose_window_holds_it(
    zone: str, day: date, shape: tuple[int, int], second: int
) -> None:
    calendar = calendar_of(zone, shape)
    ts = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + second) * NS_PER_S
    start, end = calendar.day_window(calendar.trading_date(ts))
    assert start <= ts < end


@given(st.sampled_from(["ALWAYS", "XNYS", "FX"]), DAYS, st.integers(0, DAY_S - 1))
def test_a_day_order_of_any_instant_ends_after_it_at_the_close_of_a_session(name: str, day: date, second: int) -> None:
    calendar = Calendars()[name]
    ts = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + second) * NS_PER_S
    close = calendar.close_after(ts)
    assert close is not None
    assert ts < close <= ts + 6 * DAY_S * NS_PER_S
    open_now = calendar.session_at(ts)
    if open_now is not None:
        assert close == open_now.close
    assert calendar.session_at(close - NS_PER_S) is not None
    assert name != "XNYS" or calendar.session_at(close) is None


SPOT = [
    ("1974-01-04", "14:30", "21:00", "the last day before the energy crisis set the clocks"),
    ("1974-01-07", "13:30", "20:00", "summer time in January"),
    ("1987-04-06", "13:30", "20:00", "the first year that it began in April's first week"),
    ("2000-02-29", "14:30", "21:00", "a leap day of a century"),
    ("2007-03-12", "13:30", "20:00", "summer time three weeks earlier than ever before"),
    ("2007-11-02", "13:30", "20:00", "and a week longer"),
    ("2007-11-05", "14:30", "21:00", "until it ended"),
    ("2024-02-29", "14:30", "21:00", "a leap day"),
    ("2026-11-27", "14:30", "18:00", "a half day"),
    ("2038-01-19", "14:30", "21:00", "the day on which 32 bits of seconds end"),
    ("2040-02-29", "14:30", "21:00", "a leap day far ahead"),
]


@pytest.mark.parametrize(("day", "opens", "closes", "why"), SPOT, ids=[row[0] for row in SPOT])
def test_days_that_went_wrong_for_others(day: str, opens: str, closes: str, why: str) -> None:
    found = Calendars()["XNYS"].session(date.fromisoformat(day))
    assert found is not None, why
    told = [datetime.fromtimestamp(ts // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M") for ts in found[1:3]]
    assert told == [f"{day} {opens}", f"{day} {closes}"], why


@pytest.mark.parametrize(
    ("zone", "day", "opens"),
    [
        ("Europe/London", "1971-10-29", "08:00"),
        ("Europe/London", "1971-11-01", "09:00"),
        ("Europe/Moscow", "2011-03-28", "05:00"),
        ("Europe/Moscow", "2014-10-27", "06:00"),
        ("Europe/Istanbul", "2016-11-07", "06:00"),
        ("Pacific/Apia", "2011-12-29", "19:00"),
        ("Pacific/Apia", "2011-12-31", "19:00"),
    ],
)
def test_a_zone_that_moved_for_good_keeps_its_wall_clock(zone: str, day: str, opens: str) -> None:
    found = calendar_of(zone, (9 * HOUR_S, 17 * HOUR_S)).session(date.fromisoformat(day))
    assert found is not None
    assert datetime.fromtimestamp(found.open // NS_PER_S, UTC).strftime("%H:%M") == opens
