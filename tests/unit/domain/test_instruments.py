"""Instruments: grids of prices and quantities, and what a unit is worth."""

from __future__ import annotations

import datetime as dt

import pytest

from workstation.brokers.sim.universe import listings
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass, Instrument, OptionRight, OptionTerms, TickBand
from workstation.domain.numbers import MONEY_ONE


def stock(**changes: object) -> Instrument:
    """Return a share that trades in hundredths of a cent below one dollar."""
    terms: dict[str, object] = {
        "symbol": "ABC",
        "asset_class": AssetClass.STOCK,
        "currency": "USD",
        "price_decimals": 4,
        "qty_decimals": 0,
        "ticks": (TickBand(0, 1), TickBand(10_000, 100)),
    }
    return Instrument(**(terms | changes))  # type: ignore[arg-type]  # terms are checked by the constructor


def test_a_tick_table_applies_from_its_price_upward() -> None:
    share = stock()
    assert (share.tick_at(9_999), share.tick_at(10_000), share.tick_at(-5)) == (1, 100, 1)
    assert share.on_tick(10_100)
    assert not share.on_tick(10_150)


def test_steps_cross_from_one_band_into_the_other() -> None:
    share = stock()
    assert share.step(10_000, -1) == 9_999
    assert share.step(9_999, 1) == 10_000
    assert share.step(10_000, 2) == 10_200
    assert share.step(10_100, -2) == 9_999


def test_rounding_to_the_grid_goes_where_it_is_told() -> None:
    assert stock().round_to_tick(10_150, "down") == 10_100
    assert stock().round_to_tick(10_150, "up") == 10_200


def test_a_price_is_shown_with_the_decimals_of_its_tick() -> None:
    share = stock()
    assert share.price_text(1_872_000) == "187.20"
    assert share.price_text(9_999) == "0.9999"
    assert share.price_text(10_150) == "1.015"


def test_notional_counts_the_multiplier_exactly() -> None:
    future = stock(price_decimals=2, ticks=(TickBand(0, 25),), multiplier=50, asset_class=AssetClass.FUTURE)
    assert future.notional(500_025, 2) == 500_025 * 2 * 50 * MONEY_ONE // 100


@pytest.mark.parametrize(
    "changes",
    [
        {"ticks": ()},
        {"ticks": (TickBand(0, 0),)},
        {"lot": 0},
        {"multiplier": 0},
        {"price_decimals": 12, "qty_decimals": 8},
        {"asset_class": AssetClass.OPTION},
        {"option": OptionTerms("ABC", 1, "2027-01-15", OptionRight.CALL)},
    ],
)
def test_an_instrument_that_makes_no_sense_cannot_exist(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        stock(**changes)


def test_an_isin_has_its_check_digit_or_is_refused() -> None:
    assert stock(isin="US0378331005").isin == "US0378331005"
    for wrong in ("US0378331006", "us0378331005", "0378331005", "US03783310050", "AAPL"):
        with pytest.raises(ValidationError, match="is no ISIN"):
            stock(isin=wrong)


def test_every_simulated_share_and_fund_has_an_isin_of_its_own() -> None:
    listed = [row.instrument for row in listings(dt.date(2026, 11, 27)) if row.character is not None]
    named = [item.isin for item in listed if item.asset_class in (AssetClass.STOCK, AssetClass.ETF)]
    assert len(named) == len(set(named)) > 10
    assert all(named)
