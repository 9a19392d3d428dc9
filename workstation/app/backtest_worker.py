"""A backtest in a process of its own: its job comes in by standard input, progress and the outcome go out.

Started by `backtest_desk.py`, so that a run takes nothing from the desk but a core that nobody else wants.
"""

import sys
import traceback
from typing import IO

import msgspec

from workstation.app.strategy_fault import fault_words
from workstation.app.worker_pipes import take_place, write_frame
from workstation.backtest.kept_run import Broke, Ended, Played, finished, said
from workstation.backtest.plan import Progress
from workstation.backtest.price_trace import Traces
from workstation.backtest.report_page import Report
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import loaded
from workstation.domain.errors import WorkstationError
from workstation.kernel.bus import Bus
from workstation.ports.backtests import Backtest


def main() -> int:
    """Run one backtest, and say what came of it."""
    frames, out = take_place()
    job, backtest = frames.get(), msgspec.json.decode(frames.get(), type=Backtest)
    ended: list[Ended] = []
    guard = Bus(lambda _what, _error: None).guard  # a strategy's failure is the outcome's text
    error = guard(backtest.id, lambda: ended.append(_run(job, backtest, out)))
    write_frame(out, said(ended[0] if error is None else Broke(_words(backtest.entry_point, error))))
    return 0


def _run(job: bytes, backtest: Backtest, out: IO[bytes]) -> Ended:
    whole, traces = loaded(job), Traces()
    plan = whole.plan({}, whole.span, warm=False)
    plan = msgspec.structs.replace(plan, sources=tuple(traces.watch(source) for source in plan.sources))

    def told(now: Progress) -> None:
        write_frame(out, said(Played(now.events, now.ts)))

    result = run_backtest(plan, told)
    return finished(backtest, Report(result=result, prices=traces.bars()))


def _words(entry_point: str, error: BaseException) -> str:
    found = fault_words(entry_point, error)
    if found:
        return "\n".join(found)
    return str(error) if isinstance(error, WorkstationError) else traceback.format_exception_only(error)[-1].strip()


if __name__ == "__main__":
    sys.exit(main())
