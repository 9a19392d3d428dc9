"""Bars of the past from stored prints: what a venue has no history of, bars of ticks, volume or range above all.

Beside the tick walk, for a thread that reads. The same builder as of live bars lays them, so that what is read and what
goes on live are one series. Reads nothing itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.domain.instruments import Instrument
from workstation.domain.market import BUST_REACH, Bar
from workstation.domain.numbers import rescale
from workstation.marketdata.bars import BAR_DELAY_NS, BarBuilder
from workstation.marketdata.composites import ComposedBuilder
from workstation.marketdata.print_bars import PrintBars, Prints
from workstation.ports.market_data import BarChunk, Scales, TradeChunk

PRINTS_READ_MAX = 1_000_000
"""Newest prints that a past is laid from; older ones are left."""

PRINTS_PAGE = 250_000
"""Prints that one page of older bars is laid from, about."""

Ints = NDArray[np.int64]


class StoredPast(msgspec.Struct, frozen=True):
    """What is stored that a series could be laid from. first, last: UTC ns; size: bytes, None where it is not known.

    is_bars: bars of the interval itself, else prints.
    """

    rows: int = 0
    first: int = 0
    last: int = 0
    size: int | None = None
    is_bars: bool = False

    @property
    def page_ns(self) -> int:
        """How long PRINTS_PAGE of the prints last, were they spread evenly."""
        return max((self.last - self.first) * PRINTS_PAGE // max(self.rows, 1), 1)

    def windows_before(self, before: int) -> Iterator[tuple[int, int]]:
        """Yield stretches of the prints before a moment, [start, end) in UTC ns, the newest first."""
        end = min(before, self.last + 1) if self.rows else 0
        while end > self.first:
            yield max(end - self.page_ns, self.first), end
            end -= self.page_ns


class PastBars(msgspec.Struct, frozen=True):
    """Closed bars, oldest first. times: (n, 2) int64 ts_open ts_close; values: (n, 5) int64 o h l c v, exact."""

    times: Ints
    values: Ints

    def __len__(self) -> int:
        return len(self.times)


def read_from(past: StoredPast) -> int:
    """Return when to begin to read (UTC ns) so that about PRINTS_READ_MAX of the prints are read."""
    if past.rows <= PRINTS_READ_MAX:
        return past.first
    return past.last - (past.last - past.first) * PRINTS_READ_MAX // past.rows


def until(chunks: Iterable[TradeChunk], end: int) -> Iterator[TradeChunk]:
    """Yield prints up to the first one of a moment, UTC ns, by the venue's clock, and what of them was taken back.

    Behind that moment only busts are read, as far as one may reach back; they come as of that moment, in their order.
    """
    behind = -1
    for chunk in chunks:
        busts = np.zeros_like(chunk.ts) if chunk.busts is None else chunk.busts
        is_print, first = busts == 0, 0
        if behind < 0:
            late = np.flatnonzero(is_print & (chunk.ts_event >= end))
            if not len(late):
                yield chunk
                continue
            first, behind = int(late[0]), 0
            if first:
                yield _rows(chunk, np.arange(first))
        passed = behind + np.cumsum(is_print[first:])
        reaching = first + np.flatnonzero(busts[first:] > passed)
        if len(reaching):
            found = _rows(chunk, reaching)
            backs, moment = busts[reaching] - passed[reaching - first], np.minimum(found.ts, end)
            yield msgspec.structs.replace(found, ts=moment, busts=backs)
        behind = int(passed[-1])
        if behind >= BUST_REACH:
            return


def _rows(chunk: TradeChunk, places: NDArray[np.intp]) -> TradeChunk:
    """Return some rows of a chunk."""
    names = ("ts", "ts_event", "price", "size", "aggressor", "effect", "busts")
    columns = {name: column for name in names if (column := getattr(chunk, name)) is not None}
    return msgspec.structs.replace(chunk, **{name: column[places] for name, column in columns.items()})


def of_prints(
    chunks: Iterable[TradeChunk],
    builder: BarBuilder | ComposedBuilder,
    instrument: Instrument,
    most: int | None,
    *,
    whole: bool = False,
) -> PastBars:
    """Return the newest `most` bars that prints close, None for all; the one that still forms is left to live prints.

    By the venue's time, and busts taken out, as live bars are. whole: without a first one that lacks its beginning.
    """
    closed: deque[Bar] = deque(maxlen=most)
    prints = PrintBars(builder)
    for chunk in chunks:
        prices = _scaled(chunk.price, chunk.scales.price_decimals, instrument.price_decimals)
        sizes = _scaled(chunk.size, chunk.scales.qty_decimals, instrument.qty_decimals)
        marks = chunk.aggressor, chunk.effect, chunk.busts
        for bar in prints.lay(Prints(chunk.ts_event, prices, sizes, *marks, chunk.ts - BAR_DELAY_NS)):
            if not (whole and bar.partial):
                _keep(closed, bar)
    return PastBars(
        np.array([(bar.ts_open, bar.ts_close) for bar in closed], np.int64).reshape(-1, 2),
        np.array([(b.open, b.high, b.low, b.close, b.volume) for b in closed], np.int64).reshape(-1, 5),
    )


def of_bars(
    chunks: Iterable[BarChunk], instrument: Instrument, most: int | None, *, before: int | None = None
) -> PastBars:
    """Return the newest `most` stored bars, None for all, on the instrument's scales. before: opened by then."""
    times, values = np.empty((0, 2), np.int64), np.empty((0, 5), np.int64)
    for chunk in chunks:
        columns = [_price(getattr(chunk, name), chunk.scales, instrument) for name in ("open", "high", "low", "close")]
        volume = _scaled(chunk.volume, chunk.scales.qty_decimals, instrument.qty_decimals)
        keep = slice(None if most is None else -most, None)
        times = np.concatenate((times, np.column_stack((chunk.ts_open, chunk.ts_close))))[keep]
        values = np.concatenate((values, np.column_stack((*columns, volume))))[keep]
    stop = len(times) if before is None else int(np.searchsorted(times[:, 0], before))
    return PastBars(times[:stop], values[:stop])


def _keep(closed: deque[Bar], bar: Bar) -> None:
    """Add a bar, or put a revised one in the place of what it revises."""
    for place in range(len(closed) - 1, -1, -1):
        if closed[place].ts_open == bar.ts_open:
            closed[place] = bar
            return
        if closed[place].ts_open < bar.ts_open:
            break
    closed.append(bar)


def _price(column: Ints, scales: Scales, instrument: Instrument) -> Ints:
    return _scaled(column, scales.price_decimals, instrument.price_decimals)


def _scaled(column: Ints, before: int, after: int) -> Ints:
    if before == after:
        return column
    if after > before:
        grown: Ints = column * 10 ** (after - before)
        return grown
    return np.array([rescale(value, before, after) for value in column.tolist()], np.int64)
