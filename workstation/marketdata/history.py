"""Bar history: bounded columns of closed bars for charts, indicators and the `bars` resource.

Listens to bars from `service.py`. Columns are numpy arrays of exact integers; `ohlcv` gives floats, to draw and to
compute indicators of.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from workstation.domain.market import Bar, BarType

HISTORY_BARS_MAX = 2_000_000
"""Most bars that one series may hold."""

_FIRST_ALLOCATION = 1_024

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class BarHistory:
    """The latest `capacity` bars of one series, ascending by ts_open, one for each ts_open.

    price_scale, qty_scale: value of one price and one quantity unit, a power of ten up to 1, for `ohlcv`. `version`
    grows with every change; `dropped` counts bars that left at the old end, so that a reader keeps its place.
    """

    def __init__(
        self, symbol: str, bar_type: BarType, *, capacity: int, price_scale: float = 1.0, qty_scale: float = 1.0
    ) -> None:
        self.symbol = symbol
        self.bar_type = bar_type
        self.version = 0
        self.dropped = 0
        self._capacity = min(capacity, HISTORY_BARS_MAX)
        self._divisors = np.rint(1 / np.array([price_scale] * 4 + [qty_scale]))  # so that equal prices are equal floats
        self._start = self._end = 0
        self._times = np.empty((_FIRST_ALLOCATION, 2), np.int64)
        self._values = np.empty((_FIRST_ALLOCATION, 5), np.int64)

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def nbytes(self) -> int:
        """Memory that the bars take, in bytes, with what is kept free for more."""
        return self._times.nbytes + self._values.nbytes

    @property
    def ts_open(self) -> Ints:
        """Opening times, (n,) int64, UTC ns ascending; a view that the next `append` may outdate."""
        return self._times[self._start : self._end, 0]

    @property
    def ts_close(self) -> Ints:
        """Closing times, (n,) int64, UTC ns; a view."""
        return self._times[self._start : self._end, 1]

    @property
    def values(self) -> Ints:
        """Exact values, (n, 5) int64, columns open high low close volume in price and quantity units; a view."""
        return self._values[self._start : self._end]

    def ohlcv(self, start: int = 0, stop: int | None = None) -> Floats:
        """Return rows [start, stop), (m, 5) float64, columns o h l c v, whole units as strategies have them; a copy."""
        scaled: Floats = self.values[start:stop] / self._divisors
        return scaled

    def bars(self, start: int = 0) -> tuple[Bar, ...]:
        """Return the bars from a row on, oldest first; how many trades they had is not kept."""
        rows = zip(self.ts_open_close()[start:].tolist(), self.values[start:].tolist(), strict=True)
        return tuple(
            Bar(self.symbol, self.bar_type, opened, high, low, close, volume, 0, times[0], times[1])
            for times, (opened, high, low, close, volume) in rows
        )

    def index_at(self, ts: int) -> int:
        """Return the row of the last bar that opened at or before `ts`, -1 before the first."""
        return int(np.searchsorted(self.ts_open, ts, side="right")) - 1

    def last(self) -> tuple[int, int, int, int, int, int, int] | None:
        """Return the newest bar as (ts_open, ts_close, open, high, low, close, volume), None when empty."""
        if not len(self):
            return None
        row = self._end - 1
        opened, closed = self._times[row].tolist()
        first, high, low, last, volume = self._values[row].tolist()
        return opened, closed, first, high, low, last, volume

    def append(self, bar: Bar) -> None:
        """Add a bar at the end, or put it in place of the one with the same ts_open (a revision)."""
        if not len(self) or bar.ts_open > self._times[self._end - 1, 0]:
            self._make_room(1)
            self._write(self._end, bar)
            self._end += 1
            self._trim()
        else:
            self._revise(bar)
        self.version += 1

    def extend(self, bars: Iterable[Bar]) -> None:
        """Add bars in order, as `append` does for each; many that follow what is kept cost little more than one."""
        bars = list(bars)
        times = np.array([(bar.ts_open, bar.ts_close) for bar in bars], np.int64).reshape(-1, 2)
        if (np.diff(times[:, 0]) <= 0).any() or (bars and len(self) and times[0, 0] <= self.ts_open[-1]):
            for bar in bars:
                self.append(bar)
            return
        columns = [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars]
        self._make_room(len(bars))
        self._times[self._end : self._end + len(bars)] = times
        self._values[self._end : self._end + len(bars)] = np.array(columns, np.int64).reshape(-1, 5)
        self._end += len(bars)
        self._trim()
        self.version += len(bars)

    def load(self, times: Ints, values: Ints) -> None:
        """Replace everything: times (n, 2) ts_open ts_close ascending, values (n, 5) o h l c v, both int64."""
        keep = slice(max(len(times) - self._capacity, 0), None)
        self._times = np.ascontiguousarray(times[keep], np.int64).copy()
        self._values = np.ascontiguousarray(values[keep], np.int64).copy()
        self._start, self._end = 0, len(self._times)
        self.version += 1

    def prepend(self, times: Ints, values: Ints, *, before: int | None = None) -> int:
        """Put older bars before those that are kept, as far as there is room; returns how many.

        before: a bar of this ts_open forms, which they must precede. Places counted with `dropped` stay true.
        """
        bounds = [int(self.ts_open[0])] if len(self) else []
        limit = min([*bounds, *([before] if before is not None else [])], default=None)
        stop = len(times) if limit is None else int(np.searchsorted(times[:, 0], limit))
        start = max(stop - (self._capacity - len(self)), 0)
        if stop > start:
            kept = self.ts_open_close(), self.values
            self.load(np.concatenate((times[start:stop], kept[0])), np.concatenate((values[start:stop], kept[1])))
            self.dropped -= stop - start
        return stop - start

    def _revise(self, bar: Bar) -> None:
        row = self._start + int(np.searchsorted(self.ts_open, bar.ts_open))
        if row < self._end and self._times[row, 0] == bar.ts_open:
            self._write(row, bar)
            return
        if row == self._start and len(self) >= self._capacity:
            return  # older than all that is kept
        self._make_room(1)
        row = self._start + int(np.searchsorted(self.ts_open, bar.ts_open))
        self._times[row + 1 : self._end + 1] = self._times[row : self._end].copy()
        self._values[row + 1 : self._end + 1] = self._values[row : self._end].copy()
        self._write(row, bar)
        self._end += 1
        self._trim()

    def _write(self, row: int, bar: Bar) -> None:
        self._times[row] = (bar.ts_open, bar.ts_close)
        self._values[row] = (bar.open, bar.high, bar.low, bar.close, bar.volume)

    def _trim(self) -> None:
        if (excess := len(self) - self._capacity) > 0:
            self._start += excess
            self.dropped += excess

    def _make_room(self, rows: int) -> None:
        """Grow to twice the size, or move the kept rows to the front when half of the space is behind them."""
        if self._end + rows <= len(self._times):
            return
        size = max(_FIRST_ALLOCATION, 2 * (len(self) + rows))
        times, values = np.empty((size, 2), np.int64), np.empty((size, 5), np.int64)
        kept = len(self)
        times[:kept], values[:kept] = self.ts_open_close(), self.values
        self._times, self._values, self._start, self._end = times, values, 0, kept

    def ts_open_close(self) -> Ints:
        """Return opening and closing times, (n, 2) int64; a view."""
        return self._times[self._start : self._end]
