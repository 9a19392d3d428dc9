"""Fill models under chance: never better than the market showed, never more than it had, whatever the choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import START, columns, options, plan, scripted, trades
from workstation.backtest.columns import BookRows, TradeColumns
from workstation.backtest.faults import Faults
from workstation.backtest.options import GapFill, Latency, LimitFill, MarketFill, Path, Queue, Slippage, SlippageKind
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.domain.executions import Liquidity
from workstation.domain.market import BookSnapshot, Level
from workstation.domain.orders import Side, TimeInForce

NS = 10**9
SLIPS = (
    Slippage(SlippageKind.NONE),
    Slippage(SlippageKind.HALF_TICK),
    Slippage(SlippageKind.TICKS, 1.5),
    Slippage(SlippageKind.BPS, 3.0),
    Slippage(SlippageKind.VOLUME, 40.0),
)
TIFS = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.DAY)

order = st.tuples(
    st.integers(0, 7),
    st.booleans(),
    st.integers(1, 60),
    st.integers(-12, 12) | st.none(),
    st.sampled_from(TIFS),
)
"""Row at which it is sent, whether it buys, quantity, ticks from 100.00 or none for a market order, time in force."""

orders = st.lists(order, min_size=6, max_size=24).map(lambda found: sorted(found, key=lambda row: row[0]))
seconds = st.sampled_from([0, 0, NS, 2 * NS, 3 * NS])
latencies = st.builds(Latency, order=seconds, jitter=st.sampled_from([0, NS]), feed=st.sampled_from([0, 7]))
faults = st.sampled_from(
    [
        Faults(),
        Faults(reject_bps=3_000, refuse_bps=5_000, partial_bps=6_000, spike_bps=4_000, spike=2 * NS),
        Faults(partial_bps=10_000, outage_every=5 * NS, outage=2 * NS),
    ]
)
bands = st.sampled_from([None, 0, 3])


def script(orders: list[Any]) -> dict[int, Callable[[Any], None]]:
    """Return what sends the orders of each row."""

    def act(row: int) -> Callable[[Any], None]:
        def send(strategy: Any) -> None:
            for _row, buys, quantity, distance, tif in (order for order in orders if order[0] == row):
                limit = {} if distance is None else {"limit": round(100 + distance / 100, 2)}
                strategy.order("ABC", Side.BUY if buys else Side.SELL, quantity, tif=tif, **limit)

        return send

    return {row: act(row) for row in {order[0] for order in orders}}


def check_orders(result: BacktestResult) -> None:
    """Hold fills against the terms of their orders: limit, quantity, and what may not be left half done."""
    filled: dict[str, int] = defaultdict(int)
    terms = {row.cl_ord_id: row for row in result.orders}
    for fill in result.fills:
        found = terms[fill.cl_ord_id]
        assert fill.qty > 0
        assert fill.side is found.side
        assert found.price is None or (found.price - fill.price) * fill.side.sign >= 0
        assert fill.ts >= found.created_at
        filled[fill.cl_ord_id] += fill.qty
    for cl_ord_id, row in terms.items():
        assert filled[cl_ord_id] == row.cum_qty <= row.qty


def whole_or_nothing(result: BacktestResult, orders: list[Any]) -> None:
    """Fill-or-kill orders have traded whole or not at all; ids count the orders that were sent."""
    done = {row.cl_ord_id: row for row in result.orders}
    for number, (_row, _buys, quantity, _distance, tif) in enumerate(orders, 1):
        row = done.get(f"BT-{number}")
        if row is not None and tif is TimeInForce.FOK:
            assert row.cum_qty in (0, quantity)


@st.composite
def books(draw: st.DrawFn) -> BookRows:
    """Return snapshots of a book, one a second, three levels a side."""
    rows = []
    for n in range(draw(st.integers(6, 14))):
        bid = draw(st.integers(9_992, 10_006))
        ask = bid + draw(st.integers(1, 6))
        sizes = draw(st.lists(st.integers(1, 30), min_size=6, max_size=6))
        bids = tuple(Level(bid - 2 * k, sizes[k]) for k in range(3))
        asks = tuple(Level(ask + 2 * k, sizes[3 + k]) for k in range(3))
        at = START + n * NS
        rows.append(BookSnapshot("ABC", bids, asks, n + 1, at, at))
    return BookRows(symbol="ABC", rows=tuple(rows))


@settings(max_examples=80, deadline=None)
@given(
    data=books(), orders=orders,
    choices=st.fixed_dictionaries(
        {"queue": st.sampled_from(Queue), "latency": latencies, "faults": faults, "protection_ticks": bands}
    ),
)  # fmt: skip
def test_a_book_gives_no_better_price_and_no_more_than_its_levels(data, orders, choices):
    kind = scripted(script(orders), wants=(), streams=("book",))
    result, again = (run_backtest(plan(_on_book(kind), data, options=options(**choices))) for _ in range(2))
    assert result.digest == again.digest
    check_orders(result)
    whole_or_nothing(result, orders)
    taken: dict[tuple[int, int, int], int] = defaultdict(int)
    for fill in result.fills:
        seen = data.rows[int(np.searchsorted([row.ts_event for row in data.rows], fill.ts, "right")) - 1]
        opposite = seen.asks if fill.side.sign > 0 else seen.bids
        best = opposite[0].price
        if fill.liquidity is Liquidity.TAKER:
            assert (fill.price - best) * fill.side.sign >= 0
            taken[seen.ts_event, fill.side.sign, fill.price] += fill.qty
        else:  # a resting limit: the other side has come to it
            assert (fill.price - best) * fill.side.sign >= 0
            taken[seen.ts_event, fill.side.sign, 0] += fill.qty
    sizes = {(row.ts_event, sign): side for row in data.rows for sign, side in ((1, row.asks), (-1, row.bids))}
    for (ts, sign, price), qty in taken.items():
        levels = sizes[ts, sign]
        shown = (
            sum(level.size for level in levels)
            if not price
            else sum(level.size for level in levels if level.price == price)
        )
        assert qty <= shown


def _on_book(kind: Any) -> Any:
    kind.on_book = lambda self, book: self._take(book)
    return kind


prints = st.lists(
    st.tuples(st.integers(9_990, 10_010), st.integers(1, 30), st.sampled_from([1, -1, 0])), min_size=6, max_size=16
)


@settings(max_examples=80, deadline=None)
@given(
    rows=prints, orders=orders, seed=st.integers(0, 9),
    choices=st.fixed_dictionaries(
        {"slippage": st.sampled_from(SLIPS), "latency": latencies, "faults": faults, "protection_ticks": bands}
    ),
)  # fmt: skip
def test_prints_give_no_better_price_and_no_more_than_they_traded(rows, orders, seed, choices):
    data = trades(*((n, *row) for n, row in enumerate(rows)))
    kind = scripted(script(orders), wants=(), streams=("trades",))
    result = run_backtest(plan(kind, data, options=options(**choices), seed=seed))
    check_orders(result)
    whole_or_nothing(result, orders)
    taken: dict[int, int] = defaultdict(int)
    for fill in result.fills:
        at = int(np.searchsorted(data.ts, fill.ts, "right")) - 1
        price, _size, aggressor = rows[at]
        if fill.liquidity is Liquidity.TAKER:
            assert (fill.price - price) * fill.side.sign >= 0
        else:
            assert aggressor != fill.side.sign
            assert (fill.price - price) * fill.side.sign >= 0
        taken[at] += fill.qty
    for at, qty in taken.items():
        assert qty <= rows[at][1]


@st.composite
def bar_data(draw: st.DrawFn) -> Any:
    """Return bars around 100.00 with gaps and small volumes."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(9_990, 10_010), st.integers(9_990, 10_010), st.integers(0, 9), st.integers(0, 9),
                      st.integers(0, 200)),
            min_size=6, max_size=16,
        )
    )  # fmt: skip
    opened, close, up, down, volume = (np.array(column) for column in zip(*rows, strict=True))
    return columns(opened, np.maximum(opened, close) + up, np.minimum(opened, close) - down, close, volume)


@settings(max_examples=120, deadline=None)
@given(
    data=bar_data(),
    orders=orders,
    seed=st.integers(0, 9),
    choices=st.fixed_dictionaries(
        {
            "bar_share_bps": st.sampled_from([500, 2_500, 10_000]),
            "latency": latencies,
            "path": st.sampled_from(Path),
            "limit_fill": st.sampled_from(LimitFill),
            "gap_fill": st.sampled_from(GapFill),
            "market_fill": st.sampled_from(MarketFill),
            "slippage": st.sampled_from(SLIPS),
            "faults": faults,
            "protection_ticks": bands,
        }
    ),
)
def test_bars_give_no_price_outside_of_them_and_no_more_than_their_share(data, orders, seed, choices):
    kind = scripted(script(orders))
    result, plain = (
        run_backtest(plan(kind, data, options=options(**choices, fast=fast), seed=seed)) for fast in (True, False)
    )
    assert result.digest == plain.digest  # played in one go or one by one
    check_orders(result)
    whole_or_nothing(result, orders)
    taken: dict[int, int] = defaultdict(int)
    for fill in result.fills:
        sign, at = fill.side.sign, fill.bar
        best = data.low[at] if sign > 0 else data.high[at]
        assert (fill.price - best) * sign >= 0
        if fill.liquidity is Liquidity.TAKER and choices["market_fill"] is MarketFill.NEXT_OPEN:
            # the open, or a price on the way; slippage makes it worse and never better
            assert fill.ts in (data.ts_open[at], data.ts_close[at])
            if fill.ts == data.ts_open[at]:
                assert (fill.price - data.open[at]) * sign >= 0
        taken[at] += fill.qty
    for at, qty in taken.items():
        assert qty <= data.volume[at] * choices["bar_share_bps"] // 10_000


NUMBERS = st.integers(0, 13)
between = st.dictionaries(
    NUMBERS, st.tuples(st.integers(9_985, 10_015), st.integers(1, 30), st.sampled_from([1, -1, 0])), min_size=3
)
"""A print half a second behind a snapshot of the book: price, size and who took."""


@settings(max_examples=120, deadline=None)
@given(
    data=books(), shown=between, orders=orders,
    choices=st.fixed_dictionaries({"queue": st.sampled_from(Queue), "latency": latencies, "faults": faults}),
)  # fmt: skip
def test_prints_at_a_book_fill_what_rests_from_the_other_side_and_no_more_than_they_traded(
    data, shown, orders, choices
):
    at = {START + number * NS + NS // 2: row for number, row in sorted(shown.items())}
    price, size, aggressor = (np.array(column, dtype=np.int64) for column in zip(*at.values(), strict=True))
    printed = TradeColumns(symbol="ABC", ts=np.array([*at]), price=price, size=size, aggressor=aggressor)
    kind = scripted(script(orders), wants=(), streams=("book",))
    result = run_backtest(plan(_on_book(kind), data, printed, options=options(**choices)))
    check_orders(result)
    whole_or_nothing(result, orders)
    moments = {row.ts_event for row in data.rows}
    taken: dict[int, int] = defaultdict(int)
    for fill in result.fills:
        if fill.liquidity is Liquidity.TAKER or fill.ts in moments:
            continue
        paid, _size, took = at[fill.ts]
        assert took != fill.side.sign
        assert (fill.price - paid) * fill.side.sign >= 0
        taken[fill.ts] += fill.qty
    assert all(qty <= at[ts][1] for ts, qty in taken.items())
