"""Book and venue come to agree by one path, and a second run adds nothing."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.accounts import KillScope, LockState
from workstation.domain.events import BreakFound
from workstation.domain.orders import OrdStatus, OrdType, OriginKind, RequestKind, Side
from workstation.orders.context import DeskSettings
from workstation.orders.results import OrderAlert
from workstation.ports.broker import FillReport, SessionState, VenueOrder

S = OrdStatus


def lock_of(rig):
    return rig.state.controls.locks.state(ACCOUNT)


def external(rig, key="V900", **fields):
    values = {
        "cl_ord_id": "",
        "order_id": key,
        "account": ACCOUNT,
        "terms": rig.terms(qty=50, price=9_950),
        "status": S.SUBMITTED,
        "cum_qty": 0,
        "ts_event": rig.now,
        "cost": 0,
    }
    rig.broker.orders[key] = VenueOrder(**(values | fields))


def codes(rig):
    return [alert.code for alert in rig.said(OrderAlert)]


def test_a_start_locks_until_the_venue_agrees():
    rig = CoreRig(start=False)
    rig.broker.answering = False
    rig.open()
    again = rig.restart(connect=False)
    again.broker.answering = False
    assert lock_of(again) is LockState.LOCKED
    again.broker.connect(again.desk.on_reports)
    assert lock_of(again) is LockState.RECONCILING
    assert again.desk.submit(again.command()).denial.kind == "LOCK"
    again.broker.answer()
    assert lock_of(again) is LockState.UNLOCKED


def test_an_order_filled_while_away_is_adopted_after_a_restart():
    rig = CoreRig()
    rig.broker.auto = False
    order = rig.submit()
    rig.broker.trade(order.cl_ord_id, 100, 10_000)
    again = rig.restart()
    after = again.order(order.cl_ord_id)
    assert (after.status, after.cum_qty, after.unknown) == (S.FILLED, 100, None)
    assert again.state.ledger.qty(ACCOUNT, SYMBOL) == 100
    assert lock_of(again) is LockState.UNLOCKED
    assert len(again.broker.of("submit")) == 1


def test_an_intent_that_never_left_is_closed_as_not_sent_and_never_sent_again():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.journal.instant = True
    again = rig.restart()
    assert again.order(order.cl_ord_id).unknown is RequestKind.SUBMIT
    again.clock.advance(30 * SECOND)
    assert again.order(order.cl_ord_id).reject_code == "NOT_SENT"
    assert again.broker.of("submit") == []


def test_a_second_run_adds_nothing():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.trade(order.cl_ord_id, 30, 10_000)
    external(rig)
    rig.desk.reconcile(ACCOUNT, "first")
    before = [kind for kind in rig.journal.kinds() if kind != "LockChanged"]
    rig.desk.reconcile(ACCOUNT, "second")
    assert [kind for kind in rig.journal.kinds() if kind != "LockChanged"] == before
    assert rig.order(order.cl_ord_id).cum_qty == 30


def test_an_order_of_the_venue_is_adopted_as_external_and_counted():
    rig = CoreRig()
    external(rig)
    rig.desk.reconcile(ACCOUNT, "test")
    (adopted,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    assert (adopted.origin.kind, adopted.order_id, adopted.leaves_qty) == (OriginKind.EXTERNAL, "V900", 50)
    assert rig.state.exposure.working(ACCOUNT, SYMBOL).buy.qty == 50
    rig.broker.fill("V900", 50, 9_950)
    assert rig.order(adopted.cl_ord_id).status is S.FILLED


def test_an_order_final_here_and_open_there_keeps_its_state_and_gets_a_linked_external_one():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.cancelled(order.cl_ord_id)
    rig.clock.advance(SECOND)
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, status=S.SUBMITTED)
    rig.desk.reconcile(ACCOUNT, "test")
    (adopted,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    assert adopted.replaces == order.cl_ord_id
    assert rig.order(order.cl_ord_id).status is S.CANCELLED
    assert "ADOPTED" in codes(rig)


def test_a_working_order_that_the_venue_does_not_list_is_unknown_never_cancelled():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.forget.add(order.cl_ord_id)
    rig.desk.reconcile(ACCOUNT, "test")
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.SUBMITTED, RequestKind.STATUS)
    rig.broker.forget.clear()
    rig.desk.reconcile(ACCOUNT, "test")
    assert rig.order(order.cl_ord_id).unknown is None


def test_terms_that_the_venue_works_on_are_adopted():
    rig = CoreRig()
    order = rig.submit()
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, terms=rig.terms(qty=60))
    rig.desk.reconcile(ACCOUNT, "test")
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.order_qty, after.leaves_qty) == (S.SUBMITTED, 60, 60)


def test_a_fill_that_cannot_be_listed_is_invented_once_and_gives_way_to_the_real_one():
    rig = CoreRig()
    order = rig.submit(qty=100)
    real = rig.broker.trade(order.cl_ord_id, 40, 9_990)
    rig.broker.executions.clear()
    rig.desk.reconcile(ACCOUNT, "first")
    rig.desk.reconcile(ACCOUNT, "second")
    (synthetic,) = rig.state.book.fills(order.cl_ord_id)
    assert (synthetic.synthetic, synthetic.last_qty, synthetic.last_px) == (True, 40, 9_990)
    rig.broker.say(FillReport(execution=real))
    (booked,) = rig.state.book.fills(order.cl_ord_id)
    assert (booked.synthetic, booked.exec_key) == (False, real.exec_key)
    assert rig.order(order.cl_ord_id).cum_qty == 40
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 40


def test_a_real_fill_smaller_than_the_invented_one_leaves_the_rest_invented():
    rig = CoreRig()
    order = rig.submit(qty=100)
    first, second = rig.broker.trade(order.cl_ord_id, 15, 9_990), rig.broker.trade(order.cl_ord_id, 25, 9_990)
    rig.broker.executions.clear()
    rig.desk.reconcile(ACCOUNT, "test")
    rig.broker.say(FillReport(execution=first))
    assert rig.order(order.cl_ord_id).cum_qty == 40
    rig.broker.say(FillReport(execution=second))
    assert rig.order(order.cl_ord_id).cum_qty == 40
    assert not any(fill.synthetic for fill in rig.state.book.fills(order.cl_ord_id))


def test_a_position_that_differs_keeps_the_account_locked_until_a_person_signs():
    rig = CoreRig()
    rig.broker.positions[(ACCOUNT, SYMBOL)] = 70
    rig.desk.reconcile(ACCOUNT, "test")
    assert lock_of(rig) is LockState.LOCKED
    (found,) = [event for event in rig.journal.events if isinstance(event, BreakFound)]
    assert (found.ours, found.theirs) == (0, 70)
    rig.desk.reconcile(ACCOUNT, "again")
    assert rig.journal.kinds().count("BreakFound") == 1
    rig.desk.override_lock(ACCOUNT, "tester", "known transfer")
    assert lock_of(rig) is LockState.UNLOCKED
    assert rig.desk.submit(rig.command()).denial is None


def test_the_regular_comparison_locks_only_when_it_finds_a_difference():
    rig = CoreRig()
    seen = rig.journal.kinds().count("LockChanged")
    rig.clock.advance(61 * SECOND)
    assert rig.journal.kinds().count("LockChanged") == seen
    rig.broker.positions[(ACCOUNT, SYMBOL)] = 5
    rig.clock.advance(61 * SECOND)
    assert lock_of(rig) is LockState.LOCKED


def test_a_lost_session_locks_and_a_new_one_settles_everything():
    rig = CoreRig()
    order = rig.submit()
    rig.down()
    assert lock_of(rig) is LockState.LOCKED
    assert rig.order(order.cl_ord_id).unknown is RequestKind.STATUS
    rig.broker.trade(order.cl_ord_id, 25, 10_000)
    rig.broker.session(SessionState.UP)
    after = rig.order(order.cl_ord_id)
    assert (after.unknown, after.cum_qty) == (None, 25)
    assert lock_of(rig) is LockState.UNLOCKED


@pytest.mark.parametrize("silence", ["error", "nothing"])
def test_a_venue_that_gives_no_complete_answer_leaves_the_account_locked(silence):
    rig = CoreRig()
    if silence == "error":
        rig.broker.error = "timed out at page 3"
    else:
        rig.broker.answering = False
    rig.desk.reconcile(ACCOUNT, "test")
    rig.clock.advance(11 * SECOND)
    assert lock_of(rig) is LockState.LOCKED
    rig.broker.error, rig.broker.answering = "", True
    rig.clock.advance(61 * SECOND)
    assert lock_of(rig) is LockState.UNLOCKED


def test_a_fill_for_an_order_nobody_knows_is_booked_as_external():
    rig = CoreRig()
    external(rig, status=S.FILLED)
    rig.broker.fill("V900", 50, 9_950)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 50
    assert rig.order(rig.state.book.by_order_id(ACCOUNT, "V900").cl_ord_id).origin.kind is OriginKind.EXTERNAL


def test_every_open_order_of_ours_is_asked_for_by_id():
    rig = CoreRig()
    orders = {rig.submit().cl_ord_id, rig.submit(Side.BUY, 5, 9_000).cl_ord_id}
    rig.desk.reconcile(ACCOUNT, "test")
    assert set(rig.broker.asks[-1].cl_ord_ids) == orders


def test_a_fill_for_an_order_that_was_never_sent_is_external_and_stops_its_strategy():
    rig = CoreRig(card=msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET})))
    stop = rig.terms(Side.BUY, 10, None, ord_type=OrdType.STOP, stop_px=10_100)
    waiting = rig.desk.submit(rig.command(stop, strategy_id="sma")).order
    external(rig, status=S.FILLED, cl_ord_id=waiting.cl_ord_id)
    fill = rig.broker.trade("V900", 10, 10_100)
    rig.broker.say(FillReport(execution=msgspec.structs.replace(fill, cl_ord_id=waiting.cl_ord_id)))
    assert rig.order(waiting.cl_ord_id).status is S.NEW
    assert rig.order(waiting.cl_ord_id).cum_qty == 0
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 10
    assert rig.state.controls.kills.find(KillScope.STRATEGY, "sma") is not None


def test_an_order_that_left_memory_and_lives_at_the_venue_is_adopted():
    rig = CoreRig()
    rig.state.book._closed_kept_max = 0
    order = rig.submit()
    rig.broker.cancelled(order.cl_ord_id)
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, status=S.SUBMITTED)
    rig.desk.reconcile(ACCOUNT, "test")
    (adopted,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    assert adopted.origin.kind is OriginKind.EXTERNAL


def test_an_adopted_continuation_of_a_final_order_takes_its_fills():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    rig.broker.cancelled(order.cl_ord_id)
    rig.clock.advance(SECOND)
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, status=S.PARTIALLY_FILLED)
    rig.desk.reconcile(ACCOUNT, "test")
    (adopted,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    assert adopted.leaves_qty == 70
    rig.broker.fill(order.cl_ord_id, 70, 10_000)
    assert rig.order(adopted.cl_ord_id).status is S.FILLED
    assert rig.order(order.cl_ord_id).cum_qty == 30
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 100


def test_an_adopted_continuation_is_known_by_the_venues_id_once_the_order_before_it_has_left_memory():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.cancelled(order.cl_ord_id)
    rig.clock.advance(SECOND)
    held = rig.broker.orders[order.cl_ord_id]
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(held, status=S.SUBMITTED)
    rig.desk.reconcile(ACCOUNT, "test")
    (adopted,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    rig.state.book._closed_kept_max = 0
    rig.broker.cancelled(rig.submit().cl_ord_id)
    assert rig.state.book.get(order.cl_ord_id) is None
    rig.desk.reconcile(ACCOUNT, "test")
    (known,) = rig.state.book.open_orders(ACCOUNT, SYMBOL)
    assert (known.cl_ord_id, known.status, known.unknown) == (adopted.cl_ord_id, S.SUBMITTED, None)


def test_a_run_whose_every_answer_moves_the_book_stays_locked_and_says_so():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.answering = False
    rig.desk.reconcile(ACCOUNT, "test")
    for _ in range(DeskSettings().reconcile_rounds_max):
        assert lock_of(rig) is LockState.RECONCILING
        rig.broker.trade(order.cl_ord_id, 1, 10_000)
        rig.broker.answer()
    last = rig.state.controls.locks.last(ACCOUNT)
    assert (last.state, last.breaks) == (LockState.LOCKED, ("book and venue still moved in round 5",))
    rig.broker.answering = True
    rig.clock.advance(DeskSettings().retry_ns)
    assert lock_of(rig) is LockState.UNLOCKED


def test_an_account_that_did_not_come_to_agree_is_tried_again_later_and_later():
    rig = CoreRig()
    rig.broker.answering = False
    rig.desk.reconcile(ACCOUNT, "test")
    before, asked = len(rig.broker.asks), [rig.now]
    for _ in range(240):
        rig.clock.advance(SECOND)
        if len(rig.broker.asks) - before == len(asked):
            asked.append(rig.now)
    gaps = [(later - earlier) // SECOND for earlier, later in pairwise(asked)]
    limit = DeskSettings().answer_limit_ns // SECOND
    assert gaps[:3] == [limit + 2, limit + 4, limit + 8]
    assert max(gaps) <= limit + DeskSettings().compare_ns // SECOND
    rig.broker.answering = True
    rig.clock.advance(DeskSettings().compare_ns)
    assert lock_of(rig) is LockState.UNLOCKED


def test_wishes_for_another_look_do_not_keep_an_account_locked():
    rig = CoreRig()
    rig.broker.answering = False
    rig.desk.reconcile(ACCOUNT, "test")
    for _ in range(DeskSettings().reconcile_rounds_max):
        rig.desk.reconcile(ACCOUNT, "again")
        rig.broker.answer()
    assert lock_of(rig) is LockState.UNLOCKED
