"""Facts about plain trading: averages, flips, fees, multipliers, currencies, repetitions, days and snapshots."""

from __future__ import annotations

import pytest

from tests.helpers.ledger_oracle import (
    BASE,
    account_opened,
    cash_event,
    figures,
    fill,
    ledger_of,
    money,
    split_event,
)
from workstation.domain.errors import InvariantError
from workstation.domain.events import EngineStarted, TradingDayRolled
from workstation.domain.executions import BalanceState, CostMethod, ExecKind, PositionState
from workstation.portfolio.ledger import SPLITS_MAX


def test_adding_averages_and_reducing_realises_against_the_average() -> None:
    ledger = ledger_of([fill(100, 10_00), fill(100, 11_00), fill(-50, 12_00)])
    assert figures(ledger) == (150, money("1575"), money("75"))


def test_first_in_first_out_realises_against_the_oldest_lot() -> None:
    ledger = ledger_of([fill(100, 10_00), fill(100, 11_00), fill(-150, 12_00)], CostMethod.FIFO)
    assert figures(ledger) == (50, money("550"), money("250"))


@pytest.mark.parametrize("method", list(CostMethod))
def test_a_flip_through_zero_opens_the_rest_at_the_fill_price(method: CostMethod) -> None:
    ledger = ledger_of([fill(100, 10_00), fill(-150, 12_00)], method)
    assert figures(ledger) == (-50, money("-600"), money("200"))
    ledger.apply(fill(80, 11_00))
    assert figures(ledger) == (30, money("330"), money("250"))


def test_a_flat_position_has_no_cost_and_keeps_its_profit() -> None:
    assert figures(ledger_of([fill(3, 10_00), fill(-1, 10_01), fill(-2, 10_02)])) == (0, 0, money("0.05"))


def test_fees_stay_out_of_realised_and_are_kept_per_currency() -> None:
    ledger = ledger_of(
        [account_opened(), fill(10, 10_00, fee=money("1.5")), fill(-10, 11_00, fee=money("2"), fee_currency="EUR")]
    )
    row = ledger.position("A", "STK")
    assert row is not None
    assert (row.realised, row.fees) == (money("10"), {"USD": money("1.5"), "EUR": money("2")})
    assert ledger.cash("A") == {"USD": money("1000008.5"), "EUR": money("-2")}


def test_each_currency_balances_alone() -> None:
    ledger = ledger_of([account_opened(), fill(10, 20_00, symbol="EUQ"), fill(10, 10_00)])
    assert ledger.cash("A") == {"USD": money("999900"), "EUR": money("-200")}


def test_a_fill_returns_the_account_row_the_strategy_row_and_the_balance() -> None:
    rows = ledger_of([]).apply(fill(10, 10_00, strategy="s1"))
    assert [type(row) for row in rows] == [PositionState, PositionState, BalanceState]
    assert [row.strategy_id for row in rows if isinstance(row, PositionState)] == ["*", "s1"]


def test_strategies_and_the_hand_sum_to_the_account() -> None:
    ledger = ledger_of([fill(10, 10_00, strategy="s1"), fill(-4, 11_00, strategy="EXTERNAL"), fill(1, 12_00)])
    assert [(row.strategy_id, row.qty) for row in ledger.positions()] == [
        ("*", 7),
        ("", 1),
        ("EXTERNAL", -4),
        ("s1", 10),
    ]
    assert ledger.qty("A", "STK") == 7


def test_what_never_traded_is_flat_and_has_no_row() -> None:
    ledger = ledger_of([fill(1, 10_00)])
    assert (ledger.qty("A", "FUT"), ledger.position("A", "FUT"), ledger.position("A", "STK", "s9")) == (0, None, None)
    assert (ledger.cash("B"), ledger.accounts()) == ({}, ("A",))
    assert ledger.purse("B").cash == {}
    assert ledger.accounts() == ("A",)


def test_a_repeated_execution_key_changes_nothing_and_is_counted() -> None:
    ledger = ledger_of([fill(10, 10_00, key="k")])
    assert ledger.apply(fill(99, 99_00, key="k")) == ()
    assert (ledger.qty("A", "STK"), ledger.counts.duplicates, ledger.legs()) == (10, 1, ())


def test_events_of_other_stages_change_nothing() -> None:
    assert ledger_of([]).apply(EngineStarted(epoch=1, version="1", ts=1)) == ()


def test_an_instrument_that_is_not_known_cannot_be_booked() -> None:
    with pytest.raises(InvariantError, match="NONE"):
        ledger_of([]).apply(fill(1, 1, symbol="NONE"))


def test_an_account_opens_once() -> None:
    ledger = ledger_of([account_opened()])
    assert ledger.apply(account_opened()) == ()
    assert ledger.cash("A") == {"USD": BASE.initial_cash}


def test_an_inverse_contract_earns_in_the_base_currency_by_the_inverse_of_price() -> None:
    ledger = ledger_of([fill(100, 20_000_0, symbol="INV"), fill(-100, 25_000_0, symbol="INV")])
    assert figures(ledger, "INV") == (0, 0, money("0.1"))  # 100 * 100 * (1/20,000 - 1/25,000)
    assert ledger.cash("A") == {"BTC": money("0.1")}


def test_an_inverse_contract_has_no_worth_at_zero() -> None:
    with pytest.raises(InvariantError, match="INV"):
        ledger_of([fill(1, 0, symbol="INV")])


def test_futures_move_no_principal_and_settle_day_by_day() -> None:
    ledger = ledger_of([fill(2, 100_00, symbol="FUT", at=10)])
    assert ledger.cash("A") == {}
    ledger.apply(cash_event("variation", money("300"), symbol="FUT", at=20))
    assert ledger.cash("A") == {"USD": money("300")}
    ledger.apply(fill(-1, 104_00, symbol="FUT", at=30))  # earns 200, of which 150 were settled
    assert ledger.cash("A") == {"USD": money("350")}
    ledger.apply(fill(-1, 102_00, symbol="FUT", at=40))  # earns 100, of which 150 were settled
    assert (ledger.cash("A"), figures(ledger, "FUT")) == ({"USD": money("300")}, (0, 0, money("300")))


def test_negative_prices_realise_exactly() -> None:
    assert figures(ledger_of([fill(2, -5_00, symbol="FUT"), fill(-2, 1_00, symbol="FUT")]), "FUT")[2] == money("600")


def test_variation_margin_of_a_cash_instrument_is_refused() -> None:
    with pytest.raises(InvariantError, match="variation"):
        ledger_of([cash_event("variation", 1, symbol="STK")])


def test_legs_name_both_sides_of_a_trade() -> None:
    ledger = ledger_of([fill(10, 10_00), fill(-4, 11_00, fee=money("1"))])
    assert {(leg.book, leg.unit): leg.amount for leg in ledger.legs()} == {
        ("position", "STK"): -4,
        ("market", "STK"): 4,
        ("cost", "USD"): money("-40"),
        ("realised", "USD"): money("-4"),
        ("cash", "USD"): money("43"),
        ("fees", "USD"): money("1"),
    }


def test_a_new_day_keeps_where_the_account_stood() -> None:
    ledger = ledger_of([fill(10, 10_00), fill(-4, 11_00), cash_event("interest", money("3"))])
    assert ledger.apply(TradingDayRolled(account="A", day="2026-01-02", ts=99)) == ()
    day = ledger.purse("A").day
    assert (day.day, day.realised, day.income) == ("2026-01-02", {"USD": money("4")}, {"USD": money("3")})


def test_a_state_of_another_method_is_refused() -> None:
    with pytest.raises(InvariantError, match="FIFO"):
        ledger_of([], CostMethod.AVERAGE).load(ledger_of([], CostMethod.FIFO).state())


def test_a_loaded_ledger_continues_like_the_one_that_was_saved() -> None:
    first = ledger_of([account_opened(), fill(10, 10_00, fee=1), split_event(2, 1, None, at=5_000)], CostMethod.FIFO)
    second = ledger_of([fill(1, 1)], CostMethod.FIFO)
    second.load(first.state())
    for ledger in (first, second):
        ledger.apply(fill(-5, 6_00, at=6_000))
    assert first.state() == second.state()


def test_check_names_the_invariant_that_does_not_hold() -> None:
    for field, name in (("traded", "P1"), ("settled", "P2")):
        ledger = ledger_of([fill(1, 1_00, symbol="FUT")])
        now = ledger.holding("A", "FUT").now
        setattr(now, field, 7)
        with pytest.raises(InvariantError, match=name):
            ledger.check()
    ledger = ledger_of([fill(1, 1_00)])
    ledger.holding("A", "STK").now.parts[""].qty = 2
    with pytest.raises(InvariantError, match="P8"):
        ledger.check()
    ledger = ledger_of([fill(1, 1_00, strategy="s"), fill(-1, 1_00, strategy="s")])
    ledger.holding("A", "STK").now.parts["s"].cost = 2
    with pytest.raises(InvariantError, match="P13"):
        ledger.check()


def test_meaningless_and_endless_splits_are_refused() -> None:
    with pytest.raises(InvariantError, match="0:1"):
        ledger_of([split_event(0, 1, None, at=1)])
    with pytest.raises(InvariantError, match="more than"):
        ledger_of([split_event(2, 1, None, at=at) for at in range(1, SPLITS_MAX + 2)])


def test_a_correction_of_a_fill_that_has_not_come_waits_for_it() -> None:
    ledger = ledger_of([fill(7, 10_00, key="new", kind=ExecKind.CORRECTION, corrects="old", at=20)])
    assert (ledger.qty("A", "STK"), ledger.counts.unmatched, ledger.doubtful()) == (7, 1, (("A", "STK", 1),))
    ledger.apply(fill(9, 10_00, key="old", at=30))
    assert (ledger.qty("A", "STK"), ledger.doubtful()) == (7, ())
