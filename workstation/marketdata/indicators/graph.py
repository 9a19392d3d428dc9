"""Parts of formulas. A node is one value a bar, made from other nodes; it knows how over an array and bar by bar.

Each part has `over(arrays)`, all bars at once, and `cell()`, a state that is asked once a bar; the two agree. A value
that a formula cannot have yet is NaN, always a run at the start: what follows starts after it. A cell is asked with
`keep` False while a bar still forms, so that the last bar can be asked as often as it changes.
"""

import math
import operator
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAN = math.nan
WINDOW_MAX = 5_000
"""Longest look back of any part, in bars."""

_KEEP = True

Cell = Callable[[Sequence[float], bool], float]
"""Values of a node's sources for this bar, and whether the bar is kept -> the node's value."""

Many = Callable[[list[float]], list[float]]
"""Values of a node's one source at many bars, all of them kept -> the node's values."""


class Node:
    """One value a bar. sources: the nodes that it is made from; none where it is given."""

    def __init__(self, *sources: "Node") -> None:
        self.sources = sources

    def __add__(self, other: "Node | float") -> "Node":
        return Each(np.add, operator.add, self, as_node(other))

    def __sub__(self, other: "Node | float") -> "Node":
        return Each(np.subtract, operator.sub, self, as_node(other))

    def __rsub__(self, other: float) -> "Node":
        return as_node(other) - self

    def __mul__(self, other: "Node | float") -> "Node":
        return Each(np.multiply, operator.mul, self, as_node(other))

    def __rmul__(self, other: float) -> "Node":
        return self * other

    def __truediv__(self, other: "Node | float") -> "Node":
        return ratio(self, as_node(other))


def as_node(value: "Node | float") -> Node:
    """Return a node; a number becomes the same value at every bar."""
    return value if isinstance(value, Node) else Constant(value)


class Column(Node):
    """A column of the bars, which is given: open, high, low, close, volume, time (UTC ns)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Made(Node, ABC):
    """A node that is made from its sources."""

    @abstractmethod
    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars from the arrays of the sources, shape (n,) each."""

    @abstractmethod
    def cell(self) -> Cell:
        """Return a fresh state for bars that come one at a time."""

    def run(self) -> tuple[Cell, Many | None]:
        """Return a fresh state, and its own way through many bars at once where it has a faster one."""
        return self.cell(), None


class Constant(Made):
    """One value at every bar."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def over(self, arrays: Sequence[Array]) -> Array:  # noqa: ARG002  # nothing to look at
        """Return the values of all bars."""
        return np.asarray(self.value, dtype=np.float64)

    def cell(self) -> Cell:
        """Return a fresh state."""
        return lambda _values, _keep: self.value


class Each(Made):
    """A function of the same bar's values. `whole` does it over arrays, `one` for one bar."""

    def __init__(self, whole: Callable[..., Any], one: Callable[..., float], *sources: Node) -> None:
        super().__init__(*sources)
        self._whole, self.one = whole, one

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        return np.asarray(self._whole(*arrays), dtype=np.float64)

    def cell(self) -> Cell:
        """Return a fresh state."""
        one = self.one
        return lambda values, _keep: one(*values)


def ratio(above: Node, below: Node, when_zero: float = 0.0) -> Node:
    """Return above / below; `when_zero` where `below` is 0."""

    def whole(a: Array, b: Array) -> Array:
        a, b = np.broadcast_arrays(a, b)
        return np.divide(a, b, out=np.where(np.isnan(a), NAN, when_zero), where=b != 0)

    def one(a: float, b: float) -> float:
        if b != 0:
            return a / b
        return NAN if math.isnan(a) else when_zero

    return Each(whole, one, above, below)


def larger(a: Node, b: Node | float) -> Node:
    """Return the larger of two; NaN where either is."""
    return Each(np.maximum, lambda x, y: NAN if x != x or y != y else max(x, y), a, as_node(b))  # noqa: PLR0124  # NaN differs from itself


def smaller(a: Node, b: Node | float) -> Node:
    """Return the smaller of two; NaN where either is."""
    return Each(np.minimum, lambda x, y: NAN if x != x or y != y else min(x, y), a, as_node(b))  # noqa: PLR0124  # NaN differs from itself


def absolute(a: Node) -> Node:
    """Return the value without its sign."""
    return Each(np.abs, abs, a)


def logarithm(a: Node) -> Node:
    """Return the natural logarithm of values above zero."""
    return Each(np.log, lambda x: math.log(x) if x > 0 else NAN, a)


def choose(condition: Callable[[Any, Any], Any], a: Node, b: Node, then: Node, otherwise: Node) -> Node:
    """Return `then` where condition(a, b) holds, else `otherwise`; NaN where a or b is."""

    def whole(x: Array, y: Array, yes: Array, no: Array) -> Array:
        return np.where(np.isnan(x) | np.isnan(y), NAN, np.where(condition(x, y), yes, no))

    def one(x: float, y: float, yes: float, no: float) -> float:
        if math.isnan(x) or math.isnan(y):
            return NAN
        return yes if condition(x, y) else no

    return Each(whole, one, a, b, then, otherwise)


def _started(values: Array) -> int:
    """Return the index of the first value that is one."""
    found = np.flatnonzero(~np.isnan(values))
    return int(found[0]) if len(found) else len(values)


class Previous(Made):
    """The value of so many bars before."""

    def __init__(self, source: Node, bars: int = 1) -> None:
        super().__init__(source)
        self._bars = bars

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        values = np.full(len(arrays[0]), NAN)
        values[self._bars :] = arrays[0][: -self._bars]
        return values

    def cell(self) -> Cell:
        """Return a fresh state."""
        before: deque[float] = deque(maxlen=self._bars)

        def ask(values: Sequence[float], keep: bool) -> float:
            found = before[0] if len(before) == self._bars else NAN
            if keep:
                before.append(values[0])
            return found

        return ask


class Window(Made):
    """A function of the last `bars` values. `whole` gets them as (n, bars), oldest first; `one` gets them as a list."""

    def __init__(
        self, source: Node, bars: int, whole: Callable[[Array], Any], one: Callable[[list[float]], float]
    ) -> None:
        super().__init__(source)
        self.bars, self._whole, self._one = bars, whole, one

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        source = arrays[0]
        values = np.full(len(source), NAN)
        start = _started(source) + self.bars - 1
        if start < len(source):
            values[start:] = self._whole(sliding_window_view(source[start - self.bars + 1 :], self.bars))
        return values

    def cell(self) -> Cell:
        """Return a fresh state."""
        before: deque[float] = deque(maxlen=self.bars)

        def ask(values: Sequence[float], keep: bool) -> float:
            last = values[0]
            if math.isnan(last):
                return NAN
            window = [*before, last][-self.bars :]
            if keep:
                before.append(last)
            return self._one(window) if len(window) == self.bars else NAN

        return ask


class Sum(Made):
    """Sum of the last `bars` values, in constant time a bar."""

    def __init__(self, source: Node, bars: int) -> None:
        super().__init__(source)
        self.bars = bars

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        source = arrays[0]
        values = np.full(len(source), NAN)
        start = _started(source)
        if start + self.bars <= len(source):
            # Differences from the first value keep a million large prices from eating the last digits.
            base = source[start]
            sums = np.concatenate(([0.0], np.cumsum(source[start:] - base)))
            values[start + self.bars - 1 :] = sums[self.bars :] - sums[: -self.bars] + base * self.bars
        return values

    def cell(self) -> Cell:
        """Return a fresh state."""
        return self.run()[0]

    def run(self) -> tuple[Cell, Many]:
        """Return a fresh state, one value at a time and many: the same sums in the same order, digit by digit."""
        bars = self.bars
        before: deque[float] = deque(maxlen=bars)
        total = lost = 0.0

        def ask(values: Sequence[float], keep: bool) -> float:
            nonlocal total, lost
            last = values[0]
            if math.isnan(last):
                return NAN
            full = len(before) == bars
            change = (last - before[0] if full else last) - lost
            found = total + change
            count = bars if full else len(before) + 1
            if keep:  # Kahan's compensation: what rounding lost comes back with the next bar
                lost = (found - total) - change
                total = found
                before.append(last)
            return found if count == bars else NAN

        def many(values: list[float]) -> list[float]:
            nonlocal total, lost
            head = bars - len(before)
            if math.isnan(sum(values)) or len(values) <= head:
                return [ask((value,), True) for value in values]  # noqa: FBT003  a cell takes its values and this alone
            sums = [ask((value,), True) for value in values[:head]]  # noqa: FBT003  the same
            rest, so_far, gone = values[head:], total, lost
            for step in map(operator.sub, rest, chain(before, rest)):
                change = step - gone
                found = so_far + change
                gone = (found - so_far) - change
                so_far = found
                sums.append(found)
            total, lost = so_far, gone
            before.extend(rest[-bars:])
            return sums

        return ask, many


class Smooth(Made):
    """Exponential smoothing: before + share * (value - before), seeded with the mean of the first `seed` values."""

    def __init__(self, source: Node, share: float, seed: int) -> None:
        super().__init__(source)
        self._share, self._seed = share, seed

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        source, share = arrays[0], self._share
        values = np.full(len(source), NAN)
        start = _started(source) + self._seed
        if start <= len(source):
            level = float(np.mean(source[start - self._seed : start]))
            line = [level]
            for value in source[start:].tolist():
                level += share * (value - level)
                line.append(level)
            values[start - 1 :] = line
        return values

    def cell(self) -> Cell:
        """Return a fresh state."""
        share, seed = self._share, self._seed
        first: list[float] = []
        level = NAN

        def ask(values: Sequence[float], keep: bool) -> float:
            nonlocal level
            last = values[0]
            if math.isnan(last):
                return NAN
            if len(first) == seed:
                found = level + share * (last - level)
            else:
                found = math.fsum((*first, last)) / seed if len(first) == seed - 1 else NAN
                if keep:
                    first.append(last)
            if keep:
                level = found
            return found

        return ask


class Scan(Made):
    """A recursion of its own: `make` returns a step from (values of the sources, keep) to this bar's value."""

    def __init__(self, make: Callable[[], Cell], *sources: Node) -> None:
        super().__init__(*sources)
        self._make = make

    def over(self, arrays: Sequence[Array]) -> Array:
        """Return the values of all bars."""
        step = self._make()
        return np.array([step(values, _KEEP) for values in zip(*(column.tolist() for column in arrays), strict=True)])

    def cell(self) -> Cell:
        """Return a fresh state."""
        return self._make()


OPEN, HIGH, LOW, CLOSE, VOLUME, TIME = (Column(name) for name in ("open", "high", "low", "close", "volume", "time"))
TYPICAL = (HIGH + LOW + CLOSE) * (1 / 3)
MEDIAN = (HIGH + LOW) * 0.5
