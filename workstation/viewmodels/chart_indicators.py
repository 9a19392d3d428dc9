"""Indicators as a chart keeps them: chosen with their figures, written in a layout as text, up to date with each tick.

`calculate` reads a whole series and is made for a thread of its own: a slow indicator over a million bars takes
seconds. `IndicatorLines` takes what it made and goes on bar by bar, where a tick costs one value a line. The closed
bars of a `BarPyramid` never change, so both may read them at the same time. Last stage of the tick walk before the
desktop; this module must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.domain.errors import UserError, ValidationError
from workstation.marketdata.indicators.catalogue import Indicator, indicator
from workstation.marketdata.indicators.evaluation import Running, Steps, over_bars
from workstation.marketdata.indicators.own import ID_PREFIX, absent
from workstation.viewmodels.chart_larger_bars import LARGER, LargerBars, checked_length
from workstation.viewmodels.level_of_detail import PAGED_BARS_MAX, PAGED_SPARE, SPARE_BARS_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from workstation.viewmodels.level_of_detail import BarPyramid

INDICATORS_MAX: Final = 12
COLORS: Final = 4
BARS_BETWEEN_CHECKS: Final = 4_096
COLUMN_NAMES: Final = ("open", "high", "low", "close", "volume")
NOT_LOADED: Final = "its file is being loaded"
HISTOGRAM: Final = "histogram"
_BANDS: Final = frozenset({"upper", "middle", "lower"})


@dataclass(frozen=True)
class ChosenIndicator:
    """An indicator of the catalogue with its figures.

    color: the number of its first line's colour, 0 to 3. minutes: length of the bars that it is read from, 0 for the
    chart's own.
    """

    indicator: Indicator
    settings: tuple[tuple[str, float], ...] = ()
    color: int = 0
    minutes: int = 0

    @property
    def is_own(self) -> bool:
        """Return whether a user wrote it, so that it is never stepped on the thread that draws."""
        return self.indicator.steps is not None

    @property
    def label(self) -> str:
        """Return what a legend says, such as `EMA 20`, or `EMA 20 · 15m` of larger bars."""
        label = self.indicator.label(dict(self.settings))
        return f"{label} · {LARGER[self.minutes]}" if self.minutes else label

    def line_color(self, line: int) -> int:
        """Return the number of a line's colour; the three lines of a band share one."""
        return (self.color if self.indicator.lines[line] in _BANDS else self.color + line) % COLORS

    def text(self) -> str:
        """Return it as a layout keeps it, such as `ema bars=20 color=1`."""
        figures = [f"{name}={value:g}" for name, value in self.settings]
        over = [f"over={self.minutes}"] if self.minutes else []
        return " ".join([self.indicator.id, *figures, *over, f"color={self.color}"])


def choose(
    indicator_id: str, settings: Mapping[str, float] | None = None, color: int = 0, *, minutes: int = 0
) -> ChosenIndicator:
    """Return an indicator with every figure filled in.

    Raises:
        NotFound: no such indicator.
        ValidationError: an unknown figure, one outside its bounds, or bars of a length that is not on offer.
    """
    return chosen_of(indicator(indicator_id), settings, color, minutes=minutes)


def chosen_of(
    found: Indicator, settings: Mapping[str, float] | None = None, color: int = 0, *, minutes: int = 0
) -> ChosenIndicator:
    """Return an indicator with every figure filled in.

    Raises:
        ValidationError: an unknown figure, one outside its bounds, or bars of a length that is not on offer.
    """
    values = found.values(settings or {})
    named = tuple((parameter.name, value) for parameter, value in zip(found.parameters, values, strict=True))
    return ChosenIndicator(found, named, color % COLORS, checked_length(minutes))


def read_chosen(texts: Iterable[object]) -> list[ChosenIndicator]:
    """Return the indicators of a layout; what is no known indicator, or has impossible figures, is left out.

    A user's own one is not known yet: what is absent stands for it, with its figures.
    """
    chosen: list[ChosenIndicator] = []
    for text in texts:
        name, *pairs = str(text).split() or [""]
        try:
            figures = {key: float(value) for key, _, value in (pair.partition("=") for pair in pairs)}
            color = int(figures.pop("color", len(chosen)))
            minutes = int(figures.pop("over", 0))
            found = absent(name, figures, NOT_LOADED) if name.startswith(ID_PREFIX) else indicator(name)
            chosen.append(chosen_of(found, figures, color, minutes=minutes))
        except (UserError, ValueError, OverflowError):
            continue
    return chosen[:INDICATORS_MAX]


def read_figure(chosen: Indicator, name: str, text: str) -> float:
    """Return a figure as typed.

    Raises:
        ValidationError: no number, or outside its bounds; the message says what is allowed.
    """
    try:
        value = float(text)
    except ValueError:
        raise ValidationError(name, f"“{text}” is no number") from None
    if not isfinite(value):
        raise ValidationError(name, f"“{text}” is no number")
    chosen.values({name: value})
    return value


@dataclass(frozen=True, slots=True)
class ClosedBars:
    """All bars but the last of a series at one moment: views that stay true while the series goes on.

    room: for how many older bars the series has room in front.
    """

    times_ns: NDArray[np.int64]
    columns: NDArray[np.float64]
    room: int = 0


def closed_bars(bars: BarPyramid) -> ClosedBars:
    """Return the bars that will not change any more."""
    count = max(0, len(bars) - 1)
    return ClosedBars(bars.times_ns[:count], bars.columns[:, :count], bars.room_before)


@dataclass(frozen=True, slots=True)
class Calculation:
    """What `calculate` made of the first `count` bars, and the state that goes on from them.

    held: (lines, n) values of which those of the first bar are in column `slot`, with room before and behind.
    """

    held: NDArray[np.float64]
    slot: int
    running: Steps
    count: int

    @property
    def values(self) -> NDArray[np.float64]:
        """Return the values, (lines, count)."""
        return self.held[:, self.slot : self.slot + self.count]


def calculate(chosen: ChosenIndicator, bars: ClosedBars, wanted: Callable[[], bool]) -> Calculation | None:
    """Return the values of all closed bars and the state after them; None when it is not wanted any more."""
    count, found = len(bars.times_ns), chosen.indicator
    own = found.steps
    nodes = () if own is not None else found.build(dict(chosen.settings))
    one: Steps = Running(nodes) if own is None else own(*found.values(dict(chosen.settings)))
    running = LargerBars(one, chosen.minutes) if chosen.minutes else one
    stepped = own is not None or bool(chosen.minutes)
    held = np.empty((len(found.lines), bars.room + count + SPARE_BARS_MIN))
    held[:, bars.room + count :] = np.nan
    values = held[:, bars.room : bars.room + count]
    if count and not stepped:
        for row, line in zip(values, over_bars(nodes, _columns(bars)), strict=True):
            row[:] = line
    for at, bar in _rows(bars, running.names, 0):
        if at % (1 if own is not None else BARS_BETWEEN_CHECKS) == 0 and not wanted():
            return None
        made = running.close(bar)
        if stepped:
            values[:, at] = made
    return Calculation(held, bars.room, running, count)


@dataclass(frozen=True, slots=True)
class Advance:
    """What `advance` made: (lines, n) values of the bars from `first` on that closed, and where the last stands."""

    values: NDArray[np.float64]
    first: int
    last: tuple[float, ...]


def advance(running: Steps, first: int, bars: ClosedBars, forming: Mapping[str, float]) -> Advance:
    """Step lines from bar number `first` over those that closed since, and ask them of the one that forms."""
    made = [running.close(bar) for _at, bar in _rows(bars, running.names, first)]
    last = running.peek(forming)
    return Advance(np.array(made, dtype=np.float64).reshape(-1, len(last)).T, first, last)


def _columns(bars: ClosedBars) -> dict[str, NDArray[np.float64]]:
    return {**dict(zip(COLUMN_NAMES, bars.columns, strict=True)), "time": bars.times_ns.astype(np.float64)}


def _rows(bars: ClosedBars, names: frozenset[str], first: int) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield number and columns of each bar from number `first` on."""
    columns = _columns(ClosedBars(bars.times_ns[first:], bars.columns[:, first:]))
    order = list(names)
    for start in range(0, len(bars.times_ns) - first, BARS_BETWEEN_CHECKS):
        part = (columns[name][start : start + BARS_BETWEEN_CHECKS].tolist() for name in order)
        for at, row in enumerate(zip(*part, strict=True), first + start):
            yield at, dict(zip(order, row, strict=True))


class IndicatorLines:
    """The lines of one indicator over the bars of one chart. `error` is why it shows nothing, "" while it is well."""

    def __init__(self, chosen: ChosenIndicator) -> None:
        self.chosen = chosen
        self.error = ""
        self._held = np.empty((len(chosen.indicator.lines), 0))
        self._slot = 0
        self._running: Steps | None = None
        self._closed = 0

    @property
    def ready(self) -> bool:
        """Return whether there are values; until then the chart shows the name alone."""
        return self._running is not None

    def line(self, number: int) -> NDArray[np.float64]:
        """Return the values of a line, one for each bar, NaN where there is none; a view with room at its end."""
        row: NDArray[np.float64] = self._held[number, self._slot :]
        return row

    def value(self, number: int, bar: int) -> float:
        """Return a line's value at a bar, NaN where there is none."""
        return float(self._held[number, self._slot + bar]) if 0 <= bar <= self._closed and self.ready else np.nan

    def forget(self) -> None:
        """Have no values until the next calculation is taken."""
        self._running, self._closed, self.error = None, 0, ""

    def take(self, made: Calculation, bars: BarPyramid) -> None:
        """Go on from a calculation over the first bars of this series."""
        self._held, self._slot = made.held, made.slot
        self._running, self._closed = made.running, made.count
        self.update_last(bars)

    def update_last(self, bars: BarPyramid) -> None:
        """Close the bars that ended meanwhile and say where the last stands; own ones wait for `next_step`."""
        running, last = self._running, len(bars) - 1
        if running is None or last < 0:
            return
        if self._slot + last >= self._held.shape[1]:
            self._move(self._slot, 2 * (last + 1))
        if self.chosen.is_own:
            return
        while self._closed < last:
            self._held[:, self._slot + self._closed] = running.close(_bar(bars, self._closed))
            self._closed += 1
        self._held[:, self._slot + last] = running.peek(_bar(bars, last))

    def next_step(self, bars: BarPyramid) -> Callable[[], Advance] | None:
        """Return what brings own lines up to the last bar, for another thread; None where there is nothing to do."""
        running, first = self._running, self._closed
        if running is None or self.error or not len(bars):
            return None
        closed, forming = closed_bars(bars), _bar(bars, len(bars) - 1)
        return lambda: advance(running, first, closed, forming)

    def take_step(self, made: Advance) -> None:
        """Take what `next_step` made."""
        self._closed = made.first + made.values.shape[1]
        self._held[:, self._slot + made.first : self._slot + self._closed] = made.values
        self._held[:, self._slot + self._closed] = made.last

    def prepend(self, added: int) -> None:
        """Have no values for `added` older bars, and keep those of the others until the next calculation is taken."""
        if not self.ready:
            return
        if added > self._slot:
            self._move(max(PAGED_BARS_MAX, added), self._closed + PAGED_SPARE)
        self._held[:, self._slot - added : self._slot] = np.nan
        self._slot -= added
        self._closed += added

    def _move(self, slot: int, length: int) -> None:
        """Move the values to where those of the first bar are in column `slot`, with room for `length` bars."""
        kept = self._held[:, self._slot :][:, :length]
        self._held = np.empty((len(kept), slot + length))
        self._held[:, slot : slot + kept.shape[1]] = kept
        self._held[:, slot + kept.shape[1] :] = np.nan
        self._slot = slot


def _bar(bars: BarPyramid, number: int) -> dict[str, float]:
    row = dict(zip(COLUMN_NAMES, bars.columns[:, number].tolist(), strict=True))
    row["time"] = float(bars.times_ns[number])
    return row
