"""Reloading: a run goes on with its edited file, with what it remembers and its orders, or stays as it is."""

import pytest

from tests.helpers.run_desk_rig import DeskRig, bought
from tests.helpers.strategy_code import Buyer
from workstation.domain.errors import ValidationError
from workstation.domain.records import StrategyDefinition
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.strategies.api import StrategyParameters
from workstation.strategies.runs import RunLine, RunStatus


@pytest.fixture
def rig():
    made = DeskRig()
    yield made
    made.runner.close(20)


class Second(Buyer):
    """The next edition of its code."""

    def on_start(self):
        super().on_start()
        self.log("second edition")


class Hungry(Second):
    """Wants a parameter that no run has."""

    class Parameters(StrategyParameters):
        """One without a default."""

        appetite: int


class Stubborn(Buyer):
    """Cannot say what it remembers once it is asked for the second time."""

    def state(self):
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked > 1:
            raise RuntimeError("forgotten")
        return super().state()


def reloaded(rig, run_id):
    """Reload a run's file and return what became of it, None where it has ended instead."""
    found, told = [], []
    run = rig.runs.run("local", run_id)
    rig.runs.prepare_reload(run, lambda code, _trouble: found.append(code))
    rig.runs.reload(run, found[0], "pat", told.append)
    rig.until(lambda: told)
    return told[0]


def test_a_reloaded_file_goes_on_with_state_and_orders_and_its_hash_is_kept(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.code.classes["hand:Buyer"] = Second
    assert reloaded(rig, run_id).code_hash == "second"
    rig.until(lambda: "second edition" in [line.text for line in rig.said(RunLine)])
    kept = rig.kept(run_id)
    assert (kept.status, kept.code_hash, kept.generation) == (StrategyRunStatus.RUNNING, "second", 1)
    assert "Reloaded: code buyer → second" in [line.text for line in rig.said(RunLine)]
    rig.quote(9_997, 9_999)
    assert rig.ordered(run_id) == [f"{run_id}-1"]
    rig.runs.stop(kept, "enough")
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.state.records.find(StrategyDefinition, "local", "S1").total_runs == 1


def test_code_that_does_not_fit_leaves_the_run_as_it_is(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.code.classes["hand:Buyer"] = Hungry
    with pytest.raises(ValidationError, match="appetite"):
        reloaded(rig, run_id)
    assert rig.kept(run_id).code_hash == "buyer"
    assert [run.status for run in rig.runner.active()] == [RunStatus.RUNNING]


def test_a_run_that_waits_for_a_person_goes_on_with_the_reloaded_file(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.die()
    rig.code.classes["hand:Buyer"] = Second
    assert reloaded(rig, run_id).status is StrategyRunStatus.PAUSED
    rig.runs.resume(rig.runs.run("local", run_id))
    assert rig.code.asked[-1] == ("hand:Buyer", "second")


def test_a_paused_run_stays_paused_over_a_reload(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.runs.pause(rig.runs.run("local", run_id))
    rig.code.classes["hand:Buyer"] = Second
    assert reloaded(rig, run_id).status is StrategyRunStatus.PAUSED
    assert [run.status for run in rig.runner.active()] == [RunStatus.PAUSED]


def test_old_code_that_fails_as_it_leaves_ends_the_run(rig):
    rig.code.classes["hand:Buyer"] = Stubborn
    run_id = rig.start()
    bought(rig, run_id)
    assert reloaded(rig, run_id) is None
    assert rig.kept(run_id).status is StrategyRunStatus.ERROR
