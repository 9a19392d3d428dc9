"""What an order may say besides its prices, and a run's bracket on its way through the desk."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.helpers.market import T0
from tests.helpers.runner_rig import RunnerRig
from tests.helpers.strategy_rig import StrategyRig
from workstation.domain.orders import Contingency, LegRole, OrdStatus, OrdType, TimeInForce
from workstation.strategies import messages as m
from workstation.strategies.api import Strategy, StrategyParameters


@pytest.mark.parametrize("tif", TimeInForce)
def test_an_order_stands_as_long_as_the_strategy_says(tif):
    rig = StrategyRig(Strategy).start()
    end = datetime.fromtimestamp(T0 // 10**9, UTC) + timedelta(hours=3, microseconds=7)
    until = {"expire": end} if tif is TimeInForce.GTD else {}
    rig.strategy.buy("ABC", 5, limit=10, tif=tif.value, **until)
    (sent,) = rig.take(m.Submit)
    assert sent.terms.time_in_force is tif
    assert sent.terms.expire_time == (T0 + 3 * 3_600 * 10**9 + 7_000 if until else None)


def test_an_order_may_hide_most_of_it_only_rest_and_only_reduce():
    rig = StrategyRig(Strategy).start()
    rig.strategy.sell("ABC", 50, limit=10, display=20, post_only=True, reduce_only=True)
    rig.strategy.sell("ABC", 50, limit=10)
    told, plain = [
        (terms.display_qty, terms.post_only, terms.reduce_only) for terms in (sent.terms for sent in rig.take(m.Submit))
    ]
    assert (told, plain) == ((20, True, True), (None, False, False))


class Telling(Strategy):
    """Buys once, as its parameters say."""

    class Parameters(StrategyParameters):
        """What it says of its order besides quantity and limit; hours: how long a dated order stands, 0 for another."""

        tif: str = "DAY"
        hours: int = 0
        display: int | None = None

    def on_start(self):
        told = self.parameters
        terms = {"tif": told.tif}
        if told.hours:
            terms["expire"] = datetime.fromtimestamp(self.now // 10**9, UTC) + timedelta(hours=told.hours)
        if told.display is not None:
            terms["display"] = told.display
        self.buy("ABC", 50, limit=10, **terms)


def at_the_venue(**parameters):
    """Return the terms of the order that a run of `Telling` sent, as the venue received them."""
    rig = RunnerRig()
    rig.run(Telling, **parameters)
    rig.until(lambda: rig.broker.of("submit"))
    (call,) = rig.broker.of("submit")
    begun_s = rig.clock.now_ns() // 10**9
    assert rig.order(call.cl_ord_id).terms == call.terms, "the order that the program keeps"
    assert (rig.close(), rig.faults) == ([], [])
    return call.terms, begun_s


@pytest.mark.parametrize("tif", TimeInForce)
def test_the_venue_is_told_how_long_the_order_of_a_run_stands(tif):
    terms, begun_s = at_the_venue(tif=tif.value, hours=3 if tif is TimeInForce.GTD else 0)
    until = (begun_s + 3 * 3_600) * 10**9 if tif is TimeInForce.GTD else None
    assert (terms.time_in_force, terms.expire_time) == (tif, until)


@pytest.mark.parametrize("shown", [None, 20])
def test_the_venue_is_told_how_much_of_the_order_of_a_run_it_may_show(shown):
    terms, _ = at_the_venue(display=shown)
    assert (terms.order_qty, terms.display_qty) == (50, shown)


class Bracketing(Strategy):
    """Buys once under the protection of a bracket."""

    def on_start(self):
        self.quotes("ABC")
        self.entry = ""

    def on_quote(self, quote):
        if not self.entry:
            self.entry = self.buy("ABC", 10, limit=quote.bid, stop_loss=98, take_profit=103)

    def on_order(self, order):
        self.show(open=len(self.orders()))


def test_a_bracket_of_a_run_protects_what_has_filled_and_a_fill_of_one_leg_ends_the_other():
    rig = RunnerRig()
    run = rig.run(Bracketing)
    rig.quote(9_990, 10_000)
    rig.until(lambda: len(rig.working()) == 3)
    legs = {order.link.role: order.cl_ord_id for order in rig.working()}
    assert legs[LegRole.ENTRY] == "R1-1"
    assert {(order.strategy_id, order.link.contingency) for order in rig.working()} == {("R1", Contingency.BRACKET)}
    rig.broker.fill("R1-1", 10, 9_990)
    stop, target = rig.order(legs[LegRole.STOP_LOSS]), rig.order(legs[LegRole.TAKE_PROFIT])
    assert (stop.terms.ord_type, stop.terms.stop_px, stop.leaves_qty) == (OrdType.STOP, 9_800, 10)
    assert (target.terms.ord_type, target.terms.price, target.leaves_qty) == (OrdType.LIMIT, 10_300, 10)
    assert (stop.terms.reduce_only, target.terms.reduce_only) == (True, True)
    rig.broker.fill(target.cl_ord_id, 10, 10_300)
    assert rig.order(stop.cl_ord_id).status is OrdStatus.CANCELLED
    rig.until(lambda: run.view.values == {"open": "0"})
    assert rig.state.ledger.position(run.view.account, "ABC", "R1").qty == 0
    assert rig.close() == []
    assert rig.faults == []
