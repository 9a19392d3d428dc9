"""Heikin-Ashi: candles averaged with the one before, so that a trend shows as a run of one colour.

Close is the mean of open, high, low and close; open is the middle of the body before (the first: of its own bar);
high and low also reach over the body. Source: Valcu, "Using the Heikin-Ashi Technique", Stocks & Commodities 22:2.
Drawn only: read-outs, orders and indicators speak of the real prices. Must not know Qt.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN, VOLUME, BarPyramid

if TYPE_CHECKING:
    from numpy.typing import NDArray


def heikin_ashi(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (5, n) columns open high low close volume, averaged."""
    close = columns[: CLOSE + 1].mean(axis=0)
    open_ = np.empty_like(close)
    if len(close):
        first = (columns[OPEN, 0] + columns[CLOSE, 0]) / 2
        open_[:] = list(accumulate(close[:-1].tolist(), lambda body, end: (body + end) / 2, initial=float(first)))
    high = np.maximum(columns[HIGH], np.maximum(open_, close))
    low = np.minimum(columns[LOW], np.minimum(open_, close))
    return np.array([open_, high, low, close, columns[VOLUME]])


def averaged(bars: BarPyramid) -> BarPyramid:
    """Return a series of averaged bars."""
    made = BarPyramid()
    open_, high, low, close, volume = heikin_ashi(bars.columns)
    made.replace(bars.times_ns, open=open_, high=high, low=low, close=close, volume=volume)
    return made


def keep_up(made: BarPyramid, bars: BarPyramid) -> None:
    """Follow the last bar of a series after it changed or one was appended."""
    last = len(bars) - 1
    open_, high, low, end, volume = bars.columns[:, last].tolist()
    close = (open_ + high + low + end) / 4
    body = (open_ + end) / 2 if last == 0 else float(made.columns[OPEN, last - 1] + made.columns[CLOSE, last - 1]) / 2
    made.put(int(bars.times_ns[last]), (body, max(high, body, close), min(low, body, close), close, volume))
