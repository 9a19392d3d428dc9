"""The editor of a ladder cell: which order a typed total takes from, what is refused, and what costs a place."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import limit, order, stock
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdStatus, OrdType, Side, TimeInForce
from workstation.viewmodels.ladder_edits import Edit, Typed, edits

NEWEST = order("OMS-2", limit(qty=100), created_at=2)
OLDEST = order("OMS-1", limit(qty=300), OrdStatus.PARTIALLY_FILLED, cum_qty=50, leaves_qty=250, created_at=1)
BOTH = (NEWEST, OLDEST)
DAY = TimeInForce.DAY


def asked(qty: str, price: str = "187.15", tif: TimeInForce = DAY) -> list[Edit]:
    return edits(BOTH, Typed(qty, price, tif), stock())


def test_a_smaller_total_ends_the_newest_first_and_then_takes_from_the_older() -> None:
    assert asked("320") == [Edit(NEWEST, order_qty=70)]
    assert asked("250") == [Edit(NEWEST, cancel=True)]
    assert asked("200") == [Edit(NEWEST, cancel=True), Edit(OLDEST, order_qty=250)]


def test_a_larger_total_goes_to_the_newest_and_only_that_one_loses_its_place() -> None:
    (edit,) = asked("400")
    assert (edit, edit.loses_place) == (Edit(NEWEST, order_qty=150), True)
    assert [smaller.loses_place for smaller in asked("320")] == [False]


def test_price_and_time_in_force_are_of_every_order() -> None:
    assert asked("350", "187.10", TimeInForce.GTC) == [
        Edit(NEWEST, price=18_710, time_in_force=TimeInForce.GTC),
        Edit(OLDEST, price=18_710, time_in_force=TimeInForce.GTC),
    ]
    assert asked("350") == []


@pytest.mark.parametrize(("qty", "price"), [("0", ""), ("-5", ""), ("", ""), ("lots", ""), ("350", "187.155")])
def test_what_cannot_be_is_refused(qty: str, price: str) -> None:
    with pytest.raises(ValidationError):
        asked(qty, price)


def test_a_moved_stop_has_no_place_to_lose() -> None:
    stop = order("OMS-3", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_690))
    (edit,) = edits((stop,), Typed("100", "186.95", DAY), stock())
    assert (edit.price, edit.loses_place) == (18_695, False)
