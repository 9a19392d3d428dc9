"""Make every picture of the documents anew: `python3 packaging/pictures.py [NAME ...]`.

Each picture is the program itself on a home of its own, led into a scene by command and painted without a display. A
replay needs recorded data: `WORKSTATION_TEST_DATA` names its folder, and without it that picture stays as it is.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import bootstrap

PICTURES = bootstrap.ROOT / "resources" / "docs" / "pictures"
CAPTURE = "usdm_btcusdt_20240808.gz"
TIMEOUT_S = 180
TOTAL_BYTES_MAX = 4_000_000


STOCKS = ("stocks_daily_2000_2013.csv.gz", "--interval", "1d")
MINUTES = (
    *("btc_perp_1m_202201.csv.gz", "--symbol", "BTC", "--interval", "1m", "--stamp", "open", "--zone", "UTC"),
    *("--new", "crypto", "--qty-decimals", "4"),
)
TRADES, QUOTES = ("lean/tick/ibm_20131008_trade.zip",), ("lean/tick/ibm_20131008_quote.zip",)
KEEP_ALL = ["--set", "marketdata.bar_retention=0", "--set", "marketdata.tick_retention=0"]
"""What is imported before a picture of stored data: recorded files with options; and that all of it stays."""


class Picture(NamedTuple):
    """One picture: scene, window in logical pixels, theme, device pixels a logical one, and what it needs.

    replay: the recorded capture runs; data: files imported before; api: scripts come through the REST interface;
    damaged: a day was traded before, and then one line of its journal got lost.
    """

    scene: str
    size: str = "1600x950"
    theme: str = "dark"
    scale: str = "1"
    replay: bool = False
    data: tuple[tuple[str, ...], ...] = ()
    api: bool = False
    damaged: bool = False


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
    "damaged": Picture("damaged", damaged=True),
    "replay": Picture("replay", replay=True),
    "ladders": Picture("ladders", size="1280x720"),
    "start": Picture("start", size="1280x720"),
    **{
        name: Picture(name, size="1100x620")
        for name in (
            "alerts",
            "blotter",
            "charts",
            "connections",
            "keys",
            "risk",
            "settings",
            "watchlist",
        )
    },
    "backtests": Picture("backtests", size="1100x620", data=(STOCKS,)),
    "sweeps": Picture("sweeps", size="1100x620", data=(STOCKS,)),
    "data": Picture("data", size="1100x620", data=(STOCKS, MINUTES, TRADES, QUOTES)),
    "scripts": Picture("scripts", size="1100x620", api=True),
    "small-1280x720": Picture("trading", size="1280x720"),
    "large-2560x1440-scale-2": Picture("trading", size="1280x720", scale="2"),
}


def recorded(name: str) -> Path | None:
    """Return a file of the recorded data, None where there is none."""
    folder = os.environ.get("WORKSTATION_TEST_DATA")
    file = (Path(folder) if folder else bootstrap.ROOT.parent / "shared" / "data") / name
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
    needed = ([CAPTURE] if picture.replay else []) + [file for file, *_ in picture.data]
    if any(recorded(file) is None for file in needed):
        bootstrap.say(f"{name}: skipped, no recorded data (WORKSTATION_TEST_DATA)")
        return True
    arguments = ["--offscreen-shot", str(PICTURES / f"{name}.png"), "--shot-scene", picture.scene]
    arguments += ["--shot-size", picture.size, "--theme", picture.theme]
    arguments += ["--feed", f"replay:{recorded(CAPTURE)}"] if picture.replay else []
    arguments += KEEP_ALL if picture.data else []
    arguments += ["--api-port", "0"] if picture.api else ["--no-api"]
    commands = [["import", str(recorded(file)), *options] for file, *options in picture.data] + [arguments]
    with tempfile.TemporaryDirectory() as home:
        if picture.damaged:
            traded = ["--no-api", "--offscreen-shot", str(Path(home) / "before.png"), "--shot-scene", "trading"]
            run(python, home, traded, scale=picture.scale)
            damage(Path(home))
        done = all(run(python, home, words, scale=picture.scale) for words in commands)
    bootstrap.say("{}: {}".format(name, "ok" if done else "FAILED"))
    return done


def damage(home: Path) -> None:
    """Lose what one line of the journal says, as a bad disk would."""
    with closing(sqlite3.connect(home / "workstation.db")) as database, database:
        database.execute("UPDATE journal SET payload = X'' WHERE seq = (SELECT max(seq) / 2 FROM journal)")


def run(python: str, home: str, words: list[str], *, scale: str) -> bool:
    """Run the program with a home; returns whether it ended well."""
    environment = {**bootstrap.child_environment(), "QT_SCALE_FACTOR": scale}
    command = [python, "-m", "workstation", "--home", home, *words]
    done = subprocess.run(command, cwd=str(bootstrap.ROOT), env=environment, timeout=TIMEOUT_S, check=False)
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
