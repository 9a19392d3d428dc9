"""A journal that stores slowly: new risk is refused with the reason and never goes out late; exits go on."""

from __future__ import annotations

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig
from workstation.domain.orders import CancelOrder, OrdStatus, Side

S = OrdStatus


def waiting(seconds: float):
    """Return a core and an order that waits for its journal so long."""
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.clock.advance(int(seconds * SECOND))
    return rig, order


def test_an_order_that_is_stored_in_time_goes_out_and_others_are_taken_meanwhile():
    rig, order = waiting(4)
    other = rig.desk.submit(rig.command(rig.terms(qty=5)))
    assert other.denial is None
    rig.commit()
    assert [call.cl_ord_id for call in rig.broker.of("submit")] == [order.cl_ord_id, other.order.cl_ord_id]


def test_an_order_that_is_stored_late_is_not_sent_and_says_why():
    rig, order = waiting(5)
    rig.commit()
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.reject_code) == (S.REJECTED, "NOT_SENT")
    assert after.text == "the journal took 5 s to store it, at most 4 s is allowed"
    assert rig.broker.of("submit") == []


def test_new_risk_is_refused_by_value_and_limit_while_another_waits_too_long():
    rig, _ = waiting(5)
    denial = rig.desk.submit(rig.command(rig.terms(qty=5))).denial
    assert (denial.code, denial.value) == ("STORAGE_BUSY", "5 s")
    assert denial.text == "Refused: the journal has not stored an order for 5 s, at most 4 s is allowed."
    rig.commit()
    assert rig.desk.submit(rig.command(rig.terms(qty=5))).denial is None, "once it has caught up"


def test_an_exit_is_taken_and_goes_out_however_long_it_waited():
    rig = CoreRig(instant=False)
    entry = rig.desk.submit(rig.command()).order
    rig.commit()
    rig.broker.fill(entry.cl_ord_id, 100, 10_000)
    rig.commit()
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 100
    rig.desk.submit(rig.command(rig.terms(qty=5)))
    rig.clock.advance(5 * SECOND)
    exit_ = rig.desk.submit(rig.command(rig.terms(Side.SELL, 100, 10_000)))
    assert exit_.denial is None
    rig.clock.advance(30 * SECOND)
    rig.commit()
    assert exit_.order.cl_ord_id in [call.cl_ord_id for call in rig.broker.of("submit")]


def test_an_order_that_was_cancelled_while_it_waited_is_cancelled_and_no_refusal():
    rig, order = waiting(1)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.clock.advance(30 * SECOND)
    rig.commit()
    assert (rig.order(order.cl_ord_id).status, rig.broker.calls) == (S.CANCELLED, [])
