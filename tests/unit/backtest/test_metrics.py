"""Metrics against values worked out by hand, and what must hold whatever the curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.backtest import metrics
from workstation.backtest.result import EquityCurve, TradeRow
from workstation.domain.orders import Side

DAY = metrics.DAY_NS
GROWTH = st.lists(st.floats(0.9, 1.1), min_size=2, max_size=40)


def curve(equity, *, exposure=None, step=DAY) -> EquityCurve:
    count = len(equity)
    held = np.zeros(count) if exposure is None else np.asarray(exposure, dtype=float)
    values = np.asarray(equity, dtype=float)
    times = np.arange(count, dtype=np.int64) * step + step // 2
    return EquityCurve(ts=times, equity=values, exposure=held, cash=values, stride=1, drawdown_max=0.0)


def trade(pnl: int, fees: int = 0) -> TradeRow:
    return TradeRow(
        symbol="ABC", side=Side.BUY, qty=1, entry_ts=0, entry_px=1.0, exit_ts=1, exit_px=1.0, pnl=pnl, fees=fees,
        mae=-1.0, mfe=1.0, bars=1,
    )  # fmt: skip


def test_returns_of_days_are_those_of_their_last_points():
    twice_a_day = curve([100.0, 110.0, 99.0, 121.0], step=DAY // 2)
    assert metrics.daily_returns(twice_a_day, 100.0) == pytest.approx([0.10, 0.10])
    assert metrics.total_return(twice_a_day, 100.0) == pytest.approx(0.21)


def test_sharpe_sortino_and_volatility_are_the_formulas_by_hand():
    daily = np.array([0.02, -0.01, 0.03, 0.0])
    deviation = math.sqrt(((0.02 - 0.01) ** 2 + (-0.01 - 0.01) ** 2 + (0.03 - 0.01) ** 2 + 0.01**2) / 3)
    assert metrics.volatility(daily) == pytest.approx(deviation * math.sqrt(252))
    assert metrics.sharpe(daily) == pytest.approx(0.01 / deviation * math.sqrt(252))
    assert metrics.sortino(daily) == pytest.approx(0.01 / math.sqrt(0.0001 / 4) * math.sqrt(252))


def test_a_year_of_growth_is_that_growth():
    grown = curve([100.0, 121.0], step=int(metrics.YEAR_NS))
    assert metrics.yearly_return(grown, 100.0) == pytest.approx(0.21)


def test_exposure_is_the_share_of_the_time_with_a_position():
    assert metrics.exposure(curve([1.0] * 5, exposure=[0, 5, -5, 0, 0])) == pytest.approx(0.5)


def test_round_trips_count_after_fees():
    trades = [trade(10, 1), trade(-5), trade(1, 1)]
    assert metrics.win_rate(trades) == pytest.approx(1 / 3)
    assert metrics.profit_factor(trades) == pytest.approx(9 / 5)
    assert metrics.profit_factor([trade(3)]) is None


def test_what_has_too_little_to_go_by_is_none():
    one = metrics.daily_returns(curve([101.0]), 100.0)
    assert [metrics.volatility(one), metrics.sharpe(one), metrics.sortino(one)] == [None] * 3
    assert metrics.sharpe(np.zeros(5)) is None
    assert metrics.win_rate([]) is None
    assert metrics.yearly_return(curve([101.0]), 100.0) is None


@given(GROWTH, st.floats(0.01, 1_000))
def test_the_size_of_the_account_changes_no_ratio(growth, scale):
    equity = 100 * np.cumprod(growth)
    plain, scaled = (
        metrics.daily_returns(curve(equity), 100.0),
        metrics.daily_returns(curve(equity * scale), 100 * scale),
    )
    assert scaled == pytest.approx(plain, abs=1e-9)
    assert metrics.total_return(curve(equity * scale), 100 * scale) == pytest.approx(
        metrics.total_return(curve(equity), 100.0), abs=1e-9
    )


@given(GROWTH)
def test_returns_of_days_compound_to_the_total(growth):
    equity = 100 * np.cumprod(growth)
    daily = metrics.daily_returns(curve(equity), 100.0)
    assert np.prod(1 + daily) - 1 == pytest.approx(metrics.total_return(curve(equity), 100.0), abs=1e-9)
