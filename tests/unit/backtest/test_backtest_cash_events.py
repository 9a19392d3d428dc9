"""Money without a trade: funding, rolled currencies, borrowed shares, conversion; and fees that a coin pays."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from tests.helpers.backtests import START, bars, options, plan, scripted
from tests.helpers.market import instrument
from workstation.backtest.fees import CoinFees
from workstation.backtest.financing import next_roll
from workstation.backtest.options import RATE_ONE, Borrow, Financing, Funding, Rollover
from workstation.backtest.reruns import up_to
from workstation.backtest.rows import FundingRow
from workstation.backtest.run import run_backtest
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, TimeInForce

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
PRICE = (10_000, 10_000, 10_000, 10_000)
CENT = MONEY_ONE // 100

PERPETUAL = instrument("ABC", asset_class=AssetClass.FUTURE)
INVERSE = msgspec.structs.replace(PERPETUAL, currency="BTC", inverse=True)
PAIR = instrument("EURUSD", asset_class=AssetClass.FOREX, price_decimals=4)
COINS = msgspec.structs.replace(instrument("BTC/USDT", asset_class=AssetClass.CRYPTO, qty_decimals=3), currency="USDT")


def hours(count: int, symbol: str = "ABC", price: int = 10_000, start: int = START):
    return bars(*[(price,) * 4] * count, symbol=symbol, interval="1h", start=start, step=HOUR)


def held(qty: int, symbol: str = "ABC"):
    side = "buy" if qty > 0 else "sell"
    act = {0: lambda s: getattr(s, side)(symbol, abs(qty), tif=TimeInForce.GTC)}
    return scripted(act, wants=((symbol, "1h"),))


def cash(result, kind: str):
    return [
        ((row.ts - START) // HOUR, row.symbol, row.currency, row.amount) for row in result.cash_rows if row.kind == kind
    ]


@pytest.mark.parametrize(("qty", "paid"), [(100, -1), (-100, 1)])
def test_the_long_of_a_perpetual_contract_pays_the_short_at_every_funding(qty, paid):
    every = Financing(fundings=(Funding(symbol="ABC", rate=RATE_ONE // 10_000, every=8 * HOUR),))
    result = run_backtest(plan(held(qty), hours(18), instruments=[PERPETUAL], options=options(financing=every)))
    assert cash(result, "funding") == [(8, "ABC", "USD", paid * MONEY_ONE), (16, "ABC", "USD", paid * MONEY_ONE)]
    assert result.net_profit == 2 * paid * MONEY_ONE


def test_recorded_funding_is_paid_on_its_mark_and_only_by_who_holds_then():
    rows = (
        FundingRow(ts=START + HOUR, symbol="ABC", rate=RATE_ONE // 10_000),
        FundingRow(ts=START + 3 * HOUR, symbol="ABC", rate=-RATE_ONE // 5_000, mark_px=20_000),
        FundingRow(ts=START + 4 * HOUR, symbol="ABC", rate=0),
    )
    made = plan(held(100), hours(6), instruments=[PERPETUAL], funding=rows)
    result = run_backtest(made)
    # The first comes before the order's fill at the next open; the second pays the long 0.02 % of 20,000.
    assert cash(result, "funding") == [(3, "ABC", "USD", 4 * MONEY_ONE)]
    assert [row.ts for row in up_to(made, START + 3 * HOUR).funding] == [START + HOUR, START + 3 * HOUR]


def test_an_inverse_contract_pays_its_funding_in_coins_and_is_carried_by_its_worth_in_them():
    every = Financing(fundings=(Funding(symbol="ABC", rate=RATE_ONE // 10_000, every=8 * HOUR),))
    parts = {"instruments": [INVERSE], "currency": "BTC", "initial_cash": 2 * MONEY_ONE}
    funded = options(financing=every, check_funds=True)
    result = run_backtest(plan(held(100), hours(10), options=funded, **parts))
    assert cash(result, "funding") == [(8, "ABC", "BTC", -MONEY_ONE // 10_000)]
    poor = run_backtest(plan(held(201), hours(10), options=funded, **parts))
    assert poor.orders[0].status is OrdStatus.INSUFFICIENT_FUNDS


def test_an_inverse_round_trip_knows_its_worst_and_best_profit_in_coins():
    rows = [(10_000,) * 4, (10_000,) * 4, (8_000,) * 4, (12_500,) * 4, (10_000,) * 4, (10_000,) * 4]
    act = {
        0: lambda s: s.buy("ABC", 100, tif=TimeInForce.GTC),
        4: lambda s: s.sell("ABC", 100, tif=TimeInForce.GTC),
    }
    data = bars(*rows, interval="1h", step=HOUR)
    strategy = scripted(act, wants=(("ABC", "1h"),))
    trade = run_backtest(plan(strategy, data, instruments=[INVERSE], currency="BTC")).trades[0]
    # 100 contracts of one dollar: bought for 1 coin at 100, worth 1.25 at 80 and 0.8 at 125.
    assert (trade.mae, trade.mfe) == pytest.approx((-0.25, 0.2))


def test_rolled_currencies_earn_by_their_side_and_three_nights_on_a_wednesday():
    wednesday = START + 21 * HOUR  # 2020-01-01 was one; 17:00 in New York is 22:00 UTC
    terms = Financing(rollovers=(Rollover(symbol="EURUSD", long_bps=-365, short_bps=73),), debit_bps=10_000)
    for qty, bps in ((100_000, -365), (-100_000, 73)):
        data = hours(30, "EURUSD", 12_000, wednesday - 3 * HOUR)
        result = run_backtest(
            plan(
                held(qty, "EURUSD"),
                data,
                instruments=[PAIR],
                options=options(financing=terms),
                initial_cash=10 * MONEY_ONE,
            )
        )
        a_night = Fraction(120_000 * bps, 365 * 10_000)
        assert cash(result, "rollover") == [
            (22, "EURUSD", "USD", 3 * a_night * MONEY_ONE),
            (46, "EURUSD", "USD", a_night * MONEY_ONE),
        ]
        # What the pair cost is lent by nobody: it is rolled.
        assert not cash(result, "borrow")
        assert all(abs(amount) < MONEY_ONE for _hour, _symbol, _currency, amount in cash(result, "interest"))


def test_currencies_roll_at_five_in_new_york_from_monday_to_friday_in_summer_and_winter():
    def rolls(year: int, month: int, day: int) -> str:
        ts = int(datetime(year, month, day, 12, tzinfo=UTC).timestamp()) * 10**9
        return f"{datetime.fromtimestamp(next_roll(ts) // 10**9, UTC):%a %d %H:%M}"

    assert rolls(2024, 1, 3) == "Wed 03 22:00"
    assert rolls(2024, 7, 3) == "Wed 03 21:00"
    assert rolls(2024, 7, 6) == "Mon 08 21:00"
    ts = next_roll(int(datetime(2024, 7, 5, tzinfo=UTC).timestamp()) * 10**9)
    assert f"{datetime.fromtimestamp(next_roll(ts) // 10**9, UTC):%a %d}" == "Mon 08"


def test_shares_that_are_hard_to_borrow_cost_their_own_rate():
    other = instrument("XYZ")
    act = {0: lambda s: (s.sell("ABC", 100, tif=TimeInForce.GTC), s.sell("XYZ", 100, tif=TimeInForce.GTC))}
    strategy = scripted(act, wants=(("ABC", "1h"),))
    terms = Financing(borrow_bps=365, borrows=(Borrow(symbol="XYZ", bps=3_650),))
    result = run_backtest(
        plan(
            strategy,
            hours(25),
            hours(25, "XYZ"),
            instruments=[instrument("ABC"), other],
            options=options(financing=terms),
        )
    )
    assert cash(result, "borrow") == [(24, "ABC", "USD", -MONEY_ONE), (24, "XYZ", "USD", -10 * MONEY_ONE)]


def test_what_is_named_of_an_instrument_that_is_no_part_of_the_plan_is_refused():
    for terms in (
        Financing(borrows=(Borrow(symbol="NO", bps=1),)),
        Financing(rollovers=(Rollover(symbol="NO", long_bps=1, short_bps=1),)),
        Financing(fundings=(Funding(symbol="NO", rate=1, every=1),)),
    ):
        with pytest.raises(ValidationError, match="NO is no instrument"):
            run_backtest(plan(held(1), hours(3), options=options(financing=terms)))
    with pytest.raises(ValidationError, match="no time between"):
        Funding(symbol="ABC", rate=1, every=0)


def test_foreign_money_becomes_the_accounts_at_once_at_the_pairs_price_less_the_cost():
    euro = msgspec.structs.replace(instrument("ABC"), currency="EUR")
    act = {
        0: lambda s: s.buy("ABC", 100, tif=TimeInForce.GTC),
        2: lambda s: s.sell("ABC", 100, tif=TimeInForce.GTC),
    }
    strategy = scripted(act, wants=(("ABC", "1h"),))
    rate = bars(
        *[(price,) * 4 for price in (12_000, 12_000, 13_000, 13_000, 14_000)], symbol="EURUSD", interval="1h", step=HOUR
    )
    parts = {"instruments": [euro, PAIR], "rates": {"EUR": "EURUSD"}}

    def ran(**choices):
        return run_backtest(plan(strategy, hours(5), rate, options=options(**choices), **parts))

    kept, converted, dear = ran(), ran(convert_bps=0), ran(convert_bps=10)
    # Bought for 10,000 EUR at 1.20, sold for 10,000 EUR at 1.30: the euros were the account's for two hours.
    assert kept.net_profit == 0
    assert converted.net_profit == 1_000 * MONEY_ONE
    assert cash(converted, "conversion") == [
        (1, "", "EUR", 10_000 * MONEY_ONE),
        (1, "", "USD", -12_000 * MONEY_ONE),
        (3, "", "EUR", -10_000 * MONEY_ONE),
        (3, "", "USD", 13_000 * MONEY_ONE),
    ]
    assert dear.net_profit == 1_000 * MONEY_ONE - 25 * MONEY_ONE
    with pytest.raises(ValidationError, match="convert_bps"):
        options(convert_bps=-1)


def test_a_buy_of_coins_pays_its_fee_in_them_and_a_sale_in_money():
    bought = []

    def sell(strategy):
        bought.append(strategy.position("BTC/USDT"))
        strategy.sell("BTC/USDT", bought[-1], tif=TimeInForce.GTC)

    act = {0: lambda s: s.buy("BTC/USDT", 2, tif=TimeInForce.GTC), 2: sell}
    strategy = scripted(act, wants=(("BTC/USDT", "1h"),))
    fees = CoinFees(maker=500, taker=1_000)  # 0.1 %
    result = run_backtest(
        plan(strategy, hours(5, "BTC/USDT"), instruments=[COINS], currency="USDT", options=options(fees=fees))
    )
    assert bought == [Decimal("1.998")]
    assert [(fill.fee, fill.fee_currency) for fill in result.fills] == [
        (2 * MONEY_ONE // 1_000, "BTC"),
        (MONEY_ONE * 1998 // 10_000, "USDT"),
    ]
    assert not result.positions
    assert result.net_profit == -(20 * CENT + MONEY_ONE * 1998 // 10_000)
    (trade,) = result.trades
    assert trade.pnl - trade.fees == result.net_profit
    with pytest.raises(ValidationError, match="no spot pair"):
        run_backtest(plan(held(1), hours(3), options=options(fees=fees)))
