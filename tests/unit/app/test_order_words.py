"""Words of an order on the command line become exactly the fields that they say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from workstation.app.order_words import order_fields, read_order
from workstation.domain.errors import UserError


def fields(line: str, held: Decimal | None = None) -> dict[str, Any]:
    return order_fields(read_order(line.split()), held)


def said(side: str, qty: str, symbol: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"side": side, "quantity": Decimal(qty), "instrument_symbol": symbol, "order_type": kind, **more}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("buy 100 SIM-FILL limit 100.05", said("BUY", "100", "SIM-FILL", "LIMIT", price=Decimal("100.05"))),
        (
            "b 300 aapl 187.20 day",
            said("BUY", "300", "AAPL", "LIMIT", price=Decimal("187.20"), time_in_force="DAY"),
        ),
        ("SELL 1.5k aapl at 2", said("SELL", "1500", "AAPL", "LIMIT", price=Decimal(2))),
        ("short 5 aapl market", said("SELL_SHORT", "5", "AAPL", "MARKET")),
        ("cover 5 aapl mkt ioc", said("BUY_TO_COVER", "5", "AAPL", "MARKET", time_in_force="IOC")),
        ("sell 5 aapl stop 180", said("SELL", "5", "AAPL", "STOP", stop_price=Decimal(180))),
        (
            "sell 5 aapl 179 stop 180",
            said("SELL", "5", "AAPL", "STOP_LIMIT", price=Decimal(179), stop_price=Decimal(180)),
        ),
        ("sell 5 aapl trail 1.5%", said("SELL", "5", "AAPL", "TRAILING_STOP", trailing_percent=Decimal("1.5"))),
    ],
)
def test_words_become_the_fields_of_an_order(line: str, expected: dict[str, Any]) -> None:
    assert fields(line) == expected


def test_all_is_what_is_held_whatever_its_side() -> None:
    assert fields("sell all aapl market", Decimal(40))["quantity"] == 40
    assert fields("cover all aapl market", Decimal(-40))["quantity"] == 40
    with pytest.raises(UserError, match="nothing is held of AAPL"):
        fields("sell all aapl market", None)


def test_a_date_is_good_to_its_end() -> None:
    found = fields("buy 1 aapl 5 gtd 2026-12-31")
    assert found["time_in_force"] == "GTD"
    assert found["expire_at"] == dt.datetime(2026, 12, 31, 23, 59, 59, 999999, dt.UTC)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("buy 100 aapl", "say a price, or market"),
        ("buy aapl 5", "say how many"),
        ("buy p2 aapl 5", "say how many"),
        ("buy 1 aapl bid+1t", "relative to the quote"),
        ("buy 1 aapl 5 br 20t/40t", "br goes with the desktop"),
        ("sell 1 aapl trail 20t", "percent"),
        ("go aapl", "no order"),
    ],
)
def test_what_is_missing_or_needs_the_desktop_is_named(line: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        fields(line)


def test_a_wrong_word_is_named_with_what_stands_before_it() -> None:
    with pytest.raises(UserError, match=r"found '1oo\.05', after 'b 100 aapl'"):
        read_order(["buy", "100", "aapl", "limit", "1oo.05"])
