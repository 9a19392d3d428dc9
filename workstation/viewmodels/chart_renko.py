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
    from numpy.typing import NDArray

SIZE_MAX: Final = 1_000_000
_SIZE: Final = re.compile(r"(?:([1-9]\d{0,6})t|atr([1-9]\d{0,3}))", re.ASCII)
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
        self._laid = Bricks(1, 0)
        self._begun_ns = 0
        self._waiting = 0.0

    @property
    def height(self) -> float:
        """Return the height of a brick, in whole units."""
        return self.brick_ticks * self.tick

    def take(self, times_ns: NDArray[np.int64], columns: NDArray[np.float64]) -> None:
        """Take a whole series, (5, n) columns open high low close volume; the last bar may still form."""
        open_, high, low, close, volume = columns
        self.bars.replace(times_ns, open=open_, high=high, low=low, close=close, volume=volume)
        self._lay_all()

    def put(self, time_ns: int, bar: _Bar) -> bool:
        """Take a live bar, as `BarPyramid.put`; return whether bricks were added."""
        last = len(self.bars) - 1
        closes = last >= 0 and time_ns > self.bars.times_ns[last]
        unsure = self.size.from_range and last <= self.size.count
        if closes and not unsure:
            before = len(self.bricks)
            for time, brick in self._lay(int(self.bars.times_ns[last]), *self._price_and_volume(last)):
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

    def _lay_all(self) -> None:
        count = len(self.bars)
        laid: list[tuple[int, _Bar]] = []
        if count:
            self.brick_ticks = self.size.ticks(self.bars.columns[:, :-1], self.tick)  # closed bars only
            first = self._in_ticks(float(self.bars.columns[CLOSE, 0]))
            self._laid = Bricks(self.brick_ticks, first)
            self._begun_ns, self._waiting = int(self.bars.times_ns[0]), 0.0
            times = self.bars.times_ns.tolist()
            closes, volumes = self.bars.columns[CLOSE].tolist(), self.bars.columns[VOLUME].tolist()
            for number in range(count - 1):
                laid += self._lay(times[number], closes[number], volumes[number])
            laid.append(self._growing())
        columns = np.array([brick for _, brick in laid], dtype=np.float64).reshape(-1, 5).T
        open_, high, low, close, volume = columns
        times_ns = [time for time, _ in laid]
        self.bricks.replace(times_ns, open=open_, high=high, low=low, close=close, volume=volume)

    def _lay(self, time_ns: int, close: float, volume: float) -> list[tuple[int, _Bar]]:
        """Return the bricks that a closed bar lays, oldest first; they share the volume since the last one."""
        self._waiting += volume
        edges = self._laid.lay(self._in_ticks(close))
        if not edges:
            return []
        share, self._waiting = self._waiting / len(edges), 0.0
        laid = []
        for begin, end in edges:
            laid.append((self._begun_ns, self._brick(begin * self.tick, end * self.tick, share)))
            self._begun_ns = max(time_ns, self._begun_ns + 1)
        return laid

    def _growing(self) -> tuple[int, _Bar]:
        """Return the brick that would be laid next, as tall as the price is away."""
        close, volume = self._price_and_volume(len(self.bars) - 1)
        begin = self._laid.growing_from(self._in_ticks(close))
        return self._begun_ns, self._brick(begin * self.tick, close, self._waiting + volume)

    def _price_and_volume(self, number: int) -> tuple[float, float]:
        column = self.bars.columns[:, number]
        return float(column[CLOSE]), float(column[VOLUME])

    def _in_ticks(self, price: float) -> int:
        return round(price / self.tick)

    @staticmethod
    def _brick(begin: float, end: float, volume: float) -> _Bar:
        return begin, max(begin, end), min(begin, end), end, volume
