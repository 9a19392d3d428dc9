"""What a preview says that an order will cost: the venue's own schedule, and nothing where the card does not tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.helpers.api_rig import served
from workstation.brokers.sim.fees import FillFacts, usual_fees
from workstation.domain.executions import Liquidity
from workstation.domain.fees import FeeTerms
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE

PREVIEW = "/api/v1/oms/orders/preview"


def test_an_estimate_is_the_venues_charge_for_the_whole_order(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        assert rig.http.post(PREVIEW, json=rig.order()).json()["estimated_commission"] is None
        broker = rig.core.broker
        fees = dict.fromkeys(AssetClass, FeeTerms(per_unit=MONEY_ONE // 40))
        broker.capabilities = replace(broker.capabilities, fees=fees)
        assert rig.http.post(PREVIEW, json=rig.order(quantity="100")).json()["estimated_commission"] == "2.50"


@pytest.mark.parametrize("kind", sorted({*AssetClass} - {AssetClass.OPTION}))
@pytest.mark.parametrize(("qty", "price"), [(1, 10_000), (100, 10_000), (7, 12_345), (1_000_000, 99_999)])
def test_the_card_agrees_with_what_one_taking_fill_is_charged(kind: AssetClass, qty: int, price: int) -> None:
    instrument = Instrument(
        symbol="X", asset_class=kind, currency="USD", price_decimals=2, qty_decimals=0, ticks=(TickBand(0, 1),)
    )
    schedule = usual_fees()
    charged = schedule.fee(instrument, FillFacts(qty, price, Liquidity.TAKER, 0, 0))
    assert abs(schedule.terms[kind].due(instrument, price, qty) - charged) <= MONEY_ONE // 200


def test_a_minimum_and_a_cap_bound_an_order() -> None:
    instrument = Instrument(
        symbol="X",
        asset_class=AssetClass.BOND,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )
    terms = FeeTerms(taker=100, minimum=MONEY_ONE, cap=5 * MONEY_ONE)
    assert [terms.due(instrument, 10_000, qty) for qty in (1, 300, 10_000)] == [
        MONEY_ONE,
        3 * MONEY_ONE,
        5 * MONEY_ONE,
    ]
