"""What is stored around markets: trading hours, earlier tickers, splits and dividends; and series read across tickers.

Beside both walks, for any thread; used by `market_history.py`. Decides nothing and writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import TypeVar

import msgspec
from sqlalchemy import Engine, Table, inspect, select

from workstation.ports.market_data import (
    BarChunk,
    BookChunk,
    CorporateAction,
    DataKind,
    Holding,
    MarketHours,
    QuoteChunk,
    TickerSpan,
    TradeChunk,
)
from workstation.storage.lent_connections import read_connection
from workstation.storage.market_data_tables import corporate_actions, market_hours, ticker_spans
from workstation.storage.tables import TENANT

Rows = TypeVar("Rows", BarChunk, QuoteChunk, TradeChunk, BookChunk)
Reading = Callable[[str, int | None, int | None], Iterator[Rows]]
"""Yields chunks of what is stored under a symbol in [start, end)."""

_decode_hours = msgspec.json.Decoder(MarketHours).decode
_decode_span = msgspec.json.Decoder(TickerSpan).decode
_decode_action = msgspec.json.Decoder(CorporateAction).decode


def hours_of(engine: Engine) -> dict[str, MarketHours]:
    """Return the imported market hours by name."""
    return {found.name: found for found in map(_decode_hours, _states(engine, market_hours))}


def tickers_of(engine: Engine, symbol: str) -> tuple[TickerSpan, ...]:
    """Return the tickers of a symbol, oldest first."""
    spans = map(_decode_span, _states(engine, ticker_spans, symbol))
    return tuple(sorted(spans, key=lambda span: span.start))


def by_ticker(
    tickers: tuple[TickerSpan, ...], symbol: str, span: tuple[int | None, int | None], rows: Reading[Rows]
) -> Iterator[Rows]:
    """Yield chunks of [start, end) as rows of `symbol`: those of an earlier ticker for the time that it was in use.

    Where nothing is stored under that ticker then, rows are those that are stored under the symbol itself.
    """
    at, end = span
    for earlier in tickers:
        if earlier.ticker == symbol or earlier.end is None:
            continue
        since = earlier.start if at is None else max(earlier.start, at)
        upto = earlier.end if end is None else min(earlier.end, end)
        if since >= upto:
            continue
        if at is None or at < since:
            yield from rows(symbol, at, since)
        found = rows(earlier.ticker, since, upto)
        first = next(found, None)
        if first is None:
            yield from rows(symbol, since, upto)
        else:
            yield from (_renamed(chunk, symbol) for chunk in chain((first,), found))
        at = upto
    if at is None or end is None or at < end:
        yield from rows(symbol, at, end)


def around_holdings(engine: Engine) -> list[Holding]:
    """Return what an import brought around the rows of markets, as lines of the catalogue."""
    actions = map(_decode_action, _states(engine, corporate_actions))
    spans = map(_decode_span, _states(engine, ticker_spans))
    dated = [(DataKind.ACTIONS, row.symbol, row.source, _day(row.ex_date), _day(row.ex_date)) for row in actions]
    dated += [(DataKind.SYMBOLS, row.symbol, row.source, row.start, row.end or row.start) for row in spans]
    hours = hours_of(engine).values()
    ends = [edge for row in hours for edge in (*row.dated[:1], *row.dated[-1:])]
    first, last = (_day(edge) for edge in (min(ends), max(ends))) if ends else (0, 0)
    dated += [(DataKind.HOURS, "", row.source, first, last) for row in hours]
    return list(_summed(dated))


def _summed(dated: Iterable[tuple[DataKind, str, str, int, int]]) -> Iterator[Holding]:
    """Yield one line for each kind, symbol and source."""
    series: dict[tuple[DataKind, str, str], list[tuple[int, int]]] = {}
    for kind, symbol, source, first, last in dated:
        series.setdefault((kind, symbol, source), []).append((first, last))
    for (kind, symbol, source), spans in series.items():
        first, last = min(first for first, _ in spans), max(last for _, last in spans)
        yield Holding(
            symbol=symbol,
            kind=kind,
            interval="",
            source=source,
            first=first,
            last=last,
            rows=len(spans),
            imported=len(spans),
        )


def _renamed(chunk: Rows, symbol: str) -> Rows:
    if isinstance(chunk, BookChunk):
        rows = tuple(msgspec.structs.replace(row, symbol=symbol) for row in chunk.rows)
        return msgspec.structs.replace(chunk, symbol=symbol, rows=rows)
    return msgspec.structs.replace(chunk, symbol=symbol)


def _states(engine: Engine, table: Table, symbol: str | None = None) -> list[bytes]:
    """Return the JSON of a table's rows; none where the database is older than the table."""
    wanted = select(table.c.state).where(table.c.tenant_id == TENANT)
    if symbol is not None:
        wanted = wanted.where(table.c.symbol == symbol)
    with read_connection(engine) as connection:
        if not inspect(connection).has_table(table.name):
            return []
        return list(connection.execute(wanted).scalars())


def _day(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9
