"""One trial of a sweep: the same parameters in-sample and out-of-sample, and the figures of both.

Where workers run, be it a process of this machine or of a cluster: bytes in, bytes out, so that every kind of worker
gives the same. A trial whose strategy raises is a result with its text, not the end of the sweep.
"""

import traceback
from typing import Any

import msgspec
import numpy as np

from workstation.backtest.metrics import Floats, daily_returns, day_numbers, metrics_of
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import LoadedJob, Span, loaded
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.bus import Bus
from workstation.ports.sweeps import Figures, Point, Trial, TrialStatus

ERROR_MAX = 2_000
"""Characters of a failure's text that are kept, its end."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One trial to run. inside, outside: spans of time, UTC ns; wants_curve: the days of the second are wanted too."""

    fold: int
    number: int
    parameters: dict[str, Any]
    inside: Span | None = None
    outside: Span | None = None
    wants_curve: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a task. curve: days of the out-of-sample run, where they were wanted."""

    trial: Trial
    curve: tuple[Point, ...] = ()


_encode = msgspec.json.Encoder(order="deterministic").encode
_task = msgspec.json.Decoder(Task).decode
_outcome = msgspec.json.Decoder(Outcome).decode


def evaluated(job: bytes, task: bytes) -> bytes:
    """Run a task of a job; the same bytes give the same bytes."""
    wanted, made = _task(task), list[Outcome]()
    guard = Bus(lambda _task, _error: None).guard  # a strategy's failure is the outcome's text
    error = guard(wanted, lambda: made.append(_evaluated(loaded(job), wanted)))
    if error is not None:
        text = ", ".join(line.strip() for line in traceback.format_exception_only(error))
        made.append(failed(wanted, text))
    return _encode(made[0])


def encoded_task(task: Task) -> bytes:
    """Return a task as bytes."""
    return _encode(task)


def decoded_outcome(data: bytes) -> Outcome:
    """Return an outcome of its bytes."""
    return _outcome(data)


def failed(task: Task, error: str) -> Outcome:
    """Return the outcome of a task that has none."""
    trial = Trial(
        fold=task.fold,
        number=task.number,
        parameters=task.parameters,
        status=TrialStatus.FAILED,
        error=error[-ERROR_MAX:],
    )
    return Outcome(trial=trial)


def _evaluated(job: LoadedJob, task: Task) -> Outcome:
    inside = None if task.inside is None else _run(job, task, task.inside, warm=False)
    outside = None if task.outside is None else _run(job, task, task.outside, warm=True)
    trial = Trial(
        fold=task.fold,
        number=task.number,
        parameters=task.parameters,
        status=TrialStatus.DONE,
        inside=None if inside is None else figures_of(inside),
        outside=None if outside is None else figures_of(outside),
    )
    return Outcome(trial=trial, curve=_days(outside) if task.wants_curve and outside is not None else ())


def _run(job: LoadedJob, task: Task, span: Span, *, warm: bool) -> BacktestResult:
    return run_backtest(job.plan(task.parameters, span, warm=warm))


def figures_of(result: BacktestResult) -> Figures:
    """Return the figures of a run."""
    metrics = metrics_of(result)
    daily = daily_returns(result.curve, result.initial_cash / MONEY_ONE)
    sharpe_day, skewness, kurtosis = _moments(daily)
    return Figures(
        total_return=metrics.total_return,
        sharpe=metrics.sharpe,
        sortino=metrics.sortino,
        calmar=metrics.calmar,
        profit_factor=metrics.profit_factor,
        drawdown=metrics.drawdown,
        net_profit=result.net_profit,
        fills=len(result.fills),
        trades=metrics.trades,
        days=len(daily),
        sharpe_day=sharpe_day,
        skewness=skewness,
        kurtosis=kurtosis,
        digest=result.digest,
    )


def _moments(daily: Floats) -> tuple[float | None, float, float]:
    """Return mean / sample deviation, m3 / m2 ** 1.5 and m4 / m2 ** 2; 0 and 3 where nothing moves."""
    if len(daily) < 2 or not daily.std() > 0:
        return None, 0.0, 3.0
    away = daily - daily.mean()
    second, third, fourth = (float(np.mean(away**power)) for power in (2, 3, 4))
    return float(daily.mean() / daily.std(ddof=1)), third / second**1.5, fourth / second**2


def _days(result: BacktestResult) -> tuple[Point, ...]:
    """Return the account at the end of each day, as a multiple of what it began with."""
    curve = result.curve
    if not len(curve.ts):
        return ()
    days = day_numbers(curve.ts)
    last = np.flatnonzero(np.r_[days[1:] != days[:-1], True])
    shares = curve.equity[last] / (result.initial_cash / MONEY_ONE)
    return tuple(Point(int(ts), float(share)) for ts, share in zip(curve.ts[last], shares, strict=True))
