"""A filled quantity that is another at the venue: a missed fill is fetched at once, one told twice is seen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, HAND, SYMBOL, CoreRig
from workstation.domain.accounts import LockState
from workstation.domain.orders import OrdStatus, ReplaceOrder
from workstation.orders.results import OrderAlert, Severity
from workstation.ports.broker import ExecType, FillReport

S = OrdStatus


def lock_of(rig):
    return rig.state.controls.locks.state(ACCOUNT)


def suspects(rig):
    return [alert for alert in rig.said(OrderAlert) if alert.code == "FILL_SUSPECT"]


def told_twice(rig, execution):
    """Let the venue tell a fill again by another channel, which gives it another key."""
    rig.broker.say(FillReport(execution=replace(execution, exec_key=f"drop-{execution.exec_key}", exec_id="drop")))


def test_a_fill_that_was_missed_is_fetched_as_soon_as_the_venue_counts_it():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 20, 10_000)
    missed = rig.broker.trade(order.cl_ord_id, 30, 9_990)
    rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=50)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.cum_qty, after.cost) == (S.PARTIALLY_FILLED, 50, 20 * 10_000 + 30 * 9_990)
    assert missed.exec_key in {fill.exec_key for fill in rig.state.book.fills(order.cl_ord_id)}
    assert not any(fill.synthetic for fill in rig.state.book.fills(order.cl_ord_id)), "the real one"
    assert suspects(rig) == []


def test_the_end_of_an_order_tells_of_a_fill_that_was_missed_before_it():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.trade(order.cl_ord_id, 40, 10_000)
    rig.broker._end(order.cl_ord_id, S.CANCELLED)
    rig.broker.report(order.cl_ord_id, ExecType.CANCELLED, cum_qty=40)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.cum_qty) == (S.CANCELLED, 40)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 40


def test_a_fill_told_twice_under_two_keys_is_suspect_and_locks_by_the_venues_own_position():
    rig = CoreRig()
    order = rig.submit(qty=100)
    told_twice(rig, rig.broker.fill(order.cl_ord_id, 40, 10_000))
    assert rig.order(order.cl_ord_id).cum_qty == 80, "nothing tells the second from a fill of its own yet"
    assert lock_of(rig) is LockState.UNLOCKED
    rig.broker.cancelled(order.cl_ord_id)
    rig.broker.report(order.cl_ord_id, ExecType.CANCELLED, cum_qty=40)
    (alert,) = suspects(rig)
    assert alert.severity is Severity.WARNING
    assert alert.text == f"Perhaps a fill told twice: 80 of order {order.cl_ord_id} filled here, 40 at the venue."
    assert lock_of(rig) is LockState.LOCKED
    assert [(row.symbol, row.ours, row.theirs) for row in rig.desk.breaks(ACCOUNT)] == [(SYMBOL, 80, 40)]


def test_a_fill_told_twice_beyond_the_quantity_locks_at_once():
    rig = CoreRig()
    order = rig.submit(qty=100)
    told_twice(rig, rig.broker.fill(order.cl_ord_id, 100, 10_000))
    assert rig.order(order.cl_ord_id).overfill_qty == 100
    assert lock_of(rig) is LockState.LOCKED
    assert [(row.ours, row.theirs) for row in rig.desk.breaks(ACCOUNT)] == [(200, 100)]


def test_a_true_overfill_agrees_with_the_venue_and_locks_nothing():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 130, 10_000)
    assert (rig.order(order.cl_ord_id).overfill_qty, lock_of(rig)) == (30, LockState.UNLOCKED)


def test_a_report_from_before_the_newest_fill_starts_nothing():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 40, 10_000)
    asked = len(rig.broker.asks)
    rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=0, venue_seq=fill.venue_seq - 1)
    rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=40)
    assert (suspects(rig), len(rig.broker.asks)) == ([], asked)


def test_a_report_that_was_sent_before_the_newest_fill_starts_nothing_although_its_clock_ran_ahead():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 40, 10_000)
    asked = len(rig.broker.asks)
    early = {"venue_seq": fill.venue_seq - 1, "ts_event": fill.ts_event + 10**9}
    rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=0, **early)
    assert (suspects(rig), len(rig.broker.asks)) == ([], asked)


def test_the_same_excess_is_told_once_and_another_again():
    rig = CoreRig()
    order = rig.submit(qty=100)
    told_twice(rig, rig.broker.fill(order.cl_ord_id, 20, 10_000))
    for _ in range(3):
        rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=20)
    assert len(suspects(rig)) == 1
    told_twice(rig, rig.broker.fill(order.cl_ord_id, 10, 10_000))
    rig.broker.report(order.cl_ord_id, ExecType.ROUTED, cum_qty=30)
    assert len(suspects(rig)) == 2


def chained(rig):
    """Return an order of 120 that continues one of which 30 had filled, the venue having made a new one of it."""
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    rig.broker.auto = False
    wish = rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, order_qty=150)).order
    rig.broker.replaced(order.cl_ord_id, wish.pending_terms, new_cl_ord_id="OMS-next", order_id="V77")
    held = rig.broker.orders.pop(order.cl_ord_id)
    rig.broker.orders["OMS-next"] = replace(held, cl_ord_id="OMS-next", order_id="V77", cum_qty=0, cost=0)
    return rig.order("OMS-next")


@pytest.mark.parametrize(("counted", "looks"), [(0, False), (30, False), (10, True), (40, True)])
def test_an_order_that_continues_another_may_count_its_fills_on_or_not_and_any_other_figure_starts_a_look(
    counted, looks
):
    rig = CoreRig()
    after = chained(rig)
    assert (after.replaces != "", after.cum_qty) == (True, 0)
    asked = len(rig.broker.asks)
    rig.broker.report("OMS-next", ExecType.ROUTED, cum_qty=counted)
    assert ((len(rig.broker.asks) > asked), suspects(rig)) == (looks, [])


def test_a_bust_told_before_its_fill_takes_it_back_with_the_next_look_and_never_below_nothing():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.frozen = True
    fill = rig.broker.fill(order.cl_ord_id, 60, 10_000)
    rig.broker.bust(fill)
    first, second = rig.broker.held
    rig.broker.held.clear()
    rig.broker.frozen = False
    rig.broker.say(second)
    assert rig.order(order.cl_ord_id).cum_qty == 0
    assert "EXECUTION_SET_ASIDE" in [alert.code for alert in rig.said(OrderAlert)]
    rig.broker.say(first)
    assert rig.order(order.cl_ord_id).cum_qty == 60
    rig.desk.reconcile(ACCOUNT, "test")
    assert (rig.order(order.cl_ord_id).cum_qty, rig.state.ledger.qty(ACCOUNT, SYMBOL)) == (0, 0)
    assert lock_of(rig) is LockState.UNLOCKED


def test_an_order_that_ended_by_itself_keeps_the_venues_reason():
    rig = CoreRig()
    order = rig.submit()
    rig.broker._end(order.cl_ord_id, S.EXPIRED)
    rig.broker.report(order.cl_ord_id, ExecType.EXPIRED, text="the session closed")
    assert (rig.order(order.cl_ord_id).status, rig.order(order.cl_ord_id).text) == (S.EXPIRED, "the session closed")
