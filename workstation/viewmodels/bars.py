"""A bar series on its way to a chart: arrays, whole units, for drawing and indicators only."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.domain.market import BarType


class BarSeries(msgspec.Struct, frozen=True):
    """Closed bars, oldest first. ts_open: (n,) int64 UTC ns; ohlcv: (n, 5) float64, open high low close volume.

    counted_anew: bars that trades close, counted from their own first print: later ones do not go on from them.
    """

    symbol: str
    bar_type: BarType
    ts_open: NDArray[np.int64]
    ohlcv: NDArray[np.float64]
    counted_anew: bool = False
