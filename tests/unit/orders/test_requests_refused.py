"""Requests that cannot do what they ask: said at once, by name, and nothing else moves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.events import CancelRequested, ReplaceRequested
from workstation.domain.orders import (
    CancelOrder,
    CancelScope,
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    ReplaceOrder,
    Side,
    SubmitGroup,
    SubmitOrder,
)
from workstation.kernel.ids import IdSource
from workstation.orders.brackets import bracket
from workstation.ports.broker import ExecType

S = OrdStatus


def change(rig: CoreRig, cl_ord_id: str, **fields: Any) -> Any:
    return rig.desk.replace(ReplaceOrder(cl_ord_id=cl_ord_id, origin=HAND, **fields))


def kill(rig: CoreRig, scope: KillScope, key: str, **fields: Any) -> Any:
    return rig.desk.kill(KillState(scope=scope, key=key, on=True, reason="t", actor="t", ts=rig.now, **fields))


# What is not there


def test_an_order_that_nobody_knows_cannot_be_changed_noted_or_cancelled() -> None:
    rig = CoreRig()
    with pytest.raises(NotFound):
        change(rig, "OMS-none", price=9_990)
    with pytest.raises(NotFound):
        rig.desk.annotate("OMS-none", HAND, "n", {})
    with pytest.raises(NotFound):
        rig.desk.cancel(CancelOrder(cl_ord_id="OMS-none", origin=HAND))
    with pytest.raises(NotFound):
        rig.desk.withdraw_cancel("OMS-none", HAND)


@pytest.mark.parametrize("fields", [{"account": "NONE"}, {"symbol": "NONE"}])
def test_an_order_for_an_unknown_account_or_symbol_is_no_order(fields: dict[str, str]) -> None:
    rig = CoreRig()
    terms = rig.terms()
    with pytest.raises(NotFound):
        rig.desk.submit(rig.command(msgspec.structs.replace(terms, **fields)))
    assert rig.broker.of("submit") == []


# Changes


def test_a_change_to_the_terms_in_force_asks_the_venue_nothing() -> None:
    rig = CoreRig()
    order = rig.submit(price=10_000)
    result = change(rig, order.cl_ord_id, price=10_000)
    assert (result.denial, result.seq, result.order.version) == (None, 0, order.version)
    assert rig.said(ReplaceRequested) == []


def test_notes_that_say_the_same_are_not_stored_again() -> None:
    rig = CoreRig()
    order = rig.submit()
    first = rig.desk.annotate(order.cl_ord_id, HAND, "watch it", {"why": "news"})
    again = rig.desk.annotate(order.cl_ord_id, HAND, "watch it", {"why": "news"})
    assert (again.seq, again.order.version) == (0, first.order.version)


def test_a_change_of_an_exit_that_would_change_nothing_says_why() -> None:
    rig = CoreRig()
    rig.position(100)
    order = rig.submit(Side.SELL, 100, 10_500, reduce_only=True)
    result = change(rig, order.cl_ord_id, order_qty=150)
    assert result.denial is not None
    assert (result.denial.code, rig.order(order.cl_ord_id).status) == ("NOTHING_TO_REDUCE", S.SUBMITTED)


def test_a_change_whose_order_ended_while_the_disk_was_busy_is_not_sent() -> None:
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    change(rig, order.cl_ord_id, order_qty=200)
    rig.broker.cancelled(order.cl_ord_id)
    rig.commit()
    assert rig.order(order.cl_ord_id).status is S.CANCELLED
    assert rig.broker.of("replace") == []


def test_a_change_is_not_sent_under_another_writer_or_a_kill_switch() -> None:
    for upset in ("writer", "kill"):
        rig = CoreRig(instant=False)
        order = rig.desk.submit(rig.command()).order
        rig.commit()
        change(rig, order.cl_ord_id, order_qty=200)
        if upset == "writer":
            rig.journal.epoch += 1
        else:
            kill(rig, KillScope.ALL, "", cancel_orders=False)
        rig.commit()
        after = rig.order(order.cl_ord_id)
        assert (after.status, after.terms.order_qty) == (S.SUBMITTED, 100), upset
        assert rig.broker.of("replace") == [], upset


def test_a_change_without_a_session_is_not_sent() -> None:
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    change(rig, order.cl_ord_id, order_qty=200)
    rig.down()
    rig.commit()
    assert rig.broker.of("replace") == []
    assert rig.order(order.cl_ord_id).terms.order_qty == 100


# Cancels


def test_a_cancel_that_is_not_kept_cannot_be_taken_back() -> None:
    rig = CoreRig()
    order = rig.submit()
    with pytest.raises(StateConflict, match="no cancel of the order is kept"):
        rig.desk.withdraw_cancel(order.cl_ord_id, HAND)


def test_a_cancel_whose_session_fell_while_the_disk_was_busy_leaves_the_order_working() -> None:
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.down()
    rig.commit()
    assert rig.broker.of("cancel") == []
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_an_order_that_ends_while_its_cancel_waits_for_the_disk_is_asked_nothing() -> None:
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    rig.commit()
    assert rig.broker.of("cancel") == []
    assert rig.order(order.cl_ord_id).status is S.FILLED


def test_cancelling_one_side_of_a_strategy_leaves_everything_else() -> None:
    rig = CoreRig()
    rig.position(100)
    mine = rig.desk.submit(rig.command(rig.terms(Side.BUY, 10, 9_900), strategy_id="s")).order
    rest = [
        rig.desk.submit(rig.command(rig.terms(Side.BUY, 10, 9_900), strategy_id="other")).order,
        rig.desk.submit(rig.command(rig.terms(Side.SELL, 10, 10_900), strategy_id="s")).order,
    ]
    result = rig.desk.cancel_scope(CancelScope(origin=HAND, strategy_id="s", side_sign=1))
    assert [order.cl_ord_id for order in result.asked] == [mine.cl_ord_id]
    assert [rig.order(order.cl_ord_id).status for order in rest] == [S.SUBMITTED, S.SUBMITTED]


def test_a_kill_of_one_strategy_ends_its_orders_alone_and_of_a_symbol_every_order_in_it() -> None:
    rig = CoreRig()
    orders = [rig.desk.submit(rig.command(rig.terms(price=9_900), strategy_id=name)).order for name in ("s", "t")]
    kill(rig, KillScope.STRATEGY, "s")
    assert [rig.order(order.cl_ord_id).status for order in orders] == [S.CANCELLED, S.SUBMITTED]
    kill(rig, KillScope.SYMBOL, SYMBOL)
    assert rig.order(orders[1].cl_ord_id).status is S.CANCELLED


def test_a_scope_without_a_session_tells_which_orders_it_could_not_ask_for() -> None:
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    result = rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT))
    assert [row.cl_ord_id for row in result.refused] == [order.cl_ord_id]
    assert rig.said(CancelRequested) == []


# Groups


def linked(rig: CoreRig, group: str, **link: Any) -> SubmitOrder:
    values = {"contingency": Contingency.OTO, "role": LegRole.STOP_LOSS, "parent": ""} | link
    return rig.command(link=GroupLink(group, values["contingency"], values["role"], values["parent"]))


def test_a_group_of_one_of_two_groups_of_twins_or_with_children_first_is_none() -> None:
    rig = CoreRig()
    group = rig.ids.group_id()
    entry = linked(rig, group, role=LegRole.ENTRY)
    child = linked(rig, group, parent=entry.cl_ord_id)
    wrong = {
        "2 to 16 orders": (entry,),
        "carries its group's id": (entry, linked(rig, rig.ids.group_id())),
        "stands before its children": (child, entry),
        "appears twice": (entry, entry),
    }
    for text, orders in wrong.items():
        with pytest.raises(ValidationError, match=text):
            rig.desk.submit_group(SubmitGroup(orders=orders))
    assert rig.broker.of("submit") == []


def test_a_bracket_has_a_leg_for_each_price_on_the_other_side() -> None:
    rig = CoreRig()
    entry = rig.command(rig.terms(Side.SELL_SHORT, 30, 10_000), notes="short", strategy_id="s")
    ids = IdSource(seed=3)
    parent, loss, gain = bracket(entry, stop_px=10_500, target_px=9_500, ids=ids).orders
    assert (parent.cl_ord_id, parent.notes, parent.terms) == (entry.cl_ord_id, "short", entry.terms)
    assert (loss.terms.side, loss.terms.ord_type, loss.terms.stop_px) == (Side.BUY, OrdType.STOP, 10_500)
    assert (gain.terms.side, gain.terms.ord_type, gain.terms.price) == (Side.BUY, OrdType.LIMIT, 9_500)
    assert {leg.terms.reduce_only for leg in (loss, gain)} == {True}
    assert {leg.link.parent for leg in (loss, gain) if leg.link} == {entry.cl_ord_id}
    assert len(bracket(entry, stop_px=None, target_px=9_500, ids=ids).orders) == 2


def test_legs_follow_an_entry_that_its_venue_replaced_by_a_new_order() -> None:
    rig = CoreRig(card=CARD)
    entry = rig.command(rig.terms(Side.BUY, 100, 10_000))
    group = bracket(entry, stop_px=9_500, target_px=10_500, ids=rig.ids)
    assert rig.desk.submit_group(group).denial is None
    loss, gain = (order.cl_ord_id for order in group.orders[1:])
    rig.broker.fill(entry.cl_ord_id, 30, 10_000)
    assert [rig.order(leg).leaves_qty for leg in (loss, gain)] == [30, 30]
    rig.broker.auto = False
    change(rig, entry.cl_ord_id, order_qty=80)
    wanted = rig.order(entry.cl_ord_id).pending_terms
    rig.broker.report(entry.cl_ord_id, ExecType.REPLACED, terms=wanted, new_cl_ord_id="NEXT", order_id="V-next")
    assert rig.order(entry.cl_ord_id).replaced_by == "NEXT"
    assert rig.order("NEXT").leaves_qty == 50
    rig.broker.orders["NEXT"] = rig.broker.orders[entry.cl_ord_id]
    rig.broker.auto = True
    rig.broker.fill("NEXT", 50, 10_000, order_id="V-next")
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 80
    assert [rig.order(leg).leaves_qty for leg in (loss, gain)] == [80, 80]
