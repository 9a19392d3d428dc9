"""What is kept of the market, read back: bars, ticks and feed quality, from any thread.

Every list walks an index in its own order. Ticks lie in chunks, one instrument each: chunks are opened as the list gets
to them, and their ticks merged by time.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, not_, or_, select

from workstation.domain.errors import StorageDamaged
from workstation.domain.market import Quote, Trade
from workstation.ports.market_data import TickerSpan
from workstation.ports.market_store import (
    BarPage,
    BarQuery,
    FeedQuality,
    QualityPage,
    QualityQuery,
    StoredBar,
    StoredTick,
    TickKind,
    TickQuery,
)
from workstation.storage.lent_connections import read_connection
from workstation.storage.market_around import tickers_of
from workstation.storage.market_tables import market_bars, market_snapshots, tick_chunks
from workstation.storage.queries import Conditions
from workstation.storage.tables import TENANT
from workstation.storage.tick_files import CHUNK_SPAN_NS, ChunkPlace, TickFiles

CHUNKS_READ_AT_ONCE = 200
"""Lines of the catalogue that one read takes."""

Asked = TypeVar("Asked", BarQuery, TickQuery)

_decode_quality = msgspec.json.Decoder(FeedQuality).decode
_BAR_COLUMNS = [column for column in market_bars.c if column.name not in ("tenant_id", "open_interest")]


def bar_conditions(query: BarQuery, tickers: Sequence[TickerSpan] = ()) -> Conditions:
    """Return the filters of a stretch of bars. tickers: earlier ones under which its rows are stored for a time."""
    columns = market_bars.c
    found = [
        columns.tenant_id == TENANT,
        _stored_under(query.symbol, tickers),
        columns.data_type == query.data_type,
        columns.interval == query.interval,
    ]
    if query.source is not None:
        found.append(columns.source == query.source)
    if query.start_ns is not None:
        found.append(columns.start_time >= query.start_ns)
    if query.end_ns is not None:
        found.append(columns.start_time < query.end_ns)
    return found


def _stored_under(symbol: str, tickers: Sequence[TickerSpan]) -> ColumnElement[bool]:
    columns = market_bars.c
    earlier = [
        and_(columns.symbol == span.ticker, columns.start_time >= span.start, columns.start_time < span.end)
        for span in tickers
    ]
    taken = [columns.start_time.between(span.start, (span.end or 0) - 1) for span in tickers]
    own = and_(columns.symbol == symbol, *(not_(span) for span in taken))
    return or_(own, *earlier) if earlier else columns.symbol == symbol


def bar_page(query: BarQuery, tickers: Sequence[TickerSpan] = ()) -> Select[Any]:
    """Return the statement of one page of bars and the one behind it."""
    statement = select(*_BAR_COLUMNS).where(*bar_conditions(query, tickers))
    if query.after is not None:
        statement = statement.where(market_bars.c.start_time > query.after)
    start = market_bars.c.start_time
    return statement.order_by(start.desc() if query.newest else start).limit(query.limit + 1)


def chunk_conditions(query: TickQuery, tickers: Sequence[TickerSpan] = ()) -> Conditions:
    """Return the filters of the chunks that may hold what a query asks for; tickers: as of `bar_conditions`."""
    columns, key = tick_chunks.c, query.after_key
    found = [columns.tenant_id == TENANT]
    if query.symbol is not None:
        symbols = [query.symbol, *(span.ticker for span in tickers)]
        found.append(columns.symbol.in_(symbols) if tickers else columns.symbol == query.symbol)
    if query.source is not None:
        found.append(columns.source == query.source)
    start, end = query.start_ns, None if query.end_ns is None else query.end_ns - 1
    if key is not None and query.descending:
        end = key[0] if end is None else min(end, key[0])
    elif key is not None:
        start = key[0] if start is None else max(start, key[0])
    # The time that the list is sorted by bounds the walk of its index. The other one, as a sum, lures no planner away.
    first, last = columns.first_ts, columns.last_ts
    if start is not None:
        found += [last >= start] if query.descending else [first >= start - CHUNK_SPAN_NS, last + 0 >= start]
    if end is not None:
        found += [first + 0 <= end, last <= end + CHUNK_SPAN_NS] if query.descending else [first <= end]
    return found


def chunk_page(query: TickQuery, offset: int, tickers: Sequence[TickerSpan] = ()) -> Select[Any]:
    """Return the statement of chunks in the order in which a list opens them."""
    columns = tick_chunks.c
    ordering = (columns.last_ts if query.descending else columns.first_ts, columns.symbol, columns.file, columns.place)
    terms = [column.desc() if query.descending else column for column in ordering]
    statement = select(tick_chunks).where(*chunk_conditions(query, tickers)).order_by(*terms)
    return statement.limit(CHUNKS_READ_AT_ONCE).offset(offset)


def quality_conditions(query: QualityQuery) -> Conditions:
    """Return the filters of a list of feed qualities."""
    columns = market_snapshots.c
    found = [columns.tenant_id == TENANT]
    if query.source is not None:
        found.append(columns.data_source == query.source)
    if query.instruments_min is not None:
        found.append(columns.total_instruments >= query.instruments_min)
    if query.instruments_max is not None:
        found.append(columns.total_instruments <= query.instruments_max)
    if query.start_ns is not None:
        found.append(columns.snapshot_time >= query.start_ns)
    if query.end_ns is not None:
        found.append(columns.snapshot_time < query.end_ns)
    return found


def quality_page(query: QualityQuery) -> Select[Any]:
    """Return the statement of one page of feed qualities and the one behind it."""
    ordering = [market_snapshots.c.snapshot_time, market_snapshots.c.data_source]
    terms = [column.desc() for column in ordering] if query.descending else ordering
    statement = select(market_snapshots.c.state).where(*quality_conditions(query)).order_by(*terms)
    return statement.limit(query.limit + 1).offset(query.offset)


class SqlMarketReader:
    """Implements `ports.market_store.MarketReader`. files: recorded ticks, None where there are none."""

    def __init__(self, engine: Engine, files: TickFiles | None) -> None:
        self._engine = engine
        self.files = files

    def bars(self, query: BarQuery) -> BarPage:
        """Return a stretch of a series; total counts it whole.

        Where the symbol had another ticker, and rows are stored under that, those are its own for that time.
        """
        tickers = self._tickers(query, self._has_bars)
        with read_connection(self._engine) as connection:
            found = connection.execute(bar_page(query, tickers)).all()
            counted = select(func.count()).select_from(market_bars).where(*bar_conditions(query, tickers))
            total = connection.execute(counted).scalar_one()
        rows = [_bar(row, query.symbol) for row in found[: query.limit]]
        return BarPage(tuple(rows[::-1] if query.newest else rows), total, len(found) > query.limit)

    def _tickers(self, query: Asked, is_stored: Callable[[Asked], bool]) -> list[TickerSpan]:
        """Return the earlier tickers of a symbol under which rows of the stretch are stored, each with its end."""
        found = []
        for span in () if query.symbol is None else tickers_of(self._engine, query.symbol):
            if span.end is None or span.ticker == query.symbol:
                continue
            since = span.start if query.start_ns is None else max(span.start, query.start_ns)
            upto = span.end if query.end_ns is None else min(span.end, query.end_ns)
            stored = msgspec.structs.replace(query, symbol=span.ticker, start_ns=since, end_ns=upto)
            if since < upto and is_stored(stored):
                found.append(span)
        return found

    def _has_bars(self, stretch: BarQuery) -> bool:
        kept = msgspec.structs.replace(stretch, source=None, after=None, newest=False)
        with read_connection(self._engine) as connection:
            return connection.execute(bar_page(kept).limit(1)).first() is not None

    def _has_ticks(self, stretch: TickQuery) -> bool:
        kept = msgspec.structs.replace(stretch, source=None, after_key=None)
        with read_connection(self._engine) as connection:
            return connection.execute(chunk_page(kept, 0).limit(1)).first() is not None

    def qualities(self, query: QualityQuery) -> QualityPage:
        """List feed qualities by time."""
        with read_connection(self._engine) as connection:
            blobs = connection.execute(quality_page(query)).scalars().all()
            counted = select(func.count()).select_from(market_snapshots).where(*quality_conditions(query))
            total = connection.execute(counted).scalar_one() if query.with_count else None
        return QualityPage(
            tuple(_decode_quality(blob) for blob in blobs[: query.limit]), total, len(blobs) > query.limit
        )

    def ticks_kept(self, query: TickQuery, most: int) -> int:
        """Return how many quotes and trades lie in the chunks that may hold what is asked for, or more than `most`."""
        kept = 0
        for chunk in self._chunks(query, self._tickers(query, self._has_ticks)):
            kept += chunk.ticks
            if kept > most:
                break
        return kept

    def ticks(self, query: TickQuery) -> Iterator[StoredTick]:
        """Yield ticks by time of arrival; a chunk that is gone from the disk is passed over.

        Where the symbol had another ticker, it is as for `bars`.
        """
        tickers = self._tickers(query, self._has_ticks)
        return self._merged(query, tickers) if query.ordered else chain.from_iterable(self._unmerged(query, tickers))

    def _unmerged(self, query: TickQuery, tickers: Sequence[TickerSpan]) -> Iterator[list[StoredTick]]:
        return (self._ticks_of(chunk, query, tickers) for chunk in self._chunks(query, tickers))

    def _merged(self, query: TickQuery, tickers: Sequence[TickerSpan]) -> Iterator[StoredTick]:
        """Open chunks as the list gets to them; of those that are open the next tick is taken."""
        choose = max if query.descending else min
        opened: list[list[StoredTick]] = []

        def take() -> StoredTick:
            chunk = choose(opened, key=lambda held: _place(held[-1]))
            tick = chunk.pop()
            if not chunk:
                opened[:] = [held for held in opened if held]
            return tick

        for chunk in self._chunks(query, tickers):
            while opened and _comes_first(choose(_place(held[-1]) for held in opened), chunk, query):
                yield take()
            if wanted := self._ticks_of(chunk, query, tickers):
                opened.append(wanted)
        while opened:
            yield take()

    def _chunks(self, query: TickQuery, tickers: Sequence[TickerSpan]) -> Iterator[Row[Any]]:
        offset = 0
        while True:
            with read_connection(self._engine) as connection:
                found = connection.execute(chunk_page(query, offset, tickers)).all()
            yield from found
            if len(found) < CHUNKS_READ_AT_ONCE:
                return
            offset += len(found)

    def _ticks_of(self, chunk: Row[Any], query: TickQuery, tickers: Sequence[TickerSpan]) -> list[StoredTick]:
        """Return what a query wants of one chunk, what comes first at the end."""
        if self.files is None:
            return []
        try:
            events = self.files.read(ChunkPlace(chunk.file, chunk.place, chunk.size))
        except StorageDamaged:
            return []
        symbol = query.symbol
        ticks = [
            StoredTick(
                event=event if symbol in (None, event.symbol) else msgspec.structs.replace(event, symbol=symbol),
                kind=kind,
                price_decimals=chunk.price_decimals,
                qty_decimals=chunk.qty_decimals,
                source=chunk.source,
                key=f"{chunk.file}:{chunk.place:012}:{index:04}:{side}",
            )
            for index, event in enumerate(events)
            if isinstance(event, Quote | Trade) and _is_its(chunk.symbol, event.ts_init, symbol, tickers)
            for side, kind in enumerate(_kinds(event))
        ]
        wanted = [tick for tick in ticks if _fits(tick, query)]
        return wanted if query.descending else wanted[::-1]


def _kinds(event: Quote | Trade) -> tuple[TickKind, ...]:
    """Return which prices a message brings; a quote's missing side is no tick."""
    if isinstance(event, Trade):
        return (TickKind.TRADE,)
    sides = ((TickKind.BID, event.bid), (TickKind.ASK, event.ask))
    return tuple(kind for kind, price in sides if price is not None)


def _place(tick: StoredTick) -> tuple[int, str]:
    return tick.time, tick.key


def _comes_first(place: tuple[int, str], chunk: Row[Any], query: TickQuery) -> bool:
    """Tell whether a tick stands before all of a chunk that is not opened yet."""
    return bool(place[0] > chunk.last_ts if query.descending else place[0] < chunk.first_ts)


def _is_its(stored: str, ts: int, symbol: str | None, tickers: Sequence[TickerSpan]) -> bool:
    """Tell whether a row that is stored under a ticker is the symbol's: that ticker was its own then."""
    used = [span.ticker for span in tickers if span.start <= ts < (span.end or 0)]
    return symbol is None or stored in (used or [symbol])


def _fits(tick: StoredTick, query: TickQuery) -> bool:
    if query.kind not in (None, tick.kind):
        return False
    if query.after_key is not None:
        behind = _place(tick) < query.after_key if query.descending else _place(tick) > query.after_key
        if not behind:
            return False
    late = query.start_ns is None or tick.time >= query.start_ns
    return late and (query.end_ns is None or tick.time < query.end_ns)


def _bar(row: Row[Any], symbol: str) -> StoredBar:
    return StoredBar(
        symbol=symbol,
        data_type=row.data_type,
        interval=row.interval,
        start=row.start_time,
        end=row.end_time,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=row.volume,
        price_decimals=row.price_decimals,
        qty_decimals=row.qty_decimals,
        source=row.source,
    )
