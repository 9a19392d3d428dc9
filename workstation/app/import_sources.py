"""From a file to rows that can be stored: bars, quotes, trades and books of instruments that are known.

The formats of the replay are read by its decoders, which know their stamps, zones and instruments; tables of columns by
`import_tables.py`, with what the call says. Refused rows go to the report with their line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from workstation.app.import_options import Format, ImportOptions
from workstation.app.import_report import MORE_DECIMALS, FileReport
from workstation.app.import_stamps import instant, span_reader
from workstation.app.import_tables import Table, TableRow, is_parquet, open_csv, open_parquet
from workstation.brokers.replay.bar_files import LeanDaily, PerpetualMinutes, StocksDaily
from workstation.brokers.replay.capture import CaptureSource
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.lean import QuoteBars, QuoteTicks, TradeBars, TradeTicks
from workstation.brokers.replay.reading import scaled
from workstation.brokers.replay.source import REPEATED, ReplaySource
from workstation.domain.errors import PrecisionLoss, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    BAR_CONDITION,
    Aggressor,
    Bar,
    BarSource,
    BookChange,
    BookSnapshot,
    Quote,
    Trade,
)
from workstation.marketdata.calendar import Calendars

Event = Bar | Quote | Trade | BookSnapshot | BookChange
PERPETUAL = "btc_perp"
"""How the name of a file begins whose minutes are the perpetual's."""

NUMBER = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
FOUND: Mapping[type, str] = {
    StocksDaily: "daily bars of stocks by ticker",
    LeanDaily: "LEAN daily bars",
    PerpetualMinutes: "minutes of a perpetual",
    TradeTicks: "LEAN trades",
    QuoteTicks: "LEAN quotes of every exchange",
    TradeBars: "LEAN minutes of trades",
    QuoteBars: "LEAN minutes of quotes",
    CaptureSource: "raw exchange capture",
}
"""By decoder, what a file was taken for."""

_SIDES = {"buy": Aggressor.BUY, "b": Aggressor.BUY, "sell": Aggressor.SELL, "s": Aggressor.SELL, "": Aggressor.UNKNOWN}


class Opened(NamedTuple):
    """A file that is understood. events: in order of time. done: share of the file that was read, 0 to 1."""

    instruments: tuple[Instrument, ...]
    events: Iterator[Event]
    done: Callable[[], float]


def open_file(
    path: Path, options: ImportOptions, report: FileReport, known: Callable[[str], Instrument | None]
) -> Opened:
    """Open a file as the call says, else as it says itself. known: instruments of earlier imports and listings.

    Raises:
        ValidationError: it is not understood, or the call leaves open what only a person can know.
    """
    if not path.is_file():
        raise ValidationError("file", f"{path.name} does not exist")
    if options.format is Format.PARQUET or is_parquet(path):
        return _open_table(open_parquet(path, options.columns), options, report, known)
    source = _recording(path, options)
    if source is None:
        return _open_table(open_csv(path, options.columns), options, report, known)
    return _open_recording(source, options, report)


def _recording(path: Path, options: ImportOptions) -> ReplaySource | None:
    """Return the decoder of a file that says itself what it is, None for a table of columns.

    Minutes of the perpetual have a header that anybody's bars may have: they are known by the file's name too.

    Raises:
        ValidationError: it has to be one, and is none.
    """
    if options.format is Format.CSV or options.columns:
        return None
    try:
        source = open_source(path, companions=False)
    except ValidationError:
        if options.format is not Format.AUTO:
            raise
        return None
    if options.format is not Format.AUTO or not isinstance(source, PerpetualMinutes):
        return source
    is_named = path.name.lower().startswith(PERPETUAL) and options.symbol in ("", PerpetualMinutes.SYMBOL)
    return source if is_named else None


def _open_recording(source: ReplaySource, options: ImportOptions, report: FileReport) -> Opened:
    count = len(source.instruments)
    report.found = f"{FOUND[type(source)]}, {count} instrument{'s' if count != 1 else ''}"
    report.symbols = [instrument.symbol for instrument in source.instruments]
    if options.symbol and options.symbol not in report.symbols:
        raise ValidationError("symbol", f"{source.name} holds {', '.join(report.symbols[:10])}, not {options.symbol}")

    def events() -> Iterator[Event]:
        for row in source.rows():
            for event in row.events:
                if isinstance(event, Trade) and event.conditions == BAR_CONDITION:
                    continue
                if isinstance(event, Bar) and event.bar_type.source is not BarSource.LAST:
                    report.left_out["bars of bids and asks"] = report.left_out.get("bars of bids and asks", 0) + 1
                elif isinstance(event, Event) and options.symbol in ("", event.symbol):
                    yield event
        for bad in source.faults.samples:
            if bad.reason != REPEATED:
                report.refuse(bad.line, bad.reason, bad.raw)
        report.reasons = dict(source.faults.counts)
        report.duplicates = report.reasons.pop(REPEATED, 0)
        report.refused = sum(report.reasons.values())
        if isinstance(source, QuoteTicks) and source.quiet:
            report.left_out["quotes of one exchange that changed nothing of the best bid and ask"] = source.quiet

    return Opened(source.instruments, events(), lambda: source.bytes_done / max(source.bytes_total, 1))


def _open_table(
    table: Table, options: ImportOptions, report: FileReport, known: Callable[[str], Instrument | None]
) -> Opened:
    report.found, report.symbols = table.found, [options.symbol]
    instrument = (known(options.symbol) if options.symbol else None) or options.made_instrument()
    readers = {"bars": _bars, "quotes": _quotes, "trades": _trades}
    return Opened((instrument,), _sound(table, readers[table.shape](instrument, options), report), lambda: 0.0)


def _sound(table: Table, read: Callable[[TableRow], Event], report: FileReport) -> Iterator[Event]:
    """Yield rows that can be stored: whole, and not before the row above."""
    before: Event | None = None
    for row in table.rows:
        if row.fault:
            report.refuse(row.line, row.fault, row.raw)
            continue
        try:
            event = read(row)
        except (PrecisionLoss, ValueError) as error:
            report.refuse(row.line, str(error), row.raw)
            continue
        if event == before and isinstance(event, Bar):
            report.duplicates += 1
            continue
        if before is not None and (misplaced := _misplaced(event, before)):
            report.refuse(row.line, misplaced, row.raw)
            continue
        before = event
        yield event


def _bars(instrument: Instrument, options: ImportOptions) -> Callable[[TableRow], Event]:
    _, bar_type = options.bar_type()
    span = span_reader(bar_type, options.stamp, options.zone_info, Calendars()[instrument.calendar])

    def read(row: TableRow) -> Bar:
        cells = row.cells
        opened, high, low, close = (_price(cells[name], instrument) for name in ("open", "high", "low", "close"))
        if high < low:
            raise ValueError("high is below low")
        if not low <= opened <= high or not low <= close <= high:
            raise ValueError("open or close outside low and high")
        volume = _size(cells["volume"], instrument)
        start, end = span(cells["time"])
        return Bar(instrument.symbol, bar_type, opened, high, low, close, volume, 1, start, end)

    return read


def _quotes(instrument: Instrument, options: ImportOptions) -> Callable[[TableRow], Event]:
    zone = options.zone_info

    def read(row: TableRow) -> Quote:
        cells = row.cells
        bid, ask = (_price(cells[name], instrument) if cells[name] else None for name in ("bid", "ask"))
        bid_size, ask_size = (_size(cells[name] or "0", instrument) for name in ("bid_size", "ask_size"))
        if bid is not None and ask is not None and bid > ask:
            raise ValueError("bid is above ask")
        at = instant(cells["time"], zone)
        return Quote(instrument.symbol, bid, bid_size if bid else 0, ask, ask_size if ask else 0, at, at)

    return read


def _trades(instrument: Instrument, options: ImportOptions) -> Callable[[TableRow], Event]:
    zone = options.zone_info

    def read(row: TableRow) -> Trade:
        cells = row.cells
        side = _SIDES.get(cells.get("side", "").lower())
        if side is None:
            raise ValueError("side is neither buy nor sell")
        price, size = _price(cells["price"], instrument), _size(cells["size"], instrument)
        at = instant(cells["time"], zone)
        return Trade(instrument.symbol, price, size, side, "", at, at)

    return read


def _price(text: str, instrument: Instrument) -> int:
    price = _scaled(text, instrument.price_decimals, "price")
    if price <= 0 and not instrument.price_may_be_negative:
        raise ValueError("price is not above 0")
    if not instrument.on_tick(price):
        raise ValueError("price is off the tick")
    return price


def _size(text: str, instrument: Instrument) -> int:
    size = _scaled(text, instrument.qty_decimals, "volume or size")
    if size < 0:
        raise ValueError("volume or size is negative")
    return size


def _scaled(text: str, decimals: int, what: str) -> int:
    try:
        return scaled(text, decimals)
    except PrecisionLoss:
        is_number = NUMBER.fullmatch(text) is not None
        said = f"{MORE_DECIMALS} {decimals} decimals" if is_number else "is not a plain decimal"
        raise ValueError(f"{what} {said}") from None


def _misplaced(event: Event, before: Event) -> str:
    """Return what is wrong with the place of a row, "" for nothing."""
    if _time(event) < _time(before):
        return "earlier than the row above it"
    if isinstance(event, Bar) and _time(event) == _time(before):
        return "same time as the row above it, other values"
    return ""


def _time(event: Event) -> int:
    return event.ts_open if isinstance(event, Bar) else event.ts_init
