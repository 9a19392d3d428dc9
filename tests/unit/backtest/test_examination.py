"""The checks of a backtest: they find what looks ahead and how, and leave what does not alone."""

from __future__ import annotations

import itertools
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import MINUTE, START, columns, options, plan, quotes, scripted
from workstation.backtest.columns import QuoteColumns, TradeColumns
from workstation.backtest.examination import costs, look_ahead, paths, start_up
from workstation.backtest.fees import MakerTakerFees, PerUnitFees
from workstation.backtest.options import Path as Walk
from workstation.backtest.options import Slippage, SlippageKind
from workstation.backtest.reruns import differences, from_on, rerun, up_to
from workstation.backtest.rows import DividendRow
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.strategies import examples
from workstation.strategies.api import Bar, Leg, Strategy, StrategyParameters
from workstation.strategies.examples import execution
from workstation.strategies.examples.breakout import Breakout
from workstation.strategies.examples.market_maker import MarketMaker
from workstation.strategies.examples.mean_reversion import MeanReversion
from workstation.strategies.examples.pairs import Pairs
from workstation.strategies.examples.sma_cross import SmaCross


def wave(count: int = 240, seed: int = 1):
    close = 10_000 + np.cumsum(np.random.default_rng(seed).integers(-20, 21, count))
    opened = np.r_[close[0], close[:-1]]
    return columns(opened, np.maximum(opened, close) + 5, np.minimum(opened, close) - 5, close, np.full(count, 9_000))


def cross(**parts):
    parameters = {"symbol": "ABC", "fast": 3, "slow": 8, "quantity": 10}
    return lambda: plan(SmaCross, wave(), parameters=parameters, **parts)


class Following(Strategy):
    """Buys before a rise and sells before a fall, by what `coming` says of the next close."""

    Parameters = StrategyParameters

    def on_start(self) -> None:
        self.bars("ABC", "1m")

    def on_bar(self, bar: Bar) -> None:
        rises = self.coming(bar)
        if rises and not self.position("ABC"):
            self.buy("ABC", 10)
        elif rises is False and self.position("ABC"):
            self.sell("ABC", 10)

    def coming(self, bar: Bar) -> bool | None:
        raise NotImplementedError


class Peeking(Following):
    """Finds the bars that are still to come in the memory of its caller."""

    def coming(self, bar: Bar) -> bool | None:
        caller = sys._getframe(2).f_locals
        batch, at = caller["batch"], caller["at"] + 1
        return None if at >= len(batch) else batch.closes[at] > batch.closes[at - 1]


def test_a_strategy_that_sees_the_next_bar_is_found_and_its_decision_named():
    found = look_ahead(lambda: plan(Peeking, wave()), samples=4)
    assert found.changed
    # cut behind a decision, the bar that it saw is not there
    assert set(found.cuts) == {row.ts for row in found.changed}
    assert {row.part for row in found.changed} == {""}
    assert {row.whole for row in found.changed} <= {"BUY 10 ABC MARKET", "SELL 10 ABC MARKET"}


@pytest.mark.parametrize("fast", [True, False])
def test_a_strategy_that_looks_back_alone_passes_whatever_is_cut(fast: bool):
    found = look_ahead(cross(options=options(fast=fast)), samples=30)
    assert (found.changed, len(found.cuts)) == ((), 30)
    assert found.decisions > 30


def test_the_cuts_are_spread_and_end_with_the_last_decision():
    whole = rerun(cross()())
    found = look_ahead(cross(), samples=3)
    assert found.cuts[-1] == whole.decisions[-1].ts
    assert len(found.cuts) == 3


def test_prices_adjusted_by_a_dividend_that_is_still_to_come_are_found():
    """A bound in money on an average of adjusted prices moves with every later dividend."""

    class Below(Following):
        def on_start(self) -> None:
            self.average = self.indicator("ABC", "1m", "sma", bars=2)

        def coming(self, bar: Bar) -> bool | None:
            return self.average.value < 100.0 if self.average.ready else None

    flat = np.full(60, 10_020)
    factor = np.where(np.arange(60) < 40, 0.99, 1.0)
    data = msgspec.structs.replace(columns(flat, flat, flat, flat), factor=factor)
    paid = DividendRow(ts=int(data.ts_open[40]), symbol="ABC", amount=MONEY_ONE)
    found = look_ahead(lambda: plan(Below, data, corporate=(paid,)))
    assert "BUY 10 ABC MARKET" in {row.whole for row in found.changed}


def test_what_a_strategy_learnt_in_a_run_before_is_found():
    class Learning(Following):
        known: dict[int, float] = {}  # noqa: RUF012  kept over runs, which is the fault

        def coming(self, bar: Bar) -> bool | None:
            self.known[bar.ts_close] = bar.close
            following = self.known.get(bar.ts_close + MINUTE)
            return bar.ts_close % (2 * MINUTE) == 0 if following is None else following > bar.close

    assert look_ahead(lambda: plan(Learning, wave()), samples=3).changed


FUTURE = wave()


class Knowing(Following):
    """Looks its decision up in a copy of the data that its module holds."""

    def coming(self, bar: Bar) -> bool | None:
        at = (bar.ts_close - START) // MINUTE
        return bool(FUTURE.close[at] > FUTURE.close[at - 1]) if at < len(FUTURE.close) else None


def closing_over(closes: list[int]) -> type[Following]:
    class Enclosed(Following):
        def coming(self, bar: Bar) -> bool | None:
            at = (bar.ts_close - START) // MINUTE
            return closes[at] > closes[at - 1] if at < len(closes) else None

    return Enclosed


class Remembering(Following):
    """Writes down what comes, for the next run; two runs of the same class later nothing of that shows in a cut."""

    known: dict[int, float] = {}  # noqa: RUF012  kept over runs, which is the fault

    def coming(self, bar: Bar) -> bool | None:
        self.known[bar.ts_close] = bar.close
        return self.known.get(bar.ts_close + MINUTE, bar.close) > bar.close


class Reading(Following):
    """Reads a file of its own."""

    def coming(self, bar: Bar) -> bool | None:
        return len(Path(__file__).read_text()) > bar.close


@pytest.mark.parametrize(
    ("strategy", "named"),
    [
        (Knowing, "FUTURE (1,686 values)"),
        (closing_over(wave().close.tolist()), "closes (240 values)"),
        (Remembering, "Remembering.known (240 values)"),
        (Reading, "read_text()"),
    ],
)
def test_data_that_no_cut_reaches_is_named(strategy: type[Following], named: str):
    run_backtest(plan(strategy, wave()))
    found = look_ahead(lambda: plan(strategy, wave()), samples=3)
    assert found.changed == ()  # it decides alike whatever is cut, which is why it has to be named
    assert named in found.own_data


def market(count: int = 400):
    """Return bars, quotes and prints of two instruments that go together, with a session's hours before them."""
    sources = []
    for symbol, seed in (("ABC", 1), ("XYZ", 2)):
        data = msgspec.structs.replace(wave(count, seed), symbol=symbol)
        bid = data.close - 1
        sizes = np.full(count, 400)
        sources += [
            data,
            QuoteColumns(symbol=symbol, ts=data.ts_open + 1, bid=bid, bid_size=sizes, ask=bid + 3, ask_size=sizes),
            TradeColumns(symbol=symbol, ts=data.ts_open + 2, price=bid, size=sizes, aggressor=np.full(count, -1)),
        ]
    return sources


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        (SmaCross, {"symbol": "ABC"}),
        (MeanReversion, {"symbol": "ABC", "width": 1.0}),
        (Breakout, {"symbol": "ABC", "interval": "1m"}),
        (Pairs, {"first": "ABC", "second": "XYZ", "enter": 0.8, "bars": 20}),
        (MarketMaker, {"symbol": "ABC"}),
        (execution.Twap, {"symbol": "ABC"}),
        (execution.Vwap, {"symbol": "ABC", "history": 100}),
        (execution.Pov, {"symbol": "ABC"}),
        (execution.Iceberg, {"symbol": "ABC", "limit": "101"}),
    ],
)
def test_no_shipped_example_looks_ahead(strategy: type[Strategy], parameters: dict[str, object]):
    def make():
        return plan(strategy, *market(), parameters=parameters, start_ts=START + 100 * MINUTE)

    found = look_ahead(make, samples=6)
    assert (found.changed, found.own_data) == ((), ())
    assert found.decisions > 1


def test_every_shipped_example_is_examined():
    marked = next(mark for mark in test_no_shipped_example_looks_ahead.pytestmark if mark.name == "parametrize")
    known = {
        value
        for module in iter_modules(examples.__path__)
        for value in vars(import_module(f"{examples.__name__}.{module.name}")).values()
        if isinstance(value, type) and issubclass(value, Strategy) and value is not Strategy
    }
    assert known - {execution.WorkedOrder} == {strategy for strategy, _parameters in marked.args[1]}


def test_what_is_asked_for_at_the_end_of_data_is_no_decision():
    class Leaving(SmaCross):
        def on_stop(self) -> None:
            self.buy("ABC", 1)
            self.signal("ABC", "HOLD", 0.1)

    parameters = {"symbol": "ABC", "fast": 3, "slow": 8, "quantity": 10}
    found = look_ahead(lambda: plan(Leaving, wave(), parameters=parameters, options=options(close_at_end=True)))
    assert found.changed == ()


def test_a_decision_of_a_timer_between_two_bars_is_compared_too():
    class Timed(Strategy):
        Parameters = StrategyParameters

        def on_start(self) -> None:
            self.bars("ABC", "1m")
            self.every(25.0, "t")

        def on_timer(self, name: str) -> None:
            self.signal("ABC", "HOLD", 0.5)

    found = look_ahead(lambda: plan(Timed, wave(30)), samples=10)
    assert (found.changed, found.decisions > 60) == ((), True)


@settings(max_examples=25, deadline=None)
@given(ts=st.integers(-1, 62), cuts=st.sets(st.integers(1, 59), max_size=3))
def test_a_cut_keeps_what_had_closed_whatever_the_chunks(ts: int, cuts: set[int]):
    whole = wave(60)
    edges = [0, *sorted(cuts), 60]
    names = ("ts_open", "ts_close", "open", "high", "low", "close", "volume")
    chunks = [
        msgspec.structs.replace(whole, **{name: getattr(whole, name)[a:b] for name in names})
        for a, b in itertools.pairwise(edges)
    ]
    at = START + ts * MINUTE
    [kept] = up_to(plan(scripted({}), chunks), at).sources
    [rest] = from_on(plan(scripted({}), chunks), at).sources
    closes, opens = ([t for c in part for t in getattr(c, name).tolist()] for part, name in
                     ((list(kept), "ts_close"), (list(rest), "ts_open")))  # fmt: skip
    assert closes == [t for t in whole.ts_close.tolist() if t <= at]
    assert opens == [t for t in whole.ts_open.tolist() if t >= at]


def test_quotes_are_cut_as_well():
    rows = [(n, 9_990 + n, 10, 10_010 + n, 10) for n in range(20)]
    script = {3: lambda s: s.buy("ABC", 1), 11: lambda s: s.sell("ABC", 1)}
    found = look_ahead(lambda: plan(scripted(script, wants=(), streams=("quotes",)), quotes(*rows)))
    assert (found.decisions, found.changed) == (2, ())


def test_a_later_start_settles_where_the_past_is_forgotten_and_does_not_where_it_counts():
    class Counting(Strategy):
        """Acts on every tenth bar since the beginning."""

        Parameters = StrategyParameters

        def on_start(self) -> None:
            self.bars("ABC", "1m")
            self.count = 0

        def on_bar(self, bar: Bar) -> None:
            self.count += 1
            if self.count % 10 == 0:
                self.signal("ABC", "HOLD", 0.5)

    settles = start_up(cross())
    assert all(row.settled is not None and row.differ <= 3 < row.compared for row in settles)
    assert [row.begun for row in settles] == sorted(row.begun for row in settles)
    counts = start_up(lambda: plan(Counting, wave(241)))
    assert any(row.settled is None and row.differ == row.compared > 0 for row in counts)


def test_twice_the_costs_are_twice_the_costs():
    fees = PerUnitFees(per_unit=MONEY_ONE // 10)
    make = cross(options=options(fees=fees, slippage=Slippage(SlippageKind.TICKS, 1.0)))
    plain, fees_twice, slips_twice, both = costs(make)
    assert plain.net_profit == run_backtest(make()).net_profit
    paid = plain.fills * 10 * MONEY_ONE // 10
    assert plain.net_profit - fees_twice.net_profit == paid
    slipped = plain.net_profit - slips_twice.net_profit
    assert slipped == plain.fills * 10 * MONEY_ONE // 100
    assert plain.net_profit - both.net_profit == paid + slipped


def test_a_rebate_is_not_doubled():
    make = cross(options=options(fees=MakerTakerFees(maker=-50, taker=-100)))
    plain, fees_twice, *_ = costs(make)
    assert plain.net_profit == fees_twice.net_profit


def test_each_path_is_tried():
    found = paths(cross())
    assert [row.name for row in found] == [path.value for path in Walk]
    assert len({row.net_profit for row in found}) == 1  # market orders at the open know no path


def test_differences_are_named_by_instant_in_words():
    one = rerun(plan(scripted({1: lambda s: s.buy("ABC", 5), 2: lambda s: s.buy("ABC", 7, limit=99.5)}), wave(9)))
    other = rerun(plan(scripted({1: lambda s: s.buy("ABC", 5), 2: lambda s: s.cancel_all()}), wave(9)))
    [found] = differences(one.decisions, other.decisions)
    assert found.ts == START + 3 * MINUTE
    assert (found.whole, found.part) == ("BUY 7 ABC LIMIT at 9950", "cancel all of everything")


def test_a_pair_is_told_with_both_its_orders_and_compared_without_their_ids():
    def oco(s, qty=5, stop=90.0):
        s.oco("ABC", Leg(Side.SELL, qty, limit=110.0), Leg(Side.SELL, qty, stop=stop))

    def acts(first, then):
        return rerun(plan(scripted({1: first, 2: then}), wave(9))).decisions

    with_more_before = acts(lambda s: (s.buy("ABC", 1, limit=50.0), s.cancel_all()), oco)
    without = acts(lambda s: None, oco)
    assert [found.ts for found in differences(with_more_before, without)] == [START + 2 * MINUTE], "ids say nothing"
    [found] = differences(acts(oco, oco), acts(oco, lambda s: oco(s, 5, 91.0)))
    assert found.ts == START + 3 * MINUTE
    assert found.whole == "SELL 5 ABC LIMIT at 11000 or SELL 5 ABC STOP stop 9000"
    assert found.part == "SELL 5 ABC LIMIT at 11000 or SELL 5 ABC STOP stop 9100"
