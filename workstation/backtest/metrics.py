"""Metrics of a backtest, each with its formula. Pure functions of a curve or of round trips; ratios are floats.

Ratios use the returns of UTC days, r = equity / equity of the day before - 1, without a risk-free rate, and are made
yearly with PERIODS_A_YEAR. A metric that has too little to go by is None, never 0.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.backtest.result import BacktestResult, EquityCurve, TradeRow
from workstation.domain.numbers import MONEY_ONE

PERIODS_A_YEAR = 252
DAY_NS = 86_400 * 10**9
YEAR_NS = 365.25 * DAY_NS

Floats = npt.NDArray[np.float64]


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What a run amounts to. Fractions are of 1; win_rate, profit_factor and turnover as their functions say."""

    total_return: float
    yearly_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    drawdown: float
    calmar: float | None
    exposure: float
    win_rate: float | None
    profit_factor: float | None
    mean_trade: float | None
    worst_adverse: float | None
    best_favourable: float | None
    turnover: float
    trades: int


def metrics_of(result: BacktestResult) -> Metrics:
    """Return the metrics of a run."""
    curve, start = result.curve, _start(result)
    daily = daily_returns(curve, start)
    yearly, drawdown = yearly_return(curve, start), curve.drawdown_max
    return Metrics(
        total_return=total_return(curve, start),
        yearly_return=yearly,
        volatility=volatility(daily),
        sharpe=sharpe(daily),
        sortino=sortino(daily),
        drawdown=drawdown,
        calmar=yearly / drawdown if yearly is not None and drawdown > 0 else None,
        exposure=exposure(curve),
        win_rate=win_rate(result.trades),
        profit_factor=profit_factor(result.trades),
        mean_trade=_mean([_net(trade) for trade in result.trades]),
        worst_adverse=min((trade.mae for trade in result.trades), default=None),
        best_favourable=max((trade.mfe for trade in result.trades), default=None),
        turnover=turnover(result),
        trades=len(result.trades),
    )


def total_return(curve: EquityCurve, start: float) -> float:
    """Return final equity / `start` - 1."""
    return float(curve.equity[-1]) / start - 1 if len(curve.equity) else 0.0


def yearly_return(curve: EquityCurve, start: float) -> float | None:
    """Return (final equity / `start`) ** (year / span) - 1, a year having 365.25 days; None below one day."""
    span = int(curve.ts[-1] - curve.ts[0]) if len(curve.ts) else 0
    growth = 1 + total_return(curve, start)
    return float(growth ** (YEAR_NS / span) - 1) if span >= DAY_NS and growth > 0 else None


def daily_returns(curve: EquityCurve, start: float) -> Floats:
    """Return the returns of UTC days, (days,); the first is against `start`."""
    if not len(curve.ts):
        return np.empty(0)
    days = curve.ts // DAY_NS
    last = np.flatnonzero(np.r_[days[1:] != days[:-1], True])
    closes = np.r_[start, curve.equity[last]]
    returns: Floats = closes[1:] / closes[:-1] - 1
    return returns


def volatility(daily: Floats) -> float | None:
    """Return the sample deviation of daily returns, times the root of PERIODS_A_YEAR."""
    return float(daily.std(ddof=1)) * math.sqrt(PERIODS_A_YEAR) if len(daily) > 1 else None


def sharpe(daily: Floats) -> float | None:
    """Return mean / sample deviation of daily returns, times the root of PERIODS_A_YEAR (Sharpe 1994)."""
    spread = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    return float(daily.mean()) / spread * math.sqrt(PERIODS_A_YEAR) if spread > 0 else None


def sortino(daily: Floats) -> float | None:
    """Return mean of daily returns / root of the mean square of the negative ones over all days, made yearly."""
    below = math.sqrt(float(np.mean(np.minimum(daily, 0.0) ** 2))) if len(daily) > 1 else 0.0
    return float(daily.mean()) / below * math.sqrt(PERIODS_A_YEAR) if below > 0 else None


def exposure(curve: EquityCurve) -> float:
    """Return the share of the span with a position, by the points of the curve."""
    if len(curve.ts) < 2:
        return 0.0
    spans = np.diff(curve.ts)
    held = curve.exposure[:-1] != 0
    return float(spans[held].sum()) / float(spans.sum()) if spans.sum() else 0.0


def win_rate(trades: Sequence[TradeRow]) -> float | None:
    """Return the share of round trips that earned after fees."""
    return sum(_net(trade) > 0 for trade in trades) / len(trades) if trades else None


def profit_factor(trades: Sequence[TradeRow]) -> float | None:
    """Return sum of gains / sum of losses, after fees; None without a loss."""
    losses = -sum(min(_net(trade), 0) for trade in trades)
    return sum(max(_net(trade), 0) for trade in trades) / losses if losses else None


def turnover(result: BacktestResult) -> float:
    """Return the traded value of all fills / initial cash."""
    by_symbol = {instrument.symbol: instrument for instrument in result.instruments}
    traded = sum(abs(by_symbol[fill.symbol].notional(fill.price, fill.qty)) for fill in result.fills)
    return traded / result.initial_cash if result.initial_cash else 0.0


def _net(trade: TradeRow) -> int:
    return trade.pnl - trade.fees


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _start(result: BacktestResult) -> float:
    return float(result.initial_cash / MONEY_ONE)
