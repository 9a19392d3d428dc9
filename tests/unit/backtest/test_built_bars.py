"""Longer bars out of shorter ones: nothing is lost or seen early, and any chunks give the same."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import MINUTE, START, columns, plan, scripted
from tests.helpers.market import instrument
from workstation.backtest.built_bars import built_bars, tick_bars
from workstation.backtest.columns import TradeColumns
from workstation.backtest.run import run_backtest
from workstation.domain.errors import ValidationError

NAMES = ("ts_open", "ts_close", "open", "high", "low", "close", "volume", "factor")


def minutes(count: int, seed: int = 1, start: int = START):
    rng = np.random.default_rng(seed)
    close = 10_000 + np.cumsum(rng.integers(-20, 21, count))
    opened = np.r_[close[0], close[:-1]]
    high, low = np.maximum(opened, close) + rng.integers(0, 9, count), np.minimum(opened, close) - 3
    data = columns(opened, high, low, close, rng.integers(1, 900, count), start=start)
    return msgspec.structs.replace(data, factor=np.linspace(0.5, 1.0, count))


def rows(chunks) -> list[tuple[float, ...]]:
    return [row for chunk in chunks for row in zip(*(getattr(chunk, name).tolist() for name in NAMES), strict=True)]


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 90), holes=st.sets(st.integers(0, 89), max_size=20), cuts=st.sets(st.integers(1, 60)))
def test_five_minutes_are_their_minutes_whatever_is_missing(count: int, holes: set[int], cuts: set[int]) -> None:
    whole = minutes(count)
    kept = np.array([n not in holes for n in range(count)])
    data = msgspec.structs.replace(whole, **{name: getattr(whole, name)[kept] for name in NAMES})
    size = int(kept.sum())
    edges = [0, *sorted(cut for cut in cuts if cut < size), size]
    chunks = [
        msgspec.structs.replace(data, **{name: getattr(data, name)[a:b] for name in NAMES})
        for a, b in itertools.pairwise(edges)
    ]
    found = rows(built_bars(chunks, "5m", instrument("ABC")))
    small = rows([data])
    expected = []
    for begin, group in itertools.groupby(small, key=lambda row: row[0] - row[0] % (5 * MINUTE)):
        part = list(group)
        closed = part[-1] is not small[-1] or part[-1][1] == begin + 5 * MINUTE
        if begin >= small[0][0] and closed:
            high, low = max(row[3 - 0] for row in part), min(row[4] for row in part)
            volume = sum(row[6] for row in part)
            prices = (part[0][2], high, low, part[-1][5])
            expected.append((begin, begin + 5 * MINUTE, *prices, volume, part[-1][7]))
    assert found == expected


def test_built_bars_are_shown_beside_the_short_ones_in_their_order_and_never_matched() -> None:
    data = msgspec.structs.replace(minutes(20), factor=None)
    script = {2: lambda s: s.buy("ABC", 5)}
    strategy = scripted(script, wants=(("ABC", "1m"), ("ABC", "5m")))
    result = run_backtest(plan(strategy, [data], list(built_bars([data], "5m", instrument("ABC")))))
    seen = [(bar.interval, (bar.ts_close - START) // MINUTE) for bar in strategy.last.seen]
    assert seen[:7] == [("1m", 1), ("1m", 2), ("1m", 3), ("1m", 4), ("1m", 5), ("5m", 5), ("1m", 6)]
    assert len(seen) == 24
    [fill] = result.fills
    assert (fill.bar, fill.price) == (3, data.open[3])


def test_a_first_bar_without_its_beginning_is_left_out() -> None:
    found = rows(built_bars([minutes(20, start=START + 2 * MINUTE)], "5m", instrument("ABC")))
    assert [row[0] for row in found] == [START + n * 5 * MINUTE for n in (1, 2, 3)]


def test_ticks_are_not_built_from_bars() -> None:
    with pytest.raises(ValidationError):
        list(built_bars([minutes(3)], "500t", instrument("ABC")))


def test_a_print_that_was_taken_back_in_time_is_in_no_bar_and_a_bar_that_closed_with_it_stays() -> None:
    """Rows: three prints, a bust of the newest, a print of the next minute, and a bust of the first, too late."""
    ts = START + np.array([0, 1, 2, 3, MINUTE, MINUTE + 1, 2 * MINUTE], dtype=np.int64)
    price = np.array([100, 101, 900, 0, 102, 0, 103], dtype=np.int64)
    size = np.where(price, 10, 0)
    busts = np.array([0, 0, 0, 1, 0, 4, 0], dtype=np.int64)
    chunk = TradeColumns(symbol="ABC", ts=ts, price=price, size=size, aggressor=np.zeros_like(ts), busts=busts)
    [found] = tick_bars([chunk], "1m", instrument("ABC"))
    assert list(zip(found.high.tolist(), found.volume.tolist(), strict=True)) == [(101, 20), (102, 10)]


def days(*rows: tuple[int, int, int, int, int], split: list[float], factor: list[float] | None = None):
    """Return days of (open, high, low, close, volume) from Monday on, with what splits make of them."""
    opened, high, low, close, volume = zip(*rows, strict=True)
    data = columns(opened, high, low, close, volume, interval="1d", start=MONDAY, step=1440 * MINUTE)
    return msgspec.structs.replace(data, split=np.array(split), factor=np.array(factor or split))


MONDAY = START + 5 * 1440 * MINUTE
"""2020-01-06."""
SPLIT_WEEK = [(40_000, 41_000, 39_900, 40_400, 10), (40_400, 40_804, 39_000, 40_000, 30),
              (10_100, 10_150, 9_900, 10_000, 400), (10_000, 10_300, 9_990, 10_200, 500),
              (10_200, 10_200, 10_100, 10_150, 300), (10_150, 10_160, 10_140, 10_150, 10),
              (10_150, 10_160, 10_140, 10_150, 10)]  # fmt: skip


def test_a_week_in_which_a_split_takes_force_is_in_prices_of_its_end() -> None:
    data = days(*SPLIT_WEEK, split=[0.25, 0.25, 1, 1, 1, 1, 1])
    [week] = rows(built_bars([data], "1w", instrument("ABC")))
    assert week[2:] == (10_000, 10_300, 9_750, 10_150, 160 + 1_220, 1.0)


def test_a_split_at_the_beginning_of_a_week_leaves_the_week_before_as_it_was() -> None:
    before = [(40_000, 41_000, 39_900, 40_400, 10)] * 7
    data = days(*before, *[(10_100, 10_150, 9_900, 10_000, 400)] * 7, split=[0.25] * 7 + [1.0] * 7)
    first, second = rows(built_bars([data], "1w", instrument("ABC")))
    assert first[2:] == (40_000, 41_000, 39_900, 40_400, 70, 0.25)
    assert second[2:] == (10_100, 10_150, 9_900, 10_000, 2_800, 1.0)


def test_a_dividend_alone_moves_no_price_of_a_bar() -> None:
    data = days(*SPLIT_WEEK, split=[1.0] * 7, factor=[0.9] * 2 + [1.0] * 5)
    [week] = rows(built_bars([data], "1w", instrument("ABC")))
    assert week[2:6] == (40_000, 41_000, 9_900, 10_150)
