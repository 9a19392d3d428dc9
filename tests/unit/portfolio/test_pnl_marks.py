"""Facts about marks, day figures, currencies and funds."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.ledger_oracle import BASE, INSTRUMENTS, account_opened, cash_event, fill, ledger_of, money
from workstation.domain.errors import InvariantError, ValidationError
from workstation.domain.events import TradingDayRolled
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import rescale
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.contracts import Contract, base_coin
from workstation.portfolio.pnl import MarkKind, Pnl
from workstation.portfolio.rates import Rates


def desk(*events: object, kind: MarkKind = MarkKind.LAST) -> tuple[object, Pnl]:
    ledger = ledger_of([account_opened()])
    pnl = Pnl(ledger, INSTRUMENTS, kind)
    for event in events:
        ledger.apply(event)
    return ledger, pnl


def test_an_unpriced_position_is_none_and_a_flat_one_zero() -> None:
    ledger, pnl = desk(fill(10, 10_00, strategy="s"))
    assert (pnl.unrealised("A", "STK"), pnl.unrealised("A", "FUT"), pnl.mark_age("STK", 9)) == (None, 0, None)
    day = pnl.day("A")
    assert (day.unmarked, day.is_complete, day.peak) == (("STK",), False, 0)
    pnl.mark("STK", 11_00, 5)
    assert (pnl.unrealised("A", "STK", "s"), pnl.unrealised("A", "STK", "none"), pnl.mark_age("STK", 9)) == (
        money("10"),
        0,
        4,
    )
    assert pnl.day("A").is_complete
    ledger.apply(fill(-10, 11_00, strategy="s"))
    assert (pnl.unrealised("A", "STK"), pnl.by_currency("A")) == (0, {"USD": 0})


def test_a_fill_after_the_mark_is_valued_at_once() -> None:
    ledger, pnl = desk(fill(10, 10_00))
    pnl.mark("STK", 11_00, 1)
    ledger.apply(fill(-20, 12_00))
    assert (pnl.unrealised("A", "STK"), pnl.by_currency("A")) == (money("10"), {"USD": money("10")})


def test_a_mid_between_two_price_units_is_exact() -> None:
    _, pnl = desk(fill(1, 10_00), kind=MarkKind.MID)
    pnl.on_trade("STK", 99_00, 1)
    pnl.on_quote("STK", 10_00, None, 2)
    assert pnl.unrealised("A", "STK") is None
    pnl.on_quote("STK", 10_00, 10_01, 3)
    assert pnl.unrealised("A", "STK") == money("0.005")


def test_the_exit_side_is_the_bid_for_a_long_and_the_ask_for_a_short() -> None:
    _, pnl = desk(fill(1, 10_00), fill(-1, 10_00, symbol="FUT"), kind=MarkKind.EXIT)
    for symbol in ("STK", "FUT"):
        pnl.on_quote(symbol, 9_99, 10_02, 1)
    assert (pnl.unrealised("A", "STK"), pnl.unrealised("A", "FUT")) == (money("-0.01"), money("-1"))


def test_last_marks_ignore_quotes() -> None:
    _, pnl = desk(fill(1, 10_00))
    pnl.on_quote("STK", 1, 2, 1)
    pnl.on_trade("STK", 10_50, 2)
    assert pnl.unrealised("A", "STK") == money("0.5")


def test_an_inverse_contract_is_marked_by_the_inverse_of_price() -> None:
    _, pnl = desk(fill(100, 20_000_0, symbol="INV"))
    pnl.mark("INV", 25_000_0, 1)
    assert (pnl.unrealised("A", "INV"), pnl.by_currency("A")["BTC"]) == (money("0.1"), money("0.1"))


def test_a_price_at_which_an_inverse_contract_has_no_worth_is_no_mark() -> None:
    _, pnl = desk(fill(100, 20_000_0, symbol="INV"))
    pnl.mark("INV", 0, 1)
    assert (pnl.unrealised("A", "INV"), pnl.day("A").unmarked) == (None, ("INV",))
    with pytest.raises(InvariantError, match="INV"):
        Contract(INSTRUMENTS["INV"]).worth_twice(0, 1)


def test_a_mark_of_a_flat_position_changes_nothing() -> None:
    _, pnl = desk(fill(1, 10_00), fill(-1, 11_00))
    pnl.mark("STK", 12_00, 1)
    assert (pnl.by_currency("A"), pnl.day("A").net) == ({"USD": 0}, money("1"))


def test_net_is_realised_plus_unrealised_less_fees_and_the_day_restarts_it() -> None:
    ledger, pnl = desk(fill(10, 10_00, fee=money("1")), fill(-5, 12_00), cash_event("dividend", money("2")))
    pnl.mark("STK", 11_00, 1)
    day = pnl.day("A")
    assert (day.realised, day.unrealised, day.fees, day.income, day.net) == tuple(
        map(money, ("10", "5", "1", "2", "14"))
    )
    ledger.apply(TradingDayRolled(account="A", day="2026-01-02", ts=50))
    day = pnl.day("A")
    assert (day.day, day.realised, day.fees, day.net, day.peak) == ("2026-01-02", 0, 0, money("5"), money("5"))


def test_peak_and_drawdown_follow_every_mark() -> None:
    ledger, pnl = desk(fill(10, 10_00))
    for price in (11_00, 15_00, 12_00):
        pnl.mark("STK", price, 1)
    day = pnl.day("A")
    assert (day.net, day.peak, day.drawdown) == (money("20"), money("50"), money("30"))
    assert Accounts(ledger, pnl).drawdown_bps("A") == 1  # 30 of 1,000,050, rounded up


def test_a_missing_rate_makes_the_total_none_and_is_named() -> None:
    ledger, pnl = desk(fill(10, 20_00, symbol="EUQ"))
    pnl.mark("EUQ", 21_00, 1)
    day = pnl.day("A")
    assert (day.unrealised, day.net, day.drawdown, day.missing_rates) == (None, None, None, ("EUR",))
    assert Accounts(ledger, pnl).buying_power("A") is None
    pnl.rates.set("EUR", "USD", money("1.1"), 7)
    assert (pnl.day("A").net, pnl.by_currency("A")["EUR"]) == (money("11"), money("10"))
    pnl.mark("EUQ", 22_00, 2)
    assert pnl.day("A").peak == money("22")


def test_what_rates_did_to_foreign_equity_is_its_own_line() -> None:
    ledger, pnl = desk(cash_event("transfer", money("100"), currency="EUR"))
    ledger.apply(TradingDayRolled(account="A", day="d1", ts=1))
    assert pnl.day("A").fx is None  # no rate when the day began
    pnl.rates.set("EUR", "USD", money("1.1"), 1)
    ledger.apply(TradingDayRolled(account="A", day="d2", ts=2))
    pnl.rates.set("EUR", "USD", money("1.2"), 2)
    assert (pnl.day("A").fx, pnl.day("A").net) == (money("10"), 0)
    pnl.rates = Rates()
    assert pnl.day("A").fx is None


def test_a_restart_within_the_day_takes_back_its_peak() -> None:
    ledger, pnl = desk(fill(10, 10_00))
    pnl.mark("STK", 15_00, 1)
    memory = msgspec.json.decode(msgspec.json.encode(pnl.state()))
    again = Pnl(ledger, INSTRUMENTS)
    again.load(memory)
    again.mark("STK", 12_00, 2)
    assert again.day("A").peak == money("50")
    ledger.apply(TradingDayRolled(account="A", day="d", ts=9))
    again.load(memory)
    assert again.day("A").peak == money("20")


def test_a_loaded_ledger_is_valued_anew() -> None:
    ledger, pnl = desk(fill(10, 10_00))
    pnl.mark("STK", 11_00, 1)
    ledger.load(ledger_of([account_opened(), fill(-1, 12_00)]).state())
    assert pnl.by_currency("A") == {"USD": money("1")}


def test_lines_show_account_and_strategies() -> None:
    _, pnl = desk(fill(10, 10_00, strategy="s"), fill(-2, 12_00, symbol="FUT"))
    pnl.mark("STK", 11_00, 3)
    shown = [(line.symbol, line.strategy_id, line.unrealised, line.mark_ts) for line in pnl.lines("A")]
    gain = money("10")
    assert shown == [("FUT", "*", None, None), ("FUT", "", None, None), ("STK", "*", gain, 3), ("STK", "s", gain, 3)]


def test_funds_of_a_margin_account() -> None:
    ledger, pnl = desk(fill(1_000, 100_00), fill(2, 100_00, symbol="FUT"))
    accounts = Accounts(ledger, pnl, lambda _account: money("500"))
    assert (accounts.equity("A"), accounts.margin_used("A"), accounts.buying_power("A")) == (None, None, None)
    assert accounts.drawdown_bps("A") is None
    pnl.mark("STK", 101_00, 1)
    pnl.mark("FUT", 99_00, 1)
    funds = accounts.funds("A")
    assert (funds.cash, funds.equity) == (money("900000"), money("1000900"))
    assert funds.margin_used == money("27725")  # a quarter of 101,000 + 9,900
    assert funds.buying_power == 4 * money("973175") - money("500")
    (balance,) = accounts.balances("A")
    assert (balance.cash, balance.reserved) == (money("900000"), money("500"))


def test_a_cash_account_buys_with_cash_alone() -> None:
    ledger = ledger_of([account_opened(msgspec.structs.replace(BASE, margin_rate_bps=10_000)), fill(10, 10_00)])
    pnl = Pnl(ledger, INSTRUMENTS)
    pnl.mark("STK", 20_00, 1)
    assert Accounts(ledger, pnl).buying_power("A") == money("999900")
    assert Accounts(ledger, pnl, lambda _account: money("2000000")).buying_power("A") == 0


def test_an_account_that_never_opened_has_no_funds() -> None:
    ledger = ledger_of([])
    accounts = Accounts(ledger, Pnl(ledger, INSTRUMENTS))
    assert (accounts.margin_used("X"), accounts.buying_power("X"), accounts.balances("X")) == (None, None, ())
    assert accounts.drawdown_bps("X") == 10_000


def test_settled_margin_is_not_counted_twice_in_equity() -> None:
    ledger, pnl = desk(fill(2, 100_00, symbol="FUT", at=10), cash_event("variation", money("300"), symbol="FUT", at=20))
    pnl.mark("FUT", 103_00, 1)
    assert Accounts(ledger, pnl).equity("A") == money("1000300")


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**22))
def test_there_and_back_at_one_rate_differs_by_one_minor_unit_at_most(amount: int, rate: int) -> None:
    rates = Rates()
    rates.set("EUR", "USD", max(rate, 10**16), 1)
    back = rates.get("USD", "EUR").convert(rates.get("EUR", "USD").convert(amount))
    assert abs(rescale(back, 18, 2) - rescale(amount, 18, 2)) <= 1


def test_rates_above_zero_only_and_one_of_itself() -> None:
    rates = Rates()
    with pytest.raises(ValidationError):
        rates.set("EUR", "USD", 0, 1)
    assert rates.get("USD", "USD").convert(7) == 7
    assert rates.total({"EUR": 0, "USD": 5}, "USD") == (5, ())


@pytest.mark.parametrize(
    ("symbol", "quote", "asset_class", "coin"),
    [
        ("BTC/USDT", "USDT", AssetClass.CRYPTO, "BTC"),
        ("BTCUSDT", "USDT", AssetClass.CRYPTO, "BTC"),
        ("EUR-USD", "USD", AssetClass.FOREX, "EUR"),
        ("BTC", "USD", AssetClass.CRYPTO, ""),
        ("AUSD", "USD", AssetClass.STOCK, ""),
    ],
)
def test_the_base_coin_is_read_from_the_pair(symbol: str, quote: str, asset_class: AssetClass, coin: str) -> None:
    instrument = Instrument(
        symbol=symbol,
        asset_class=asset_class,
        currency=quote,
        price_decimals=2,
        qty_decimals=4,
        ticks=(TickBand(0, 1),),
    )
    assert base_coin(instrument) == coin
