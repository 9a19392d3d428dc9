"""Changes of live orders: judged first, in force by the venue's word, exact about what is left."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SCRIPT, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.events import ReplaceDenied
from workstation.domain.orders import CancelOrder, OrdStatus, OrdType, ReplaceOrder, Side, Trail, TrailKind
from workstation.ports.broker import ReplaceKind

S = OrdStatus


def change(rig, order, **fields):
    return rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, **fields))


def test_old_terms_stay_in_force_until_the_venues_word():
    rig = CoreRig()
    order = rig.submit(qty=100, price=10_000)
    rig.broker.auto = False
    pending = change(rig, order, price=9_990).order
    assert (pending.status, pending.terms.price, pending.pending_terms.price) == (S.PENDING_REPLACE, 10_000, 9_990)
    rig.broker.replaced(order.cl_ord_id, pending.pending_terms)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.price, after.pending_terms) == (S.SUBMITTED, 9_990, None)


def test_a_change_waits_for_the_disk():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    change(rig, order, order_qty=200)
    rig.clock.advance(10**9)
    assert rig.broker.of("replace") == []
    rig.commit()
    assert len(rig.broker.of("replace")) == 1


def test_a_change_that_cannot_be_stored_is_refused_here():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    change(rig, order, order_qty=200)
    rig.journal.fail()
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.pending_terms) == (S.SUBMITTED, None)
    assert rig.broker.of("replace") == []


def test_what_is_left_is_the_new_quantity_less_what_filled():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    change(rig, order, order_qty=80)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.leaves_qty, after.cum_qty) == (S.PARTIALLY_FILLED, 50, 30)


def test_a_new_quantity_at_what_filled_means_filled():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    change(rig, order, order_qty=30)
    assert rig.order(order.cl_ord_id).status is S.FILLED
    assert rig.order(order.cl_ord_id).overfill_qty == 0


def test_a_refused_change_leaves_the_order_live_on_old_terms():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    change(rig, order, price=9_990)
    rig.broker.refuse_replace(order.cl_ord_id)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.price) == (S.SUBMITTED, 10_000)


def test_fills_while_pending_carry_the_old_terms():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.auto = False
    change(rig, order, order_qty=200)
    rig.broker.fill(order.cl_ord_id, 40, 10_000)
    pending = rig.order(order.cl_ord_id)
    assert (pending.status, pending.leaves_qty) == (S.PENDING_REPLACE, 60)
    rig.broker.replaced(order.cl_ord_id, pending.pending_terms)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.leaves_qty) == (S.PARTIALLY_FILLED, 160)


def test_a_cancel_wins_over_a_pending_change():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    change(rig, order, price=9_990)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    assert rig.order(order.cl_ord_id).status is S.PENDING_CANCEL
    rig.broker.replaced(order.cl_ord_id, rig.terms(price=9_990))
    assert rig.order(order.cl_ord_id).status is S.PENDING_CANCEL
    assert rig.order(order.cl_ord_id).terms.price == 9_990
    rig.broker.refuse_cancel(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_venue_that_replaces_by_a_new_id_makes_a_chain():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    rig.broker.auto = False
    pending = change(rig, order, order_qty=150).order
    rig.broker.replaced(order.cl_ord_id, pending.pending_terms, new_cl_ord_id="OMS-next", order_id="V77")
    old, new = rig.order(order.cl_ord_id), rig.order("OMS-next")
    assert (old.status, old.replaced_by, old.cum_qty, old.leaves_qty) == (S.REPLACED, "OMS-next", 30, 0)
    assert (new.status, new.replaces, new.terms.order_qty, new.order_id) == (S.SUBMITTED, old.cl_ord_id, 120, "V77")
    assert len(list(rig.state.book.open_orders())) == 1


def test_state_version_and_filled_quantity_guard_a_change():
    rig = CoreRig()
    order = rig.submit()
    with pytest.raises(StateConflict):
        change(rig, order, price=9_990, version=order.version + 5)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    with pytest.raises(ValidationError):
        change(rig, order, order_qty=20)
    rig.broker.auto = False
    change(rig, order, price=9_990)
    with pytest.raises(StateConflict):
        rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, price=9_980))


def test_a_venue_without_changes_refuses_with_a_way_out():
    rig = CoreRig(card=msgspec.structs.replace(CARD, replace=ReplaceKind.NONE))
    order = rig.submit()
    assert change(rig, order, price=9_990).denial.code == "UNSUPPORTED_ORDER"


def test_a_lock_while_the_disk_is_busy_refuses_a_change_that_adds_risk():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    change(rig, order, order_qty=200)
    rig.lock()
    assert rig.broker.of("replace") == []
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_notes_change_nothing_that_a_venue_sees():
    rig = CoreRig()
    order = rig.submit()
    calls = len(rig.broker.calls)
    noted = rig.desk.annotate(order.cl_ord_id, HAND, "why", {"plan": "a"}).order
    assert (noted.notes, noted.metadata, noted.status) == ("why", {"plan": "a"}, S.SUBMITTED)
    assert rig.desk.annotate(order.cl_ord_id, HAND, "why", {"plan": "a"}).seq == 0
    assert len(rig.broker.calls) == calls
    rig.broker.cancelled(order.cl_ord_id)
    with pytest.raises(StateConflict):
        rig.desk.annotate(order.cl_ord_id, HAND, "late", {})


def test_a_refused_change_is_journaled_with_its_rule_and_leaves_the_order_alone():
    rig = CoreRig(limits=True)
    order = rig.submit(qty=10)
    result = change(rig, order, order_qty=1_000_000)
    denied = [event for event in rig.journal.replayed() if isinstance(event, ReplaceDenied)]
    assert [(event.rule.code, event.terms.order_qty) for event in denied] == [(result.denial.code, 1_000_000)]
    assert result.seq == rig.journal.last_seq
    assert rig.order(order.cl_ord_id) == order


def test_a_refusal_of_a_change_is_published_where_the_journal_cannot_take_it():
    rig = CoreRig()
    order = rig.submit(qty=10)
    rig.journal.trouble = "disk full"
    before = rig.journal.last_seq
    assert change(rig, order, order_qty=20).denial.code == "STORAGE_UNAVAILABLE"
    assert (len(rig.said(ReplaceDenied)), rig.journal.last_seq) == (1, before)


def trailing(rig, **fields):
    return rig.submit(
        Side.SELL, 100, None, ord_type=OrdType.TRAILING_STOP, stop_px=9_900, trail=Trail(TrailKind.PRICE, 50, **fields)
    )


def test_a_venue_that_moves_a_trigger_itself_is_told_of_one_only_where_the_change_names_it():
    rig = CoreRig()
    order = trailing(rig)
    change(rig, order, order_qty=80)
    change(rig, order, trail=Trail(TrailKind.TICKS, 30))
    change(rig, order, stop_px=9_950)
    asked = [call.terms for call in rig.broker.of("replace")]
    assert [(terms.order_qty, terms.trail, terms.stop_px) for terms in asked] == [
        (80, Trail(TrailKind.PRICE, 50), None),
        (80, Trail(TrailKind.TICKS, 30), None),
        (80, Trail(TrailKind.TICKS, 30), 9_950),
    ]


def test_a_trail_whose_change_got_lost_is_adopted_as_the_venue_has_it():
    rig = CoreRig()
    order = trailing(rig)
    held = rig.broker.orders[order.cl_ord_id]
    theirs = msgspec.structs.replace(order.terms, trail=Trail(TrailKind.PRICE, 30))
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, terms=theirs)
    rig.desk.reconcile(ACCOUNT, "test")
    assert rig.order(order.cl_ord_id).terms.trail == Trail(TrailKind.PRICE, 30)


def test_a_trail_that_begins_later_at_a_venue_is_changed_there_and_one_that_has_begun_is_not_asked():
    rig = CoreRig()
    waits, begun = trailing(rig, activation_px=10_100), trailing(rig)
    assert change(rig, waits, activation_px=10_200).denial is None
    assert rig.order(waits.cl_ord_id).terms.trail.activation_px == 10_200
    assert change(rig, begun, activation_px=10_200).denial.code == "ACTIVATION_PASSED"
    assert [call.cl_ord_id for call in rig.broker.of("replace")] == [waits.cl_ord_id]
