"""What recorded data cannot be: out of order, off the grid, a high below a low, crossed, of negative size.

Before the feeds play a chunk. Faulty rows end the run with the first of them named, or, where gaps are allowed, are
left out and counted. Nothing is repaired.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.backtest.columns import BarColumns, BookRows, Chunk, QuoteColumns, TradeColumns
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument

LISTED_MAX = 5
"""Rows of a fault whose times are told."""

Times = NDArray[np.int64]
Flags = NDArray[np.bool_]


class DataFault(UserError):
    """Recorded data that cannot be. `first_ts`: where it begins, UTC ns."""

    def __init__(self, source: str, fault: str, count: int, first_ts: int) -> None:
        super().__init__(f"{source}: {count} rows {fault}, the first at {_words(first_ts)}")
        self.source, self.fault, self.count, self.first_ts = source, fault, count, first_ts


def _words(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{ts % 10**9:09}Z".replace(".000000000", "")


def kind_of(chunk: Chunk) -> str:
    """Return what a chunk holds of what, such as `ABC bars 1m`."""
    if isinstance(chunk, BarColumns):
        return f"{chunk.symbol} bars {chunk.interval}"
    return f"{chunk.symbol} {_NAMES[type(chunk)]}"


_NAMES = {QuoteColumns: "quotes", TradeColumns: "trades", BookRows: "book"}


class Soundness:
    """Checks one source. faults: what was left out, by what is wrong with it."""

    def __init__(self, name: str, instrument: Instrument, *, gaps: bool) -> None:
        self.name, self.instrument = name, instrument
        self.faults: dict[str, int] = {}
        self._first: dict[str, list[int]] = {}
        self._gaps = gaps
        self._last_ts = -1

    def words(self) -> list[str]:
        """Return what was left out, a sentence for each fault with the times of its first rows."""
        found = []
        for fault, count in self.faults.items():
            times = ", ".join(map(_words, self._first[fault]))
            rest = f" and {count - len(self._first[fault]):,} more" if count > len(self._first[fault]) else ""
            found.append(f"{self.name}: {count:,} row{'' if count == 1 else 's'} {fault}; left out: {times}{rest}.")
        return found

    def checked(self, chunk: Chunk) -> Chunk:
        """Return the chunk without its faulty rows.

        Raises:
            DataFault: there are any, and the run takes no gaps.
        """
        if isinstance(chunk, BookRows):
            times = np.array([row.ts_event for row in chunk.rows], dtype=np.int64)
            sound = self._sound({}, times)
            return BookRows(symbol=chunk.symbol, rows=tuple(np.array(chunk.rows, dtype=object)[sound]))
        if isinstance(chunk, BarColumns):
            sound = self._sound(self._bar_faults(chunk), chunk.ts_open, chunk.ts_close)
        elif isinstance(chunk, QuoteColumns):
            sound = self._sound(self._quote_faults(chunk), chunk.ts)
        else:
            faults = {"have a size of 0 or less": chunk.size <= 0, "are off the price grid": self._off(chunk.price)}
            sound = self._sound(faults, chunk.ts)
        if sound.all():
            return chunk
        arrays = {name: value[sound] for name, value in _fields(chunk).items() if isinstance(value, np.ndarray)}
        return msgspec.structs.replace(chunk, **arrays)

    def _bar_faults(self, bars: BarColumns) -> dict[str, Flags]:
        o, h, low, c = bars.open, bars.high, bars.low, bars.close
        faults = {
            "end before they begin": bars.ts_close < bars.ts_open if bars.internal else bars.ts_close <= bars.ts_open,
            "have a price outside of low to high": (low > np.minimum(o, c)) | (h < np.maximum(o, c)),
        }
        if not bars.internal:  # those that are built of middle prices lie between two ticks
            faults["are off the price grid"] = self._off(o) | self._off(h) | self._off(low) | self._off(c)
        if bars.volume is not None:
            faults["have a negative volume"] = bars.volume < 0
        return faults

    def _quote_faults(self, quotes: QuoteColumns) -> dict[str, Flags]:
        bid, ask = quotes.bid_size > 0, quotes.ask_size > 0
        return {
            "have a negative size": (quotes.bid_size < 0) | (quotes.ask_size < 0),
            "are crossed": bid & ask & (quotes.bid >= quotes.ask),
            "are off the price grid": (self._off(quotes.bid) & bid) | (self._off(quotes.ask) & ask),
        }

    def _off(self, prices: Times) -> Flags:
        ticks: Any = self.instrument.ticks[0].tick
        for band in self.instrument.ticks[1:]:
            ticks = np.where(prices >= band.from_price, band.tick, ticks)
        off: Flags = prices % ticks != 0
        return off if self.instrument.price_may_be_negative else off | (prices <= 0)

    def _sound(self, faults: Mapping[str, Flags], begins: Times, ends: Times | None = None) -> Flags:
        ends = begins if ends is None else ends
        before = np.maximum.accumulate(np.concatenate(([self._last_ts], ends)))
        self._last_ts = int(before[-1])
        sound = np.ones(len(begins), dtype=bool)
        for fault, rows in {**faults, "are out of order or overlap": begins < before[:-1]}.items():
            count = int(rows.sum())
            if count and not self._gaps:
                raise DataFault(self.name, fault, count, int(begins[int(np.argmax(rows))]))
            if count:
                self.faults[fault] = self.faults.get(fault, 0) + count
                listed = self._first.setdefault(fault, [])
                listed += begins[rows][: LISTED_MAX - len(listed)].tolist()
                sound &= ~rows
        return sound


def _fields(chunk: Chunk) -> dict[str, Any]:
    return {name: getattr(chunk, name) for name in chunk.__struct_fields__}
