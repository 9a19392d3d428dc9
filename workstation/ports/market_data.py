"""The market data port: what is stored of each market, as a catalogue and as columns to compute on.

Beside both walks: an import writes through it, a backtest, a chart and the catalogue panel read. A chunk holds one kind
of one instrument on one pair of scales, rows in time order; times are UTC ns, prices and sizes exact integers.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.domain.instruments import Instrument
from workstation.domain.market import BookChange, BookSnapshot, Trade

Integers = NDArray[np.int64]


class DataKind(StrEnum):
    """What a holding holds. TICKS: as recorded, quotes and trades as they came.

    Not rows of a market: ACTIONS are splits and dividends, SYMBOLS changes of ticker, HOURS sessions of calendars.
    """

    BARS = "BARS"
    TICKS = "TICKS"
    QUOTES = "QUOTES"
    TRADES = "TRADES"
    BOOK = "BOOK"
    ACTIONS = "ACTIONS"
    SYMBOLS = "SYMBOLS"
    HOURS = "HOURS"


class Scales(msgspec.Struct, frozen=True):
    """Decimals that the integers of a chunk count in."""

    price_decimals: int
    qty_decimals: int


class BarChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Closed bars of [ts_open, ts_close), columns (n,) int64. interval: a stored name such as 1_MINUTE."""

    symbol: str
    interval: str
    scales: Scales
    ts_open: Integers
    ts_close: Integers
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers


class QuoteChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Best bids and asks, columns (n,) int64; a side with size 0 has no price. ts: time of receipt."""

    symbol: str
    scales: Scales
    ts: Integers
    bid: Integers
    bid_size: Integers
    ask: Integers
    ask_size: Integers


class TradeChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Prints, columns (n,) int64. aggressor: +1 bought, -1 sold, 0 not known.

    ts: time of receipt; ts_event: the venue's. effect: what each counts for in bars, bits of `domain/conditions.py`;
    None: all of them wholly. busts: 0 for a print; n where a row is none, but takes back the n-th print before it, 1
    the one just before; None: no row does.
    """

    symbol: str
    scales: Scales
    ts: Integers
    price: Integers
    size: Integers
    aggressor: Integers
    ts_event: Integers
    effect: Integers | None = None
    busts: Integers | None = None


class TakenBack(msgspec.Struct, frozen=True):
    """A stored print that the venue took back. standing: those received before the bust that stand, by arrival.

    Of these the newest BUST_REACH at most, in the instrument's scales.
    """

    trade: Trade
    standing: tuple[Trade, ...]


class BookChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Snapshots of a book and changes to it."""

    symbol: str
    scales: Scales
    rows: tuple[BookSnapshot | BookChange, ...]


class ActionKind(StrEnum):
    """Kind of a corporate action."""

    SPLIT = "SPLIT"
    DIVIDEND = "DIVIDEND"


class CorporateAction(msgspec.Struct, frozen=True, kw_only=True):
    """A split or dividend, in force from the opening of its ex-date (YYYY-MM-DD, the exchange's day).

    A split turns `denominator` shares into `numerator`. amount: money for a share. reference: the close before the
    ex-date, money; both count 10 ** -MONEY_DECIMALS, reference 0 where it is not known. at: when one took force that
    a venue did within the day, UTC ns, 0 for the opening.
    """

    symbol: str
    kind: ActionKind
    ex_date: str
    numerator: int = 1
    denominator: int = 1
    amount: int = 0
    reference: int = 0
    source: str = ""
    at: int = 0


Span = tuple[int, int]
"""From a second after local midnight up to another; 86,400 is the day's end."""


class MarketHours(msgspec.Struct, frozen=True, kw_only=True):
    """When a market trades, as a file of market hours says it, in the market's own time.

    name: `market.type`, of one symbol `market.type.symbol`. zone: of the IANA list, or `UTC-05`. week: open spans of
    each day, Monday first, ascending. holidays: days without trading, YYYY-MM-DD, ascending. early_closes, late_opens:
    by day, the second from which, or up to which, nothing trades; where the close comes first, trading pauses between.
    """

    name: str
    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: tuple[str, ...] = ()
    early_closes: dict[str, int] = {}
    late_opens: dict[str, int] = {}
    source: str = ""

    @property
    def dated(self) -> tuple[str, ...]:
        """Return the days that differ from the week, ascending."""
        return tuple(sorted({*self.holidays, *self.early_closes, *self.late_opens}))


class TickerSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A ticker of what `symbol` is called today: it was `ticker` in [start, end), UTC ns; end None: it still is."""

    symbol: str
    ticker: str
    start: int
    end: int | None
    source: str = ""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the catalogue: a series from one source. first, last: of its rows' beginnings, UTC ns.

    interval: "" for ticks. size: bytes of its files, None for rows that lie in the database. imported: how many of the
    rows an import brought; those stay until they are deleted, recorded ones go by age. Of HOURS the symbol is "", the
    rows are calendars, and first and last the days that differ from the week.
    """

    symbol: str
    kind: DataKind
    interval: str
    source: str
    first: int
    last: int
    rows: int
    size: int | None = None
    imported: int = 0

    @property
    def origin(self) -> str:
        """Return where the rows came from, in a word: `recorded`, `imported`, or `both`."""
        if not self.imported:
            return "recorded"
        return "imported" if self.imported == self.rows else "both"


class MarketHistory(Protocol):
    """Stored markets as chunks of columns, read piece by piece as they are taken; for any thread.

    Where a symbol had other tickers, rows of those are its own for the time that each was in use.
    """

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument that came with an import, else the venue's whose market was recorded, None for none."""

    def open_bars(self, symbol: str, interval: str, start: int | None, end: int | None) -> Iterator[BarChunk]:
        """Yield the bars that begin in [start, end); None leaves an end open."""

    def open_quotes(self, symbol: str, start: int | None, end: int | None) -> Iterator[QuoteChunk]:
        """Yield quotes received in [start, end)."""

    def open_trades(self, symbol: str, start: int | None, end: int | None) -> Iterator[TradeChunk]:
        """Yield prints received in [start, end), and the busts of those among them."""

    def open_books(self, symbol: str, start: int | None, end: int | None) -> Iterator[BookChunk]:
        """Yield snapshots and changes of the book received in [start, end)."""

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Return splits and dividends by ex-date."""

    def hours(self) -> dict[str, MarketHours]:
        """Return the imported market hours by name."""


class DataCatalogue(Protocol):
    """What is stored; for any thread."""

    def holdings(self) -> tuple[Holding, ...]:
        """Return every series by symbol, kind, interval and source."""


class Hole(msgspec.Struct, frozen=True):
    """A hole in a series over [start, end), UTC ns, in which `missing` bars should lie."""

    start: int
    end: int
    missing: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the catalogue with its largest holes by time; count and missing are of all. Ticks have none.

    unknown: why none are looked for in bars, "" where they are.
    """

    holding: Holding
    holes: tuple[Hole, ...] = ()
    count: int = 0
    missing: int = 0
    unknown: str = ""


class DataBoard(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of the market. as_of: when it was read, UTC ns; importing: progress of an import, "" for none."""

    lines: tuple[Coverage, ...]
    as_of: int
    importing: str = ""
