"""What the backtests panel asks for: backtests that are kept, one run, stopped or forgotten, and its report.

A desk of studies, beside both walks; a run has a process that gives way to the desk.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from workstation.app.command_line import build_parser
from workstation.app.study_desk import Post, Reply, StudyDesk, words_of
from workstation.commands.backtests import BACKTESTS, BacktestName, StartBacktest
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.errors import NotFound, StateConflict
from workstation.kernel.clock import SystemClock
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestStatus, BacktestStore, BacktestTrips
from workstation.ports.market_data import MarketHistory
from workstation.storage import StoreView

if TYPE_CHECKING:
    from workstation.backtest.report_page import Report

REPORTS_FOLDER = "reports"


class BacktestDesk(StudyDesk[BacktestStore]):
    """The commands of backtests."""

    what = "backtest"
    ends = "The backtest stops."

    def __init__(
        self, store: BacktestStore | None, history: MarketHistory | None, post: Post, *, root: Path, is_writable: bool
    ) -> None:
        super().__init__(store, history, post, root=root, is_writable=is_writable)
        self._kill: Callable[[], None] = lambda: None
        self._now = BacktestBoard(backtests=())
        self._kept: tuple[Backtest, ...] | None = None

    @classmethod
    def store_of(cls, view: StoreView) -> BacktestStore:
        """Return where backtests are kept."""
        return view.backtests

    def register(self, commands: CommandRegistry) -> None:
        """Declare the commands."""
        rows: tuple[Declaration, ...] = (
            ("backtest.board", "Show backtests", NoParams, "strategies:view", self._show),
            ("backtest.trips", "Show a backtest's round trips", BacktestName, "strategies:view", self._show_trips),
            ("backtest.start", "Run a backtest", StartBacktest, "strategies:run", self._start),
            ("backtest.stop", "Stop the running backtest", NoParams, "strategies:run", self._end),
            ("backtest.report", "Make a backtest's report", BacktestName, "desktop", self._report),
            ("backtest.delete", "Forget a backtest", BacktestName, "strategies:run", self._delete),
        )
        commands.declare(BACKTESTS, rows)

    # Reading

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        self._answer(self._board, call)

    def _show_trips(self, _context: EngineContext, params: BacktestName, call: Invocation) -> None:
        self._answer(lambda: self._trips(params.backtest_id), call)

    def _report(self, _context: EngineContext, params: BacktestName, call: Invocation) -> None:
        self._answer(lambda: self._reported(params.backtest_id), call)

    def _board(self) -> CommandResult:
        store = self._readable()
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

        rows = self._readable().rows(backtest_id)
        if not rows:
            raise NotFound("rows of backtest", str(backtest_id))
        return unpacked(rows)

    def _reported(self, backtest_id: int) -> CommandResult:
        from workstation.app.backtest_report import PAGE, write_report  # noqa: PLC0415  no start waits for reports

        folder = self._root / REPORTS_FOLDER / f"backtest-{backtest_id}"
        write_report(folder, self._whole(backtest_id))
        return CommandResult(ok=True, text=f"The report is in {folder}.", data=str(folder / PAGE))

    # Running

    def _start(self, _context: EngineContext, params: StartBacktest, call: Invocation) -> None:
        store = self._written()
        self._run_alone(lambda reply: self._drive(params, store, reply), call)

    def _drive(self, params: StartBacktest, store: BacktestStore, reply: Reply) -> None:
        from workstation.app.backtest_runs import asked, played  # noqa: PLC0415  no start waits for strategies

        backtest, job = asked(_arguments(params), self._root, self._past(), store.next_id())
        store.save(backtest)
        self._tell(BacktestBoard(backtests=(backtest,), running=backtest.id))
        named = BacktestName(backtest_id=backtest.id)
        reply(CommandResult(ok=True, text=f"Backtest {backtest.id} runs.", data=named))
        ended = msgspec.structs.replace(backtest, status=BacktestStatus.STOPPED)
        rows = b""
        try:
            ended, rows = played(backtest, job, self._tell, self._hold)
        finally:
            store.save(msgspec.structs.replace(ended, updated_at=SystemClock().now_ns()), rows)
        self._log.info("backtest_ended", backtest=ended.id, status=ended.status.value)

    def _hold(self, kill: Callable[[], None]) -> bool:
        """Take what ends the run; False where it shall not begin any more."""
        self._kill = kill
        return not self._stop.is_set()

    def _end_run(self) -> None:
        super()._end_run()
        self._kill()

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


def _arguments(params: StartBacktest) -> argparse.Namespace:
    """Return what was asked, read as the command line reads it.

    Raises:
        UserError: an option that does not fit.
    """
    words = words_of(msgspec.structs.asdict(params))
    return build_parser().parse_args(["backtest", *words, "--", params.entry_point])
