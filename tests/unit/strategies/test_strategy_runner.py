"""Runs: news reach them, their orders reach the desk, and whatever they do stays theirs."""

import queue
import threading

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND
from tests.helpers.runner_rig import WAIT_S, RunnerRig, RunStatus
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.market import Aggressor, StreamKind, Trade
from workstation.domain.orders import CancelOrder, OrdStatus, OriginKind, ReplaceOrder
from workstation.strategies.api import Policy, Strategy
from workstation.strategies.run import INTERRUPTS_MAX
from workstation.strategies.runs import RunLine, RunOrder, RunSignal
from workstation.strategies.thread import INTENTS_AHEAD

SECOND = 1_000_000_000


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    assert made.close() == []
    assert made.faults == []


class Buyer(Strategy):
    """Buys once at each quote; tells of every fill."""

    def on_start(self):
        self.quotes("ABC")

    def on_quote(self, quote):
        self.buy("ABC", 10, limit=quote.bid)

    def on_fill(self, fill):
        self.show(position=self.position("ABC"))
        self.signal("ABC", "HOLD", 0.5, reason="filled")

    def state(self):
        return {"kept": 7}


class Looper(Strategy):
    """Never returns from a quote, until it is interrupted."""

    def on_start(self):
        self.quotes("ABC")

    def on_quote(self, quote):
        while True:
            pass


class Stubborn(Strategy):
    """Catches everything, and ends only when the test says so."""

    let_go = threading.Event()

    def on_start(self):
        self.quotes("ABC")

    def on_quote(self, quote):
        while not self.let_go.is_set():
            try:
                while not self.let_go.is_set():
                    pass
            except BaseException:
                continue


class Flood(Strategy):
    def on_start(self):
        for _ in range(10_000):
            self.buy("ABC", 1, limit=1)


class Talker(Strategy):
    def on_start(self):
        for number in range(10_000):
            self.log(str(number))


class Raising(Strategy):
    def on_start(self):
        self.buy("ABC", 10, limit=99)
        self.quotes("ABC")

    def on_quote(self, quote):
        raise ValueError("no idea")


class Refused(Strategy):
    def on_start(self):
        self.timer = self.every(1)

    def on_timer(self, name):
        self.buy("ABC", 10_000_000, limit=100)


def test_an_order_goes_through_the_desk_as_the_runs_own(rig):
    run = rig.run(Buyer)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    (order,) = rig.working()
    assert (order.origin.kind, order.strategy_id, order.terms.price) == (OriginKind.STRATEGY, "R1", 9_990)
    assert order.metadata["strategy"] == "Buyer"
    rig.broker.fill(order.cl_ord_id, 10, 9_990)
    rig.until(lambda: run.view.values)
    assert run.view.values == {"position": "10"}
    rig.until(lambda: rig.said(RunSignal))
    assert rig.said(RunSignal)[0].signal.reason == "filled"


def test_a_stop_cancels_what_is_left_and_keeps_the_state(rig):
    run = rig.run(Buyer)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert rig.working() == []
    assert rig.broker.of("cancel")[0].cl_ord_id == "R1-1"
    assert (run.view.reason, run.view.state) == ("enough", {"kept": 7})
    with pytest.raises(StateConflict):
        run.stop("again")


def test_a_run_is_told_who_else_has_a_hand_in_its_orders(rig):
    run = rig.run(Buyer)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    rig.broker.accept("R1-1")
    rig.desk.replace(ReplaceOrder(cl_ord_id="R1-1", origin=HAND, price=9_980))
    rig.desk.cancel(CancelOrder(cl_ord_id="R1-1", origin=HAND))
    told = [line for line in rig.said(RunLine) if line.event_type == "HAND"]
    assert [line.text for line in told] == [
        "tester (hotkey) changes order R1-1 of this run.", "tester (hotkey) cancels order R1-1 of this run.",
    ]  # fmt: skip
    assert told[0].data == {"order": "R1-1", "by": "tester", "door": "HOTKEY"}
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert len([line for line in rig.said(RunLine) if line.event_type == "HAND"]) == 2, "its own cancels are its own"


def test_flatten_closes_the_runs_own_position_alone(rig):
    rig.position(30)
    run = rig.run(Buyer, policy=Policy.FLATTEN)
    rig.quote(9_990, 10_000)
    rig.until(lambda: [o for o in rig.working() if o.strategy_id])
    (order,) = [o for o in rig.working() if o.strategy_id]
    rig.broker.fill(order.cl_ord_id, 10, 9_990)
    run.stop("enough")
    rig.ended(run)
    exits = [o for o in rig.working() if o.terms.reduce_only]
    assert [(o.terms.order_qty, o.terms.side.sign) for o in exits] == [(10, -1)]


def test_keep_leaves_everything(rig):
    run = rig.run(Buyer, policy=Policy.KEEP)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    run.stop("enough")
    rig.ended(run)
    assert [o.status for o in rig.working()] == [OrdStatus.SUBMITTED]


def test_a_pause_holds_the_market_back(rig):
    run = rig.run(Buyer)
    run.pause()
    rig.quote(9_990, 10_000)
    assert len(run.thread.inbox) == 0
    run.resume()
    rig.quote(9_991, 10_000)
    rig.until(rig.working)
    assert [o.terms.price for o in rig.working()] == [9_991]
    with pytest.raises(StateConflict):
        run.resume()


def test_an_exception_faults_the_run_with_its_traceback_and_cancels_its_orders(rig):
    run = rig.run(Raising)
    rig.until(rig.working)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert run.view.reason == "Quote: ValueError: no idea"
    assert "on_quote" in run.view.traceback
    assert [call.cl_ord_id for call in rig.broker.of("cancel")] == ["R1-1"]
    assert any(line.level == "CRITICAL" for line in rig.said(RunLine))


def test_a_strategy_that_cannot_be_made_is_faulted(rig):
    class Unborn(Strategy):
        def __init__(self, door, parameters):
            raise RuntimeError("not today")

    run = rig.run(Unborn)
    assert (rig.ended(run), run.view.reason) == (RunStatus.FAULTED, "__init__: RuntimeError: not today")


def test_an_endless_callback_is_reported_then_interrupted_and_the_others_run_on(rig):
    loop, other = rig.run(Looper), rig.run(Buyer, "R2")
    rig.quote(9_990, 10_000)
    _busy(loop)
    rig.clock.advance(SECOND // 10)
    assert any("budget" in line.text for line in rig.said(RunLine))
    rig.clock.advance(SECOND)
    assert rig.ended(loop) is RunStatus.FAULTED
    assert "StrategyInterrupted" in loop.view.reason
    assert "on_quote" in loop.view.traceback
    assert other.status is RunStatus.RUNNING


def test_one_that_cannot_be_interrupted_is_stuck_and_revoked(rig):
    Stubborn.let_go.clear()
    run = rig.run(Stubborn)
    rig.quote(9_990, 10_000)
    _busy(run)
    rig.clock.advance(SECOND * 3 + INTERRUPTS_MAX * SECOND // 10)
    assert run.status is RunStatus.STUCK
    assert "restart" in run.view.reason
    Stubborn.let_go.set()
    assert run.thread.join(20)


class Working(Strategy):
    """Computes until the test lets go."""

    let_go = threading.Event()

    def on_start(self):
        self.quotes("ABC")

    def on_quote(self, quote):
        self.let_go.wait(20)
        self.log("computed")


def test_a_callback_that_holds_the_processor_is_told_of_until_it_returns(rig):
    told = []
    rig.runner._on_burn = told.append
    run = rig.run(Working)
    rig.clock.advance(60_000_000)
    assert told == []
    rig.quote(9_990, 10_000)
    _busy(run)
    rig.clock.advance(60_000_000)
    assert told == [True]
    rig.clock.advance(60_000_000)
    Working.let_go.set()
    rig.until(lambda: "computed" in [line.text for line in rig.said(RunLine)])
    _idle(run)
    rig.clock.advance(60_000_000)
    assert told == [True, False]


def test_a_healthy_run_trades_on_beside_those_that_misbehave(rig):
    healthy = rig.run(Buyer, "H")
    loop, flood = rig.run(Looper, "L"), rig.run(Flood, "F")
    broken = rig.run(Raising, "E")
    rig.quote(9_990, 10_000)
    rig.until(lambda: flood.status.is_final and broken.status.is_final)
    _busy(loop)
    rig.clock.advance(1_100_000_000)
    assert rig.ended(loop) is RunStatus.FAULTED
    rig.quote(9_991, 10_000)
    rig.until(lambda: [order for order in rig.working() if order.terms.price == 9_991])
    assert healthy.status is RunStatus.RUNNING
    assert {order.strategy_id for order in rig.working()} == {"H"}


def test_a_flood_is_latched_by_a_kill_switch_and_the_rest_is_dropped(rig):
    run = rig.run(Flood, orders_per_s_max=20)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "more than 20 orders in a second" in run.view.reason
    assert len(rig.broker.of("submit")) <= 20
    assert rig.state.controls.kills.find("STRATEGY", "R1").on


def test_one_that_talks_without_end_waits_for_the_engine_and_leaves_the_way_free_for_hands(rig):
    run = rig.runner.start(RunOrder(run_id="T", account=ACCOUNT, name="T", make=_talker, policy=Policy.CANCEL))
    ahead = [rig.calls.get(timeout=WAIT_S) for _ in range(INTENTS_AHEAD)]
    with pytest.raises(queue.Empty):
        rig.calls.get(timeout=0.05)
    assert INTENTS_AHEAD <= 64, "a hand's order waits behind all of them"
    ahead[0]()
    assert rig.calls.get(timeout=WAIT_S), "each one done makes room for one"
    run.thread.revoke()
    assert run.thread.join(WAIT_S)


def _talker(door):
    return Talker(door, Talker.Parameters())


def test_refusals_are_told_and_too_many_latch(rig):
    made = RunnerRig(limits=True)
    run = made.run(Refused)
    for _ in range(60):
        if run.status.is_final:
            break
        refused = run.view.refused
        made.clock.advance(SECOND)
        made.until(lambda refused=refused: run.view.refused > refused or run.status.is_final)
    assert run.status is RunStatus.FAULTED
    assert "refusals in a row" in run.view.reason
    assert made.close() == []


def test_a_strategy_may_end_itself(rig):
    class Brief(Strategy):
        def on_start(self):
            self.done()

    run = rig.run(Brief)
    assert rig.ended(run) is RunStatus.COMPLETED


def test_bars_follow_their_interval_and_a_restart_gets_the_state(rig):
    class Counting(Strategy):
        def restore(self, state):
            self.seen = state["seen"]

        def on_start(self):
            self.bars("ABC", "1m")

        def on_bar(self, bar):
            self.seen += 1
            self.show(seen=self.seen)

    run = rig.run(Counting, state={"seen": 41})
    rig.until(lambda: rig.runner._series)
    rig.close_bar(1_000)
    rig.until(lambda: run.view.values)
    assert run.view.values == {"seen": "42"}


def test_bars_of_quotes_and_a_bar_that_is_revised_reach_their_run(rig):
    class Watching(Strategy):
        def on_start(self):
            self.told = []
            self.bars("ABC", "1s")
            self.bars("ABC", "1m:mid")

        def on_bar(self, bar):
            self.told.append(f"{bar.interval} {bar.volume:g}")
            self.show(told=", ".join(self.told))

        def on_bar_revised(self, bar):
            self.told.append(f"revised {bar.volume:g}")
            self.show(told=", ".join(self.told))

    run = rig.run(Watching)
    rig.until(lambda: len(rig.runner._series) == 2)
    assert {stream for symbol, stream in rig.market.subscriptions.active() if symbol == "ABC"} == {
        StreamKind.TRADES,
        StreamKind.QUOTES,
    }
    began = rig.clock.now_ns()
    for price, at in ((1_000, 0), (1_001, SECOND), (1_002, 1)):
        rig.market.on_feed([Trade("ABC", price, 5, Aggressor.BUY, "", began + at, began + at)])
    rig.until(lambda: "revised" in run.view.values.get("told", ""))
    assert run.view.values == {"told": "1s 5, revised 10"}


def test_a_run_needs_an_account_and_an_id_of_its_own(rig):
    run = rig.run(Buyer)
    with pytest.raises(ValidationError):
        rig.runner.start(run.order)
    with pytest.raises(NotFound):
        rig.runner.run("R9")
    assert rig.runner.run("R1") is run
    assert run.view.account == ACCOUNT


def test_what_a_run_listened_to_is_given_up_with_it(rig):
    run = rig.run(Buyer)
    rig.until(lambda: rig.runner._streams)
    assert len(rig.market.subscriptions) == 1
    run.stop("enough")
    rig.ended(run)
    assert len(rig.market.subscriptions) == 0


def _busy(run):
    """Wait until the run's callback has begun: the virtual clock counts from there."""
    while run.thread._since == 0:
        pass


def _idle(run):
    """Wait until the run's callback has returned."""
    while run.thread._since != 0:
        pass
