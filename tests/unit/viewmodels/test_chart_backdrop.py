"""Volume by price, the compared instrument and trading hours: figures by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workstation.marketdata.calendar import always_open, us_equities
from workstation.viewmodels.chart_comparison import Comparison
from workstation.viewmodels.chart_profile import VALUE_SHARE, volume_profile
from workstation.viewmodels.chart_sessions import closed_bars_in

MINUTE_NS = 60_000_000_000


def columns(*bars: tuple[float, float, float]) -> np.ndarray:
    low, high, volume = np.array(bars).T
    return np.array([low, high, low, high, volume])


def test_a_bars_volume_is_spread_over_its_range() -> None:
    profile = volume_profile(columns((0.0, 4.0, 40.0), (2.0, 3.0, 6.0)), 4)
    assert profile is not None
    assert profile.edges.tolist() == [0, 1, 2, 3, 4]
    assert profile.volumes == pytest.approx([10, 10, 16, 10])
    assert profile.busiest == 2


def test_the_value_area_grows_on_the_busier_side() -> None:
    profile = volume_profile(columns((0.0, 1.0, 5.0), (1.0, 2.0, 30.0), (2.0, 3.0, 50.0), (3.0, 4.0, 15.0)), 4)
    assert profile is not None
    assert profile.value_area == (1, 3)


def test_prices_that_never_moved_are_one_row() -> None:
    profile = volume_profile(columns((7.0, 7.0, 5.0)), 3)
    assert profile is not None
    assert profile.volumes[1] == pytest.approx(5.0)


def test_without_volume_there_is_no_profile() -> None:
    assert volume_profile(columns((1.0, 2.0, 0.0)), 4) is None
    assert volume_profile(np.empty((5, 0)), 4) is None


@given(arrays(np.float64, (3, 6), elements=st.floats(0.01, 1_000)), st.integers(1, 40))
def test_no_volume_is_lost_and_the_value_area_holds_its_share(rows: np.ndarray, count: int) -> None:
    low, high = np.minimum(rows[0], rows[1]), np.maximum(rows[0], rows[1])
    profile = volume_profile(np.array([low, high, low, high, rows[2]]), count)
    assert profile is not None
    assert (profile.volumes >= -1e-9).all()
    assert profile.volumes.sum() == pytest.approx(rows[2].sum())
    first, stop = profile.value_area
    assert first <= profile.busiest < stop
    assert profile.volumes[first:stop].sum() >= VALUE_SHARE * rows[2].sum() - 1e-6


def other(times: list[int], closes: list[float]) -> Comparison:
    made = Comparison("MSFT")
    made.bars.replace(times, open=closes, high=closes, low=closes, close=closes, volume=closes)
    return made


def test_the_other_instrument_is_never_seen_early() -> None:
    compared = other([10, 20, 40], [1.0, 2.0, 4.0])
    seen = compared.closes_at(np.array([5, 10, 19, 20, 39, 100]))
    np.testing.assert_array_equal(seen, [np.nan, 1, 1, 2, 2, 4])


def test_both_lines_start_together_at_the_first_bar_that_both_have() -> None:
    compared = other([10, 20, 30], [50.0, 55.0, 45.0])
    line = compared.line(np.array([0, 10, 20, 30]), np.array([100.0, 200.0, 1.0, 1.0]))
    np.testing.assert_allclose(line, [np.nan, 200.0, 220.0, 180.0])
    assert compared.percent(10, 30) == pytest.approx(-10.0)
    assert np.isnan(compared.percent(0, 30))


def test_without_bars_there_is_no_line() -> None:
    assert np.isnan(Comparison("MSFT").line(np.array([1, 2]), np.array([1.0, 2.0]))).all()


def day_ns(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2022, 1, day, hour, minute, tzinfo=UTC).timestamp()) * 10**9


def test_bars_before_and_after_the_session_are_closed_ones() -> None:
    times = np.arange(day_ns(4, 13), day_ns(5, 22), 30 * MINUTE_NS)  # Tuesday 13:00 to Wednesday 22:00 UTC
    runs = closed_bars_in(times, us_equities(), 0, len(times))
    opens, closes = (int(np.searchsorted(times, day_ns(4, *at))) for at in ((14, 30), (21, 0)))
    again, end = (int(np.searchsorted(times, day_ns(5, *at))) for at in ((14, 30), (21, 0)))
    assert runs == [(0, opens), (closes, again), (end, len(times))]
    assert closed_bars_in(times, us_equities(), opens + 2, closes - 2) == []
    assert closed_bars_in(times, us_equities(), closes + 1, closes + 5) == [(closes + 1, closes + 5)]


def test_a_market_that_never_closes_has_no_closed_bars() -> None:
    times = np.arange(day_ns(4, 13), day_ns(6, 13), 30 * MINUTE_NS)
    assert closed_bars_in(times, always_open(), -5, len(times) + 5) == []


def test_long_views_and_empty_ones_are_not_shaded() -> None:
    times = np.arange(200, dtype=np.int64) * 86_400 * 10**9
    assert closed_bars_in(times, us_equities(), 0, 200) == []
    assert closed_bars_in(times, us_equities(), 50, 20) == []
    assert closed_bars_in(np.empty(0, dtype=np.int64), us_equities(), 0, 10) == []
