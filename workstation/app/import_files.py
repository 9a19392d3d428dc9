"""`workstation import`: files into the store, each whole or not at all, with a report of what they hold.

A bad row is refused and listed, never repaired. Importing a file twice changes nothing and says so. Ctrl+C leaves
nothing of the file that it interrupts.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from workstation.app.data_actions import holds_actions, import_actions
from workstation.app.data_hours import adopt_hours, holds_hours, import_hours
from workstation.app.data_properties import holds_properties, import_properties, instrument_of_rows
from workstation.app.data_tickers import holds_tickers, import_tickers
from workstation.app.import_options import Format, ImportOptions, options_of
from workstation.app.import_report import FileReport, GapFound, told
from workstation.app.import_sources import Event, Opened, open_file
from workstation.config.paths import find_home
from workstation.domain.errors import UserError, WorkstationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarType, BookChange, BookSnapshot, Quote
from workstation.kernel.clock import SystemClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import GapFinder
from workstation.marketdata.recording import stored_bars
from workstation.ports.market_data import DataKind
from workstation.storage.market_imports import MarketImports, Stored, Writing, open_imports
from workstation.storage.tick_files import Kept, day_of

BARS_AT_ONCE = 10_000
"""Bars that are compared and written together."""

EVENTS_PER_REPORT = 5_000
"""Rows between two reports of progress."""

Progress = Callable[[FileReport, float], None]


def command(arguments: argparse.Namespace) -> int:
    """Import files; returns 0, or 1 where one of them could not be imported."""
    options = options_of(arguments)
    failed, reports = 0, []
    imports = open_imports(arguments.database, find_home(arguments.home).root, SystemClock().now_ns())
    try:
        for name in arguments.files:
            adopt_hours(imports.history)
            try:
                report = import_file(Path(name), options, imports, _show)
            except KeyboardInterrupt:
                raise WorkstationError(f"import: interrupted; nothing of {Path(name).name} was stored") from None
            except UserError as error:
                print(f"workstation: {Path(name).name}: {error}", file=sys.stderr)
                failed += 1
                continue
            reports.append(report)
            failed += not report.rows
            if not arguments.json:
                print("\n".join(told(report)))
    finally:
        imports.close()
    if arguments.json:
        print(msgspec.json.encode(reports).decode())
    return 1 if failed else 0


def import_file(path: Path, options: ImportOptions, imports: MarketImports, progress: Progress) -> FileReport:
    """Import one file in one transaction.

    Raises:
        UserError: the file is not understood; nothing was stored.
        StorageError: it cannot be stored; nothing was.
    """
    report = FileReport(file=path.name, found="")
    says_itself = options.format is Format.AUTO and not options.columns and path.is_file()
    if options.format is Format.ACTIONS or (says_itself and holds_actions(path)):
        return import_actions(path, options, imports, report)
    if says_itself and holds_properties(path):
        return import_properties(path, options, imports, report)
    if says_itself and holds_hours(path):
        return import_hours(path, options, imports, report)
    if says_itself and holds_tickers(path):
        return import_tickers(path, options, imports, report)
    opened = open_file(path, options, report, lambda _: instrument_of_rows(imports.history, options, report))
    source = options.source or path.name
    run = _Run(opened, options, report, origin=_digest(path, options), source=source)
    with imports.writing(keep=not options.dry_run) as writing:
        run.store(writing, imports, progress)
    report.stored = not options.dry_run
    return report


class _Run:
    """One file on its way into the store."""

    def __init__(self, opened: Opened, options: ImportOptions, report: FileReport, *, origin: str, source: str) -> None:
        self._opened, self._options, self._report = opened, options, report
        self._origin, self._source = origin, source
        self._instruments = {instrument.symbol: instrument for instrument in opened.instruments}
        self._calendars = Calendars()
        self._finders: dict[tuple[str, BarType], GapFinder] = {}
        self._sequences: dict[str, tuple[int, int]] = {}

    def store(self, writing: Writing, imports: MarketImports, progress: Progress) -> None:
        """Store everything that is sound."""
        bars: dict[str, list[Bar]] = {}
        ticks: dict[tuple[str, DataKind, str], list[Kept]] = {}
        for event in self._counted(progress):
            if isinstance(event, Bar):
                held = bars.setdefault(event.symbol, [])
                held.append(event)
                if len(held) >= BARS_AT_ONCE:
                    self._bars(writing, bars.pop(event.symbol))
                continue
            key = (event.symbol, _kind(event), day_of(event.ts_init))
            if key not in ticks:
                for other in [other for other in ticks if other[:2] == key[:2]]:
                    self._ticks(writing, other[1], ticks.pop(other))
            ticks.setdefault(key, []).append(event)
        for held in bars.values():
            self._bars(writing, held)
        for (_, kind, _), rows in ticks.items():
            self._ticks(writing, kind, rows)
        for instrument in self._instruments.values():
            if self._report.rows and imports.history.imported(instrument.symbol) is None:
                writing.instrument(instrument)
                self._report.created.append(instrument.symbol)

    def _counted(self, progress: Progress) -> Iterator[Event]:
        for number, event in enumerate(self._opened.events):
            if number % EVENTS_PER_REPORT == 0:
                progress(self._report, self._opened.done())
            self._report.saw(event.ts_open if isinstance(event, Bar) else event.ts_init)
            if isinstance(event, BookSnapshot | BookChange):
                self._follow(event)
            yield event
        progress(self._report, 1.0)

    def _bars(self, writing: Writing, bars: list[Bar]) -> None:
        instrument, bar_type = self._instruments[bars[0].symbol], bars[0].bar_type
        finder = self._finders.get((instrument.symbol, bar_type))
        if finder is None:
            finder = GapFinder(bar_type, self._calendars[instrument.calendar])
            self._finders[instrument.symbol, bar_type] = finder
        for gap in finder.add((bar.ts_open for bar in bars), (bar.ts_close for bar in bars)):
            self._report.gap(GapFound(instrument.symbol, gap.start, gap.end, gap.missing))
        kept = stored_bars(bars, self._instruments, self._source)
        self._note(writing.bars(kept, replace=self._options.replace))

    def _ticks(self, writing: Writing, kind: DataKind, rows: list[Kept]) -> None:
        instrument: Instrument = self._instruments[rows[0].symbol]
        self._note(writing.ticks(rows, kind, instrument, self._origin, self._source))

    def _follow(self, event: BookSnapshot | BookChange) -> None:
        """Note where a book's changes do not follow each other."""
        before = self._sequences.get(event.symbol)
        if isinstance(event, BookSnapshot):
            return
        if before is not None and event.prev_seq != before[0]:
            self._report.gap(GapFound(event.symbol, before[1], event.ts_init, 1))
        self._sequences[event.symbol] = (event.last_seq, event.ts_init)

    def _note(self, stored: Stored) -> None:
        self._report.new += stored.new
        self._report.known += stored.known
        self._report.differing += len(stored.differing)


def _kind(event: Kept) -> DataKind:
    if isinstance(event, BookSnapshot | BookChange):
        return DataKind.BOOK
    return DataKind.QUOTES if isinstance(event, Quote) else DataKind.TRADES


def _digest(path: Path, options: ImportOptions) -> str:
    """Return what names the files of ticks that come from this file, read in this way."""
    read = (options.symbol, options.zone, sorted(options.columns.items()))
    digest = hashlib.sha256(repr(read).encode())
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()[:12]


def _show(report: FileReport, done: float) -> None:
    if sys.stderr.isatty():
        share = f"{done:.0%}" if done else ""
        print(f"\r{report.file}: {report.rows:,} rows {share} ", end="", file=sys.stderr, flush=True)
