"""From a file to rows that can be stored: bars, quotes, trades and books of instruments that are known.

The formats of the replay are read by its decoders, which know their stamps, zones and instruments; tables of columns by
`import_tables.py`, with what the call says. Refused rows go to the report with their line.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from workstation.app.import_options import Format, ImportOptions
from workstation.app.import_report import FileReport
from workstation.app.import_stamps import instant, span_reader
from workstation.app.import_tables import Table, TableRow, is_parquet, open_csv, open_parquet
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.reading import scaled
from workstation.brokers.replay.source import ReplaySource
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
_SIDES = {"buy": Aggressor.BUY, "b": Aggressor.BUY, "sell": Aggressor.SELL, "s": Aggressor.SELL, "": Aggressor.UNKNOWN}


class Opened(NamedTuple):
    """A file that is understood. events: in order of time. done: share of the file that was read, 0 to 1."""

    instruments: tuple[Instrument, ...]
    events: Iterator[Event]
    done: Callable[[], float]


def open_file(
    path: Path, options: ImportOptions, report: FileReport, known: Callable[[str], Instrument | None]
) -> Opened:
    """Open a file as the call says, else as it says itself. known: instruments of earlier imports.

    Raises:
        ValidationError: it is not understood, or the call leaves open what only a person can know.
    """
    if not path.is_file():
        raise ValidationError("file", f"{path.name} does not exist")
    as_table = options.format is Format.CSV or bool(options.columns)
    if options.format is Format.PARQUET or is_parquet(path):
        return _open_table(open_parquet(path, options.columns), options, report, known)
    if not as_table and options.format is Format.AUTO and options.symbol and path.suffix.lower() == ".csv":
        as_table = True
    if as_table:
        return _open_table(open_csv(path, options.columns), options, report, known)
    try:
        return _open_recording(open_source(path, companions=False), options, report)
    except ValidationError:
        if options.format is not Format.AUTO:
            raise
        return _open_table(open_csv(path, options.columns), options, report, known)


def _open_recording(source: ReplaySource, options: ImportOptions, report: FileReport) -> Opened:
    report.found = f"{type(source).__name__}, {len(source.instruments)} instruments"
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
            report.refuse(bad.line, bad.reason, bad.raw)
        report.refused, report.reasons = source.faults.total, dict(source.faults.counts)

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
    price = scaled(text, instrument.price_decimals)
    if price <= 0 and not instrument.price_may_be_negative:
        raise ValueError("price is not above 0")
    if not instrument.on_tick(price):
        raise ValueError("price is off the tick")
    return price


def _size(text: str, instrument: Instrument) -> int:
    size = scaled(text, instrument.qty_decimals)
    if size < 0:
        raise ValueError("volume or size is negative")
    return size


def _misplaced(event: Event, before: Event) -> str:
    """Return what is wrong with the place of a row, "" for nothing."""
    if _time(event) < _time(before):
        return "earlier than the row above it"
    if isinstance(event, Bar) and _time(event) == _time(before):
        return "same time as the row above it, other values"
    return ""


def _time(event: Event) -> int:
    return event.ts_open if isinstance(event, Bar) else event.ts_init
