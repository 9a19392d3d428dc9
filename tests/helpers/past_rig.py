"""A store with hourly bars and a strategy, and commands that are asked and waited for: for sweeps and backtests."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests.helpers.stores import OpenedStore, open_for_test
from tests.helpers.sweeps import PROBE, hours
from workstation.app.import_files import import_file
from workstation.app.import_options import ImportOptions
from workstation.app.import_stamps import Stamp
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.orders import Origin, OriginKind

WAIT_S = 120.0
HAND = Origin(kind=OriginKind.PALETTE, detail="test", user="local", ts_gesture=0)


class Asker:
    """Asks commands and waits for their answers. board: the command that `until` asks."""

    def __init__(self, commands: CommandRegistry, board: str) -> None:
        self.commands, self._board = commands, board

    def ask(self, name: str, params: msgspec.Struct) -> CommandResult:
        done, answers = threading.Event(), list[CommandResult]()

        def reply(result: CommandResult) -> None:
            answers.append(result)
            done.set()

        self.commands.run_of(name)(
            SimpleNamespace(), params, Invocation(command_id=name, params=params, origin=HAND, reply=reply)
        )
        assert done.wait(WAIT_S)
        return answers[0]

    def until(self, fact: Callable[[Any], bool]) -> Any:
        """Ask for the board until a fact holds of it."""
        end, pause = time.monotonic() + WAIT_S, threading.Event()
        while time.monotonic() < end:
            board = self.ask(self._board, NoParams()).data
            if fact(board):
                return board
            pause.wait(0.05)
        pytest.fail("it never came so far")


def store_with_hours(folder: Path, count: int = 300) -> OpenedStore:
    """Return a store in `folder / home` with so many hourly bars of ABC, and the probe among the strategies."""
    home, file = folder / "home", folder / "abc.csv"
    opened = open_for_test(home, "")
    bars = hours(count)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("time", "open", "high", "low", "close", "volume"))
        for row in range(len(bars.close)):
            prices = (f"{column[row] / 100:.2f}" for column in (bars.open, bars.high, bars.low, bars.close))
            writer.writerow((int(bars.ts_open[row]) // 10**9, *prices, 1_000))
    options = ImportOptions(symbol="ABC", interval="1h", stamp=Stamp.OPEN, new="crypto")
    import_file(file, options, opened.store.imports, lambda _report, _done: None)
    (home / "strategies").mkdir()
    (home / "strategies" / "probe.py").write_text(PROBE)
    return opened
