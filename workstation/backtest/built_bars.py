"""Longer bars out of shorter ones, for a series that is not stored: shown to strategies, never matched.

Between a reader and the feeds. Built as live bars are, by `marketdata/bars.py`; a first bar that lacks its beginning
and a last one that lacks its end are left out.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from workstation.backtest.columns import BarColumns
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar
from workstation.marketdata.bars import BarAggregator
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.intervals import bar_type_of

Built = tuple[Bar, float]


def built_bars(shorter: Iterable[BarColumns], interval: str, instrument: Instrument) -> Iterator[BarColumns]:
    """Yield bars of `interval` from those of one shorter series; a factor is that of the last bar within.

    Raises:
        ValidationError: the interval names no bars of time.
    """
    calendar, bar_type = Calendars()[instrument.calendar], bar_type_of(interval, instrument.qty_decimals)
    builder = BarAggregator(instrument.symbol, bar_type, calendar)
    begun: int | None = None
    factor = 1.0
    for chunk in shorter:
        found: list[Built] = []
        small = bar_type_of(chunk.interval, instrument.qty_decimals)
        volume = np.zeros_like(chunk.close) if chunk.volume is None else chunk.volume
        columns = (chunk.ts_open, chunk.ts_close, chunk.open, chunk.high, chunk.low, chunk.close, volume)
        factors = [1.0] * len(volume) if chunk.factor is None else chunk.factor.tolist()
        rows = zip(*(column.tolist() for column in columns), factors, strict=True)
        for ts_open, ts_close, opened, high, low, close, size, now in rows:
            begun = ts_open if begun is None else begun
            bar = Bar(chunk.symbol, small, opened, high, low, close, size, 0, ts_open, ts_close)
            closed = (built for built in builder.on_bar(bar) if built.ts_open >= begun)
            found += [(built, now if built.ts_close >= ts_close else factor) for built in closed]
            factor = now
        if found:
            yield _columns(found, interval, chunk)


def _columns(found: list[Built], interval: str, shorter: BarColumns) -> BarColumns:
    rows = [(b.ts_open, b.ts_close, b.open, b.high, b.low, b.close, b.volume) for b, _factor in found]
    ts_open, ts_close, opened, high, low, close, volume = np.array(rows, dtype=np.int64).T
    return BarColumns(
        symbol=shorter.symbol,
        interval=interval,
        ts_open=ts_open,
        ts_close=ts_close,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=None if shorter.volume is None else volume,
        internal=True,
        factor=None if shorter.factor is None else np.array([factor for _bar, factor in found]),
    )
