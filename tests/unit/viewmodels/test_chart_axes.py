"""Axis marks: round, exact, spaced, and at the calendar's own moments."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.chart_axes import SECOND_NS, compact_quantity, moment_text, price_marks, time_marks
from workstation.viewmodels.chart_window import PaneScale

NEW_YORK = ZoneInfo("America/New_York")


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * SECOND_NS


def marks_of(times: np.ndarray, zone=UTC, width: float = 1_000, gap: float = 80):
    return time_marks(times, PaneScale(0, len(times), 0, 1, width, 100), gap, zone)


@given(low=st.floats(0.01, 1e5), spread=st.floats(0.01, 1e4), most=st.integers(2, 20))
def test_price_marks_are_few_enough_in_range_and_on_ticks(low, spread, most):
    tick = 0.01
    marks = price_marks(low, low + spread, most, tick)
    assert len(marks) <= most + 1
    assert all(low <= mark <= low + spread + 1e-9 for mark in marks)
    assert all(abs(mark / tick - round(mark / tick)) < 1e-4 for mark in marks)


def test_price_marks_are_round():
    assert price_marks(46_103, 46_297, 5, 0.1) == [46_150, 46_200, 46_250]


def test_no_price_mark_is_finer_than_the_tick():
    assert price_marks(10.0, 10.02, 10, 0.01) == pytest.approx([10.0, 10.01, 10.02])


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (0, "0"),
        (7.5, "7.5"),
        (999, "999"),
        (1_000, "1K"),
        (12_340, "12.3K"),
        (1.25e6, "1.25M"),
        (999_999, "1M"),
        (3e9, "3B"),
    ],
)
def test_quantities_are_compact(quantity, text):
    assert compact_quantity(quantity) == text


def test_minutes_are_marked_on_round_clock_times():
    times = at(2022, 1, 3, 9, 7) + np.arange(120, dtype=np.int64) * 60 * SECOND_NS
    texts = [mark.text for mark in marks_of(times)]
    assert texts[:3] == ["09:10", "09:20", "09:30"] or texts[:3] == ["09:15", "09:30", "09:45"]


def test_midnight_carries_the_date_and_wins_over_hours():
    times = at(2022, 1, 3, 20, 0) + np.arange(480, dtype=np.int64) * 60 * SECOND_NS
    marks = marks_of(times)
    day = next(mark for mark in marks if mark.major)
    assert day.text == "4 Jan"
    assert times[day.bar] == at(2022, 1, 4)


def test_midnight_is_the_zones_own():
    times = at(2022, 1, 3, 20, 0) + np.arange(480, dtype=np.int64) * 60 * SECOND_NS
    marks = marks_of(times, zone=ZoneInfo("Asia/Tokyo"))
    assert all(not mark.major for mark in marks)
    assert "06:00" in [mark.text for mark in marks]


def test_the_day_summer_time_begins_is_marked_right():
    times = at(2022, 3, 13, 4, 0) + np.arange(20 * 60, dtype=np.int64) * 60 * SECOND_NS
    marks = {mark.text: int(times[mark.bar]) for mark in marks_of(times, zone=NEW_YORK)}
    assert marks["13 Mar"] == at(2022, 3, 13, 5, 0)
    assert marks["12:00"] == at(2022, 3, 13, 16, 0)


def test_a_night_without_bars_takes_no_room_and_the_day_is_marked_at_its_first_bar():
    days = [at(2022, 1, day, 14, 30) + np.arange(390, dtype=np.int64) * 60 * SECOND_NS for day in (3, 4, 5)]
    times = np.concatenate(days)
    marks = marks_of(times, zone=NEW_YORK)
    majors = {mark.text: mark.bar for mark in marks if mark.major}
    assert majors == {"4 Jan": 390, "5 Jan": 780}


def test_years_are_marked_on_a_long_daily_chart():
    times = at(2000, 1, 3) + np.arange(3_000, dtype=np.int64) * 86_400 * SECOND_NS
    texts = [mark.text for mark in marks_of(times)]
    assert texts == ["2001", "2002", "2003", "2004", "2005", "2006", "2007", "2008"]


@given(
    count=st.integers(2, 5_000),
    step=st.sampled_from([1, 5, 60, 300, 3_600, 86_400]),
    width=st.floats(200, 3_000),
    start=st.integers(0, 2_000_000_000),
)
def test_marks_never_collide_and_rise(count, step, width, start):
    times = start * SECOND_NS + np.arange(count, dtype=np.int64) * step * SECOND_NS
    scale = PaneScale(0, count, 0, 1, width, 100)
    places = [scale.x(mark.bar) for mark in time_marks(times, scale, 80, NEW_YORK)]
    assert all(later - earlier >= 80 - 1e-6 for earlier, later in pairwise(places))


def test_a_moment_shows_what_its_bar_needs():
    noon = at(2022, 1, 3, 17, 5, 9)
    assert moment_text(noon, NEW_YORK, 60 * SECOND_NS) == "Mon 3 Jan 2022  12:05"
    assert moment_text(noon, NEW_YORK, SECOND_NS) == "Mon 3 Jan 2022  12:05:09"
    assert moment_text(noon, NEW_YORK, 86_400 * SECOND_NS) == "Mon 3 Jan 2022"
