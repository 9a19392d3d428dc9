"""What is not known stays UNKNOWN until the venue says, or denies often and long enough."""

from __future__ import annotations

import msgspec

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, RequestKind
from workstation.orders.results import OrderAlert
from workstation.ports.broker import SendOutcome, UnreadableReport

S = OrdStatus


def silent(rig):
    """Make the venue take orders and say nothing."""
    rig.broker.auto = False
    return rig


def test_a_request_without_an_answer_becomes_unknown_never_rejected():
    rig = silent(CoreRig())
    rig.broker.answering = False
    order = rig.submit()
    rig.clock.advance(8 * SECOND)
    doubtful = rig.order(order.cl_ord_id)
    assert (doubtful.status, doubtful.unknown) == (S.PENDING_SUBMIT, RequestKind.SUBMIT)
    assert doubtful.leaves_qty == 100
    assert len(rig.broker.of("submit")) == 1


def test_an_unknown_order_that_the_venue_holds_is_adopted():
    rig = silent(CoreRig())
    order = rig.submit()
    rig.clock.advance(8 * SECOND)
    found = rig.order(order.cl_ord_id)
    assert (found.status, found.unknown, found.order_id) == (S.SUBMITTED, None, "V1")


def test_absence_is_proven_by_three_rounds_over_fifteen_seconds():
    rig = silent(CoreRig())
    order = rig.submit()
    rig.broker.forget.add(order.cl_ord_id)
    rig.clock.advance(14 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is RequestKind.SUBMIT
    rig.clock.advance(10 * SECOND)
    closed = rig.order(order.cl_ord_id)
    assert (closed.status, closed.reject_code) == (S.REJECTED, "NOT_SENT")
    assert len(rig.broker.of("submit")) == 1
    assert "NEVER_ARRIVED" in [alert.code for alert in rig.said(OrderAlert)]


def test_a_venue_whose_query_is_not_complete_never_proves_absence():
    rig = silent(CoreRig(card=msgspec.structs.replace(CARD, query_complete=False)))
    order = rig.submit()
    rig.broker.forget.add(order.cl_ord_id)
    rig.clock.advance(120 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is RequestKind.SUBMIT


def test_an_unanswered_venue_proves_nothing():
    rig = silent(CoreRig())
    rig.broker.answering = False
    order = rig.submit()
    rig.clock.advance(300 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is RequestKind.SUBMIT


def test_an_unknown_order_can_still_be_cancelled_by_its_client_id():
    rig = silent(CoreRig())
    rig.broker.answering = False
    order = rig.submit()
    rig.broker.sent(order.cl_ord_id, outcome=SendOutcome.UNKNOWN, text="reset")
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    assert [call.order_id for call in rig.broker.of("cancel")] == [""]


def test_an_order_that_never_arrived_is_closed_though_its_cancel_is_unknown_too():
    rig = silent(CoreRig())
    order = rig.submit()
    rig.broker.forget.add(order.cl_ord_id)
    rig.broker.sent(order.cl_ord_id, outcome=SendOutcome.UNKNOWN, text="reset")
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.broker.sent(order.cl_ord_id, RequestKind.CANCEL, SendOutcome.UNKNOWN, text="reset")
    assert rig.order(order.cl_ord_id).unknown is RequestKind.CANCEL
    rig.clock.advance(60 * SECOND)
    closed = rig.order(order.cl_ord_id)
    assert (closed.status, closed.reject_code) == (S.REJECTED, "NOT_SENT")


def test_an_unknown_cancel_of_a_live_order_gives_the_state_back():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.clock.advance(8 * SECOND)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.SUBMITTED, None)


def test_an_unknown_change_takes_the_terms_that_the_venue_works_on():
    rig = CoreRig()
    order, other = rig.submit(), rig.submit()
    rig.broker.auto = False
    for row in (order, other):
        rig.desk.replace(ReplaceOrder(cl_ord_id=row.cl_ord_id, origin=HAND, price=9_990))
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, terms=rig.terms(price=9_990))
    rig.clock.advance(8 * SECOND)
    assert rig.order(order.cl_ord_id).terms.price == 9_990
    assert rig.order(other.cl_ord_id).terms.price == 10_000
    assert {rig.order(row.cl_ord_id).status for row in (order, other)} == {S.SUBMITTED}


def test_an_unreadable_report_marks_the_order_and_guesses_nothing():
    rig = CoreRig()
    rig.broker.answering = False
    order = rig.submit()
    rig.broker.say(UnreadableReport(venue="FAKE", raw="{?", reason="not JSON", cl_ord_id=order.cl_ord_id))
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.SUBMITTED, RequestKind.STATUS)


def test_a_slow_disk_is_not_an_unknown_outcome():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.clock.advance(30 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is None
    rig.commit()
    assert (rig.order(order.cl_ord_id).reject_code, rig.broker.of("submit")) == ("NOT_SENT", [])


def test_a_fill_settles_an_unknown_submission():
    rig = silent(CoreRig())
    rig.broker.answering = False
    order = rig.submit()
    rig.broker.sent(order.cl_ord_id, outcome=SendOutcome.UNKNOWN)
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.FILLED, None)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 100
