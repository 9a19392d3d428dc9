"""Faults that seeds of the simulation found, each pinned by the smallest story that shows it."""

from __future__ import annotations

from tests.helpers.core_rig import ACCOUNT, SCRIPT, CoreRig
from tests.helpers.simulation import Simulation
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import MARGIN_ACCOUNT, SimVenue
from workstation.domain.events import CancelRejected, ReplaceRejected
from workstation.domain.orders import CancelOrder, OrderTerms, OrdStatus, OrdType, ReplaceOrder, RequestKind, Side
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import FillReport, QueryAnswer, SendOutcome

START_NS = 1_795_000_000 * 10**9
SETTLED_NS = 100_000_000


class Bench:
    """A venue on virtual time with one order of 5 bought at the market."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START_NS)
        self.venue = SimVenue(self.clock, self.clock, 1, SimPlan(ticks_per_s=0))
        self.reports: list[object] = []
        self.venue.start()
        self.venue.broker.connect(self.reports.extend)
        terms = OrderTerms(symbol="AAPL", account=MARGIN_ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=5)
        self.venue.broker.submit("one", terms)
        self.settle()

    def settle(self) -> None:
        self.clock.advance(SETTLED_NS)


def test_the_venue_answers_with_the_fills_that_stand():
    bench = Bench()
    bench.venue.faults.arm("bust", symbol="AAPL")
    bench.venue.broker.ask(1, MARGIN_ACCOUNT, ("one",), 0)
    bench.settle()
    (answer,) = [report for report in bench.reports if isinstance(report, QueryAnswer)]
    (order,) = answer.closed_orders
    assert (order.cum_qty, order.cost) == (0, 0)


def test_a_fill_of_an_order_from_elsewhere_passes_the_faults_about_orders():
    bench = Bench()
    bench.venue.faults.arm("overfill")
    bench.venue.faults.arm("unknown_order", symbol="AAPL", account=MARGIN_ACCOUNT, qty=3)
    bench.settle()
    fills = [report.execution.last_qty for report in bench.reports if isinstance(report, FillReport)]
    assert fills[-1] == 3


def test_a_change_that_was_settled_while_the_disk_was_slow_is_not_sent_with_the_terms_of_the_next():
    rig = CoreRig(instant=False)
    order = rig.submit()
    rig.commit()
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, price=9_990))
    first_seq = rig.journal.last_seq
    requested = rig.order(order.cl_ord_id)
    assert requested.pending_terms is not None
    _refuse(rig, order.cl_ord_id)
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, price=9_980))
    before = len([call for call in rig.broker.calls if call.kind == "replace"])
    rig.journal.commit(first_seq)
    assert len([call for call in rig.broker.calls if call.kind == "replace"]) == before
    rig.commit()
    sent = [call.terms.price for call in rig.broker.calls if call.kind == "replace"]
    assert sent == [9_980]


def test_a_cancel_that_waits_for_the_disk_is_not_taken_for_refused_because_a_change_before_it_is_unknown():
    rig = CoreRig(instant=False)
    order = rig.submit()
    rig.commit()
    rig.broker.auto = False
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, price=9_990))
    rig.commit()
    rig.broker.sent(order.cl_ord_id, RequestKind.REPLACE, SendOutcome.UNKNOWN, text="reset")
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT))
    rig.desk.reconcile(ACCOUNT, "test")
    assert not rig.broker.of("cancel")
    assert rig.order(order.cl_ord_id).status is OrdStatus.PENDING_CANCEL
    rig.commit()
    assert len(rig.broker.of("cancel")) == 1


def test_a_cancel_that_was_told_as_refused_while_the_disk_was_slow_does_not_go_out_after_all():
    rig = CoreRig(instant=False)
    order = rig.submit()
    rig.commit()
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT))
    rig.record(CancelRejected(cl_ord_id=order.cl_ord_id, ts=rig.now, code="STILL_LIVE", text="still working"))
    rig.commit()
    rig.clock.advance(SETTLED_NS)
    assert not rig.broker.of("cancel")
    assert rig.order(order.cl_ord_id).status is OrdStatus.SUBMITTED


def _refuse(rig: CoreRig, cl_ord_id: str) -> None:
    rig.record(ReplaceRejected(cl_ord_id=cl_ord_id, ts=rig.now, code="NOT_CHANGED", text="still on the old terms"))


def test_seeds_that_were_red_once_stay_green():
    for seed in (84, 1268):
        assert Simulation(seed).run() == [], seed
