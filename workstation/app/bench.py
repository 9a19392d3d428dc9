"""`workstation bench`: the budgets on the user's own machine, beside a calibration figure taken in the same run.

Figures are CPU time where a budget speaks of CPU, and always stand beside the calibration, so that two machines compare
by ratio. A benchmark reports; it never passes or fails.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workstation.app.bench_words import listed, told
from workstation.domain.errors import UserError

Figures = dict[str, Any]
CALIBRATION_LOOPS = 3_000_000


def calibrate() -> float:
    """Return the CPU seconds of a fixed loop of integer work; the unit that other figures are compared by."""
    start = time.process_time()
    total = 0
    for number in range(CALIBRATION_LOOPS):
        total += number & 7
    return time.process_time() - start


def _tick_path() -> Figures:
    from workstation.marketdata.benchmark import run  # noqa: PLC0415  loaded only when measured

    return run(time.process_time_ns)


def _order_path() -> Figures:
    from workstation.orders.benchmark import run  # noqa: PLC0415  loaded only when measured

    return run(time.process_time_ns)


def _backtest() -> Figures:
    import numpy as np  # noqa: PLC0415  loaded only when measured

    from workstation.backtest.benchmark import run  # noqa: PLC0415  loaded only when measured

    return run(time.process_time_ns, np.random.default_rng)


def _storage() -> Figures:
    from workstation.storage.benchmark import run  # noqa: PLC0415  loaded only when measured

    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder))


def _rest() -> Figures:
    from workstation.api.benchmark import run  # noqa: PLC0415  loaded only when measured

    return run()


def _lists() -> Figures:
    from workstation.app.bench_lists import run  # noqa: PLC0415  loaded only when measured

    return run()


def _chart() -> Figures:
    _draw_offscreen()
    from workstation.desktop.charts.benchmark import run  # noqa: PLC0415  loaded only when measured

    return run()


def _blotter() -> Figures:
    _draw_offscreen()
    from workstation.desktop.benchmark_tables import run  # noqa: PLC0415  loaded only when measured

    return run()


def _start() -> Figures:
    from workstation.app.bench_desktop import run_start  # noqa: PLC0415  loaded only when measured

    return run_start()


def _desktop() -> Figures:
    from workstation.app.bench_desktop import run_desktop_load  # noqa: PLC0415  loaded only when measured

    return run_desktop_load()


def _keys() -> Figures:
    from workstation.app.bench_desktop import run_keys  # noqa: PLC0415  loaded only when measured

    return run_keys()


def _soak() -> Figures:
    from workstation.app.bench_desktop import run_soak  # noqa: PLC0415  loaded only when measured

    return run_soak()


def _recovery() -> Figures:
    from workstation.app.bench_recovery import run  # noqa: PLC0415  loaded only when measured

    return run()


def _flood() -> Figures:
    from workstation.app.bench_flood import run  # noqa: PLC0415  loaded only when measured

    return run()


def _strategies() -> Figures:
    from workstation.app.bench_strategies import run  # noqa: PLC0415  loaded only when measured

    return run(tell=lambda words: print(f"  {words} …", file=sys.stderr, flush=True))


def _draw_offscreen() -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


BENCHMARKS: dict[str, Callable[[], Figures]] = {
    "tick_path": _tick_path,
    "order_path": _order_path,
    "backtest": _backtest,
    "storage": _storage,
    "rest": _rest,
    "lists": _lists,
    "chart": _chart,
    "blotter": _blotter,
    "start": _start,
    "desktop": _desktop,
    "keys": _keys,
    "recovery": _recovery,
    "flood": _flood,
    "strategies": _strategies,
    "soak": _soak,
}
SHORT = tuple(name for name in BENCHMARKS if name != "soak")
"""What is measured when nothing is named: all but what takes half an hour."""


def command(arguments: argparse.Namespace) -> int:
    """Run the named benchmarks, or all of SHORT; prints a table or JSON."""
    if arguments.list:
        print("\n".join(listed(BENCHMARKS, SHORT)))
        return 0
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        raise UserError(f"bench: no benchmark {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}")
    results: dict[str, Figures] = {"calibration": {"cpu_s": round(calibrate(), 4)}}
    for name in arguments.names or SHORT:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        results[name] = BENCHMARKS[name]()
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n".join(told(results)))
    return 0
