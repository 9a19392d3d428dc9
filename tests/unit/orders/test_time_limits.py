"""GTD and DAY kept here where the venue lacks them, and for orders that wait here."""

from __future__ import annotations

from datetime import timedelta, timezone

from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.orders import OrdStatus, OrdType, ReplaceOrder, Side, TimeInForce
from workstation.marketdata.calendar import Calendars, SessionCalendar
from workstation.orders.results import OrderAlert

S = OrdStatus
T = TimeInForce
DAY_S = 86_400
BARE = replace(CARD, times_in_force=frozenset({T.GTC, T.IOC}))


def gtd(rig, seconds=60, **fields):
    return rig.submit(time_in_force=T.GTD, expire_time=rig.now + seconds * SECOND, **fields)


def test_gtd_goes_out_as_gtc_and_is_cancelled_here_in_time():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    (sent,) = rig.broker.of("submit")
    assert (sent.terms.time_in_force, sent.terms.expire_time) == (T.GTC, None)
    assert order.terms.time_in_force is T.GTD
    assert [alert.code for alert in rig.said(OrderAlert)] == ["TIME_KEPT_HERE"]
    rig.clock.advance(59 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    rig.clock.advance(2 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_gtd_is_left_to_a_venue_that_takes_it():
    rig = CoreRig()
    order = gtd(rig)
    rig.clock.advance(120 * SECOND)
    assert rig.broker.of("submit")[0].terms.time_in_force is T.GTD
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_day_ends_at_the_sessions_close_where_the_venue_lacks_it():
    rig = CoreRig(card=BARE)
    order = rig.submit()
    left_s = DAY_S - rig.now // SECOND % DAY_S
    rig.clock.advance((left_s - 1) * SECOND)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    rig.clock.advance(2 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_hours_that_end_later_and_were_imported_meanwhile_move_the_end():
    rig = CoreRig(card=BARE)
    order = rig.submit()
    left_s = DAY_S - rig.now // SECOND % DAY_S
    two_hours_behind = timezone(timedelta(hours=-2))
    later = SessionCalendar("ALWAYS", two_hours_behind, weekdays=frozenset(range(7)), open_s=0, close_s=DAY_S)
    Calendars.adopt({"ALWAYS": later})
    rig.clock.advance((left_s + 7_199) * SECOND)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    rig.clock.advance(2 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_a_venue_without_gtc_either_refuses_as_unsupported():
    rig = CoreRig(card=replace(CARD, times_in_force=frozenset({T.IOC})))
    terms = rig.terms(time_in_force=T.GTD, expire_time=rig.now + SECOND)
    assert rig.desk.submit(rig.command(terms)).denial.code == "UNSUPPORTED_ORDER"


def test_agreement_with_the_venue_keeps_the_time_that_it_does_not_know():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    rig.desk.reconcile(ACCOUNT, "test")
    after = rig.order(order.cl_ord_id)
    assert (after.terms, after.status) == (order.terms, S.SUBMITTED)


def test_a_change_moves_the_end():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    later = rig.now + 100 * SECOND
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, expire_time=later))
    assert rig.broker.of("replace")[0].terms.time_in_force is T.GTC
    assert rig.order(order.cl_ord_id).terms.expire_time == later
    rig.clock.advance(90 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    rig.clock.advance(11 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_an_end_that_came_while_the_session_was_down_is_kept_for_the_next():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    rig.down()
    rig.clock.advance(61 * SECOND)
    assert rig.order(order.cl_ord_id).cancel_requested_at is not None
    rig.broker.connect(rig.desk.on_reports)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_an_end_that_came_while_this_program_was_away_is_kept_after_the_restart():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    rig.desk.stop()
    rig.clock.jump_wall(3_600 * SECOND)
    again = rig.restart()
    again.clock.advance(SECOND)
    assert again.order(order.cl_ord_id).status is S.CANCELLED


def test_a_filled_order_has_no_end_to_keep():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    rig.clock.advance(61 * SECOND)
    assert rig.broker.of("cancel") == []
    assert rig.desk._time_limits.kept == {}


def test_wall_time_set_back_delays_the_end():
    rig = CoreRig(card=BARE)
    order = gtd(rig)
    rig.clock.jump_wall(-30 * SECOND)
    rig.clock.advance(61 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED
    rig.clock.advance(30 * SECOND)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED


def test_an_order_that_waits_here_ends_here_whatever_the_venue_takes():
    rig = CoreRig(card=replace(CARD, ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET})))
    stop = gtd(rig, side=Side.SELL, price=None, ord_type=OrdType.STOP, stop_px=9_000)
    assert stop.status is S.NEW
    rig.clock.advance(61 * SECOND)
    assert rig.order(stop.cl_ord_id).status is S.CANCELLED
    assert rig.broker.calls == []
