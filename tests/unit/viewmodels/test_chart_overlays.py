"""Overlay lines: what a tick adds equals what a full computation gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import ValidationError
from workstation.viewmodels.chart_marks import LastPrice, LineState, MarkSide, OrderLine, Residence
from workstation.viewmodels.chart_overlays import DAY_NS, Ema, Sma, Vwap
from workstation.viewmodels.level_of_detail import BarPyramid

HOUR_NS = 3_600_000_000_000


def series(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    close = 40_000 + np.cumsum(rng.normal(0, 10, count))
    bars = np.array([close, close + 5, close - 5, close + 1, rng.integers(0, 50, count).astype(float)])
    return np.arange(count, dtype=np.int64) * HOUR_NS, bars


def pyramid_of(times: np.ndarray, bars: np.ndarray) -> BarPyramid:
    made = BarPyramid()
    made.replace(times, open=bars[0], high=bars[1], low=bars[2], close=bars[3], volume=bars[4])
    return made


@pytest.mark.parametrize("make", [lambda: Sma(5), lambda: Ema(5), Vwap, lambda: Vwap(13 * HOUR_NS)])
@given(loaded=st.integers(0, 60), appended=st.integers(1, 60))
def test_a_line_kept_up_by_ticks_equals_one_computed_at_once(make, loaded, appended):
    times, bars = series(loaded + appended)
    live, line = pyramid_of(times[:loaded], bars[:, :loaded]), make()
    line.replace(live)
    for index in range(loaded, loaded + appended):
        live.put(int(times[index]), tuple(bars[:, index] * 0.99))
        line.update_last(live)
        live.put(int(times[index]), tuple(bars[:, index]))
        line.update_last(live)
    whole = make()
    whole.replace(pyramid_of(times, bars))
    np.testing.assert_allclose(line.values, whole.values, rtol=1e-9)


def test_sma_is_the_mean_of_its_closes_and_absent_before():
    times, bars = series(20)
    line = Sma(3)
    line.replace(pyramid_of(times, bars))
    assert np.isnan(line.values[:2]).all()
    assert line.values[10] == pytest.approx(bars[3, 8:11].mean())


def test_vwap_starts_over_with_each_session():
    times, bars = series(48)
    bars[4] = 10
    line = Vwap()
    line.replace(pyramid_of(times, bars))
    assert times[24] == DAY_NS
    assert line.values[24] == pytest.approx(bars[1:4, 24].mean())


def test_a_session_without_volume_has_no_vwap():
    times, bars = series(5)
    bars[4] = 0
    line = Vwap()
    line.replace(pyramid_of(times, bars))
    assert np.isnan(line.values).all()


@pytest.mark.parametrize("period", [0, -1, 1_000_000])
def test_a_period_out_of_range_is_refused(period):
    with pytest.raises(ValidationError, match="period"):
        Ema(period)


def test_an_order_line_says_what_the_order_is_and_its_state_in_words():
    line = OrderLine("c1", MarkSide.BUY, 10.0, "2", "LMT", residence=Residence.LOCAL, note="1.5R")
    assert line.label == "BUY 2 LMT PC 1.5R"
    unknown = OrderLine("c2", MarkSide.SELL, 10.0, "2", "STP", state=LineState.UNKNOWN)
    assert unknown.label == "SELL 2 STP EX UNKNOWN"


@pytest.mark.parametrize(("age", "text"), [(0.4, ""), (5.9, "5 s"), (300, "5 min"), (9_000, "2 h")])
def test_the_age_of_a_price_is_said_in_the_unit_that_matters(age, text):
    assert LastPrice(1.0, age).age_text == text
