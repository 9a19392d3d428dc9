"""What a run has made, folded from its fills and marks: totals, falls from the peak, days, weeks and months.

Pure functions on values: the run desk calls them once a second and after each fill, and keeps what comes out with the
run's record. Money is integer money in the account's currency; ratios are floats, None while there are too few days.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from workstation.domain.records.strategies import DailyReturns, RunFigures, RunPeriod
from workstation.domain.strategy_rows import PeriodType

RETURNS_MAX = 400
"""Closed days that are kept for the ratios."""

DAYS_A_YEAR = 252
ANNUAL_LOG_MAX = math.log(1_000_000)
"""A year that made a million times what was there is none that anybody can read anything from."""

BPS = 10_000

replace = msgspec.structs.replace


def traded(figures: RunFigures, symbol: str, realised: int, *, opened: bool, ts: int) -> RunFigures:
    """Count an execution. realised: the symbol's total after it; opened: it began a position from flat; ts: UTC ns."""
    gain = realised - figures.realised.get(symbol, 0)
    return replace(
        figures,
        realised={**figures.realised, symbol: realised},
        trades=figures.trades + (gain != 0),
        wins=figures.wins + (gain > 0),
        losses=figures.losses + (gain < 0),
        positions_taken=figures.positions_taken + opened,
        last_trade_at=ts,
    )


def marked(figures: RunFigures, pnl: int, positions: int, capital: int, today: date) -> RunFigures:
    """Return the figures at a profit of `pnl` on `today`; a day that has gone is closed first."""
    figures = _rolled(figures, capital, today)
    peak = max(figures.peak, pnl)
    fall, worth = peak - pnl, capital + peak
    drop = fall * BPS // worth if worth > 0 else BPS
    periods = {
        name: period if drop <= period.fall_bps else replace(period, fall_bps=drop)
        for name, period in figures.periods.items()
    }
    return replace(
        figures,
        pnl=pnl,
        peak=peak,
        fall=max(figures.fall, fall),
        fall_bps=max(figures.fall_bps, drop),
        drop_bps=drop,
        positions=positions,
        periods=periods,
    )


def _rolled(figures: RunFigures, capital: int, today: date) -> RunFigures:
    day = figures.periods.get(PeriodType.DAILY)
    if day is not None and day.start != today.isoformat():
        began = capital + day.pnl
        made = (figures.pnl - day.pnl) / began if began > 0 else 0.0
        figures = replace(figures, returns=(*figures.returns, made)[-RETURNS_MAX:], days=figures.days + 1)
    fresh = {
        kind: RunPeriod(
            start=first.isoformat(),
            pnl=figures.pnl,
            trades=figures.trades,
            wins=figures.wins,
            losses=figures.losses,
            days=figures.days,
        )
        for kind in PeriodType
        if (first := first_day(kind, today)).isoformat() != getattr(figures.periods.get(kind), "start", "")
    }
    return replace(figures, periods={**figures.periods, **fresh}) if fresh else figures


def first_day(kind: PeriodType, today: date) -> date:
    """Return the first day of the period that `today` is in; weeks begin on Monday."""
    if kind is PeriodType.WEEKLY:
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if kind is PeriodType.MONTHLY else today


def last_day(kind: PeriodType, first: date) -> date:
    """Return the last day of the period that begins on `first`."""
    if kind is PeriodType.WEEKLY:
        return first + timedelta(days=6)
    if kind is PeriodType.MONTHLY:
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first


def sharpe(returns: Sequence[float]) -> float | None:
    """Return the yearly ratio of mean to deviation of daily returns, None for fewer than two days or no deviation."""
    deviation = volatility(returns)
    return None if not deviation else _mean(returns) / deviation * math.sqrt(DAYS_A_YEAR)


def sortino(returns: Sequence[float]) -> float | None:
    """Return the yearly ratio of mean to deviation below zero, None without a losing day."""
    if len(returns) < 2:
        return None
    below = math.sqrt(sum(min(value, 0.0) ** 2 for value in returns) / len(returns))
    return _mean(returns) / below * math.sqrt(DAYS_A_YEAR) if below else None


def volatility(returns: Sequence[float]) -> float | None:
    """Return the deviation of daily returns of a sample, None for fewer than two."""
    if len(returns) < 2:
        return None
    mean = _mean(returns)
    return math.sqrt(sum((value - mean) ** 2 for value in returns) / (len(returns) - 1))


def annualized(period_return: float, days: int) -> float | None:
    """Return what a return of so many days would make in a year of DAYS_A_YEAR, None for a loss of all or no bound."""
    if period_return <= -1 or days < 1:
        return None
    exponent = math.log1p(period_return) * DAYS_A_YEAR / days
    return math.expm1(exponent) if exponent < ANNUAL_LOG_MAX else None


def day_returns(figures: RunFigures, capital: int) -> tuple[float, ...]:
    """Return a run's daily returns with that of its last day, however short it was."""
    day = figures.periods.get(PeriodType.DAILY)
    began = 0 if day is None else capital + day.pnl
    if day is None or began <= 0:
        return figures.returns
    return (*figures.returns, (figures.pnl - day.pnl) / began)


def pooled(known: DailyReturns, returns: Sequence[float]) -> DailyReturns:
    """Return pooled returns with more of them; source: Welford's update, which loses no digits."""
    days, mean, squares = known.days, known.mean, known.squares
    for value in returns:
        days += 1
        away = value - mean
        mean += away / days
        squares += away * (value - mean)
    return DailyReturns(days=days, mean=mean, squares=squares)


def pooled_sharpe(returns: DailyReturns) -> float | None:
    """Return the yearly ratio of mean to deviation of pooled daily returns, None as `sharpe` does."""
    if returns.days < 2 or returns.squares <= 0:
        return None
    return returns.mean / math.sqrt(returns.squares / (returns.days - 1)) * math.sqrt(DAYS_A_YEAR)


def _mean(returns: Sequence[float]) -> float:
    return sum(returns) / len(returns)
