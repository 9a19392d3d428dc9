"""Market hours from a database in the LEAN form, and how the calendars of a home come to know them.

`{"entries": {"Equity-usa-[*]": {"exchangeTimeZone", "monday": [{"start", "end", "state"}, …], "holidays", …}}}`: an
entry is the calendar `usa.equity`, one of a single symbol `cbot.future.ZC`. Of its spans those of state `market` are
the session; dates are `month/day/year`.
"""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from workstation.app.import_options import ImportOptions
from workstation.app.import_report import FileReport, GapFound
from workstation.brokers.replay.reading import LineReader
from workstation.domain.errors import StorageError, ValidationError
from workstation.kernel.logs import get_logger
from workstation.marketdata.calendar import DAY_S, Calendars
from workstation.marketdata.market_hours import HoursCalendar, ImportedCalendars, zone_of
from workstation.ports.market_data import MarketHistory, MarketHours, Span
from workstation.storage import NothingStored, open_view
from workstation.storage.market_imports import MarketImports

EVERY = "[*]"
"""Symbol of an entry that holds for a whole market."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MARKETS_NAMED_MAX = 6
_HEAD_LINES = 5
_KEY = re.compile(r'"([^"]+-[^"]+-[^"]+)"\s*:\s*\{')
_TIME = re.compile(r"(?:(\d)(?:\.|:(?=\d+:\d+:\d)))?(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)
_log = get_logger("market_hours")
Pairs = list[tuple[str, Any]]


def adopt_hours(history: MarketHistory) -> None:
    """Let the calendars of this process be those of a home: imported hours go before what is built in."""
    Calendars.adopt(ImportedCalendars(history.hours()))


def adopt_hours_of(database: str, home: Path) -> None:
    """Do as `adopt_hours` does for the home of a replay, whose own database is another; none without data."""
    try:
        view = open_view(database, home)
    except NothingStored:  # a home that was never used has no hours
        return
    except StorageError as error:
        _log.warning("market_hours_not_read", reason=str(error))
        return
    try:
        adopt_hours(view.history)
    finally:
        view.close()


def hours_for(calendars: set[str], history: MarketHistory) -> tuple[MarketHours, ...]:
    """Return the imported hours behind calendars, under the names that instruments call them."""
    imported = ImportedCalendars(history.hours())
    found = (imported[name] for name in sorted(calendars) if name in imported)
    return tuple(calendar.hours for calendar in found if isinstance(calendar, HoursCalendar))


def holds_hours(path: Path) -> bool:
    """Tell whether a file says of itself that it is a database of market hours."""
    head = [line.strip() for _, line in itertools.islice(LineReader(path), _HEAD_LINES)]
    return bool(head) and head[0].startswith(b"{") and any(b'"entries"' in line for line in head)


def import_hours(path: Path, options: ImportOptions, imports: MarketImports, report: FileReport) -> FileReport:
    """Store the market hours of a file, of one market where the call names it.

    Raises:
        ValidationError: it is no such file, or holds nothing of the market that is named.
    """
    source = options.source or path.name
    hours = dict(_hours(path, options.market, source, report))
    if not hours:
        raise ValidationError("market", f"{path.name} holds no hours{options.market and f' of {options.market}'}")
    report.markets = sorted({name.partition(".")[0] for name in hours})
    report.found = f"market hours, {len(hours):,} calendars of {len(report.markets)} markets"
    for row in hours.values():
        report.rows += 1
        for day in row.dated:
            report.saw(_ts(day), 0)
        for gap in _bare_years(row):
            report.gap(gap)
    with imports.writing(keep=not options.dry_run) as writing:
        stored = writing.hours(hours, imports.history.hours(), replace=options.replace)
    report.new, report.known, report.differing = stored.new, stored.known, len(stored.differing)
    report.stored = not options.dry_run
    if report.stored:
        adopt_hours(imports.history)
    return report


def _hours(path: Path, market: str, source: str, report: FileReport) -> Iterator[tuple[str, MarketHours]]:
    """Yield the sound entries by their names, each once."""
    lines = [line for _, line in LineReader(path)]
    try:
        entries = [
            (str(key), entry) for key, entry in dict(json.loads(b"\n".join(lines), object_pairs_hook=list))["entries"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValidationError("file", f"{path.name} is no database of market hours: {error}") from error
    seen: dict[str, MarketHours] = {}
    for number, (key, entry) in _numbered(entries, lines):
        kind, _, rest = key.partition("-")
        place, _, symbol = rest.partition("-")
        if market and place != market:
            continue
        name = f"{place}.{kind}".lower() + ("" if symbol == EVERY else f".{symbol}")
        try:
            found = _entry(name, dict(entry), source, report)
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            report.refuse(number, f"{key}: {error}", key)
            continue
        if name not in seen:
            seen[name] = found
            yield name, found
        elif seen[name] == found:
            report.duplicates += 1
        else:
            report.refuse(number, "given above with other values", key)


def _numbered(entries: Pairs, lines: list[bytes]) -> Iterator[tuple[int, tuple[str, Any]]]:
    """Yield entries with the lines on which they begin, from 1; those of a file on one line all begin there."""
    found = (number for number, line in enumerate(lines, 1) for _ in _KEY.findall(line.decode("utf-8-sig", "replace")))
    return zip(found, entries, strict=False)


def _entry(name: str, entry: dict[str, Any], source: str, report: FileReport) -> MarketHours:
    zone = str(entry["exchangeTimeZone"])
    zone_of(zone)
    week = tuple(tuple(_spans([dict(span) for span in entry.get(day, ())], report)) for day in DAYS)
    if not any(week):
        raise ValueError("no day has hours")
    if banks := len(entry.get("bankHolidays", ())):
        why = "bank holidays, on which the market trades"
        report.left_out[why] = report.left_out.get(why, 0) + banks
    return MarketHours(
        name=name,
        zone=zone,
        week=week,
        holidays=tuple(sorted({_date(text) for text in entry.get("holidays", ())})),
        early_closes={_date(day): _second(text) for day, text in entry.get("earlyCloses", ())},
        late_opens={_date(day): _second(text) for day, text in entry.get("lateOpens", ())},
        source=source,
    )


def _spans(spans: list[dict[str, Any]], report: FileReport) -> Iterator[Span]:
    """Yield the regular spans of a day."""
    before = 0
    for span in spans:
        if span["state"] != "market":
            why = "spans before and after regular hours"
            report.left_out[why] = report.left_out.get(why, 0) + 1
            continue
        start, end = _second(span["start"]), _second(span["end"])
        if not before <= start < end:
            raise ValueError(f"hours from {span['start']} to {span['end']} lie across others")
        before = end
        yield start, end


def _second(text: str) -> int:
    """Return a time of day, or `1.00:00:00` for its end, as seconds from midnight."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of day")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    second = days * DAY_S + hours * 3_600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or second > DAY_S:
        raise ValueError(f"{text!r} is no time of day")
    return second


def _date(text: str) -> str:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day)).isoformat()


def _bare_years(hours: MarketHours) -> Iterator[GapFound]:
    """Yield the years between the first and the last dated day of which the file knows none."""
    years = {int(day[:4]) for day in hours.dated}
    for year in range(min(years, default=0) + 1, max(years, default=0)):
        if year not in years:
            yield GapFound(hours.name, _ts(f"{year}-01-01"), _ts(f"{year + 1}-01-01"), 1)


def _ts(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9
