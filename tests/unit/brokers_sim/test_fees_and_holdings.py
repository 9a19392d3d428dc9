"""Fees follow their named model to the minor unit; holdings are the exact sum of the executions."""

from __future__ import annotations

import pytest

from workstation.brokers.sim.fees import FillFacts, MakerTakerFees, PercentFees, PerUnitFees, ZeroFees, round_to_minor
from workstation.brokers.sim.holdings import Holdings
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side

CENT = MONEY_ONE // 100


def instrument(kind: AssetClass = AssetClass.STOCK, multiplier: int = 1) -> Instrument:
    return Instrument(
        symbol="X",
        asset_class=kind,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
        multiplier=multiplier,
    )


def facts(qty: int, price: int, before: int = 0, paid: int = 0, liquidity: Liquidity = Liquidity.TAKER) -> FillFacts:
    return FillFacts(qty, price, liquidity, before, paid)


def test_zero_fees_charge_nothing():
    assert ZeroFees().fee(instrument(), facts(10, 10_000)) == 0


def test_the_minimum_is_paid_once_per_order():
    model = PerUnitFees(CENT // 2, minimum=MONEY_ONE)
    first = model.fee(instrument(), facts(100, 10_000))
    second = model.fee(instrument(), facts(50, 10_000, before=100, paid=first))
    third = model.fee(instrument(), facts(150, 10_000, before=150, paid=first + second))
    assert (first, second, third) == (MONEY_ONE, 0, 50 * CENT)


def test_makers_and_takers_pay_their_own_rates_and_rebates_are_negative():
    model = MakerTakerFees(-50, 250)
    assert model.fee(instrument(), facts(100, 10_000)) == 250 * CENT
    assert model.fee(instrument(), facts(100, 10_000, liquidity=Liquidity.MAKER)) == -50 * CENT


def test_a_percentage_has_a_floor_and_a_cap():
    model = PercentFees(1_000, minimum=2 * MONEY_ONE, cap=5 * MONEY_ONE)
    assert [model.fee(instrument(), facts(qty, 10_000)) for qty in (1, 30, 1_000)] == [
        2 * MONEY_ONE,
        3 * MONEY_ONE,
        5 * MONEY_ONE,
    ]


@pytest.mark.parametrize(("thousandths", "cents"), [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2)])
def test_fees_round_half_to_even_to_the_cent(thousandths, cents):
    assert round_to_minor(thousandths * MONEY_ONE // 1_000, "USD") == cents * CENT


def test_yen_have_no_cents():
    assert round_to_minor(MONEY_ONE * 3 // 2, "JPY") == 2 * MONEY_ONE


def execution(side: Side, qty: int, price: int, kind: ExecKind = ExecKind.TRADE, fee: int = 0) -> Execution:
    return Execution(
        exec_key="k",
        exec_id="k",
        uid="u",
        cl_ord_id="c",
        order_id="o",
        account="A",
        symbol="X",
        side=side,
        last_qty=qty,
        last_px=price,
        fee=fee,
        fee_currency="USD",
        ts_event=1,
        ts_init=1,
        venue_seq=1,
        kind=kind,
    )


def test_shares_are_paid_for_and_a_bust_gives_all_of_it_back():
    holdings = Holdings({"X": instrument()})
    holdings.apply(execution(Side.BUY, 10, 10_050, fee=MONEY_ONE))
    assert holdings.qty("A", "X") == 10
    assert holdings.cash["A", "USD"] == -1_006 * MONEY_ONE
    holdings.apply(execution(Side.BUY, 10, 10_050, ExecKind.BUST, fee=MONEY_ONE))
    assert (holdings.qty("A", "X"), holdings.cash["A", "USD"]) == (0, 0)


def test_futures_move_only_what_is_realised():
    holdings = Holdings({"X": instrument(AssetClass.FUTURE, multiplier=50)})
    holdings.apply(execution(Side.BUY, 2, 10_000))
    assert holdings.cash["A", "USD"] == 0
    holdings.apply(execution(Side.SELL, 3, 10_100))
    assert holdings.cash["A", "USD"] == 100 * MONEY_ONE
    assert holdings.qty("A", "X") == -1
    holdings.apply(execution(Side.BUY, 1, 10_000))
    assert holdings.cash["A", "USD"] == 150 * MONEY_ONE
    assert holdings.positions["A", "X"].cost == 0
