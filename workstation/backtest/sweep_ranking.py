"""Which trial a sweep chooses, and how much of that is chance: ranks, the deflated Sharpe ratio, a map of two axes.

After the runs, for tables and screens. Trials are ranked by what they made in-sample alone; what the same parameters
made out-of-sample stands beside it and decides nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean, variance
from typing import Any

import msgspec

from workstation.backtest.metrics import SESSIONS_A_YEAR
from workstation.backtest.overfitting import deflated_sharpe, expected_sharpe_max
from workstation.domain.errors import ValidationError
from workstation.ports.sweeps import Figures, Metric, Point, Trial

LIKELY = 0.95
"""Deflated Sharpe ratio from which a choice is called likely better than chance, the usual level."""


Axis = Callable[[Mapping[str, Any]], Any]
"""Returns the cell of an axis that the parameters of a trial belong to."""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """What the search itself explains of a fold's best trial.

    trials: that have a Sharpe ratio. by_chance: yearly ratio that the best of so many has without skill.
    deflated: probability that the choice's true ratio is above that, None where it cannot be told. inside,
    outside: the choice's metric in both parts. traded: whether any trial had a fill in-sample.
    """

    trials: int
    by_chance: float
    deflated: float | None
    inside: float | None
    outside: float | None
    traded: bool = True

    @property
    def verdict(self) -> str:
        """What to make of the choice, in words."""
        if not self.traded:
            return "No trial traded: a backtest with the parameters of one says why."
        if self.deflated is None:
            return "Too few trials or days to tell luck from skill."
        if self.deflated < LIKELY:
            return f"The best of {self.trials:,} trials by luck alone would look like this: do not trust it."
        if self.outside is not None and self.outside <= 0:
            return "Better than luck in-sample, and it lost out-of-sample: do not trust it."
        return "Better than luck explains, in-sample and out."


def value_of(figures: Figures | None, metric: Metric) -> float | None:
    """Return the metric of a part, None where it has none."""
    found: float | None = None if figures is None else getattr(figures, metric.value)
    return found


def ranked(trials: Iterable[Trial], metric: Metric) -> list[Trial]:
    """Return trials, best in-sample first; those without a value last, ties by number."""

    def place(trial: Trial) -> tuple[bool, float, int, int]:
        value = value_of(trial.inside, metric)
        return value is None, -(value or 0.0), trial.fold, trial.number

    return sorted(trials, key=place)


def best_of(trials: Iterable[Trial], metric: Metric) -> Trial | None:
    """Return the trial that is chosen, None where none has a value."""
    first = next(iter(ranked(trials, metric)), None)
    return first if first is not None and value_of(first.inside, metric) is not None else None


def deflater(trials: Sequence[Trial]) -> Callable[[Trial], float | None]:
    """Return what gives a trial's deflated Sharpe ratio among `trials` of one fold, None where it has none."""
    ratios = _ratios(trials)
    spread = variance(ratios) if len(ratios) > 1 else 0.0

    def deflated(trial: Trial) -> float | None:
        figures = trial.inside
        if figures is None or figures.sharpe_day is None or len(ratios) < 2:
            return None
        try:
            return deflated_sharpe(
                figures.sharpe_day,
                observations=figures.days,
                skewness=figures.skewness,
                kurtosis=figures.kurtosis,
                trials=len(ratios),
                variance=spread,
            )
        except ValidationError:
            return None

    return deflated


def guard_of(trials: Sequence[Trial], metric: Metric) -> Guard:
    """Return what chance explains of the best of one fold's trials."""
    ratios = _ratios(trials)
    best = best_of(trials, metric)
    chance = expected_sharpe_max(len(ratios), variance(ratios)) if len(ratios) > 1 else 0.0
    return Guard(
        trials=len(ratios),
        by_chance=chance * _yearly(best),
        deflated=None if best is None else deflater(trials)(best),
        inside=None if best is None else value_of(best.inside, metric),
        outside=None if best is None else value_of(best.outside, metric),
        traded=not trials or any(trial.inside is None or trial.inside.fills for trial in trials),
    )


def by_fold(trials: Iterable[Trial]) -> dict[int, list[Trial]]:
    """Return trials by fold, folds ascending."""
    found: dict[int, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: (trial.fold, trial.number)):
        found.setdefault(trial.fold, []).append(trial)
    return found


def joined(curves: Iterable[Sequence[Point]]) -> tuple[Point, ...]:
    """Return the out-of-sample accounts of folds one after another, each going on with what the last one ended with."""
    points: list[Point] = []
    for curve in curves:
        base = points[-1].equity if points else 1.0
        points += [Point(point.ts, base * point.equity) for point in curve]
    return tuple(points)


def heat(
    trials: Iterable[Trial], across: Axis, down: Axis, value: Callable[[Trial], float | None]
) -> dict[tuple[Any, Any], float]:
    """Return for each pair of cells of two parameters the mean of `value` over all trials that have it."""
    cells: dict[tuple[Any, Any], list[float]] = {}
    for trial in trials:
        found = value(trial)
        if found is not None:
            cells.setdefault((across(trial.parameters), down(trial.parameters)), []).append(found)
    return {place: fmean(values) for place, values in cells.items()}


def _yearly(trial: Trial | None) -> float:
    """Return what makes a ratio of days a yearly one."""
    figures = None if trial is None else trial.inside
    if figures is None or not figures.sharpe or not figures.sharpe_day:
        return sqrt(SESSIONS_A_YEAR)
    return figures.sharpe / figures.sharpe_day


def _ratios(trials: Iterable[Trial]) -> list[float]:
    return [
        trial.inside.sharpe_day for trial in trials if trial.inside is not None and trial.inside.sharpe_day is not None
    ]
