"""What the sweeps panel asks for: sweeps that are kept, their trials, one begun, stopped, gone on with or forgotten.

A desk of studies, beside both walks; trials run in processes that give way to the desk.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from workstation.app.command_line import build_parser
from workstation.app.funding_files import in_folder
from workstation.app.study_desk import Post, Reply, StudyDesk, words_of
from workstation.commands.backtests import options_beside
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.commands.sweeps import ResumeSweep, StartSweep, SweepName
from workstation.domain.errors import NotFound, StateConflict
from workstation.ports.market_data import MarketHistory
from workstation.ports.sweeps import Sweep, SweepBoard, SweepStatus, SweepStore, SweepTable, Terms, Trial
from workstation.storage import StoreView

if TYPE_CHECKING:
    from workstation.app.sweep_run import SweepRun

Maker = Callable[[], "SweepRun"]


class SweepDesk(StudyDesk[SweepStore]):
    """The commands of sweeps."""

    what = "sweep"
    ends = "The sweep stops; what came is kept."

    def __init__(
        self, store: SweepStore | None, history: MarketHistory | None, post: Post, *, root: Path, is_writable: bool
    ) -> None:
        super().__init__(store, history, post, root=root, is_writable=is_writable)
        self._now: Sweep | None = None
        self._sweeps: tuple[Sweep, ...] | None = None
        self._trials: tuple[int, list[Trial]] = (0, [])

    @classmethod
    def store_of(cls, view: StoreView) -> SweepStore:
        """Return where sweeps are kept."""
        return view.sweeps

    def register(self, commands: CommandRegistry) -> None:
        """Declare the commands."""
        rows: tuple[Declaration, ...] = (
            ("sweep.board", "Show sweeps", NoParams, "strategies:view", self._show),
            ("sweep.trials", "Show a sweep's trials", SweepName, "strategies:view", self._show_trials),
            ("sweep.start", "Begin a sweep", StartSweep, "desktop", self._start),
            ("sweep.stop", "Stop the running sweep", NoParams, "desktop", self._end),
            ("sweep.resume", "Go on with a sweep", ResumeSweep, "desktop", self._resume),
            ("sweep.delete", "Forget a sweep", SweepName, "desktop", self._delete),
        )
        commands.declare("Sweeps", rows)

    # Reading

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        self._answer(self._board, call)

    def _show_trials(self, _context: EngineContext, params: SweepName, call: Invocation) -> None:
        self._answer(lambda: self._table(params.sweep_id), call)

    def _board(self) -> CommandResult:
        store = self._readable()
        with self._lock:
            kept, now = self._sweeps, self._now
        if kept is None:
            kept = store.sweeps()
            with self._lock:
                self._sweeps = kept
        if now is not None:
            kept = (now, *(sweep for sweep in kept if sweep.id != now.id))
        sweeps = tuple(sorted(kept, key=lambda sweep: -sweep.id))
        board = SweepBoard(sweeps=sweeps, running=0 if now is None else now.id, ended=self._ended)
        return CommandResult(ok=True, text=f"{len(sweeps)} sweeps.", data=board)

    def _table(self, sweep_id: int) -> CommandResult:
        store = self._readable()
        with self._lock:
            now, (known, trials) = self._now, self._trials
            found = tuple(trials) if known == sweep_id else None
        sweep = now if now is not None and now.id == sweep_id else store.sweep(sweep_id)
        if sweep is None:
            raise NotFound("sweep", str(sweep_id))
        if found is None:
            found = store.trials(sweep_id)
            with self._lock:
                if self._now is None:
                    self._trials = sweep_id, list(found)
        table = SweepTable(sweep=sweep, trials=found)
        return CommandResult(ok=True, text=f"{len(found)} trials.", data=table)

    # Running

    def _start(self, _context: EngineContext, params: StartSweep, call: Invocation) -> None:
        def make() -> "SweepRun":
            from workstation.app.sweep_run import begun  # noqa: PLC0415  no start waits for strategies

            return begun(_terms(params, self._root), self._root, self._past(), self._written())

        self._run(make, params.cluster, call)

    def _resume(self, _context: EngineContext, params: ResumeSweep, call: Invocation) -> None:
        def make() -> "SweepRun":
            from workstation.app.sweep_run import resumed  # noqa: PLC0415  no start waits for strategies

            return resumed(params.sweep_id, self._root, self._past(), self._written())

        self._run(make, params.cluster, call)

    def _delete(self, _context: EngineContext, params: SweepName, call: Invocation) -> None:
        store = self._written()
        if self._is_busy:
            raise StateConflict("A sweep is running; stop it first.", state="RUNNING")

        def work() -> CommandResult:
            store.delete(params.sweep_id)
            self._forget()
            return CommandResult(ok=True, text=f"Sweep {params.sweep_id} is forgotten.")

        self._answer(work, call)

    def _run(self, make: Maker, cluster: str, call: Invocation) -> None:
        """Make a sweep and run it on its thread; the call is answered when it has begun, or cannot."""

        def drive(reply: Reply) -> None:
            def told(sweep: Sweep, trial: Trial | None) -> None:
                self._hear(sweep, trial)
                reply(CommandResult(ok=True, text=f"Sweep {sweep.id} runs: {sweep.planned:,} trials."))

            from workstation.app.sweep_run import Means  # noqa: PLC0415  no start waits for strategies

            means = Means(os.cpu_count() or 1, cluster=cluster)  # workers give way, so the desk needs no core kept
            sweep = make().run(means, self._stop, told)
            if sweep.status is SweepStatus.DONE:
                self._log.info("sweep_done", sweep=sweep.id, trials=sweep.done, failed=sweep.failed)

        self._run_alone(drive, call)

    def _hear(self, sweep: Sweep, trial: Trial | None) -> None:
        """Keep how far the running sweep is, and its trials."""
        with self._lock:
            if self._now is None:
                self._trials = sweep.id, [] if not sweep.done else list(self._readable().trials(sweep.id))
            self._now = sweep
            if trial is not None:
                self._trials[1].append(trial)

    def _forget(self) -> None:
        """Read again what changed."""
        with self._lock:
            self._now, self._sweeps, self._trials = None, None, (0, [])


def _terms(params: StartSweep, root: Path) -> Terms:
    """Return the terms of what was asked, read as the command line reads them. root: home whose files are named.

    Raises:
        UserError: one that does not fit.
    """
    own = msgspec.structs.asdict(params)
    lines, _cluster = own.pop("options"), own.pop("cluster")
    others = options_beside(lines, own)
    if "funding_file" in others:
        others["funding_file"] = tuple(in_folder(others["funding_file"], root))
    words = words_of(own | others)
    from workstation.app.sweep import terms_of  # noqa: PLC0415  no start waits for strategies

    return terms_of(build_parser().parse_args(["sweep", *words, "--", params.entry_point]))
