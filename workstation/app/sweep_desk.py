"""What the sweeps panel asks for: sweeps that are kept, their trials, one begun, stopped, gone on with or forgotten.

Beside both walks, on threads of its own; trials run in processes that give way to the desk. One sweep at a time. What
was read is kept until it changes, so that a panel that asks every second costs the database nothing.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.app.command_line import build_parser
from workstation.app.view_only import Storage
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.commands.sweeps import StartSweep, SweepName
from workstation.domain.errors import NotFound, StateConflict, StorageError, UserError, WorkstationError
from workstation.kernel.bus import Bus
from workstation.kernel.logs import get_logger
from workstation.ports.market_data import MarketHistory
from workstation.ports.sweeps import Sweep, SweepBoard, SweepStatus, SweepStore, SweepTable, Terms, Trial
from workstation.storage import Store, StoreView

if TYPE_CHECKING:
    from workstation.app.sweep_run import Means, SweepRun

CORES_LEFT = 1
"""Cores that a sweep leaves to the desk."""

_log = get_logger("sweeps")

Post = Callable[[Callable[[], None]], None]
Maker = Callable[[], "SweepRun"]


def sweeps_of(store: Storage, folder: Path | None, post: Post, commands: CommandRegistry) -> "SweepDesk":
    """Return the commands of a run's sweeps, declared. folder: of the user's strategies."""
    view = store if isinstance(store, StoreView) else None
    found = SweepDesk(
        None if view is None else view.sweeps,
        None if view is None else view.history,
        post,
        root=Path() if folder is None else folder.parent,
        is_writable=isinstance(store, Store),
    )
    found.register(commands)
    return found


class SweepDesk:
    """The commands of sweeps. post: runs a call on the engine's thread. root: home whose strategies are swept."""

    def __init__(
        self, store: SweepStore | None, history: MarketHistory | None, post: Post, *, root: Path, is_writable: bool
    ) -> None:
        self._store, self._history, self._post, self._root = store, history, post, root
        self._is_writable = is_writable
        self._reading = ThreadPoolExecutor(1, "sweeps")
        self._running = ThreadPoolExecutor(1, "sweep")
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._is_busy = False
        self._now: Sweep | None = None
        self._sweeps: tuple[Sweep, ...] | None = None
        self._trials: tuple[int, list[Trial]] = (0, [])
        self._guard = Bus(lambda _what, error: _log.info("sweep_ended_early", error=repr(error))).guard

    def register(self, commands: CommandRegistry) -> None:
        """Declare the commands."""
        rows: tuple[Declaration, ...] = (
            ("sweep.board", "Show sweeps", NoParams, "strategies:view", self._show),
            ("sweep.trials", "Show a sweep's trials", SweepName, "strategies:view", self._show_trials),
            ("sweep.start", "Begin a sweep", StartSweep, "desktop", self._start),
            ("sweep.stop", "Stop the running sweep", NoParams, "desktop", self._end),
            ("sweep.resume", "Go on with a sweep", SweepName, "desktop", self._resume),
            ("sweep.delete", "Forget a sweep", SweepName, "desktop", self._delete),
        )
        commands.declare("Sweeps", rows)

    def close(self) -> None:
        """Stop the running sweep, which keeps what came, and end the threads."""
        self._stop.set()
        self._running.shutdown(wait=True, cancel_futures=True)
        self._reading.shutdown(wait=True, cancel_futures=True)

    # Reading

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        self._answer(self._board, call)

    def _show_trials(self, _context: EngineContext, params: SweepName, call: Invocation) -> None:
        self._answer(lambda: self._table(params.sweep_id), call)

    def _answer(self, read: Callable[[], CommandResult], call: Invocation) -> None:
        def work() -> None:
            try:
                result = read()
            except (UserError, StorageError) as error:
                result = CommandResult(ok=False, code="NOT_READY", text=f"Sweeps cannot be read: {error}.")
            self._post(lambda: call.reply(result))

        self._reading.submit(work)

    def _board(self) -> CommandResult:
        store = self._read_store()
        with self._lock:
            kept, now = self._sweeps, self._now
        if kept is None:
            kept = store.sweeps()
            with self._lock:
                self._sweeps = kept
        if now is not None:
            kept = (now, *(sweep for sweep in kept if sweep.id != now.id))
        sweeps = tuple(sorted(kept, key=lambda sweep: -sweep.id))
        board = SweepBoard(sweeps=sweeps, running=0 if now is None else now.id)
        return CommandResult(ok=True, text=f"{len(sweeps)} sweeps.", data=board)

    def _table(self, sweep_id: int) -> CommandResult:
        store = self._read_store()
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

    def _read_store(self) -> SweepStore:
        if self._store is None:
            raise StorageError("the database cannot be read")
        return self._store

    # Running

    def _start(self, _context: EngineContext, params: StartSweep, call: Invocation) -> None:
        def make() -> "SweepRun":
            from workstation.app.sweep_run import begun  # noqa: PLC0415  no start waits for strategies

            return begun(_terms(params), self._root, self._past(), self._written())

        self._run(make, params.cluster, call)

    def _resume(self, _context: EngineContext, params: SweepName, call: Invocation) -> None:
        def make() -> "SweepRun":
            from workstation.app.sweep_run import resumed  # noqa: PLC0415  no start waits for strategies

            return resumed(params.sweep_id, self._root, self._past(), self._written())

        self._run(make, "", call)

    def _end(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        if not self._is_busy:
            raise StateConflict("No sweep is running.", state="IDLE")
        self._stop.set()
        call.reply(CommandResult(ok=True, text="The sweep stops; what came is kept."))

    def _delete(self, _context: EngineContext, params: SweepName, call: Invocation) -> None:
        store = self._written()
        if self._is_busy:
            raise StateConflict("A sweep is running; stop it first.", state="SWEEPING")

        def work() -> CommandResult:
            store.delete(params.sweep_id)
            self._forget()
            return CommandResult(ok=True, text=f"Sweep {params.sweep_id} is forgotten.")

        self._answer(work, call)

    def _run(self, make: Maker, cluster: str, call: Invocation) -> None:
        """Make a sweep and run it on its thread; the call is answered when it has begun, or cannot."""
        self._written()
        if self._is_busy:
            raise StateConflict("A sweep is running; stop it or wait for its end.", state="SWEEPING")
        self._is_busy = True
        self._stop.clear()
        answered: list[CommandResult] = []

        def reply(result: CommandResult) -> None:
            if not answered:
                answered.append(result)
                self._post(lambda: call.reply(result))

        def told(sweep: Sweep, trial: Trial | None) -> None:
            with self._lock:
                if self._now is None:
                    self._trials = sweep.id, [] if not sweep.done else list(self._read_store().trials(sweep.id))
                self._now = sweep
                if trial is not None:
                    self._trials[1].append(trial)
            reply(CommandResult(ok=True, text=f"Sweep {sweep.id} runs: {sweep.planned:,} trials."))

        def work() -> None:
            from workstation.app.sweep_run import Means  # noqa: PLC0415  no start waits for strategies

            means = Means(max((os.cpu_count() or 1) - CORES_LEFT, 1), cluster=cluster)
            error = self._guard("sweep", lambda: self._drive(make, means, told))
            words = "The sweep ended." if error is None else _words(error)
            self._forget()
            reply(CommandResult(ok=False, code="NOT_RUN", text=words))

        self._running.submit(work)

    def _drive(self, make: Maker, means: "Means", told: Callable[[Sweep, Trial | None], None]) -> None:
        sweep = make().run(means, self._stop, told)
        if sweep.status is SweepStatus.DONE:
            _log.info("sweep_done", sweep=sweep.id, trials=sweep.done, failed=sweep.failed)

    def _forget(self) -> None:
        """Read again what changed."""
        with self._lock:
            self._now, self._sweeps, self._trials = None, None, (0, [])
        self._is_busy = False

    def _past(self) -> MarketHistory:
        if self._history is None:
            raise StorageError("the database cannot be read")
        return self._history

    def _written(self) -> SweepStore:
        if self._store is None or not self._is_writable:
            raise StateConflict("This run writes nothing.", state="VIEW_ONLY")
        return self._store


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, WorkstationError) else f"{type(error).__name__}: {error}"


def _terms(params: StartSweep) -> Terms:
    """Return the terms of what was asked, read as the command line reads them.

    Raises:
        UserError: one that does not fit.
    """
    options = {
        "interval": params.interval,
        "cash": params.cash,
        "fees": params.fees,
        "search": params.search,
        "trials": params.trials,
        "metric": params.metric,
        "out-of-sample": params.out_of_sample,
        "folds": params.folds,
        "seed": params.seed,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    words += [f"--symbol={symbol}" for symbol in params.symbols] + [f"--param={text}" for text in params.parameters]
    words += ["--any-size"] if params.any_size else []
    from workstation.app.sweep import terms_of  # noqa: PLC0415  no start waits for strategies

    return terms_of(build_parser().parse_args(["sweep", *words, "--", params.entry_point]))
