"""Fills from quotes, prints and books."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import START, Scripted, bars, options, plan, quotes, scripted, trades
from tests.helpers.market import instrument, levels
from workstation.backtest.columns import BookRows
from workstation.backtest.options import Halt, Latency, Queue
from workstation.backtest.run import run_backtest
from workstation.domain.conditions import NO_PRICE, NOT_LAST, NOTHING, WHOLE
from workstation.domain.market import BookChange, BookSnapshot
from workstation.domain.orders import OrdStatus, TimeInForce

SECOND = 10**9


def run(script, *sources, streams=("quotes",), **choices):
    return run_backtest(plan(scripted(script, wants=(), streams=streams), *sources, options=options(**choices)))


def fills(result):
    return [((fill.ts - START) // SECOND, fill.side.value, fill.qty, fill.price) for fill in result.fills]


def book(second, bids, asks, seq):
    at = START + second * SECOND
    return BookSnapshot("ABC", levels(*bids), levels(*asks), seq, at, at)


def test_a_market_order_takes_the_quoted_size_and_its_rest_waits_for_the_next_quote():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_010, 60), (2, 9_990, 50, 10_020, 60))
    assert fills(run({0: lambda s: s.buy("ABC", 100)}, data)) == [(0, "BUY", 60, 10_000), (1, "BUY", 40, 10_010)]


def test_levels_behind_the_quote_may_be_assumed():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_010, 60))
    result = run({0: lambda s: s.buy("ABC", 100)}, data, assumed_levels=2)
    assert fills(result) == [(0, "BUY", 60, 10_000), (0, "BUY", 40, 10_001)]


def test_a_resting_limit_fills_at_its_price_when_the_other_side_comes_to_it():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_980, 50, 9_985, 70), (2, 9_980, 50, 9_984, 70))
    result = run({0: lambda s: s.buy("ABC", 100, limit=99.90)}, data)
    assert fills(result) == [(1, "BUY", 70, 9_990), (2, "BUY", 30, 9_990)]
    assert {fill.liquidity.value for fill in result.fills} == {"MAKER"}


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        (Queue.NONE, [(1, "BUY", 30, 9_990), (4, "BUY", 20, 9_990)]),
        (Queue.TRADES_ONLY, [(4, "BUY", 20, 9_990)]),
        (Queue.PROBABILISTIC, [(4, "BUY", 50, 9_990)]),
    ],
)
def test_a_limit_waits_for_the_size_before_it(queue, expected):
    sizes = ((0, 100), (2, 200), (3, 100), (5, 100))
    data = quotes(*((second, 9_990, size, 10_000, 60) for second, size in sizes))
    prints = trades((1, 9_990, 30, -1), (4, 9_990, 90, -1))
    result = run({0: lambda s: s.buy("ABC", 50, limit=99.90)}, data, prints, queue=queue)
    assert fills(result) == expected


def test_a_print_is_spent_once_over_all_own_orders():
    data = quotes((0, 9_980, 10, 10_000, 60), (2, 9_980, 10, 10_000, 60))
    prints = trades((1, 9_990, 70, -1))

    def two(s):
        s.buy("ABC", 50, limit=99.90)
        s.buy("ABC", 50, limit=99.90)

    assert fills(run({0: two}, data, prints)) == [(1, "BUY", 50, 9_990), (1, "BUY", 20, 9_990)]


def test_an_order_is_held_against_the_market_of_its_arrival():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_010, 60), (2, 9_990, 50, 10_020, 60))
    late = Latency(order=1_500_000_000)
    assert fills(run({0: lambda s: s.buy("ABC", 10)}, data, latency=late)) == [(1, "BUY", 10, 10_010)]
    told_late = Latency(feed=1_500_000_000)
    assert fills(run({0: lambda s: s.buy("ABC", 10)}, data, latency=told_late)) == [(1, "BUY", 10, 10_010)]


def test_an_order_never_fills_at_a_price_too_old():
    data = quotes((0, 9_990, 50, 10_000, 60), (100, 9_990, 50, 10_050, 60))
    late = Latency(order=50 * SECOND)
    order = {0: lambda s: s.buy("ABC", 10, tif=TimeInForce.GTC)}
    assert fills(run(order, data, latency=late, price_age_max=5 * SECOND)) == [(100, "BUY", 10, 10_050)]
    assert fills(run(order, data, latency=late, price_age_max=60 * SECOND)) == [(50, "BUY", 10, 10_000)]


def test_jitter_is_drawn_from_the_seed():
    data = quotes(*((second, 9_990, 50, 10_000 + second, 60) for second in range(60)))
    late = Latency(order=1, jitter=50 * SECOND)
    script = {0: lambda s: s.buy("ABC", 10)}
    strategy = scripted(script, wants=(), streams=("quotes",))
    found = [fills(run_backtest(plan(strategy, data, options=options(latency=late), seed=seed))) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_prints_alone_fill_limits_through_the_opposite_aggressor():
    data = trades((0, 10_000, 50, 1), (1, 9_990, 30, 1), (2, 9_990, 30, -1), (3, 9_980, 40, -1))
    result = run({0: lambda s: s.buy("ABC", 50, limit=99.90)}, data, streams=("trades",))
    assert fills(result) == [(2, "BUY", 30, 9_990), (3, "BUY", 20, 9_990)]


def test_a_market_order_among_prints_takes_no_more_than_was_printed():
    data = trades((0, 10_000, 30, 1), (1, 10_020, 100, 1))
    result = run({0: lambda s: s.buy("ABC", 50)}, data, streams=("trades",))
    assert fills(result) == [(0, "BUY", 30, 10_000), (1, "BUY", 20, 10_020)]


def test_a_stop_fires_by_the_last_trade():
    data = quotes((0, 9_990, 50, 10_000, 60), (2, 10_040, 50, 10_060, 60), (4, 10_040, 50, 10_060, 60))
    prints = trades((0, 10_000, 10, 1), (3, 10_050, 10, 1))
    script = {0: lambda s: s.buy("ABC", 10, stop=100.50)}
    assert fills(run(script, prints, data)) == [(3, "BUY", 10, 10_060)]
    assert fills(run(script, data)) == [(2, "BUY", 10, 10_060)]


@pytest.mark.parametrize("effect", [NO_PRICE, NOT_LAST, NOTHING])
def test_a_print_that_may_not_be_the_last_price_is_shown_and_neither_fills_nor_triggers(effect):
    rows = trades((0, 10_000, 50, 0), (1, 9_900, 50, -1), (2, 10_000, 50, 0), (3, 9_890, 50, -1))
    prints = msgspec.structs.replace(rows, effect=np.array([WHOLE, effect, WHOLE, WHOLE]))

    def rest(s):
        s.sell("ABC", 10, stop=99.50)
        s.buy("ABC", 20, limit=99.00)

    def done(result):
        return [((fill.ts - START) // SECOND, fill.side.sign, fill.qty, fill.price) for fill in result.fills]

    alone = run({0: rest, 1: lambda s: s.buy("ABC", 5)}, prints, streams=("trades",))
    assert len(Scripted.last.seen) == 4
    assert done(alone) == [(1, 1, 5, 10_000), (3, 1, 20, 9_900), (3, -1, 10, 9_890)]
    quoted = quotes((0, 9_990, 50, 10_000, 60), (9, 9_990, 50, 10_000, 60))
    assert done(run({0: rest}, quoted, prints, queue=Queue.NONE)) == [(3, 1, 20, 9_900), (3, -1, 10, 9_990)]


def test_a_book_is_walked_and_own_takings_stay_taken_until_the_level_is_shown_anew():
    rows = (
        book(0, [(9_990, 50)], [(10_000, 40), (10_010, 40), (10_020, 40)], 1),
        BookChange("ABC", levels((9_980, 5)), (), 2, 2, 1, START + SECOND, START + SECOND),
        BookChange("ABC", (), levels((10_000, 30)), 3, 3, 2, START + 2 * SECOND, START + 2 * SECOND),
    )
    script = {0: lambda s: s.buy("ABC", 60), 1: lambda s: s.buy("ABC", 10), 2: lambda s: s.buy("ABC", 10)}
    strategy = scripted(script, wants=(), streams=("book",))
    strategy.on_book = lambda self, row: self._take(row)
    result = run_backtest(plan(strategy, [BookRows(symbol="ABC", rows=rows)]))
    assert fills(result) == [
        (0, "BUY", 40, 10_000),
        (0, "BUY", 20, 10_010),
        (1, "BUY", 10, 10_010),
        (2, "BUY", 10, 10_000),
    ]


def test_with_quotes_no_bar_matches():

    data = quotes((0, 9_990, 50, 10_000, 60), (120, 9_990, 50, 10_000, 60))
    wide = bars((10_000, 11_000, 9_000, 10_000), (10_000, 11_000, 9_000, 10_000))
    result = run_backtest(plan(scripted({0: lambda s: s.buy("ABC", 10, limit=95.00)}), wide, data))
    assert fills(result) == []


DAY_S = 86_400
OPENING = {0: lambda s: s.buy("ABC", 10, tif=TimeInForce.OPG)}
CLOSING = {0: lambda s: s.buy("ABC", 10, tif=TimeInForce.CLS)}
EXCHANGE = instrument("ABC", calendar="XNYS")
MORNING, EVENING = DAY_S + 14 * 3_600 + 1_800, DAY_S + 21 * 3_600
"""Session of 2020-01-02, seconds from the day before."""


def day(script, *sources, streams, **choices):
    made = scripted(script, wants=(), streams=streams)
    return run_backtest(plan(made, *sources, instruments=[EXCHANGE], options=options(**choices)))


def test_an_order_for_the_opening_takes_the_first_price_of_the_session_and_its_rest_ends():
    data = quotes(
        (MORNING - 60, 9_990, 50, 10_000, 60), (MORNING - 1, 9_990, 50, 10_000, 60), (MORNING, 9_990, 50, 10_050, 6)
    )
    result = day(OPENING, data, streams=("quotes",))
    assert fills(result) == [(MORNING, "BUY", 6, 10_050)]
    assert (result.orders[0].status, result.orders[0].text) == (OrdStatus.CANCELLED, "the opening is over")
    prints = trades((MORNING - 60, 9_990, 90, 1), (MORNING + 5, 10_020, 90, 1), (MORNING + 6, 10_030, 90, 1))
    assert fills(day(OPENING, prints, streams=("trades",))) == [(MORNING + 5, "BUY", 10, 10_020)]


def test_an_order_for_the_opening_that_comes_after_it_waits_for_the_next_session():
    data = trades((MORNING, 9_990, 90, 1), (MORNING + 60, 10_000, 90, 1), (MORNING + DAY_S + 2, 10_100, 90, 1))
    assert fills(day(OPENING, data, streams=("trades",))) == [(MORNING + DAY_S + 2, "BUY", 10, 10_100)]


def test_an_order_for_the_close_takes_the_last_price_of_the_session_when_it_ends():
    data = trades((MORNING, 9_990, 90, 1), (EVENING - 30, 10_000, 7, 1), (EVENING + 600, 10_500, 90, 1))
    result = day(CLOSING, data, streams=("trades",))
    assert fills(result) == [(EVENING, "BUY", 7, 10_000)]
    assert (result.orders[0].status, result.orders[0].text) == (OrdStatus.CANCELLED, "the close is over")
    shown = quotes((MORNING, 9_990, 50, 10_000, 60), (EVENING - 30, 9_980, 50, 9_995, 60), (EVENING, 1, 50, 2, 60))
    assert fills(day(CLOSING, shown, streams=("quotes",))) == [(EVENING, "BUY", 10, 9_995)]
    limited = {0: lambda s: s.buy("ABC", 10, limit=99.90, tif=TimeInForce.CLS)}
    assert not day(limited, shown, streams=("quotes",)).fills


def test_a_close_just_after_the_data_is_held_and_one_long_after_it_is_not():
    near = quotes((MORNING, 9_990, 50, 10_000, 60), (EVENING - 30, 9_980, 50, 9_995, 60))
    assert fills(day(CLOSING, near, streams=("quotes",))) == [(EVENING - 30, "BUY", 10, 9_995)]
    result = day(CLOSING, quotes((MORNING, 9_990, 50, 10_000, 60)), streams=("quotes",))
    assert result.orders[0].status is OrdStatus.SUBMITTED


def test_nothing_trades_at_a_close_that_is_halted_or_has_no_price_of_its_session():
    shown = quotes((MORNING, 9_990, 50, 10_000, 60), (EVENING + 60, 9_980, 50, 9_995, 60))
    halt = Halt(symbol="ABC", start=START + (EVENING - 60) * SECOND, end=START + EVENING * SECOND)
    assert not day(CLOSING, shown, streams=("quotes",), halts=(halt,)).fills
    before = quotes((MORNING - 60, 9_990, 50, 10_000, 60), (EVENING + 60, 9_980, 50, 9_995, 60))
    result = day(CLOSING, before, streams=("quotes",))
    assert (result.orders[0].status, len(result.fills)) == (OrdStatus.CANCELLED, 0)


def test_outside_of_its_session_no_quote_and_no_print_matches_unless_asked():
    stock = instrument(calendar="XNYS")  # the first of January is no day of trading
    script = {0: lambda s: s.buy("ABC", 10)}
    quoted = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_000, 60))
    printed = trades((0, 10_000, 50, 1), (1, 10_000, 50, 1))
    for data, stream in ((quoted, "quotes"), (printed, "trades")):
        kind = scripted(script, wants=(), streams=(stream,))
        closed, anyway = (
            run_backtest(plan(kind, data, instruments=[stock], options=options(sessions=sessions)))
            for sessions in (True, False)
        )
        assert closed.fills == ()
        assert len(anyway.fills) == 1
