"""How the real window fares under load, and how long a start takes. Behind `workstation bench desktop` and `start`.

The window runs offscreen with the first layout on a temporary home, against the simulated exchange at STRESS_TICKS
events a second. Stalls are gaps of a timer on the GUI thread; a frame is one that was taken and shown.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

STRESS_TICKS = 50_000
WARM_S = 5.0
MEASURE_S = 20.0
BEAT_MS = 5
START_TRIES = 3
START_TIMEOUT_S = 60.0


def run_desktop_load() -> dict[str, Any]:
    """Return stalls, frames and memory of the window under load; runs in a process of its own."""
    return _measured("load")


def run_start() -> dict[str, Any]:
    """Return seconds from the command to a window with live data (best of START_TRIES, warm), and idle memory."""
    seconds, memory = [], 0.0
    for _ in range(START_TRIES):
        began = time.monotonic()
        figures = _measured("start", str(began))
        seconds.append(figures["window_with_live_data_s"])
        memory = figures["idle_memory_mb"]
    return {"window_with_live_data_s": min(seconds), "idle_memory_mb": memory}


def _measured(what: str, *arguments: str) -> dict[str, Any]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "workstation.app.bench_desktop", what, home, *arguments]
        done = subprocess.run(  # noqa: S603  this program itself, on arguments made here
            command, env=environment, capture_output=True, text=True, timeout=START_TIMEOUT_S * 2, check=True
        )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _desktop(home: str, *settings: str) -> tuple[Any, Any, Any]:
    from workstation.app.bootstrap import Program, options_from  # noqa: PLC0415  this process measures, others do not
    from workstation.app.command_line import build_parser  # noqa: PLC0415  as above
    from workstation.app.watchdog import Heartbeat  # noqa: PLC0415  as above
    from workstation.desktop.eventloop import Desktop  # noqa: PLC0415  as above
    from workstation.kernel.logs import configure_logging  # noqa: PLC0415  as above

    arguments = ["--home", home, "--no-api"]
    for setting in settings:
        arguments += ["--set", setting]
    options = options_from(build_parser().parse_args(arguments))
    options.home.create()
    program = Program(options, configure_logging(options.home.logs))
    program.start()
    desktop = Desktop(
        program.engine.session,
        program.engine,
        program.engine.commands,
        layouts=Path(home) / "layouts",
        theme="dark",
        frame_hz=options.settings.desktop.frame_hz,
        disarm_after_s=600,
    )
    beat = Heartbeat("desktop", desktop.thread_id, 1.0)
    desktop.start(beat=beat.beat, settled=beat.forget, worst_stall_ms=beat.worst_ms)
    return program, desktop, beat


def _load(home: str) -> dict[str, Any]:
    from PySide6.QtCore import QTimer  # noqa: PLC0415  this process measures, others do not

    program, desktop, _ = _desktop(home, f"sim.ticks_per_s={STRESS_TICKS}")
    desktop.workspace.window.resize(1920, 1080)
    gaps: list[float] = []
    frames = [0]
    last = [time.monotonic()]
    process = psutil.Process()
    memory: list[int] = []

    def beat() -> None:
        now = time.monotonic()
        gaps.append(now - last[0])
        last[0] = now

    def begin() -> None:
        gaps.clear()
        frames[0] = 0
        memory.append(process.memory_info().rss)

    def end() -> None:
        memory.append(process.memory_info().rss)
        desktop.app.exit(0)

    timer = QTimer(interval=BEAT_MS)
    timer.timeout.connect(beat)
    timer.start()
    desktop.bridge.frame_taken.connect(lambda _frame: frames.__setitem__(0, frames[0] + 1))
    QTimer.singleShot(round(WARM_S * 1e3), begin)
    QTimer.singleShot(round((WARM_S + MEASURE_S) * 1e3), end)
    cpu = process.cpu_times()
    desktop.run()
    spent = process.cpu_times()
    status = desktop.bridge.state.status
    program.stop()
    ranked = sorted(gaps)
    return {
        "updates_per_s": status.updates_per_s if status is not None else 0.0,
        "frames_per_s": frames[0] / MEASURE_S,
        "gap_ms_p50": ranked[len(ranked) // 2] * 1e3,
        "gap_ms_p99": ranked[len(ranked) * 99 // 100] * 1e3,
        "gap_ms_max": ranked[-1] * 1e3,
        "memory_growth_mb": (memory[1] - memory[0]) / 1e6,
        "cpu_s_per_s": (spent.user - cpu.user + spent.system - cpu.system) / (WARM_S + MEASURE_S),
    }


def _start(home: str, began: str) -> dict[str, Any]:
    from PySide6.QtCore import QTimer  # noqa: PLC0415  this process measures, others do not

    program, desktop, _ = _desktop(home)
    seen: list[float] = []

    def look() -> None:
        live = any(quote.bid is not None for quote in desktop.bridge.state.quotes.values())
        if live and not seen:
            seen.append(time.monotonic() - float(began))
            QTimer.singleShot(2_000, lambda: desktop.app.exit(0))

    timer = QTimer(interval=BEAT_MS)
    timer.timeout.connect(look)
    timer.start()
    desktop.run()
    memory = psutil.Process().memory_info().rss
    program.stop()
    return {"window_with_live_data_s": seen[0], "idle_memory_mb": memory / 1e6}


if __name__ == "__main__":
    print(json.dumps(_load(sys.argv[2]) if sys.argv[1] == "load" else _start(sys.argv[2], sys.argv[3])))
