"""Which parameters a sweep tries: every combination, or a seeded draw from them.

Before the runs of a sweep. Each trial passes the strategy's own schema of parameters, so none is outside its bounds.
It runs nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from workstation.domain.errors import ValidationError
from workstation.kernel.ids import sub_stream
from workstation.strategies.api import Strategy, parameters_of

TRIALS_MAX = 100_000

Axes = Mapping[str, Sequence[Any]]
Trial = dict[str, Any]


def grid(strategy: type[Strategy], axes: Axes) -> list[Trial]:
    """Return every combination of the axes' values, the last axis turning fastest.

    Raises:
        ValidationError: no combination, more than TRIALS_MAX, an axis that is no parameter, or a value
            outside of its bounds.
    """
    size = _size(strategy, axes)
    if size > TRIALS_MAX:
        raise ValidationError("grid", f"{size} trials are too many", allowed=f"up to {TRIALS_MAX}")
    return [_trial(strategy, axes, values) for values in product(*axes.values())]


def random_draw(strategy: type[Strategy], axes: Axes, *, count: int, seed: int) -> list[Trial]:
    """Return `count` different combinations, or all where there are fewer; the same seed draws the same ones.

    Raises:
        ValidationError: as `grid`, or a count that is none.
    """
    if not 1 <= count <= TRIALS_MAX:
        raise ValidationError("trials", f"{count} is none", allowed=f"1 to {TRIALS_MAX}")
    size = _size(strategy, axes)
    numbers = sub_stream(seed, "search").sample(range(size), min(count, size))
    return [_trial(strategy, axes, _combination(axes, number)) for number in numbers]


def _size(strategy: type[Strategy], axes: Axes) -> int:
    for name, values in axes.items():
        if name not in strategy.Parameters.model_fields:
            raise ValidationError(name, "is no parameter", allowed=", ".join(strategy.Parameters.model_fields))
        if not values:
            raise ValidationError(name, "has no value to try", allowed="one or more")
    return prod(len(values) for values in axes.values())


def _combination(axes: Axes, number: int) -> list[Any]:
    """Return the combination of this number in the order of the grid."""
    found = []
    for values in reversed(list(axes.values())):
        number, place = divmod(number, len(values))
        found.append(values[place])
    return found[::-1]


def _trial(strategy: type[Strategy], axes: Axes, values: Sequence[Any]) -> Trial:
    trial = dict(zip(axes, values, strict=True))
    parameters_of(strategy, trial)
    return trial
