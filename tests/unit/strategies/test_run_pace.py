"""How a run goes: rates from totals, the tightest bound on loss, and its last decision as the run desk tells it."""

import threading

import msgspec
import pytest

from tests.helpers.run_desk_rig import STRATEGY, DeskRig, bought
from tests.helpers.runner_rig import WAIT_S
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import RunFigures, RunPeriod
from workstation.domain.strategy_rows import PeriodType
from workstation.risk.run_capital import RunCapital
from workstation.strategies.run_pace import LOOKS, PaceMeter, RunMemory, room_left

S = 1_000_000_000
RUN = StrategyRun(
    strategy_id="S1", account="A", user_id="u", run_name="first 1", run_number=1, initial_capital="1000",
    start_date="2026-01-05",
)  # fmt: skip


def test_rates_are_those_of_the_last_ten_seconds():
    now = 0
    meter = PaceMeter(lambda: now)
    meter.look("a", 1_000, 0)
    assert meter.rates("a") == (0.0, 0.0)
    for second in range(1, LOOKS + 5):
        now = second * S
        meter.look("a", 1_000 + 3 * second, second * S // 4)
    assert meter.rates("a") == (3.0, 0.25)
    meter.forget(set())
    assert meter.rates("a") == (0.0, 0.0)


def test_time_that_is_read_too_short_is_no_less_than_before():
    now = 0
    meter = PaceMeter(lambda: now)
    meter.look("a", 0, S)
    now = S
    meter.look("a", 0, S - 1)
    assert meter.rates("a") == (0.0, 0.0)


@pytest.mark.parametrize(
    ("drawdown", "own", "loss", "expected"),
    [
        (None, None, None, (None, "")),
        ("10", None, None, (0.8, "drawdown of 10 %")),
        ("10", "4", None, (0.5, "drawdown of 4 %")),
        ("10", None, "50", (0.4, "daily loss of 50")),
        (None, None, "20", (0.0, "daily loss of 20")),
    ],
)
def test_room_is_that_of_the_tightest_bound(drawdown, own, loss, expected):
    day = RunPeriod(start="2026-01-05", pnl=10 * MONEY_ONE, trades=0, wins=0, losses=0, days=0)
    figures = RunFigures(pnl=-20 * MONEY_ONE, drop_bps=200, periods={PeriodType.DAILY: day})
    strategy = msgspec.structs.replace(STRATEGY, max_drawdown=drawdown, max_daily_loss=loss)
    share, words = room_left(msgspec.structs.replace(RUN, max_drawdown=own), strategy, figures)
    assert words == expected[1]
    assert share == (None if expected[0] is None else pytest.approx(expected[0]))


def test_the_run_desk_tells_what_a_run_sends_and_decided_last():
    rig = DeskRig()
    run_id = rig.start(max_drawdown="5")
    rig.runs.tick()
    bought(rig, run_id)
    rig.clock.advance(2 * S)
    rig.runs.tick()
    pace = rig.runs.pace(run_id)
    assert (pace.orders, pace.room, pace.per_s_max) == (1, 1.0, 20)
    assert pace.per_s > 0
    assert (pace.decision.what, pace.decision.terms.order_qty > 0) == ("order", True)
    assert (pace.capital, pace.currency) == (None, "USD")
    rig.capital = RunCapital(3, 5)
    assert rig.runs.pace(run_id).capital == (3, 5)
    rig.runner.close(20)


def test_a_run_that_is_not_under_way_has_no_pace():
    rig = DeskRig()
    run_id = rig.start()
    rig.die()
    assert rig.runs.pace(run_id) is None
    rig.runner.close(20)


class Elsewhere:
    """A host whose strategy would run in a process of its own: it takes memory, and says nothing."""

    over, orders_made = False, 0

    def __init__(self):
        self.opened = threading.Event()

    def open(self):
        self.opened.set()

    deliver = close = abandon = interrupt = lambda *_: None

    def memory(self):
        return 5, 7


def test_memory_is_that_of_a_process_of_its_own_against_its_bound_and_none_for_a_run_of_the_program():
    rig = DeskRig()
    run_id = rig.start()
    assert rig.runs.pace(run_id).memory is None
    rig.runner.close(20)
    far = DeskRig(isolated=True, memory_mb=512)
    host = Elsewhere()
    far.runner._isolate = lambda *_: host
    run_id = far.start()
    assert host.opened.wait(WAIT_S)
    pace = far.runs.pace(run_id)
    assert pace.memory == RunMemory(used=5, mapped=7, most=512 * 1024 * 1024)
    far.runner.close(20)
