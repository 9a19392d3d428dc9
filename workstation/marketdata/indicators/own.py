"""Indicators that a user writes: a class in a file of the folder `indicators`, stepped bar by bar.

An author imports `OwnIndicator` and `figure`; the rest makes a row of the catalogue of it. Beside the tick walk: own
code may be slow or wrong, so that whoever steps it does that on a thread of its own. It reads no file.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from workstation.domain.errors import ValidationError
from workstation.marketdata.indicators.catalogue import Indicator, Pane, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workstation.marketdata.indicators.graph import Node

GROUP = "Own"
ID_PREFIX = "own."
LINES_MAX = 4
_COLUMNS = frozenset({"open", "high", "low", "close", "volume", "time"})


class IndicatorBar(msgspec.Struct, frozen=True):
    """A bar as an own indicator sees it: prices and volume in whole units, time of its opening in UTC ns."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    time: float


class Figure(msgspec.Struct, frozen=True):
    """One figure of an own indicator: whole numbers where the default is an int."""

    default: int | float
    low: float
    high: float


def figure(default: float, *, low: float, high: float) -> Any:
    """Declare a number that a chart's user may change within [low, high]; whole where the default is an int.

    Written in a class as an attribute: `bars: int = figure(20, low=1, high=500)`.
    """
    return Figure(default, low, high)


class OwnIndicator:
    """The base of an own indicator. The first line of the docstring is what the list says of it.

    lines: names of its values, LINES_MAX at most. over_prices: drawn over the bars, else in a pane of its own, with
    levels as horizontal marks. Figures are class attributes made by `figure`, and plain numbers on an instance.
    """

    title: ClassVar[str] = ""
    lines: ClassVar[tuple[str, ...]] = ("value",)
    over_prices: ClassVar[bool] = False
    levels: ClassVar[tuple[float, ...]] = ()

    def begin(self) -> None:
        """Make what is remembered from bar to bar; figures are set. Override where there is something."""

    def on_bar(self, bar: IndicatorBar) -> float | tuple[float, ...] | None:
        """Return the value at a bar, one for each line, None before there is one. Bars come in order, each once."""
        raise NotImplementedError(f"{type(self).__name__} has no on_bar")


class OwnSteps:
    """An own indicator that goes on bar by bar; a bar that still forms is asked of a copy."""

    names = _COLUMNS

    def __init__(self, made: OwnIndicator, lines: int) -> None:
        self._made, self._lines = made, lines
        made.begin()

    def close(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the values at a bar that is complete, and go on to the next."""
        return self._values(self._made.on_bar(IndicatorBar(**bar)))

    def peek(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the values as if the bar ended now."""
        return self._values(copy.deepcopy(self._made).on_bar(IndicatorBar(**bar)))

    def _values(self, found: object) -> tuple[float, ...]:
        if found is None:
            return (math.nan,) * self._lines
        values = found if isinstance(found, tuple) else (found,)
        if len(values) != self._lines:
            raise ValueError(f"on_bar returned {len(values)} values for {self._lines} lines")
        return tuple(math.nan if value is None else float(value) for value in values)


class OwnFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of own indicators as it stands. code_hash: SHA-256, hex. error: why it offers none, "" where it does."""

    module: str
    code_hash: str
    indicators: tuple[Indicator, ...] = ()
    error: str = ""


def catalogued(module: str, kind: type[OwnIndicator]) -> Indicator:
    """Return an own indicator as a row of the catalogue.

    Raises:
        ValidationError: lines or figures that cannot be shown.
    """
    lines = tuple(kind.lines)
    if not 1 <= len(lines) <= LINES_MAX or not all(isinstance(line, str) for line in lines):
        raise ValidationError("lines", f"{kind.__name__}.lines is {kind.lines!r}", allowed=f"1 to {LINES_MAX} names")
    figures = {name: found for name in dir(kind) if isinstance(found := getattr(kind, name), Figure)}
    order = [name for base in reversed(kind.__mro__) for name in vars(base) if name in figures]
    parameters = tuple(_parameter(name, figures[name]) for name in dict.fromkeys(order))

    def steps(*values: float) -> OwnSteps:
        made = kind()
        for parameter, value in zip(parameters, values, strict=True):
            setattr(made, parameter.name, int(value) if parameter.whole else value)
        return OwnSteps(made, len(lines))

    return Indicator(
        id=f"{ID_PREFIX}{module}.{kind.__name__}",
        title=kind.title or kind.__name__,
        group=GROUP,
        pane=Pane.PRICE if kind.over_prices else Pane.OWN,
        parameters=parameters,
        lines=lines,
        levels=tuple(float(level) for level in kind.levels),
        formula=no_graph,
        steps=steps,
        kind=kind,
    )


def absent(indicator_id: str, settings: Mapping[str, float], why: str) -> Indicator:
    """Return what stands for an own indicator that cannot be had: its name, its figures, and why in place of values."""
    name = indicator_id.removeprefix(ID_PREFIX)

    def steps(*_values: float) -> OwnSteps:
        raise ValidationError(name, why)

    return Indicator(
        id=indicator_id,
        title=name.rpartition(".")[2],
        group=GROUP,
        pane=Pane.OWN,
        parameters=tuple(Parameter(key, value, -math.inf, math.inf, whole=False) for key, value in settings.items()),
        lines=("value",),
        formula=no_graph,
        steps=steps,
    )


def no_graph(*_values: float) -> Node:
    """Refuse: an own indicator is stepped, there is no formula of it.

    Raises:
        ValidationError: always.
    """
    raise ValidationError("indicator", "an own indicator is stepped bar by bar; it has no formula")


def _parameter(name: str, found: Figure) -> Parameter:
    if not found.low <= found.default <= found.high:
        bounds = f"{found.low:g} to {found.high:g}"
        raise ValidationError(name, f"{found.default:g} is out of its own range", allowed=bounds)
    return Parameter(name, found.default, found.low, found.high, whole=isinstance(found.default, int))
