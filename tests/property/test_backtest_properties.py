"""Backtests under chance: the fast path is the plain path, fills stay within the market, results scale as they must."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import (
    MINUTE,
    Scripted,
    bars,
    columns,
    options,
    parity_bars,
    plan,
    quotes,
    scripted,
    sma_cross,
    trades,
)
from tests.helpers.market import instrument
from workstation.backtest.columns import BarColumns
from workstation.backtest.curve import CurveRecorder
from workstation.backtest.options import (
    RATE_ONE,
    Financing,
    Funding,
    LimitFill,
    MarketFill,
    Path,
    Queue,
    Rollover,
    Slippage,
    SlippageKind,
)
from workstation.backtest.run import run_backtest
from workstation.domain.instruments import TickBand
from workstation.domain.orders import Side, TimeInForce
from workstation.strategies.examples.sma_cross import SmaCross


def walk(seed: int, count: int, symbol: str = "ABC", volume: int = 1_000) -> BarColumns:
    """Return bars of a random walk with wicks and gaps."""
    rng = np.random.default_rng(seed)
    close = 10_000 + np.cumsum(rng.integers(-20, 21, count))
    opened = np.r_[10_000, close[:-1]] + rng.integers(-5, 6, count)
    high = np.maximum(opened, close) + rng.integers(0, 15, count)
    low = np.minimum(opened, close) - rng.integers(0, 15, count)
    return columns(opened, high, low, close, rng.integers(1, volume, count), symbol=symbol)


ACTIONS = ("buy", "sell", "limit", "stop", "bracket", "cancel", "regret", "trail", "indicator", "vwap", "signal")


class Actor(Scripted):
    """Acts by a list of (bar, action, distance); follows an indicator that it may change on the way."""

    acts: dict[int, tuple[str, int]] = {}  # noqa: RUF012  set anew by each example

    def on_start(self):
        super().on_start()
        self.average = self.indicator("ABC", "1m", "sma", bars=3)
        self.told = []

    def on_bar(self, bar):
        number = len(self.seen)
        self.seen.append(bar)
        self.told.append((bar, self.average.value, self.average.previous, self.now, self.position("ABC")))
        action, distance = self.acts.get(number, ("", 0))
        price = bar.close - distance / 100
        if action in ("buy", "sell"):
            getattr(self, action)("ABC", 10)
        elif action == "limit":
            self.buy("ABC", 10, limit=price, tif=TimeInForce.GTC)
        elif action == "stop":
            self.sell("ABC", 10, stop=price, tif=TimeInForce.GTC)
        elif action == "bracket":
            self.buy("ABC", 10, stop_loss=price - 0.2, take_profit=bar.close + 0.3)
        elif action == "trail":
            self.sell("ABC", 10, trail_percent=0.2)
        elif action == "cancel":
            self.cancel_all()
        elif action == "regret":
            self.buy("ABC", 10)
            self.cancel_all()
        elif action == "indicator":
            self.average = self.indicator("ABC", "1m", "ema", bars=2 + distance)
        elif action == "vwap":
            self.average = self.indicator("ABC", "1m", "vwap")
        elif action == "signal":
            self.signal("ABC", "HOLD", 0.5)


class Listener(Actor):
    """Hears of its orders and fills too, and answers every other fill while more reports of that step are waiting."""

    def on_order(self, order):
        self.told.append((order.id, order.state, self.now, len(self.orders())))

    def on_fill(self, fill):
        self.told.append((fill.order_id, fill.price, self.now, self.position("ABC")))
        if len(self.told) % 2:
            (self.sell if fill.side.sign > 0 else self.buy)("ABC", 5)


acts = st.dictionaries(st.integers(0, 59), st.tuples(st.sampled_from(ACTIONS), st.integers(0, 12)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    acts=acts,
    seed=st.integers(0, 1_000),
    two=st.booleans(),
    base=st.sampled_from([Actor, Listener]),
    market_fill=st.sampled_from(MarketFill),
    path=st.sampled_from(Path),
    limit_fill=st.sampled_from(LimitFill),
    bar_share_bps=st.sampled_from([None, 100, 2_500]),
)
def test_bars_played_in_one_go_give_what_they_give_one_by_one(acts, seed, two, base, **choices):
    kind = type("Actor", (base,), {"acts": acts})
    sources = [walk(seed, 60)] + ([walk(seed + 1, 40, "XYZ")] if two else [])
    choices["slippage"] = Slippage(SlippageKind.HALF_TICK)
    funding = Funding(symbol="ABC", rate=RATE_ONE // 10_000, every=7 * MINUTE)
    rolled = Rollover(symbol="ABC", long_bps=-900, short_bps=700)
    choices["financing"] = Financing(debit_bps=500, borrow_bps=300, fundings=(funding,), rollovers=(rolled,))
    results, told = [], []
    for fast in (True, False):
        results.append(run_backtest(plan(kind, *sources, options=options(**choices, fast=fast), seed=seed)))
        told.append(repr(Scripted.last.told))
    assert told[0] == told[1]
    assert results[0].digest == results[1].digest
    assert results[0].fills == results[1].fills
    assert results[0].trades == results[1].trades
    assert np.array_equal(results[0].curve.equity, results[1].curve.equity)
    assert results[0].curve.drawdown_max == results[1].curve.drawdown_max
    assert results[0].curve.drawdown_share == results[1].curve.drawdown_share


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, 199), max_size=4), seed=st.integers(0, 100))
def test_any_chunks_of_the_data_give_the_same_run(cuts, seed):
    whole = walk(seed, 200)
    edges = [0, *sorted(set(cuts)), 200]
    chunks = [_rows(whole, slice(a, b)) for a, b in itertools.pairwise(edges)]
    assert sma_cross(chunks).digest == sma_cross(whole).digest


def _rows(bars_, rows):
    names = ("ts_open", "ts_close", "open", "high", "low", "close", "volume")
    return msgspec.structs.replace(bars_, **{name: getattr(bars_, name)[rows] for name in names})


@settings(max_examples=60, deadline=None)
@given(acts=acts, seed=st.integers(0, 1_000), path=st.sampled_from(Path), share=st.sampled_from([500, 2_500, 10_000]))
def test_no_fill_is_better_than_its_bar_or_takes_more_than_its_share(acts, seed, path, share):
    kind = type("Actor", (Actor,), {"acts": acts})
    data = walk(seed, 60, volume=100)
    result = run_backtest(plan(kind, data, options=options(path=path, bar_share_bps=share)))
    taken: dict[int, int] = {}
    limits = {order.cl_ord_id: order for order in result.orders}
    for fill in result.fills:
        best = data.low[fill.bar] if fill.side.sign > 0 else data.high[fill.bar]
        assert (fill.price - best) * fill.side.sign >= 0
        order = limits[fill.cl_ord_id]
        if order.price is not None:
            assert (order.price - fill.price) * fill.side.sign >= 0
        taken[fill.bar] = taken.get(fill.bar, 0) + fill.qty
    for bar, qty in taken.items():
        assert qty <= data.volume[bar] * share // 10_000


quote_rows = st.lists(
    st.tuples(st.integers(9_950, 10_050), st.integers(1, 40), st.integers(1, 20), st.integers(1, 40)),
    min_size=2,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(
    rows=quote_rows,
    orders=st.dictionaries(st.integers(0, 29), st.tuples(st.booleans(), st.integers(1, 60), st.integers(-30, 30))),
    prints=st.lists(st.tuples(st.integers(0, 29), st.integers(9_940, 10_070), st.integers(1, 30)), max_size=12),
    queue=st.sampled_from(Queue),
)
def test_quotes_fill_no_better_than_the_market_and_no_more_than_its_size(rows, orders, prints, queue):
    data = quotes(*((2 * n, bid, bs, bid + gap, ask) for n, (bid, bs, gap, ask) in enumerate(rows)))
    printed = [(2 * n + 1, price, size, 0) for n, price, size in sorted(prints) if n < len(rows)]
    script = {n: lambda s, o=order: _place(s, *o) for n, order in orders.items()}
    sources = [data] + ([trades(*printed)] if printed else [])
    strategy = scripted(script, wants=(), streams=("quotes",))
    result = run_backtest(plan(strategy, *sources, options=options(queue=queue)))
    taken: dict[tuple[int, int], int] = {}
    terms = {order.cl_ord_id: order for order in result.orders}
    for fill in result.fills:
        order = terms[fill.cl_ord_id]
        if order.price is not None:
            assert (order.price - fill.price) * fill.side.sign >= 0
        if fill.liquidity.value == "TAKER":
            at = int(np.searchsorted(data.ts, fill.ts, "right")) - 1
            best = int(data.ask[at] if fill.side.sign > 0 else data.bid[at])
            assert (fill.price - best) * fill.side.sign >= 0
        taken[fill.ts, fill.side.sign] = taken.get((fill.ts, fill.side.sign), 0) + fill.qty
    sizes = {int(ts): (int(a), int(b)) for ts, a, b in zip(data.ts, data.ask_size, data.bid_size, strict=True)}
    for (ts, sign), qty in taken.items():
        if ts in sizes:
            assert qty <= sizes[ts][0 if sign > 0 else 1]


def _place(strategy, buys, quantity, distance):
    quote = strategy.seen[-1]
    strategy.order("ABC", _SIDES[buys], quantity, limit=round(quote.ask + distance / 100, 2), tif=TimeInForce.GTC)


_SIDES = {True: Side.BUY, False: Side.SELL}


@pytest.mark.parametrize("fill", MarketFill)
def test_all_prices_times_k_is_profit_times_k(fill):
    data = parity_bars(5_000)
    scaled = msgspec.structs.replace(
        data, **{name: getattr(data, name) * 4 for name in ("open", "high", "low", "close")}
    )
    wide = msgspec.structs.replace(instrument(), ticks=(TickBand(0, 4),))
    one = sma_cross(data, options=options(market_fill=fill))
    four = sma_cross(scaled, options=options(market_fill=fill), instruments=[wide])
    assert four.net_profit == 4 * one.net_profit != 0
    assert [row.price for row in four.fills] == [4 * row.price for row in one.fills]


def test_twice_the_quantity_is_twice_the_profit():
    data = parity_bars(5_000)
    results = [
        run_backtest(plan(_cross(), data, parameters={"symbol": "ABC", "quantity": quantity}))
        for quantity in (100, 200)
    ]
    assert results[1].net_profit == 2 * results[0].net_profit != 0


def _cross():

    return SmaCross


@settings(max_examples=30, deadline=None)
@given(acts=acts, seed=st.integers(0, 200))
def test_mirrored_prices_and_sides_mirror_the_run(acts, seed):
    data = walk(seed, 60)
    mirror = msgspec.structs.replace(
        data,
        open=20_000 - data.open,
        high=20_000 - data.low,
        low=20_000 - data.high,
        close=20_000 - data.close,
    )
    plain = {n: act for n, act in acts.items() if act[0] in ("buy", "sell", "limit", "cancel")}
    profits, fills = [], []
    for rows, turned in ((data, False), (mirror, True)):
        kind = type("Mirror", (Mirror,), {"acts": plain, "turned": turned})
        result = run_backtest(plan(kind, rows, options=options(path=Path.ADAPTIVE)))
        profits.append(result.net_profit)
        fills.append([(fill.bar, fill.side.sign * (-1 if turned else 1), fill.qty) for fill in result.fills])
    assert fills[0] == fills[1]
    assert profits[0] == profits[1]


class Mirror(Scripted):
    """Buys where it would sell, and the other way, when it is turned."""

    acts: dict[int, tuple[str, int]] = {}  # noqa: RUF012  set anew by each example
    turned = False

    def on_bar(self, bar):
        number = len(self.seen)
        self.seen.append(bar)
        action, distance = self.acts.get(number, ("", 0))
        sign = -1 if self.turned else 1
        if action == "cancel":
            self.cancel_all()
        elif action:
            side = _SIDES[(action != "sell") is (sign > 0)]
            terms = {"limit": round(bar.close - sign * distance / 100, 2)} if action == "limit" else {}
            self.order("ABC", side, 10, **terms)


@settings(max_examples=20, deadline=None)
@given(acts=acts, seed=st.integers(0, 200))
def test_an_instrument_without_signals_changes_nothing(acts, seed):
    kind = type("Actor", (Actor,), {"acts": acts})
    choices = options(slippage=Slippage(SlippageKind.HALF_TICK), limit_fill=LimitFill.PROBABILITY)
    alone = run_backtest(plan(kind, walk(seed, 60), options=choices))
    beside = run_backtest(plan(kind, walk(seed, 60), walk(seed + 7, 60, "XYZ"), options=choices))
    assert alone.fills == beside.fills
    assert alone.net_profit == beside.net_profit


@pytest.mark.parametrize("cut", [10, 25, 40])
def test_a_run_split_where_it_is_flat_and_joined_gives_the_same_events(cut):
    data = walk(3, 60)
    at = {2: "buy", 6: "sell", 43: "buy", 50: "sell", cut + 1: "buy", cut + 4: "sell"}
    script = {n: lambda s, a=a: getattr(s, a)("ABC", 10) for n, a in at.items()}
    whole = run_backtest(plan(scripted(script), data))
    first = run_backtest(plan(scripted({n: a for n, a in script.items() if n < cut}), _rows(data, slice(0, cut))))
    rest = run_backtest(
        plan(scripted({n - cut: a for n, a in script.items() if n >= cut}), _rows(data, slice(cut, 60)))
    )
    joined = [(f.ts, f.side, f.qty, f.price) for f in (*first.fills, *rest.fills)]
    assert joined == [(f.ts, f.side, f.qty, f.price) for f in whole.fills]
    assert first.net_profit + rest.net_profit == whole.net_profit


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=120),
    cuts=st.lists(st.integers(1, 119), max_size=6),
)
def test_a_curve_is_the_same_however_it_is_recorded(values, cuts):
    single, many = CurveRecorder(16), CurveRecorder(16)
    ts, equity = np.arange(len(values), dtype=np.int64), np.array(values)
    for at, value in zip(ts.tolist(), values, strict=True):
        single.add(at, value, value, 1.0)
    edges = [0, *sorted({cut for cut in cuts if cut < len(values)}), len(values)]
    for a, b in itertools.pairwise(edges):
        many.extend(ts[a:b], equity[a:b], equity[a:b], np.ones(b - a))
    one, other = single.curve(), many.curve()
    assert np.array_equal(one.ts, other.ts)
    assert np.array_equal(one.equity, other.equity)
    assert (one.stride, one.drawdown_max) == (other.stride, other.drawdown_max)
    assert one.drawdown_share == other.drawdown_share
    assert len(one.ts) <= 17
    assert one.ts[-1] == len(values) - 1


PROGRAM = """
from tests.helpers.backtests import options, parity_bars, sma_cross
from workstation.backtest.options import LimitFill, Slippage, SlippageKind
print(sma_cross(parity_bars(3000), options=options(slippage=Slippage(SlippageKind.BPS, 1.5))).digest)
"""


def test_two_processes_with_other_hash_seeds_give_the_same_digest():
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_every_choice_is_part_of_the_digest_but_the_pace():
    data = bars(*[(10_000, 10_000, 10_000, 10_000)] * 3)
    base = run_backtest(plan(scripted({}), data)).digest
    assert run_backtest(plan(scripted({}), data, options=options(fast=False))).digest == base
    others = [
        {"market_fill": MarketFill.THIS_CLOSE},
        {"path": Path.OHLC},
        {"limit_fill": LimitFill.TOUCH},
        {"bar_share_bps": 100},
        {"price_age_max": 1},
        {"close_at_end": True},
        {"sessions": False},
        {"allow_gaps": True},
    ]
    digests = {run_backtest(plan(scripted({}), data, options=options(**other))).digest for other in others}
    assert len(digests | {base}) == len(others) + 1
    assert run_backtest(plan(scripted({}), data, seed=2)).digest != base
