"""Sweeps of the running program: begun by a command, run in processes, kept through the journal, gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.backtests import START
from tests.helpers.past_rig import Asker, store_with_hours
from tests.helpers.stores import OpenedStore
from workstation.app.sweep_desk import SweepDesk
from workstation.app.sweep_workers import LocalWorkers
from workstation.commands.registry import CommandRegistry, NoParams
from workstation.commands.sweeps import ResumeSweep, StartSweep, SweepName
from workstation.domain.errors import StateConflict
from workstation.ports.sweeps import SweepStatus

WISH = StartSweep(
    entry_point="probe:Probe", symbols=("ABC",), parameters=("back=2:40", "quantity=50"), interval="1h", fees="zero",
    any_size=True,
)  # fmt: skip


class Rig(Asker):
    """The commands of sweeps over a store with hourly bars."""

    def __init__(self, commands: CommandRegistry, opened: OpenedStore) -> None:
        super().__init__(commands, "sweep.board")
        self.opened = opened


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    opened, commands = store_with_hours(tmp_path), CommandRegistry()
    desk = SweepDesk.of(opened.store, tmp_path / "home" / "strategies", lambda call: call(), commands)
    yield Rig(commands, opened)
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
        assert rig.ask("sweep.resume", ResumeSweep(sweep_id=1)).ok
    done = rig.until(lambda board: not board.running).sweeps[0]
    assert (done.status, done.done, done.failed) == (SweepStatus.DONE, 39, 0)
    table = rig.ask("sweep.trials", SweepName(sweep_id=1)).data
    assert [trial.number for trial in table.trials] == list(range(39))
    assert rig.opened.store.sweeps.trials(1) == table.trials
    assert rig.ask("sweep.delete", SweepName(sweep_id=1)).ok
    assert rig.ask("sweep.board", NoParams()).data.sweeps == ()


def test_the_options_of_a_backtest_reach_the_trials_of_a_sweep_and_files_are_those_of_the_home(
    rig: Rig, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / "funding"
    folder.mkdir()
    rows = "".join(f"{START // 10**6 + hour * 3_600_000},0.001\n" for hour in range(1, 300, 8))
    (folder / "rates.csv").write_text("fundingTime,fundingRate\n" + rows)
    few = msgspec.structs.replace(WISH, parameters=("back=2,9", "quantity=50"))
    totals = []
    for options in ((), ("slippage=ticks:9",), ("funding-file=ABC=rates.csv",)):
        assert rig.ask("sweep.start", msgspec.structs.replace(few, options=options)).ok
        [done, *_] = rig.until(lambda board: not board.running).sweeps
        table = rig.ask("sweep.trials", SweepName(sweep_id=done.id)).data
        totals.append([trial.inside.total_return for trial in table.trials])
    assert len({str(row) for row in totals}) == 3
    assert list(done.data)[-1] == "funding", "a sweep goes on only over the very same payments"


def test_what_cannot_begin_is_answered_with_the_reason(rig: Rig) -> None:
    for wrong, words in (
        ({"parameters": ("back=3",)}, "parameters: there is nothing to search"),
        ({"search": "guess"}, "invalid choice"),
        ({"symbols": ("NOBODY",)}, "NOBODY"),
        ({"entry_point": "nothing:Here"}, "there is no module nothing"),
        ({"parameters": ("nothing=1:3",)}, "nothing"),
        ({"options": ("seed=3",)}, "has a field of its own"),
        ({"options": ("funding-file=ABC=../x.csv",)}, "in the folder funding"),
    ):
        answer = rig.ask("sweep.start", msgspec.structs.replace(WISH, **wrong))
        assert not answer.ok
        assert words in answer.text
        assert "--" not in answer.text, "a screen has fields, no options"
    with pytest.raises(StateConflict, match="No sweep is running"):
        rig.ask("sweep.stop", NoParams())


def test_a_sweep_of_the_running_program_takes_every_core(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    class Counted(LocalWorkers):
        def __init__(self, job: bytes, *, count: int, **parts: Any) -> None:
            counts.append(count)
            super().__init__(job, count=count, **parts)

    monkeypatch.setattr("workstation.app.sweep_run.LocalWorkers", Counted)
    few = msgspec.structs.replace(WISH, parameters=("back=2,9", "quantity=50"))
    for cores, workers in ((1, 1), (4, 4)):
        monkeypatch.setattr("workstation.app.sweep_desk.os.cpu_count", lambda cores=cores: cores)
        assert rig.ask("sweep.start", few).ok
        assert rig.until(lambda board: not board.running).sweeps[0].status is SweepStatus.DONE
        assert counts.pop() == workers
