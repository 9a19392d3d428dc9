"""Brackets, OTO and OCO: children follow fills, siblings end each other, sums hold, restarts finish what was begun."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import ValidationError
from workstation.domain.orders import (
    CancelOrder,
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    Residence,
    Side,
    SubmitGroup,
)

S = OrdStatus


def states(rig, ids):
    return [rig.order(cl_ord_id).status for cl_ord_id in ids]


def working_qty(rig, cl_ord_id):
    return rig.order(cl_ord_id).leaves_qty if rig.order(cl_ord_id).status is not S.NEW else 0


def test_a_group_is_one_transaction_and_its_legs_wait():
    rig = CoreRig()
    ids = rig.bracket()
    assert states(rig, ids) == [S.SUBMITTED, S.NEW, S.NEW]
    assert 4 in rig.journal.appends
    assert len(rig.broker.of("submit")) == 1


def test_legs_grow_with_each_fill_of_the_entry():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.fill(entry, 30, 10_000)
    assert [working_qty(rig, leg) for leg in (stop, target)] == [30, 30]
    rig.broker.fill(entry, 70, 10_000)
    assert [working_qty(rig, leg) for leg in (stop, target)] == [100, 100]
    assert len(rig.broker.of("submit")) == 3


def test_a_fill_of_one_leg_shrinks_the_other_and_its_end_ends_it():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.fill(entry, 100, 10_000)
    rig.broker.fill(target, 40, 10_500)
    assert working_qty(rig, stop) == 60
    rig.broker.fill(target, 60, 10_500)
    assert states(rig, (entry, stop, target)) == [S.FILLED, S.CANCELLED, S.FILLED]
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_legs_end_with_an_entry_that_never_filled():
    rig = CoreRig()
    ids = rig.bracket()
    rig.desk.cancel(CancelOrder(cl_ord_id=ids[0], origin=HAND))
    assert states(rig, ids) == [S.CANCELLED, S.CANCELLED, S.CANCELLED]


def test_legs_stay_for_what_a_cancelled_entry_filled():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.fill(entry, 30, 10_000)
    rig.desk.cancel(CancelOrder(cl_ord_id=entry, origin=HAND))
    assert states(rig, (entry, stop, target)) == [S.CANCELLED, S.SUBMITTED, S.SUBMITTED]
    assert working_qty(rig, stop) == 30


def test_a_completed_leg_ends_the_rest_of_the_entry():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.fill(entry, 30, 10_000)
    rig.broker.fill(stop, 30, 9_500)
    assert states(rig, (entry, stop, target)) == [S.CANCELLED, S.FILLED, S.CANCELLED]


def test_any_fill_of_an_oco_leg_cancels_the_other():
    rig = CoreRig()
    group = rig.ids.group_id()
    orders = tuple(
        rig.command(rig.terms(Side.BUY, 100, price), link=GroupLink(group, Contingency.OCO, LegRole.OCO))
        for price in (9_900, 9_800)
    )
    rig.desk.submit_group(SubmitGroup(orders=orders))
    rig.broker.fill(orders[0].cl_ord_id, 1, 9_900)
    assert states(rig, [order.cl_ord_id for order in orders]) == [S.PARTIALLY_FILLED, S.CANCELLED]


def test_an_oto_child_is_sized_in_proportion_to_its_parents_fills():
    rig = CoreRig()
    group, parent = rig.ids.group_id(), rig.ids.cl_ord_id()
    orders = (
        rig.command(cl_ord_id=parent, link=GroupLink(group, Contingency.OTO, LegRole.ENTRY)),
        rig.command(
            rig.terms(Side.BUY, 50, 9_000, symbol="XYZ"), link=GroupLink(group, Contingency.OTO, LegRole.OCO, parent)
        ),
    )
    rig.desk.submit_group(SubmitGroup(orders=orders))
    rig.broker.fill(parent, 40, 10_000)
    assert working_qty(rig, orders[1].cl_ord_id) == 20


def test_a_restart_between_fill_and_release_releases_the_legs_once():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.trade(entry, 100, 10_000)
    again = rig.restart()
    assert [working_qty(again, leg) for leg in (stop, target)] == [100, 100]
    assert len(again.broker.of("submit")) == 3
    third = again.restart()
    assert len(third.broker.of("submit")) == 3


def test_a_partial_exit_reduces_the_bracket_first():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    rig.broker.fill(entry, 100, 10_000)
    rig.flatten(portion_bps=5_000)
    kinds = [(call.kind, call.terms.order_qty) for call in rig.broker.calls[-3:]]
    assert kinds == [("replace", 50), ("replace", 50), ("submit", 50)]
    rig.broker.fill(rig.broker.of("submit")[-1].cl_ord_id, 50, 9_999)
    assert [working_qty(rig, leg) for leg in (stop, target)] == [50, 50]
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 50


def test_a_flatten_takes_the_whole_bracket_away():
    rig = CoreRig()
    ids = rig.bracket()
    rig.broker.fill(ids[0], 100, 10_000)
    rig.flatten()
    assert states(rig, ids) == [S.FILLED, S.CANCELLED, S.CANCELLED]
    assert rig.broker.of("submit")[-1].terms.order_qty == 100


def test_a_leg_that_the_venue_lacks_says_that_it_lives_here():
    types = frozenset({OrdType.MARKET, OrdType.LIMIT})
    rig = CoreRig(card=msgspec.structs.replace(CARD, ord_types=types))
    entry, stop, target = rig.bracket()
    assert rig.order(stop).residence is Residence.PROGRAM
    rig.broker.fill(entry, 30, 10_000)
    assert (rig.order(stop).status, rig.order(stop).terms.order_qty) == (S.NEW, 30)
    assert working_qty(rig, target) == 30


def test_a_denied_leg_is_stored_and_leaves_no_open_order_of_the_group():
    rig = CoreRig(limits=True)
    group = rig.ids.group_id()
    orders = tuple(
        rig.command(rig.terms(Side.BUY, qty, 9_900), link=GroupLink(group, Contingency.OCO, LegRole.OCO))
        for qty in (10, 100_000)
    )
    result = rig.desk.submit_group(SubmitGroup(orders=orders))
    assert result.denial is not None
    assert [order.status for order in result.orders] == [S.RISK_REJECTED]
    assert rig.broker.calls == []
    assert list(rig.state.book.open_orders()) == []


def test_a_group_sent_twice_is_one_group():
    rig = CoreRig()
    link = GroupLink("GRP-1", Contingency.OCO, LegRole.OCO)
    orders = tuple(rig.command(rig.terms(Side.BUY, 10, price), link=link) for price in (9_900, 9_800))
    rig.desk.submit_group(SubmitGroup(orders=orders))
    again = rig.desk.submit_group(SubmitGroup(orders=orders))
    assert [order.cl_ord_id for order in again.orders] == [order.cl_ord_id for order in orders]
    assert len(rig.broker.of("submit")) == 2


def test_orders_that_are_no_group_are_refused():
    rig = CoreRig()
    with pytest.raises(ValidationError):
        rig.desk.submit_group(SubmitGroup(orders=(rig.command(), rig.command())))


def test_a_resize_that_the_venue_keeps_refusing_is_not_tried_for_ever():
    rig = CoreRig()
    entry, stop, _target = rig.bracket()
    rig.broker.fill(entry, 30, 10_000)
    rig.broker.auto = False
    rig.broker.fill(entry, 70, 10_000)
    for _ in range(10):
        if rig.order(stop).status is S.PENDING_REPLACE:
            rig.broker.refuse_replace(stop)
    assert len([call for call in rig.broker.of("replace") if call.cl_ord_id == stop]) == 3


def test_a_leg_that_other_exits_cap_waits_for_room_and_asks_nothing_meanwhile():
    rig = CoreRig()
    entry, stop, target = rig.bracket()
    hand = rig.submit(Side.SELL, 60, 10_900)
    rig.broker.fill(entry, 100, 10_000)
    assert hand.status is S.SUBMITTED
    asked = len(rig.broker.of("replace"))
    assert [rig.order(leg).terms.order_qty for leg in (stop, target)] == [40, 40]
    assert asked <= 2
    rig.desk.cancel(CancelOrder(cl_ord_id=hand.cl_ord_id, origin=HAND))
    assert [rig.order(leg).terms.order_qty for leg in (stop, target)] == [100, 100]
    assert len(rig.broker.of("replace")) == asked + 2
