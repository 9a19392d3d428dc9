"""What adds risk and what takes it away, row by row."""

from __future__ import annotations

import pytest

from tests.helpers.risk import HAND, RiskDesk, changed, intent, live, terms
from workstation.domain.accounts import KillScope
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    ReferencePrice,
    RiskClass,
    Side,
    TimeInForce,
    Trail,
    TrailKind,
    TriggerSource,
)

INCREASE, REDUCE = RiskClass.INCREASE, RiskClass.REDUCE


@pytest.fixture
def desk() -> RiskDesk:
    return RiskDesk()


@pytest.mark.parametrize(
    ("position", "exits", "asked", "risk_class", "allowed"),
    [
        (0, 0, (Side.BUY, 10, False), INCREASE, 10),
        (100, 0, (Side.BUY, 10, False), INCREASE, 10),
        (100, 0, (Side.SELL, 100, False), REDUCE, 100),
        (100, 0, (Side.SELL, 101, False), INCREASE, 101),
        (100, 0, (Side.SELL, 101, True), REDUCE, 100),
        (100, 60, (Side.SELL, 40, False), REDUCE, 40),
        (100, 60, (Side.SELL, 41, False), INCREASE, 41),
        (100, 60, (Side.SELL, 41, True), REDUCE, 40),
        (-100, 0, (Side.BUY, 100, False), REDUCE, 100),
        (-100, 0, (Side.BUY_TO_COVER, 150, True), REDUCE, 100),
        (-100, 0, (Side.SELL_SHORT, 10, False), INCREASE, 10),
        (-100, 30, (Side.BUY, 80, True), REDUCE, 70),
    ],
)
def test_the_class_and_the_cap(desk, position, exits, asked, risk_class, allowed):  # noqa: PLR0917 -- a table
    side, qty, reduce_only = asked
    desk.hold(position)
    if exits:
        desk.work(live("exit", terms(Side.SELL if position > 0 else Side.BUY, qty=exits, price=None)))
    verdict = desk.gate.check(intent(terms(side, qty=qty, price=None, reduce_only=reduce_only)))
    assert (verdict.risk_class, verdict.qty) == (risk_class, allowed)


@pytest.mark.parametrize(("position", "side"), [(0, Side.SELL), (100, Side.BUY), (100, Side.SELL)])
def test_a_cap_of_nothing_is_refused_as_nothing_to_reduce(desk, position, side):
    desk.hold(position)
    desk.work(live("exit", terms(Side.SELL, qty=100, price=None)))
    verdict = desk.gate.check(intent(terms(side, price=None, reduce_only=True)))
    assert (verdict.denial.code, verdict.qty) == ("NOTHING_TO_REDUCE", 0)


def test_an_exit_passes_limits_locks_kills_arming_halts_and_stale_prices(desk):
    desk.hold(2_000)
    desk.kill(KillScope.ALL)
    desk.controls.locks.lock_all()
    desk.view.is_armed = False
    desk.view.net = -(10**30)
    desk.view.equities = None
    desk.view.phases["AAPL"] = SessionPhase.HALTED
    desk.view.references["AAPL"] = ReferencePrice(None, None, None, 10**6, False)
    for name in ("LOCKOUT", "CLOSE_ONLY", "RESTRICTED_SYMBOL", "SHORT_SALE"):
        desk.limit(name, "ON")
    desk.limit("ORDER_QUANTITY", "")
    verdict = desk.gate.check(intent(terms(Side.SELL, qty=2_000, price=None), origin=HAND))
    assert (verdict.passed, verdict.qty) == (True, 2_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [("POSITION_QUANTITY", "1000"), ("POSITION_NOTIONAL", "1000"), ("GROSS_EXPOSURE", "1000"), ("OPEN_ORDERS", "1")],
)
def test_a_limit_below_what_is_there_already_refuses_what_adds_and_nothing_that_reduces(desk, name, value):
    desk.hold(2_000)
    desk.view.grosses = 2_000 * 100 * MONEY_ONE
    working = desk.work(live("first", terms(qty=10)))
    desk.work(live("second", terms(qty=10)))
    desk.limit(name, value)
    assert desk.refusal(intent(terms(qty=1))) == name
    assert desk.refusal(intent(terms(Side.SELL, qty=1))) == ""
    assert desk.refusal(intent(terms(Side.SELL, qty=2_000, price=None))) == ""
    less = intent(terms(qty=5), replaces=working, cl_ord_id="first")
    assert (desk.gate.check(less).risk_class, desk.refusal(less)) == (REDUCE, "")


def test_an_exit_pressed_twice_within_the_window_is_refused_once(desk):
    desk.hold(100)
    exit_ = intent(terms(Side.SELL, qty=50, price=None), origin=HAND)
    assert desk.refusal(exit_) == ""
    desk.gate.count(changed(exit_, cl_ord_id="first"))
    assert desk.refusal(exit_) == "DUPLICATE_ORDER"


def test_legs_of_which_one_can_fill_close_the_position_once(desk):
    desk.hold(100)
    link = GroupLink("g", Contingency.BRACKET, LegRole.TAKE_PROFIT, "entry")
    desk.work(live("tp", terms(Side.SELL, price=11_000, reduce_only=True), link=link))
    stop = terms(Side.SELL, price=None, ord_type=OrdType.STOP, stop_px=9_000, reduce_only=True)
    leg = GroupLink("g", Contingency.BRACKET, LegRole.STOP_LOSS, "entry")
    assert desk.gate.check(intent(stop, link=leg)).qty == 100
    assert desk.refusal(intent(stop)) == "NOTHING_TO_REDUCE"


def stop_order(**more):
    fields = {"ord_type": OrdType.STOP, "stop_px": 9_500, "reduce_only": True, "time_in_force": TimeInForce.GTC}
    return live("stop", terms(Side.SELL, price=more.pop("price", None), **(fields | more)))


@pytest.mark.parametrize(
    ("change", "risk_class"),
    [
        ({"stop_px": 9_600}, REDUCE),
        ({"stop_px": 9_499}, INCREASE),
        ({"order_qty": 50}, REDUCE),
        ({"time_in_force": TimeInForce.DAY}, INCREASE),
    ],
)
def test_a_change_that_loosens_a_protective_stop_adds_risk(desk, change, risk_class):
    desk.hold(100)
    order = desk.work(stop_order())
    assert desk.gate.check(intent(changed(order.terms, **change), replaces=order)).risk_class is risk_class


@pytest.mark.parametrize(
    ("change", "risk_class"),
    [
        ({"price": 9_300}, REDUCE),
        ({"price": 9_450}, INCREASE),
        ({"price": 9_500, "stop_px": 9_600}, REDUCE),
    ],
)
def test_less_room_between_trigger_and_limit_loosens_a_stop_limit(desk, change, risk_class):
    desk.hold(100)
    order = desk.work(stop_order(ord_type=OrdType.STOP_LIMIT, price=9_400))
    assert desk.gate.check(intent(changed(order.terms, **change), replaces=order)).risk_class is risk_class


@pytest.mark.parametrize(
    ("trail", "risk_class"),
    [
        (Trail(TrailKind.TICKS, 10), REDUCE),
        (Trail(TrailKind.TICKS, 30), INCREASE),
        (Trail(TrailKind.BPS, 10), INCREASE),
        (Trail(TrailKind.TICKS, 20, 12_000), INCREASE),
    ],
)
def test_a_wider_trail_loosens_a_trailing_stop(desk, trail, risk_class):
    desk.hold(100)
    order = desk.work(stop_order(ord_type=OrdType.TRAILING_STOP, trail=Trail(TrailKind.TICKS, 20)))
    assert desk.gate.check(intent(changed(order.terms, trail=trail), replaces=order)).risk_class is risk_class


def test_a_plain_stop_on_the_closing_side_is_protective_too(desk):
    desk.hold(100)
    order = desk.work(stop_order(reduce_only=False))
    assert desk.gate.check(intent(changed(order.terms, stop_px=9_000), replaces=order)).risk_class is INCREASE


def test_a_partial_cancel_of_an_entry_takes_risk_away(desk):
    desk.kill(KillScope.ALL)
    order = desk.work(live("entry", terms(qty=100), cum=10))
    verdict = desk.gate.check(intent(terms(qty=60), replaces=order))
    assert (verdict.risk_class, verdict.passed, verdict.qty) == (REDUCE, True, 60)
    assert desk.refusal(intent(terms(qty=60, price=10_001), replaces=order)) == "KILL_SWITCH_ACTIVE"


def test_a_change_of_an_exit_is_capped_with_its_filled_part(desk):
    desk.hold(60)
    order = desk.work(live("exit", terms(Side.SELL, qty=100, price=11_000, reduce_only=True), cum=40))
    verdict = desk.gate.check(intent(terms(Side.SELL, qty=150, price=10_900, reduce_only=True), replaces=order))
    assert (verdict.risk_class, verdict.qty) == (REDUCE, 100)


def test_a_change_is_judged_without_counting_the_order_twice(desk):
    desk.limit("POSITION_QUANTITY", "100")
    order = desk.work(live("entry", terms(qty=100)))
    assert desk.refusal(intent(terms(qty=100, price=9_990), replaces=order)) == ""
    assert desk.refusal(intent(terms(qty=101), replaces=order)) == "POSITION_QUANTITY"


def test_an_order_already_counted_is_judged_again_without_itself(desk):
    desk.limit("POSITION_QUANTITY", "100")
    desk.limit("OPEN_ORDERS", "1")
    desk.work(live("new", terms(qty=100), status=OrdStatus.PENDING_SUBMIT))
    assert desk.refusal(intent(terms(qty=100))) == ""


def test_a_trigger_seen_elsewhere_a_trail_taken_away_or_an_earlier_end_loosens(desk):
    desk.hold(100)
    order = desk.work(stop_order(time_in_force=TimeInForce.GTD, expire_time=100))
    for change, risk_class in (
        ({"trigger": TriggerSource.MID}, INCREASE),
        ({"stop_px": None}, INCREASE),
        ({"expire_time": 90}, INCREASE),
        ({"expire_time": 110}, REDUCE),
    ):
        asked = intent(changed(order.terms, **change), replaces=order)
        assert desk.gate.check(asked).risk_class is risk_class, change
    trailing = desk.work(stop_order(ord_type=OrdType.TRAILING_STOP, trail=Trail(TrailKind.TICKS, 20)))
    assert desk.gate.check(intent(changed(trailing.terms, trail=None), replaces=trailing)).risk_class is INCREASE


def test_a_limit_put_on_a_stop_loosens_it_and_a_plain_limit_is_no_protection(desk):
    desk.hold(100)
    order = desk.work(stop_order())
    limited = changed(order.terms, ord_type=OrdType.STOP_LIMIT, price=9_400)
    assert desk.gate.check(intent(limited, replaces=order)).risk_class is INCREASE
    target = desk.work(live("target", terms(Side.SELL, price=11_000, reduce_only=True)))
    assert desk.gate.check(intent(changed(target.terms, price=11_500), replaces=target)).risk_class is REDUCE
