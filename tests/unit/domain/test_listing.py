"""Entries of instruments as instruments and back, and the table that changes while it is walked."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.market import instrument
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass, OptionRight, TickBand
from workstation.domain.listing import InstrumentTable, entry_of, instrument_of
from workstation.domain.records import InstrumentEntry

PLAIN = InstrumentEntry(symbol="NEW", name="New", instrument_type="STOCK", exchange="NYSE")


def test_what_a_venue_lists_survives_the_way_to_an_entry_and_back() -> None:
    listed = msgspec.structs.replace(
        instrument(price_decimals=4, qty_decimals=2, tick=25),
        lot=50,
        min_qty=100,
        max_qty=10_000,
        multiplier=50,
        name="ABC Ltd",
    )
    assert instrument_of(entry_of(listed), listed) == listed


def test_an_own_instrument_is_counted_on_the_finest_scales() -> None:
    made = instrument_of(msgspec.structs.replace(PLAIN, min_tick_size="0.0125", multiplier="2.5"), None)
    assert (made.price_text(12_500), made.qty_text(10_000)) == ("0.0125", "0.0001")
    assert made.on_tick(25_000)
    assert not made.on_tick(20_000)
    assert made.notional(1_000_000, 10**8) == 25 * 10**17


def test_an_entry_changes_steps_and_never_scales() -> None:
    listed = instrument(tick=1)
    entry = msgspec.structs.replace(entry_of(listed), min_tick_size="0.05", lot_size="10", is_tradable=False)
    changed = instrument_of(entry, listed)
    assert (changed.ticks, changed.lot, changed.tradable) == ((TickBand(0, 5),), 10, False)
    assert (changed.price_decimals, changed.qty_decimals) == (listed.price_decimals, listed.qty_decimals)
    with pytest.raises(ValidationError, match="min_tick_size"):
        instrument_of(msgspec.structs.replace(entry, min_tick_size="0.001"), listed)


@pytest.mark.parametrize("field", ["is_active", "is_tradable", "deleted_at"])
def test_what_is_inactive_or_deleted_is_not_traded(field: str) -> None:
    entry = msgspec.structs.replace(PLAIN, **{field: 1 if field == "deleted_at" else False})
    assert not instrument_of(entry, None).tradable
    assert instrument_of(PLAIN, None).tradable


@pytest.mark.parametrize("change", [{"currency": "EUR"}, {"multiplier": "2"}, {"expiration_date": "2026-01-01"}])
def test_another_contract_is_refused(change: dict[str, str]) -> None:
    listed = instrument()
    with pytest.raises(ValidationError, match="cannot be changed"):
        instrument_of(msgspec.structs.replace(entry_of(listed), **change), listed)


def test_option_terms_go_with_options_alone() -> None:
    terms = {"strike_price": "220.5", "expiration_date": "2026-12-18", "option_type": "PUT"}
    option = msgspec.structs.replace(PLAIN, symbol="NEW 261218P220.5", instrument_type="OPTION", **terms)
    made = instrument_of(option, None)
    assert made.option is not None
    assert (made.option.underlying, made.option.right, made.asset_class) == ("NEW", OptionRight.PUT, AssetClass.OPTION)
    assert made.price_text(made.option.strike) == "220.50"
    for field in terms:
        with pytest.raises(ValidationError, match=field):
            instrument_of(msgspec.structs.replace(option, **{field: None}), None)
    with pytest.raises(ValidationError, match="option_type"):
        instrument_of(msgspec.structs.replace(PLAIN, option_type="PUT"), None)


@pytest.mark.parametrize("field", ["multiplier", "min_tick_size", "min_order_size", "max_order_size", "lot_size"])
@pytest.mark.parametrize("wrong", ["0", "-1", "0.000000001"])
def test_steps_and_sizes_are_above_zero_and_on_the_scale(field: str, wrong: str) -> None:
    with pytest.raises(ValidationError, match=field):
        instrument_of(msgspec.structs.replace(PLAIN, **{field: wrong}), None)


def test_a_walk_over_the_table_sees_one_moment() -> None:
    table = InstrumentTable({symbol: instrument(symbol) for symbol in ("A", "B")})
    for walk in (iter(table), iter(table.keys()), iter(table.items()), iter(table.values())):
        next(walk)
        table[f"C{len(table)}"] = instrument("C")
        assert len(list(walk)) < len(table)
    assert list(table) == [*table.keys()]
    assert len([*table.values()]) == len(table) == 6
    assert {"A"} - table.keys() == set()
