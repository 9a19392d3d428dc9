"""Many bars of one series at once, for a driver that has them beforehand: a backtest.

Beside `host.py`, which plays a batch with the same callbacks as bars that come one at a time. Values only.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat

from workstation.marketdata.indicators.evaluation import Running
from workstation.strategies.views import Bar


class BatchColumns(dict[str, list[float]]):
    """Columns by name; `time`, which few indicators read, is made when it is asked for first."""

    def __init__(self, columns: Mapping[str, list[float]], ts_open: Sequence[int]) -> None:
        super().__init__(columns)
        self._ts_open = ts_open

    def __missing__(self, name: str) -> list[float]:
        if name != "time":
            raise KeyError(name)
        made = self[name] = list(map(float, self._ts_open))
        return made


class BarBatch:
    """Closed bars, oldest first.

    columns: open, high, low, close and volume as floats, as indicators read them, who may ask for the time of opening
    too; seen: these five as the strategy sees them; closes: closing prices in price units; ts_close: UTC ns; empty: 1
    where nothing traded, () for a series without such bars. known:
    values of indicators over these bars, filled by the host.
    """

    __slots__ = ("_bars", "_empty", "_seen", "_ts_open", "closes", "columns", "interval", "known", "symbol", "ts_close")

    def __init__(
        self,
        symbol: str,
        interval: str,
        columns: Mapping[str, list[float]],
        *,
        seen: Sequence[Sequence[float]],
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
            self._bars = list(map(Bar, *named, *self._seen, self._ts_open, self.ts_close, *flags))
        return self._bars
