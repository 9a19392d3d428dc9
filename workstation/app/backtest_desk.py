"""What the backtests panel asks for: backtests that are kept, one run, stopped or forgotten, and its report.

Beside both walks, on threads of its own; a run has a process that gives way to the desk. One backtest at a time. What
was read is kept until it changes, so that a panel that asks every second costs the database nothing.
"""

import argparse
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from workstation.app.command_line import build_parser
from workstation.app.view_only import Storage
from workstation.commands.backtests import BacktestName, StartBacktest
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.errors import NotFound, StateConflict, StorageError, UserError, WorkstationError
from workstation.kernel.bus import Bus
from workstation.kernel.clock import SystemClock
from workstation.kernel.logs import get_logger
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestStatus, BacktestStore, BacktestTrips
from workstation.ports.market_data import MarketHistory
from workstation.storage import Store, StoreView

if TYPE_CHECKING:
    from workstation.backtest.report_page import Report

REPORTS_FOLDER = "reports"

_log = get_logger("backtests")

Post = Callable[[Callable[[], None]], None]
Reply = Callable[[CommandResult], None]


def backtests_of(store: Storage, folder: Path | None, post: Post, commands: CommandRegistry) -> "BacktestDesk":
    """Return the commands of a run's backtests, declared. folder: of the user's strategies."""
    view = store if isinstance(store, StoreView) else None
    found = BacktestDesk(
        None if view is None else view.backtests,
        None if view is None else view.history,
        post,
        root=Path() if folder is None else folder.parent,
        is_writable=isinstance(store, Store),
    )
    found.register(commands)
    return found


class BacktestDesk:
    """The commands of backtests. post: runs a call on the engine's thread. root: home whose strategies are run."""

    def __init__(
        self, store: BacktestStore | None, history: MarketHistory | None, post: Post, *, root: Path, is_writable: bool
    ) -> None:
        self._store, self._history, self._post, self._root = store, history, post, root
        self._is_writable = is_writable
        self._reading = ThreadPoolExecutor(1, "backtests")
        self._running = ThreadPoolExecutor(1, "backtest")
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._kill: Callable[[], None] = lambda: None
        self._is_busy = False
        self._now = BacktestBoard(backtests=())
        self._kept: tuple[Backtest, ...] | None = None
        self._guard = Bus(lambda _what, error: _log.info("backtest_ended_early", error=repr(error))).guard

    def register(self, commands: CommandRegistry) -> None:
        """Declare the commands."""
        rows: tuple[Declaration, ...] = (
            ("backtest.board", "Show backtests", NoParams, "strategies:view", self._show),
            ("backtest.trips", "Show a backtest's round trips", BacktestName, "strategies:view", self._show_trips),
            ("backtest.start", "Run a backtest", StartBacktest, "desktop", self._start),
            ("backtest.stop", "Stop the running backtest", NoParams, "desktop", self._end),
            ("backtest.report", "Make a backtest's report", BacktestName, "desktop", self._report),
            ("backtest.delete", "Forget a backtest", BacktestName, "desktop", self._delete),
        )
        commands.declare("Backtests", rows)

    def close(self) -> None:
        """Stop the running backtest and end the threads."""
        self._end_run()
        self._running.shutdown(wait=True, cancel_futures=True)
        self._reading.shutdown(wait=True, cancel_futures=True)

    # Reading

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        self._answer(self._board, call)

    def _show_trips(self, _context: EngineContext, params: BacktestName, call: Invocation) -> None:
        self._answer(lambda: self._trips(params.backtest_id), call)

    def _report(self, _context: EngineContext, params: BacktestName, call: Invocation) -> None:
        self._answer(lambda: self._reported(params.backtest_id), call)

    def _answer(self, read: Callable[[], CommandResult], call: Invocation) -> None:
        def work() -> None:
            try:
                result = read()
            except (UserError, StorageError) as error:
                result = CommandResult(ok=False, code="NOT_READY", text=f"Backtests cannot be read: {error}.")
            self._post(lambda: call.reply(result))

        self._reading.submit(work)

    def _board(self) -> CommandResult:
        store = self._read_store()
        with self._lock:
            kept, now = self._kept, self._now
        if kept is None:
            kept = store.backtests()
            with self._lock:
                self._kept = kept
        kept = (*now.backtests, *(row for row in kept if row.id != now.running))
        board = msgspec.structs.replace(now, backtests=kept)
        return CommandResult(ok=True, text=f"{len(kept)} backtests.", data=board)

    def _trips(self, backtest_id: int) -> CommandResult:
        from workstation.backtest.kept_run import trips_of  # noqa: PLC0415  no start waits for backtests

        trips = trips_of(self._whole(backtest_id))
        found = BacktestTrips(backtest_id=backtest_id, trips=trips)
        return CommandResult(ok=True, text=f"{len(trips):,} round trips.", data=found)

    def _whole(self, backtest_id: int) -> "Report":
        """Return a run with its rows.

        Raises:
            NotFound: none are kept.
        """
        from workstation.backtest.kept_run import unpacked  # noqa: PLC0415  no start waits for backtests

        rows = self._read_store().rows(backtest_id)
        if not rows:
            raise NotFound("rows of backtest", str(backtest_id))
        return unpacked(rows)

    def _reported(self, backtest_id: int) -> CommandResult:
        from workstation.app.backtest_report import PAGE, write_report  # noqa: PLC0415  no start waits for reports

        folder = self._root / REPORTS_FOLDER / f"backtest-{backtest_id}"
        write_report(folder, self._whole(backtest_id))
        return CommandResult(ok=True, text=f"The report is in {folder}.", data=str(folder / PAGE))

    def _read_store(self) -> BacktestStore:
        if self._store is None:
            raise StorageError("the database cannot be read")
        return self._store

    # Running

    def _start(self, _context: EngineContext, params: StartBacktest, call: Invocation) -> None:
        store = self._written()
        if self._is_busy:
            raise StateConflict("A backtest is running; stop it or wait for its end.", state="RUNNING")
        self._is_busy = True
        self._stop.clear()
        answered: list[CommandResult] = []

        def reply(result: CommandResult) -> None:
            if not answered:
                answered.append(result)
                self._post(lambda: call.reply(result))

        def work() -> None:
            error = self._guard("backtest", lambda: self._drive(params, store, reply))
            words = "The backtest ended." if error is None else _words(error)
            self._forget()
            reply(CommandResult(ok=False, code="NOT_RUN", text=words))

        self._running.submit(work)

    def _drive(self, params: StartBacktest, store: BacktestStore, reply: Reply) -> None:
        from workstation.app.backtest_runs import asked, played  # noqa: PLC0415  no start waits for strategies

        backtest, job = asked(_arguments(params), self._root, self._past(), store.next_id())
        store.save(backtest)
        self._tell(BacktestBoard(backtests=(backtest,), running=backtest.id))
        reply(CommandResult(ok=True, text=f"Backtest {backtest.id} runs."))
        ended = msgspec.structs.replace(backtest, status=BacktestStatus.STOPPED)
        rows = b""
        try:
            ended, rows = played(backtest, job, self._tell, self._hold)
        finally:
            store.save(msgspec.structs.replace(ended, updated_at=SystemClock().now_ns()), rows)
        _log.info("backtest_ended", backtest=ended.id, status=ended.status.value)

    def _hold(self, kill: Callable[[], None]) -> bool:
        """Take what ends the run; False where it shall not begin any more."""
        self._kill = kill
        return not self._stop.is_set()

    def _end_run(self) -> None:
        self._stop.set()
        self._kill()

    def _end(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        if not self._is_busy:
            raise StateConflict("No backtest is running.", state="IDLE")
        self._end_run()
        call.reply(CommandResult(ok=True, text="The backtest stops."))

    def _delete(self, _context: EngineContext, params: BacktestName, call: Invocation) -> None:
        store = self._written()
        if self._now.running == params.backtest_id:
            raise StateConflict("This backtest is running; stop it first.", state="RUNNING")

        def work() -> CommandResult:
            store.delete(params.backtest_id)
            with self._lock:
                self._kept = None
            return CommandResult(ok=True, text=f"Backtest {params.backtest_id} is forgotten.")

        self._answer(work, call)

    def _tell(self, board: BacktestBoard) -> None:
        with self._lock:
            self._now = board

    def _forget(self) -> None:
        """Read again what changed."""
        with self._lock:
            self._now, self._kept = BacktestBoard(backtests=()), None
        self._kill = lambda: None
        self._is_busy = False

    def _past(self) -> MarketHistory:
        if self._history is None:
            raise StorageError("the database cannot be read")
        return self._history

    def _written(self) -> BacktestStore:
        if self._store is None or not self._is_writable:
            raise StateConflict("This run writes nothing.", state="VIEW_ONLY")
        return self._store


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, WorkstationError) else f"{type(error).__name__}: {error}"


def _arguments(params: StartBacktest) -> argparse.Namespace:
    """Return what was asked, read as the command line reads it.

    Raises:
        UserError: an option that does not fit.
    """
    named = ("interval", "start", "end", "fees", "fill", "slippage", "cash", "seed")
    words = [f"--{name}={getattr(params, name)}" for name in named]
    words += [f"--symbol={symbol}" for symbol in params.symbols] + [f"--param={text}" for text in params.parameters]
    words += ["--any-size"] if params.any_size else []
    return build_parser().parse_args(["backtest", *words, "--", params.entry_point])
