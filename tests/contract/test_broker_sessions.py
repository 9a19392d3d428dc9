"""Contract of every broker adapter, groups B6 to B9 and B12: unknown outcomes, odd fills, recovery, links, hygiene."""

from __future__ import annotations

import pytest

from tests.helpers.adapters import ADAPTERS, Harness
from workstation.domain.executions import ExecKind
from workstation.domain.instruments import AssetClass
from workstation.domain.orders import (
    OrdStatus,
    OrdType,
    RequestKind,
    Side,
    TimeInForce,
    Trail,
    TrailKind,
    TriggerSource,
)
from workstation.ports.broker import ExecType, QueryAnswer, RequestLimit, SendOutcome, SessionState, UnreadableReport


@pytest.fixture(params=sorted(ADAPTERS))
def venue(request, tmp_path):
    harness: Harness = ADAPTERS[request.param](tmp_path)
    harness.market()
    yield harness
    harness.close()


def buy_now(venue: Harness, cl_ord_id: str, qty: int = 100) -> None:
    venue.submit(cl_ord_id, ord_type=OrdType.MARKET, qty=qty)


@pytest.mark.parametrize("kind", ["timeout_after_accept", "lost_request"])
def test_an_unknown_submit_is_settled_by_asking_and_never_doubled(venue, kind):
    venue.arm(kind)
    venue.submit("u1", time_in_force=TimeInForce.GTC)
    (sent,) = venue.sends("u1")
    assert (sent.outcome, sent.request) == (SendOutcome.UNKNOWN, RequestKind.SUBMIT)
    answer = venue.ask_all("u1")
    found = [order.cl_ord_id for order in answer.open_orders]
    expected = (["u1"], ()) if kind == "timeout_after_accept" else ([], ("u1",))
    assert (found, answer.absent) == expected
    assert venue.orders("u1") == []


def test_a_client_id_sent_twice_is_one_order(venue):
    venue.working("twice")
    venue.broker.submit("twice", venue.terms())
    venue.until("twice", ExecType.STATUS)
    assert len(venue.ask_all().open_orders) == 1


def test_requests_on_a_broken_link_are_not_sent_and_those_in_flight_are_unknown_once(venue):
    venue.working("old", time_in_force=TimeInForce.GTC)
    venue.arm("disconnect", for_s=0.5)
    venue.run_until(lambda: venue.sessions()[-1].state is SessionState.DOWN)
    venue.submit("new")
    assert [sent.outcome for sent in venue.sends("new")] == [SendOutcome.NOT_SENT]
    venue.run_until(lambda: venue.sessions()[-1].state is SessionState.UP)
    answer = venue.ask_all("new")
    assert [order.cl_ord_id for order in answer.open_orders] == ["old"]
    assert answer.absent == ("new",)


def test_a_lost_acknowledgement_is_found_by_asking(venue):
    venue.arm("drop_ack")
    venue.submit("la", time_in_force=TimeInForce.GTC)
    (found,) = venue.ask_all("la").open_orders
    assert (found.cl_ord_id, found.status) == ("la", OrdStatus.SUBMITTED)
    assert ExecType.ACCEPTED not in venue.kinds("la")


def test_a_lost_fill_is_found_by_asking(venue):
    venue.arm("drop_fill")
    buy_now(venue, "lf")
    answer = venue.ask_all("lf")
    assert venue.fills("lf") == []
    assert [(fill.cl_ord_id, fill.last_qty) for fill in answer.executions] == [("lf", 100)]
    assert [(position.symbol, position.qty) for position in answer.positions] == [(venue.symbol, 100)]


def test_a_doubled_fill_carries_the_same_key(venue):
    venue.arm("duplicate_fill")
    buy_now(venue, "df")
    venue.run_until(lambda: len(venue.fills("df")) == 2)
    first, second = venue.fills("df")
    assert first == second
    assert venue.ask_all().positions[0].qty == 100


def test_a_fill_on_a_second_channel_has_another_key_and_the_venue_counts_it_once(venue):
    venue.arm("second_channel")
    buy_now(venue, "sc")
    venue.run_until(lambda: len(venue.fills("sc")) == 2)
    assert len({fill.exec_key for fill in venue.fills("sc")}) == 2
    assert [fill.exec_key for fill in venue.ask_all().executions] == [venue.fills("sc")[0].exec_key]


def test_a_fill_may_come_before_its_acknowledgement(venue):
    venue.arm("reorder")
    buy_now(venue, "ro")
    venue.until("ro", ExecType.ACCEPTED)
    kinds = [
        type(report).__name__
        for report in venue.reports
        if getattr(report, "cl_ord_id", "") == "ro" or hasattr(report, "execution")
    ]
    assert kinds == ["SendReport", "FillReport", "OrderReport"]


def test_a_fill_after_the_cancel_was_confirmed_is_real(venue):
    venue.arm("fill_after_cancel", qty=40)
    order_id = venue.working("fc")
    venue.broker.cancel("fc", order_id)
    venue.until("fc", ExecType.CANCELLED)
    venue.until_filled("fc", 40)
    answer = venue.ask_all("fc")
    assert answer.positions[0].qty == 40
    (closed,) = answer.closed_orders
    assert (closed.status, closed.cum_qty) == (OrdStatus.CANCELLED, 40)


def test_an_overfill_is_reported_and_held(venue):
    venue.arm("overfill", qty=25)
    buy_now(venue, "of")
    venue.run_until(lambda: venue.filled("of") == 125)
    assert venue.ask_all().positions[0].qty == 125


def test_a_bust_takes_position_cash_and_fee_back(venue):
    before = venue.ask_all().balances
    buy_now(venue, "bu")
    (fill,) = venue.until_filled("bu", 100)
    venue.arm("bust")
    venue.run_until(lambda: len(venue.fills("bu")) == 2)
    bust = venue.fills("bu")[1]
    assert (bust.kind, bust.corrects, bust.last_px) == (ExecKind.BUST, fill.exec_key, fill.last_px)
    answer = venue.ask_all()
    assert answer.positions == ()
    assert answer.balances == before


def test_a_correction_books_the_fill_at_its_new_price(venue):
    start = venue.ask_all().balances[0].cash
    buy_now(venue, "co")
    (fill,) = venue.until_filled("co", 100)
    paid = start - venue.ask_all().balances[0].cash
    venue.arm("correct", price="230.02")
    venue.run_until(lambda: len(venue.fills("co")) == 2)
    correction = venue.fills("co")[1]
    assert (correction.kind, correction.corrects, correction.last_px) == (ExecKind.CORRECTION, fill.exec_key, 2_300_200)
    answer = venue.ask_all()
    assert answer.positions[0].qty == 100
    assert (start - answer.balances[0].cash) - paid == 10**18


def test_a_fill_of_an_order_placed_elsewhere_is_reported_and_counted(venue):
    venue.arm("unknown_order", symbol=venue.symbol, qty=-30, account=venue.account)
    venue.run_until(lambda: any(getattr(report, "execution", None) is not None for report in venue.reports))
    assert venue.ask_all().positions[0].qty == -30


def test_a_status_that_cannot_be_read_is_said_to_be_unreadable(venue):
    venue.arm("unknown_status")
    venue.submit("us")
    venue.run_until(lambda: any(isinstance(report, UnreadableReport) for report in venue.reports))
    (unreadable,) = [report for report in venue.reports if isinstance(report, UnreadableReport)]
    assert unreadable.cl_ord_id == "us"
    assert unreadable.raw


def test_the_next_orders_are_rejected_with_the_venues_code(venue):
    venue.arm("reject", count=2, code="MARGIN_CALL")
    for number in range(3):
        venue.submit(f"rj{number}")
    venue.until("rj2", ExecType.ACCEPTED)
    assert [venue.until(f"rj{number}", ExecType.REJECTED).code for number in range(2)] == ["MARGIN_CALL"] * 2


def test_a_rate_limit_refuses_the_request_and_a_refused_cancel_leaves_the_order(venue):
    order_id = venue.working("rl", time_in_force=TimeInForce.GTC)
    venue.arm("rate_limit")
    venue.submit("rl2")
    assert [(sent.outcome, sent.code) for sent in venue.sends("rl2")] == [(SendOutcome.REJECTED, "RATE_LIMITED")]
    venue.arm("reject_cancel")
    venue.broker.cancel("rl", order_id)
    venue.until("rl", ExecType.CANCEL_REJECTED)
    assert [order.cl_ord_id for order in venue.ask_all().open_orders] == ["rl"]


def test_a_limit_of_requests_is_on_the_card_as_soon_as_the_venue_states_it_and_gone_when_it_does_not(venue):
    assert venue.broker.capabilities.request_limit is None
    venue.arm("request_limit", count=3, for_s=2.0)
    venue.settle()  # no report tells of the limit: what the venue answers next comes behind it
    assert venue.broker.capabilities.request_limit == RequestLimit(3, 2 * 10**9)
    assert venue.broker.standing().request_limit == RequestLimit(3, 2 * 10**9)
    venue.restart_venue()
    venue.settle()
    assert venue.broker.capabilities.request_limit is None


def test_a_restarted_venue_remembers_orders_fills_positions_and_cash(venue):
    buy_now(venue, "filled")
    venue.until_filled("filled", 100)
    venue.working("part", price=venue.bid + venue.tick, time_in_force=TimeInForce.GTC)
    venue.trade(-1, 30)
    venue.until_filled("part", 30)
    order_id = venue.working(
        "stop",
        side=Side.SELL,
        ord_type=OrdType.STOP,
        stop_px=venue.bid - 10 * venue.tick,
        time_in_force=TimeInForce.GTC,
    )
    before = venue.ask_all("filled", "part", "stop")
    for _ in range(2):
        venue.restart_venue()
    after = venue.ask_all("filled", "part", "stop")
    assert {
        order.cl_ord_id: (order.status, order.cum_qty, order.cost, order.order_id) for order in after.open_orders
    } == {order.cl_ord_id: (order.status, order.cum_qty, order.cost, order.order_id) for order in before.open_orders}
    assert (after.executions, after.positions, after.balances) == (before.executions, before.positions, before.balances)
    venue.broker.cancel("stop", order_id)
    venue.until("stop", ExecType.CANCELLED)


def test_a_restarted_venue_remembers_how_far_a_trigger_has_trailed(venue):
    up = 20 * venue.tick
    for name, activation in (("now", None), ("later", venue.bid + 10 * venue.tick)):
        trail = Trail(TrailKind.TICKS, 5, activation_px=activation)
        terms = {"ord_type": OrdType.TRAILING_STOP, "trail": trail, "trigger": TriggerSource.BID_ASK}
        venue.working(name, side=Side.SELL, time_in_force=TimeInForce.GTC, **terms)
    venue.market(venue.bid + up, venue.ask + up)
    venue.settle()
    venue.restart_venue()  # it opens where it began, below what the triggers had come to: both fire at once
    found = venue.ask_all("now", "later")
    assert {fill.cl_ord_id for fill in found.executions} == {"later", "now"}
    assert found.open_orders == ()


def test_the_rest_of_a_remembered_order_still_fills(venue):
    venue.working("later", price=venue.bid + venue.tick, time_in_force=TimeInForce.GTC)
    venue.restart_venue()
    venue.market(venue.bid - 10 * venue.tick, venue.bid - 5 * venue.tick)
    venue.until_filled("later", 100)


def test_a_question_after_a_watermark_leaves_older_executions_out(venue):
    buy_now(venue, "w1")
    venue.until_filled("w1", 100)
    watermark = venue.now_ns() + 1
    buy_now(venue, "w2")
    venue.until_filled("w2", 100)
    assert [fill.cl_ord_id for fill in venue.ask_all(since_ns=watermark).executions] == ["w2"]


def test_maintenance_is_said_and_ends_by_itself(venue):
    venue.arm("maintenance", for_s=0.3)
    venue.run_until(lambda: venue.sessions()[-1].state is SessionState.MAINTENANCE)
    venue.broker.ask(9_999, venue.account, (), 0)
    venue.run_until(lambda: any(isinstance(r, QueryAnswer) and r.error for r in venue.reports))
    venue.run_until(lambda: venue.sessions()[-1].state is SessionState.UP)
    assert venue.sessions()[-1].ts_venue is not None


def test_wrong_positions_and_cash_show_in_the_answer(venue):
    buy_now(venue, "wp")
    venue.until_filled("wp", 100)
    cash = venue.ask_all().balances[0].cash
    venue.arm("wrong_position", symbol=venue.symbol, qty=7, account=venue.account)
    venue.arm("wrong_cash", amount="-5", account=venue.account)
    answer = venue.ask_all()
    assert answer.positions[0].qty == 107
    assert answer.balances[0].cash == cash - 5 * 10**18


def test_nothing_is_heard_after_disconnect(venue):
    venue.working("last", price=venue.bid, time_in_force=TimeInForce.GTC)
    venue.broker.disconnect()
    heard = len(venue.reports)
    venue.trade(-1, 2_000)
    assert len(venue.reports) == heard
    venue.reconnect()
    assert [fill.last_qty for fill in venue.ask_all("last").executions] == [100]


def test_the_card_names_what_the_contract_relies_on(venue):
    card = venue.broker.capabilities
    assert card.venue == venue.broker.venue
    assert card.cl_ord_id_length_max >= 36
    assert card.query_complete
    assert set(card.ord_types) == set(OrdType)


def test_what_a_venue_says_of_itself_is_told_at_once_or_not_at_all(venue):
    standing = venue.broker.standing()
    assert standing == venue.broker.standing() or standing.next_reset is not None
    if standing.limits_requests is False:
        assert standing.requests_left is None
    if standing.rights:
        rights = standing.rights[venue.account]
        assert AssetClass.STOCK in rights.classes or AssetClass.FUTURE in rights.classes
        assert rights.margin_rate_bps > 0
