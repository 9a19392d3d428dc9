"""How long a start takes after a long past: 1,000,000 closed orders and 5,000 open ones. Behind `workstation bench`.

The past is made by `bench_history`, then the program starts twice, each in a process of its own, and the second is
measured: seconds from the start of its composition until a window could show orders and status, and until every
account trades again; peak memory; processor time.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CLOSED_ORDERS = 1_000_000
OPEN_ORDERS = 5_000
CHILD_TIMEOUT_S = 900.0
LOOK_S = 0.01


def run(closed: int = CLOSED_ORDERS, opened: int = OPEN_ORDERS) -> dict[str, Any]:
    """Return the figures of a start after `closed` and `opened` orders; the past takes a minute or two to make."""
    with tempfile.TemporaryDirectory() as home:
        return measure_in(Path(home), closed, opened)


def measure_in(home: Path, closed: int, opened: int) -> dict[str, Any]:
    """Return the figures of a start in `home`; a past that is there already is used again."""
    began = time.perf_counter()
    if not (home / "workstation.db").exists():
        _child("make", home, closed, opened)
    made_s = time.perf_counter() - began
    figures = _child("start", home, closed, opened)
    return {**figures, "past_made_s": round(made_s, 1)}


def _child(what: str, home: Path, *numbers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "workstation.app.bench_recovery", what, str(home), *map(str, numbers)]
    done = subprocess.run(  # noqa: S603  this program itself, on arguments made here
        command, stdout=subprocess.PIPE, text=True, timeout=CHILD_TIMEOUT_S, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _program(home: Path) -> Any:
    from workstation.app.bootstrap import Program, options_from  # noqa: PLC0415  this process measures, others do not
    from workstation.app.command_line import build_parser  # noqa: PLC0415  as above
    from workstation.kernel.logs import configure_logging  # noqa: PLC0415  as above

    options = options_from(build_parser().parse_args(["--home", str(home), "--no-api", "--set", "sim.ticks_per_s=400"]))
    options.home.create()
    return Program(options, configure_logging(options.home.logs))


def _make(home: Path, closed: int, opened: int) -> dict[str, Any]:
    from workstation.app.bench_history import place_open_orders, write_closed_orders  # noqa: PLC0415  as above
    from workstation.brokers.sim.venue import SimVenue  # noqa: PLC0415  as above
    from workstation.kernel.clock import SystemClock, VirtualClock  # noqa: PLC0415  as above

    clock = VirtualClock(SystemClock().now_ns())
    write_closed_orders(home / "workstation.db", SimVenue(clock, clock, 1).instruments(), closed)
    program = _program(home)
    program.start()
    place_open_orders(program, opened)
    program.stop()
    return {}


def _start(home: Path, opened: int) -> dict[str, Any]:
    from workstation.domain.accounts import LockState  # noqa: PLC0415  as above

    cpu, began = time.process_time(), time.perf_counter()
    program = _program(home)
    opened_s = time.perf_counter() - began
    program.start()
    outbox = program.engine.session.open_outbox(lambda: None)
    frame = outbox.take()
    shown_s = time.perf_counter() - began
    locks, accounts = program.engine.core.state.controls.locks, program.engine.core.state.accounts
    while not all(locks.state(account) is LockState.UNLOCKED for account in accounts):
        time.sleep(LOOK_S)
    unlocked_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = len(list(program.engine.core.state.book.open_orders()))
    program.stop()
    if found != opened:
        raise RuntimeError(f"{found} orders are open, not {opened}")
    return {
        "database_open_s": opened_s,
        "window_state_s": shown_s,
        "unlocked_s": unlocked_s,
        "cpu_s": cpu_s,
        "peak_memory_mib": peak_mib,
        "rows_in_first_frame": len(frame.rows),
        "database_mib": (home / "workstation.db").stat().st_size / 2**20,
    }


def main(arguments: list[str]) -> int:
    """Make a past or measure a start, as the parent process asks; prints one JSON line."""
    what, home, closed, opened = arguments
    numbers = int(closed), int(opened)
    figures = _make(Path(home), *numbers) if what == "make" else _start(Path(home), numbers[1])
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
