"""Sweeps for tests: a small market, a strategy with two lengths, and workers without processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tests.helpers.backtests import columns, options
from tests.helpers.market import instrument
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.sweep_job import SweepJob, encoded, job_of, span_of
from workstation.backtest.sweep_loop import SweepLoop, parts_of, searches_of
from workstation.backtest.sweep_trial import Outcome, Task, decoded_outcome, encoded_task, evaluated
from workstation.domain.numbers import MONEY_ONE
from workstation.ports.sweeps import Terms, Trial, by_key
from workstation.strategies.importing import strategy_of
from workstation.strategies.loading import Code

HOUR = 3_600 * 10**9

PROBE = '''
"""Buys when the close is above the one `back` bars ago, sells otherwise; fails where it is told to."""

from workstation.strategies.api import Bar, Field, Strategy, StrategyParameters


class Probe(Strategy):
    """A probe."""

    class Parameters(StrategyParameters):
        """How far back, how much, and where to fail."""

        back: int = Field(3, ge=1, le=50)
        quantity: int = 10
        fails_at: int = 0

        def model_post_init(self, context):
            if self.back == self.quantity:
                raise ValueError("back is the quantity")

    def on_start(self):
        self.bars("ABC", "1h")
        self.seen = []

    def on_bar(self, bar: Bar):
        p = self.parameters
        if p.back == p.fails_at:
            raise RuntimeError("told to fail")
        self.seen.append(bar.close)
        if len(self.seen) <= p.back:
            return
        up, held = self.seen[-1] > self.seen[-1 - p.back], self.position("ABC")
        if up and not held:
            self.buy("ABC", p.quantity)
        elif not up and held:
            self.sell("ABC", held)
'''


def hours(count: int, seed: int = 3) -> Any:
    """Return hourly bars of a random walk."""
    close = 10_000 + np.cumsum(np.random.default_rng(seed).integers(-40, 41, count))
    opened = np.r_[10_000, close[:-1]]
    return columns(
        opened, np.maximum(opened, close) + 5, np.minimum(opened, close) - 5, close, interval="1h", step=HOUR
    )


def probe_code() -> Code:
    digest = hashlib.sha256(PROBE.encode()).hexdigest()
    kind = strategy_of("probe:Probe", PROBE, digest)
    return Code(strategy=kind, entry_point="probe:Probe", code_hash=digest, source=PROBE)


def probe_job(bars: int = 500, **fixed: Any) -> SweepJob:
    code = probe_code()
    plan = BacktestPlan(
        strategy=code.strategy,
        parameters=fixed,
        instruments=(instrument("ABC"),),
        sources=([hours(bars)],),
        options=options(),
        initial_cash=100_000 * MONEY_ONE,
    )
    return job_of(plan, code)


class DirectWorkers:
    """Runs tasks here, in order or backwards. run_of: trials that were run; stops_after: trials until it is told so."""

    def __init__(self, job: SweepJob, *, backwards: bool = False, stops_after: int = 10**9) -> None:
        self._job, self._backwards, self._left = encoded(job), backwards, stops_after
        self.ran: list[tuple[int, int]] = []

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        for task in reversed(tasks) if self._backwards else tasks:
            if not self._left:
                return
            self._left -= 1
            self.ran.append((task.fold, task.number))
            yield decoded_outcome(evaluated(self._job, encoded_task(task)))


def loop_of(terms: Terms, job: SweepJob, known: Sequence[Trial] = ()) -> SweepLoop:
    searches = searches_of(terms, probe_code().strategy)
    return SweepLoop(terms, parts_of(terms, span_of(job)), searches, by_key(known))


def swept(terms: Terms, job: SweepJob, workers: DirectWorkers, known: Sequence[Trial] = ()) -> list[Trial]:
    """Return the trials of a sweep, by fold and number."""
    loop = loop_of(terms, job, known)
    loop.run(workers, lambda _trial: None)
    return [loop.trials[key] for key in sorted(loop.trials)]
