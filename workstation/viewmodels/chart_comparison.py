"""Another instrument on a chart, in percent: both start together at the first bar in view that both have.

The other's closes are taken at or before each bar of the chart, so gaps of either are bridged and nothing is seen
early. Its line is given as prices of the chart: what the chart's instrument would cost had it moved as the other did.
Must not know Qt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workstation.viewmodels.level_of_detail import CLOSE, BarPyramid

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Comparison:
    """The other instrument's bars, at the chart's interval."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bars = BarPyramid()

    def closes_at(self, times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return its close at or before each moment, NaN before its first bar."""
        if not len(self.bars):
            return np.full(len(times_ns), np.nan)
        places = np.searchsorted(self.bars.times_ns, times_ns, side="right") - 1
        return np.where(places >= 0, self.bars.columns[CLOSE, np.maximum(places, 0)], np.nan)

    def line(self, times_ns: NDArray[np.int64], closes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its line in prices of the chart, whose bars in view have these times and closes; NaN where none."""
        mine = self.closes_at(times_ns)
        begun = np.flatnonzero(np.isfinite(mine) & (mine != 0))
        if not len(begun):
            return np.full(len(times_ns), np.nan)
        first = int(begun[0])
        return np.asarray(mine / mine[first] * closes[first])

    def percent(self, begin_ns: int, end_ns: int) -> float:
        """Return by how much it moved from one moment to another, in percent, NaN where it has no price."""
        begin, end = self.closes_at(np.array([begin_ns, end_ns], dtype=np.int64)).tolist()
        return (end / begin - 1) * 100 if begin else np.nan
