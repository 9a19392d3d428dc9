"""Many bars of one series at once, for a driver that has them beforehand: a backtest.

Beside `host.py`, which plays a batch with the same callbacks as bars that come one at a time. Values only.
"""

from collections.abc import Sequence
from itertools import repeat

from workstation.marketdata.indicators.evaluation import Running
from workstation.strategies.views import Bar


class BarBatch:
    """Closed bars, oldest first.

    columns: open, high, low, close, volume and time of opening as floats, as indicators read them; seen: the first five
    as the strategy sees them; closes: closing prices in price units; ts_close: UTC ns. known: values of indicators over
    these bars, filled by the host.
    """

    __slots__ = ("_bars", "_seen", "_ts_open", "closes", "columns", "interval", "known", "symbol", "ts_close")

    def __init__(
        self,
        symbol: str,
        interval: str,
        columns: dict[str, list[float]],
        *,
        seen: Sequence[Sequence[float]],
        closes: Sequence[int],
        ts_open: Sequence[int],
        ts_close: Sequence[int],
    ) -> None:
        self.symbol, self.interval, self.columns = symbol, interval, columns
        self.closes, self.ts_close = closes, ts_close
        self.known: dict[Running, list[list[float]]] = {}
        self._seen, self._ts_open = seen, ts_open
        self._bars: list[Bar] = []

    def __len__(self) -> int:
        return len(self.ts_close)

    @property
    def bars(self) -> list[Bar]:
        """The bars as a strategy sees them, made when they are asked for first."""
        if not self._bars:
            named = repeat(self.symbol), repeat(self.interval)
            self._bars = list(map(Bar, *named, *self._seen, self._ts_open, self.ts_close))
        return self._bars
