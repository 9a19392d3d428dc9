"""Well-formed orders: grid, price fields, time in force, changes."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import OIL, STOCK, live, terms
from workstation.domain.instruments import TickBand
from workstation.domain.orders import OrdType, Side, TimeInForce, Trail, TrailKind
from workstation.risk.validity import validate, validate_replace

LOTS = msgspec.structs.replace(STOCK, lot=100, min_qty=200, max_qty=1_000, ticks=(TickBand(0, 5),))
TRAIL = Trail(TrailKind.BPS, 50)


def codes(asked, instrument=STOCK, now_ns=0):
    return [(found.code, found.field) for found in validate(asked, instrument, now_ns)]


@pytest.mark.parametrize(
    ("ord_type", "fields"),
    [
        (OrdType.MARKET, {}),
        (OrdType.LIMIT, {"price": 100}),
        (OrdType.STOP, {"stop_px": 100}),
        (OrdType.STOP_LIMIT, {"price": 100, "stop_px": 100}),
        (OrdType.TRAILING_STOP, {"trail": TRAIL}),
        (OrdType.TRAILING_STOP_LIMIT, {"trail": TRAIL, "stop_px": 100, "price": 100}),
    ],
)
def test_each_type_needs_its_price_fields_and_takes_no_others(ord_type, fields):
    every = {"price": 100, "stop_px": 100, "trail": TRAIL}
    assert codes(terms(ord_type=ord_type, **({"price": None} | fields))) == []
    for name in fields:
        assert ("FIELD_MISSING", name) in codes(terms(ord_type=ord_type, **({"price": None} | fields | {name: None})))
    for name in every.keys() - fields.keys() - ({"stop_px"} if ord_type is OrdType.TRAILING_STOP else set()):
        extra = {"price": None} | fields | {name: every[name]}
        assert ("FIELD_NOT_USED", name) in codes(terms(ord_type=ord_type, **extra))


def test_a_quantity_off_the_lot_names_the_nearest_ones():
    found = validate(terms(qty=250), LOTS, 0)[0]
    assert (found.code, found.step, found.nearest, found.allowed) == (
        "QUANTITY_OFF_LOT",
        "100",
        ("200", "300"),
        "200 or 300",
    )


@pytest.mark.parametrize(
    ("qty", "code"),
    [
        (0, "QUANTITY_NOT_POSITIVE"),
        (-5, "QUANTITY_NOT_POSITIVE"),
        (100, "QUANTITY_BELOW_MIN"),
        (1_100, "QUANTITY_ABOVE_MAX"),
    ],
)
def test_a_quantity_keeps_its_bounds(qty, code):
    assert codes(terms(qty=qty), LOTS) == [(code, "order_qty")]


def test_a_price_off_the_tick_names_the_step_and_the_nearest_ones():
    found = validate(terms(qty=200, price=10_003), LOTS, 0)[0]
    assert (found.code, found.step, found.nearest) == ("PRICE_OFF_TICK", "0.05", ("100.00", "100.05"))


def test_zero_and_negative_prices_are_for_instruments_that_permit_them():
    assert codes(terms(price=0)) == [("PRICE_NOT_POSITIVE", "price")]
    assert codes(terms(price=-10)) == [("PRICE_NOT_POSITIVE", "price")]
    assert codes(terms(price=-10, symbol="CL"), OIL) == []


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS])
def test_immediate_and_auction_times_go_with_market_and_limit_alone(tif):
    assert codes(terms(time_in_force=tif)) == []
    assert codes(terms(price=None, time_in_force=tif)) == []
    stop = terms(price=None, ord_type=OrdType.STOP, stop_px=100, time_in_force=tif)
    assert codes(stop) == [("TIF_NOT_SUPPORTED", "time_in_force")]


def test_gtd_needs_a_future_time_and_others_refuse_one():
    gtd = {"time_in_force": TimeInForce.GTD}
    assert codes(terms(**gtd)) == [("FIELD_MISSING", "expire_time")]
    assert codes(terms(expire_time=5, **gtd), now_ns=5) == [("EXPIRE_TIME_PAST", "expire_time")]
    assert codes(terms(expire_time=6, **gtd), now_ns=5) == []
    assert codes(terms(expire_time=6)) == [("FIELD_NOT_USED", "expire_time")]


def test_flags_need_an_order_that_can_rest():
    assert codes(terms(post_only=True, time_in_force=TimeInForce.IOC)) == [("POST_ONLY_CANNOT_REST", "post_only")]
    assert codes(terms(display_qty=101)) == [("DISPLAY_QUANTITY", "display_qty")]
    assert codes(terms(post_only=True, display_qty=10)) == []


@pytest.mark.parametrize(
    "asked", [{"display_qty": 0}, {"display_qty": 150}, {"display_qty": 300}, {"display_qty": 100, "price": None}]
)
def test_what_an_iceberg_may_show_is_said_where_it_is_refused(asked):
    found = validate(terms(qty=200, **{"price": 100} | asked), LOTS, 0)
    (text,) = [(one.text, one.allowed, one.step) for one in found if one.code == "DISPLAY_QUANTITY"]
    assert text == (
        "the shown quantity needs a priced order and whole lots within its quantity", "100 to 200", "100"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("trail", "code"),
    [
        (Trail(TrailKind.BPS, 0), "TRAIL_NOT_POSITIVE"),
        (Trail(TrailKind.BPS, 10_000), "TRAIL_TOO_WIDE"),
        (Trail(TrailKind.PRICE, 7), "PRICE_OFF_TICK"),
    ],
)
def test_a_trail_is_a_distance(trail, code):
    asked = terms(qty=200, price=None, ord_type=OrdType.TRAILING_STOP, trail=trail)
    assert codes(asked, LOTS) == [(code, "trail")]


def test_a_change_keeps_the_order_and_what_has_filled():
    order = live("a", terms(qty=100), cum=40)
    found = validate_replace(order, terms(Side.SELL, qty=39), STOCK, 0)
    assert [(row.code, row.field) for row in found] == [("FIELD_FIXED", "side"), ("QUANTITY_BELOW_FILLED", "order_qty")]
    assert validate_replace(order, terms(qty=40), STOCK, 0) == ()
