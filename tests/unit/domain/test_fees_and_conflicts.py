"""What an order owes by a fee schedule, and the conflicts that name what stands in the way."""

from __future__ import annotations

from workstation.domain.errors import Duplicate, InUse, StateConflict, VenueProtocolError
from workstation.domain.fees import FeeTerms
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.scopes import PRESETS, ROLES

SHARE = Instrument(
    symbol="ABC",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=2,
    ticks=(TickBand(0, 1),),
)


def test_a_fee_by_unit_counts_whole_units_and_rounds_to_the_nearest() -> None:
    terms = FeeTerms(per_unit=MONEY_ONE // 100)
    assert terms.due(SHARE, 10_000, 150) == MONEY_ONE * 15 // 1_000


def test_a_fee_never_falls_below_its_minimum_nor_rises_above_its_cap() -> None:
    terms = FeeTerms(per_unit=MONEY_ONE, minimum=5 * MONEY_ONE, cap=20 * MONEY_ONE)
    assert [terms.due(SHARE, 10_000, qty) // MONEY_ONE for qty in (100, 1_000, 9_000)] == [5, 10, 20]


def test_a_fee_by_worth_is_owed_at_a_price_below_nothing_too() -> None:
    terms = FeeTerms(taker=500)
    assert terms.due(SHARE, 10_000, 100) == terms.due(SHARE, -10_000, 100) > 0


def test_a_conflict_says_what_holds_its_place() -> None:
    used = InUse("an account needs it")
    assert isinstance(used, StateConflict)
    assert (used.state, used.allowed) == ("in use", ())
    assert Duplicate("the name is taken", record_id="r-1").record_id == "r-1"
    assert VenueProtocolError("unreadable", raw="{").raw == "{"


def test_who_only_looks_can_place_no_order_and_every_role_is_within_the_owners() -> None:
    assert all(scopes <= ROLES["OWNER"] for scopes in ROLES.values())
    assert [name for name in ROLES if "orders:place" in ROLES[name]] == ["OWNER", "ADMIN", "TRADER"]
    assert "orders:place" not in PRESETS["read-only"]
    assert "orders:place" in PRESETS["trade"]
