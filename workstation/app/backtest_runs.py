"""One backtest of the desk: from what was asked to a job for its process, and from what that says to what is kept.

Under `backtest_desk.py`, on its thread.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import msgspec

from workstation.app.backtest import code_of, parameters_of, plan_with
from workstation.app.command_line_sweep import market_defaults
from workstation.app.funding_files import in_folder
from workstation.app.worker_process import WorkerProcess
from workstation.backtest.kept_run import Broke, Ended, heard
from workstation.backtest.sweep_job import SweepJob, encoded, job_of, span_of
from workstation.kernel.clock import SystemClock
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestStatus
from workstation.ports.market_data import MarketHistory

WORKER = "workstation.app.backtest_worker"

Tell = Callable[[BacktestBoard], None]
Hold = Callable[[Callable[[], None]], bool]


def asked(arguments: argparse.Namespace, root: Path, history: MarketHistory, number: int) -> tuple[Backtest, SweepJob]:
    """Return a backtest that is about to run, and its job.

    Raises:
        UserError: an option, the strategy's parameters or the stored data do not fit.
    """
    code = code_of(arguments.strategy, root)
    parameters = parameters_of(arguments, code)
    files = in_folder(arguments.funding_file, root)
    played = argparse.Namespace(**{**vars(arguments), "funding_file": files})
    job = job_of(plan_with(played, code, parameters, history), code)
    first, end = span_of(job)
    now = SystemClock().now_ns()
    backtest = Backtest(
        id=number,
        entry_point=code.entry_point,
        parameters=parameters,
        market={name: getattr(arguments, name) for name in market_defaults()},
        status=BacktestStatus.RUNNING,
        created_at=now,
        updated_at=now,
        code_hash=code.code_hash,
        currency=job.currency,
        first_ts=first,
        last_ts=end - 1,
    )
    return backtest, job


def played(backtest: Backtest, job: SweepJob, tell: Tell, hold: Hold) -> tuple[Backtest, bytes]:
    """Run a backtest in its process; return it as it ended, and its rows. hold: takes what ends the process."""
    process = WorkerProcess(WORKER, encoded(job))
    try:
        if not hold(process.kill):
            return msgspec.structs.replace(backtest, status=BacktestStatus.STOPPED), b""
        process.send(msgspec.json.encode(backtest))
        while (body := process.read()) is not None:
            said = heard(body)
            if isinstance(said, Ended):
                return said.backtest, said.rows
            if isinstance(said, Broke):
                return msgspec.structs.replace(backtest, status=BacktestStatus.FAILED, error=said.words), b""
            tell(BacktestBoard(backtests=(backtest,), running=backtest.id, played=said.bars, at=said.at))
        if not hold(lambda: None):
            return msgspec.structs.replace(backtest, status=BacktestStatus.STOPPED), b""
        return msgspec.structs.replace(backtest, status=BacktestStatus.FAILED, error=process.last_words()), b""
    finally:
        process.close()
