"""Recorded markets as columns, in the chunks that a reader hands over, and the digest of what was read.

Entry of the tick walk of a backtest: readers of files at the rim make these, the feeds play them. A chunk holds
one kind of one instrument, rows in time order. Prices and sizes are integers on the instrument's scales.
"""

import hashlib
from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.domain.conditions import LAST
from workstation.domain.market import BookChange, BookSnapshot

Integers = NDArray[np.int64]


class BarColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Closed bars of [ts_open, ts_close), each column (n,) int64, times UTC ns. volume None: the source has none.

    internal: built by this program from finer data; such bars are shown and never matched. empty: (n,) int64, 1 where
    nothing traded, None where the series has no such bars. factor: (n,) float64, what indicators multiply prices by,
    where the series is adjusted for splits and dividends; all else uses raw prices. split: (n,) float64, the part of it
    that is splits' alone, by which indicators divide volume; None where that is all of it.
    """

    symbol: str
    interval: str
    ts_open: Integers
    ts_close: Integers
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers | None = None
    internal: bool = False
    empty: Integers | None = None
    factor: NDArray[np.float64] | None = None
    split: NDArray[np.float64] | None = None

    @property
    def columns(self) -> tuple[Integers, ...]:
        """All columns, for the digest."""
        volume = () if self.volume is None else (self.volume,)
        return self.ts_open, self.ts_close, self.open, self.high, self.low, self.close, *volume


class QuoteColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Best bids and asks, each column (n,) int64; a side with size 0 has no price."""

    symbol: str
    ts: Integers
    bid: Integers
    bid_size: Integers
    ask: Integers
    ask_size: Integers

    @property
    def columns(self) -> tuple[Integers, ...]:
        """All columns, for the digest."""
        return self.ts, self.bid, self.bid_size, self.ask, self.ask_size


class TradeColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Prints, each column (n,) int64. aggressor: +1 bought, -1 sold, 0 not known.

    effect: what each counts for, bits of `domain/conditions.py`; None: all of them wholly. One that may not be the last
    price, such as an odd lot, is shown and neither fills an order nor triggers one, as in the running program.
    busts: 0 for a print; n where a row is none, but takes back the n-th print before it. Such rows are for the building
    of bars (`built_bars.py`) and are never played; None: there are none.
    """

    symbol: str
    ts: Integers
    price: Integers
    size: Integers
    aggressor: Integers
    effect: Integers | None = None
    busts: Integers | None = None

    @property
    def columns(self) -> tuple[Integers, ...]:
        """All columns, for the digest."""
        effect = () if self.effect is None else (self.effect,)
        return self.ts, self.price, self.size, self.aggressor, *effect

    @property
    def last(self) -> NDArray[np.bool_]:
        """Which of them may be the last price, (n,)."""
        return np.ones(len(self.ts), dtype=bool) if self.effect is None else (self.effect & LAST) != 0


class BookRows(msgspec.Struct, frozen=True, kw_only=True):
    """Snapshots of a book and changes to it, in time order."""

    symbol: str
    rows: tuple[BookSnapshot | BookChange, ...]


Chunk = BarColumns | QuoteColumns | TradeColumns | BookRows
Source = Iterable[Chunk]
"""Chunks of one kind of one instrument; for bars also of one interval."""

_encoder = msgspec.msgpack.Encoder(order="deterministic")


class DataDigest:
    """SHA-256 over all that one source delivered, whatever its chunks were."""

    def __init__(self) -> None:
        self._hashes: list[hashlib._Hash] = []

    def add(self, chunk: Chunk) -> None:
        """Take a chunk."""
        if isinstance(chunk, BookRows):
            parts: list[bytes | memoryview] = [b"".join(_encoder.encode(row) for row in chunk.rows)]
        else:
            parts = [np.ascontiguousarray(column, dtype="<i8").data for column in chunk.columns]
            if isinstance(chunk, BarColumns) and chunk.factor is not None:
                parts.append(np.ascontiguousarray(chunk.factor, dtype="<f8").data)
        while len(self._hashes) < len(parts):
            self._hashes.append(hashlib.sha256())
        for known, part in zip(self._hashes, parts, strict=False):
            known.update(part)

    def text(self) -> str:
        """Return the digest as 64 hex digits."""
        return hashlib.sha256(b"".join(known.digest() for known in self._hashes)).hexdigest()
