"""Pacing at a venue that limits its requests: never above the limit, cancels and exits first, refusals by name.

The venue's own list of calls is what is counted; the clock is the test's.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD, FakeBroker
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.orders import CancelOrder, CancelScope, OrderState, OrdStatus, ReplaceOrder, Side
from workstation.kernel.clock import VirtualClock
from workstation.orders.request_budget import RequestBudget
from workstation.ports.broker import RATE_LIMITED, RequestLimit, SendOutcome, SessionState

S = OrdStatus
MS = 1_000_000
LIMIT = RequestLimit(20, SECOND)


class TimedBroker(FakeBroker):
    """A venue that notes when each request reached it, monotonic ns."""

    def __init__(self, clock: VirtualClock, limit: RequestLimit | None) -> None:
        super().__init__(clock, card=msgspec.structs.replace(CARD, request_limit=limit))
        self.clock, self.times = clock, list[int]()

    def submit(self, cl_ord_id, terms):
        self.times.append(self.clock.mono_ns())
        super().submit(cl_ord_id, terms)

    def replace(self, cl_ord_id, order_id, terms):
        self.times.append(self.clock.mono_ns())
        super().replace(cl_ord_id, order_id, terms)

    def cancel(self, cl_ord_id, order_id):
        self.times.append(self.clock.mono_ns())
        super().cancel(cl_ord_id, order_id)

    def ask(self, request_id, account, cl_ord_ids, since_ns):
        self.times.append(self.clock.mono_ns())
        super().ask(request_id, account, cl_ord_ids, since_ns)


def paced(limit: RequestLimit | None = LIMIT) -> tuple[CoreRig, TimedBroker]:
    clock = VirtualClock()
    broker = TimedBroker(clock, limit)
    rig = CoreRig(clock=clock, broker=broker)
    clock.advance(2 * SECOND)
    broker.times.clear()
    broker.calls.clear()
    return rig, broker


def flood(rig: CoreRig, count: int, symbol: str = SYMBOL) -> list[OrderState]:
    """Submit many orders at one instant; return those that were accepted."""
    results = [rig.desk.submit(rig.command(rig.terms(symbol=symbol))) for _ in range(count)]
    return [result.order for result in results if result.denial is None and result.order is not None]


def most_in(times: list[int], span_ns: int) -> int:
    """Return the largest number of requests in any half-open span."""
    return max((sum(start <= at < start + span_ns for at in times) for start in times), default=0)


def cancel(rig: CoreRig, order: OrderState) -> None:
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))


def test_ten_times_the_limit_reaches_the_venue_at_no_more_than_the_limit_and_in_order():
    rig, broker = paced()
    accepted = flood(rig, 200)
    rig.clock.advance(3 * SECOND)
    sent = [call.cl_ord_id for call in broker.of("submit")]
    assert 0 < most_in(broker.times, SECOND) <= LIMIT.requests
    assert sent == [order.cl_ord_id for order in accepted]
    assert len(sent) > LIMIT.requests, "those that waited went out later"
    assert all(rig.order(key).status is S.SUBMITTED for key in sent)


def test_what_would_wait_too_long_is_refused_by_rule_value_and_limit():
    rig, broker = paced()
    flood(rig, 200)
    denial = rig.desk.submit(rig.command()).denial
    assert denial is not None
    assert denial.code == "REQUEST_BUDGET"
    assert denial.value == "2.06 s"
    assert denial.limit == "2 s (20 in 1 s)"
    assert denial.text == (
        "Refused: FAKE takes 20 in 1 s and 32 wait for their turn; this one would wait 2.06 s, at most 2 s is allowed."
    )
    rig.clock.advance(2 * SECOND)
    assert rig.desk.submit(rig.command()).denial is None, "once those have gone there is room again"
    assert broker.of("submit")


def test_a_cancel_leaves_at_once_in_a_flood_of_ten_times_the_limit():
    rig, broker = paced()
    live = rig.submit()
    rig.clock.advance(SECOND)
    flood(rig, 200)
    cancel(rig, live)
    assert [call.cl_ord_id for call in broker.of("cancel")] == [live.cl_ord_id]
    assert rig.order(live.cl_ord_id).status is S.CANCELLED


def test_no_cancel_waits_a_second_while_orders_flood_the_venue():
    rig, broker = paced()
    working(rig, 40)
    waited = []
    for order in list(rig.state.book.open_orders()):
        flood(rig, 20)
        asked = rig.clock.mono_ns()
        cancel(rig, order)
        rig.clock.advance(100 * MS)
        left = [at for at, call in zip(broker.times, broker.calls, strict=True) if call.cl_ord_id == order.cl_ord_id][1]
        waited.append(left - asked)
    assert len(waited) == 40
    assert max(waited) < SECOND
    assert most_in(broker.times, SECOND) <= LIMIT.requests


def test_an_exit_uses_the_kept_part_while_entries_wait():
    rig, broker = paced()
    rig.position(100)
    rig.clock.advance(SECOND)
    entries = flood(rig, 10, "XYZ")
    assert len(broker.of("submit")) < 1 + len(entries)
    rig.flatten()
    exits = [call for call in broker.of("submit") if call.terms is not None and call.terms.side is Side.SELL]
    assert len(exits) == 1, "the exit did not wait behind the entries"


def test_a_change_waits_its_turn_and_is_refused_by_name_when_it_would_wait_too_long():
    rig, broker = paced()
    live = rig.submit()
    rig.clock.advance(SECOND)
    flood(rig, 12)
    change = ReplaceOrder(cl_ord_id=live.cl_ord_id, origin=HAND, price=9_999)
    assert rig.desk.replace(change).denial is None
    assert rig.order(live.cl_ord_id).status is S.PENDING_REPLACE
    assert broker.of("replace") == []
    rig.clock.advance(2 * SECOND)
    assert len(broker.of("replace")) == 1
    flood(rig, 200)
    denial = rig.desk.replace(msgspec.structs.replace(change, price=9_998)).denial
    assert denial is not None
    assert denial.code == "REQUEST_BUDGET"


def test_a_waiting_order_that_is_cancelled_ends_at_once_and_never_reaches_the_venue():
    rig, broker = paced()
    last = flood(rig, 12)[-1]
    cancel(rig, last)
    order = rig.order(last.cl_ord_id)
    assert order.status is S.CANCELLED
    rig.clock.advance(5 * SECOND)
    assert last.cl_ord_id not in [call.cl_ord_id for call in broker.calls]


def test_a_kill_switch_stops_what_waits():
    rig, broker = paced()
    flood(rig, 12)
    before = len(broker.of("submit"))
    killed = KillState(scope=KillScope.ALL, key="", on=True, reason="test", actor="tester", ts=rig.now)
    rig.desk.kill(msgspec.structs.replace(killed, cancel_orders=False))
    rig.clock.advance(5 * SECOND)
    assert len(broker.of("submit")) == before
    assert not [order for order in rig.state.book.open_orders() if order.status is S.PENDING_SUBMIT]


def test_what_waits_when_the_session_drops_is_not_sent_and_said_so():
    rig, broker = paced()
    waiting = flood(rig, 12)[-1]
    broker.session(SessionState.DOWN, "test")
    order = rig.order(waiting.cl_ord_id)
    assert (order.status, order.reject_code) == (S.REJECTED, "NOT_SENT")
    assert order.unknown is None, "no byte of it left: nothing about it is unknown"
    broker.session(SessionState.UP)
    rig.clock.advance(5 * SECOND)
    assert waiting.cl_ord_id not in [call.cl_ord_id for call in broker.of("submit")]


def test_a_request_that_waits_here_is_not_called_unknown():
    rig, _ = paced(RequestLimit(20, 20 * SECOND))
    resting = []
    for _ in range(12):
        resting += flood(rig, 1)
        rig.clock.advance(3 * SECOND)
    rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, include_protective=True))
    waiting = [order for order in resting if rig.order(order.cl_ord_id).status is S.PENDING_CANCEL]
    assert len(waiting) > 5
    rig.clock.advance(6 * SECOND)
    assert not [order for order in rig.state.book.open_orders() if order.unknown is not None]
    rig.clock.advance(20 * SECOND)
    assert {rig.order(order.cl_ord_id).status for order in resting} == {S.CANCELLED}


def working(rig: CoreRig, count: int) -> None:
    """Rest orders at the venue, slowly enough for its limit."""
    for _ in range(count):
        flood(rig, 1)
        rig.clock.advance(100 * MS)


def test_an_entry_behind_a_storm_of_cancels_is_refused_at_once():
    rig, broker = paced()
    working(rig, 60)
    rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, include_protective=True))
    assert flood(rig, 1) == [], "the wait is known: it is refused before it is stored as sent"
    assert most_in(broker.times, SECOND) <= LIMIT.requests


def test_an_entry_that_cancels_overtook_for_too_long_is_not_sent_late_and_says_so():
    rig, broker = paced()
    working(rig, 60)
    held_up = flood(rig, 10, "XYZ")[-1]
    rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, symbol=SYMBOL, include_protective=True))
    rig.clock.advance(3 * SECOND)
    order = rig.order(held_up.cl_ord_id)
    assert (order.status, order.reject_code) == (S.REJECTED, "NOT_SENT")
    assert order.text == "waited 3 s for its turn, the venue takes 20 in 1 s"
    rig.clock.advance(5 * SECOND)
    assert held_up.cl_ord_id not in [call.cl_ord_id for call in broker.of("submit")]
    assert most_in(broker.times, SECOND) <= LIMIT.requests


def test_entries_hold_back_after_the_venue_refused_one_as_too_many_and_cancels_do_not():
    rig, broker = paced(None)
    live = rig.submit()
    broker.auto = False
    refused = rig.submit()
    broker.sent(refused.cl_ord_id, outcome=SendOutcome.REJECTED, code=RATE_LIMITED, text="too many requests (429)")
    broker.auto = True
    later = rig.submit()
    assert later.cl_ord_id not in [call.cl_ord_id for call in broker.of("submit")]
    cancel(rig, live)
    assert len(broker.of("cancel")) == 1
    rig.clock.advance(SECOND - 1)
    assert later.cl_ord_id not in [call.cl_ord_id for call in broker.of("submit")]
    rig.clock.advance(SECOND // 2 + 1)
    assert later.cl_ord_id in [call.cl_ord_id for call in broker.of("submit")]


def test_programs_that_were_refused_together_do_not_come_back_together():
    rig, broker = paced(None)
    waits = []
    for _ in range(20):
        rig.desk.pacing.refused(ACCOUNT)
        waits.append(rig.desk.pacing._lanes[broker.venue].quiet_until - rig.clock.mono_ns())
    assert len(set(waits)) > 10
    assert SECOND <= min(waits) < max(waits) <= SECOND * 3 // 2


def test_an_order_that_waits_says_for_what_until_it_has_left():
    rig, _ = paced()
    orders = flood(rig, 20)
    sent, waiting = rig.order(orders[0].cl_ord_id), rig.order(orders[-1].cl_ord_id)
    assert (sent.text, sent.waits_for) == ("", "")
    assert (waiting.status, waiting.text) == (S.PENDING_SUBMIT, "Waits: FAKE takes 20 in 1 s, and 17 go before it")
    assert waiting.waits_for == waiting.text
    rig.clock.advance(2 * SECOND)
    after = rig.order(waiting.cl_ord_id)
    assert (after.status, after.text, after.waits_for) == (S.SUBMITTED, "", "")


def test_what_was_sent_waits_here_no_more_although_the_venue_is_silent():
    rig, broker = paced()
    order = flood(rig, 20)[-1]
    broker.auto = False
    rig.clock.advance(2 * SECOND)
    broker.sent(order.cl_ord_id)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.text, after.waits_for) == (S.PENDING_SUBMIT, "", "")


def test_what_a_fill_ends_before_its_send_was_reported_waits_no_more():
    rig, broker = paced()
    order = flood(rig, 20)[-1]
    broker.auto = False
    rig.clock.advance(2 * SECOND)
    assert rig.order(order.cl_ord_id).waits_for
    broker.fill(order.cl_ord_id, 100, 10_000)
    assert (rig.order(order.cl_ord_id).status, rig.order(order.cl_ord_id).text) == (S.FILLED, "")


def test_a_change_that_waits_says_so_and_a_wait_after_a_refusal_names_it():
    rig, _ = paced(None)
    live = rig.submit()
    rig.desk.pacing.refused(ACCOUNT)
    rig.desk.replace(ReplaceOrder(cl_ord_id=live.cl_ord_id, origin=HAND, price=9_990))
    waiting = rig.order(live.cl_ord_id)
    assert waiting.status is S.PENDING_REPLACE
    assert waiting.text.startswith("Waits: FAKE refused a request as one too many, so nothing goes for 1.")
    assert waiting.waits_for == waiting.text
    rig.clock.advance(2 * SECOND)
    assert (rig.order(live.cl_ord_id).terms.price, rig.order(live.cl_ord_id).text) == (9_990, "")


def test_an_order_that_waited_when_the_program_was_killed_waits_no_more_afterwards():
    rig, broker = paced()
    waiting = flood(rig, 20)[-1]
    assert rig.order(waiting.cl_ord_id).waits_for
    broker.answering = False
    again = rig.restart()
    after = again.order(waiting.cl_ord_id)
    assert (after.status, after.unknown is not None, after.waits_for) == (S.PENDING_SUBMIT, True, "")


def test_a_cancel_that_waits_its_moment_leaves_no_word_on_the_order():
    rig, _ = paced()
    working(rig, 40)
    rig.desk.cancel_scope(CancelScope(origin=HAND, account=ACCOUNT, include_protective=True))
    pending = [order for order in rig.state.book.open_orders() if order.status is S.PENDING_CANCEL]
    assert pending
    assert {order.text for order in pending} == {""}


def test_a_question_gets_its_turn_among_endless_entries():
    rig, broker = paced()
    asked = len(broker.asks)
    flood(rig, 30)
    rig.desk.reconcile(ACCOUNT, "test")
    rig.unlock()
    for _ in range(30):
        rig.clock.advance(100 * MS)
        flood(rig, 5)
    assert len(broker.asks) > asked


def test_the_board_tells_what_is_left_kept_and_waiting():
    rig, broker = paced()
    flood(rig, 12)
    standing = rig.desk.pacing.standing(broker)
    assert (standing.limits_requests, standing.request_limit) == (True, LIMIT)
    assert (standing.requests_left, standing.requests_kept, standing.requests_waiting) == (2, 2, 10)
    other, free = paced(None)
    assert other.desk.pacing.standing(free) == free.standing()


@given(st.integers(1, 60), st.integers(1, 90), st.lists(st.integers(0, 3_000), min_size=1, max_size=200))
def test_no_span_of_the_limits_length_holds_more_than_the_limit(requests: int, per_s: int, gaps_ms: list[int]) -> None:
    limit = RequestLimit(requests, per_s * SECOND)
    budget, now, times = RequestBudget(limit, 0), 0, []
    for gap_ms in gaps_ms:
        now += gap_ms * MS
        while budget.left(now) > 0:
            budget.spend(now)
            times.append(now)
    assert most_in(times, limit.per_ns) <= limit.requests
    assert times, "and it lets something through"


@pytest.mark.parametrize("requests", [1, 2, 3, 5, 50, 1_200])
def test_part_of_every_budget_that_can_be_shared_is_kept(requests: int) -> None:
    budget = RequestBudget(RequestLimit(requests, SECOND), 0)
    assert 0 <= budget.kept < budget.size <= max(requests, 1)
    assert budget.kept > 0 or requests < 3
