"""Drives a sweep: asks the search of each fold for trials, has them run, keeps each as it comes, and chooses.

Between the searches and whatever runs trials. Which trials there are, and every figure, depend on the terms alone:
never on how many workers there are, nor in which order they end. Trials that are kept already are not run again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from workstation.backtest.search import Drawn, Parameters, Space, grid, random_draw
from workstation.backtest.search_bayes import BayesSearch
from workstation.backtest.sweep_job import Span
from workstation.backtest.sweep_ranking import best_of, by_fold, joined, value_of
from workstation.backtest.sweep_trial import Outcome, Task
from workstation.backtest.walk_forward import Fold, folds
from workstation.domain.errors import ValidationError
from workstation.ports.sweeps import Method, Point, Terms, Trial
from workstation.strategies.api import Strategy

FOLDS_MAX = 200

Key = tuple[int, int]


class Workers(Protocol):
    """Runs tasks, several at a time."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they come, in any order; ends early once it is told to stop."""


class Search(Protocol):
    """Chooses the trials of one fold. planned: how many at most; refused: combinations left out so far."""

    planned: int
    refused: int

    def ask(self) -> Sequence[Parameters]:
        """Return the next trials, none at the end."""

    def tell(self, values: Sequence[float | None]) -> None:
        """Take what the trials asked last made, in their order; None where one failed or has no value."""


class FixedSearch:
    """Trials that are known beforehand, all at once."""

    def __init__(self, drawn: Drawn) -> None:
        self.planned, self.refused = len(drawn.trials), drawn.refused
        self._trials = drawn.trials
        self._asked = False

    def ask(self) -> Sequence[Parameters]:
        """Return all trials, once."""
        trials = () if self._asked else self._trials
        self._asked = True
        return trials

    def tell(self, values: Sequence[float | None]) -> None:
        """Do nothing: no trial depends on another."""


def searches_of(terms: Terms, strategy: type[Strategy]) -> list[Search]:
    """Return the search of each fold.

    Raises:
        ValidationError: axes or a count that do not fit the strategy.
        UserError: the search needs an extra that is not installed.
    """
    space = Space(strategy, terms.axes, terms.fixed)
    if terms.method is Method.GRID:
        drawn = grid(space)
        return [FixedSearch(drawn) for _ in range(terms.folds)]
    if terms.method is Method.RANDOM:
        drawn = random_draw(space, count=terms.count, seed=terms.seed)
        return [FixedSearch(drawn) for _ in range(terms.folds)]
    return [BayesSearch(space, count=terms.count, seed=terms.seed, fold=fold) for fold in range(terms.folds)]


def parts_of(terms: Terms, span: Span) -> list[tuple[Span, Span | None]]:
    """Return the in-sample and the out-of-sample span of each fold.

    Raises:
        ValidationError: no such number of folds or share, or a span without room for them.
    """
    if not 1 <= terms.folds <= FOLDS_MAX:
        raise ValidationError("folds", f"{terms.folds} is none", allowed=f"1 to {FOLDS_MAX}")
    if not 0 <= terms.out_share < 1:
        raise ValidationError("out_of_sample", f"{terms.out_share} is none", allowed="0 to below 1")
    if not terms.out_share:
        if terms.folds > 1:
            raise ValidationError("out_of_sample", "folds need one", allowed="above 0")
        return [(span, None)]
    made = folds(*span, count=terms.folds, in_share=1 - terms.out_share, anchored=terms.anchored)
    return [(_inside(fold), (fold.out_start, fold.out_end)) for fold in made]


def _inside(fold: Fold) -> Span:
    return fold.in_start, fold.in_end


class SweepLoop:
    """One sweep. known: trials kept before; keep: takes each new one. trials: all so far."""

    def __init__(
        self,
        terms: Terms,
        parts: Sequence[tuple[Span, Span | None]],
        searches: Sequence[Search],
        known: Mapping[Key, Trial],
    ) -> None:
        self.terms, self._parts, self._searches = terms, parts, searches
        self.trials: dict[Key, Trial] = dict(known)

    @property
    def planned(self) -> int:
        """Trials of all folds, at most."""
        return sum(search.planned for search in self._searches)

    @property
    def refused(self) -> int:
        """Combinations left out so far, in the fold with the most of them."""
        return max(search.refused for search in self._searches)

    def run(self, workers: Workers, keep: Callable[[Trial], None]) -> bool:
        """Run what is not kept; False where the workers stopped before the end."""
        numbers = [0] * len(self._searches)
        while True:
            asked = [search.ask() for search in self._searches]
            tasks = []
            for fold, trials in enumerate(asked):
                tasks += [self._task(fold, numbers[fold] + place, values) for place, values in enumerate(trials)]
            if not tasks:
                return True
            for outcome in workers.run([task for task in tasks if (task.fold, task.number) not in self.trials]):
                trial = outcome.trial
                self.trials[trial.fold, trial.number] = trial
                keep(trial)
            if any((task.fold, task.number) not in self.trials for task in tasks):
                return False
            for fold, trials in enumerate(asked):
                first = numbers[fold]
                numbers[fold] += len(trials)
                self._searches[fold].tell([self._value(fold, first + place) for place in range(len(trials))])

    def join(self, workers: Workers) -> tuple[Point, ...] | None:
        """Return the out-of-sample account of each fold's choice, one after another; None where workers stopped."""
        tasks = []
        for fold, trials in by_fold(self.trials.values()).items():
            best, outside = best_of(trials, self.terms.metric), self._parts[fold][1]
            if best is not None and outside is not None:
                tasks.append(
                    Task(fold=fold, number=best.number, parameters=best.parameters, outside=outside, wants_curve=True)
                )
        curves = {outcome.trial.fold: outcome.curve for outcome in workers.run(tasks)}
        return joined(curves[fold] for fold in sorted(curves)) if len(curves) == len(tasks) else None

    def _task(self, fold: int, number: int, values: dict[str, Any]) -> Task:
        inside, outside = self._parts[fold]
        return Task(fold=fold, number=number, parameters=values, inside=inside, outside=outside)

    def _value(self, fold: int, number: int) -> float | None:
        return value_of(self.trials[fold, number].inside, self.terms.metric)
