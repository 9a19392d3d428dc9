"""Sweeps of the running program: begun by a command, run in processes, kept through the journal, gone on with."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import msgspec
import pytest

from tests.helpers.stores import OpenedStore, open_for_test
from tests.helpers.sweeps import PROBE, hours
from workstation.app.import_files import import_file
from workstation.app.import_options import ImportOptions
from workstation.app.import_stamps import Stamp
from workstation.app.sweep_desk import SweepDesk, sweeps_of
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.commands.sweeps import StartSweep, SweepName
from workstation.domain.errors import StateConflict
from workstation.domain.orders import Origin, OriginKind
from workstation.ports.sweeps import SweepBoard, SweepStatus

WAIT_S = 120.0
HAND = Origin(kind=OriginKind.PALETTE, detail="test", user="local", ts_gesture=0)
WISH = StartSweep(
    entry_point="probe:Probe", symbols=("ABC",), parameters=("back=2:40", "quantity=50"), interval="1h", fees="zero",
    any_size=True,
)  # fmt: skip


class Rig(NamedTuple):
    """The commands of sweeps over a store with hourly bars."""

    commands: CommandRegistry
    desk: SweepDesk
    opened: OpenedStore

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

    def until(self, fact: Callable[[SweepBoard], bool]) -> SweepBoard:
        """Ask for the board until a fact holds of it."""
        end, pause = time.monotonic() + WAIT_S, threading.Event()
        while time.monotonic() < end:
            board = self.ask("sweep.board", NoParams()).data
            if fact(board):
                return board
            pause.wait(0.05)
        pytest.fail("the sweep never came so far")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    home, file = tmp_path / "home", tmp_path / "abc.csv"
    opened = open_for_test(home, "")
    bars = hours(300)
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
    commands = CommandRegistry()
    desk = sweeps_of(opened.store, home / "strategies", lambda call: call(), commands)
    yield Rig(commands, desk, opened)
    desk.close()
    opened.close()


def test_a_sweep_is_begun_stopped_gone_on_with_and_forgotten(rig: Rig) -> None:
    begun = rig.ask("sweep.start", WISH)
    assert (begun.ok, begun.text) == (True, "Sweep 1 runs: 39 trials.")
    with pytest.raises(StateConflict, match="A sweep is running"):
        rig.ask("sweep.start", WISH)
    rig.until(lambda board: board.sweeps[0].done > 0)
    assert rig.ask("sweep.stop", NoParams()).ok
    stopped = rig.until(lambda board: not board.running).sweeps[0]
    assert stopped.status in (SweepStatus.STOPPED, SweepStatus.DONE)
    if stopped.status is SweepStatus.STOPPED:
        assert rig.ask("sweep.resume", SweepName(sweep_id=1)).ok
    done = rig.until(lambda board: not board.running).sweeps[0]
    assert (done.status, done.done, done.failed) == (SweepStatus.DONE, 39, 0)
    table = rig.ask("sweep.trials", SweepName(sweep_id=1)).data
    assert [trial.number for trial in table.trials] == list(range(39))
    assert rig.opened.store.sweeps.trials(1) == table.trials
    assert rig.ask("sweep.delete", SweepName(sweep_id=1)).ok
    assert rig.ask("sweep.board", NoParams()).data.sweeps == ()


def test_what_cannot_begin_is_answered_with_the_reason(rig: Rig) -> None:
    for wrong, words in (
        ({"parameters": ("back=3",)}, "there is nothing to search"),
        ({"search": "guess"}, "invalid choice"),
        ({"symbols": ("NOBODY",)}, "NOBODY"),
        ({"entry_point": "nothing:Here"}, "there is no module nothing"),
        ({"parameters": ("nothing=1:3",)}, "nothing"),
    ):
        answer = rig.ask("sweep.start", msgspec.structs.replace(WISH, **wrong))
        assert not answer.ok
        assert words in answer.text
    with pytest.raises(StateConflict, match="No sweep is running"):
        rig.ask("sweep.stop", NoParams())
