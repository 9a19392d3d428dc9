"""Bars at every scale: what a chart of any width needs, without touching a million bars to get it.

`BarPyramid` keeps the bars as columns and, above them, halved levels: bin `i` of level `k` covers the bars `i * 2**k`
up to `(i + 1) * 2**k`, with the open of its first bar, the extremes of all, the close of the last and the sum of
volumes. Bins sit at fixed bar numbers, so a picture never shimmers while it pans. A live tick touches one bin per
level.

Last stage of the tick walk before the desktop. Floats are legal here: these arrays are drawn, never traded.
This module must not know pixels or Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.domain.errors import ValidationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
COLUMNS: Final = 5
BINS_WORTH_HALVING: Final = 256
SPARE_BARS_MIN: Final = 1_024
BARS_MAX: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class BarBins:
    """A run of equally wide bins, oldest first.

    `first` is the number of the first bin and `size` the bars in each, so bin `j` starts at bar `(first + j) * size`.
    `columns` is a (5, n) float64 view, rows open high low close volume; it is valid until the next change of the
    pyramid.
    """

    first: int
    size: int
    columns: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    @property
    def centers(self) -> NDArray[np.float64]:
        """Return where each bin's middle lies, in bar numbers (bar `i` spans `i` to `i + 1`)."""
        return (np.arange(self.first, self.first + len(self), dtype=np.float64) + 0.5) * self.size


class BarPyramid:
    """Open, high, low, close and volume of a series at all powers of two. Bars are numbered from 0, oldest first."""

    def __init__(self) -> None:
        self._times = np.empty(0, dtype=np.int64)
        self._levels: list[NDArray[np.float64]] = [np.empty((COLUMNS, 0))]
        self._count = 0
        self.revision = 0

    def __len__(self) -> int:
        return self._count

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """Return the opening times of the bars, UTC nanoseconds, strictly rising; a view."""
        return self._times[: self._count]

    @property
    def columns(self) -> NDArray[np.float64]:
        """Return the bars themselves, (5, n) float64, rows open high low close volume; a view."""
        return self._levels[0][:, : self._count]

    def replace(
        self,
        times_ns: ArrayLike,
        *,
        open: ArrayLike,  # noqa: A002 - the field's standard term
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike,
    ) -> None:
        """Take a whole series. Raises: ValidationError for unequal lengths, falling times, or a value not finite."""
        times = np.asarray(times_ns, dtype=np.int64)
        named = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
        count = len(times)
        if count > BARS_MAX:
            raise ValidationError("bars", f"{count} bars are more than a chart holds", allowed=f"at most {BARS_MAX}")
        capacity = count + max(SPARE_BARS_MIN, count // 8)
        base = np.empty((COLUMNS, capacity))
        for row, (name, values) in enumerate(named.items()):
            column = np.asarray(values, dtype=np.float64)
            if column.shape != (count,):
                raise ValidationError(name, f"{column.shape} does not match {count} times")
            base[row, :count] = column
        if not np.isfinite(base[:, :count]).all():
            raise ValidationError("bars", "a price or volume is not a finite number")
        if count > 1 and not (np.diff(times) > 0).all():
            raise ValidationError("times_ns", "times must rise strictly")
        self._times = np.empty(capacity, dtype=np.int64)
        self._times[:count] = times
        self._levels = [base]
        self._count = count
        self._raise_levels()
        self.revision += 1

    def put(self, time_ns: int, bar: tuple[float, float, float, float, float]) -> bool:
        """Change the last bar, or append a later one; return whether it was appended. Costs one bin per level.

        `bar` is open, high, low, close, volume. Raises: ValidationError for a time before the last bar.
        """
        last = int(self._times[self._count - 1]) if self._count else None
        if last is not None and time_ns < last:
            raise ValidationError("time_ns", f"{time_ns} is before the last bar {last}")
        appended = time_ns != last
        if appended:
            if self._count == len(self._times):
                self._grow()
            self._times[self._count] = time_ns
            self._count += 1
        self._levels[0][:, self._count - 1] = bar
        top = self._refresh(self._count - 1)
        if top > BINS_WORTH_HALVING * 2:
            del self._levels[1:]
            self._raise_levels()
        self.revision += 1
        return appended

    def revise(self, time_ns: int, bar: tuple[float, float, float, float, float]) -> bool:
        """Change the bar that opened at a moment; return whether there is one. Costs one bin per level."""
        place = self.index_at(time_ns)
        if place < 0 or self._times[place] != time_ns:
            return False
        self._levels[0][:, place] = bar
        self._refresh(place)
        self.revision += 1
        return True

    def bins(self, first: int, stop: int, bars_per_bin: float) -> BarBins:
        """Return the bins that cover the bars `first` to `stop` (exclusive), each at least `bars_per_bin` wide.

        The width is the smallest power of two that suffices and that the pyramid holds; a series too short for such
        a level is answered from its top level. The range is clipped to what exists.
        """
        level = self.level_for(bars_per_bin)
        size = 1 << level
        first = max(0, first) >> level
        stop = -(-min(stop, self._count) // size)
        return BarBins(first=first, size=size, columns=self._levels[level][:, first : max(first, stop)])

    def level_for(self, bars_per_bin: float) -> int:
        """Return the lowest level whose bins are at least `bars_per_bin` bars wide, or the top level."""
        level = 0
        while level + 1 < len(self._levels) and (1 << level) < bars_per_bin:
            level += 1
        return level

    def extremes(self, first: int, stop: int) -> tuple[float, float] | None:
        """Return the exact lowest low and highest high of bars `first` to `stop` (exclusive); None without bars."""
        first, stop = max(0, first), min(stop, self._count)
        if first >= stop:
            return None
        lowest, highest = np.inf, -np.inf
        for level, start, end in self._cover(first, stop):
            part = self._levels[level]
            lowest = min(lowest, part[LOW, start:end].min())
            highest = max(highest, part[HIGH, start:end].max())
        return float(lowest), float(highest)

    def volume_max(self, first: int, stop: int, bars_per_bin: float) -> float:
        """Return the largest volume among the bins that `bins` would return; 0 where there are none."""
        shown = self.bins(first, stop, bars_per_bin)
        return float(shown.columns[VOLUME].max()) if len(shown) else 0.0

    def index_at(self, time_ns: int) -> int:
        """Return the number of the last bar that opened at or before an instant; -1 before the first."""
        return int(np.searchsorted(self.times_ns, time_ns, side="right")) - 1

    def _cover(self, first: int, stop: int) -> list[tuple[int, int, int]]:
        """Return (level, start, end) slices that together cover exactly the bars asked for, few elements each."""
        top = 0
        while top + 1 < len(self._levels) and (stop - first) >> top > 2 * BINS_WORTH_HALVING:
            top += 1
        size = 1 << top
        start, end = -(-first // size), stop // size
        if top == 0 or start >= end:
            return [(0, first, stop)]
        edges = [(0, first, start * size), (0, end * size, stop)]
        return [(top, start, end)] + [edge for edge in edges if edge[1] < edge[2]]

    def _raise_levels(self) -> None:
        below, count = self._levels[0], self._count
        while count > BINS_WORTH_HALVING:
            above = np.empty((COLUMNS, -(-below.shape[1] // 2)))
            pairs = count // 2
            left, right = below[:, 0 : 2 * pairs : 2], below[:, 1 : 2 * pairs : 2]
            above[OPEN, :pairs] = left[OPEN]
            np.maximum(left[HIGH], right[HIGH], out=above[HIGH, :pairs])
            np.minimum(left[LOW], right[LOW], out=above[LOW, :pairs])
            above[CLOSE, :pairs] = right[CLOSE]
            np.add(left[VOLUME], right[VOLUME], out=above[VOLUME, :pairs])
            if count % 2:
                above[:, pairs] = below[:, count - 1]
            self._levels.append(above)
            below, count = above, -(-count // 2)

    def _refresh(self, place: int) -> int:
        """Work out the bins of one bar anew; return how many bins the top level has."""
        count = self._count
        for level in range(1, len(self._levels)):
            below, above = self._levels[level - 1], self._levels[level]
            target = place // 2
            if 2 * target + 1 == count:
                above[:, target] = below[:, count - 1]
            else:
                left, right = below[:, 2 * target].tolist(), below[:, 2 * target + 1].tolist()
                above[:, target] = (
                    left[OPEN],
                    max(left[HIGH], right[HIGH]),
                    min(left[LOW], right[LOW]),
                    right[CLOSE],
                    left[VOLUME] + right[VOLUME],
                )
            place, count = target, -(-count // 2)
        return count

    def _grow(self) -> None:
        capacity = max(SPARE_BARS_MIN, 2 * self._count)
        if capacity > 2 * BARS_MAX:
            raise ValidationError("bars", "the chart's series is full", allowed=f"at most {BARS_MAX}")
        times = np.empty(capacity, dtype=np.int64)
        times[: self._count] = self.times_ns
        base = np.empty((COLUMNS, capacity))
        base[:, : self._count] = self.columns
        self._times, self._levels = times, [base]
        self._raise_levels()
