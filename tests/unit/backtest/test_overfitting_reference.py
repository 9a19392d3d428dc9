"""The guard against chance, computed once more from the account's curve by other means than the product's own.

The normal distribution by the error function and its quantile by bisection, moments by plain sums; formulas as printed
by Bailey and López de Prado (2014).
"""

from __future__ import annotations

import itertools
from math import e, erf, sqrt

import pytest

from tests.helpers.sweeps import DirectWorkers, probe_job, swept
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import encoded, loaded, span_of
from workstation.backtest.sweep_loop import parts_of
from workstation.backtest.sweep_ranking import best_of, deflater, guard_of
from workstation.domain.numbers import MONEY_ONE
from workstation.ports.sweeps import Metric, Terms

DAY = 86_400 * 10**9
EULER_MASCHERONI = 0.577215664901532
TERMS = Terms(entry_point="probe:Probe", axes={"back": [2, 5, 10, 20], "quantity": [10, 30]})


def normal(value: float) -> float:
    return (1 + erf(value / sqrt(2))) / 2


def quantile(chance: float) -> float:
    low, high = -10.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if normal(middle) < chance else (low, middle)
    return (low + high) / 2


def returns_of_days(job, trial) -> list[float]:
    """Return the returns of a trial's in-sample days, from its account's curve."""
    [(inside, _)] = parts_of(TERMS, span_of(job))
    result = run_backtest(loaded(encoded(job)).plan(trial.parameters, inside, warm=False))
    ends: dict[int, float] = {}
    for ts, equity in zip(result.curve.ts.tolist(), result.curve.equity.tolist(), strict=True):
        ends[(ts - 1) // DAY] = equity
    accounts = [result.initial_cash / MONEY_ONE, *ends.values()]
    return [later / before - 1 for before, later in itertools.pairwise(accounts)]


def ratio(returns: list[float]) -> float:
    mean = sum(returns) / len(returns)
    return mean / sqrt(sum((each - mean) ** 2 for each in returns) / (len(returns) - 1))


def test_the_deflated_ratio_of_every_trial_is_the_published_formula_over_its_days() -> None:
    job = probe_job()
    trials = swept(TERMS, job, DirectWorkers(job))
    days = [returns_of_days(job, trial) for trial in trials]
    ratios = [ratio(returns) for returns in days]
    middle = sum(ratios) / len(ratios)
    spread = sqrt(sum((each - middle) ** 2 for each in ratios) / (len(ratios) - 1))
    count = len(ratios)
    beyond = EULER_MASCHERONI * quantile(1 - 1 / (count * e))
    chance = spread * ((1 - EULER_MASCHERONI) * quantile(1 - 1 / count) + beyond)
    deflated = deflater(trials)
    for trial, returns, sharpe in zip(trials, days, ratios, strict=True):
        mean, many = sum(returns) / len(returns), len(returns)
        moments = [sum((each - mean) ** power for each in returns) / many for power in (2, 3, 4)]
        skewness, kurtosis = moments[1] / moments[0] ** 1.5, moments[2] / moments[0] ** 2
        error = sqrt((1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2) / (many - 1))
        assert deflated(trial) == pytest.approx(normal((sharpe - chance) / error), abs=1e-9)
    guard, best = guard_of(trials, Metric.SHARPE), best_of(trials, Metric.SHARPE)
    assert best is not None
    assert guard.by_chance == pytest.approx(chance * sqrt(365), rel=1e-9)
    assert guard.deflated == deflated(best)
