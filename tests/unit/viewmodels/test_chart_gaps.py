"""Holes in a chart's bars: by the calendar, not by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from workstation.domain.market import BarKind, BarType
from workstation.marketdata.calendar import always_open, us_equities
from workstation.viewmodels.chart_gaps import GAPS_MAX, ChartGap, gaps_of

MINUTE = 60_000_000_000
OPEN = int(datetime(2024, 1, 3, 14, 30, tzinfo=UTC).timestamp()) * 10**9
DAY = 86_400 * 10**9
MINUTES = BarType(BarKind.MINUTE, 1)


def times(*minutes: int) -> np.ndarray:
    return OPEN + np.array(minutes, dtype=np.int64) * MINUTE


def test_a_hole_within_a_session_is_named_with_its_times() -> None:
    (gap,) = gaps_of(times(0, 1, 2, 30, 31), MINUTES, us_equities())
    assert gap == ChartGap(3, OPEN + 3 * MINUTE, OPEN + 30 * MINUTE)
    assert gap.words(UTC) == "No bars 03 Jan 14:33 – 15:00 · fetch again"


@pytest.mark.parametrize("minutes", [(0, 1, 10), (388, 389, 1_440, 1_441), (0,), ()])
def test_a_quiet_market_and_a_night_are_no_holes(minutes: tuple[int, ...]) -> None:
    assert gaps_of(times(*minutes), MINUTES, us_equities()) == []


def test_a_missing_day_is_one_and_a_weekend_none() -> None:
    week = OPEN + np.array([0, 1, 2, 5, 7], dtype=np.int64) * DAY  # Wed Thu Fri Mon, then Wed
    (gap,) = gaps_of(week, BarType(BarKind.DAY, 1), us_equities())
    assert gap.bar == 4


def test_bars_that_trades_close_have_none_and_a_series_no_more_than_the_newest() -> None:
    broken = times(*range(0, 100 * 60, 60))
    assert gaps_of(broken, BarType(BarKind.TICK, 5), always_open()) == []
    found = gaps_of(broken, MINUTES, always_open())
    assert [gap.bar for gap in found] == list(range(100 - GAPS_MAX, 100))
