"""Metrics of a curve against values worked out by hand, and what must hold whatever the curve."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.backtest import metrics
from workstation.backtest.curve import CurveRecorder
from workstation.backtest.result import EquityCurve

DAY = metrics.DAY_NS
GROWTH = st.lists(st.floats(0.9, 1.1), min_size=2, max_size=40)


def curve(equity, *, exposure=None, step=DAY, ts=None) -> EquityCurve:
    values = np.asarray(equity, dtype=float)
    held = np.zeros(len(values)) if exposure is None else np.asarray(exposure, dtype=float)
    times = np.arange(len(values), dtype=np.int64) * step + step // 2 if ts is None else np.asarray(ts, dtype=np.int64)
    recorder = CurveRecorder()
    recorder.extend(times, values, held, values)
    return recorder.curve()


def at(day: str, hour: int = 12) -> int:
    return int(datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00").astimezone(UTC).timestamp()) * 10**9


def test_returns_of_days_are_those_of_their_last_points():
    twice_a_day = curve([100.0, 110.0, 99.0, 121.0], step=DAY // 2)
    assert metrics.daily_returns(twice_a_day, 100.0) == pytest.approx([0.10, 0.10])
    assert metrics.total_return(twice_a_day, 100.0) == pytest.approx(0.21)


def test_midnight_belongs_to_the_day_that_ends():
    closes = curve([110.0, 121.0], ts=[at("2024-01-03", 0), at("2024-01-04", 0)])
    assert metrics.day_numbers(closes.ts).tolist() == [at("2024-01-02") // DAY, at("2024-01-03") // DAY]


def test_a_market_without_saturdays_has_252_days_and_its_sundays_are_mondays():
    friday, sunday, monday = at("2024-01-05"), at("2024-01-07", 23), at("2024-01-08")
    assert metrics.day_numbers(np.array([friday, sunday, monday])).tolist() == [
        friday // DAY, monday // DAY, monday // DAY,
    ]  # fmt: skip
    assert metrics.periods_a_year(np.array([at(f"2024-01-{day:02}") for day in (1, 2, 3, 4, 5, 8, 9)])) == 252


def test_a_market_that_never_rests_has_365_days():
    assert metrics.periods_a_year(np.array([at(f"2024-01-{day:02}") for day in range(1, 15)])) == 365


def test_weekly_bars_are_made_yearly_by_weeks():
    assert metrics.periods_a_year(np.array([at(f"2024-01-{day:02}") for day in (5, 12, 19, 26)])) == 365.25 / 7


def test_sharpe_sortino_and_volatility_are_the_formulas_by_hand():
    daily = np.array([0.02, -0.01, 0.03, 0.0])
    deviation = math.sqrt(((0.02 - 0.01) ** 2 + (-0.01 - 0.01) ** 2 + (0.03 - 0.01) ** 2 + 0.01**2) / 3)
    assert metrics.volatility(daily, 252) == pytest.approx(deviation * math.sqrt(252))
    assert metrics.sharpe(daily, 252) == pytest.approx(0.01 / deviation * math.sqrt(252))
    assert metrics.sortino(daily, 252) == pytest.approx(0.01 / math.sqrt(0.0001 / 4) * math.sqrt(252))


def test_a_year_of_growth_is_that_growth():
    grown = curve([100.0, 121.0], step=int(metrics.YEAR_NS))
    assert metrics.yearly_return(grown, 100.0) == pytest.approx(0.21)


def test_the_drawdown_is_a_fraction_of_the_peak_and_not_money():
    fallen = curve([200.0, 150.0, 400.0, 320.0])
    assert (fallen.drawdown_share, fallen.drawdown_max) == (0.25, 80.0)
    assert metrics.drawdowns(fallen).tolist() == [0.0, 0.25, 0.0, 0.2]
    assert metrics.calmar(0.5, fallen.drawdown_share) == 2.0


@pytest.mark.parametrize(
    ("equity", "days"),
    [
        ([1, 2, 3], 0),
        ([3, 2, 2, 3, 4], 3),
        ([5, 4, 6, 5, 5, 5], 3),
        ([5, 4], 1),
        ([5, 5, 5], 0),
        ([], 0),
    ],
)
def test_a_drawdown_lasts_from_its_peak_until_that_is_reached_again_or_to_the_end(equity, days):
    assert metrics.drawdown_days(curve(equity)) == days


def test_exposure_is_the_share_of_the_time_with_a_position():
    assert metrics.exposure(curve([1.0] * 5, exposure=[0, 5, -5, 0, 0])) == pytest.approx(0.5)


def test_what_has_too_little_to_go_by_is_none():
    one = metrics.daily_returns(curve([101.0]), 100.0)
    assert [metrics.volatility(one, 252), metrics.sharpe(one, 252), metrics.sortino(one, 252)] == [None] * 3
    assert metrics.sharpe(np.zeros(5), 252) is None
    assert metrics.yearly_return(curve([101.0]), 100.0) is None
    assert metrics.calmar(0.1, 0.0) is None


@given(GROWTH, st.floats(0.01, 1_000))
def test_the_size_of_the_account_changes_no_ratio(growth, scale):
    equity = 100 * np.cumprod(growth)
    plain, scaled = curve(equity), curve(equity * scale)
    assert metrics.daily_returns(scaled, 100 * scale) == pytest.approx(metrics.daily_returns(plain, 100.0), abs=1e-9)
    assert metrics.total_return(scaled, 100 * scale) == pytest.approx(metrics.total_return(plain, 100.0), abs=1e-9)
    assert scaled.drawdown_share == pytest.approx(plain.drawdown_share, abs=1e-9)


@given(GROWTH)
def test_returns_of_days_compound_to_the_total(growth):
    equity = 100 * np.cumprod(growth)
    daily = metrics.daily_returns(curve(equity), 100.0)
    assert np.prod(1 + daily) - 1 == pytest.approx(metrics.total_return(curve(equity), 100.0), abs=1e-9)


@given(GROWTH)
def test_a_drawdown_of_positive_equity_is_between_nothing_and_all(growth):
    fallen = curve(100 * np.cumprod(growth))
    found = metrics.drawdowns(fallen)
    assert ((found >= 0) & (found < 1)).all()
    assert fallen.drawdown_share == found.max()
    assert (fallen.drawdown_share > 0) == (metrics.drawdown_days(fallen) > 0)
