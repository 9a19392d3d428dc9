"""Heikin-Ashi: candles averaged with the one before, so that a trend shows as a run of one colour.

Close is the mean of open, high, low and close; open is the middle of the body before (the first: of its own bar);
high and low also reach over the body. Source: Valcu, "Using the Heikin-Ashi Technique", Stocks & Commodities 22:2.
Drawn only: read-outs, orders and indicators speak of the real prices. Must not know Qt.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN, VOLUME, BarPyramid

if TYPE_CHECKING:
    from numpy.typing import NDArray


SETTLED_BARS: Final = 128
"""Bars after which averaging is looked at for having come to what it was: a body forgets half of the past with each."""


def heikin_ashi(columns: NDArray[np.float64], body: float | None = None) -> NDArray[np.float64]:
    """Return (5, n) columns open high low close volume, averaged. body: the middle of the one before, None for none."""
    close = columns[: CLOSE + 1].mean(axis=0)
    open_ = np.empty_like(close)
    if len(close):
        first = float(columns[OPEN, 0] + columns[CLOSE, 0]) / 2 if body is None else body
        open_[:] = list(accumulate(close[:-1].tolist(), lambda body, end: (body + end) / 2, initial=first))
    high = np.maximum(columns[HIGH], np.maximum(open_, close))
    low = np.minimum(columns[LOW], np.minimum(open_, close))
    return np.array([open_, high, low, close, columns[VOLUME]])


def averaged(bars: BarPyramid) -> BarPyramid:
    """Return a series of averaged bars."""
    made = BarPyramid()
    open_, high, low, close, volume = heikin_ashi(bars.columns)
    made.replace(bars.times_ns, open=open_, high=high, low=low, close=close, volume=volume)
    return made


def averaged_before(made: BarPyramid, bars: BarPyramid, added: int) -> None:
    """Average `added` older bars that were put before a series, and the later ones that this changes."""
    made.prepend(bars.times_ns[:added], heikin_ashi(bars.columns[:, :added]))
    averaged_from(made, bars, added)


def averaged_from(made: BarPyramid, bars: BarPyramid, place: int) -> None:
    """Average the bar at a place anew, and the later ones that this changes."""
    while place < len(bars):
        columns = heikin_ashi(bars.columns[:, place : place + SETTLED_BARS], _body_before(made, place))
        before = made.columns[OPEN, place : place + SETTLED_BARS].copy()
        made.rewrite(place, columns)
        place += columns.shape[1]
        if columns[OPEN, -1] == before[-1]:
            return


def _body_before(made: BarPyramid, place: int) -> float | None:
    """Return the middle of the body before a place, None before the first."""
    return None if place == 0 else float(made.columns[OPEN, place - 1] + made.columns[CLOSE, place - 1]) / 2


def keep_up(made: BarPyramid, bars: BarPyramid) -> None:
    """Follow the last bar of a series after it changed or one was appended."""
    last = len(bars) - 1
    open_, high, low, end, volume = bars.columns[:, last].tolist()
    close = (open_ + high + low + end) / 4
    before = _body_before(made, last)
    body = (open_ + end) / 2 if before is None else before
    made.put(int(bars.times_ns[last]), (body, max(high, body, close), min(low, body, close), close, volume))
