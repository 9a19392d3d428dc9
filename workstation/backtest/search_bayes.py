"""A search that learns: where earlier trials of a fold did well, later ones look closer (tree-structured Parzen).

One of the searches of `sweep_loop`. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011, by
optuna, which is an extra and is loaded when a sweep asks for it. Trials are asked for in batches of one size whatever
the number of workers, so that the same seed finds the same.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workstation.backtest.search import DRAWS_PER_TRIAL, Parameters, Space, checked_count
from workstation.domain.errors import UserError, ValidationError
from workstation.kernel.ids import sub_stream

if TYPE_CHECKING:
    import optuna

BATCH = 8
"""Trials asked for at once; more than that run at the same time on no machine."""

WORST = -1e9
"""What a trial without a value is taken for, so that its like is not looked for."""

_SEEDS = 2**32


class BayesSearch:
    """One fold's search. fold: has a stream of its own of the seed.

    Raises:
        ValidationError: a count that is none.
        UserError: optuna is not installed.
    """

    def __init__(self, space: Space, *, count: int, seed: int, fold: int) -> None:
        self._space, self._left = space, min(checked_count(count), space.size)
        self.planned, self.refused = self._left, 0
        library = _library()
        library.logging.set_verbosity(library.logging.WARNING)
        sampler = library.samplers.TPESampler(seed=sub_stream(seed, f"bayes/{fold}").randrange(_SEEDS))
        self._study = library.create_study(direction="maximize", sampler=sampler)
        self._axes = {name: _distribution(library, values) for name, values in space.axes.items()}
        self._failed = library.trial.TrialState.FAIL
        self._known: dict[str, float | None] = {}
        self._asked: list[tuple[optuna.Trial, str]] = []

    def ask(self) -> Sequence[Parameters]:
        """Return the next batch; none once there are enough, or nothing new is found.

        Raises:
            ValidationError: the strategy's schema refuses all that is found.
        """
        found: dict[str, Parameters] = {}
        wanted, tries = min(BATCH, self._left), 0
        while len(found) < wanted and tries < wanted * DRAWS_PER_TRIAL:
            tries += 1
            trial = self._study.ask(self._axes)
            try:
                values = self._space.read({name: self._space.axes[name][place] for name, place in trial.params.items()})
            except ValidationError as error:
                self.refused += 1
                reason = str(error)
                self._study.tell(trial, state=self._failed)
                continue
            key = repr(values)
            if key in found:
                self._study.tell(trial, state=self._failed)
            elif key in self._known:
                self._tell(trial, self._known[key])
            else:
                found[key] = values
                self._asked.append((trial, key))
        if wanted and not found and not self._known:
            raise ValidationError("trials", f"every combination is refused; the last: {reason}")
        self._left = self._left - len(found) if found else 0
        return tuple(found.values())

    def tell(self, values: Sequence[float | None]) -> None:
        """Learn from the batch asked last."""
        asked, self._asked = self._asked, []
        for (trial, key), value in zip(asked, values, strict=True):
            self._known[key] = value
            self._tell(trial, value)

    def _tell(self, trial: "optuna.Trial", value: float | None) -> None:
        self._study.tell(trial, WORST if value is None else value)


def _distribution(library: Any, values: Sequence[Any]) -> Any:
    """Return how one axis is searched, by place: numbers by their order, anything else without one."""
    if all(isinstance(value, int | float) for value in values):
        return library.distributions.IntDistribution(0, len(values) - 1)
    return library.distributions.CategoricalDistribution(tuple(range(len(values))))


def _library() -> Any:
    """Return optuna.

    Raises:
        UserError: it is not installed.
    """
    try:
        import optuna  # noqa: PLC0415  an extra
    except ImportError:
        raise UserError("a Bayesian search needs optuna: install workstation[search]") from None
    return optuna
