"""Terms that contradict themselves or miss the instrument's grid name the field; what a venue lacks is refused."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail, TrailKind
from workstation.orders.validation import unsupported, validate

NOW = 1_000
STOCK = Instrument(
    symbol=SYMBOL,
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 5),),
    lot=10,
    min_qty=20,
    max_qty=1_000,
)
TRAIL = Trail(TrailKind.TICKS, 3)


def limit(**fields) -> OrderTerms:
    values = {
        "symbol": SYMBOL,
        "account": ACCOUNT,
        "side": Side.BUY,
        "ord_type": OrdType.LIMIT,
        "order_qty": 100,
        "price": 1_000,
    }
    return OrderTerms(**(values | fields))


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("price", {"price": None}),
        ("price", {"ord_type": OrdType.MARKET}),
        ("price", {"ord_type": OrdType.STOP, "stop_px": 1_000}),
        ("stop_price", {"ord_type": OrdType.STOP_LIMIT}),
        ("stop_price", {"stop_px": 1_000}),
        ("trail", {"ord_type": OrdType.TRAILING_STOP, "price": None}),
        ("trail", {"trail": TRAIL}),
        ("trail", {"ord_type": OrdType.TRAILING_STOP_LIMIT, "trail": Trail(TrailKind.TICKS, 0)}),
        ("post_only", {"ord_type": OrdType.MARKET, "price": None, "post_only": True}),
        ("expire_at", {"time_in_force": TimeInForce.GTD}),
        ("expire_at", {"expire_time": NOW + 1}),
        ("expire_at", {"time_in_force": TimeInForce.GTD, "expire_time": NOW}),
        ("time_in_force", {"ord_type": OrdType.STOP_LIMIT, "stop_px": 1_000, "time_in_force": TimeInForce.IOC}),
        ("quantity", {"order_qty": 0}),
        ("quantity", {"order_qty": 105}),
        ("quantity", {"order_qty": 10}),
        ("quantity", {"order_qty": 1_010}),
        ("display_qty", {"display_qty": 0}),
        ("display_qty", {"display_qty": 110}),
        ("price", {"price": 0}),
        ("price", {"price": 1_001}),
        ("stop_price", {"ord_type": OrdType.STOP_LIMIT, "stop_px": 1_002}),
    ],
)
def test_terms_that_make_no_order_name_their_field(field, changes):
    with pytest.raises(ValidationError) as refused:
        validate(limit(**changes), STOCK, now_ns=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ord_type": OrdType.MARKET, "price": None},
        {"ord_type": OrdType.STOP, "price": None, "stop_px": 1_000},
        {"ord_type": OrdType.STOP_LIMIT, "stop_px": 1_000},
        {"ord_type": OrdType.TRAILING_STOP, "price": None, "trail": TRAIL},
        {"ord_type": OrdType.TRAILING_STOP, "price": None, "trail": TRAIL, "stop_px": 1_000},
        {"ord_type": OrdType.TRAILING_STOP_LIMIT, "trail": TRAIL},
        {"time_in_force": TimeInForce.GTD, "expire_time": NOW + 1},
        {"time_in_force": TimeInForce.IOC},
        {"display_qty": 100, "post_only": True},
    ],
)
def test_every_kind_of_order_has_terms_that_pass(changes):
    validate(limit(**changes), STOCK, now_ns=NOW)


def test_prices_may_be_negative_only_where_the_instrument_says_so():
    validate(limit(price=-5), msgspec.structs.replace(STOCK, price_may_be_negative=True), now_ns=NOW)
    with pytest.raises(ValidationError):
        validate(limit(price=-5), STOCK, now_ns=NOW)


EMULATED = "STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_LIMIT"


@pytest.mark.parametrize(
    ("lacks", "changes", "words"),
    [
        ({"ord_types": frozenset({OrdType.MARKET})}, {}, f"order type LIMIT; it takes MARKET, {EMULATED}"),
        (
            {"times_in_force": frozenset({TimeInForce.DAY})},
            {"time_in_force": TimeInForce.FOK},
            "time in force FOK; it takes DAY",
        ),
        ({"post_only": False}, {"post_only": True}, "flag post_only"),
        ({"display_qty": False}, {"display_qty": 50}, "flag display_qty"),
    ],
)
def test_what_a_venue_does_not_take_is_refused_and_named(lacks, changes, words):
    terms = limit(**changes)
    refused = unsupported(terms, STOCK, msgspec.structs.replace(CARD, **lacks), now_ns=NOW)
    assert refused is not None
    assert (refused.code, refused.text) == ("UNSUPPORTED_ORDER", f"Refused: FAKE takes no {words}.")
    assert unsupported(terms, STOCK, None, now_ns=NOW) is None


def test_types_and_times_that_are_kept_here_need_no_venue_that_knows_them():
    card = msgspec.structs.replace(
        CARD, ord_types=frozenset({OrdType.LIMIT}), times_in_force=frozenset({TimeInForce.GTC})
    )
    stop = limit(ord_type=OrdType.STOP_LIMIT, stop_px=1_000, time_in_force=TimeInForce.GTC)
    assert unsupported(stop, STOCK, card, now_ns=NOW) is None
    assert unsupported(limit(time_in_force=TimeInForce.DAY), STOCK, card, now_ns=NOW) is None
