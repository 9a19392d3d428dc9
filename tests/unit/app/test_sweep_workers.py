"""Worker processes: what dies or takes too long is one failed trial, and the others are as they would be here."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest

from tests.helpers.sweeps import DirectWorkers, probe_job
from workstation.app.command_line import build_parser
from workstation.app.sweep_workers import LocalWorkers
from workstation.app.worker_process import apart
from workstation.backtest.sweep_job import SweepJob, encoded
from workstation.backtest.sweep_trial import Outcome, Task
from workstation.ports.sweeps import TrialStatus

ENDLESS_S = 600.0
HOSTILE = """
import os, signal, sys
from workstation.strategies.api import Bar, Strategy, StrategyParameters

class Hostile(Strategy):
    class Parameters(StrategyParameters):
        does: str = "nothing"

    def on_start(self):
        self.bars("ABC", "1h")
        print("printed by a strategy")
        if self.parameters.does == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.parameters.does == "leaves":
            sys.stderr.write("last words")
            sys.stderr.flush()
            os._exit(3)
        if self.parameters.does.startswith("meets"):
            _, mode, path = self.parameters.does.split()
            open(path, mode).close()
        if self.parameters.does.startswith("tells"):
            with open(self.parameters.does.split()[1], "w") as told:
                told.write(f"{os.nice(0)} {os.getsid(0)} {os.getpgrp() == os.getpid()}")
        while self.parameters.does == "hangs":
            pass
"""


def hostile_job() -> SweepJob:
    return msgspec.structs.replace(probe_job(50), entry_point="hostile:Hostile", source=HOSTILE, code_hash="f" * 64)


def run(job: SweepJob, tasks: list[Task], trial_s: float = ENDLESS_S) -> dict[int, Outcome]:
    workers = LocalWorkers(encoded(job), count=2, trial_s=trial_s, stop=threading.Event())
    try:
        return {outcome.trial.number: outcome for outcome in workers.run(tasks)}
    finally:
        workers.close()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system states a priority at the start of a process")
def test_a_worker_is_as_nice_as_can_be_within_the_program_s_session_and_out_of_reach_of_its_keys(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    run(hostile_job(), [Task(fold=0, number=0, parameters={"does": f"tells {told}"}, inside=(0, 2**62))])
    assert told.read_text() == f"19 {os.getsid(0)} True"


def test_a_worker_on_windows_is_started_idle_and_out_of_reach_of_the_program_s_keys() -> None:
    assert apart("win32") == {"creationflags": 0x40 | 0x200}


def test_a_process_that_dies_is_one_failed_trial_and_the_rest_are_as_without_processes() -> None:
    job, span = hostile_job(), (0, 2**62)
    acts = ["nothing", "dies", "leaves", "nothing", "nothing"]
    tasks = [Task(fold=0, number=number, parameters={"does": does}, inside=span) for number, does in enumerate(acts)]
    found = run(job, tasks)
    assert len(found) == len(acts)
    assert found[1].trial.error.startswith("its process was ended by SIGKILL")
    assert found[2].trial.error.startswith("its process ended with code 3")
    assert found[2].trial.error.endswith("last words")
    harmless = [tasks[number] for number in (0, 3, 4)]
    assert [found[task.number] for task in harmless] == list(DirectWorkers(job).run(harmless))


def test_a_trial_that_takes_too_long_is_ended_and_named() -> None:
    task = Task(fold=0, number=0, parameters={"does": "hangs"}, inside=(0, 2**62))
    outcome = run(hostile_job(), [task], trial_s=0.5)[0]
    assert outcome.trial.status is TrialStatus.FAILED
    assert outcome.trial.error == "it took more than 0.5 s"


def test_a_stop_ends_workers_in_the_middle_of_a_trial() -> None:
    stop = threading.Event()
    workers = LocalWorkers(encoded(hostile_job()), count=1, trial_s=ENDLESS_S, stop=stop)
    tasks = [
        Task(fold=0, number=number, parameters={"does": does}, inside=(0, 2**62))
        for number, does in enumerate(("nothing", "hangs"))
    ]
    came = []
    for outcome in workers.run(tasks):
        came.append(outcome.trial.number)
        stop.set()
    workers.close()
    assert came == [0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a place to meet of this kind is of POSIX systems")
def test_trials_run_at_once_in_processes_of_their_own(tmp_path: Path) -> None:
    """Two trials wait for each other: one opens a pipe to read from it, the other to write into it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    acts = [f"meets r {pipe}", f"meets w {pipe}"]
    tasks = [Task(fold=0, number=at, parameters={"does": does}, inside=(0, 2**62)) for at, does in enumerate(acts)]
    found = run(hostile_job(), tasks, trial_s=120.0)
    assert {outcome.trial.status for outcome in found.values()} == {TrialStatus.DONE}


def test_a_sweep_takes_every_core_of_the_machine_unless_it_is_told_otherwise() -> None:
    parser = build_parser()
    assert parser.parse_args(["sweep", "probe:Probe"]).workers == os.cpu_count()
    assert parser.parse_args(["sweep", "probe:Probe", "--workers", "3"]).workers == 3
