"""Stored markets as columns, and the catalogue of what is stored: what backtests, charts and the catalogue panel read.

Beside both walks, for any thread. Bars are read in pages along their key, ticks chunk by chunk, so that memory follows
the page and not the history. Decides nothing and writes nothing.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import Engine, Row, Select, Table, func, select

from workstation.domain.conditions import WHOLE, counts_for
from workstation.domain.errors import StorageDamaged
from workstation.domain.instruments import Instrument
from workstation.domain.market import BUST_REACH, Aggressor, BookChange, BookSnapshot, Quote, Trade, TradeBust
from workstation.ports.market_data import (
    BarChunk,
    BookChunk,
    CorporateAction,
    DataKind,
    Holding,
    MarketHours,
    QuoteChunk,
    Scales,
    TakenBack,
    TickerSpan,
    TradeChunk,
)
from workstation.ports.market_store import BarQuery, TickQuery
from workstation.storage.lent_connections import read_connection
from workstation.storage.market_around import around_holdings, by_ticker, hours_of, tickers_of
from workstation.storage.market_data_tables import LISTED_AT, corporate_actions, data_instruments
from workstation.storage.market_reader import CHUNKS_READ_AT_ONCE, bar_conditions, chunk_page
from workstation.storage.market_tables import market_bars, tick_chunks
from workstation.storage.print_search import find_taken_back
from workstation.storage.tables import TENANT, instruments
from workstation.storage.tick_files import ChunkPlace, Kept, TickFiles, kind_of_file

BARS_READ_AT_ONCE = 50_000
"""Bars of one read, and of one chunk."""

BookRow = BookSnapshot | BookChange
Value = TypeVar("Value")

OHLC = "OHLC"
_SIGNS = {Aggressor.BUY: 1, Aggressor.SELL: -1, Aggressor.UNKNOWN: 0}
_BAR = ("start_time", "end_time", "open", "high", "low", "close", "volume", "price_decimals", "qty_decimals")
_decode_instrument = msgspec.json.Decoder(Instrument).decode
_decode_action = msgspec.json.Decoder(CorporateAction).decode


class SqlMarketHistory:
    """Implements `ports.market_data.MarketHistory` and `DataCatalogue`. files: None where there are none."""

    def __init__(self, engine: Engine, files: TickFiles | None) -> None:
        self._engine, self._files = engine, files

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument that came with an import, else the venue's whose market was recorded, None for none.

        A symbol of which only rows of an earlier ticker came has the instrument of the latest of those.
        """
        found = self.imported(symbol) or self._found(instruments, symbol)
        for span in () if found is not None else reversed(self.tickers(symbol)):
            if earlier := self.imported(span.ticker):
                return msgspec.structs.replace(earlier, symbol=symbol)
        return found

    def hours(self) -> dict[str, MarketHours]:
        """Return the imported market hours by name."""
        return hours_of(self._engine)

    def tickers(self, symbol: str) -> tuple[TickerSpan, ...]:
        """Return the tickers that a symbol has had, oldest first."""
        return tickers_of(self._engine, symbol)

    def imported(self, symbol: str) -> Instrument | None:
        """Return the instrument that came with an import, None where none did."""
        return self._found(data_instruments, symbol)

    def instruments_of_imports(self) -> dict[str, Instrument]:
        """Return every instrument that came with an import by symbol, and every listing by its key."""
        columns = data_instruments.c
        return self._instruments(select(columns.symbol, columns.state).where(columns.tenant_id == TENANT))

    def listings(self, symbol: str) -> dict[str, Instrument]:
        """Return what markets list of a symbol, by `symbol@market.type`."""
        columns, prefix = data_instruments.c, f"{symbol}{LISTED_AT}"
        wanted = columns.symbol.startswith(prefix, autoescape=True)
        found = self._instruments(select(columns.symbol, columns.state).where(columns.tenant_id == TENANT, wanted))
        return {key: listing for key, listing in found.items() if key.startswith(prefix)}

    def _instruments(self, statement: Select[tuple[str, bytes]]) -> dict[str, Instrument]:
        with read_connection(self._engine) as connection:
            return {row.symbol: _decode_instrument(row.state) for row in connection.execute(statement)}

    def _found(self, table: Table, symbol: str) -> Instrument | None:
        found = select(table.c.state).where(table.c.tenant_id == TENANT, table.c.symbol == symbol)
        with read_connection(self._engine) as connection:
            state = connection.execute(found).scalar()
        return None if state is None else _decode_instrument(state)

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Return splits and dividends by ex-date."""
        columns = corporate_actions.c
        found = select(columns.state).where(columns.tenant_id == TENANT, columns.symbol == symbol)
        with read_connection(self._engine) as connection:
            states = connection.execute(found.order_by(columns.ex_date, columns.kind)).scalars().all()
        return tuple(_decode_action(state) for state in states)

    def open_bars(self, symbol: str, interval: str, start: int | None, end: int | None) -> Iterator[BarChunk]:
        """Yield the bars that begin in [start, end); a chunk has one pair of scales."""
        return by_ticker(self.tickers(symbol), symbol, (start, end), partial(self.kept_bars, interval))

    def kept_bars(self, interval: str, symbol: str, start: int | None, end: int | None) -> Iterator[BarChunk]:
        """Yield bars as `open_bars` does, of rows that are stored under this very symbol."""
        query = BarQuery(symbol=symbol, interval=interval, start_ns=start, end_ns=end)
        columns = [market_bars.c[name] for name in _BAR]
        statement = select(*columns).where(*bar_conditions(query)).order_by(market_bars.c.start_time)
        after: int | None = None
        while True:
            page = statement if after is None else statement.where(market_bars.c.start_time > after)
            with read_connection(self._engine) as connection:
                rows = connection.execute(page.limit(BARS_READ_AT_ONCE)).all()
            if not rows:
                return
            after = rows[-1].start_time
            yield from _bar_chunks(symbol, interval, np.array(rows, dtype=np.int64))

    def bars_before(self, symbol: str, interval: str, end: int, most: int) -> list[BarChunk]:
        """Return the newest `most` bars that begin before a moment, ascending, under whatever ticker they are stored.

        Reads those alone, however long the history is.
        """
        columns, names = market_bars.c, {symbol, *(span.ticker for span in self.tickers(symbol))}
        series = (columns.tenant_id == TENANT, columns.symbol.in_(names), columns.data_type == OHLC)
        newest = select(columns.start_time).where(*series, columns.interval == interval)
        newest = newest.order_by(columns.start_time.desc()).limit(most)
        start = end
        while True:
            with read_connection(self._engine) as connection:
                times = connection.execute(newest.where(columns.start_time < start)).scalars().all()
            if not times:
                return []
            start = times[-1]
            if found := list(self.open_bars(symbol, interval, start, end)):
                return found

    def open_quotes(self, symbol: str, start: int | None, end: int | None) -> Iterator[QuoteChunk]:
        """Yield quotes received in [start, end)."""
        return by_ticker(self.tickers(symbol), symbol, (start, end), self._quotes)

    def _quotes(self, symbol: str, start: int | None, end: int | None) -> Iterator[QuoteChunk]:
        def columns(event: Kept) -> tuple[int, ...] | None:
            if not isinstance(event, Quote):
                return None
            return event.ts_init, event.bid or 0, event.bid_size, event.ask or 0, event.ask_size

        for scales, rows in self._ticks(symbol, start, end, columns):
            ts, bid, bid_size, ask, ask_size = np.array(rows, dtype=np.int64).T.copy()
            yield QuoteChunk(
                symbol=symbol, scales=scales, ts=ts, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size
            )

    def open_trades(self, symbol: str, start: int | None, end: int | None) -> Iterator[TradeChunk]:
        """Yield prints received in [start, end), and the busts of those among them."""
        return by_ticker(self.tickers(symbol), symbol, (start, end), self._trades)

    def _trades(self, symbol: str, start: int | None, end: int | None) -> Iterator[TradeChunk]:
        listed = self.instrument(symbol)
        prints = _Prints("" if listed is None else listed.exchange)
        for scales, rows in self._ticks(symbol, start, end, prints.row):
            ts, price, size, aggressor, ts_event, effect, busts = np.array(rows, dtype=np.int64).T.copy()
            yield TradeChunk(
                symbol=symbol,
                scales=scales,
                ts=ts,
                price=price,
                size=size,
                aggressor=aggressor,
                ts_event=ts_event,
                effect=effect,
                busts=busts if busts.any() else None,
            )

    def taken_back(self, bust: TradeBust, scales: Scales) -> TakenBack | None:
        """Return the print that a bust names, None where none of the newest on these scales has that name and stands.

        Raises:
            StorageDamaged: what is stored cannot be read.
        """
        found = self._chunks(TickQuery(symbol=bust.symbol, end_ns=bust.ts_init, descending=True))
        same = takewhile(lambda chunk: Scales(chunk.price_decimals, chunk.qty_decimals) == scales, found)
        return find_taken_back(bust, map(self._events, same))

    def open_books(self, symbol: str, start: int | None, end: int | None) -> Iterator[BookChunk]:
        """Yield snapshots and changes of the book received in [start, end)."""
        return by_ticker(self.tickers(symbol), symbol, (start, end), self._books)

    def _books(self, symbol: str, start: int | None, end: int | None) -> Iterator[BookChunk]:
        def book(event: Kept) -> BookRow | None:
            return event if isinstance(event, BookSnapshot | BookChange) else None

        found: Iterator[tuple[Scales, list[BookRow]]] = self._ticks(symbol, start, end, book)

        for scales, rows in found:
            yield BookChunk(symbol=symbol, scales=scales, rows=tuple(rows))

    def holdings(self) -> tuple[Holding, ...]:
        """Return every series by symbol, kind, interval and source."""
        found = [*self._bar_holdings(), *self._tick_holdings(), *around_holdings(self._engine)]
        return tuple(sorted(found, key=lambda held: (held.symbol, held.kind, held.interval, held.source)))

    def held(self, symbol: str) -> list[Holding]:
        """Return the bars and ticks that are stored under a symbol, as `holdings` does."""
        return [*self._bar_holdings(symbol), *self._tick_holdings(symbol)]

    def places(self) -> dict[str, list[ChunkPlace]]:
        """Return where the chunks of every file lie, in the order of the file."""
        columns = (tick_chunks.c.file, tick_chunks.c.place, tick_chunks.c.size)
        statement = select(*columns).where(tick_chunks.c.tenant_id == TENANT).order_by(*columns[:2])
        found: dict[str, list[ChunkPlace]] = {}
        with read_connection(self._engine) as connection:
            for row in connection.execute(statement):
                found.setdefault(row.file, []).append(ChunkPlace(*row))
        return found

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Read every chunk and yield the file and the fault of each that is not as it was written."""
        for file, places in self.places().items():
            for place in places:
                try:
                    if self._files is not None:
                        self._files.read(place)
                except StorageDamaged as error:
                    yield file, str(error)

    def _bar_holdings(self, symbol: str | None = None) -> list[Holding]:
        columns = market_bars.c
        series = (columns.symbol, columns.interval, columns.source)
        sums = (
            func.min(columns.start_time),
            func.max(columns.start_time),
            func.count(),
            func.count().filter(columns.imported),
        )
        wanted = [columns.tenant_id == TENANT, *([] if symbol is None else [columns.symbol == symbol])]
        counted = select(*series, *sums).where(*wanted).group_by(*series)
        with read_connection(self._engine) as connection:
            rows = connection.execute(counted).all()
        return [
            Holding(
                symbol=symbol,
                kind=DataKind.BARS,
                interval=interval,
                source=source,
                first=first,
                last=last,
                rows=count,
                imported=imported,
            )
            for symbol, interval, source, first, last, count, imported in rows
        ]

    def _tick_holdings(self, symbol: str | None = None) -> list[Holding]:
        columns = tick_chunks.c
        files = (columns.symbol, columns.source, columns.file)
        sums = (func.min(columns.first_ts), func.max(columns.last_ts), func.sum(columns.ticks))
        wanted = [columns.tenant_id == TENANT, *([] if symbol is None else [columns.symbol == symbol])]
        counted = select(*files, *sums).where(*wanted).group_by(*files)
        with read_connection(self._engine) as connection:
            rows = connection.execute(counted).all()
        found: dict[tuple[str, str, DataKind], Holding] = {}
        for ticker, source, file, first, last, count in rows:
            kind = kind_of_file(file)
            size = self._files.size_of(file) if self._files is not None else 0
            known = found.get((ticker, source, kind))
            found[ticker, source, kind] = Holding(
                symbol=ticker,
                kind=kind,
                interval="",
                source=source,
                first=first if known is None else min(first, known.first),
                last=last if known is None else max(last, known.last),
                rows=int(count) + (0 if known is None else known.rows),
                imported=0 if kind is DataKind.TICKS else int(count) + (0 if known is None else known.imported),
                size=size + (0 if known is None else known.size or 0),
            )
        return list(found.values())

    def _ticks(
        self, symbol: str, start: int | None, end: int | None, take: Callable[[Kept], Value | None]
    ) -> Iterator[tuple[Scales, list[Value]]]:
        """Yield what `take` makes of the events of each chunk, chunk by chunk in the order of their beginnings."""
        for chunk in self._chunks(TickQuery(symbol=symbol, start_ns=start, end_ns=end, descending=False)):
            values = [
                value
                for event in self._events(chunk)
                if (start is None or event.ts_init >= start) and (end is None or event.ts_init < end)
                if (value := take(event)) is not None
            ]
            if values:
                yield Scales(chunk.price_decimals, chunk.qty_decimals), values

    def _events(self, chunk: Row[Any]) -> list[Kept]:
        """Read a chunk; one that is damaged is an error here, since a backtest must not miss it in silence."""
        if self._files is None:
            return []
        return self._files.read(ChunkPlace(chunk.file, chunk.place, chunk.size))

    def _chunks(self, query: TickQuery) -> Iterator[Row[Any]]:
        offset = 0
        while True:
            with read_connection(self._engine) as connection:
                found = connection.execute(chunk_page(query, offset)).all()
            yield from found
            if len(found) < CHUNKS_READ_AT_ONCE:
                return
            offset += len(found)


class _Prints:
    """Prints of one instrument as rows: ts price size aggressor ts_event effect busts, as of `TradeChunk`."""

    def __init__(self, exchange: str) -> None:
        self._exchange = exchange
        self._count = 0
        self._known: dict[str, int] = {}

    def row(self, event: Kept) -> tuple[int, ...] | None:
        """Return the row of a print, or of the bust of one that is known; a print is taken back once."""
        if isinstance(event, TradeBust):
            number = self._known.pop(event.trade_id, None)
            back = 0 if number is None else self._count - number + 1
            return (event.ts_init, 0, 0, 0, event.ts_event, 0, back) if 0 < back <= BUST_REACH else None
        if not isinstance(event, Trade):
            return None
        effect = counts_for(event.conditions, self._exchange) if event.conditions else WHOLE
        self._count += 1
        if event.trade_id:
            self._known.pop(event.trade_id, None)
            self._known[event.trade_id] = self._count
            if len(self._known) > BUST_REACH:
                del self._known[next(iter(self._known))]
        return event.ts_init, event.price, event.size, _SIGNS[event.aggressor], event.ts_event, effect, 0


def _bar_chunks(symbol: str, interval: str, rows: Any) -> Iterator[BarChunk]:
    """Cut a page where its scales change."""
    scales = rows[:, 7:9]
    cuts = np.flatnonzero((scales[1:] != scales[:-1]).any(axis=1)) + 1
    for part in np.split(rows, cuts):
        ts_open, ts_close, opened, high, low, close, volume = part[:, :7].T.copy()
        yield BarChunk(
            symbol=symbol,
            interval=interval,
            scales=Scales(int(part[0, 7]), int(part[0, 8])),
            ts_open=ts_open,
            ts_close=ts_close,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
        )
