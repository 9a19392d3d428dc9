"""The account of a backtest: fees, funds, financing, currencies, splits, dividends, limits, and faulty data."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import MINUTE, START, Scripted, bars, options, plan, quotes, scripted
from tests.helpers.market import instrument
from tests.helpers.sweeps import probe_code, probe_job
from workstation.backtest.fees import MakerTakerFees, PerUnitFees
from workstation.backtest.fees_by_value import PercentFees, Tier, TieredFees
from workstation.backtest.options import Financing, Latency
from workstation.backtest.rows import DividendRow, SplitRow
from workstation.backtest.run import run_backtest
from workstation.backtest.soundness import DataFault
from workstation.backtest.sweep_job import LoadedJob, job_of
from workstation.domain.errors import ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, TimeInForce

FLAT = (10_000, 10_000, 10_000, 10_000)
DAY = 86_400 * 10**9
CENT = MONEY_ONE // 100


def run(script, *rows, choices=None, **parts):
    parts.setdefault("options", options(**(choices or {})))
    return run_backtest(plan(scripted(script), bars(*rows), **parts))


def buy(quantity=100, **terms):
    return {0: lambda s: s.buy("ABC", quantity, tif=TimeInForce.GTC, **terms)}


@pytest.mark.parametrize(
    ("fees", "due"),
    [
        (PerUnitFees(per_unit=CENT), 100 * CENT),
        (PerUnitFees(per_unit=CENT, minimum=5 * MONEY_ONE), 5 * MONEY_ONE),
        (PerUnitFees(per_unit=CENT, cap=MONEY_ONE // 2), MONEY_ONE // 2),
        (MakerTakerFees(maker=-100, taker=500), 5 * MONEY_ONE),
        (PercentFees(rate=1_000), 10 * MONEY_ONE),
        (PercentFees(rate=1_000, minimum=20 * MONEY_ONE), 20 * MONEY_ONE),
        (PercentFees(rate=1_000, cap=4 * MONEY_ONE), 4 * MONEY_ONE),
        (TieredFees(tiers=(Tier(least=0, maker=-100, taker=500),)), 5 * MONEY_ONE),
    ],
)
def test_a_fill_costs_what_the_named_model_says(fees, due):
    result = run(buy(), FLAT, FLAT, choices={"fees": fees})
    assert result.fills[0].fee == due
    assert result.net_profit == -due


@pytest.mark.parametrize(
    ("fees", "due"),
    [
        (PercentFees(rate=1_000, minimum=2 * MONEY_ONE), 10 * MONEY_ONE),
        (PercentFees(rate=1_000, minimum=30 * MONEY_ONE), 30 * MONEY_ONE),
        (PercentFees(rate=1_000, cap=4 * MONEY_ONE), 4 * MONEY_ONE),
    ],
)
def test_an_order_in_pieces_owes_its_percentage_minimum_and_cap_once(fees, due):
    data = bars(FLAT, *[FLAT] * 5, volume=[100] * 6)
    result = run_backtest(plan(scripted(buy()), data, options=options(fees=fees, bar_share_bps=2_500)))
    assert [fill.qty for fill in result.fills] == [25] * 4
    assert sum(fill.fee for fill in result.fills) == due
    assert result.net_profit == -due


def test_a_tier_is_that_of_what_was_traded_before_in_the_month_and_begins_anew_with_the_next():
    tiers = (Tier(least=0, maker=100, taker=500), Tier(least=15_000 * MONEY_ONE, maker=0, taker=200))
    turn = {
        number: lambda s, number=number: (s.sell if number % 2 else s.buy)("ABC", 100, tif=TimeInForce.GTC)
        for number in range(5)
    }
    days = bars(*[FLAT] * 7, interval="1d", start=1_580_256_000 * 10**9, step=DAY)  # 2020-01-29
    result = run_backtest(
        plan(scripted(turn, wants=(("ABC", "1d"),)), days, options=options(fees=TieredFees(tiers=tiers)))
    )
    assert [fill.fee // MONEY_ONE for fill in result.fills] == [5, 5, 5, 5, 2]
    with pytest.raises(ValidationError, match="the first tier is from 0 on"):
        TieredFees(tiers=tiers[1:])


def test_a_maker_may_be_paid():
    result = run(
        buy(limit=99.00),
        FLAT,
        FLAT,
        (10_000, 10_000, 9_800, 10_000),
        choices={"fees": MakerTakerFees(maker=-100, taker=500)},
    )
    assert result.fills[0].fee == -99 * CENT


def test_an_order_that_the_money_does_not_carry_is_refused():
    poor = {"initial_cash": 5_000 * MONEY_ONE}
    refused = run(buy(), FLAT, FLAT, choices={"check_funds": True}, **poor)
    assert refused.orders[0].status is OrdStatus.INSUFFICIENT_FUNDS
    assert any("BUYING_POWER" in text for text in refused.warnings)
    assert run(buy(), FLAT, FLAT, choices={"check_funds": True, "margin_bps": 5_000}, **poor).fills
    assert run(buy(), FLAT, FLAT, **poor).fills


def test_money_is_checked_again_when_the_order_trades():
    result = run(
        buy(), FLAT, (12_000, 12_000, 12_000, 12_000), choices={"check_funds": True}, initial_cash=11_000 * MONEY_ONE
    )
    assert not result.fills
    assert result.orders[0].status is OrdStatus.CANCELLED


def test_an_account_that_covers_too_little_is_liquidated_where_it_is_asked_for():
    fall = [FLAT, FLAT, (6_000, 6_000, 6_000, 6_000), (6_000, 6_000, 6_000, 6_000)]
    choices = {"check_funds": True, "margin_bps": 5_000, "maintenance_bps": 2_500}
    poor = {"initial_cash": 5_000 * MONEY_ONE}
    kept = run(buy(), *fall, choices=choices, **poor)
    sold = run(buy(), *fall, choices={**choices, "liquidate": True}, **poor)
    assert kept.positions == {"ABC": 100}
    assert [fill.label for fill in sold.fills] == ["", "liquidation"]


def test_cash_and_borrowed_shares_bear_interest_by_the_day():
    rows = [FLAT] * 1_442
    short = {0: lambda s: s.sell("ABC", 100)}
    financing = Financing(credit_bps=365, borrow_bps=3_650)
    result = run(short, *rows, choices={"financing": financing}, initial_cash=10_000 * MONEY_ONE)
    rates = {row.symbol: row.amount for row in result.cash_rows}
    assert rates == {"": 2 * MONEY_ONE, "ABC": -10 * MONEY_ONE}
    debit = run(buy(200), *rows, choices={"financing": Financing(debit_bps=365)}, initial_cash=10_000 * MONEY_ONE)
    assert [row.amount for row in debit.cash_rows] == [-MONEY_ONE]
    assert not run(short, *rows).cash_rows


def test_a_split_and_a_dividend_leave_the_money_right():
    after = (5_000, 5_000, 5_000, 5_000)
    rows = [FLAT, FLAT, after, after]
    at = START + 2 * MINUTE
    corporate = (
        SplitRow(ts=at, symbol="ABC", numerator=2, denominator=1),
        DividendRow(ts=at + MINUTE, symbol="ABC", amount=MONEY_ONE),
    )
    result = run(buy(), *rows, corporate=corporate)
    assert result.positions == {"ABC": 200}
    assert result.net_profit == 200 * MONEY_ONE
    assert [row.kind for row in result.cash_rows] == ["dividend"]


def test_indicators_see_adjusted_prices_and_orders_raw_ones():
    raw = bars(*[FLAT] * 3, *[(5_000, 5_000, 5_000, 5_000)] * 3)
    adjusted = msgspec.structs.replace(raw, factor=np.array([0.5] * 3 + [1.0] * 3))

    class Follower(Scripted):
        def on_start(self):
            super().on_start()
            self.average = self.indicator("ABC", "1m", "sma", bars=2)

        def on_bar(self, bar):
            self.seen.append((bar.close, self.average.value))

    run_backtest(plan(Follower, adjusted))
    assert Scripted.last.seen[2:4] == [(100.0, 50.0), (50.0, 50.0)]
    run_backtest(plan(Follower, raw))
    assert Scripted.last.seen[3] == (50.0, 75.0)


def test_profit_in_another_currency_is_worth_what_the_pair_says():
    euro = msgspec.structs.replace(instrument("ABC"), currency="EUR")
    pair = instrument("EURUSD", price_decimals=4)
    stock = bars(FLAT, FLAT, (10_100, 10_100, 10_100, 10_100))
    rate = bars(*[(12_000, 12_000, 12_000, 12_000)] * 3, symbol="EURUSD")
    result = run_backtest(plan(scripted(buy()), stock, rate, instruments=[euro, pair], rates={"EUR": "EURUSD"}))
    assert result.net_profit == 120 * MONEY_ONE
    with pytest.raises(ValidationError, match="EUR"):
        run_backtest(plan(scripted(buy()), stock, instruments=[euro]))


def test_limits_are_those_of_the_gate_that_trades():
    limit = LimitChanged(
        limit="ORDER_QUANTITY", scope="ACCOUNT", key="BACKTEST", old="", new="50", actor="pat", reason="test", ts=1
    )
    result = run(buy(), FLAT, FLAT, limits=(limit,))
    assert result.orders[0].status is OrdStatus.RISK_REJECTED
    assert run(buy(50), FLAT, FLAT, limits=(limit,)).fills


def test_a_capital_binds_a_backtest_as_it_binds_a_live_run():
    script = {
        0: lambda s: s.buy("ABC", 60, limit=90, tif=TimeInForce.GTC),
        1: lambda s: s.buy("ABC", 60),
        2: lambda s: s.cancel_all("ABC"),
        3: lambda s: s.buy("ABC", 60),
        4: lambda s: s.buy("ABC", 60),
        5: lambda s: s.sell("ABC", 60),
    }
    rows = [FLAT] * 8
    choices = {"check_funds": True}
    result = run(script, *rows, choices=choices, capital=10_000 * MONEY_ONE)
    stood = [order.status for order in result.orders]
    assert stood.count(OrdStatus.RISK_REJECTED) == 2
    assert [fill.qty for fill in result.fills] == [60, 60]
    assert "2 orders were refused: STRATEGY_CAPITAL." in result.warnings
    free = run(script, *rows, choices=choices)
    assert [fill.qty for fill in free.fills] == [60, 60, 60, 60]
    assert result.capital == 10_000 * MONEY_ONE
    assert run(script, *rows, choices=choices, capital=10**6 * MONEY_ONE).fills == free.fills
    assert run(script, *rows, choices=choices, capital=10**6 * MONEY_ONE).digest != free.digest


def test_a_capital_of_a_backtest_shrinks_with_what_the_run_has_lost():
    lower = (5_000, 5_000, 5_000, 5_000)
    script = {
        0: lambda s: s.buy("ABC", 100),
        3: lambda s: s.sell("ABC", 100),
        5: lambda s: s.buy("ABC", 101),
        6: lambda s: s.buy("ABC", 98),
    }
    result = run(
        script, FLAT, FLAT, lower, lower, *[lower] * 5, choices={"check_funds": True}, capital=10_100 * MONEY_ONE
    )
    assert [fill.qty for fill in result.fills] == [100, 100, 101]
    assert result.warnings[-1] == "1 orders were refused: STRATEGY_CAPITAL."


def test_trials_of_a_sweep_have_the_capital_of_their_job():
    job = msgspec.structs.replace(probe_job(), capital=7 * MONEY_ONE, options=options(check_funds=True))
    assert LoadedJob(job).plan({}, (0, 10**18), warm=False).capital == 7 * MONEY_ONE
    assert job_of(LoadedJob(job).plan({}, (0, 10**18), warm=False), probe_code()).capital == 7 * MONEY_ONE


@pytest.mark.parametrize("wrong", [{"capital": -1}, {"capital": 5, "options": options(check_funds=False)}])
def test_a_capital_that_could_not_bind_is_refused(wrong):
    with pytest.raises(ValidationError, match="capital"):
        run(buy(), FLAT, **wrong)


def test_reports_come_back_late():
    def act(s):
        s.buy("ABC", 10)

    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_000, 60), (5, 9_990, 50, 10_000, 60))
    heard = []
    for latency in (Latency(), Latency(response=3 * 10**9)):
        strategy = scripted({0: act}, wants=(), streams=("quotes",))
        strategy.on_fill = lambda self, _fill: heard.append(len(self.seen))
        run_backtest(plan(strategy, data, options=options(latency=latency)))
    assert heard == [1, 2]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([FLAT, (10_000, 9_000, 10_000, 10_000)], "outside of low to high"),
        ([FLAT, (-1, 10_000, -1, 10_000)], "off the price grid"),
    ],
)
def test_faulty_data_ends_the_run_unless_gaps_are_allowed(rows, fault):
    with pytest.raises(DataFault, match=fault):
        run({}, *rows)
    result = run({}, *rows, FLAT, choices={"allow_gaps": True})
    assert result.bars == 2
    assert any(fault in text for text in result.warnings)


def test_rows_that_are_left_out_are_counted_and_the_first_of_them_named_by_their_times():
    off = (-1, 10_000, -1, 10_000)
    result = run({}, FLAT, *[off] * 7, FLAT, choices={"allow_gaps": True})
    [told] = [text for text in result.warnings if "left out" in text]
    assert told.startswith("ABC bars 1m: 7 rows are off the price grid; left out: 2020-01-01T00:01:00Z, ")
    assert told.endswith("2020-01-01T00:05:00Z and 2 more.")


def test_a_broken_strategy_has_no_result():
    def broken(_s):
        raise ZeroDivisionError("a test's own")

    for fast in (True, False):
        with pytest.raises(ZeroDivisionError):
            run({3: broken}, *[FLAT] * 8, choices={"fast": fast})


def test_history_comes_before_the_first_bar_and_nothing_else_does():
    heard = []

    class Warm(Scripted):
        def on_start(self):
            self.average = self.indicator("ABC", "1m", "sma", bars=3, history=3)

        def on_history(self, found):
            heard.extend(found)

        def on_bar(self, bar):
            heard.append((bar.ts_open, self.average.ready))

    run_backtest(plan(Warm, bars(*[FLAT] * 6), start_ts=START + 4 * MINUTE))
    assert [type(row).__name__ for row in heard] == ["Bar", "Bar", "Bar", "tuple", "tuple"]
    assert heard[3] == (START + 4 * MINUTE, True)


def test_timers_fire_after_the_bars_of_their_instant():
    heard = []

    class Timed(Scripted):
        def on_start(self):
            super().on_start()
            self.every(60)

        def on_bar(self, bar):
            heard.append(("bar", bar.ts_close))

        def on_timer(self, name):
            heard.append((name, self.now))

    run_backtest(plan(Timed, bars(*[FLAT] * 3)))
    ends = [START + (n + 1) * MINUTE for n in range(3)]
    assert [row for row in heard if row[0] == "bar"] == [("bar", end) for end in ends]
    assert heard.index(("timer", ends[0])) > heard.index(("bar", ends[0]))


def test_a_run_tells_of_its_progress_and_ends_when_it_is_not_wanted():
    told = []
    rows = [FLAT] * 9_000
    result = run_backtest(
        plan(scripted({}), bars(*rows), options=options(fast=False)),
        progress=told.append,
        cancelled=lambda: len(told) > 1,
    )
    assert result.cancelled
    assert result.bars < len(rows)
    assert told[0].events < told[1].events
    assert any("ended before" in text for text in result.warnings)
