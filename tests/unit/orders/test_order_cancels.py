"""Cancels: at once, in time, never twice; kill switches block first."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.orders import CancelOrder, CancelScope, OrdStatus, RequestKind, Side
from workstation.orders.results import OrderAlert
from workstation.ports.broker import SendOutcome, SessionState
from workstation.ports.store import OrderTransition

S = OrdStatus


def cancel(rig, order):
    return rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))


def kill(rig, scope=KillScope.ALL, key="", **fields):
    return KillState(scope=scope, key=key, on=True, reason="test", actor="tester", ts=rig.now, **fields)


def test_a_working_order_is_cancelled_by_the_venues_word_only():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    assert cancel(rig, order).order.status is S.PENDING_CANCEL
    rig.broker.cancelled(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_a_cancel_waits_for_the_disk_at_most_its_time():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    cancel(rig, order)
    rig.clock.advance(49_000_000)
    assert rig.broker.of("cancel") == []
    rig.clock.advance(1_000_000)
    assert len(rig.broker.of("cancel")) == 1
    rig.commit()
    assert len(rig.broker.of("cancel")) == 1


def test_a_cancel_on_a_broken_disk_goes_out_at_once():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.commit()
    cancel(rig, order)
    rig.journal.fail()
    assert len(rig.broker.of("cancel")) == 1


def test_cancelling_twice_asks_once():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    cancel(rig, order)
    before = rig.journal.last_seq
    cancel(rig, order)
    assert rig.journal.last_seq == before
    assert len(rig.broker.of("cancel")) == 1


def test_cancelling_what_is_cancelled_changes_nothing_and_what_is_filled_conflicts():
    rig = CoreRig()
    order = rig.submit()
    cancel(rig, order)
    assert cancel(rig, order).order.status is S.CANCELLED
    filled = rig.submit()
    rig.broker.fill(filled.cl_ord_id, 100, 10_000)
    with pytest.raises(StateConflict):
        cancel(rig, filled)
    with pytest.raises(NotFound):
        rig.desk.cancel(CancelOrder(cl_ord_id="nobody", origin=HAND))


def test_a_cancel_before_the_acknowledgement_is_kept_and_sent_after_it():
    rig = CoreRig()
    rig.broker.auto = False
    order = rig.submit()
    waiting = cancel(rig, order).order
    assert (waiting.status, waiting.cancel_requested_at is not None) == (S.PENDING_SUBMIT, True)
    assert rig.broker.of("cancel") == []
    rig.broker.accept(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.PENDING_CANCEL
    assert len(rig.broker.of("cancel")) == 1


def test_a_cancel_before_the_bytes_left_keeps_them_from_leaving():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    cancel(rig, order)
    rig.commit()
    assert rig.broker.calls == []
    ended = rig.order(order.cl_ord_id)
    assert (ended.status, ended.reject_code, ended.submitted_at) == (S.CANCELLED, "", None)
    assert ended.text == "cancelled before it was sent: the venue never saw it"
    states = [row.to_status for row in rig.journal.rows if isinstance(row, OrderTransition)]
    assert states == [S.NEW, S.PENDING_SUBMIT, S.CANCELLED]  # never SUBMITTED, never refused
    rig.broker.submit(order.cl_ord_id, order.terms)  # somebody sent it after all
    assert "ALIVE_AT_VENUE" in [alert.code for alert in rig.said(OrderAlert)]
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_a_cancel_of_what_the_disk_then_loses_leaves_it_not_sent():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    cancel(rig, order)
    rig.journal.fail()
    assert rig.order(order.cl_ord_id).reject_code == "NOT_SENT"


def test_a_refused_cancel_gives_back_the_state_before():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.fill(order.cl_ord_id, 40, 10_000)
    rig.broker.auto = False
    cancel(rig, order)
    rig.broker.refuse_cancel(order.cl_ord_id, "too late")
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.text, after.cancel_requested_at) == (S.PARTIALLY_FILLED, "too late", None)


def test_a_fill_that_crosses_the_cancel_wins():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    cancel(rig, order)
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    assert rig.order(order.cl_ord_id).status is S.FILLED
    rig.broker.refuse_cancel(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.FILLED


def test_an_unknown_cancel_may_be_asked_again_by_a_person():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    cancel(rig, order)
    rig.broker.sent(order.cl_ord_id, RequestKind.CANCEL, SendOutcome.UNKNOWN, text="time-out")
    assert rig.order(order.cl_ord_id).unknown is RequestKind.CANCEL
    cancel(rig, order)
    assert len(rig.broker.of("cancel")) == 2


def test_without_a_session_a_cancel_is_kept_and_sent_once_book_and_venue_agree_again():
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    result = cancel(rig, order)
    assert (result.kept, result.denial, result.order.status) == (True, None, S.SUBMITTED)
    assert result.order.cancel_requested_at == rig.now
    assert cancel(rig, order).kept
    assert rig.broker.of("cancel") == []
    rig.broker.session(SessionState.UP)
    assert len(rig.broker.of("cancel")) == 1
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_a_kept_cancel_survives_a_restart():
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    cancel(rig, order)
    again = rig.restart()
    assert again.order(order.cl_ord_id).status is S.CANCELLED
    assert len(again.broker.of("cancel")) == 1


def test_a_kept_cancel_that_was_withdrawn_is_never_sent():
    rig = CoreRig()
    order = rig.submit()
    with pytest.raises(StateConflict):
        rig.desk.withdraw_cancel(order.cl_ord_id, HAND)
    rig.down()
    cancel(rig, order)
    assert rig.desk.withdraw_cancel(order.cl_ord_id, HAND).order.cancel_requested_at is None
    rig.broker.session(SessionState.UP)
    assert rig.broker.of("cancel") == []
    with pytest.raises(NotFound):
        rig.desk.withdraw_cancel("nobody", HAND)


def test_a_cancel_already_on_its_way_is_not_kept_a_second_time():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    cancel(rig, order)
    rig.down()
    assert cancel(rig, order).denial.code == "BROKER_UNAVAILABLE"


def test_an_order_that_filled_while_away_takes_its_kept_cancel_along():
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    cancel(rig, order)
    rig.broker.trade(order.cl_ord_id, 100, 10_000)
    rig.broker.session(SessionState.UP)
    assert rig.order(order.cl_ord_id).status is S.FILLED
    assert rig.broker.of("cancel") == []


def test_a_scope_cancels_what_matches_in_one_transaction_and_leaves_protective_stops():
    rig = CoreRig()
    rig.position(100)
    stop = rig.submit(Side.SELL, 100, None, ord_type="STOP", stop_px=9_000, reduce_only=True)
    bids = [rig.submit(Side.BUY, 10, 9_990 - step) for step in range(3)]
    rig.broker.auto = False
    result = rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, symbol=SYMBOL))
    assert rig.journal.appends[-1] == 3
    assert {order.cl_ord_id for order in result.asked} == {order.cl_ord_id for order in bids}
    assert rig.order(stop.cl_ord_id).status is S.SUBMITTED


def test_a_cancel_of_entries_keeps_what_works_against_the_position():
    rig = CoreRig()
    rig.position(100)
    kept = [
        rig.submit(Side.SELL, 40, 10_100),
        rig.submit(Side.SELL, 30, 10_200, reduce_only=True),
        rig.submit(Side.SELL, 30, None, ord_type="STOP", stop_px=9_000, reduce_only=True),
    ]
    entries = [rig.submit(Side.BUY, 10, 9_990 - step) for step in range(2)]
    result = rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, symbol=SYMBOL, entries_only=True))
    assert {order.cl_ord_id for order in result.asked} == {order.cl_ord_id for order in entries}
    assert all(rig.order(order.cl_ord_id).status is S.SUBMITTED for order in kept)
    rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, symbol=SYMBOL))
    assert [rig.order(order.cl_ord_id).status is S.SUBMITTED for order in kept] == [False, False, True]


def test_a_kill_blocks_first_and_then_cancels():
    rig = CoreRig()
    order = rig.submit()
    rig.desk.kill(kill(rig))
    kinds = rig.journal.kinds()
    assert kinds.index("KillChanged") < kinds.index("CancelRequested")
    assert rig.order(order.cl_ord_id).status is S.CANCELLED
    assert rig.desk.submit(rig.command()).denial.kind == "KILL"


def test_a_kill_while_the_disk_is_busy_keeps_the_bytes_from_leaving():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.desk.kill(kill(rig, cancel_orders=False))
    rig.commit()
    assert rig.broker.of("submit") == []
    assert rig.order(order.cl_ord_id).reject_code == "NOT_SENT"


def test_a_kill_that_cancels_while_the_disk_is_busy_is_no_reject():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.desk.kill(kill(rig))
    rig.commit()
    assert rig.broker.of("submit") == []
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_repeating_a_kill_records_it_once():
    rig = CoreRig()
    rig.desk.kill(kill(rig))
    rig.desk.kill(kill(rig))
    assert rig.journal.kinds().count("KillChanged") == 1


def test_a_kill_survives_a_restart_and_cancels_again_after_it():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.auto = False
    rig.desk.kill(kill(rig))
    again = rig.restart()
    again.clock.advance(SECOND)
    assert again.desk.submit(again.command()).denial is not None
    assert len(again.broker.of("cancel")) == 2
    assert again.order(order.cl_ord_id).status is S.PENDING_CANCEL


def test_a_kill_while_the_venue_is_gone_blocks_at_once_outlives_a_restart_and_cancels_with_the_next_session():
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    result = rig.desk.kill(kill(rig))
    assert [kept.cl_ord_id for kept in result.refused] == [order.cl_ord_id], "said to be NOT SENT, never confirmed"
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    assert rig.desk.submit(rig.command()).denial is not None
    again = rig.restart(connect=False)
    assert [state.on for state in again.state.controls.kills.active()] == [True]
    assert again.broker.of("cancel") == []
    again.broker.connect(again.desk.on_reports)
    again.clock.advance(SECOND)
    assert again.order(order.cl_ord_id).status is S.CANCELLED
    assert len(again.broker.of("cancel")) == 1
    assert again.desk.submit(again.command()).denial.kind == "KILL", "only a person lifts it"
