"""Returns of a curve by calendar month and year, UTC. Pure; beside `metrics.py`, for the report's table."""

import msgspec
import numpy as np

from workstation.backtest.result import EquityCurve


class MonthlyReturns(msgspec.Struct, frozen=True):
    """Fractions of 1. months: by (year, month), those that the curve has a point in; years: by year."""

    months: dict[tuple[int, int], float]
    years: dict[int, float]


def monthly_returns(curve: EquityCurve, start: float) -> MonthlyReturns:
    """Return last equity / last equity before - 1 of each month and year, the first against `start`.

    A month's midnight belongs to the month that ends. After an equity of 0 there is no return.
    """
    found = MonthlyReturns({}, {})
    if not len(curve.ts):
        return found
    months = (curve.ts - 1).astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.r_[months[1:] != months[:-1], True])
    month_before = year_before = start
    for number, equity in zip(months[last].tolist(), curve.equity[last].tolist(), strict=True):
        year, month = 1970 + number // 12, number % 12 + 1
        if year not in found.years:
            year_before = month_before
        found.months[year, month] = equity / month_before - 1 if month_before else 0.0
        found.years[year] = equity / year_before - 1 if year_before else 0.0
        month_before = equity
    return found
