"""Orders that compliance holds: they wait in NEW for a person, over restarts, and the gate is asked again."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SCRIPT, SECOND, SYMBOL, CoreRig
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import LimitChanged
from workstation.domain.market import SessionPhase
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, Side, TimeInForce
from workstation.orders.brackets import bracket
from workstation.orders.results import OrderAlert

DAY_S = 86_400


def rule(rig: CoreRig, name: str, value: str) -> None:
    rig.record(LimitChanged(limit=name, scope="TENANT", key="", old="", new=value, actor="pat", reason="", ts=rig.now))


def holding(**fields) -> CoreRig:
    """Return a core whose market is closed and whose rule holds what comes meanwhile."""
    rig = CoreRig(**fields)
    rule(rig, "MARKET_HOURS", "HOLD")
    rig.prices.phases[SYMBOL] = SessionPhase.CLOSED
    return rig


def test_an_order_outside_the_hours_waits_in_new_with_its_reason():
    rig = holding()
    order = rig.submit()
    assert (order.status, order.held_for, order.is_held) == (OrdStatus.NEW, "MARKET_HOURS", True)
    assert order.text.startswith("Held: market hours. ABC is not open (closed)")
    assert rig.broker.of("submit") == []
    assert [alert.code for alert in rig.said(OrderAlert)] == ["ORDER_HELD"]


def test_a_market_order_is_held_as_well_though_it_could_not_be_sent_now():
    assert holding().submit(price=None).is_held


def test_what_another_rule_of_compliance_forbids_is_refused_and_not_held():
    rig = holding()
    rule(rig, "RESTRICTED_SYMBOL", "YES")
    denial = rig.desk.submit(rig.command()).denial
    assert denial is not None
    assert denial.code == "RESTRICTED_SYMBOL"


def test_a_release_sends_it_though_the_hours_have_not_changed():
    rig = holding()
    order = rig.submit()
    result = rig.desk.release(order.cl_ord_id, HAND, "checked")
    assert result.denial is None
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.is_held, after.held_for) == (OrdStatus.SUBMITTED, False, "MARKET_HOURS")
    assert [sent.cl_ord_id for sent in rig.broker.of("submit")] == [order.cl_ord_id]
    assert after.text == "released by tester: checked"


def test_a_release_asks_the_gate_again_and_its_refusal_ends_the_order():
    rig = holding()
    order = rig.submit(qty=100)
    rule(rig, "ORDER_QUANTITY", "50")
    result = rig.desk.release(order.cl_ord_id, HAND, "")
    assert result.denial is not None
    assert result.denial.code == "ORDER_QUANTITY"
    assert rig.order(order.cl_ord_id).status is OrdStatus.RISK_REJECTED
    assert rig.broker.of("submit") == []


@pytest.mark.parametrize("obstacle", ["lock", "down"])
def test_what_forbids_sending_for_now_leaves_it_held(obstacle):
    rig = holding()
    order = rig.submit()
    getattr(rig, obstacle)()
    assert rig.desk.release(order.cl_ord_id, HAND, "").denial is not None
    assert rig.order(order.cl_ord_id).is_held


def test_a_market_order_stays_held_while_the_market_is_closed_and_goes_once_it_is_open():
    rig = holding()
    order = rig.submit(price=None)
    assert rig.desk.release(order.cl_ord_id, HAND, "").denial.code == "MARKET_HOURS"
    assert rig.order(order.cl_ord_id).is_held
    rig.prices.phases[SYMBOL] = SessionPhase.OPEN
    assert rig.desk.release(order.cl_ord_id, HAND, "").denial is None
    assert rig.order(order.cl_ord_id).status is OrdStatus.SUBMITTED


def test_a_refusal_ends_it_with_the_persons_reason():
    rig = holding()
    order = rig.submit()
    rig.desk.refuse(order.cl_ord_id, HAND, "insider list")
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.reject_code) == (OrdStatus.COMPLIANCE_REJECTED, "MARKET_HOURS")
    assert after.text == "Refused by tester: insider list"


def test_an_order_that_is_not_held_is_neither_released_nor_refused():
    rig = CoreRig()
    order = rig.submit()
    for word in (rig.desk.release, rig.desk.refuse):
        with pytest.raises(StateConflict):
            word(order.cl_ord_id, HAND, "x")
        with pytest.raises(NotFound):
            word("nobody", HAND, "x")


def test_a_held_order_survives_a_restart_and_is_released_after_it():
    rig = holding()
    order = rig.submit()
    again = rig.restart()
    again.prices.phases[SYMBOL] = SessionPhase.CLOSED
    assert again.order(order.cl_ord_id).is_held
    assert again.desk.release(order.cl_ord_id, HAND, "").denial is None
    assert again.order(order.cl_ord_id).status is OrdStatus.SUBMITTED


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", [TimeInForce.DAY, TimeInForce.GTC])
def test_a_hold_ends_with_its_session(kind, restarted):
    rig = holding()
    order = rig.submit(time_in_force=kind)
    rig = rig.restart() if restarted else rig
    left_s = DAY_S - rig.now // SECOND % DAY_S
    rig.clock.advance((left_s - 1) * SECOND)
    assert rig.order(order.cl_ord_id).is_held
    rig.clock.advance(2 * SECOND)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.text) == (OrdStatus.CANCELLED, "held until its session ended")


def test_a_gtd_order_is_held_no_longer_than_it_stands():
    rig = holding()
    order = rig.submit(time_in_force=TimeInForce.GTD, expire_time=rig.now + 60 * SECOND)
    rig.clock.advance(61 * SECOND)
    assert rig.order(order.cl_ord_id).status is OrdStatus.CANCELLED


def test_a_released_order_is_left_to_its_venues_time():
    rig = holding()
    order = rig.submit()
    rig.desk.release(order.cl_ord_id, HAND, "")
    rig.clock.advance(2 * DAY_S * SECOND)
    assert rig.order(order.cl_ord_id).status is OrdStatus.SUBMITTED


def test_a_kill_switch_and_a_cancel_end_held_orders():
    rig = holding()
    one, other = rig.submit(), rig.submit()
    rig.desk.cancel(CancelOrder(cl_ord_id=one.cl_ord_id, origin=SCRIPT))
    assert rig.order(one.cl_ord_id).status is OrdStatus.CANCELLED
    rig.desk.kill(KillState(scope=KillScope.ALL, key="", on=True, reason="stop", actor="pat", ts=rig.now))
    assert rig.order(other.cl_ord_id).status is OrdStatus.CANCELLED


def test_a_held_order_is_changed_in_place_and_stays_held():
    rig = holding()
    order = rig.submit()
    assert rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, order_qty=50)).denial is None
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.is_held, after.terms.order_qty) == (OrdStatus.NEW, True, 50)


def test_a_change_that_adds_to_a_live_order_outside_the_hours_is_refused():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rule(rig, "MARKET_HOURS", "HOLD")
    rig.prices.phases[SYMBOL] = SessionPhase.CLOSED
    denial = rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, order_qty=200)).denial
    assert denial is not None
    assert (denial.code, denial.holds, denial.text[:8]) == ("MARKET_HOURS", False, "Refused:")


def test_exits_are_never_held():
    rig = CoreRig()
    rig.position(100)
    rule(rig, "MARKET_HOURS", "HOLD")
    rig.prices.phases[SYMBOL] = SessionPhase.CLOSED
    assert rig.submit(Side.SELL, 100).status is OrdStatus.SUBMITTED


def test_a_brackets_entry_is_held_and_its_legs_go_out_after_its_release_and_fill():
    rig = holding()
    entry = rig.command()
    rig.desk.submit_group(bracket(entry, stop_px=9_900, target_px=10_200, ids=rig.ids))
    assert rig.order(entry.cl_ord_id).is_held
    rig.desk.release(entry.cl_ord_id, HAND, "")
    rig.broker.fill(entry.cl_ord_id, 100, 10_000)
    assert len(rig.broker.of("submit")) == 3


def test_refusing_a_brackets_entry_ends_its_legs():
    rig = holding()
    entry = rig.command()
    group = bracket(entry, stop_px=9_900, target_px=10_200, ids=rig.ids)
    rig.desk.submit_group(group)
    rig.desk.refuse(entry.cl_ord_id, HAND, "no")
    assert {rig.order(order.cl_ord_id).status for order in group.orders[1:]} == {OrdStatus.CANCELLED}


def test_a_restart_gives_the_same_state():
    rig = holding()
    rig.submit()
    rig.desk.release(rig.submit().cl_ord_id, HAND, "ok")
    again = CoreRig(journal=rig.journal, broker=rig.broker, clock=rig.clock)
    assert again.state.state_hash() == rig.state.state_hash()
    assert again.state.accounts[ACCOUNT] == rig.state.accounts[ACCOUNT]
