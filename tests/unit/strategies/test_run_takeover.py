"""A person who changes an order of a run by hand has it from then on: the run is told and leaves it alone."""

import pytest

from tests.helpers.core_rig import HAND, SCRIPT
from tests.helpers.runner_rig import RunnerRig, RunStatus
from workstation.domain.events import OrderHandedOver
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder
from workstation.strategies.api import Strategy, StrategyParameters
from workstation.strategies.runs import RunLine
from workstation.strategies.views import Policy


class Quoter(Strategy):
    """Bids once, then does to its order what the size of the bid says; shows whose it hears that it is."""

    class Parameters(StrategyParameters):
        """What to bid for."""

        symbol: str = "ABC"

    def on_start(self) -> None:
        self.quotes(self.parameters.symbol)
        self.mine, self.wishes = "", 0

    def on_quote(self, quote) -> None:
        if not self.mine:
            self.mine = self.buy(quote.symbol, 10, limit=quote.bid)
            return
        wish = ("replace", "cancel", "cancel_all")[self.wishes % 3]
        self.wishes += 1
        if wish == "replace":
            self.replace(self.mine, limit=quote.bid)
        elif wish == "cancel":
            self.cancel(self.mine)
        else:
            self.cancel_all(quote.symbol)
        self.show(wishes=self.wishes)

    def on_order(self, order) -> None:
        self.show(owner=order.taken_by or "run", listed=self.orders()[0].taken_by if self.orders() else "none")

    def on_fill(self, fill) -> None:
        self.show(held=self.position(fill.symbol))


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    made.close()


def bid(rig, **fields):
    run = rig.run(Quoter, **fields)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    rig.broker.accept("R1-1")
    return run


def moved(rig, origin=HAND, price=9_980):
    rig.desk.replace(ReplaceOrder(cl_ord_id="R1-1", origin=origin, price=price))


def wish(rig, run, number):
    rig.quote(9_900, 9_910)
    rig.until(lambda: run.view.values.get("wishes") == str(number))


def told(rig, event="TAKEN"):
    return [line.text for line in rig.said(RunLine) if line.event_type == event]


def test_an_order_moved_by_hand_is_the_person_s_and_the_run_hears_it_and_leaves_it_alone(rig):
    run = bid(rig)
    moved(rig)
    rig.until(lambda: run.view.values.get("owner") == "tester")
    assert run.view.values["listed"] == "tester", "it is among the run's open orders still"
    assert told(rig) == ["tester takes order R1-1 over: the run leaves it alone until it is given back."]
    calls = len(rig.broker.calls)
    for number in (1, 2, 3):
        wish(rig, run, number)
    order = rig.order("R1-1")
    assert (order.status, order.terms.price, order.taken_by) == (OrdStatus.SUBMITTED, 9_980, "tester")
    assert len(rig.broker.calls) == calls
    assert told(rig)[1:] == ["Order R1-1 is tester's: it is left as it is; the run wished to replace it."]
    assert run.status is RunStatus.RUNNING


def test_its_fills_are_the_run_s_still_and_the_end_of_the_run_leaves_it_working(rig):
    run = bid(rig, policy=Policy.CANCEL)
    moved(rig)
    rig.broker.fill("R1-1", 4, 9_980)
    rig.until(lambda: run.view.values.get("held") == "4")
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert [order.cl_ord_id for order in rig.working()] == ["R1-1"]
    assert rig.broker.of("cancel") == []


def test_an_order_given_back_is_the_run_s_to_change_again(rig):
    run = bid(rig)
    moved(rig)
    rig.until(lambda: run.view.values.get("owner") == "tester")
    rig.record(OrderHandedOver(cl_ord_id="R1-1", ts=rig.now, owner="", origin=HAND))
    rig.until(lambda: run.view.values.get("owner") == "run")
    assert told(rig)[-1] == "tester gives order R1-1 back to the run."
    wish(rig, run, 1)
    assert rig.order("R1-1").terms.price == 9_900


def test_a_script_s_change_takes_nothing_over(rig):
    run = bid(rig)
    moved(rig, origin=SCRIPT)
    assert rig.order("R1-1").taken_by == ""
    wish(rig, run, 1)
    assert rig.order("R1-1").terms.price == 9_900


def test_a_change_that_is_refused_takes_nothing_over(rig):
    bid(rig)
    rig.lock()
    rig.desk.replace(ReplaceOrder(cl_ord_id="R1-1", origin=HAND, order_qty=5_000))
    assert rig.order("R1-1").taken_by == ""


def test_an_order_that_the_venue_replaces_by_another_stays_the_person_s(rig):
    bid(rig)
    rig.broker.auto = False
    moved(rig)
    rig.broker.replaced("R1-1", rig.order("R1-1").pending_terms, new_cl_ord_id="V-2", order_id="V-2")
    assert rig.order("V-2").taken_by == "tester"


def test_a_cancel_by_hand_still_ends_it_and_a_restart_remembers_whose_it_is(rig):
    bid(rig)
    moved(rig)
    again = type(rig.state)(rig.state.instruments)
    again.load(rig.state.state())
    assert again.book.get("R1-1").taken_by == "tester"
    rig.desk.cancel(CancelOrder(cl_ord_id="R1-1", origin=HAND))
    rig.broker.cancelled("R1-1")
    assert rig.order("R1-1").status is OrdStatus.CANCELLED
