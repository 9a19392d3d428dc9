"""Changes of ticker from map files in the LEAN form: `yyyymmdd,ticker,exchange`, one file for what trades today.

The first row is the first day, each other one the last day of its ticker. History that is read by today's symbol then
holds, for the time that an earlier ticker was in use, the rows that are stored under that.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from workstation.app.import_options import ImportOptions
from workstation.app.import_report import FileReport
from workstation.brokers.replay.reading import LineReader
from workstation.domain.errors import ValidationError
from workstation.marketdata.calendar import Calendars, SessionCalendar
from workstation.ports.market_data import TickerSpan
from workstation.storage.market_imports import MarketImports

EARLIEST = date(1678, 1, 1)
"""Days before it have no time in nanoseconds that a database holds."""

OPEN_ENDED = date(2050, 1, 1)
"""A last day from here on says that the ticker is in use."""

_ROW = re.compile(r"(\d{4})(\d{2})(\d{2}),([A-Za-z0-9. _-]+)(?:,[A-Za-z]*)?", re.ASCII)
_FIRST = re.compile(rb"\d{8},[A-Za-z][A-Za-z0-9. _-]*(,[A-Za-z]*)?")


def holds_tickers(path: Path) -> bool:
    """Tell whether a file says of itself that it is a map file."""
    return _FIRST.fullmatch(LineReader(path).head()) is not None


def import_tickers(path: Path, options: ImportOptions, imports: MarketImports, report: FileReport) -> FileReport:
    """Store the tickers of a file. Its last one is today's symbol, unless the call names that.

    Raises:
        ValidationError: it has no two sound rows.
    """
    rows = list(_rows(path, report))
    if len(rows) < 2:
        raise ValidationError("file", f"{path.name} is a map file without a ticker")
    symbol = options.symbol or rows[-1][1]
    instrument = imports.history.instrument(symbol)
    calendar = Calendars()[instrument.calendar if instrument is not None else "XNYS"]
    spans = list(_spans(symbol, rows, calendar, options.source or path.name))
    changes = len(spans) - 1
    report.found = f"map file of tickers, {changes} change{'' if changes == 1 else 's'}"
    report.symbols = [symbol]
    for span in spans:
        report.saw(span.start)
        if span.ticker != symbol and span.end is not None:
            last = calendar.trading_date(span.end - 1)
            report.tickers.append(f"{span.ticker} up to {last.isoformat()}")
    with imports.writing(keep=not options.dry_run) as writing:
        stored = writing.tickers(spans, imports.history.tickers(symbol), replace=options.replace)
    report.new, report.known, report.differing = stored.new, stored.known, len(stored.differing)
    report.stored = not options.dry_run
    return report


def _rows(path: Path, report: FileReport) -> Iterator[tuple[date, str]]:
    """Yield days and tickers, ascending."""
    before: tuple[date, str] | None = None
    for number, line in LineReader(path):
        text = line.decode("utf-8-sig", "replace").strip()
        if not text:
            continue
        found = _ROW.fullmatch(text)
        try:
            row = None if found is None else (date(*map(int, found.groups()[:3])), found.group(4).upper())
        except ValueError as error:
            report.refuse(number, str(error), text[:120])
            continue
        if row is None:
            report.refuse(number, "not yyyymmdd,ticker", text[:120])
            continue
        if row == before:
            report.duplicates += 1
        elif row[0] < EARLIEST:
            report.refuse(number, f"before {EARLIEST.isoformat()}", text[:120])
        elif before is not None and row[0] <= before[0]:
            report.refuse(number, "not later than the row above it", text[:120])
        else:
            before = row
            yield row


def _spans(symbol: str, rows: list[tuple[date, str]], calendar: SessionCalendar, source: str) -> Iterator[TickerSpan]:
    first, begun = rows[0][0], 1
    for number in range(1, len(rows)):
        day, ticker = rows[number]
        if number + 1 < len(rows) and rows[number + 1][1] == ticker:
            continue
        since = first if begun == 1 else rows[begun - 1][0] + timedelta(days=1)
        yield TickerSpan(
            symbol=symbol,
            ticker=ticker,
            start=calendar.day_window(since)[0],
            end=None if day >= OPEN_ENDED else calendar.day_window(day)[1],
            source=source,
        )
        begun = number + 1
