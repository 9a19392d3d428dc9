"""Coverage: which bars a series lacks, by the sessions of its calendar, and the factors that adjust its prices.

Beside the tick walk: imports, the catalogue and charts ask. It repairs nothing: a gap is named, never filled.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.domain.market import BarKind, BarType
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.intervals import shortest_ns
from workstation.ports.market_data import ActionKind, CorporateAction

_DAILY = (BarKind.DAY,)
_WITHIN_DAYS = (BarKind.SECOND, BarKind.MINUTE, BarKind.HOUR)


class Gap(msgspec.Struct, frozen=True):
    """A hole in a series over [start, end), UTC ns, in which `missing` bars should lie."""

    start: int
    end: int
    missing: int


class GapFinder:
    """Reads a series bar by bar in time order and yields the holes between. Weeks and months have none."""

    def __init__(self, bar_type: BarType, calendar: SessionCalendar) -> None:
        self._kind, self._step = bar_type.kind, shortest_ns(bar_type)
        self._calendar = calendar
        self._upto: int | None = None

    def add(self, starts: Iterable[int], ends: Iterable[int]) -> list[Gap]:
        """Take bars [start, end) that follow those before; returns the holes that they show."""
        found = []
        for start, end in zip(starts, ends, strict=True):
            if self._upto is not None and start > self._upto and (missing := self._missing(self._upto, start)):
                found.append(Gap(self._upto, start, missing))
            self._upto = end
        return found

    def _missing(self, start: int, end: int) -> int:
        first, last = self._calendar.trading_date(start), self._calendar.trading_date(end)
        if self._kind in _DAILY:
            inner = _days(first, last)
            sessions = (self._calendar.session(day) for day in inner)
            return sum(1 for found in sessions if found is not None and found.open >= start and found.close <= end)
        if self._kind not in _WITHIN_DAYS:
            return 0
        missing = 0
        for day in _days(first, last + timedelta(days=1)):
            session = self._calendar.session(day)
            for opens, closes in () if session is None else session.stretches:
                missing += max(0, min(closes, end) - max(opens, start)) // self._step
        return missing


def _days(first: date, upto: date) -> Iterable[date]:
    return (first + timedelta(days=ahead) for ahead in range((upto - first).days))


def adjustment_factors(
    ts_open: NDArray[np.int64], actions: Sequence[CorporateAction], calendar: SessionCalendar
) -> NDArray[np.float64]:
    """Return (n,) float64: what raw prices are multiplied by to be comparable with those after the last action.

    Raw prices stay what orders are executed at.
    """
    factors = np.ones(len(ts_open), dtype=np.float64)
    for action in actions:
        factors[ts_open < ex_time(action, calendar)] *= factor_of(action)
    return factors


def at_end(ts_open: NDArray[np.int64], ts_close: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the moments whose prices bars are in, for `adjustment_factors`: the last ones within, where they close.

    A bar within which an action takes force is in prices of its end, whether it was built here or came whole.
    """
    return np.maximum(ts_open, ts_close - 1)


def factor_of(action: CorporateAction) -> float:
    """Return what prices before an action are multiplied by, 1 where nothing can be said.

    A split counts denominator / numerator; a dividend 1 - amount / reference, the close before the ex-date (CRSP's
    method). A dividend without a reference, or not below it, is passed over.
    """
    if action.kind is ActionKind.SPLIT:
        return action.denominator / action.numerator
    return 1 - action.amount / action.reference if action.reference > action.amount else 1.0


def spanned(ts_open: NDArray[np.int64], ts_close: NDArray[np.int64], splits: Sequence[int]) -> int:
    """Return within how many bars a split takes force: behind their opening and before their close.

    splits: when, UTC ns, rising. Such a bar holds prices of before and after.
    """
    if not splits:
        return 0
    after = np.searchsorted(splits, ts_open, side="right")
    return int(np.count_nonzero(np.searchsorted(splits, ts_close, side="left") > after))


def ex_time(action: CorporateAction, calendar: SessionCalendar) -> int:
    """Return when an action takes force, UTC ns: its session's opening, on a day without one the day's beginning.

    One that a venue did within the day took force then.
    """
    if action.at:
        return action.at
    label = date.fromisoformat(action.ex_date)
    session = calendar.session(label)
    return session.open if session is not None else calendar.day_window(label)[0]
