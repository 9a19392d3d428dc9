"""Metrics of a backtest's curve, each with its formula, and all of a run in one value. Pure; ratios are floats.

Ratios use the returns of days, r = equity / equity of the day before - 1, without a risk-free rate, and are made yearly
with the number of such days a year, which the curve itself tells (`periods_a_year`). A day is one of UTC; its midnight
belongs to the day that ends. A metric that has too little to go by is None, never 0.
"""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.backtest import trade_metrics as of_trades
from workstation.backtest.result import BacktestResult, EquityCurve, Times
from workstation.domain.numbers import MONEY_ONE

DAY_NS = 86_400 * 10**9
YEAR_DAYS = 365.25
YEAR_NS = YEAR_DAYS * DAY_NS
SESSIONS_A_YEAR, DAYS_A_YEAR = 252.0, 365.0
_EPOCH_WEEKDAY, _SATURDAY, _SUNDAY = 3, 5, 6
"""1970-01-01 was a Thursday, days being counted from Monday, 0."""

NOISE = 1e-9
"""A deviation below this part of the largest return is that of rounding: equal returns have none."""

Floats = npt.NDArray[np.float64]


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What a run amounts to. Fractions are of 1, money is in whole units, lengths of time in days.

    Money of trades is None where the run's instruments have several currencies, which are not added up.
    """

    total_return: float
    yearly_return: float | None
    periods_a_year: float
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    drawdown: float
    drawdown_money: float
    drawdown_days: float
    calmar: float | None
    exposure: float
    turnover: float | None
    trades: int
    win_rate: float | None
    profit_factor: float | None
    mean_trade: float | None
    mean_win: float | None
    mean_loss: float | None
    losses_in_row: int
    mean_bars: float | None
    mean_adverse: float | None
    worst_adverse: float | None
    mean_favourable: float | None
    best_favourable: float | None


def metrics_of(result: BacktestResult) -> Metrics:
    """Return the metrics of a run."""
    curve, start = result.curve, result.initial_cash / MONEY_ONE
    daily, periods = daily_returns(curve, start), periods_a_year(curve.ts)
    yearly = yearly_return(curve, start)
    return Metrics(
        total_return=total_return(curve, start),
        yearly_return=yearly,
        periods_a_year=periods,
        volatility=volatility(daily, periods),
        sharpe=sharpe(daily, periods),
        sortino=sortino(daily, periods),
        drawdown=curve.drawdown_share,
        drawdown_money=curve.drawdown_max,
        drawdown_days=drawdown_days(curve),
        calmar=calmar(yearly, curve.drawdown_share),
        exposure=exposure(curve),
        **of_trades.all_of(result),
    )


def total_return(curve: EquityCurve, start: float) -> float:
    """Return final equity / `start` - 1."""
    return float(curve.equity[-1]) / start - 1 if len(curve.equity) else 0.0


def yearly_return(curve: EquityCurve, start: float) -> float | None:
    """Return (final equity / `start`) ** (year / span) - 1, a year having 365.25 days; None below one day."""
    span = int(curve.ts[-1] - curve.ts[0]) if len(curve.ts) else 0
    growth = 1 + total_return(curve, start)
    return float(growth ** (YEAR_NS / span) - 1) if span >= DAY_NS and growth > 0 else None


def day_numbers(ts: Times) -> Times:
    """Return the day of each time, (n,), counted from 1970-01-01.

    A market that rests on Saturdays opens its Monday on Sunday evening: there a Sunday is the Monday after it.
    """
    days: Times = (ts - 1) // DAY_NS
    weekday = (days + _EPOCH_WEEKDAY) % 7
    return days if (weekday == _SATURDAY).any() else days + (weekday == _SUNDAY)


def periods_a_year(ts: Times) -> float:
    """Return how many of a curve's days a year has: 252 where it rests on Saturdays, else 365.

    Where days lie further apart, as with weekly bars, it is 365.25 / their median distance.
    """
    days = np.unique(day_numbers(ts))
    gap = float(np.median(np.diff(days))) if len(days) > 1 else 1.0
    if gap > 1:
        return YEAR_DAYS / gap
    rests = not ((days + _EPOCH_WEEKDAY) % 7 == _SATURDAY).any()
    return SESSIONS_A_YEAR if rests else DAYS_A_YEAR


def daily_returns(curve: EquityCurve, start: float) -> Floats:
    """Return the returns of days, (days,), each from the last point of the day before; the first is against `start`.

    After a day that ended with nothing or less there is no return: 0.
    """
    if not len(curve.ts):
        return np.empty(0)
    days = day_numbers(curve.ts)
    last = np.flatnonzero(np.r_[days[1:] != days[:-1], True])
    closes = np.r_[start, curve.equity[last]]
    before, after = closes[:-1], closes[1:]
    returns: Floats = np.divide(after, before, out=np.ones_like(after), where=before > 0) - 1
    return returns


def volatility(daily: Floats, periods: float) -> float | None:
    """Return the sample deviation of daily returns, times the root of `periods`."""
    return float(daily.std(ddof=1)) * math.sqrt(periods) if len(daily) > 1 else None


def sharpe(daily: Floats, periods: float) -> float | None:
    """Return mean / sample deviation of daily returns, times the root of `periods` (Sharpe 1994).

    Equal returns have no deviation, whatever their floats say.
    """
    spread, size = (float(daily.std(ddof=1)), float(np.abs(daily).max())) if len(daily) > 1 else (0.0, 0.0)
    return float(daily.mean()) / spread * math.sqrt(periods) if spread > NOISE * size else None


def sortino(daily: Floats, periods: float) -> float | None:
    """Return mean / downside deviation of daily returns, times the root of `periods` (Sortino and Price 1994).

    The downside deviation is the root of the mean over all days of min(r, 0) squared.
    """
    below = math.sqrt(float(np.mean(np.minimum(daily, 0.0) ** 2))) if len(daily) > 1 else 0.0
    return float(daily.mean()) / below * math.sqrt(periods) if below > 0 else None


def calmar(yearly: float | None, drawdown: float) -> float | None:
    """Return return a year / largest drawdown, over the whole run (Young 1991 takes 36 months)."""
    return yearly / drawdown if yearly is not None and drawdown > 0 else None


def drawdowns(curve: EquityCurve) -> Floats:
    """Return at each point the fall from the highest equity before it, as a fraction of that, (n,), 0 at a peak."""
    peaks = np.maximum.accumulate(curve.equity)
    return np.divide(peaks - curve.equity, peaks, out=np.zeros_like(peaks), where=peaks > 0)


def drawdown_days(curve: EquityCurve) -> float:
    """Return the longest time from a peak of equity to the point that reaches it again, or to the end, in days."""
    if not len(curve.ts):
        return 0.0
    peaks = np.flatnonzero(curve.equity >= np.maximum.accumulate(curve.equity))
    edges = np.r_[peaks, len(curve.ts)]
    fell = np.diff(edges) > 1
    spans = np.diff(curve.ts[np.minimum(edges, len(curve.ts) - 1)])[fell]
    return float(spans.max()) / DAY_NS if len(spans) else 0.0


def exposure(curve: EquityCurve) -> float:
    """Return the share of the span with a position, by the points of the curve."""
    if len(curve.ts) < 2:
        return 0.0
    spans = np.diff(curve.ts)
    held = curve.exposure[:-1] != 0
    return float(spans[held].sum()) / float(spans.sum()) if spans.sum() else 0.0
