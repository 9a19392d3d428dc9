"""Make every picture of the documents anew: `python3 packaging/pictures.py [NAME ...]`.

Each picture is the program itself on a home of its own, led into a scene by command and painted without a display. A
replay needs recorded data: `WORKSTATION_TEST_DATA` names its folder, and without it that picture stays as it is.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import bootstrap

PICTURES = bootstrap.ROOT / "resources" / "docs" / "pictures"
CAPTURE = "usdm_btcusdt_20240808.gz"
TIMEOUT_S = 180
TOTAL_BYTES_MAX = 4_000_000


class Picture(NamedTuple):
    """One picture: scene, window in logical pixels, theme, device pixels a logical one, and whether it is a replay."""

    scene: str
    size: str = "1600x950"
    theme: str = "dark"
    scale: str = "1"
    replay: bool = False


ALL = {
    "simulated": Picture("trading"),
    "simulated-light": Picture("trading", theme="light"),
    "high-contrast": Picture("trading", theme="high_contrast"),
    "trading-fills": Picture("fills"),
    "trading-positions": Picture("positions"),
    "trading-pnl": Picture("pnl"),
    "armed": Picture("armed"),
    "disarmed": Picture("disarmed"),
    "empty": Picture("empty"),
    "strategies": Picture("strategies"),
    "stale": Picture("stale"),
    "disconnected": Picture("disconnected"),
    "replay": Picture("replay", replay=True),
    "ladders": Picture("ladders", size="1280x720"),
    "start": Picture("start", size="1280x720"),
    **{
        name: Picture(name, size="1100x620")
        for name in (
            "alerts",
            "backtests",
            "blotter",
            "charts",
            "connections",
            "data",
            "keys",
            "risk",
            "scripts",
            "settings",
            "sweeps",
            "watchlist",
        )
    },
    "small-1280x720": Picture("trading", size="1280x720"),
    "large-2560x1440-scale-2": Picture("trading", size="1280x720", scale="2"),
}


def capture() -> Path | None:
    """Return the recorded data of the replay's picture, None where there is none."""
    folder = os.environ.get("WORKSTATION_TEST_DATA")
    file = (Path(folder) if folder else bootstrap.ROOT.parent / "shared" / "data") / CAPTURE
    return file if file.exists() else None


def interpreter() -> str:
    """Return a Python that has the program's libraries: this one, or that of the set-up."""
    if importlib.util.find_spec("PySide6QtAds") is not None:
        return sys.executable
    if not bootstrap.prepare("run"):
        bootstrap.stop("pictures need these libraries")
    return str(bootstrap.PYTHON)


def take(python: str, name: str, picture: Picture) -> bool:
    """Take one picture; returns whether it is there."""
    arguments = ["--offscreen-shot", str(PICTURES / f"{name}.png"), "--shot-scene", picture.scene]
    arguments += ["--shot-size", picture.size, "--theme", picture.theme]
    if picture.replay:
        recorded = capture()
        if recorded is None:
            bootstrap.say(f"{name}: skipped, no recorded data (WORKSTATION_TEST_DATA)")
            return True
        arguments += ["--feed", f"replay:{recorded}"]
    with tempfile.TemporaryDirectory() as home:
        command = [python, "-m", "workstation", "--home", home, "--no-api", *arguments]
        environment = {**bootstrap.child_environment(), "QT_SCALE_FACTOR": picture.scale}
        done = subprocess.run(command, cwd=str(bootstrap.ROOT), env=environment, timeout=TIMEOUT_S, check=False)
    bootstrap.say("{}: {}".format(name, "ok" if done.returncode == 0 else "FAILED"))
    return done.returncode == 0


def main(names: list[str]) -> int:
    """Take the named pictures, or all; returns 0 when every one is there and they fit TOTAL_BYTES_MAX."""
    unknown = sorted(set(names) - ALL.keys())
    if unknown:
        bootstrap.stop("no such picture: {}; there are {}".format(", ".join(unknown), ", ".join(ALL)))
    PICTURES.mkdir(parents=True, exist_ok=True)
    python = interpreter()
    taken = [take(python, name, ALL[name]) for name in names or ALL]
    total = sum(file.stat().st_size for file in PICTURES.glob("*.png"))
    bootstrap.say(f"{total:,} bytes of pictures in all")
    return 0 if all(taken) and total <= TOTAL_BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
