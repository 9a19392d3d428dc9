"""Many bars of one series at once, for a driver that has them beforehand: a backtest.

Beside `host.py`, which plays a batch with the same callbacks as bars that come one at a time. Values only.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from workstation.marketdata.indicators.evaluation import Running
from workstation.strategies.views import Bar

Column = NDArray[np.float64]


class BatchColumns(dict[str, list[float]]):
    """Columns by name, each made when it is asked for first: what is never read costs nothing, nor do its numbers."""

    def __init__(self, columns: Mapping[str, Column], ts_open: Sequence[int]) -> None:
        super().__init__()
        self._columns, self._ts_open = columns, ts_open

    def numbers(self, name: str, column: Column) -> list[float]:
        """Return the numbers of `column`: those made already where it is the column of this name."""
        return self[name] if name in self and self._columns[name] is column else column.tolist()

    def __missing__(self, name: str) -> list[float]:
        made = self[name] = list(map(float, self._ts_open)) if name == "time" else self._columns[name].tolist()
        return made


class BarBatch:
    """Closed bars, oldest first.

    columns: open, high, low, close and volume, in this order, (n,) float64 each, as indicators read them, who may ask
    for the time of opening too. seen: these five as the strategy sees them. closes: closing prices in price units.
    ts_close: UTC ns. empty: 1 where nothing traded, () for a series without such bars. known: values of indicators
    over these bars, filled by the host.
    """

    __slots__ = ("_bars", "_empty", "_seen", "_ts_open", "closes", "columns", "interval", "known", "symbol", "ts_close")

    def __init__(
        self,
        symbol: str,
        interval: str,
        columns: Mapping[str, Column],
        *,
        seen: Mapping[str, Column],
        closes: Sequence[int],
        ts_open: Sequence[int],
        ts_close: Sequence[int],
        empty: Sequence[int] = (),
    ) -> None:
        self.symbol, self.interval, self.columns = symbol, interval, BatchColumns(columns, ts_open)
        self.closes, self.ts_close = closes, ts_close
        self.known: dict[Running, list[list[float]]] = {}
        self._seen, self._ts_open, self._empty = seen, ts_open, empty
        self._bars: list[Bar] = []

    def __len__(self) -> int:
        return len(self.ts_close)

    @property
    def bars(self) -> list[Bar]:
        """The bars as a strategy sees them, made when they are asked for first."""
        if not self._bars:
            named = repeat(self.symbol), repeat(self.interval)
            flags = (map(bool, self._empty),) if self._empty else ()
            seen = (self.columns.numbers(name, column) for name, column in self._seen.items())
            self._bars = list(map(Bar, *named, *seen, self._ts_open, self.ts_close, *flags))
        return self._bars
