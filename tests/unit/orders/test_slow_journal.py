"""A journal that stores slowly: new risk is refused with the reason and never goes out late; exits go on."""

from __future__ import annotations

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, Side

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
    assert (denial.code, denial.value, denial.limit) == ("STORAGE_BUSY", "5 s", "4 s")
    assert denial.text == "Refused: the journal has not stored a request for 5 s, at most 4 s is allowed."
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


def test_a_full_queue_of_the_journal_refuses_by_value_and_limit():
    rig = CoreRig()
    rig.journal.fill_ratio = 1.0
    denial = rig.desk.submit(rig.command()).denial
    assert (denial.code, denial.value, denial.limit) == ("STORAGE_BUSY", "100%", "less than 100%")
    assert denial.text == "Refused: the journal's queue is 100% full, less than 100% is required."


def working_pair():
    """Return a core with two working orders, whose journal stores by hand."""
    rig = CoreRig(instant=False)
    orders = [rig.desk.submit(rig.command()).order for _ in range(2)]
    rig.commit()
    return rig, orders


def change(rig, order, **fields):
    return rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, **fields))


def test_a_change_that_adds_risk_and_is_stored_late_is_not_sent_and_the_order_lives_on_its_old_terms():
    rig, (order, _) = working_pair()
    change(rig, order, order_qty=200)
    rig.clock.advance(5 * SECOND)
    rig.commit()
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.order_qty, after.pending_terms) == (S.SUBMITTED, 100, None)
    assert after.text == "the journal took 5 s to store it, at most 4 s is allowed"
    assert rig.broker.of("replace") == []


def test_a_change_is_refused_while_another_request_waits_too_long():
    rig, (order, other) = working_pair()
    change(rig, order, order_qty=200)
    rig.clock.advance(5 * SECOND)
    denial = change(rig, other, order_qty=200).denial
    assert (denial.code, denial.value, denial.limit) == ("STORAGE_BUSY", "5 s", "4 s")
    rig.commit()
    assert change(rig, other, order_qty=200).denial is None, "once it has caught up"


def test_a_change_that_takes_risk_away_goes_out_however_late():
    rig = CoreRig(instant=False)
    entry = rig.desk.submit(rig.command()).order
    rig.commit()
    rig.broker.fill(entry.cl_ord_id, 100, 10_000)
    exit_ = rig.desk.submit(rig.command(rig.terms(Side.SELL, 100, 10_000))).order
    rig.commit()
    change(rig, exit_, price=9_990)
    rig.clock.advance(30 * SECOND)
    rig.commit()
    assert rig.order(exit_.cl_ord_id).terms.price == 9_990
