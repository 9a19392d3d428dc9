"""Feeds: chunks of columns become events in order, one cursor for each source; the engine merges them by `due`.

First step of the tick walk. A cursor holds one chunk, so that memory follows the window and not the history. Faulty
rows are refused, or left out and counted where the run allows gaps (`soundness.py`).
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from workstation.backtest.agenda import FEED_TIE, OPENING, Due, Rank
from workstation.backtest.columns import BarColumns, BookRows, Chunk, DataDigest, QuoteColumns, Source, TradeColumns
from workstation.backtest.fill_bars import BarReader, MatchBar
from workstation.backtest.soundness import Soundness, kind_of
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import SESSION_KINDS
from workstation.marketdata.coverage import spanned
from workstation.marketdata.intervals import series_of, shortest_ns
from workstation.strategies.bar_batch import BarBatch

BATCH_BARS_MAX = 8_192
"""Bars of a chunk that are unpacked at once."""

NS_PER_MS = 1_000_000
_TIE = 100_000
"""Sources that may share a length of bar and still have places of their own."""


class Feed:
    """One source. due: when its next event comes, None at its end. rows: told of so far."""

    def __init__(self, first: Chunk, rest: Iterator[Chunk], number: int, sound: Soundness) -> None:
        self.number, self.symbol, self.sound = number, first.symbol, sound
        self.instrument = sound.instrument
        self.digest = DataDigest()
        self.rows = 0
        self.due: Due | None = None
        self.name = sound.name
        self._rest, self._kind = rest, type(first)
        self._next: Chunk | None = first

    def _take(self) -> Chunk | None:
        """Return the next chunk with its faulty rows left out, None behind the last."""
        chunk, self._next = self._next if self._next is not None else next(self._rest, None), None
        if chunk is None:
            return None
        if type(chunk) is not self._kind or kind_of(chunk) != self.name:
            raise ValidationError("sources", f"{self.name}: a source holds one kind of one instrument")
        self.digest.add(chunk)
        return self.sound.checked(chunk)


class BarFeed(Feed):
    """Bars: an opening and a close for the venue where they match, then news; news alone where they do not.

    at: place of the bar in `batch`. splits: when those of its instrument take force, UTC ns, rising; mixed: bars within
    which one did, and which hold prices of both sides. marks, ts_closes: its closes in price units, (n,) float64, and
    their times. phase: CORPORATE before its opening, MATCH before its close, NEWS before it is told.
    """

    def __init__(self, first: BarColumns, rest: Iterator[Chunk], number: int, sound: Soundness) -> None:
        super().__init__(first, rest, number, sound)
        self.interval, self.internal = first.interval, first.internal
        self.bar_type = series_of(first.interval, self.instrument)
        self.length_ms = shortest_ns(self.bar_type) // NS_PER_MS
        self._news_tie = FEED_TIE + self.length_ms * _TIE + self.number
        self.spans_sessions = self.bar_type.kind in SESSION_KINDS
        self.matches = False
        self.phase = Rank.NEWS
        self.at = self.size = 0
        self.batch: BarBatch | None = None
        self.marks, self.ts_closes = np.zeros(0), np.zeros(0, dtype=np.int64)
        self.adjusted, self.lacks_volume = first.factor is not None, first.volume is None
        self.splits: tuple[int, ...] = ()
        self.mixed = 0
        self._opens: list[int] = []
        self._ends: list[int] = []
        self._silent: list[int] = []
        self._closes: list[int] = []
        self._table = np.zeros((0, 7), dtype=np.int64)
        self._chunk: BarColumns | None = None
        self._offset = 0

    def start(self, *, matches: bool) -> None:
        """Stand before the first bar."""
        self.matches = matches
        self._load()
        self._stand()

    def advance(self) -> None:
        """Go on: from the opening to the close, to the news, to the next bar."""
        if self.phase is Rank.CORPORATE:
            self.phase, self.due = Rank.MATCH, (self._ends[self.at], 0, Rank.MATCH, FEED_TIE + self.number)
        elif self.phase is Rank.MATCH:
            self._stand_at_news()
        else:
            self.skip_to(self.at + 1)

    def skip_to(self, at: int) -> None:
        """Stand before bar `at` of the batch, or before the next batch at its end."""
        self.rows += at - self.at
        self.at = at
        if at >= self.size:
            self._load()
        self._stand()

    def _stand(self) -> None:
        if not self.size:
            self.due = None
        elif self.matches:
            self.phase = Rank.CORPORATE
            self.due = self._opens[self.at], OPENING, Rank.MATCH, FEED_TIE + self.number
        else:
            self._stand_at_news()

    def _stand_at_news(self) -> None:
        self.phase = Rank.NEWS
        self.due = self._ends[self.at], 0, Rank.NEWS, self._news_tie

    def stop_before(self, ts: int) -> int:
        """Return the place of the first bar of the batch that closes at `ts` or later."""
        ends = self._ends
        return self.size if ends[-1] < ts else bisect_left(ends, ts)

    def closes(self, first: int, stop: int) -> list[int]:
        """Return the closes of bars `first` to `stop`, price units."""
        return self._closes[first:stop]

    def bar(self, at: int) -> MatchBar:
        """Return a bar of the batch as the venue sees it."""
        return self.reader(at).bar()

    def reader(self, at: int) -> BarReader:
        """Return what reads a bar of the batch, now or when the batch has passed."""
        return BarReader(self.rows + at - self.at, self._table, at)

    def read_at(self, at: int) -> tuple[float, ...]:
        """Return a bar of the batch as indicators read it: open, high, low, close and volume."""
        columns = {} if self.batch is None else self.batch.columns
        return tuple(columns[name][at] for name in ("open", "high", "low", "close", "volume"))

    def is_empty(self, at: int) -> bool:
        """Tell whether nothing traded in a bar of the batch."""
        return bool(self._silent) and self._silent[at] == 1

    def _load(self) -> None:
        """Unpack the next batch of bars; an empty one ends the feed."""
        self.at = self.size = 0
        while self._chunk is None or self._offset >= len(self._chunk.ts_close):
            chunk = self._take()
            if not isinstance(chunk, BarColumns):
                self.batch = self._chunk = None
                return
            self._chunk, self._offset = chunk, 0
        stop = self._offset + BATCH_BARS_MAX
        self._unpack(self._chunk, slice(self._offset, stop))
        self._offset = stop

    def _unpack(self, chunk: BarColumns, rows: slice) -> None:
        price, size = 10**self.instrument.price_decimals, 10**self.instrument.qty_decimals
        self.marks, self.ts_closes = chunk.close[rows].astype(np.float64), chunk.ts_close[rows]
        self._table = np.stack([column[rows] for column in chunk.columns], axis=1)
        self._opens, self._ends, self._closes = (
            column[rows].tolist() for column in (chunk.ts_open, chunk.ts_close, chunk.close)
        )
        self.size = len(self._ends)
        if not (self.internal and self.adjusted):  # such bars are built of pieces that are made comparable
            self.mixed += spanned(chunk.ts_open[rows], chunk.ts_close[rows], self.splits)
        self._silent = [] if chunk.empty is None else chunk.empty[rows].tolist()
        prices = [column[rows] / price for column in chunk.columns[2:6]]
        volume = np.zeros(self.size) if chunk.volume is None else chunk.volume[rows] / size
        seen = read = [*prices, volume]
        if chunk.factor is not None:
            factor = chunk.factor[rows]
            split = factor if chunk.split is None else chunk.split[rows]
            read = [*(column * factor for column in prices), volume / split]
        names = ("open", "high", "low", "close", "volume")
        self.batch = BarBatch(
            self.symbol,
            self.interval,
            dict(zip(names, read, strict=True)),
            seen=dict(zip(names, seen, strict=True)),
            closes=self._closes,
            ts_open=self._opens,
            ts_close=self._ends,
            empty=self._silent,
        )


class RowFeed(Feed):
    """Quotes, prints and books: each row is matched, then told. row: the one that comes next, its time first.

    Of a print the last part says whether it may be the last price; one that may not is told and not matched.
    """

    def __init__(self, first: Chunk, rest: Iterator[Chunk], number: int, sound: Soundness) -> None:
        super().__init__(first, rest, number, sound)
        self.kind = type(first)
        self.row: tuple[Any, ...] = ()
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def start(self) -> None:
        """Stand before the first row."""
        self._step()

    @property
    def matches(self) -> bool:
        """Tell whether the next row is part of the market that orders meet."""
        return self.kind is not TradeColumns or bool(self.row[-1])

    def advance(self) -> None:
        """Go on to the next row."""
        self.rows += 1
        self._step()

    def _step(self) -> None:
        row = next(self._rows, None)
        while row is None:
            chunk = self._take()
            if chunk is None:
                self.due = None
                return
            self._rows = _rows_of(chunk)
            row = next(self._rows, None)
        self.row = row
        self.due = row[0], 0, Rank.MATCH, FEED_TIE + self.number


def _rows_of(chunk: Chunk) -> Iterator[tuple[Any, ...]]:
    if isinstance(chunk, BookRows):
        return ((row.ts_event, row) for row in chunk.rows)
    if isinstance(chunk, TradeColumns):
        played = chunk.ts, chunk.price, chunk.size, chunk.aggressor, chunk.last
        return zip(*(column.tolist() for column in played), strict=True)
    return zip(*(column.tolist() for column in chunk.columns), strict=True)


def fineness(feed: Feed) -> tuple[int, int]:
    """Return how fine a source is for matching: books, then quotes, then prints, then the shortest bars."""
    if isinstance(feed, BarFeed):
        return 3, feed.length_ms
    kind = feed.kind if isinstance(feed, RowFeed) else None
    return (0 if kind is BookRows else 1 if kind is QuoteColumns else 2), 0


def open_feed(source: Source, number: int, instruments: Mapping[str, Instrument], *, gaps: bool) -> Feed | None:
    """Return the feed of a source, None where the source is empty.

    Raises:
        ValidationError: its instrument is not part of the plan.
    """
    chunks = iter(source)
    first = next(chunks, None)
    if first is None:
        return None
    instrument = instruments.get(first.symbol)
    if instrument is None:
        raise ValidationError("sources", f"{first.symbol} is no instrument of the plan")
    sound = Soundness(kind_of(first), instrument, gaps=gaps)
    if isinstance(first, BarColumns):
        return BarFeed(first, chunks, number, sound)
    return RowFeed(first, chunks, number, sound)
