"""Kept market data: bars by stretch or the newest, recorded ticks, and the quality of feeds."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from msgspec.structs import replace

from workstation.api.cursors import Place
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, check_dates, chosen_fields, ordering_of, page_body, place_of, sparse
from workstation.api.routes.marketdata import SYMBOL_PATH
from workstation.api.schemas.market_history import (
    INTERVALS,
    BarsQuery,
    FeedQuality,
    HistoricalData,
    HistoricalQuery,
    SnapshotList,
    SnapshotPage,
    Tick,
    TickList,
    TickPage,
    bar_body,
    feed_quality_body,
    tick_body,
    tick_figures,
)
from workstation.api.schemas.values import time_or_none
from workstation.commands.market_params import FetchBars
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import to_decimal
from workstation.marketdata.intervals import INTERVALS as BAR_TYPES
from workstation.ports.market_store import BarQuery, MarketReader, QualityQuery, StoredTick, TickKind, TickQuery

routes = Routes()

TICKS_COUNTED_MAX = 20_000
"""A list counts its ticks as long as no more messages than this may hold any; beyond, total_count is null."""

_TICKS = ListForm("ticks", Tick, {"timestamp": "timestamp"}, "-timestamp", by_time="timestamp")
_SNAPSHOTS = ListForm("snapshots", FeedQuality, {"snapshot_time": "snapshot_time"}, "-snapshot_time")


@routes.add(
    "GET", "/marketdata/historical", scope="marketdata:view", query=HistoricalQuery, answers={200: HistoricalData}
)
async def get_historical(call: Call) -> Answer:
    """Read a stretch of bars, ascending."""
    asked: HistoricalQuery = call.query
    if asked.start_date >= asked.end_date:
        raise invalid("start_date", "lies not before end_date", location="query")
    instrument = call.services.names.instrument(call.services.names.symbol_key(asked.instrument_symbol))
    stretch = BarQuery(
        symbol=instrument.symbol,
        interval=INTERVALS[asked.interval],
        data_type=asked.data_type,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        source=asked.data_source,
        limit=asked.limit,
    )
    return await _bars(call, instrument, stretch)


@routes.add(
    "GET", "/marketdata/bars/{symbol}", scope="marketdata:view", query=BarsQuery, answers={200: HistoricalData},
    path_types=SYMBOL_PATH,
)  # fmt: skip
async def get_bars(call: Call) -> Answer:
    """Read bars of one instrument: from a time on, or the newest; ascending."""
    check_dates(call)
    asked: BarsQuery = call.query
    instrument = call.services.names.instrument(call.path_params["symbol"])
    stretch = BarQuery(
        symbol=instrument.symbol,
        interval=INTERVALS[asked.interval],
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        newest=asked.start_date is None,
        limit=asked.limit,
    )
    return await _bars(call, instrument, stretch)


async def _bars(call: Call, instrument: Instrument, stretch: BarQuery) -> Answer:
    services, asked = call.services, call.query
    path, bound = call.request.scope["path"], asked.model_dump(mode="json")
    after = None if asked.cursor is None else services.cursors.open(asked.cursor, path, bound)[0]
    if after is None and stretch.data_type == "OHLC":
        await _fetch(call, stretch)
    page = await services.read(services.reader.market.bars, replace(stretch, after=after))
    if not page.total and stretch.newest:
        raise ApiError("NOT_FOUND", "No bar of this instrument is known.")
    walks = page.has_next and not stretch.newest
    body = {
        "instrument_symbol": instrument.symbol,
        "interval": asked.interval,
        "data_source": page.rows[-1].source if page.rows else services.session.feed,
        "data_points": [bar_body(row, instrument) for row in page.rows],
        "total_points": page.total,
        "has_next": walks,
        "next_cursor": services.cursors.seal((page.rows[-1].start, ""), path, bound) if walks else None,
        "start_date": time_or_none(stretch.start_ns),
        "end_date": time_or_none(stretch.end_ns),
        "metadata": {},
    }
    return json_answer(200, body)


async def _fetch(call: Call, stretch: BarQuery) -> None:
    """Have the venue's bars stored as far as they lack; what is stored already is served where that cannot be."""
    bar_type = BAR_TYPES[stretch.interval]
    params = FetchBars(symbol=stretch.symbol, bar_type=bar_type, start_ns=stretch.start_ns, count=stretch.limit)
    await call.services.engine.call("market.fetch_bars", params, call.origin)


@routes.add("GET", "/marketdata/ticks", scope="marketdata:view", query=TickList, answers={200: TickPage}, form=_TICKS)
async def list_ticks(call: Call) -> Answer:
    """List recorded ticks."""
    check_dates(call)
    asked: TickList = call.query
    fields, ordering = chosen_fields(asked.fields, Tick), ordering_of(call, _TICKS)
    place = place_of(call, ordering, _TICKS)
    symbol = None if asked.instrument_symbol is None else call.services.names.symbol_key(asked.instrument_symbol)
    query = TickQuery(
        symbol=symbol,
        kind=TickKind.__members__.get(asked.tick_type or ""),
        source=asked.data_source,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        descending=ordering[0].startswith("-"),
    )
    return await call.services.read(_tick_page, call, query, place, fields)


def _tick_page(call: Call, query: TickQuery, place: Place | None, fields: tuple[str, ...] | None) -> Answer:
    asked: TickList = call.query
    market = call.services.reader.market
    is_recorded = asked.tick_type is None or query.kind is not None
    found = _within(market.ticks(replace(query, after_key=place)), asked) if is_recorded else iter(())
    page = list(islice(found, asked.offset, asked.offset + asked.limit + 1))
    rows = page[: asked.limit]
    total = _count(market, query, asked) if asked.with_count and is_recorded else 0 if asked.with_count else None
    body = page_body(
        call,
        _TICKS,
        [sparse(tick_body(tick, call.services.names, call.credential.tenant), fields) for tick in rows],
        total=total,
        has_next=len(page) > asked.limit,
        ordering=("-timestamp" if query.descending else "timestamp",),
        last=(rows[-1].time, rows[-1].key) if rows else None,
    )
    return json_answer(200, body)


def _count(market: MarketReader, query: TickQuery, asked: TickList) -> int | None:
    if market.ticks_kept(query, TICKS_COUNTED_MAX) > TICKS_COUNTED_MAX:
        return None
    return sum(1 for _ in _within(market.ticks(replace(query, ordered=False)), asked))


def _within(ticks: Iterator[StoredTick], asked: TickList) -> Iterator[StoredTick]:
    low = None if asked.min_price is None else Decimal(asked.min_price)
    high = None if asked.max_price is None else Decimal(asked.max_price)
    if low is None and high is None:
        return ticks

    def fits(tick: StoredTick) -> bool:
        price, _ = tick_figures(tick)
        value = None if price is None else to_decimal(price, tick.price_decimals)
        return value is not None and (low is None or value >= low) and (high is None or value <= high)

    return filter(fits, ticks)


@routes.add(
    "GET",
    "/marketdata/snapshots",
    scope="marketdata:view",
    query=SnapshotList,
    answers={200: SnapshotPage},
    form=_SNAPSHOTS,
)
async def list_feed_qualities(call: Call) -> Answer:
    """List snapshots of the feeds' quality."""
    check_dates(call)
    asked: SnapshotList = call.query
    fields, ordering = chosen_fields(asked.fields, FeedQuality), ordering_of(call, _SNAPSHOTS)
    query = QualityQuery(
        source=asked.data_source,
        instruments_min=asked.min_instruments,
        instruments_max=asked.max_instruments,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        descending=ordering[0].startswith("-"),
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )
    page = await call.services.read(call.services.reader.market.qualities, query)
    bodies: list[dict[str, Any]] = [sparse(feed_quality_body(row, call.credential.tenant), fields) for row in page.rows]
    return json_answer(200, page_body(call, _SNAPSHOTS, bodies, total=page.total, has_next=page.has_next))
