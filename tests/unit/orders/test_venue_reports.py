"""What a venue says of one order becomes exactly the events that its state allows."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, CoreRig
from workstation.domain.events import StopTrailed
from workstation.domain.orders import OrdStatus, OrdType, RequestKind, Side, Trail, TrailKind
from workstation.orders.reports import order_events, sent_events
from workstation.orders.results import OrderAlert
from workstation.ports.broker import ExecType, OrderReport, SendOutcome, SendReport, UnreadableReport

S = OrdStatus


@pytest.fixture
def rig() -> CoreRig:
    return CoreRig()


def said(order, exec_type, **fields) -> list[str]:
    """Return the kinds of the events that a report about `order` gives."""
    values = {
        "exec_type": exec_type,
        "cl_ord_id": order.cl_ord_id,
        "order_id": order.order_id,
        "account": order.terms.account,
        "ts_event": 5,
        "venue_seq": 1,
    }
    return [type(event).__name__ for event in order_events(order, OrderReport(**(values | fields)), 9)]


def sent(order, request, outcome, code="") -> list[str]:
    """Return the kinds of the events that the fate of a request gives."""
    report = SendReport(cl_ord_id=order.cl_ord_id, request=request, outcome=outcome, code=code)
    return [type(event).__name__ for event in sent_events(order, report, 9, 0)]


def test_a_request_whose_fate_is_unknown_is_never_guessed(rig):
    order = rig.submit()
    assert sent(order, RequestKind.CANCEL, SendOutcome.UNKNOWN) == ["OutcomeUnknown"]


@pytest.mark.parametrize("outcome", [SendOutcome.NOT_SENT, SendOutcome.REJECTED])
def test_a_refused_request_takes_back_only_what_waits_for_it(rig, outcome):
    rig.broker.auto = False
    unanswered = rig.submit()
    assert sent(unanswered, RequestKind.SUBMIT, outcome) == ["OrderRejected"]
    assert sent(unanswered, RequestKind.CANCEL, outcome) == []
    assert sent(unanswered, RequestKind.REPLACE, outcome) == []
    rig.broker.accept(unanswered.cl_ord_id)
    assert sent(rig.order(unanswered.cl_ord_id), RequestKind.CANCEL, outcome) == []


def test_a_refusal_of_a_part_filled_order_is_the_end_of_its_rest(rig):
    order = rig.submit()
    rig.broker.fill(order.cl_ord_id, 40, 10_000)
    part = rig.order(order.cl_ord_id)
    assert said(part, ExecType.REJECTED, text="rest refused") == ["OrderCancelled"]
    assert said(order, ExecType.REJECTED) == ["OrderRejected"]


def test_reports_that_say_nothing_new_give_no_event(rig):
    order = rig.submit()
    assert said(order, ExecType.ACCEPTED) == []
    assert said(order, ExecType.REPLACED) == []
    assert said(order, ExecType.CANCEL_REJECTED) == []
    assert said(order, ExecType.REPLACE_REJECTED) == []
    rig.broker.route(order.cl_ord_id)
    assert said(rig.order(order.cl_ord_id), ExecType.ROUTED) == []
    assert said(rig.order(order.cl_ord_id), ExecType.STATUS, status=S.ROUTED) == []
    rig.broker.cancelled(order.cl_ord_id)
    assert said(rig.order(order.cl_ord_id), ExecType.EXPIRED) == []
    assert sent(rig.order(order.cl_ord_id), RequestKind.SUBMIT, SendOutcome.SENT) == []


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (S.ROUTED, ["OrderRouted"]),
        (S.CANCELLED, ["OrderCancelled"]),
        (S.EXPIRED, ["OrderExpired"]),
        (S.REJECTED, ["OrderRejected"]),
        (S.FILLED, []),
    ],
)
def test_a_status_report_is_read_as_the_news_that_it_holds(rig, status, kinds):
    assert said(rig.submit(), ExecType.STATUS, status=status) == kinds


def test_a_status_report_settles_a_doubt_about_the_status(rig):
    order = rig.submit()
    rig.broker.say(UnreadableReport(venue="FAKE", raw="?", reason="garbled", cl_ord_id=order.cl_ord_id))
    assert rig.order(order.cl_ord_id).unknown is RequestKind.STATUS
    assert [alert.code for alert in rig.said(OrderAlert)] == ["UNREADABLE_REPORT", "OUTCOME_UNKNOWN"]
    rig.broker.report(order.cl_ord_id, ExecType.STATUS, status=S.FILLED)
    assert rig.order(order.cl_ord_id).unknown is None


def test_an_unreadable_report_about_nothing_that_lives_is_counted(rig):
    before = len(rig.journal.kinds())
    rig.broker.say(UnreadableReport(venue="FAKE", raw="?", reason="garbled"))
    assert len(rig.journal.kinds()) == before


def test_a_stop_fires_once_and_trails_only_to_a_new_trigger(rig):
    stop = rig.submit(Side.BUY, 100, None, ord_type=OrdType.STOP, stop_px=10_100)
    assert said(stop, ExecType.TRIGGERED) == ["OrderTriggered"]
    rig.broker.report(stop.cl_ord_id, ExecType.TRIGGERED)
    assert said(rig.order(stop.cl_ord_id), ExecType.TRIGGERED) == []
    trail = Trail(TrailKind.TICKS, 10)
    trailing = rig.submit(Side.SELL, 100, None, ord_type=OrdType.TRAILING_STOP, trail=trail, stop_px=9_900)
    moved, same = rig.terms(stop_px=9_950), rig.terms(stop_px=9_900)
    assert said(trailing, ExecType.STATUS, terms=moved) == ["StopTrailed"]
    assert said(trailing, ExecType.STATUS, terms=same) == []


@pytest.mark.parametrize("status", [S.SUBMITTED, S.ROUTED, S.PARTIALLY_FILLED])
def test_a_status_report_tells_of_the_trigger_beside_the_state_and_the_report_of_its_end_of_the_last_one(rig, status):
    trail = Trail(TrailKind.TICKS, 10)
    trailing = rig.submit(Side.SELL, 100, None, ord_type=OrdType.TRAILING_STOP, trail=trail, stop_px=9_900)
    moved = rig.terms(stop_px=9_950)
    assert said(trailing, ExecType.STATUS, status=status, terms=moved)[-1:] == ["StopTrailed"]
    assert said(trailing, ExecType.STATUS, status=S.CANCELLED, terms=moved) == ["OrderCancelled"]


def test_the_trigger_that_fired_is_the_one_that_the_venue_names(rig):
    trail = Trail(TrailKind.TICKS, 10)
    trailing = rig.submit(Side.SELL, 100, None, ord_type=OrdType.TRAILING_STOP, trail=trail, stop_px=9_900)
    report = OrderReport(
        exec_type=ExecType.TRIGGERED,
        cl_ord_id=trailing.cl_ord_id,
        order_id="",
        account=ACCOUNT,
        ts_event=5,
        venue_seq=1,
        terms=rig.terms(stop_px=9_960),
    )
    assert [event.stop_px for event in order_events(trailing, report, 9)] == [9_960]


def test_terms_changed_by_the_venue_alone_are_asked_for_in_its_name(rig):
    order = rig.submit()
    changed = rig.terms(qty=60)
    assert said(order, ExecType.REPLACED, terms=changed) == ["ReplaceRequested", "OrderReplaced"]
    rig.broker.auto = False
    unanswered = rig.submit()
    assert said(unanswered, ExecType.REPLACED, terms=changed, order_id="V7") == [
        "OrderAccepted",
        "ReplaceRequested",
        "OrderReplaced",
    ]
    assert said(unanswered, ExecType.REPLACED, terms=unanswered.terms, order_id="V7") == ["OrderAccepted"]


def test_an_id_that_the_venue_has_seen_before_may_be_ours(rig):
    rig.broker.auto = False
    order = rig.submit()
    code = "DUPLICATE_CL_ORD_ID"
    rig.broker.sent(order.cl_ord_id, outcome=SendOutcome.REJECTED, code=code)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.PENDING_SUBMIT, RequestKind.SUBMIT)


def test_reports_about_orders_that_nobody_knows_start_a_look_and_book_nothing(rig):
    before, asks = rig.journal.kinds(), len(rig.broker.asks)
    rig.broker.say(SendReport(cl_ord_id="nobody", request=RequestKind.SUBMIT, outcome=SendOutcome.SENT))
    ended = OrderReport(
        exec_type=ExecType.CANCELLED, cl_ord_id="nobody", order_id="V9", account=ACCOUNT, ts_event=1, venue_seq=1
    )
    rig.broker.say(ended)
    assert (rig.journal.kinds(), len(rig.broker.asks)) == (before, asks)
    rig.broker.say(replace(ended, exec_type=ExecType.ROUTED))
    assert len(rig.broker.asks) > asks


def test_an_order_that_was_never_sent_and_lives_there_raises_an_alarm(rig):
    rig.broker.auto = False
    order = rig.submit()
    rig.broker.sent(order.cl_ord_id, outcome=SendOutcome.NOT_SENT)
    assert rig.order(order.cl_ord_id).reject_code == "NOT_SENT"
    rig.broker.accept(order.cl_ord_id)
    assert "ALIVE_AT_VENUE" in [alert.code for alert in rig.said(OrderAlert)]
    assert rig.order(order.cl_ord_id).status is S.REJECTED


@pytest.mark.parametrize(
    "wrong", [{"symbol": "XYZ"}, {"account": "SIM-2"}, {"side": Side.SELL}, {"order_qty": 0}, {"order_qty": -5}]
)
def test_terms_that_cannot_be_those_of_the_order_change_nothing_and_start_a_look(rig, wrong):
    order = rig.submit()
    rig.broker.answering = False
    rig.broker.report(order.cl_ord_id, ExecType.REPLACED, terms=replace(order.terms, **wrong))
    after = rig.order(order.cl_ord_id)
    assert (after.terms, after.status, after.unknown) == (order.terms, S.SUBMITTED, RequestKind.STATUS)
    assert "UNREADABLE_REPORT" in [alert.code for alert in rig.said(OrderAlert)]
    asked = len(rig.broker.asks)
    rig.clock.advance(10 * 10**9)
    assert len(rig.broker.asks) > asked


@pytest.mark.parametrize("at", [-1, 1 << 63])
def test_a_report_of_an_impossible_time_ends_nothing(rig, at):
    order = rig.submit()
    rig.broker.report(order.cl_ord_id, ExecType.CANCELLED, ts_event=at)
    assert (rig.order(order.cl_ord_id).status, rig.order(order.cl_ord_id).unknown) == (S.SUBMITTED, RequestKind.STATUS)


def test_a_limit_that_trails_along_is_booked_with_its_trigger_and_before_it_fires(rig):
    trail = Trail(TrailKind.TICKS, 10)
    kinds = {"ord_type": OrdType.TRAILING_STOP_LIMIT, "trail": trail, "stop_px": 9_900}
    order = rig.submit(Side.SELL, 100, 9_890, **kinds)

    def heard(exec_type: ExecType, stop_px: int, price: int) -> list[str]:
        report = OrderReport(
            exec_type=exec_type, cl_ord_id=order.cl_ord_id, order_id=order.order_id, account=order.terms.account,
            ts_event=5, venue_seq=1, terms=replace(order.terms, stop_px=stop_px, price=price),
        )  # fmt: skip
        events = order_events(rig.order(order.cl_ord_id), report, 9)
        rig.desk.recorder.record(events)
        return [type(event).__name__ for event in events]

    assert heard(ExecType.STATUS, 9_920, 9_910) == ["StopTrailed"]
    assert (rig.order(order.cl_ord_id).terms.stop_px, rig.order(order.cl_ord_id).terms.price) == (9_920, 9_910)
    assert heard(ExecType.STATUS, 9_920, 9_910) == []
    assert heard(ExecType.TRIGGERED, 9_930, 9_920) == ["StopTrailed", "OrderTriggered"]
    assert rig.order(order.cl_ord_id).terms.price == 9_920, "the limit that works from now on"


def test_of_a_trail_without_a_limit_the_journal_says_what_it_always_said():
    plain = StopTrailed(cl_ord_id="OMS-1", ts=1, stop_px=9_900, ts_event=5)
    assert (
        msgspec.json.encode(plain) == b'{"type":"StopTrailed","cl_ord_id":"OMS-1","ts":1,"stop_px":9900,"ts_event":5}'
    )
