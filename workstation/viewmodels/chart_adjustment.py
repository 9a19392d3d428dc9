"""A chart's bars in the prices chosen: raw, adjusted for splits, or for splits and dividends.

Last stage of the tick walk, Qt-free. Factors are those that a backtest's indicators read, brought to 1 at the newest
bar: what is live, and what may be traded, is never changed. Bars stay as they came beside; nothing here is traded on.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.marketdata.coverage import adjustment_factors, ex_time, factor_of
from workstation.ports.market_data import ActionKind, CorporateAction
from workstation.viewmodels.level_of_detail import VOLUME, BarPyramid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workstation.marketdata.calendar import SessionCalendar

Row = tuple[float, float, float, float, float]
"""A bar's open, high, low, close and volume."""


class PriceKind(Enum):
    """Which prices a chart shows."""

    RAW = "raw"
    SPLITS = "splits"
    TOTAL = "total"


_COUNTED: Final = {
    PriceKind.RAW: (),
    PriceKind.SPLITS: (ActionKind.SPLIT,),
    PriceKind.TOTAL: (ActionKind.SPLIT, ActionKind.DIVIDEND),
}


class AdjustedSeries:
    """One series as it came, and as it is shown."""

    def __init__(self) -> None:
        self.kind = PriceKind.SPLITS
        self._raw = BarPyramid()
        self._actions: tuple[CorporateAction, ...] = ()
        self._calendar: SessionCalendar | None = None
        self._next_ns: int | None = None
        self._of_end = False
        self._now_ns = 0

    def begin(
        self, times_ns: NDArray[np.int64], ohlcv: NDArray[np.float64], *, of_end: bool = False, now_ns: int = 0
    ) -> None:
        """Take a series as it came: (n,) times, UTC ns, rising; (n, 5) open high low close volume.

        of_end: each bar is in prices of its end, as those of a week and more are within which an action may take force;
        else of its opening. now_ns: the end of the newest so far, where it is later than its opening.
        """
        self._of_end, self._now_ns = of_end, now_ns
        first, high, low, last, volume = ohlcv.T
        self._raw = BarPyramid()
        self._raw.replace(times_ns, open=first, high=high, low=low, close=last, volume=volume)
        self._look_ahead()

    def put(self, time_ns: int, bar: Row, now_ns: int = 0) -> bool:
        """Take a live bar; return whether an action took force with it, so that all earlier bars are shown anew."""
        begun = len(self._raw) > 0
        appended, self._now_ns = self._raw.put(time_ns, bar), max(now_ns, self._now_ns)
        passed = (appended or self._of_end) and self._next_ns is not None and self._newest() >= self._next_ns
        if passed or not begun:
            self._look_ahead()
        return passed and begun

    def prepend(
        self, times_ns: NDArray[np.int64], ohlcv: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Take older bars as they came; return them as they are shown: times and (5, n) columns.

        What is shown of later ones stays: prices of the newest bar are what all are brought to.
        """
        raw = np.ascontiguousarray(ohlcv.T)
        self._raw.prepend(times_ns, raw)
        if not self._in_force(self.kind):
            return times_ns, raw
        moments = self._moments()[: len(times_ns)]
        columns = raw * self.factors(moments)
        columns[VOLUME] = raw[VOLUME] / self._factors(moments, _COUNTED[PriceKind.SPLITS])
        return times_ns, columns

    def revise(self, time_ns: int, bar: Row) -> Row | None:
        """Take a bar in place of an earlier one; return it as it is shown, None where there is none of that time."""
        if not self._raw.revise(time_ns, bar):
            return None
        place = self._raw.index_at(time_ns)
        times = self._moments()[place : place + 1]
        price = float(self.factors(times)[0])
        size = float(self._factors(times, _COUNTED[PriceKind.SPLITS])[0]) if self._in_force(self.kind) else 1.0
        open_, high, low, close, volume = bar
        return open_ * price, high * price, low * price, close * price, volume / size

    @property
    def newest_ns(self) -> int | None:
        """When the newest bar opened, UTC ns, None before the first."""
        return int(self._raw.times_ns[-1]) if len(self._raw) else None

    @property
    def first_ns(self) -> int | None:
        """When the first bar opened, UTC ns, None without one."""
        return int(self._raw.times_ns[0]) if len(self._raw) else None

    def know(self, actions: Sequence[CorporateAction], calendar: SessionCalendar) -> bool:
        """Take the splits and dividends of the instrument; return whether other bars are to be shown."""
        before = self._in_force(self.kind)
        self._actions, self._calendar = tuple(actions), calendar
        self._look_ahead()
        return self._in_force(self.kind) != before

    def choose(self, kind: PriceKind) -> bool:
        """Choose the prices; return whether other bars are to be shown."""
        before, self.kind = self._in_force(self.kind), kind
        return self._in_force(kind) != before

    def shown(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return times and (5, n) columns open high low close volume as chosen; views where nothing is adjusted."""
        times, raw = self._raw.times_ns, self._raw.columns
        if not self._in_force(self.kind):
            return times, raw
        moments = self._moments()
        columns = raw * self.factors(moments)
        columns[VOLUME] = raw[VOLUME] / self._factors(moments, _COUNTED[PriceKind.SPLITS])
        return times, columns

    def factors(self, times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what a price of each moment is multiplied by, 1 from the newest bar on."""
        return self._factors(times_ns, _COUNTED[self.kind])

    @property
    def words(self) -> str:
        """Return what the bars are adjusted for and what not, "" where nothing took force within them."""
        found = self._within()
        priced = [row for row in found if factor_of(row) != 1]
        done = [row for row in priced if row.kind in _COUNTED[self.kind]]
        left = [row for row in priced if row.kind not in _COUNTED[self.kind]]
        if not found:
            return ""
        words = f"Adjusted for {_count(done)}" if done else "Raw prices"
        words += f", not adjusted for {_count(left)}" if left else ""
        unpriced = len(found) - len(priced)
        if unpriced:
            words += f"; {_number(unpriced, 'dividend')} without a close before it cannot be adjusted for"
        return f"{words}."

    def _factors(self, times_ns: NDArray[np.int64], kinds: tuple[ActionKind, ...]) -> NDArray[np.float64]:
        count, calendar = len(self._raw), self._calendar
        if not count or calendar is None or not kinds:
            return np.ones(len(times_ns))
        newest = np.array([self._newest()], dtype=np.int64)
        counted = [row for row in self._actions if row.kind in kinds]
        found = adjustment_factors(np.minimum(times_ns, newest), counted, calendar)
        return found / adjustment_factors(newest, counted, calendar)

    def _in_force(self, kind: PriceKind) -> list[CorporateAction]:
        """Return the actions that change what is shown of these bars."""
        return [row for row in self._within() if row.kind in _COUNTED[kind] and factor_of(row) != 1]

    def _within(self) -> list[CorporateAction]:
        """Return the actions that took force after the first bar and not after the newest."""
        calendar, moments = self._calendar, self._moments()[:1]
        if calendar is None or not len(moments):
            return []
        newest = self._newest()
        return [row for row in self._actions if moments[0] < ex_time(row, calendar) <= newest]

    def _look_ahead(self) -> None:
        """Find when the next action takes force."""
        calendar, count = self._calendar, len(self._raw)
        ahead = [] if calendar is None or not count else [ex_time(row, calendar) for row in self._actions]
        self._next_ns = min((ts for ts in ahead if ts > self._newest()), default=None)

    def _newest(self) -> int:
        """Return the moment of whose prices all are shown, UTC ns."""
        opened = int(self._raw.times_ns[-1])
        return max(opened, self._now_ns) if self._of_end else opened

    def _moments(self) -> NDArray[np.int64]:
        """Return of when each bar's prices are, UTC ns: when it opened, or just before the next one did."""
        times = self._raw.times_ns
        if not self._of_end or not len(times):
            return times
        return np.append(times[1:] - 1, self._newest())


def _count(actions: list[CorporateAction]) -> str:
    kinds = ((ActionKind.SPLIT, "split"), (ActionKind.DIVIDEND, "dividend"))
    counts = [(sum(row.kind is kind for row in actions), word) for kind, word in kinds]
    return " and ".join(_number(count, word) for count, word in counts if count)


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
