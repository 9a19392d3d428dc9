"""A second change while the first is not settled: the newest wish goes out after it, a cancel drops it."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SCRIPT, SECOND, CoreRig
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.events import ReplaceDenied
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, Side
from workstation.orders.results import OrderAlert
from workstation.ports.broker import SessionState

S = OrdStatus


def change(rig, order, *, origin=HAND, **fields):
    return rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=origin, **fields))


def changing(qty: int = 100):
    """Return a core and an order whose change to 99.90 the venue has not answered."""
    rig = CoreRig()
    order = rig.submit(qty=qty)
    rig.broker.auto = False
    change(rig, order, price=9_990)
    return rig, order


def confirm(rig, order):
    rig.broker.replaced(order.cl_ord_id, rig.order(order.cl_ord_id).pending_terms)


def asked(rig):
    """Return price and quantity of each change that reached the venue."""
    return [(call.terms.price, call.terms.order_qty) for call in rig.broker.of("replace")]


def test_the_second_change_waits_says_so_and_goes_out_once_the_first_is_confirmed():
    rig, order = changing()
    waiting = change(rig, order, order_qty=200).order
    assert asked(rig) == [(9_990, 100)]
    assert waiting.text == "Waits: the change before it is not settled; then quantity 200"
    assert (waiting.status, waiting.waits_for) == (S.PENDING_REPLACE, waiting.text)
    confirm(rig, order)
    assert asked(rig) == [(9_990, 100), (9_990, 200)]
    assert (rig.order(order.cl_ord_id).queued, rig.order(order.cl_ord_id).text) == (None, "")
    confirm(rig, order)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.price, after.terms.order_qty) == (S.SUBMITTED, 9_990, 200)


def test_the_second_change_goes_out_on_the_old_terms_once_the_first_is_refused():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.broker.refuse_replace(order.cl_ord_id)
    assert asked(rig) == [(9_990, 100), (10_000, 200)], "what was refused is not asked for again"


def test_a_later_wish_takes_the_place_of_an_earlier_one_and_says_so():
    rig, order = changing()
    change(rig, order, price=9_980)
    waiting = change(rig, order, price=9_970).order
    words = "Waits: the change before it is not settled; then price 99.70, instead of the change that waited before"
    assert waiting.text == words
    confirm(rig, order)
    assert asked(rig) == [(9_990, 100), (9_970, 100)]


def test_a_cancel_drops_the_wish_for_good_even_when_it_is_refused():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    dropped = rig.order(order.cl_ord_id)
    assert (dropped.status, dropped.queued, dropped.waits_for) == (S.PENDING_CANCEL, None, "")
    confirm(rig, order)
    rig.broker.refuse_cancel(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    assert asked(rig) == [(9_990, 100)]


def test_a_cancel_that_is_kept_for_the_next_session_drops_the_wish_too():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.down()
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    kept = rig.order(order.cl_ord_id)
    assert (kept.cancel_requested_at is not None, kept.queued, kept.text) == (True, None, "")


def test_an_order_that_fills_meanwhile_takes_its_wish_with_it():
    rig, order = changing()
    change(rig, order, price=9_980)
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.queued, after.text, after.waits_for) == (S.FILLED, None, "", "")
    assert asked(rig) == [(9_990, 100)]


def test_a_wish_that_takes_risk_away_survives_a_kill_and_goes_out_once_book_and_venue_agree():
    rig = CoreRig()
    rig.position(100)
    order = rig.submit(Side.SELL, 100, 10_000)
    rig.broker.auto = False
    change(rig, order, price=9_990)
    change(rig, order, price=9_980)
    again = rig.restart(connect=False)
    assert again.order(order.cl_ord_id).queued.price == 9_980
    assert again.broker.orders[order.cl_ord_id].terms.price == 10_000, "the venue never did the first"
    assert asked(again) == [(9_990, 100)]
    again.broker.connect(again.desk.on_reports)
    again.clock.advance(SECOND)
    assert asked(again) == [(9_990, 100), (9_980, 100)], "and is asked for the second alone, once"


def test_a_wish_that_adds_risk_survives_a_kill_and_is_then_given_up_as_nobody_has_armed_hand_entry():
    rig, order = changing()
    change(rig, order, order_qty=200)
    again = rig.restart(connect=False)
    assert again.order(order.cl_ord_id).queued.order_qty == 200
    again.broker.connect(again.desk.on_reports)
    again.clock.advance(SECOND)
    after = again.order(order.cl_ord_id)
    assert (after.status, after.queued, asked(again)) == (S.SUBMITTED, None, [(9_990, 100)])
    assert "CHANGE_DROPPED" in [alert.code for alert in again.said(OrderAlert)]
    assert "armed" in after.text


def test_a_wish_waits_on_while_its_account_is_locked():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.lock()
    confirm(rig, order)
    waiting = rig.order(order.cl_ord_id)
    assert (waiting.status, waiting.queued.order_qty) == (S.SUBMITTED, 200)
    assert waiting.waits_for.startswith("Waits: ")
    assert asked(rig) == [(9_990, 100)]
    rig.desk.reconcile(ACCOUNT, "test")
    assert asked(rig) == [(9_990, 100), (9_990, 200)]


def test_a_wish_that_the_gate_refuses_by_then_is_dropped_and_told():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.prices.quote("ABC", None, None, fresh=False)
    confirm(rig, order)
    after = rig.order(order.cl_ord_id)
    (told,) = [alert for alert in rig.said(OrderAlert) if alert.code == "CHANGE_DROPPED"]
    assert (after.status, after.queued, after.terms.order_qty) == (S.SUBMITTED, None, 100)
    assert told.text.startswith("The change that waited was not sent: Refused")
    assert after.text == told.text
    assert len(rig.said(ReplaceDenied)) == 1


def test_a_wish_that_is_refused_at_once_is_not_kept():
    rig, order = changing()
    rig.prices.quote("ABC", None, None, fresh=False)
    assert change(rig, order, order_qty=200).denial is not None
    assert rig.order(order.cl_ord_id).queued is None


def test_a_wish_that_is_in_force_already_is_dropped_without_a_word():
    rig, order = changing()
    change(rig, order, price=9_980)
    rig.broker.replaced(order.cl_ord_id, rig.terms(price=9_980))
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.queued, after.text) == (S.SUBMITTED, None, "")
    assert asked(rig) == [(9_990, 100)]
    assert [alert for alert in rig.said(OrderAlert) if alert.code == "CHANGE_DROPPED"] == []


def test_a_quantity_below_what_filled_is_refused_and_one_that_filled_meanwhile_is_dropped():
    rig, order = changing()
    change(rig, order, order_qty=50)
    rig.broker.fill(order.cl_ord_id, 60, 10_000)
    with pytest.raises(ValidationError):
        change(rig, order, order_qty=50)
    confirm(rig, order)
    assert asked(rig) == [(9_990, 100)]
    assert rig.order(order.cl_ord_id).text == "The change that waited was not sent: its quantity has filled meanwhile"


def test_a_wish_goes_over_to_the_order_that_the_venue_made_of_it():
    rig, order = changing()
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    change(rig, order, order_qty=150)
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders["OMS-next"] = held
    rig.broker.replaced(
        order.cl_ord_id, rig.order(order.cl_ord_id).pending_terms, new_cl_ord_id="OMS-next", order_id="V77"
    )
    old, new = rig.order(order.cl_ord_id), rig.order("OMS-next")
    assert (old.status, old.queued, new.status, new.terms.order_qty) == (S.REPLACED, None, S.PENDING_REPLACE, 70)
    sent = rig.broker.of("replace")[-1]
    assert (sent.cl_ord_id, sent.order_id, sent.terms.order_qty) == ("OMS-next", "V77", 120)


def test_a_script_is_told_the_conflict_and_a_stale_screen_too():
    rig, order = changing()
    with pytest.raises(StateConflict):
        change(rig, order, origin=SCRIPT, order_qty=200)
    with pytest.raises(StateConflict, match="version"):
        change(rig, order, order_qty=200, version=order.version)
    assert rig.order(order.cl_ord_id).queued is None


def test_a_lost_session_leaves_the_wish_until_the_first_is_settled():
    rig, order = changing()
    change(rig, order, order_qty=200)
    rig.down()
    unknown = rig.order(order.cl_ord_id)
    assert (unknown.unknown is not None, unknown.queued is not None) == (True, True)
    rig.broker.session(SessionState.UP)
    rig.clock.advance(SECOND)
    assert asked(rig) == [(9_990, 100), (10_000, 200)]
