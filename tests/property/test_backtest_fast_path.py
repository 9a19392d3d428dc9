"""The fast path against the plain path where much comes together: currencies, splits, lengths of bars, timers."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import MINUTE, START, Scripted, columns, options, plan
from tests.helpers.market import instrument
from workstation.backtest.built_bars import built_bars
from workstation.backtest.columns import BarColumns
from workstation.backtest.fees import MakerTakerFees
from workstation.backtest.options import Financing, Latency, MarketFill, Path
from workstation.backtest.result import BacktestResult
from workstation.backtest.rows import DividendRow, SplitRow
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE

COUNT = 80
EURO = msgspec.structs.replace(instrument("XYZ"), currency="EUR")
PAIR = instrument("EURUSD", price_decimals=4)


def walk(seed: int, symbol: str) -> BarColumns:
    rng = np.random.default_rng(seed)
    close = 10_000 + np.cumsum(rng.integers(-20, 21, COUNT))
    opened = np.r_[10_000, close[:-1]] + rng.integers(-5, 6, COUNT)
    high, low = np.maximum(opened, close) + 9, np.minimum(opened, close) - 9
    return columns(opened, high, low, close, rng.integers(50, 500, COUNT), symbol=symbol)


def thinned(bars: BarColumns, step: int) -> BarColumns:
    """Return every so many of the bars: what comes between two of one series is played of another in one go."""
    kept = {name: getattr(bars, name) for name in bars.__struct_fields__}
    return type(bars)(
        **{name: value[::step] if isinstance(value, np.ndarray) else value for name, value in kept.items()}
    )


class Busy(Scripted):
    """Trades two instruments by the bars, a longer series and a timer that it counts; keeps all that it is told."""

    acts: dict[int, tuple[str, str, int]] = {}  # noqa: RUF012  set anew by each example
    timer_s = 150.0

    def on_start(self) -> None:
        Scripted.last = self
        self.told: list[Any] = []
        self.mean = self.indicator("ABC", "1m", "sma", bars=3, history=4)
        self.long = self.indicator("ABC", "5m", "sma", bars=2)
        self.bars("XYZ", "1m")
        self.every(self.timer_s, "t")
        self.count = 0

    def on_history(self, bars: Any) -> None:
        self.told.append(len(bars))

    def on_bar(self, bar: Any) -> None:
        self._act(bar, self.mean.value, self.long.value)

    def on_timer(self, name: str) -> None:
        self._act(name)

    def on_order(self, order: Any) -> None:
        self.told.append((order.id, order.state, self.now))

    def on_fill(self, fill: Any) -> None:
        self.told.append((fill.order_id, fill.price, self.now, self.position("ABC"), self.position("XYZ")))

    def _act(self, news: Any, *values: float) -> None:
        self.told.append((news, values, self.now))
        self.count += 1
        kind, symbol, distance = self.acts.get(self.count, ("", "ABC", 0))
        if kind in ("buy", "sell"):
            getattr(self, kind)(symbol, 10 + distance)
        elif kind == "limit":
            self.buy(symbol, 10, limit=round(100 - distance / 100, 2))
        elif kind == "below":  # waits while bars pass, and meets one of them
            self.buy(symbol, 10, limit=round(getattr(news, "close", 100.0) - distance / 100, 2))
        elif kind == "stop":
            self.sell(symbol, 10, stop=round(100 - distance / 100, 2))
        elif kind == "flatten":
            self.flatten(symbol)


acts = st.dictionaries(
    st.integers(6, 3 * COUNT),
    st.tuples(
        st.sampled_from(["buy", "sell", "limit", "below", "stop", "flatten"]), st.sampled_from(["ABC", "XYZ"]),
        st.integers(0, 60),
    ),
    min_size=2, max_size=14,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    acts=acts, seed=st.integers(0, 1_000), split_at=st.integers(5, COUNT - 5), begun=st.sampled_from([0, 7]),
    steps=st.sampled_from([(1, 40, 40), (1, 1, 1), (1, 4, 7), (7, 1, 4), (4, 7, 1)]),
    timer_s=st.sampled_from([150.0, 3_000.0]),
    choices=st.fixed_dictionaries(
        {
            "market_fill": st.sampled_from(MarketFill),
            "path": st.sampled_from(Path),
            "bar_share_bps": st.sampled_from([None, 500]),
            "latency": st.sampled_from([Latency(), Latency(order=7 * 10**9, response=80 * 10**9)]),
            "check_funds": st.booleans(),
        }
    ),
)  # fmt: skip
def test_no_result_of_currencies_splits_lengths_and_timers_depends_on_the_fast_path(
    *, acts, seed, split_at, begun, steps, timer_s, choices
) -> None:
    begun = 0 if steps[2] > begun > 0 else begun  # a currency is worth something from the first bar on
    kind = type("Busy", (Busy,), {"acts": acts, "timer_s": timer_s})
    split = np.where(np.arange(COUNT) < split_at, 0.5, 1.0)
    short = thinned(msgspec.structs.replace(walk(seed, "ABC"), factor=split * 0.99, split=split), steps[0])
    other, pair = thinned(walk(seed + 1, "XYZ"), steps[1]), thinned(walk(seed + 2, "EURUSD"), steps[2])
    at = START + split_at * MINUTE
    corporate = (
        SplitRow(ts=at, symbol="ABC", numerator=2, denominator=1),
        DividendRow(ts=at + MINUTE, symbol="ABC", amount=MONEY_ONE),
    )
    choices = {"fees": MakerTakerFees(maker=100, taker=300), "financing": Financing(debit_bps=500), **choices}

    def made(*, fast: bool) -> tuple[BacktestResult, str]:
        long = list(built_bars([short], "5m", instrument("ABC")))
        result = run_backtest(
            plan(
                kind, short, long, other, pair,
                instruments=[instrument("ABC"), EURO, PAIR], rates={"EUR": "EURUSD"}, corporate=corporate,
                start_ts=START + begun * MINUTE, initial_cash=20_000 * MONEY_ONE,
                options=options(**choices, fast=fast), seed=seed,
            )
        )  # fmt: skip
        return result, repr(Scripted.last.told)

    (one, told), (two, plainly) = made(fast=True), made(fast=False)
    assert told == plainly
    assert (one.fills, one.trades, one.cash_rows) == (two.fills, two.trades, two.cash_rows)
    assert np.array_equal(one.curve.equity, two.curve.equity)
    assert np.array_equal(one.curve.exposure, two.curve.exposure)
    assert one.digest == two.digest
