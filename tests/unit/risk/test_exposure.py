"""Totals of live orders at their worst case."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.helpers.risk import INSTRUMENTS, changed, live, terms
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    RequestKind,
    Side,
    TimeInForce,
)
from workstation.risk.exposure import Exposure


@pytest.fixture
def exposure() -> Exposure:
    return Exposure(INSTRUMENTS)


def side(exposure, sign=1):
    return exposure.working("SIM-1", "AAPL").side(sign)


def test_an_order_counts_from_its_intent_until_it_is_final(exposure):
    new = live("a", terms(), status=OrdStatus.NEW)
    exposure.on_change(None, new)
    assert side(exposure).qty == 0
    pending = changed(new, status=OrdStatus.PENDING_SUBMIT)
    exposure.on_change(new, pending)
    assert (side(exposure).qty, side(exposure).notional) == (100, 10_000 * MONEY_ONE)
    part = changed(pending, status=OrdStatus.PARTIALLY_FILLED, cum_qty=40, leaves_qty=60)
    exposure.on_change(pending, part)
    assert side(exposure).qty == 60
    exposure.on_change(part, changed(part, status=OrdStatus.FILLED, cum_qty=100, leaves_qty=0))
    assert (side(exposure).qty, side(exposure).notional, side(exposure).best) == (0, 0, None)


def test_it_tells_whether_what_an_order_counts_is_another(exposure):
    new = live("a", terms(), status=OrdStatus.NEW)
    pending = changed(new, status=OrdStatus.PENDING_SUBMIT)
    sent = changed(pending, ts_sent=1)
    part = changed(sent, status=OrdStatus.PARTIALLY_FILLED, cum_qty=40, leaves_qty=60)
    asked = changed(part, status=OrdStatus.PENDING_REPLACE, pending_terms=terms(qty=200))
    ended = changed(asked, status=OrdStatus.CANCELLED, leaves_qty=0)
    states = (None, new, pending, sent, part, asked, ended, changed(ended, text="late word"))
    told = [exposure.on_change(before, after) for before, after in pairwise(states)]
    assert told == [False, True, False, True, True, True, False]


def test_a_pending_change_counts_the_larger_of_both_terms(exposure):
    order = live("a", terms(qty=100), cum=20)
    exposure.on_change(None, order)
    for qty, worst in ((50, 80), (300, 280)):
        exposure.on_change(None, changed(order, status=OrdStatus.PENDING_REPLACE, pending_terms=terms(qty=qty)))
        assert side(exposure).qty == worst
    exposure.on_change(None, order)
    assert side(exposure).qty == 80


def test_a_pending_change_stands_at_both_prices(exposure):
    order = live("a", terms(price=9_900), status=OrdStatus.PENDING_REPLACE, pending_terms=terms(price=9_950))
    exposure.on_change(None, order)
    assert side(exposure).best == 9_950
    exposure.on_change(order, changed(order, status=OrdStatus.SUBMITTED, pending_terms=None))
    assert side(exposure).best == 9_900


def test_an_unknown_outcome_keeps_the_whole_reservation(exposure):
    order = live("a", terms(), status=OrdStatus.PENDING_CANCEL, unknown=RequestKind.CANCEL)
    exposure.on_change(None, order)
    assert side(exposure).qty == 100


def test_the_best_own_price_follows_its_orders(exposure):
    orders = [live(str(price), terms(Side.SELL, price=price)) for price in (10_030, 10_010, 10_020)]
    for order in orders:
        exposure.on_change(None, order)
    exposure.on_change(None, live("twin", terms(Side.SELL, price=10_010)))
    assert side(exposure, -1).best == 10_010
    exposure.on_change(orders[1], changed(orders[1], status=OrdStatus.CANCELLED, leaves_qty=0))
    assert side(exposure, -1).best == 10_010
    exposure.on_change(None, changed(live("twin", terms(Side.SELL, price=10_010)), status=OrdStatus.CANCELLED))
    assert side(exposure, -1).best == 10_020


def test_orders_that_cannot_rest_have_no_resting_price(exposure):
    exposure.on_change(None, live("ioc", terms(time_in_force=TimeInForce.IOC)))
    stop = live("stop", terms(price=10_200, ord_type=OrdType.STOP_LIMIT, stop_px=10_100))
    exposure.on_change(None, stop)
    assert side(exposure).best is None
    exposure.on_change(stop, changed(stop, triggered=True))
    assert side(exposure).best == 10_200


def test_legs_of_which_one_can_fill_count_once_at_the_largest(exposure):
    orders = [
        live(name, terms(Side.SELL, qty=qty), link=GroupLink("g", Contingency.OCO, LegRole.OCO))
        for name, qty in (("a", 100), ("b", 70))
    ]
    for order in orders:
        exposure.on_change(None, order)
    assert side(exposure, -1).qty == 100
    exposure.on_change(orders[0], changed(orders[0], status=OrdStatus.CANCELLED, leaves_qty=0))
    assert side(exposure, -1).qty == 70


def test_a_rebuild_counts_these_orders_and_no_others(exposure):
    exposure.on_change(None, live("gone", terms(qty=7)))
    exposure.rebuild([live("a", terms(qty=30)), live("b", terms(qty=5))])
    assert (side(exposure).qty, exposure.open_orders(("ACCOUNT", "SIM-1"))) == (35, 2)


def test_exits_are_the_orders_on_the_closing_side(exposure):
    exposure.on_change(None, live("a", terms(Side.SELL, qty=30)))
    exposure.on_change(None, live("b", terms(Side.BUY, qty=20, price=9_000)))
    assert exposure.exits("SIM-1", "AAPL", 100) == 30
    assert exposure.exits("SIM-1", "AAPL", -100) == 20


def test_what_orders_could_open_leaves_out_what_they_would_close(exposure):
    positions = {"AAPL": 100}
    order = live("a", terms(Side.SELL, qty=150))
    exposure.on_change(None, order)
    assert exposure.opening("SIM-1", lambda _account, symbol: positions[symbol])["USD"] == 5_000 * MONEY_ONE
    positions["AAPL"] = 0
    exposure.on_change(order, changed(order, cum_qty=100, leaves_qty=50))
    assert exposure.opening("SIM-1", lambda _account, symbol: positions[symbol])["USD"] == 5_000 * MONEY_ONE
    exposure.on_change(order, changed(order, status=OrdStatus.CANCELLED, leaves_qty=0))
    assert exposure.opening("SIM-1", lambda _account, symbol: positions[symbol])["USD"] == 0
