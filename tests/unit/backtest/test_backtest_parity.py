"""The figures that other engines give too: fills by digest, profit by the cent, and the exact reference in integers."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from functools import cache

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import MINUTE, START, columns, gapped_bars, options, parity_bars, plan, sma_cross
from workstation.backtest.benchmark import STOCK, Watcher
from workstation.backtest.columns import BarColumns
from workstation.backtest.digest import fills_digest
from workstation.backtest.options import MarketFill
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE

NIGHTLY = pytest.param(1_000_000, marks=pytest.mark.nightly)
SIZES = [25_000, 100_000, NIGHTLY]

PINS = {
    25_000: (952, -368, "5e74bb2115cae199", "f5642f97f788bfc3", "844c1688ea2d9300", 34, 24_936),
    100_000: (3_792, 942, "e100b92649b59e8e", "dc7bc73b33b9b051", "293e2891cf87f203", 123, 99_991),
    1_000_000: (38_596, 2_417, "2d7a187e433ec251", "bcd07091fc89a980", "441dd7864da5fbc5", 1_096, 999_928),
}
SECOND = {25_000: -154, 100_000: 1_257, 1_000_000: 2_277}
SECOND_DIGEST = {100_000: "a58682f068d1e123"}


@cache
def first_workload(count: int):
    return parity_bars(count)


@cache
def run(count: int, fill: MarketFill, *, second: bool = False):
    bars = gapped_bars(count) if second else first_workload(count)
    return sma_cross(bars, options=options(market_fill=fill))


def reference(close, opened) -> list[tuple[int, str, int, int]]:
    """Return (bar of the signal, side, price at this close, at the next open), in integers, without tolerance."""
    sums = np.concatenate(([0], np.cumsum(close)))
    fast, slow = sums[30:] - sums[20:-10], sums[30:] - sums[:-30]
    above = 3 * fast > slow
    found = []
    for at in (np.flatnonzero(np.diff(above)) + 1).tolist():
        bar = at + 29
        buys = bool(above[at])
        if buys or found:
            found.append((bar, "B" if buys else "S", int(close[bar]), int(opened[bar + 1])))
    return found


@pytest.mark.parametrize("count", SIZES)
def test_the_workload_is_the_published_one(count):
    close = first_workload(count).close
    assert hashlib.sha256(close.astype("<i8").tobytes()).hexdigest()[:16] == PINS[count][2]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("fill", MarketFill)
def test_fills_and_profit_are_those_of_other_engines(count, fill):
    fills, profit, _closes, this_close, next_open, _ties, _last = PINS[count]
    result = run(count, fill)
    assert len(result.fills) == fills
    assert result.net_profit == profit * MONEY_ONE
    assert fills_digest(result.fills)[:16] == (this_close if fill is MarketFill.THIS_CLOSE else next_open)
    assert not result.positions


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("fill", MarketFill)
def test_fills_are_those_of_the_integer_reference(count, fill):
    bars = first_workload(count)
    shift = 0 if fill is MarketFill.THIS_CLOSE else 1
    expected = [
        (bar + shift, side, at_close if shift == 0 else at_open)
        for bar, side, at_close, at_open in reference(bars.close, bars.open)
    ]
    got = [(row.bar, row.side[0], row.price) for row in run(count, fill).fills]
    assert got == expected
    assert expected[-1][0] == PINS[count][6] + shift


@pytest.mark.parametrize("count", SIZES)
def test_ties_are_as_many_as_published(count):
    close = first_workload(count).close
    sums = np.concatenate(([0], np.cumsum(close)))
    assert int((3 * (sums[30:] - sums[20:-10]) == sums[30:] - sums[:-30]).sum()) == PINS[count][5]


@pytest.mark.parametrize("count", SIZES)
def test_where_opens_leave_the_close_the_two_fills_differ_as_published(count):
    at_close = run(count, MarketFill.THIS_CLOSE, second=True)
    at_open = run(count, MarketFill.NEXT_OPEN, second=True)
    assert len(at_close.fills) == len(at_open.fills) == PINS[count][0]
    assert at_close.net_profit == PINS[count][1] * MONEY_ONE
    assert at_open.net_profit == SECOND[count] * MONEY_ONE
    if count in SECOND_DIGEST:
        assert fills_digest(at_open.fills)[:16] == SECOND_DIGEST[count]


def test_the_first_fills_are_the_published_lines():
    rows = run(25_000, MarketFill.THIS_CLOSE).fills[:3]
    assert [(row.bar, row.side[0], row.qty, row.price) for row in rows] == [
        (56, "B", 100, 9_930),
        (73, "S", 100, 9_917),
        (94, "B", 100, 9_934),
    ]


def test_round_trips_add_up_to_the_profit():
    result = run(25_000, MarketFill.NEXT_OPEN)
    assert len(result.trades) * 2 == len(result.fills)
    assert sum(trade.pnl for trade in result.trades) == result.net_profit


def test_memory_follows_the_chunk_that_is_played_and_not_the_history() -> None:
    def chunks(count: int) -> Iterator[BarColumns]:
        price = np.full(2_000, 10_000)
        for number in range(count):
            yield columns(
                price, price + 5, price - 5, price, price, symbol="SYM", start=START + number * 2_000 * MINUTE
            )

    def peak(count: int) -> int:
        watched = msgspec.structs.replace(
            plan(Watcher, [next(chunks(1))], instruments=(STOCK,)), sources=(chunks(count),)
        )
        tracemalloc.start()
        try:
            assert run_backtest(watched).bars == 2_000 * count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    points = 32 * 2_000 * 20  # the curve's own, 32 bytes each, which have a bound of their own
    assert peak(24) < peak(4) + 1.25 * points + 200_000
