"""Backtests of a panel: one that is done, one that failed, one that was stopped; for its picture and its tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.helpers.desktop_rig import START_NS
from tests.helpers.sweep_scene import ENTRY, sweep_answers
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestStatus, BacktestTrips, Trip, Worth
from workstation.ports.sweeps import Figures

DAY_NS = 86_400 * 10**9


def backtests_of_scene() -> tuple[Backtest, ...]:
    """Return three backtests, the newest first and done."""
    steps = np.random.default_rng(4).normal(180.0, 4_000.0, 250)
    equity = 1_000_000 + np.r_[0.0, np.cumsum(np.round(steps, 2))]
    made = float(equity[-1]) - 1_000_000
    figures = Figures(
        total_return=made / 1_000_000, sharpe=0.86, sortino=1.21, calmar=0.7, profit_factor=1.18, drawdown=0.0612,
        net_profit=round(made * 100) * MONEY_ONE // 100, fills=184, trades=92, days=250, sharpe_day=0.05, skewness=0.0,
        kurtosis=3.0, digest="d" * 64,
    )  # fmt: skip
    asked = {"entry_point": ENTRY, "parameters": {"fast": 10, "slow": 30, "symbol": "ACME"}}
    times = {"created_at": START_NS, "updated_at": START_NS, "first_ts": START_NS, "last_ts": START_NS + 250 * DAY_NS}
    market = {"symbol": ["ACME"], "interval": "1d"}
    done = Backtest(
        id=7, **asked, market=market, status=BacktestStatus.DONE, **times, currency="USD", bars=250,
        initial=1_000_000.0, figures=figures, reported=True,
        curve=tuple(Worth(START_NS + day * DAY_NS, float(worth)) for day, worth in enumerate(equity)),
        warnings=("Trading is free of fees.",),
    )  # fmt: skip
    failed = Backtest(
        id=6, **asked, market=market, status=BacktestStatus.FAILED, **times,
        error="the strategy sma_cross:SmaCross failed, and with it the run:\n  sma_cross.py, line 40, in on_bar",
    )  # fmt: skip
    stopped = Backtest(id=5, **asked, market=market, status=BacktestStatus.RUNNING, **times)
    return done, failed, stopped


def trips_of_scene() -> tuple[Trip, ...]:
    """Return a few round trips, one of them short and one at a loss."""
    made = ((1, 4, 12, 1_250), (-1, 20, 31, -840), (1, 60, 88, 5_310), (1, 120, 131, 96))
    return tuple(
        Trip(
            number=number, symbol="ACME", side=Side.BUY if sign > 0 else Side.SELL_SHORT, qty="100",
            entry_ts=START_NS + entry * DAY_NS, entry_px=101.25 + number, exit_ts=START_NS + left * DAY_NS,
            exit_px=101.25 + number + sign * pnl / 100, pnl=pnl * MONEY_ONE, fees=MONEY_ONE, mae=-300.5,
            mfe=max(pnl, 0) * 1.5, bars=left - entry,
        )
        for number, (sign, entry, left, pnl) in enumerate(made, 1)
    )  # fmt: skip


def backtest_answers() -> dict[str, Any]:
    """Return what the panel asks, by command."""
    answers = sweep_answers()
    return {
        "backtest.board": BacktestBoard(backtests=backtests_of_scene()),
        "backtest.trips": BacktestTrips(backtest_id=7, trips=trips_of_scene()),
        "strategy.codes": answers["strategy.codes"],
        "strategy.code": answers["strategy.code"],
    }
