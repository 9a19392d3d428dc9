"""How the real window fares under load, and how long a start takes.

Behind `workstation bench desktop`, `keys`, `start` and `soak`.

The window runs offscreen with two charts, the ladder and seven more panels in sight, on a temporary home, in a process
of its own: once behind a feed that
makes nothing but load, as the budget has it, and once with the simulated exchange at the same rate in the process.
"""

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.app.start_order import rest_collector

if TYPE_CHECKING:
    from workstation.app.bootstrap import Program
    from workstation.app.venues import Venue, VenueOptions
    from workstation.desktop.eventloop import Desktop
    from workstation.kernel.clock import Clock, Scheduler

STRESS_TICKS = 50_000
FRAME_HZ = 60
WARM_S = 5.0
MEASURE_S = 20.0
SOAK_MINUTES = 30
START_TRIES = 3
PRESSES = 200
TIMEOUT_S = 120.0


def run_desktop_load() -> dict[str, Any]:
    """Return stalls, frames, memory and CPU of the window under load, by feed: `feed_…` and `exchange_…`."""
    return {f"{source}_{name}": value for source in ("feed", "exchange") for name, value in _measured(source).items()}


def run_keys() -> dict[str, Any]:
    """Return ms from a key press to the journal, to the wire and to the row on screen, over PRESSES presses."""
    return _measured("keys")


def run_soak() -> dict[str, Any]:
    """Return how the window fares over SOAK_MINUTES behind the feed that makes nothing but load."""
    return _measured("soak")


def run_start() -> dict[str, Any]:
    """Return seconds from the command to a window with live data (best of START_TRIES, warm), and idle memory.

    Warm includes bytecode, which the set-up makes and a start reads.
    """
    compileall.compile_dir(Path(__file__).parents[1], quiet=2)
    with tempfile.TemporaryDirectory() as home:
        tries = [_run("start", home, str(time.monotonic())) for _ in range(START_TRIES)]
    return min(tries, key=lambda figures: figures["window_with_live_data_s"])


def _measured(what: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        return _run(what, home)


def _run(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "workstation.app.bench_desktop", *arguments]
    done = subprocess.run(  # noqa: S603  this program itself, on arguments made here
        command,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S + (SOAK_MINUTES * 60 if arguments[0] == "soak" else 0),
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _stressed(_feed: str, clock: "Clock", scheduler: "Scheduler", options: "VenueOptions") -> "Venue":
    from workstation.app.stress_feed import stressed  # noqa: PLC0415  a start does without

    return stressed(STRESS_TICKS, clock, scheduler, options)


def _desktop(home: str, *arguments: str, stress: bool = False) -> "tuple[Program, Desktop]":
    """Return what `run_desktop` runs, started as `main` starts it."""
    rest_collector()
    from workstation.app.bootstrap import Program, options_from, shown_desktop  # noqa: PLC0415  it is measured
    from workstation.app.command_line import build_parser  # noqa: PLC0415  as above
    from workstation.app.venues import build_venue  # noqa: PLC0415  as above
    from workstation.kernel.logs import configure_logging  # noqa: PLC0415  as above

    options = options_from(build_parser().parse_args(["--home", home, "--api-port", "0", *arguments]))
    options.home.create()
    program = Program(options, configure_logging(options.home.logs), _stressed if stress else build_venue)
    program.start(rest_later=True)
    return program, shown_desktop(program, options)


def _load(home: str, source: str) -> dict[str, float]:
    from workstation.desktop.benchmark_window import measure_load, measure_soak  # noqa: PLC0415  this process measures, others do not

    rate, frames = f"sim.ticks_per_s={STRESS_TICKS}", f"desktop.frame_hz={FRAME_HZ}"
    program, desktop = _desktop(home, "--set", rate, "--set", frames, stress=source != "exchange")
    if source == "soak":
        figures = measure_soak(desktop, warm_s=WARM_S, minutes=SOAK_MINUTES)
    else:
        figures = measure_load(desktop, warm_s=WARM_S, measure_s=MEASURE_S)
    program.stop()
    return figures


def _keys(home: str) -> dict[str, float]:
    from workstation.desktop.benchmark_keys import measure_keys  # noqa: PLC0415  this process measures, others do not

    program, desktop = _desktop(home)
    figures = measure_keys(desktop, Path(home), warm_s=WARM_S, presses=PRESSES)
    program.stop()
    return figures


def _start(home: str, began: str) -> dict[str, float]:
    from workstation.desktop.benchmark_window import measure_start  # noqa: PLC0415  this process measures, others do not

    program, desktop = _desktop(home)
    figures = measure_start(desktop, lambda: time.monotonic() - float(began))
    program.stop()
    return figures


if __name__ == "__main__":
    _, _what, _home, *_rest = sys.argv
    if _what == "start":
        _figures = _start(_home, _rest[0])
    elif _what == "keys":
        _figures = _keys(_home)
    else:
        _figures = _load(_home, _what)
    print(json.dumps(_figures))
