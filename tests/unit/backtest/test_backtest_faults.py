"""What goes wrong on purpose: rejects, refusals, spikes, partial fills, outages, halts and the protection band."""

from __future__ import annotations

import pytest

from tests.helpers.backtests import MINUTE, START, Scripted, bars, options, plan, quotes, scripted, trades
from workstation.backtest.faults import Faults, Troubles
from workstation.backtest.options import Halt, MarketFill
from workstation.backtest.run import run_backtest
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdStatus, TimeInForce

SECOND = 10**9
QUIET = bars(*[(10_000, 10_010, 9_990, 10_000)] * 8)
FLAT_QUOTES = quotes(*((second, 9_990, 50, 10_000, 60) for second in range(8)))


def run(script, *sources, wants=(("ABC", "1m"),), streams=(), **choices):
    return run_backtest(plan(scripted(script, wants=wants, streams=streams), *sources, options=options(**choices)))


def on_quotes(script, data=FLAT_QUOTES, **choices):
    return run(script, data, wants=(), streams=("quotes",), **choices)


def fills(result):
    return [((fill.ts - START) // SECOND, fill.qty, fill.price) for fill in result.fills]


def test_a_venue_that_rejects_all_fills_nothing_and_the_strategy_hears_it():
    result = run({0: lambda s: s.buy("ABC", 10)}, QUIET, faults=Faults(reject_bps=10_000))
    assert result.fills == ()
    assert [(row.status, row.text) for row in result.orders] == [
        (OrdStatus.REJECTED, "the venue refuses it: a fault of the run's plan")
    ]
    assert [order.state for order in Scripted.last.heard][-1:] == ["REJECTED"]
    assert "1 rejects, by the plan of faults." in result.warnings


def test_rejected_orders_free_their_money():
    def spend(s):
        s.buy("ABC", 60_000)  # more than half of the money

    struck = run(dict.fromkeys(range(6), spend), QUIET, faults=Faults(reject_bps=10_000), check_funds=True)
    assert {row.status for row in struck.orders} == {OrdStatus.REJECTED}


def test_a_refused_cancel_and_a_refused_change_leave_the_order_as_it_was():
    def place(s):
        s.id = s.buy("ABC", 10, limit=90.0, tif=TimeInForce.GTC)

    script = {0: place, 2: lambda s: s.replace(s.id, limit=100.0), 4: lambda s: s.cancel(s.id)}
    untouched = run(script, QUIET, faults=Faults(refuse_bps=10_000))
    assert [(row.status, row.price) for row in untouched.orders] == [(OrdStatus.SUBMITTED, 9_000)]
    obeyed = run(script, QUIET)
    assert fills(obeyed) == [(180, 10, 10_000)]


def test_a_spike_lets_an_order_meet_a_later_market():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_010, 60), (3, 9_990, 50, 10_020, 60))
    faults = Faults(spike_bps=10_000, spike=2 * SECOND)
    assert fills(on_quotes({0: lambda s: s.buy("ABC", 10)}, data)) == [(0, 10, 10_000)]
    assert fills(on_quotes({0: lambda s: s.buy("ABC", 10)}, data, faults=faults)) == [(2, 10, 10_010)]


def test_a_partial_fill_leaves_the_rest_for_later_but_fill_or_kill_stays_whole():
    always = Faults(partial_bps=10_000)
    parts = on_quotes({0: lambda s: s.buy("ABC", 50)}, faults=always)
    assert len(parts.fills) > 1
    assert sum(fill.qty for fill in parts.fills) == 50
    assert parts.fills[0].qty < 50
    whole = on_quotes({0: lambda s: s.buy("ABC", 50, tif=TimeInForce.FOK)}, faults=always)
    assert fills(whole) == [(0, 50, 10_000)]
    at_once = on_quotes({0: lambda s: s.buy("ABC", 50, tif=TimeInForce.IOC)}, faults=always)
    assert at_once.orders[0].status is OrdStatus.CANCELLED
    assert 0 < at_once.orders[0].cum_qty < 50


def test_while_the_connection_is_down_nothing_leaves_and_reports_wait():
    down = Troubles(Faults(outage_every=60 * SECOND, outage=30 * SECOND), seed=1)
    every = range(0, 600 * SECOND, SECOND)
    cut = [down.down_until(START + ts) for ts in every]
    assert cut.count(None) == 300
    for ts, back in zip(every, cut, strict=True):
        assert down.report_due(START + ts) >= (back or START + ts)
    always = Faults(outage_every=SECOND, outage=SECOND)
    script = {0: lambda s: s.buy("ABC", 10)}
    result = on_quotes(script, faults=always)
    assert result.fills == ()
    assert "the connection to the venue is down" in result.orders[0].text


def test_no_report_overtakes_another():
    troubles = Troubles(Faults(spike_bps=5_000, spike=SECOND), seed=3)
    dues = [troubles.report_due(ts) for ts in range(0, 10 * SECOND, SECOND // 10)]
    assert dues == sorted(dues)
    assert troubles.struck["latency spikes"] > 0


def test_exits_that_the_venue_makes_meet_no_fault():
    faults = Faults(reject_bps=10_000, outage_every=SECOND, outage=SECOND)
    kind = scripted({0: lambda s: s.buy("ABC", 10)})
    held = run_backtest(plan(kind, QUIET, options=options(close_at_end=True)))
    assert [fill.label for fill in held.fills] == ["", "close_at_end"]
    struck = run_backtest(plan(kind, QUIET, options=options(close_at_end=True, faults=faults)))
    assert struck.positions == {}


def test_faults_are_drawn_from_the_seed():
    faults = Faults(reject_bps=5_000, partial_bps=5_000)
    kind = scripted({n: lambda s: s.buy("ABC", 7) for n in range(6)}, wants=(), streams=("quotes",))
    found = [run_backtest(plan(kind, FLAT_QUOTES, options=options(faults=faults), seed=seed)) for seed in (1, 1, 2)]
    assert found[0].digest == found[1].digest
    assert fills(found[0]) != fills(found[2])


@pytest.mark.parametrize(
    "parts",
    [
        {"reject_bps": 10_001}, {"partial_bps": -1}, {"spike_bps": 5}, {"spike": 5}, {"outage": 5},
        {"outage": 5, "outage_every": 4},
    ],
)  # fmt: skip
def test_a_plan_of_faults_that_cannot_be_is_refused(parts):
    with pytest.raises(ValidationError):
        Faults(**parts)


# The protection band


def test_a_market_order_ends_before_a_price_beyond_its_band():
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_990, 50, 10_030, 60), (2, 9_990, 50, 10_000, 60))
    big = {0: lambda s: s.buy("ABC", 100)}
    assert fills(on_quotes(big, data)) == [(0, 60, 10_000), (1, 40, 10_030)]
    kept = on_quotes(big, data, protection_ticks=10)
    assert fills(kept) == [(0, 60, 10_000)]
    assert (kept.orders[0].status, kept.orders[0].text) == (
        OrdStatus.CANCELLED, "the price is beyond the protection band",
    )  # fmt: skip


def test_a_walk_of_levels_stops_at_the_band_and_fill_or_kill_counts_what_lies_within():
    data = quotes((0, 9_999, 50, 10_000, 60), (1, 9_999, 50, 10_000, 60))
    walk = on_quotes({0: lambda s: s.buy("ABC", 200)}, data, assumed_levels=5, protection_ticks=1)
    assert fills(walk) == [(0, 60, 10_000)]  # a tick beyond the middle, which was the last price known
    whole = on_quotes({0: lambda s: s.buy("ABC", 200, tif=TimeInForce.FOK)}, data, assumed_levels=5, protection_ticks=1)
    assert whole.fills == ()


def test_an_open_that_jumps_beyond_the_band_fills_no_market_order_and_no_stop_is_held_to_an_older_price():
    data = bars((10_000, 10_010, 9_990, 10_000), (10_100, 10_110, 10_090, 10_100), (10_100, 10_110, 10_090, 10_100))
    assert fills(run({0: lambda s: s.buy("ABC", 10)}, data, protection_ticks=99)) == []
    assert fills(run({0: lambda s: s.buy("ABC", 10)}, data, protection_ticks=100)) == [(60, 10, 10_100)]
    stop = {0: lambda s: s.buy("ABC", 10, stop=100.50)}
    assert fills(run(stop, data, protection_ticks=0)) == [(60, 10, 10_100)]  # by the price at which it fires


def test_a_limit_is_its_own_protection():
    data = bars((10_000, 10_010, 9_990, 10_000), (10_100, 10_110, 10_090, 10_100))
    result = run({0: lambda s: s.buy("ABC", 10, limit=102.0)}, data, protection_ticks=0)
    assert fills(result) == [(60, 10, 10_100)]


# Halts


def halt(first, last, symbol="ABC", unit=SECOND):
    return Halt(symbol=symbol, start=START + first * unit, end=START + last * unit)


def test_in_a_halt_no_quote_fills_and_orders_wait_for_its_end():
    script = {0: lambda s: s.buy("ABC", 10, limit=99.50), 2: lambda s: s.buy("ABC", 20)}
    data = quotes((0, 9_990, 50, 10_000, 60), (1, 9_940, 50, 9_945, 60), *((n, 9_990, 50, 10_000, 60) for n in (2, 5)))
    assert fills(on_quotes(script, data)) == [(1, 10, 9_950), (2, 20, 10_000)]
    assert fills(on_quotes(script, data, halts=(halt(1, 5),))) == [(5, 20, 10_000)]
    assert fills(on_quotes(script, data, halts=(halt(1, 5, ""),))) == [(5, 20, 10_000)]
    assert fills(on_quotes(script, data, halts=(halt(1, 5, "XYZ"),))) == [(1, 10, 9_950), (2, 20, 10_000)]


def test_in_a_halt_no_print_fills_and_no_stop_fires():
    data = trades((0, 10_000, 50, 1), (1, 10_050, 30, 1), (2, 9_990, 30, -1), (4, 10_000, 40, -1))
    script = {0: lambda s: (s.buy("ABC", 5, limit=99.95), s.buy("ABC", 5, stop=100.40))}
    assert len(run(script, data, wants=(), streams=("trades",)).fills) == 2
    assert run(script, data, wants=(), streams=("trades",), halts=(halt(1, 3),)).fills == ()


@pytest.mark.parametrize("market_fill", MarketFill)
def test_a_bar_in_a_halt_fills_nothing_and_the_first_open_after_it_does(market_fill):
    result = run({1: lambda s: s.buy("ABC", 10)}, QUIET, halts=(halt(1, 4, unit=MINUTE),), market_fill=market_fill)
    assert fills(result) == [(240, 10, 10_000)]


def test_within_a_bar_that_a_halt_touches_only_its_open_is_known():
    within = Halt(symbol="", start=START + MINUTE + 30 * SECOND, end=START + MINUTE + 40 * SECOND)
    touched = {0: lambda s: s.buy("ABC", 10, limit=99.95)}
    assert fills(run(touched, QUIET)) == [(120, 10, 9_995)]
    assert fills(run(touched, QUIET, halts=(within,))) == [(180, 10, 9_995)]
    assert fills(run({0: lambda s: s.buy("ABC", 10)}, QUIET, halts=(within,))) == [(60, 10, 10_000)]


def test_a_halt_ends_after_it_begins():
    with pytest.raises(ValidationError):
        Halt(symbol="ABC", start=2, end=2)
