"""Splits and dividends from files: factor files in the LEAN form, and CSV; and as rows of a backtest.

A factor file holds, by date, what prices up to and with that day are multiplied by: `yyyymmdd,price factor,split
factor,close of that day`. Two rows that follow each other tell the action of the next session: the ratio of their split
factors is a split, that of their price factors is 1 - dividend / close. CSV: `symbol,ex_date,kind,value` with a split
as `4:1` and a dividend as money for a share.
"""

import csv
import itertools
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from workstation.app.import_options import ImportOptions
from workstation.app.import_report import FileReport
from workstation.brokers.replay.reading import LineReader
from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.marketdata.calendar import Calendars, SessionCalendar
from workstation.marketdata.coverage import ex_time
from workstation.ports.market_data import ActionKind, CorporateAction
from workstation.storage.market_imports import MarketImports

SPLIT_TERM_MAX = 1_000
"""Largest term of a split that a rounded factor is read as."""

DIVIDEND_STEP = Decimal("0.001")
"""Dividends are read from seven digits of a factor, which tell no more than this."""

_FACTOR_ROW = re.compile(rb"\d{8},[0-9.]+,[0-9.]+,[0-9.]+")
_RATIO = re.compile(r"([1-9]\d{0,5}):([1-9]\d{0,5})", re.ASCII)
_SESSION_AHEAD_DAYS = 10


class _FactorRow(NamedTuple):
    day: date
    price: Decimal
    split: Decimal
    close: Decimal


def holds_actions(path: Path) -> bool:
    """Tell whether a file says of itself that it holds splits and dividends."""
    head = LineReader(path).head()
    return _FACTOR_ROW.fullmatch(head) is not None or head.startswith(b"symbol,ex_date,kind,")


def import_actions(path: Path, options: ImportOptions, imports: MarketImports, report: FileReport) -> FileReport:
    """Store the splits and dividends of a file.

    Raises:
        ValidationError: it is no such file.
    """
    instrument = imports.history.instrument(options.symbol) if options.symbol else None
    calendar = Calendars()[instrument.calendar if instrument is not None else "XNYS"]
    actions = list(read_actions(path, options.symbol, calendar, report))
    for action in actions:
        report.saw(ex_time(action, calendar))
    report.symbols = sorted({action.symbol for action in actions})
    with imports.writing(keep=not options.dry_run) as writing:
        stored = writing.actions(actions)
    report.new, report.known, report.differing = stored.new, stored.known, len(stored.differing)
    report.stored = not options.dry_run
    return report


def read_actions(path: Path, symbol: str, calendar: SessionCalendar, report: FileReport) -> Iterator[CorporateAction]:
    """Yield the actions of a file by date. symbol: whose factors these are; CSV names its own.

    Raises:
        ValidationError: no such file, or a factor file without a symbol.
    """
    if not path.is_file():
        raise ValidationError("file", f"{path.name} does not exist")
    reader = LineReader(path)
    if _FACTOR_ROW.fullmatch(reader.head()):
        report.found = "factor file of splits and dividends"
        return _from_factors(reader, symbol or path.stem.upper(), calendar, path.name)
    report.found = "CSV of splits and dividends"
    return _from_rows(reader, report, path.name)


def _from_factors(reader: LineReader, symbol: str, calendar: SessionCalendar, source: str) -> Iterator[CorporateAction]:
    rows: list[_FactorRow] = []
    for number, line in reader:
        if not _FACTOR_ROW.fullmatch(line):
            raise ValidationError("file", f"{source}: line {number} is no row of factors")
        day, *numbers = line.decode("ascii").split(",")
        price, split, close = (Decimal(text) for text in numbers)
        rows.append(_FactorRow(date(int(day[:4]), int(day[4:6]), int(day[6:])), price, split, close))
    for row, later in itertools.pairwise(rows):
        ex_date = _session_after(row.day, calendar).isoformat()
        if row.split != later.split:
            ratio = Fraction(later.split / row.split).limit_denominator(SPLIT_TERM_MAX)
            yield CorporateAction(
                symbol=symbol,
                kind=ActionKind.SPLIT,
                ex_date=ex_date,
                numerator=ratio.numerator,
                denominator=ratio.denominator,
                source=source,
            )
        if row.price != later.price:
            amount = (row.close * (1 - row.price / later.price)).quantize(DIVIDEND_STEP, ROUND_HALF_EVEN)
            yield CorporateAction(
                symbol=symbol,
                kind=ActionKind.DIVIDEND,
                ex_date=ex_date,
                amount=parse_scaled(amount, MONEY_DECIMALS),
                reference=parse_scaled(row.close, MONEY_DECIMALS),
                source=source,
            )


def _from_rows(reader: LineReader, report: FileReport, source: str) -> Iterator[CorporateAction]:
    for number, line in reader:
        text = line.decode("utf-8-sig", "replace")
        cells = [cell.strip() for cell in next(csv.reader([text]), [])]
        if number == 1 and cells[:3] == ["symbol", "ex_date", "kind"]:
            continue
        try:
            yield _action(cells, source)
        except ValueError as error:
            report.refuse(number, str(error), text[:120])


def _action(cells: list[str], source: str) -> CorporateAction:
    if len(cells) not in (4, 5):
        raise ValueError("not symbol,ex_date,kind,value with a reference price behind where it is known")
    symbol, day, kind, value, *reference = cells
    ex_date = date.fromisoformat(day).isoformat()
    if ActionKind(kind.upper()) is ActionKind.SPLIT:
        ratio = _RATIO.fullmatch(value)
        if ratio is None:
            raise ValueError("a split is written as 4:1")
        terms = (int(ratio.group(1)), int(ratio.group(2)))
        return CorporateAction(
            symbol=symbol,
            kind=ActionKind.SPLIT,
            ex_date=ex_date,
            numerator=terms[0],
            denominator=terms[1],
            source=source,
        )
    amount = parse_scaled(value, MONEY_DECIMALS)
    if amount <= 0:
        raise ValueError("a dividend is above 0")
    return CorporateAction(
        symbol=symbol,
        kind=ActionKind.DIVIDEND,
        ex_date=ex_date,
        amount=amount,
        reference=parse_scaled(reference[0], MONEY_DECIMALS) if reference and reference[0] else 0,
        source=source,
    )


def _session_after(day: date, calendar: SessionCalendar) -> date:
    """Return the first day with a session after `day`."""
    ahead = (day + timedelta(days=days) for days in range(1, _SESSION_AHEAD_DAYS))
    return next((found for found in ahead if calendar.session(found) is not None), day + timedelta(days=1))
