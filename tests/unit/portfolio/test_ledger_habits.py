"""Facts about what venues and brokers do: late words, busts, corrections, splits, coin fees, dividends, exercise."""

from __future__ import annotations

import pytest

from tests.helpers.ledger_oracle import account_opened, cash_event, figures, fill, ledger_of, money, split_event
from workstation.domain.executions import CostMethod, ExecKind
from workstation.portfolio.holding import AWAITED_VOIDS_MAX, SEALED_FILLS_MAX


@pytest.mark.parametrize("method", list(CostMethod))
def test_a_late_fill_gives_the_figures_of_in_order_arrival(method: CostMethod) -> None:
    words = [fill(10, 10_00, at=10), fill(10, 12_00, at=20), fill(-10, 13_00, at=30)]
    late = ledger_of([words[0], words[2], words[1]], method)
    assert figures(late) == figures(ledger_of(list(words), method))
    assert late.counts.late == 1


def test_fills_of_one_instant_sort_by_venue_sequence_then_key() -> None:
    first, second = fill(10, 10_00, at=10, seq=1, key="z"), fill(-10, 11_00, at=10, seq=2, key="a")
    assert figures(ledger_of([second, first], CostMethod.FIFO)) == figures(ledger_of([first, second], CostMethod.FIFO))


def test_a_bust_takes_a_fill_back_with_its_fee() -> None:
    ledger = ledger_of(
        [account_opened(), fill(10, 10_00, key="a"), fill(10, 12_00, key="b", fee=money("1"), strategy="s")]
    )
    rows = ledger.apply(fill(10, 12_00, key="c", kind=ExecKind.BUST, corrects="b"))
    assert figures(ledger) == (10, money("100"), 0)
    assert figures(ledger, strategy="s") == (0, 0, 0)
    assert ledger.cash("A") == {"USD": money("999900")}
    assert {row.strategy_id for row in rows if hasattr(row, "strategy_id")} == {"*", "", "s"}
    assert ledger.counts.busts == 1


def test_a_second_bust_of_a_fill_changes_nothing() -> None:
    bust = fill(10, 10_00, key="c", kind=ExecKind.BUST, corrects="a")
    ledger = ledger_of([fill(10, 10_00, key="a"), bust])
    assert ledger.apply(bust) == ()
    assert (ledger.qty("A", "STK"), ledger.counts.unmatched) == (0, 1)


def test_a_busted_fill_that_comes_again_stays_busted() -> None:
    original = fill(10, 10_00, key="a")
    ledger = ledger_of([original, fill(10, 10_00, kind=ExecKind.BUST, corrects="a"), original])
    assert (ledger.qty("A", "STK"), ledger.counts.duplicates) == (0, 1)


def test_a_void_and_a_new_booking_leave_the_figures_as_they_were() -> None:
    words = [fill(10, 10_00, key="a", at=10), fill(-4, 11_00, at=20)]
    again = [fill(10, 10_00, kind=ExecKind.BUST, corrects="a", at=30), fill(10, 10_00, key="a2", at=10)]
    before, after = ledger_of(list(words)), ledger_of([*words, *again])
    assert figures(after) == figures(before)
    assert len(after.holding("A", "STK").entries) == len(before.holding("A", "STK").entries) + 1


def test_a_correction_replaces_price_and_quantity() -> None:
    ledger = ledger_of([fill(10, 10_00, key="a", at=10), fill(-5, 12_00, at=20)])
    ledger.apply(fill(8, 11_00, key="b", kind=ExecKind.CORRECTION, corrects="a", at=11))
    assert figures(ledger) == (3, money("33"), money("5"))
    ledger.apply(fill(9, 11_00, key="c", kind=ExecKind.CORRECTION, corrects="b", at=12))
    assert ledger.qty("A", "STK") == 4


@pytest.mark.parametrize("method", list(CostMethod))
def test_a_split_multiplies_quantity_and_leaves_cost_and_cash(method: CostMethod) -> None:
    ledger = ledger_of([fill(10, 40_00, at=10), split_event(4, 1, None, at=20)], method)
    assert (figures(ledger), ledger.cash("A")) == ((40, money("400"), 0), {"USD": money("-400")})


@pytest.mark.parametrize("method", list(CostMethod))
def test_a_fraction_is_paid_in_lieu_and_realised(method: CostMethod) -> None:
    ledger = ledger_of([fill(5, 10_00, at=10), split_event(3, 2, 8_00, at=20)], method)
    qty, cost, realised = figures(ledger)
    assert (qty, cost + money("4") - realised) == (7, money("50"))
    assert ledger.cash("A") == {"USD": money("-46")}


def test_a_fraction_without_a_price_leaves_its_cost_in_the_whole_shares() -> None:
    assert figures(ledger_of([fill(5, 10_00, at=10), split_event(3, 2, None, at=20)])) == (7, money("50"), 0)


def test_a_reverse_split_to_nothing_without_a_price_realises_the_loss() -> None:
    ledger = ledger_of([fill(5, 10_00, at=10), split_event(1, 10, None, at=20)], CostMethod.FIFO)
    assert figures(ledger) == (0, 0, money("-50"))


def test_lots_too_small_for_a_whole_share_pass_their_cost_to_the_next_younger() -> None:
    ledger = ledger_of([fill(3, 1_00, at=1), fill(7, 2_00, at=2), split_event(1, 10, None, at=3)], CostMethod.FIFO)
    assert figures(ledger) == (1, money("17"), 0)


def test_strategies_share_a_split_so_that_they_sum_to_the_account() -> None:
    ledger = ledger_of(
        [fill(5, 10_00, at=10, strategy="a"), fill(5, 10_00, at=11, strategy="b"), split_event(3, 2, 8_00, at=20)]
    )
    assert [row.qty for row in ledger.positions()] == [15, 8, 7]
    assert figures(ledger) == (15, money("100"), 0)


def test_a_repeated_split_changes_nothing() -> None:
    split = split_event(2, 1, None, at=20)
    ledger = ledger_of([fill(5, 10_00, at=10), split, split])
    assert (ledger.qty("A", "STK"), ledger.counts.duplicates) == (10, 1)


def test_a_fill_from_before_a_split_is_split_even_where_nothing_was_held() -> None:
    assert figures(ledger_of([split_event(2, 1, None, at=20), fill(5, 10_00, at=10)])) == (10, money("50"), 0)


def test_a_split_to_nothing_pays_back_variation_margin_in_advance() -> None:
    words = [fill(1, 10_00, at=1, symbol="FUT"), cash_event("variation", money("9"), symbol="FUT", at=2)]
    ledger = ledger_of([*words, split_event(1, 2, 20_00, at=3, symbol="FUT")])
    assert (ledger.cash("A"), figures(ledger, "FUT")) == ({"USD": 0}, (0, 0, 0))


def test_a_fee_in_the_base_coin_reduces_the_position_and_counts_in_the_quote_currency() -> None:
    fee = money("0.00105")  # 10 whole units of 0.0001 and a rest
    ledger = ledger_of([fill(10_000, 200_00, symbol="BTC/USD", fee=fee, fee_currency="BTC")])
    row = ledger.position("A", "BTC/USD")
    assert (row.qty, row.cost, row.realised) == (9_990, money("199.8"), 0)
    assert row.fees == {"USD": money("0.2"), "BTC": money("0.00005")}
    assert ledger.cash("A") == {"USD": money("-200"), "BTC": money("-0.00005")}
    ledger.apply(fill(-1, 200_00, symbol="BTC/USD", fee=-money("0.0001"), fee_currency="BTC"))
    assert ledger.qty("A", "BTC/USD") == 9_990
    ledger.apply(fill(-1, 200_00, symbol="BTC/USD", fee=money("0.00005"), fee_currency="BTC"))
    assert (ledger.qty("A", "BTC/USD"), ledger.cash("A")["BTC"]) == (9_989, money("-0.0001"))


def test_dividends_on_a_short_are_debits_and_funding_is_cash() -> None:
    ledger = ledger_of(
        [account_opened(), fill(-10, 10_00), cash_event("dividend", money("-5")), cash_event("funding", money("1"))]
    )
    assert ledger.cash("A") == {"USD": money("1000096")}
    assert ledger.purse("A").income == {"USD": money("-4")}
    rows = ledger.apply(cash_event("transfer", money("100")))
    assert (ledger.purse("A").income, len(rows), len(ledger.legs())) == ({"USD": money("-4")}, 1, 2)


def test_exercise_moves_the_premium_into_the_basis_of_what_is_delivered() -> None:
    """The adapter books the option out at its own average and the stock in at strike plus premium."""
    ledger = ledger_of([fill(1, 3_00, symbol="EUQ"), fill(-1, 3_00, symbol="EUQ"), fill(1, 103_00)])
    assert (figures(ledger, "EUQ"), figures(ledger)) == ((0, 0, 0), (1, money("103"), 0))


def test_views_show_a_brokers_figures_and_store_nothing() -> None:
    words = [fill(10, 10_00, fee=money("1")), fill(10, 12_00, fee=money("1")), fill(-10, 13_00, fee=money("1"))]
    ledger = ledger_of(list(words))
    before = ledger.state()
    fifo = ledger.view("A", "STK", CostMethod.FIFO)
    netted = ledger.view("A", "STK", CostMethod.AVERAGE, fees_in_basis=True)
    assert (fifo.realised, fifo.method, fifo.cost) == (money("30"), CostMethod.FIFO, money("120"))
    assert (netted.realised, netted.cost) == (money("18"), money("111"))
    assert (ledger.state(), ledger.view("A", "FUT", CostMethod.FIFO)) == (before, None)


def test_sealed_history_offers_no_view() -> None:
    ledger = ledger_of([fill(1, 10_00) for _ in range(5)], history_max=4)
    assert ledger.view("A", "STK", CostMethod.FIFO) is None


def test_a_repetition_from_before_the_checkpoint_is_still_known() -> None:
    words = [fill(1, 10_00) for _ in range(9)]
    ledger = ledger_of([*words, words[0]], history_max=4)
    assert (ledger.qty("A", "STK"), ledger.counts.duplicates, ledger.doubtful()) == (9, 1, ())


def test_a_fill_from_before_the_checkpoint_is_booked_and_reported() -> None:
    ledger = ledger_of([fill(1, 10_00, at=100 + at) for at in range(9)] + [fill(5, 9_00, at=1)], history_max=4)
    assert (ledger.qty("A", "STK"), ledger.doubtful()) == (14, (("A", "STK", 1),))
    assert ledger.cash("A") == {"USD": money("-135")}


def test_a_bust_from_before_the_checkpoint_reverses_the_fill_once() -> None:
    words = [fill(1, 10_00, at=100 + at, key=f"k{at}", fee=money("1")) for at in range(9)]
    bust = fill(1, 10_00, kind=ExecKind.BUST, corrects="k0")
    ledger = ledger_of([*words, bust, bust], history_max=4)
    assert (ledger.qty("A", "STK"), ledger.cash("A")) == (8, {"USD": money("-88")})
    assert ledger.doubtful() == (("A", "STK", 1),)
    ledger.check()


def test_a_bust_of_the_last_fill_before_the_checkpoint_is_reported_too() -> None:
    words = [fill(1, price, at=100 + at, key=f"k{at}") for at, price in enumerate((10_00, 10_00, 20_00, 10_00, 10_00))]
    ledger = ledger_of([*words, fill(1, 20_00, kind=ExecKind.BUST, corrects="k2")], history_max=4)
    assert (ledger.qty("A", "STK"), ledger.doubtful()) == (4, (("A", "STK", 1),))
    ledger.check()


def test_history_sealed_after_a_late_fill_is_that_of_in_order_arrival() -> None:
    words = [fill(1, (10 + at) * 100, at=100 + at, key=f"k{at}") for at in range(9)]
    late = [words[1], words[0], *words[2:]]
    assert ledger_of(late, history_max=4).position("A", "STK").cost == ledger_of(words).position("A", "STK").cost
    assert ledger_of(late, history_max=4).doubtful() == ()


def test_memory_of_sealed_fills_and_of_awaited_busts_is_bounded() -> None:
    ledger = ledger_of([fill(1, 10_00) for _ in range(SEALED_FILLS_MAX + 10)], history_max=4)
    busts = [fill(1, 10_00, kind=ExecKind.BUST, corrects=f"never{n}") for n in range(AWAITED_VOIDS_MAX + 1)]
    for bust in [*busts, busts[-1]]:
        assert ledger.apply(bust) == ()
    holding = ledger.holding("A", "STK")
    assert (len(holding.sealed_fills), len(holding.awaited_voids)) == (SEALED_FILLS_MAX, AWAITED_VOIDS_MAX)
    assert ledger.doubtful() == (("A", "STK", AWAITED_VOIDS_MAX + 1),)
