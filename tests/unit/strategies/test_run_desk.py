"""The run desk over a whole core: what becomes of runs when the program ends, the venue goes, or a limit is met."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT
from tests.helpers.run_desk_rig import STRATEGY, DeskRig, bought
from tests.helpers.strategy_code import Buyer
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import StateConflict
from workstation.domain.events import RecordSaved, SessionChanged
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records.strategies import StrategyRunStatus, StrategyStatus
from workstation.risk.run_capital import RunCapital
from workstation.strategies.messages import Show
from workstation.strategies.run_budget import RunBudget
from workstation.strategies.runs import RunLine, RunStatus
from workstation.strategies.views import Policy

NS = 1_000_000_000


@pytest.fixture
def rig():
    made = DeskRig()
    yield made
    made.runner.close(20)


def test_a_run_that_was_killed_waits_for_a_person_and_sends_nothing_twice(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.die()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    assert rig.runner.active() == []
    rig.runs.resume(rig.runs.run("local", run_id))
    assert rig.code.asked[-1] == ("hand:Buyer", "buyer")
    rig.runs.tick()
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.RUNNING and rig.runner.active())
    rig.quote(10_000, 10_002)
    assert len(rig.ordered(run_id)) == 1
    assert rig.kept(run_id).generation == 1


def test_a_run_that_declares_it_goes_on_once_its_account_is_compared():
    rig = DeskRig(on_restart="RESUME")
    run_id = rig.start()
    bought(rig, run_id)
    rig.die()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.runner.close(20)


def test_a_run_that_declares_it_ends_with_the_program_and_its_orders_are_cancelled():
    rig = DeskRig(on_restart="STOP")
    run_id = rig.start()
    bought(rig, run_id)
    rig.die()
    assert rig.kept(run_id).status is StrategyRunStatus.STOPPED
    assert rig.ordered(run_id) == []


def test_orders_of_a_run_taken_up_again_have_ids_of_their_own(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.die()
    record = msgspec.structs.replace(rig.kept(run_id), kept_state={"bought": False}, row_version=99)
    rig.desk.recorder.record([RecordSaved(record=record, changed=("kept_state",), actor="test", ts=2)])
    rig.runs.resume(rig.runs.run("local", run_id))
    rig.until(lambda: (rig.quote(9_997, 9_999), len(rig.ordered(run_id)) == 2)[1])  # other terms, no duplicate
    assert rig.ordered(run_id) == [f"{run_id}-1", f"{run_id}-1.1"]


class Leaver(Buyer):
    """Leaves its orders where they are when it ends."""

    policy = Policy.KEEP


def test_a_run_that_was_killed_ends_as_its_code_declares_though_nobody_loads_it_again(rig):
    rig.code.classes["hand:Buyer"] = Leaver
    run_id = rig.start()
    assert rig.kept(run_id).policy == Policy.KEEP
    bought(rig, run_id)
    rig.die()
    rig.runs.stop(rig.runs.run("local", run_id), "enough")
    assert rig.kept(run_id).status is StrategyRunStatus.STOPPED
    assert rig.ordered(run_id) == [f"{run_id}-1"]


@pytest.mark.parametrize(
    ("policy", "resting", "left"), [(Policy.KEEP, 1, []), (Policy.CANCEL, 0, []), (Policy.FLATTEN, 0, [4])]
)
def test_a_run_ends_as_its_code_declares_where_nobody_says_otherwise(rig, policy, resting, left):
    rig.code.classes["hand:Buyer"] = type("Declaring", (Buyer,), {"policy": policy})
    run_id = rig.start()
    bought(rig, run_id)
    rig.broker.fill(rig.ordered(run_id)[0], 4, 10_001)
    rig.runs.stop(rig.runs.run("local", run_id), "enough")
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert len([order for order in rig.working() if not order.terms.reduce_only]) == resting
    assert exits(rig) == left


def test_a_venue_that_goes_pauses_the_run_and_does_not_end_it(rig):
    run_id = rig.start()
    venue = rig.state.accounts[ACCOUNT].venue
    rig.desk.recorder.record([SessionChanged(venue=venue, state="DOWN", reason="test", ts=3)])
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    assert len(rig.runner.active()) == 1
    rig.runs.resume(rig.runs.run("local", run_id))
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING


def test_a_run_stops_at_its_drawdown(rig):
    run_id = rig.start(max_drawdown="10.00", initial_capital="1000.00")
    rig.pnl = -99 * MONEY_ONE
    rig.runs.tick()
    assert rig.runs.run("local", run_id).figures.drop_bps == 990
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.pnl = -100 * MONEY_ONE
    rig.runs.tick()
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.kept(run_id).error_message == "drawdown of 10.00 % reached"


def test_a_run_that_is_held_stops_at_its_drawdown_too_once_its_account_can_send(rig):
    run_id = rig.start(max_drawdown="10.00")
    bought(rig, run_id)
    rig.runs.pause(rig.runs.run("local", run_id))
    rig.lock()
    rig.pnl = -1_000 * MONEY_ONE
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    assert rig.runner.run(run_id).status is RunStatus.PAUSED
    rig.unlock()
    rig.runs.tick()
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.kept(run_id).error_message == "drawdown of 10.00 % reached"
    assert rig.ordered(run_id) == []


@pytest.mark.parametrize(
    ("bound", "why"),
    [({"max_drawdown": "10.00"}, "drawdown of 10.00 % reached"), ({}, "daily loss of 900 reached")],
)
def test_a_run_whose_code_is_not_loaded_ends_at_its_bounds_on_losses_by_its_account_s_marks(rig, bound, why):
    save(rig, max_daily_loss=None if bound else "900")
    run_id = rig.start(**bound)
    bought(rig, run_id)
    rig.die()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    assert rig.runner.active() == []
    rig.pnl = -1_000 * MONEY_ONE
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED, "a mark or a rate lacks"
    rig.capital = RunCapital(0, 9_000 * MONEY_ONE)
    rig.lock()
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED, "nothing can be sent on a locked account"
    rig.unlock()
    rig.runs.tick()
    assert (rig.kept(run_id).status, rig.kept(run_id).error_message) == (StrategyRunStatus.STOPPED, why)
    assert rig.ordered(run_id) == []
    assert rig.runs.strategy("local", "S1").total_pnl == -1_000 * MONEY_ONE


def test_a_run_whose_code_is_not_loaded_keeps_its_figures_and_waits_while_its_bounds_hold(rig):
    run_id = rig.start(max_drawdown="10.00", end_date="2020-01-06")
    rig.die()
    rig.capital, rig.pnl = RunCapital(0, 9_500 * MONEY_ONE), -500 * MONEY_ONE
    rig.clock.advance(11 * NS)
    rig.runs.tick()
    assert (rig.kept(run_id).status, rig.kept(run_id).figures.drop_bps) == (StrategyRunStatus.PAUSED, 500)


def test_a_run_that_has_ended_counts_into_its_strategy(rig):
    run_id = rig.start(initial_capital="1000.00")
    rig.pnl = 5 * MONEY_ONE
    rig.runs.tick()
    rig.runs.stop(rig.runs.run("local", run_id), "enough")
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    strategy = rig.runs.strategy("local", "S1")
    assert (strategy.total_runs, strategy.successful_runs, strategy.total_pnl) == (1, 1, 5 * MONEY_ONE)
    assert (strategy.returns.days, strategy.returns.mean, strategy.fall_bps) == (1, 0.005, 0)
    with pytest.raises(StateConflict):
        rig.runs.stop(rig.runs.run("local", run_id), "again")


def test_a_strategy_keeps_the_largest_fall_of_its_runs_and_pools_their_days(rig):
    for made, lost in ((20, 30), (10, 15)):
        run_id = rig.start(initial_capital="1000.00")
        for rig.pnl in (made * MONEY_ONE, (made - lost) * MONEY_ONE):
            rig.runs.tick()
        rig.runs.stop(rig.runs.run("local", run_id), "enough")
        rig.until(lambda of=run_id: rig.kept(of).status is StrategyRunStatus.STOPPED)
        rig.pnl = 0
    strategy = rig.runs.strategy("local", "S1")
    assert (strategy.returns.days, strategy.fall_bps) == (2, 30 * 10_000 // 1_020)
    assert strategy.returns.mean == pytest.approx(-0.0075)


def test_what_a_run_shows_of_its_own_is_there_while_it_lives(rig):
    run_id = rig.start()
    bought(rig, run_id)
    rig.runner.run(run_id).take(Show({"average": "1.5"}))
    assert rig.runs.shown(run_id) == {"average": "1.5"}
    rig.die()
    assert rig.runs.shown(run_id) == {}


def filled(rig, run_id, px):
    """Let the run's one order trade at a price."""
    bought(rig, run_id)
    (order,) = rig.ordered(run_id)
    rig.broker.fill(order, 10, px)


def exits(rig):
    return [order.terms.order_qty for order in rig.working() if order.terms.reduce_only]


@pytest.mark.parametrize(
    ("bound", "held", "reached", "words"),
    [
        ("stop_loss", -19, -20, "stop loss: ABC stands at -2.00 % of its cost; limit 2.00 %"),
        ("take_profit", 19, 20, "take profit: ABC stands at +2.00 % of its cost; limit 2.00 %"),
    ],
)
def test_a_position_is_left_at_the_strategys_stop_loss_and_at_its_target(rig, bound, held, reached, words):
    run_id = rig.start()
    filled(rig, run_id, 10_000)  # ten at 100.00 cost 1,000
    save(rig, **{bound: "2.00"})
    rig.profit = held * MONEY_ONE
    rig.runs.tick()
    assert exits(rig) == []
    rig.profit = reached * MONEY_ONE
    rig.runs.tick()
    assert exits(rig) == [10]
    assert words in [line.text for line in rig.said(RunLine)]
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING


def test_a_fill_that_slipped_too_far_ends_the_run(rig):
    save(rig, max_slippage="1.00")
    run_id = rig.start()
    filled(rig, run_id, 10_103)  # asked at 100.02
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.kept(run_id).error_message == f"slippage of 1.01 % on order {run_id}-1; limit 1.00 %"


def test_a_fill_within_the_slippage_ends_nothing(rig):
    save(rig, max_slippage="1.00")
    run_id = rig.start()
    filled(rig, run_id, 10_102)
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING


@pytest.mark.parametrize(("config", "program", "longest"), [({}, 60, 60), ({"run_timeout": 30}, 60, 30)])
def test_a_run_ends_at_its_timeout(config, program, longest):
    rig = DeskRig(**config)
    rig.bounds = RunBudget(timeout_s=program)
    rig.runs = rig.made()
    run_id = rig.start()
    rig.clock.advance((longest - 1) * NS)
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.clock.advance(NS)
    rig.runs.tick()
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.kept(run_id).error_message == f"run timeout of {longest} s reached"
    rig.runner.close(20)


def test_a_strategy_that_starts_by_itself_does_so_with_the_program_as_it_ran_before(rig):
    save(rig, auto_start=True, status=StrategyStatus.ACTIVE)
    first = rig.start(parameters={"quantity": 3}, max_drawdown="9.00")
    rig.runs.stop(rig.runs.run("local", first), "for today")
    rig.until(lambda: rig.kept(first).status is StrategyRunStatus.STOPPED)
    rig.die()
    rig.runs.tick()
    (second,) = rig.runs.active()
    assert (second.run_number, second.parameters_snapshot, second.max_drawdown) == (2, {"quantity": 3}, "9.00")
    rig.runs.tick()
    assert len(rig.runs.active()) == 1


def test_a_strategy_whose_newest_run_failed_waits_for_a_person(rig):
    save(rig, auto_start=True, status=StrategyStatus.ACTIVE, config={"entry_point": "hand:Faulty"})
    first = rig.start()
    rig.until(lambda: rig.kept(first).status is StrategyRunStatus.ERROR)
    rig.die()
    rig.runs.tick()
    assert rig.runs.active() == []


def keep_hours(rig, start, end):
    save(rig, start_time=f"{start:%H:%M}", end_time=f"{end:%H:%M}")
    rig.runs.tick()


def save(rig, **fields):
    record = rig.runs.strategy("local", "S1")
    after = msgspec.structs.replace(record, **fields, row_version=record.row_version + 1)
    rig.desk.recorder.record([RecordSaved(record=after, changed=tuple(fields), actor="test", ts=5)])


def kill(rig, key, *, on=True):
    rig.desk.kill(KillState(scope=KillScope.STRATEGY, key=key, on=on, reason="enough", actor="test", ts=6))


def test_a_run_held_for_its_hours_when_the_program_ended_goes_on_within_them():
    rig = DeskRig(on_restart="RESUME")
    run_id = rig.start()
    now = datetime.fromtimestamp(rig.clock.now_ns() // 10**9, UTC)
    keep_hours(rig, now + timedelta(hours=1), now + timedelta(hours=2))
    rig.die()
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    rig.die()
    keep_hours(rig, now - timedelta(hours=1), now + timedelta(hours=1))
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.runner.close(20)


def test_a_run_that_goes_on_by_itself_does_so_after_two_restarts_as_well():
    rig = DeskRig(on_restart="RESUME")
    run_id = rig.start()
    rig.die()
    rig.die()
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.runner.close(20)


def test_a_kill_of_an_active_strategy_stops_it_whatever_stands_beside_it(rig):
    save(rig, status=StrategyStatus.ACTIVE)
    other = msgspec.structs.replace(STRATEGY, id="S2", name="second")
    rig.desk.recorder.record([RecordSaved(record=other, changed=("name",), actor="test", ts=1)])
    run_id = rig.start()
    kill(rig, "S1")
    rig.until(lambda: rig.kept(run_id).status is StrategyRunStatus.STOPPED)
    assert rig.runs.strategy("local", "S1").status is StrategyStatus.STOPPED
    assert rig.faults == []


def test_a_draft_that_was_killed_starts_again_once_a_person_lifts_the_switch(rig):
    kill(rig, "S1")
    with pytest.raises(StateConflict, match=r"kill switch is on for the strategy \(enough\)"):
        rig.start()
    kill(rig, "S1", on=False)
    assert rig.kept(rig.start()).status is StrategyRunStatus.RUNNING


def test_a_run_is_held_outside_its_hours_and_goes_on_within_them_unless_a_person_held_it(rig):
    run_id = rig.start()
    now = datetime.fromtimestamp(rig.clock.now_ns() // 10**9, UTC)
    later, earlier = now + timedelta(hours=1), now - timedelta(hours=1)

    keep_hours(rig, later, later + timedelta(hours=1))
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
    assert rig.kept(run_id).error_message.startswith("held: outside its hours")
    keep_hours(rig, earlier, later)
    assert rig.kept(run_id).status is StrategyRunStatus.RUNNING
    rig.runs.pause(rig.runs.run("local", run_id))
    rig.runs.tick()
    assert rig.kept(run_id).status is StrategyRunStatus.PAUSED
