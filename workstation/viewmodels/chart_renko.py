"""Renko: bricks of one height instead of bars of one time, so that only movement takes room.

Bricks lie where `marketdata/bricks.py` says, laid by the closes of bars. The last brick still grows with the price and
is laid or not when its bar closes, so nothing that was laid is taken away, but while a series is too short for its
range: then all are laid anew. Drawn, read out and computed on in place of the bars; orders are not. No Qt here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.domain.errors import ValidationError
from workstation.marketdata.bricks import Bricks
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, VOLUME, BarPyramid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SIZE_MAX: Final = 1_000_000
_SIZE: Final = re.compile(r"(?:([1-9]\d{0,6})t|atr([1-9]\d{0,3}))", re.ASCII)
BARS_BETWEEN_LOOKS: Final = 4_096
"""Bars that are laid before it is asked again whether they are wanted."""

_Bar = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class BrickSize:
    """How tall a brick is: `count` ticks, or the mean true range of `count` bars."""

    count: int = 14
    from_range: bool = True

    @property
    def text(self) -> str:
        """Return the size as it is typed and kept: `10t`, `atr14`."""
        return f"atr{self.count}" if self.from_range else f"{self.count}t"

    def ticks(self, columns: NDArray[np.float64], tick: float) -> int:
        """Return the height in ticks, at least 1, over (5, n) columns open high low close volume."""
        if not self.from_range:
            return self.count
        recent = columns[:, -self.count - 1 :]
        if recent.shape[1] < 2:
            return 1
        before = recent[CLOSE, :-1]
        highest, lowest = np.maximum(recent[HIGH, 1:], before), np.minimum(recent[LOW, 1:], before)
        return max(1, round(float((highest - lowest).mean()) / tick))


def read_brick_size(text: str) -> BrickSize:
    """Return the size of its text. Raises: ValidationError for anything else."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None or int(found.group(1) or 1) > SIZE_MAX:
        allowed = "a number of ticks such as 10t, or the range of a number of bars such as atr14"
        raise ValidationError("brick size", f"{text!r} is none", allowed=allowed)
    return BrickSize(int(found.group(1) or found.group(2)), from_range=found.group(1) is None)


@dataclass(slots=True)
class Laid:
    """Where the bricks of the first `count` bars of a series end, and what the next one begins with.

    begun_ns: its time; waiting: the volume since the last one.
    """

    brick_ticks: int
    state: Bricks
    begun_ns: int
    waiting: float = 0.0
    count: int = 0

    def close(self, time_ns: int, close: float, volume: float, tick: float) -> list[tuple[int, _Bar]]:
        """Return the bricks that a closed bar lays, oldest first; they share the volume since the last one."""
        self.waiting += volume
        self.count += 1
        edges = self.state.lay(round(close / tick))
        if not edges:
            return []
        share, self.waiting = self.waiting / len(edges), 0.0
        laid = []
        for begin, end in edges:
            laid.append((self.begun_ns, _brick(begin * tick, end * tick, share)))
            self.begun_ns = max(time_ns, self.begun_ns + 1)
        return laid


def lay_bricks(
    times_ns: NDArray[np.int64],
    columns: NDArray[np.float64],
    brick_ticks: int,
    tick: float,
    wanted: Callable[[], bool] = lambda: True,
) -> tuple[Laid, list[tuple[int, _Bar]]] | None:
    """Return the bricks of closed bars, (5, n) columns, from the first one on; None once they are not wanted any more.

    Reads only what it is given: for any thread.
    """
    laid = Laid(brick_ticks, Bricks(brick_ticks, round(float(columns[CLOSE, 0]) / tick)), int(times_ns[0]))
    bricks: list[tuple[int, _Bar]] = []
    for start in range(0, len(times_ns), BARS_BETWEEN_LOOKS):
        if not wanted():
            return None
        part = slice(start, start + BARS_BETWEEN_LOOKS)
        rows = (times_ns[part].tolist(), columns[CLOSE, part].tolist(), columns[VOLUME, part].tolist())
        for time_ns, close, volume in zip(*rows, strict=True):
            bricks += laid.close(time_ns, close, volume, tick)
    return laid, bricks


class Renko:
    """The bars of a chart with their bricks.

    bars: as they came. bricks: the pyramid that is filled; every brick but the last is laid. brick_ticks: the height.
    tick: the smallest price step, in whole units.
    """

    def __init__(self, bricks: BarPyramid, size: BrickSize, tick: float) -> None:
        self.bars = BarPyramid()
        self.bricks = bricks
        self.size, self.tick = size, tick
        self.brick_ticks = 1
        self._laid = Laid(1, Bricks(1, 0), 0)

    @property
    def height(self) -> float:
        """Return the height of a brick, in whole units."""
        return self.brick_ticks * self.tick

    @property
    def is_unsure(self) -> bool:
        """Whether the series is too short for its range, so that each bar may change the height."""
        return self.size.from_range and len(self.bars) - 1 <= self.size.count

    def take(self, times_ns: NDArray[np.int64], columns: NDArray[np.float64], *, at_once: int | None = None) -> None:
        """Take a whole series, (5, n) columns open high low close volume; the last bar may still form.

        at_once: bricks are laid of so many of the newest bars only, as if the series began there; None of all.
        """
        open_, high, low, close, volume = columns
        self.bars.replace(times_ns, open=open_, high=high, low=low, close=close, volume=volume)
        self._lay_all(0 if at_once is None else max(len(times_ns) - 1 - at_once, 0))

    def put(self, time_ns: int, bar: _Bar) -> bool:
        """Take a live bar, as `BarPyramid.put`; return whether bricks were added."""
        last = len(self.bars) - 1
        closes = last >= 0 and time_ns > self.bars.times_ns[last]
        if closes and not self.is_unsure:
            before = len(self.bricks)
            for time, brick in self._close(last):
                self.bricks.put(time, brick)
            self.bars.put(time_ns, bar)
            self.bricks.put(*self._growing())
            return len(self.bricks) > before
        self.bars.put(time_ns, bar)
        if closes or last < 0:
            self._lay_all()  # the range of so few bars still changes the height
            return True
        self.bricks.put(*self._growing())
        return False

    def adopt(self, made: tuple[Laid, list[tuple[int, _Bar]]]) -> None:
        """Show bricks that were laid anew of the first bars: those of the later ones are laid now."""
        self._laid, laid = made
        self.brick_ticks = self._laid.brick_ticks
        for number in range(self._laid.count, len(self.bars) - 1):
            laid += self._close(number)
        laid.append(self._growing())
        self._show(laid)

    def _lay_all(self, first: int = 0) -> None:
        """Lay the bricks of the bars from `first` on."""
        if not len(self.bars):
            self._show([])
            return
        height = self.size.ticks(self.bars.columns[:, :-1], self.tick)  # closed bars only
        begin, price = int(self.bars.times_ns[first]), float(self.bars.columns[CLOSE, first])
        self.adopt((Laid(height, Bricks(height, round(price / self.tick)), begin, count=first), []))

    def _show(self, laid: list[tuple[int, _Bar]]) -> None:
        columns = np.array([brick for _, brick in laid], dtype=np.float64).reshape(-1, 5).T
        open_, high, low, close, volume = columns
        times_ns = [time for time, _ in laid]
        self.bricks.replace(times_ns, open=open_, high=high, low=low, close=close, volume=volume)

    def _close(self, number: int) -> list[tuple[int, _Bar]]:
        return self._laid.close(int(self.bars.times_ns[number]), *self._price_and_volume(number), self.tick)

    def _growing(self) -> tuple[int, _Bar]:
        """Return the brick that would be laid next, as tall as the price is away."""
        close, volume = self._price_and_volume(len(self.bars) - 1)
        begin = self._laid.state.growing_from(round(close / self.tick))
        return self._laid.begun_ns, _brick(begin * self.tick, close, self._laid.waiting + volume)

    def _price_and_volume(self, number: int) -> tuple[float, float]:
        column = self.bars.columns[:, number]
        return float(column[CLOSE]), float(column[VOLUME])


def _brick(begin: float, end: float, volume: float) -> _Bar:
    return begin, max(begin, end), min(begin, end), end, volume
