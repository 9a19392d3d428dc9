"""Lines over the bars: simple and exponential averages and the day's volume-weighted price, kept up tick by tick.

Each overlay is fed the whole series once and then each change of the last bar; a change costs constant time. Values
before an average has enough bars are NaN, which draws nothing. Formulas: SMA is the mean of `period` closes; EMA is
`close * k + before * (1 - k)` with `k = 2 / (period + 1)`, seeded with the SMA; VWAP is the sum of typical price
times volume over the sum of volume since the session began, typical price `(high + low + close) / 3`. This module
must not know Qt or pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.domain.errors import ValidationError
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, SPARE_BARS_MIN, VOLUME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workstation.viewmodels.level_of_detail import BarPyramid

PERIOD_MAX: Final = 5_000
DAY_NS: Final = 86_400_000_000_000


class Overlay(ABC):
    """One value a bar. `name` is what the legend says, `values` what is drawn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._values = np.empty(0)
        self._count = 0

    @property
    def values(self) -> NDArray[np.float64]:
        """Return one value for each bar, NaN where there is none yet; a view."""
        return self._values[: self._count]

    def replace(self, bars: BarPyramid) -> None:
        """Compute the whole line."""
        self._count = len(bars)
        self._values = np.full(self._count + SPARE_BARS_MIN, np.nan)
        if self._count:
            self._values[: self._count] = self._line(bars)

    def update_last(self, bars: BarPyramid) -> None:
        """Recompute the last value after the last bar changed or one was appended."""
        self._count = len(bars)
        if self._count > len(self._values):
            grown = np.full(2 * self._count, np.nan)
            grown[: self._count - 1] = self._values[: self._count - 1]
            self._values = grown
        self._values[self._count - 1] = self._last(bars)

    @abstractmethod
    def _line(self, bars: BarPyramid) -> NDArray[np.float64]:
        """Return the values of all bars."""

    @abstractmethod
    def _last(self, bars: BarPyramid) -> float:
        """Return the value of the last bar; the values before it stand."""


class Sma(Overlay):
    """Simple moving average of closes."""

    def __init__(self, period: int) -> None:
        super().__init__(f"SMA {_checked_period(period)}")
        self.period = period

    def _line(self, bars: BarPyramid) -> NDArray[np.float64]:
        close = bars.columns[CLOSE]
        line = np.full(len(close), np.nan)
        if len(close) >= self.period:
            # Sums of differences from the first close, so that a million large prices lose no digits.
            sums = np.concatenate(([0.0], np.cumsum(close - close[0])))
            line[self.period - 1 :] = (sums[self.period :] - sums[: -self.period]) / self.period + close[0]
        return line

    def _last(self, bars: BarPyramid) -> float:
        close = bars.columns[CLOSE, -self.period :]
        return float(close.mean()) if len(close) == self.period else np.nan


class Ema(Overlay):
    """Exponential moving average of closes, seeded with the simple average of its first period."""

    def __init__(self, period: int) -> None:
        super().__init__(f"EMA {_checked_period(period)}")
        self.period = period
        self._share = 2.0 / (period + 1)

    def _line(self, bars: BarPyramid) -> NDArray[np.float64]:
        close = bars.columns[CLOSE]
        line = np.full(len(close), np.nan)
        if len(close) >= self.period:
            share, rest = self._share, 1.0 - self._share
            seed = float(close[: self.period].mean())
            later = close[self.period :].tolist()
            line[self.period - 1 :] = list(
                accumulate(later, lambda before, now: now * share + before * rest, initial=seed)
            )
        return line

    def _last(self, bars: BarPyramid) -> float:
        count = len(bars)
        if count < self.period:
            return np.nan
        if count == self.period:
            return float(bars.columns[CLOSE].mean())
        return float(bars.columns[CLOSE, -1] * self._share + self._values[count - 2] * (1.0 - self._share))


class Vwap(Overlay):
    """Volume-weighted average price since the session began.

    `session_offset_ns` is when a session starts, counted from midnight UTC (13:30 UTC is `13.5 * 3600 * 10**9`).
    """

    def __init__(self, session_offset_ns: int = 0) -> None:
        super().__init__("VWAP")
        self._offset = session_offset_ns
        self._before = (0.0, 0.0)  # turnover and volume of the session before the last bar
        self._closed = 0

    def _line(self, bars: BarPyramid) -> NDArray[np.float64]:
        volume = bars.columns[VOLUME]
        turnover = np.cumsum(_typical(bars.columns) * volume)
        volumes = np.cumsum(volume)
        sessions = (bars.times_ns - self._offset) // DAY_NS
        starts = np.flatnonzero(np.diff(sessions, prepend=sessions[0] - 1))
        which = np.searchsorted(starts, np.arange(len(volume)), side="right") - 1
        base_turnover = np.where(starts > 0, turnover[starts - 1], 0.0)[which]
        base_volume = np.where(starts > 0, volumes[starts - 1], 0.0)[which]
        spent, traded = turnover - base_turnover, volumes - base_volume
        last_turnover = float(_typical(bars.columns[:, -1:])[0] * volume[-1])
        self._before = (float(spent[-1]) - last_turnover, float(traded[-1] - volume[-1]))
        self._closed = len(volume) - 1
        line = np.full(len(volume), np.nan)
        np.divide(spent, traded, out=line, where=traded > 0)
        return line

    def _last(self, bars: BarPyramid) -> float:
        last = len(bars) - 1
        if self._closed < last:
            self._close_until(bars, last)
        price, volume = float(_typical(bars.columns[:, -1:])[0]), float(bars.columns[VOLUME, -1])
        turnover, traded = self._before[0] + price * volume, self._before[1] + volume
        return turnover / traded if traded > 0 else np.nan

    def _close_until(self, bars: BarPyramid, last: int) -> None:
        sessions = (bars.times_ns[self._closed : last + 1] - self._offset) // DAY_NS
        turnover, traded = self._before
        for number, bar in enumerate(range(self._closed, last)):
            column = bars.columns[:, bar : bar + 1]
            turnover += float(_typical(column)[0] * column[VOLUME, 0])
            traded += float(column[VOLUME, 0])
            if sessions[number + 1] != sessions[number]:
                turnover, traded = 0.0, 0.0
        self._before, self._closed = (turnover, traded), last


def _typical(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    typical: NDArray[np.float64] = (columns[HIGH] + columns[LOW] + columns[CLOSE]) / 3.0
    return typical


def _checked_period(period: int) -> int:
    if not 1 <= period <= PERIOD_MAX:
        raise ValidationError("period", f"{period} is out of range", allowed=f"1 to {PERIOD_MAX}")
    return period
