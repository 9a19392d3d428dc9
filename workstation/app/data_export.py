"""`workstation export`: stored bars, quotes and trades as CSV or Parquet, exact to the last digit.

Times are ISO text in UTC (`time` is a bar's open), so that the file can be imported again as it is. A file is complete
or absent.
"""

import argparse
import csv
import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workstation.app.data_hours import adopt_hours
from workstation.app.import_stamps import instant
from workstation.config.paths import find_home
from workstation.domain.errors import StorageError, UserError
from workstation.domain.market import BUST_REACH
from workstation.domain.numbers import format_scaled
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import adjustment_factors, at_end, ex_time, spanned
from workstation.marketdata.intervals import bar_type_of, interval_of
from workstation.ports.market_data import ActionKind, BarChunk, Integers, MarketHistory, QuoteChunk, TradeChunk
from workstation.storage import open_view
from workstation.storage.tick_archive import replacing

Rows = Iterator[tuple[str, ...]]
HEADS = {
    "bars": ("time", "open", "high", "low", "close", "volume"),
    "quotes": ("time", "bid", "bid_size", "ask", "ask_size"),
    "trades": ("time", "price", "size", "side"),
}
_SIDES = {1: "buy", -1: "sell", 0: ""}
ADJUSTED_DECIMALS = 6


def command(arguments: argparse.Namespace) -> int:
    """Write a file; returns 0."""
    start, end = (instant(text, None) if text else None for text in (arguments.start, arguments.end))
    view = open_view(arguments.database, find_home(arguments.home).root)
    target, mixed = Path(arguments.file), list[int]()
    try:
        adopt_hours(view.history)
        chunks = _chunks(arguments, view.history, (start, end), mixed)
        write = _write_parquet if target.suffix == ".parquet" else _write_csv
        with replacing(target) as part:
            count = write(part, HEADS[arguments.kind], chunks)
            if not count:
                raise UserError(f"export: nothing of {arguments.symbol} is stored in that span")
    except KeyboardInterrupt:
        raise StorageError("export: interrupted; no file was written") from None
    finally:
        view.close()
    print(f"{target.name}: {count:,} {arguments.kind} of {arguments.symbol}")
    if sum(mixed):
        print(f"{sum(mixed)} of them hold prices of before and after a split, which took force within.")
    return 0


def _chunks(
    arguments: argparse.Namespace, history: MarketHistory, span: tuple[int | None, int | None], mixed: list[int]
) -> Iterator[Rows]:
    """Return what is stored. mixed: takes how many bars of each chunk cannot be adjusted."""
    symbol, (start, end) = arguments.symbol, span
    if arguments.kind == "quotes":
        return map(_quotes, history.open_quotes(symbol, start, end))
    if arguments.kind == "trades":
        return _standing(history, symbol, start, end)
    interval = interval_of(bar_type_of(arguments.interval))
    if interval is None:
        raise UserError(f"export: {arguments.interval} is no interval that is stored")
    bars = history.open_bars(symbol, interval, start, end)
    return (_adjusted(chunk, history, mixed) for chunk in bars) if arguments.adjusted else map(_bars, bars)


def _bars(chunk: BarChunk) -> Rows:
    price, size = chunk.scales.price_decimals, chunk.scales.qty_decimals
    columns = (chunk.ts_open, chunk.open, chunk.high, chunk.low, chunk.close, chunk.volume)
    for at, opened, high, low, close, volume in zip(*(column.tolist() for column in columns), strict=True):
        prices = (format_scaled(value, price) for value in (opened, high, low, close))
        yield (_time(at), *prices, format_scaled(volume, size))


def _adjusted(chunk: BarChunk, history: MarketHistory, mixed: list[int]) -> Rows:
    instrument = history.instrument(chunk.symbol)
    calendar = Calendars()[instrument.calendar if instrument is not None else "ALWAYS"]
    actions = history.actions(chunk.symbol)
    ends = at_end(chunk.ts_open, chunk.ts_close)
    factor = adjustment_factors(ends, actions, calendar)
    splits = [action for action in actions if action.kind is ActionKind.SPLIT]
    split = adjustment_factors(ends, splits, calendar)
    mixed.append(spanned(chunk.ts_open, chunk.ts_close, sorted(ex_time(action, calendar) for action in splits)))
    unit = factor / 10**chunk.scales.price_decimals
    prices = [(column * unit).tolist() for column in (chunk.open, chunk.high, chunk.low, chunk.close)]
    volumes = (chunk.volume / split / 10**chunk.scales.qty_decimals).tolist()
    for at, *values in zip(chunk.ts_open.tolist(), *prices, volumes, strict=True):
        yield (_time(at), *(f"{value:.{ADJUSTED_DECIMALS}f}" for value in values))


def _quotes(chunk: QuoteChunk) -> Rows:
    price, size = chunk.scales.price_decimals, chunk.scales.qty_decimals
    columns = (chunk.ts, chunk.bid, chunk.bid_size, chunk.ask, chunk.ask_size)
    for at, bid, bid_size, ask, ask_size in zip(*(column.tolist() for column in columns), strict=True):
        bids = (format_scaled(bid, price) if bid else "", format_scaled(bid_size, size))
        yield (_time(at), *bids, format_scaled(ask, price) if ask else "", format_scaled(ask_size, size))


def _standing(history: MarketHistory, symbol: str, start: int | None, end: int | None) -> Iterator[Rows]:
    """Yield the prints that the venue did not take back, as far behind the span as a bust may come."""
    gone, count, within = set(), 0, 0
    for chunk in history.open_trades(symbol, start, None):
        for at, back in zip(chunk.ts.tolist(), _busts(chunk), strict=True):
            if back:
                gone.add(count - back)
                continue
            count += 1
            within += end is None or at < end
        if count - within > BUST_REACH:
            break
    count = 0
    for chunk in history.open_trades(symbol, start, end):
        prints = np.flatnonzero(_busts(chunk) == 0)
        standing = np.array([number not in gone for number in range(count, count + len(prints))], dtype=bool)
        count += len(prints)
        yield _trades(chunk, prints[standing])


def _busts(chunk: TradeChunk) -> Integers:
    return np.zeros_like(chunk.ts) if chunk.busts is None else chunk.busts


def _trades(chunk: TradeChunk, places: Integers) -> Rows:
    price, size = chunk.scales.price_decimals, chunk.scales.qty_decimals
    columns = (chunk.ts, chunk.price, chunk.size, chunk.aggressor)
    for at, paid, quantity, side in zip(*(column[places].tolist() for column in columns), strict=True):
        yield _time(at), format_scaled(paid, price), format_scaled(quantity, size), _SIDES[side]


def _time(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{ts % 10**9:09}+00:00"


def _write_csv(path: Path, head: tuple[str, ...], chunks: Iterator[Rows]) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for rows in chunks:
            for row in rows:
                writer.writerow(row)
                count += 1
    return count


def _write_parquet(path: Path, head: tuple[str, ...], chunks: Iterator[Rows]) -> int:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise StorageError("Parquet files need the extra `parquet` (pyarrow)") from error
    schema, count = arrow.schema([(name, arrow.string()) for name in head]), 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in chunks:
            columns = list(zip(*rows, strict=True))
            count += len(columns[0]) if columns else 0
            writer.write_table(arrow.table([list(column) for column in columns], schema=schema))
    return count
