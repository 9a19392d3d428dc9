"""Bars that are not stored, built of what is: longer bars of shorter ones, bars of any kind of prints or quotes.

A longer bar in which a split takes force is built of pieces in prices of its end: those before it are multiplied by the
split, their volume divided.

Between a reader and the feeds; shown to strategies, never matched. Built as live bars are, by `marketdata/`; a first
bar that lacks its beginning and a last one that lacks its end are left out.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from workstation.backtest.columns import BarColumns, QuoteColumns, TradeColumns
from workstation.domain.conditions import WHOLE
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarSource, Quote
from workstation.marketdata.bars import quote_price
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import BarAggregator, builder_of
from workstation.marketdata.intervals import series_of
from workstation.marketdata.print_bars import PrintBars, Prints

Built = tuple[Bar, float, float]
Ticks = Iterator[tuple[int, int, int, int, int]]
"""Prices with their sizes, times and sides, and what they count for."""


def built_bars(shorter: Iterable[BarColumns], interval: str, instrument: Instrument) -> Iterator[BarColumns]:
    """Yield bars of `interval` from those of one shorter series; factors are those of the last bar within.

    Raises:
        ValidationError: the interval names no bars of time.
    """
    calendar, bar_type = Calendars()[instrument.calendar], series_of(interval, instrument)
    builder = BarAggregator(instrument.symbol, bar_type, calendar)
    begun: int | None = None
    factor = split = 1.0
    for chunk in shorter:
        found: list[Built] = []
        small = series_of(chunk.interval, instrument)
        volume = np.zeros_like(chunk.close) if chunk.volume is None else chunk.volume
        columns = (chunk.ts_open, chunk.ts_close, chunk.open, chunk.high, chunk.low, chunk.close, volume)
        factors = [1.0] * len(volume) if chunk.factor is None else chunk.factor.tolist()
        splits = [1.0] * len(volume) if chunk.split is None else chunk.split.tolist()
        rows = zip(*(column.tolist() for column in columns), factors, splits, strict=True)
        for ts_open, ts_close, opened, high, low, close, size, now, part in rows:
            if begun is not None and part != split:
                builder.rebase(ts_open, split / part)
            begun = ts_open if begun is None else begun
            bar = Bar(chunk.symbol, small, opened, high, low, close, size, 0, ts_open, ts_close)
            closed = (built for built in builder.on_bar(bar) if built.ts_open >= begun)
            found += [(built, *((now, part) if built.ts_close >= ts_close else (factor, split))) for built in closed]
            factor, split = now, part
        if found:
            yield _columns(found, interval, volume=chunk.volume is not None, adjusted=chunk.factor is not None)


def tick_bars(
    chunks: Iterable[TradeColumns | QuoteColumns], interval: str, instrument: Instrument
) -> Iterator[BarColumns]:
    """Yield bars of `interval` from prints, or from quotes where it names their prices, each as it was when it closed.

    Times are those of receipt, as quotes and prints are played at. A bust takes its print out of the bar that forms; of
    one that was told of as closed it is too late.

    Raises:
        ValidationError: the interval names no bars.
    """
    bar_type = series_of(interval, instrument)
    builder = builder_of(instrument.symbol, bar_type, Calendars()[instrument.calendar])
    read, prints = _quoted(bar_type.source), PrintBars(builder)
    for chunk in chunks:
        if isinstance(chunk, TradeColumns):
            marks = chunk.aggressor, chunk.effect, chunk.busts
            bars = prints.lay(Prints(chunk.ts, chunk.price, chunk.size, *marks, chunk.ts))
        else:
            bars = (bar for tick in read(chunk) for bar in builder.put_marked(*tick))
        found = [(bar, 1.0, 1.0) for bar in bars if not bar.partial and not bar.revised]
        if found:
            yield _columns(found, interval, volume=isinstance(chunk, TradeColumns), adjusted=False)


def _quoted(source: BarSource) -> Callable[[QuoteColumns], Ticks]:
    """Return what reads one price of quotes."""

    def read(chunk: QuoteColumns) -> Ticks:
        columns = (chunk.bid, chunk.bid_size, chunk.ask, chunk.ask_size, chunk.ts)
        for bid, bid_size, ask, ask_size, ts in zip(*(column.tolist() for column in columns), strict=True):
            sides = (bid if bid_size else None, bid_size, ask if ask_size else None, ask_size)
            price = quote_price(Quote(chunk.symbol, *sides, ts, ts), source)
            if price is not None:
                yield price, 0, ts, 0, WHOLE

    return read


def _columns(found: list[Built], interval: str, *, volume: bool, adjusted: bool) -> BarColumns:
    rows = [(b.ts_open, b.ts_close, b.open, b.high, b.low, b.close, b.volume, b.empty) for b, *_factors in found]
    ts_open, ts_close, opened, high, low, close, traded, empty = np.array(rows, dtype=np.int64).T
    first = found[0][0]
    return BarColumns(
        symbol=first.symbol,
        interval=interval,
        ts_open=ts_open,
        ts_close=ts_close,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=traded if volume else None,
        internal=True,
        empty=empty if first.bar_type.every else None,
        factor=np.array([factor for _bar, factor, _split in found]) if adjusted else None,
        split=np.array([split for _bar, _factor, split in found]) if adjusted else None,
    )
