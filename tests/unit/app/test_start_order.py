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


def loaded_with_the_window(home: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    return set(done.stdout.split())


def test_the_window_stands_before_slow_libraries_are_loaded(tmp_path: Path) -> None:
    first = loaded_with_the_window(tmp_path / "home")
    assert "PySide6.QtWidgets" in first
    assert LOADED_BEHIND & first <= {"alembic"}, "a new database is the only reason to load one"
    assert not LOADED_BEHIND & loaded_with_the_window(tmp_path / "home")
