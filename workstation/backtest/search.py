"""Which parameters a sweep tries: every combination, or a seeded draw from them.

Before the runs of a sweep. Each trial passes the strategy's own schema of parameters, and carries the values as that
schema read them. A combination that it refuses, such as a fast length above the slow one, is left out and counted. It
runs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from random import Random
from typing import Any

import msgspec

from workstation.domain.errors import ValidationError
from workstation.kernel.ids import sub_stream
from workstation.strategies.api import Strategy, parameters_of

TRIALS_MAX = 100_000
DRAWS_PER_TRIAL = 20
"""Draws for each trial wanted, after which no more are looked for among combinations that are refused."""

Axes = Mapping[str, Sequence[Any]]
Parameters = dict[str, Any]


class Drawn(msgspec.Struct, frozen=True):
    """Trials in their order. refused: combinations left out; reason: why the first of them was, "" without any."""

    trials: tuple[Parameters, ...]
    refused: int = 0
    reason: str = ""


class Space:
    """All combinations of the axes' values, numbered from 0 in the order of the grid, the last axis turning fastest.

    fixed: values of parameters that are no axis.

    Raises:
        ValidationError: an axis that is no parameter or has no values, or a fixed value that is an axis too.
    """

    def __init__(self, strategy: type[Strategy], axes: Axes, fixed: Mapping[str, Any] | None = None) -> None:
        self.axes = {name: tuple(values) for name, values in axes.items()}
        self._strategy, self._fixed = strategy, dict(fixed or {})
        for name in (*self.axes, *self._fixed):
            if name not in strategy.Parameters.model_fields:
                raise ValidationError(name, "is no parameter", allowed=", ".join(strategy.Parameters.model_fields))
        for name, values in self.axes.items():
            if not values:
                raise ValidationError(name, "has no value to try", allowed="one or more")
            if name in self._fixed:
                raise ValidationError(name, "is named twice")
        self.size = prod(len(values) for values in self.axes.values())

    def combination(self, number: int) -> Parameters:
        """Return the values of one combination as they were given."""
        found = {}
        for name, values in reversed(self.axes.items()):
            number, place = divmod(number, len(values))
            found[name] = values[place]
        return {name: found[name] for name in self.axes}

    def read(self, values: Mapping[str, Any]) -> Parameters:
        """Return the axes' values as the strategy's schema reads them, in plain values.

        Raises:
            ValidationError: the schema refuses the combination.
        """
        dumped = parameters_of(self._strategy, {**self._fixed, **values}).model_dump(mode="json")
        return {name: dumped[name] for name in self.axes}

    def drawn(self, combinations: Iterable[Mapping[str, Any]], count: int) -> Drawn:
        """Return up to `count` different trials of the combinations that the schema takes.

        Raises:
            ValidationError: it takes none of them.
        """
        trials: dict[str, Parameters] = {}
        refused, reason = 0, ""
        for values in combinations:
            try:
                trial = self.read(values)
            except ValidationError as error:
                refused, reason = refused + 1, reason or str(error)
                continue
            trials.setdefault(repr(trial), trial)
            if len(trials) == count:
                break
        if not trials:
            raise ValidationError("trials", f"every combination is refused; the first: {reason}")
        return Drawn(tuple(trials.values()), refused, reason)


def grid(space: Space) -> Drawn:
    """Return every combination that the schema takes, in order.

    Raises:
        ValidationError: more than TRIALS_MAX, or none.
    """
    if space.size > TRIALS_MAX:
        raise ValidationError("grid", f"{space.size} trials are too many", allowed=f"up to {TRIALS_MAX}")
    combinations = (dict(zip(space.axes, values, strict=True)) for values in product(*space.axes.values()))
    return space.drawn(combinations, TRIALS_MAX)


def random_draw(space: Space, *, count: int, seed: int) -> Drawn:
    """Return `count` different trials, or all where there are fewer; the same seed draws the same ones.

    Raises:
        ValidationError: a count that is none, or no combination that the schema takes.
    """
    checked_count(count)
    numbers = _different(sub_stream(seed, "search"), space.size, count * DRAWS_PER_TRIAL)
    return space.drawn(map(space.combination, numbers), count)


def checked_count(count: int) -> int:
    """Return a number of trials.

    Raises:
        ValidationError: it is none.
    """
    if not 1 <= count <= TRIALS_MAX:
        raise ValidationError("trials", f"{count} is none", allowed=f"1 to {TRIALS_MAX}")
    return count


def _different(random: Random, size: int, count: int) -> Iterable[int]:
    """Yield up to `count` different numbers below `size`, which may be larger than any index; each as it is needed."""
    if size <= count:
        numbers = list(range(size))
        random.shuffle(numbers)
        yield from numbers
        return
    seen: set[int] = set()
    while len(seen) < count:
        number = random.randrange(size)
        if number not in seen:
            seen.add(number)
            yield number
