"""One sweep from its terms to its rows: reads code and data, drives the trials, keeps what comes, chooses.

Used by the command line and the desktop, on a thread that may take long. A sweep that was stopped or killed goes on
from its rows, with the code it began with, and only over the very same data.
"""

import argparse
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from workstation.app.backtest import code_of, plan_with
from workstation.app.command_line_sweep import market_defaults
from workstation.app.sweep_cluster import ClusterWorkers
from workstation.app.sweep_workers import LocalWorkers
from workstation.backtest.sweep_job import SweepJob, encoded, job_of, refuse_faulty, span_of
from workstation.backtest.sweep_loop import SweepLoop, Workers, parts_of, searches_of
from workstation.domain.errors import NotFound, StateConflict, UserError
from workstation.kernel.clock import SystemClock
from workstation.ports.market_data import MarketHistory
from workstation.ports.sweeps import Sweep, SweepStatus, SweepStore, Terms, Trial, TrialStatus, by_key
from workstation.strategies.loading import Code

KEEP_EVERY_S = 1.0
KEEP_AT = 200
"""Trials, or seconds, after which what has come is written."""


class ClosingWorkers(Workers, Protocol):
    """Workers that hold processes or connections."""

    def close(self) -> None:
        """Give them up."""


class Means(NamedTuple):
    """With what a sweep runs. workers: of this machine; trial_s: longest time for a trial; cluster: an address."""

    workers: int
    trial_s: float = 3_600.0
    cluster: str = ""


OnSweep = Callable[[Sweep, Trial | None], None]
"""Told of each trial that came, and of the sweep as it stands then."""


class SweepRun:
    """One sweep that is about to run; `sweep` is how it stands.

    Raises:
        UserError: terms, code or data that do not fit.
    """

    def __init__(self, sweep: Sweep, job: SweepJob, loop: SweepLoop, store: SweepStore) -> None:
        self.sweep, self._job, self._loop, self._store = sweep, job, loop, store
        self._held: list[Trial] = []
        self._kept_at = time.monotonic()

    def run(self, means: Means, stop: threading.Event, told: OnSweep) -> Sweep:
        """Run what is left; returns the sweep, DONE or STOPPED. What came is kept however this ends."""
        job = encoded(self._job)
        workers = _workers(job, means, stop)

        def keep(trial: Trial) -> None:
            self._held.append(trial)
            self._count(trial)
            if len(self._held) >= KEEP_AT or time.monotonic() - self._kept_at >= KEEP_EVERY_S:
                self._keep()
            told(self.sweep, trial)

        status = SweepStatus.STOPPED
        try:
            self._keep()
            self._kept_at = -math.inf  # the first trial is kept as it comes, so that even an early kill leaves it
            told(self.sweep, None)
            if self._loop.run(workers, keep) and (joined := self._loop.join(workers)) is not None:
                status = SweepStatus.DONE
                self._change(joined=joined, planned=len(self._loop.trials), refused=self._loop.refused)
        finally:
            workers.close()
            self._change(status=status)
            self._keep()
        return self.sweep

    def _count(self, trial: Trial) -> None:
        failed = trial.status is TrialStatus.FAILED
        self._change(done=self.sweep.done + 1, failed=self.sweep.failed + failed)

    def _change(self, **changes: object) -> None:
        self.sweep = msgspec.structs.replace(self.sweep, updated_at=SystemClock().now_ns(), **changes)

    def _keep(self) -> None:
        held, self._held = self._held, []
        self._store.save(self.sweep, held)
        self._kept_at = time.monotonic()


def begun(terms: Terms, root: Path, history: MarketHistory, store: SweepStore) -> SweepRun:
    """Return a new sweep, not yet kept.

    Raises:
        UserError: terms, code or data that do not fit.
    """
    code = code_of(terms.entry_point, root)
    job = _job(terms, code, history)
    now = SystemClock().now_ns()
    sweep = Sweep(
        id=store.next_id(),
        terms=terms,
        status=SweepStatus.RUNNING,
        created_at=now,
        updated_at=now,
        code_hash=code.code_hash,
        source=code.source,
        data=job.data,
    )
    return _made(sweep, code, job, {}, store)


def resumed(sweep_id: int, root: Path, history: MarketHistory, store: SweepStore) -> SweepRun:
    """Return a sweep that goes on where it stopped.

    Raises:
        NotFound: there is none of this number.
        StateConflict: it is done, or the stored data have changed since it began.
    """
    sweep = store.sweep(sweep_id)
    if sweep is None:
        raise NotFound("sweep", str(sweep_id))
    if sweep.status is SweepStatus.DONE:
        raise StateConflict(f"Sweep {sweep_id} is done.", state="DONE")
    code = code_of(sweep.terms.entry_point, root, sweep.source, sweep.code_hash)
    job = _job(sweep.terms, code, history)
    if job.data != sweep.data:
        changed = ", ".join(name for name in sweep.data if job.data.get(name) != sweep.data[name]) or "a series"
        raise StateConflict(f"Sweep {sweep_id} cannot go on: the stored data changed ({changed}).", state="CHANGED")
    trials = store.trials(sweep_id)
    failed = sum(trial.status is TrialStatus.FAILED for trial in trials)
    sweep = msgspec.structs.replace(sweep, status=SweepStatus.RUNNING, done=len(trials), failed=failed)
    return _made(sweep, code, job, by_key(trials), store)


def _job(terms: Terms, code: Code, history: MarketHistory) -> SweepJob:
    market = argparse.Namespace(**{**market_defaults(), **terms.market, "seed": terms.seed})
    if not market.symbol or not market.fees:
        raise UserError("a sweep needs --symbol and --fees")
    job = job_of(plan_with(market, code, terms.fixed, history), code)
    refuse_faulty(job)
    return job


def _made(
    sweep: Sweep, code: Code, job: SweepJob, known: Mapping[tuple[int, int], Trial], store: SweepStore
) -> SweepRun:
    span = span_of(job)
    searches = searches_of(sweep.terms, code.strategy)
    loop = SweepLoop(sweep.terms, parts_of(sweep.terms, span), searches, known)
    sweep = msgspec.structs.replace(
        sweep,
        planned=loop.planned,
        refused=loop.refused,
        currency=job.currency,
        first_ts=span[0],
        last_ts=span[1] - 1,
    )
    return SweepRun(sweep, job, loop, store)


def _workers(job: bytes, means: Means, stop: threading.Event) -> ClosingWorkers:
    if means.cluster:
        return ClusterWorkers(job, address=means.cluster, stop=stop)
    return LocalWorkers(job, count=means.workers, trial_s=means.trial_s, stop=stop)
