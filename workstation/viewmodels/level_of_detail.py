"""Bars at every scale: what a chart of any width needs, without touching a million bars to get it.

`BarPyramid` keeps the bars as columns and, above them, halved levels: a bin of level `k` covers `2**k` bars, with the
open of its first bar, the extremes of all, the close of the last and the sum of volumes. Bins stand on fixed slots, so
a picture never shimmers while it pans, and older bars that are put before touch no bin of later ones but the first. A
live tick touches one bin per level.

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

PAGED_BARS_MAX: Final = 1_000_000
"""Bars for which a series makes room in front as the first older ones come: address space, memory only as it fills."""

PAGED_SPARE: Final = 100_000
"""Bars for which such a series has room at its end, so that a live one seldom moves them all."""


@dataclass(frozen=True, slots=True)
class BarBins:
    """A run of equally wide bins, oldest first.

    `first` is the number of the first bin and `size` the bars in each, of which the outermost may have fewer: bin `j`
    starts at bar `(first + j) * size - slot`. `count` is the bars of the series. `columns` is a (5, n) float64 view,
    rows open high low close volume; it is valid until the next change of the pyramid.
    """

    first: int
    size: int
    columns: NDArray[np.float64]
    slot: int = 0
    count: int = BARS_MAX

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    @property
    def centers(self) -> NDArray[np.float64]:
        """Return where each bin's middle lies, in bar numbers (bar `i` spans `i` to `i + 1`)."""
        return (np.arange(self.first, self.first + len(self), dtype=np.float64) + 0.5) * self.size - self.slot

    @property
    def ends(self) -> NDArray[np.int64]:
        """Return the last bar of each bin."""
        after = (np.arange(self.first, self.first + len(self)) + 1) * self.size - self.slot
        return np.asarray(np.minimum(after, self.count) - 1)


class BarPyramid:
    """Open, high, low, close and volume of a series at all powers of two. Bars are numbered from 0, oldest first.

    Bar 0 lies in slot `_slot`; a bin of level `k` covers the slots `i * 2**k` up to `(i + 1) * 2**k`.
    """

    def __init__(self) -> None:
        self._times = np.empty(0, dtype=np.int64)
        self._levels: list[NDArray[np.float64]] = [np.empty((COLUMNS, 0))]
        self._slot = self._count = 0
        self.revision = 0

    def __len__(self) -> int:
        return self._count

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """Return the opening times of the bars, UTC nanoseconds, strictly rising; a view."""
        return self._times[self._slot : self._slot + self._count]

    @property
    def columns(self) -> NDArray[np.float64]:
        """Return the bars themselves, (5, n) float64, rows open high low close volume; a view."""
        return self._levels[0][:, self._slot : self._slot + self._count]

    @property
    def room_before(self) -> int:
        """Return how many older bars there is room for without moving the others."""
        return self._slot

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
        """Take a whole series. Raises: ValidationError for unequal lengths, falling times, or a value not finite.

        One that had room in front keeps it, unless it is emptied.
        """
        times = np.asarray(times_ns, dtype=np.int64)
        named = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
        count = len(times)
        if count > BARS_MAX:
            raise ValidationError("bars", f"{count} bars are more than a chart holds", allowed=f"at most {BARS_MAX}")
        slot = max(PAGED_BARS_MAX - count, 0) if self._slot and count else 0
        capacity = slot + count + max(SPARE_BARS_MIN, count // 8, PAGED_SPARE if slot else 0)
        base = np.empty((COLUMNS, capacity))
        for row, (name, values) in enumerate(named.items()):
            column = np.asarray(values, dtype=np.float64)
            if column.shape != (count,):
                raise ValidationError(name, f"{column.shape} does not match {count} times")
            base[row, slot : slot + count] = column
        _check(times, base[:, slot : slot + count])
        self._times = np.empty(capacity, dtype=np.int64)
        self._times[slot : slot + count] = times
        self._levels, self._slot, self._count = [base], slot, count
        self._raise_levels()
        self.revision += 1

    def prepend(self, times_ns: NDArray[np.int64], columns: NDArray[np.float64]) -> None:
        """Put older bars before those kept, (n,) times and (5, n) columns; costs what they are, not what is kept.

        The first ones make room, at the cost of what is kept then.

        Raises:
            ValidationError: falling times, one that is not before what is kept, or a value that is not finite.
        """
        added = len(times_ns)
        if not added:
            return
        _check(times_ns, columns)
        if self._count and times_ns[-1] >= self.times_ns[0]:
            raise ValidationError("times_ns", "older bars must come before those that are kept")
        if added > self._slot:
            self._move(max(PAGED_BARS_MAX - self._count, added), self._count + max(PAGED_SPARE, self._count // 8))
        self._slot -= added
        self._count += added
        self._times[self._slot : self._slot + added] = times_ns
        self.rewrite(0, columns)
        self._raise_more(BINS_WORTH_HALVING)

    def rewrite(self, first: int, columns: NDArray[np.float64]) -> None:
        """Put other values, (5, n) columns, in place of those from bar `first` on; the times stay."""
        start, stop = self._slot + first, self._slot + first + columns.shape[1]
        self._levels[0][:, start:stop] = columns
        for level in range(1, len(self._levels)):
            start, stop = start // 2, (stop + 1) // 2
            self._sum_up(level, start, stop)
        self.revision += 1

    def adopt(self, other: BarPyramid) -> None:
        """Take over the bars of another, which is not to be used any more."""
        self._times, self._levels, self._slot, self._count = other._times, other._levels, other._slot, other._count
        self.revision += 1

    def put(self, time_ns: int, bar: tuple[float, float, float, float, float]) -> bool:
        """Change the last bar, or append a later one; return whether it was appended. Costs one bin per level.

        `bar` is open, high, low, close, volume. Raises: ValidationError for a time before the last bar.
        """
        place = self._slot + self._count
        last = int(self._times[place - 1]) if self._count else None
        if last is not None and time_ns < last:
            raise ValidationError("time_ns", f"{time_ns} is before the last bar {last}")
        appended = time_ns != last
        if appended:
            if place == len(self._times):
                self._grow()
            self._times[place] = time_ns
            self._count += 1
            place += 1
        self._levels[0][:, place - 1] = bar
        self._refresh(place - 1)
        if appended:
            self._raise_more(BINS_WORTH_HALVING * 2)
        self.revision += 1
        return appended

    def revise(self, time_ns: int, bar: tuple[float, float, float, float, float]) -> bool:
        """Change the bar that opened at a moment; return whether there is one. Costs one bin per level."""
        place = self.index_at(time_ns)
        if place < 0 or self.times_ns[place] != time_ns:
            return False
        self._levels[0][:, self._slot + place] = bar
        self._refresh(self._slot + place)
        self.revision += 1
        return True

    def bins(self, first: int, stop: int, bars_per_bin: float) -> BarBins:
        """Return the bins that cover the bars `first` to `stop` (exclusive), each at least `bars_per_bin` wide.

        The width is the smallest power of two that suffices and that the pyramid holds; a series too short for such
        a level is answered from its top level. The range is clipped to what exists.
        """
        level, slot = self.level_for(bars_per_bin), self._slot
        first = (max(0, first) + slot) >> level
        stop = -(-(min(stop, self._count) + slot) >> level)
        shown = self._levels[level][:, first : max(first, stop)]
        return BarBins(first, 1 << level, shown, slot, self._count)

    def bin_start(self, bar: int, bars_per_bin: float) -> tuple[int, int]:
        """Return where the bin of a bar begins, in bar numbers, before the first where bars could be, and its size."""
        level = self.level_for(bars_per_bin)
        return ((bar + self._slot) >> level << level) - self._slot, 1 << level

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
        for level, start, end in self._cover(first + self._slot, stop + self._slot):
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
        """Return (level, start, end) slices that together cover exactly the slots asked for, few elements each."""
        top = 0
        while top + 1 < len(self._levels) and (stop - first) >> top > 2 * BINS_WORTH_HALVING:
            top += 1
        size = 1 << top
        start, end = -(-first // size), stop // size
        if top == 0 or start >= end:
            return [(0, first, stop)]
        edges = [(0, first, start * size), (0, end * size, stop)]
        return [(top, start, end)] + [edge for edge in edges if edge[1] < edge[2]]

    def _span(self, level: int) -> tuple[int, int]:
        """Return the first bin of a level and the one behind its last."""
        if not self._count:
            return 0, 0
        return self._slot >> level, ((self._slot + self._count - 1) >> level) + 1

    def _raise_levels(self) -> None:
        del self._levels[1:]
        self._raise_more(BINS_WORTH_HALVING)

    def _raise_more(self, most: int) -> None:
        """Add levels above the top one once that has more than `most` bins, until the top has few."""
        first, stop = self._span(len(self._levels) - 1)
        if stop - first <= most:
            return
        while stop - first > BINS_WORTH_HALVING:
            self._levels.append(np.empty((COLUMNS, -(-self._levels[-1].shape[1] // 2))))
            first, stop = self._span(len(self._levels) - 1)
            self._sum_up(len(self._levels) - 1, first, stop)

    def _sum_up(self, level: int, first: int, stop: int) -> None:
        """Work out the bins `first` to `stop` (exclusive) of a level from the level below."""
        below, above = self._levels[level - 1], self._levels[level]
        begin, end = self._span(level - 1)
        if first < stop and 2 * first < begin:
            above[:, first] = below[:, begin]
            first += 1
        if first < stop and 2 * stop > end:
            stop -= 1
            above[:, stop] = below[:, end - 1]
        left, right = below[:, 2 * first : 2 * stop : 2], below[:, 2 * first + 1 : 2 * stop : 2]
        above[OPEN, first:stop] = left[OPEN]
        np.maximum(left[HIGH], right[HIGH], out=above[HIGH, first:stop])
        np.minimum(left[LOW], right[LOW], out=above[LOW, first:stop])
        above[CLOSE, first:stop] = right[CLOSE]
        np.add(left[VOLUME], right[VOLUME], out=above[VOLUME, first:stop])

    def _refresh(self, place: int) -> None:
        """Work out the bins of one slot anew."""
        begin, end = self._slot, self._slot + self._count - 1
        for level in range(1, len(self._levels)):
            below, above = self._levels[level - 1], self._levels[level]
            place //= 2
            one, other = max(2 * place, begin), min(2 * place + 1, end)
            if one == other:
                above[:, place] = below[:, one]
            else:
                left, right = below[:, one].tolist(), below[:, other].tolist()
                above[:, place] = (
                    left[OPEN],
                    max(left[HIGH], right[HIGH]),
                    min(left[LOW], right[LOW]),
                    right[CLOSE],
                    left[VOLUME] + right[VOLUME],
                )
            begin, end = begin // 2, end // 2

    def _grow(self) -> None:
        if self._count > BARS_MAX:
            raise ValidationError("bars", "the chart's series is full", allowed=f"at most {BARS_MAX}")
        self._move(self._slot, max(SPARE_BARS_MIN, 2 * self._count))

    def _move(self, slot: int, length: int) -> None:
        """Move the bars to where bar 0 lies in `slot`, with room for `length` of them from there on."""
        times = np.empty(slot + length, dtype=np.int64)
        times[slot : slot + self._count] = self.times_ns
        base = np.empty((COLUMNS, slot + length))
        base[:, slot : slot + self._count] = self.columns
        self._times, self._levels, self._slot = times, [base], slot
        self._raise_levels()


def _check(times: NDArray[np.int64], columns: NDArray[np.float64]) -> None:
    if not np.isfinite(columns).all():
        raise ValidationError("bars", "a price or volume is not a finite number")
    if len(times) > 1 and not (np.diff(times) > 0).all():
        raise ValidationError("times_ns", "times must rise strictly")
