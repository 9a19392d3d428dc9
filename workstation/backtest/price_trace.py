"""The prices of a run within a bound, for the charts of its report: bars become fewer and longer as there are more.

`Traces` watches sources on their way to the engine and changes nothing of them: no result and no digest depends on it.
Bars give their extremes, quotes their middle, books that of their snapshots, prints themselves where they may be last.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.backtest.columns import BarColumns, BookRows, Chunk, QuoteColumns, Source
from workstation.backtest.result import Times
from workstation.domain.market import BookSnapshot

BUCKETS_MAX = 2_048
"""Bars kept; an even number, so that each two become one."""

Rows = npt.NDArray[np.float64]


class PriceBars(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a series. starts: (n,) UTC ns; rows: (n, 4) float64, columns o h l c, price units.

    end: UTC ns of the last row; stride: rows of the source that one bar stands for.
    """

    starts: Times
    rows: Rows
    end: int
    stride: int


class PriceTrace:
    """Collects one instrument's prices, in the order of time."""

    def __init__(self, most: int = BUCKETS_MAX) -> None:
        self._most = most
        self._starts, self._rows = np.zeros(0, dtype=np.int64), np.zeros((0, 4))
        self._rest_starts, self._rest = np.zeros(0, dtype=np.int64), np.zeros((0, 4))
        self._stride = 1
        self._end = 0

    def add(self, chunk: Chunk) -> None:
        """Take a chunk."""
        starts, ends, rows = _prices(chunk)
        if not len(starts):
            return
        self._end = int(ends[-1])
        self._rest_starts = np.concatenate((self._rest_starts, starts))
        self._rest = np.concatenate((self._rest, rows))
        self._fold()

    def _fold(self) -> None:
        """Turn what is whole of the rest into bars, each two into one as often as there are too many."""
        while True:
            whole = len(self._rest) // self._stride * self._stride
            if len(self._starts) + whole // self._stride <= self._most:
                break
            self._take(min(whole, (self._most - len(self._starts)) * self._stride))
            self._starts, self._rows = _joined(self._starts, self._rows, 2)
            self._stride *= 2
        self._take(whole)

    def _take(self, count: int) -> None:
        starts, rows = _joined(self._rest_starts[:count], self._rest[:count], self._stride)
        self._starts, self._rows = np.concatenate((self._starts, starts)), np.concatenate((self._rows, rows))
        self._rest_starts, self._rest = self._rest_starts[count:], self._rest[count:]

    def bars(self) -> PriceBars:
        """Return the bars so far; the last one may stand for fewer rows than the others."""
        starts, rows = self._starts, self._rows
        if len(self._rest):
            last_starts, last = _joined(self._rest_starts, self._rest, len(self._rest))
            starts, rows = np.concatenate((starts, last_starts)), np.concatenate((rows, last))
        return PriceBars(starts=starts, rows=rows, end=self._end, stride=self._stride)


class Traces:
    """The traces of a run: of each instrument the first of its sources that has anything."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, PriceTrace]] = {}
        self._watched = 0

    def watch(self, source: Source) -> Iterator[Chunk]:
        """Return a source that yields the same chunks, and take note of their prices on the way."""
        self._watched += 1
        return self._passed(source, self._watched)

    def _passed(self, source: Source, number: int) -> Iterator[Chunk]:
        for chunk in source:
            owner, trace = self._found.setdefault(chunk.symbol, (number, PriceTrace()))
            if owner == number:
                trace.add(chunk)
            yield chunk

    def bars(self) -> dict[str, PriceBars]:
        """Return what was traced, by symbol."""
        return {symbol: trace.bars() for symbol, (_owner, trace) in sorted(self._found.items())}


def _joined(starts: Times, rows: Rows, stride: int) -> tuple[Times, Rows]:
    """Return each `stride` rows as one; their number is a multiple of it."""
    if stride == 1:
        return starts, rows
    groups = rows.reshape(-1, stride, 4)
    joined = (groups[:, 0, 0], groups[:, :, 1].max(axis=1), groups[:, :, 2].min(axis=1), groups[:, -1, 3])
    return starts[::stride], np.stack(joined, axis=1)


def _prices(chunk: Chunk) -> tuple[Times, Times, Rows]:
    """Return starts, ends and (n, 4) prices of a chunk; rows without a price are left out."""
    if isinstance(chunk, BarColumns):
        columns = (chunk.open, chunk.high, chunk.low, chunk.close)
        return chunk.ts_open, chunk.ts_close, np.stack(columns, axis=1).astype(np.float64)
    if isinstance(chunk, BookRows):
        shown = [row for row in chunk.rows if isinstance(row, BookSnapshot) and row.bids and row.asks]
        ts = np.array([row.ts_event for row in shown], dtype=np.int64)
        prices = np.array([(row.bids[0].price + row.asks[0].price) / 2 for row in shown], dtype=np.float64)
    elif isinstance(chunk, QuoteColumns):
        whole = (chunk.bid_size > 0) & (chunk.ask_size > 0)
        ts, prices = chunk.ts[whole], (chunk.bid[whole] + chunk.ask[whole]) / 2
    else:
        ts, prices = chunk.ts[chunk.last], chunk.price[chunk.last].astype(np.float64)
    return ts, ts, np.repeat(prices[:, None], 4, axis=1)
