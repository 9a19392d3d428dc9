"""`workstation sweep`: a strategy with many parameters over stored data, on every core, and what luck explains of it.

Progress goes to standard error. Ctrl+C ends the sweep and keeps what came; `--resume` goes on from there. Each trial is
kept in the home's database.
"""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from workstation.app.command_line_sweep import market_defaults
from workstation.app.data_hours import adopt_hours
from workstation.app.sweep_report import as_csv, listed, summary, words
from workstation.app.sweep_run import Means, SweepRun, begun, resumed
from workstation.backtest.search_axes import axes_of
from workstation.backtest.sweep_ranking import value_of
from workstation.config.paths import find_home
from workstation.domain.errors import NotFound, UserError, ValidationError
from workstation.kernel.clock import SystemClock
from workstation.ports.sweeps import Method, Metric, Sweep, SweepStatus, SweepStore, Terms, Trial
from workstation.storage import open_view
from workstation.storage.sweep_store import open_sweeps
from workstation.storage.tick_archive import replacing

TOLD_EVERY_S = 0.1
PARTS_TOLD = 10
"""Lines of progress where standard error is no terminal."""


def command(arguments: argparse.Namespace) -> int:
    """Run, resume, list or show a sweep; returns 0, or 1 for one that was stopped.

    Raises:
        UserError: an option, the strategy's parameters or the stored data do not fit.
    """
    root = find_home(arguments.home).root
    if arguments.list or arguments.show is not None:
        view = open_view(arguments.database, root)
        try:
            return _list(view.sweeps, arguments) if arguments.list else _show(view.sweeps, arguments, arguments.show)
        finally:
            view.close()
    home = open_sweeps(arguments.database, root, SystemClock().now_ns())
    try:
        adopt_hours(home.history)
        if arguments.resume is not None:
            run = resumed(_resumable(home.sweeps, arguments.resume), root, home.history, home.sweeps)
        else:
            run = begun(terms_of(arguments), root, home.history, home.sweeps)
        sweep = _run(run, arguments)
        _show(home.sweeps, arguments, sweep.id)
    finally:
        home.close()
    return 0 if sweep.status is SweepStatus.DONE else 1


def terms_of(arguments: argparse.Namespace) -> Terms:
    """Return the terms that the options name.

    Raises:
        UserError: one that is missing, or that does not fit.
    """
    if not arguments.strategy:
        raise UserError("name a strategy as MODULE:CLASS, or one of --resume, --list, --show")
    axes, fixed = axes_of(arguments.param)
    if not axes:
        raise ValidationError("--param", "there is nothing to search", allowed="one with several values")
    method = Method(arguments.search)
    return Terms(
        entry_point=arguments.strategy,
        axes=axes,
        fixed=fixed,
        market={name: getattr(arguments, name) for name in market_defaults() if name != "seed"}
        | {"funding_file": [_whole(text) for text in arguments.funding_file]},
        method=method,
        count=0 if method is Method.GRID else arguments.trials,
        seed=arguments.seed,
        metric=Metric(arguments.metric),
        out_share=arguments.out_of_sample,
        folds=arguments.folds,
        anchored=arguments.anchored,
    )


def _whole(text: str) -> str:
    """Return SYMBOL=FILE with the file's whole path, so that a sweep goes on from wherever it is called."""
    symbol, equals, name = text.partition("=")
    return f"{symbol}={Path(name).resolve()}" if equals else text


def _resumable(store: SweepStore, asked: int) -> int:
    """Return the number asked for, or of the newest sweep that is not done."""
    if asked:
        return asked
    for sweep in store.sweeps():
        if sweep.status is not SweepStatus.DONE:
            return sweep.id
    raise UserError("every sweep is done; there is nothing to go on with")


def _run(run: SweepRun, arguments: argparse.Namespace) -> Sweep:
    """Run a sweep; Ctrl+C stops it and keeps what came."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    progress = _Progress(quiet=arguments.json)
    try:
        return run.run(Means(arguments.workers, arguments.trial_seconds, arguments.cluster), stop, progress)
    finally:
        signal.signal(signal.SIGINT, before)
        progress.end()


class _Progress:
    """Tells on standard error how far a sweep is: one line that changes, or a line each tenth without a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._terminal = quiet, sys.stderr.isatty()
        self._best: tuple[float, str] | None = None
        self._begun = self._told = time.monotonic()
        self._first = self._part = -1

    def __call__(self, sweep: Sweep, trial: Trial | None) -> None:
        """Take a trial that came."""
        if self._first < 0:
            self._first = sweep.done
        value = None if trial is None else value_of(trial.inside, sweep.terms.metric)
        if trial is not None and value is not None and (self._best is None or value > self._best[0]):
            self._best = value, ", ".join(f"{name}={set_to}" for name, set_to in trial.parameters.items())
        now, part = time.monotonic(), PARTS_TOLD * sweep.done // max(sweep.planned, 1)
        due = now - self._told >= TOLD_EVERY_S if self._terminal else part != self._part
        if self._quiet or not due:
            return
        self._told, self._part = now, part
        text = self._text(sweep, now)
        print(
            f"\r{text}\x1b[K" if self._terminal else text,
            end="" if self._terminal else "\n",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        """Leave the line."""
        if not self._quiet and self._terminal:
            print(file=sys.stderr)

    def _text(self, sweep: Sweep, now: float) -> str:
        text = f"sweep {sweep.id}: {sweep.done:,} of {sweep.planned:,} trials"
        if sweep.failed:
            text += f", {sweep.failed:,} failed"
        if self._best is not None:
            text += f", best {sweep.terms.metric.value} {self._best[0]:.2f} ({self._best[1]})"
        came = sweep.done - self._first
        if came > 0 and sweep.done < sweep.planned:
            left = (now - self._begun) / came * (sweep.planned - sweep.done)
            text += f", {int(left) // 60}:{int(left) % 60:02} left"
        return text


def _list(store: SweepStore, arguments: argparse.Namespace) -> int:
    sweeps = store.sweeps()
    if arguments.json:
        print(json.dumps([summary(sweep, (), top=0) for sweep in sweeps], indent=2))
    else:
        print("\n".join(listed(sweeps)))
    return 0


def _show(store: SweepStore, arguments: argparse.Namespace, sweep_id: int) -> int:
    sweep = store.sweep(sweep_id)
    if sweep is None:
        raise NotFound("sweep", str(sweep_id))
    trials = store.trials(sweep_id)
    if arguments.csv:
        with replacing(Path(arguments.csv)) as part:
            part.write_text(as_csv(sweep, trials), encoding="utf-8")
    if arguments.json:
        print(json.dumps(summary(sweep, trials, top=arguments.top), indent=2))
    else:
        print("\n".join(words(sweep, trials, top=arguments.top)))
    return 0
