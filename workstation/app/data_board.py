"""What the stored-data panel asks for: what is stored of the market, files brought in, series deleted.

Beside both walks, on threads of its own, one import at a time. An answer is kept for REFRESH_NS, the holes of a series
for as long as it does not change, so that a panel that asks every second costs the database nothing.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from workstation.app.data_catalogue import gaps_of
from workstation.app.data_hours import adopt_hours
from workstation.app.import_files import import_file
from workstation.app.import_options import ImportOptions
from workstation.app.import_report import FileReport, summed_up, told
from workstation.app.import_stamps import Stamp
from workstation.app.view_only import Storage
from workstation.commands.context import EngineContext
from workstation.commands.data import DeleteSeries, ImportFile, ImportTold
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.errors import NotFound, StateConflict, StorageError, UserError
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.logs import get_logger
from workstation.marketdata.calendar import Calendars
from workstation.ports.market_data import Coverage, DataBoard, Holding, Hole
from workstation.storage import Store, StoreView
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_imports import MarketImports
from workstation.storage.tick_files import day_of

FIELDS = {
    "symbol": "Symbol",
    "interval": "Interval of bars",
    "stamp": "A bar's time is its",
    "zone": "Zone of times",
    "new": "New instrument",
    "market": "Its market",
    "price-decimals": "Decimals of prices",
    "qty-decimals": "Decimals of sizes",
    "calendar": "Its sessions",
}
"""What a screen calls the options of an import."""

_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")

REFRESH_NS = 10 * 10**9
ARCHIVE_EVERY_NS = 3_600 * 10**9
SETTLED_NS = 3_600 * 10**9
"""How long after a day's end its ticks are archived: nothing is recorded into it any more."""

HOLES_SHOWN_MAX = 500
SERIES_KEPT_MAX = 2_000
"""Series whose holes are remembered."""

_log = get_logger("stored_data")


def stored_data_of(
    store: Storage,
    post: Callable[[Callable[[], None]], None],
    clock: Clock,
    commands: CommandRegistry,
    on_hours: Callable[[], object],
) -> "StoredData":
    """Return the commands of a run's stored data, declared; where a database is only looked at, nothing is written."""
    history = store.history if isinstance(store, StoreView) else None
    if history is not None and history.hours():
        adopt_hours(history)
    found = StoredData(history, store.imports if isinstance(store, Store) else None, post, clock, on_hours)
    found.register(commands)
    return found


class StoredData:
    """The commands of stored data. post: runs a call on the engine's thread.

    history: None where nothing can be read; imports: None where nothing is written. on_hours: called there when trading
    hours were imported or deleted.
    """

    def __init__(
        self,
        history: SqlMarketHistory | None,
        imports: MarketImports | None,
        post: Callable[[Callable[[], None]], None],
        clock: Clock,
        on_hours: Callable[[], object],
    ) -> None:
        self._history, self._imports, self._post, self._clock = history, imports, post, clock
        self._on_hours, self._hours = on_hours, Calendars.generation
        self._pool = ThreadPoolExecutor(1, "stored-data")
        self._writing = ThreadPoolExecutor(1, "data-import")
        self._importing = ""
        self._cancelled = threading.Event()
        self._known: OrderedDict[Holding, Coverage] = OrderedDict()
        self._waiting: list[Invocation] = []
        self._answer: CommandResult | None = None
        self._read_at = 0
        self._guard = Bus(lambda what, error: _log.error("stored_data_failed", what=what, exc_info=error)).guard

    def register(self, commands: CommandRegistry) -> None:
        """Declare the command."""
        rows: tuple[Declaration, ...] = (
            ("data.board", "Show what is stored of the market", NoParams, "marketdata:view", self._show),
            ("data.import", "Import a file", ImportFile, "desktop", self._import),
            ("data.cancel", "Give an import up", NoParams, "desktop", self._cancel),
            ("data.delete", "Delete a stored series", DeleteSeries, "desktop", self._delete),
        )
        commands.declare("Data", rows)

    def close(self) -> None:
        """Give an import up and end the threads."""
        self._cancelled.set()
        self._writing.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def archive(self, now_ns: int) -> None:
        """Move ticks of days that ended SETTLED_NS before now (market time) into archives, where those can be made."""
        if self._imports is not None:
            self._writing.submit(self._archive, self._imports, day_of(now_ns - SETTLED_NS))

    def _archive(self, imports: MarketImports, before: str) -> None:
        try:
            for _ in imports.compact(before):
                if self._cancelled.is_set():
                    return
        except (StorageError, OSError) as error:
            _log.info("ticks_not_archived", reason=str(error))

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        if self._answer is not None and self._clock.mono_ns() - self._read_at < REFRESH_NS:
            call.reply(self._told(self._answer))
            return
        self._waiting.append(call)
        if len(self._waiting) == 1:
            self._pool.submit(self._read)

    def _read(self) -> None:
        answer = self._outcome(self._board, "NOT_READY", "Stored data cannot be read: {}.")
        self._post(lambda: self._settle(answer))

    def _outcome(self, work: Callable[[], CommandResult], code: str, words: str = "{}") -> CommandResult:
        """Return the answer of some work, or why there is none, whatever it raises: somebody waits for it.

        words: sentence that the reason stands in.
        """
        found: list[CommandResult] = []

        def known() -> None:
            try:
                found.append(work())
            except (UserError, StorageError, OSError) as error:
                found.append(CommandResult(ok=False, code=code, text=words.format(_in_fields(str(error)))))

        error = self._guard(code, known)
        if error is not None:
            return CommandResult(ok=False, code=code, text=words.format(f"{type(error).__name__}: {error}"))
        return found[0]

    def _settle(self, answer: CommandResult) -> None:
        self._answer, self._read_at = answer, self._clock.mono_ns()
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.reply(self._told(answer))

    def _told(self, answer: CommandResult) -> CommandResult:
        """Return an answer with the import's progress as it stands."""
        if not isinstance(answer.data, DataBoard):
            return answer
        return msgspec.structs.replace(answer, data=msgspec.structs.replace(answer.data, importing=self._importing))

    def _import(self, _context: EngineContext, params: ImportFile, call: Invocation) -> None:
        imports = self._writable()
        if self._importing:
            raise StateConflict("An import is running; wait for its end or give it up.", state="IMPORTING")
        options = ImportOptions(
            symbol=params.symbol,
            interval=params.interval,
            stamp=Stamp(params.stamp) if params.stamp else None,
            zone=params.zone,
            new=params.new,
            market=params.market,
            price_decimals=params.price_decimals,
            qty_decimals=params.qty_decimals,
            calendar=params.calendar,
        )
        self._cancelled.clear()
        self._importing = f"{Path(params.path).name}…"

        def work() -> CommandResult:
            report = import_file(Path(params.path), options, imports, self._progress)
            data = ImportTold(lines=tuple(map(_in_fields, told(report))))
            return CommandResult(ok=bool(report.rows), text=summed_up(report), data=data)

        self._write(work, call)

    def _progress(self, report: FileReport, done: float) -> None:
        if self._cancelled.is_set():
            raise StateConflict(f"{report.file}: given up; nothing of it was stored.", state="CANCELLED")
        self._importing = f"{report.file}: {report.rows:,} rows{f', {done:.0%}' if done else ''}"

    def _cancel(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        self._cancelled.set()
        call.reply(CommandResult(ok=True, text="The import ends."))

    def _delete(self, _context: EngineContext, params: DeleteSeries, call: Invocation) -> None:
        imports = self._writable()

        def work() -> CommandResult:
            wanted = (params.symbol, params.kind, params.interval, params.source)
            held = [
                row for row in imports.history.holdings() if (row.symbol, row.kind, row.interval, row.source) == wanted
            ]
            for row in held:
                imports.delete(row)
            adopt_hours(imports.history)
            return CommandResult(ok=bool(held), text=f"Deleted {params.symbol} {params.kind.lower()}, {params.source}.")

        self._write(work, call)

    def _writable(self) -> MarketImports:
        if self._imports is None:
            raise StateConflict("This run writes nothing.", state="VIEW_ONLY")
        return self._imports

    def _write(self, work: Callable[[], CommandResult], call: Invocation) -> None:
        """Run what writes on its thread, and answer on the engine's."""

        def run() -> None:
            result = self._outcome(work, "NOT_STORED")
            self._importing = ""
            self._post(lambda: self._done(result, call))

        self._writing.submit(run)

    def _done(self, result: CommandResult, call: Invocation) -> None:
        self._answer = None
        if self._hours != Calendars.generation:
            self._hours = Calendars.generation
            self._on_hours()
        call.reply(result)

    def _board(self) -> CommandResult:
        if self._history is None:
            raise StorageError("the database cannot be read")
        lines = tuple(self._covered(self._history, holding) for holding in self._history.holdings())
        return CommandResult(
            ok=True, text=f"{len(lines)} series.", data=DataBoard(lines=lines, as_of=self._clock.now_ns())
        )

    def _covered(self, history: SqlMarketHistory, holding: Holding) -> Coverage:
        found = self._known.get(holding)
        if found is None:
            try:
                gaps = [Hole(gap.start, gap.end, gap.missing) for gap in gaps_of(history, holding)]
            except NotFound as error:  # not remembered: its hours may be imported again
                return Coverage(holding=holding, unknown=f"Its sessions are not known: {error}.")
            shown = sorted(sorted(gaps, key=lambda hole: -hole.missing)[:HOLES_SHOWN_MAX], key=lambda hole: hole.start)
            missing = sum(hole.missing for hole in gaps)
            found = Coverage(holding=holding, holes=tuple(shown), count=len(gaps), missing=missing)
            self._known[holding] = found
            while len(self._known) > SERIES_KEPT_MAX:
                self._known.popitem(last=False)
        return found


def _in_fields(text: str) -> str:
    """Return words of the command line as a screen knows them."""
    return _OPTION.sub(lambda found: f"“{FIELDS[found[1]]}”" if found[1] in FIELDS else found[0], text)
