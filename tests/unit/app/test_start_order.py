"""What a start loads: nothing that the window does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from workstation.app.start_order import LOADED_BEHIND

ROOT = Path(__file__).parents[3]
SHOWN = """
import sys
from workstation.app.bench_desktop import _desktop
program, desktop = _desktop(sys.argv[1], "--no-api")
print(*sorted(sys.modules.keys()))
desktop.stop()
program.stop()
"""
COLLECTED = """
import gc, sys
from PySide6.QtCore import QTimer
from workstation.app.bench_desktop import _desktop
program, desktop = _desktop(sys.argv[1])
look = QTimer(interval=20)
look.timeout.connect(lambda: desktop.app.exit() if program.engine.api_url else None)
look.start()
desktop.run()
program.stop()
import fastapi
print(gc.isenabled(), any(kept is vars(fastapi) for kept in gc.get_objects()))
"""


def output_of(script: str, home: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    return done.stdout.split()


def test_the_window_stands_before_slow_libraries_are_loaded(tmp_path: Path) -> None:
    first = set(output_of(SHOWN, tmp_path / "home"))
    assert "PySide6.QtWidgets" in first
    assert LOADED_BEHIND & first <= {"alembic"}, "a new database is the only reason to load one"
    assert not LOADED_BEHIND & set(output_of(SHOWN, tmp_path / "home"))


def test_collections_after_the_start_look_at_nothing_of_the_web_stack(tmp_path: Path) -> None:
    assert output_of(COLLECTED, tmp_path / "home") == ["True", "False"]
