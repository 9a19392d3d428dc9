"""OCO pairs in a backtest: one fills and the other is cancelled, by whatever way, and money is reserved once."""

from __future__ import annotations

import pytest

from tests.helpers.backtests import bars, options, plan, scripted
from workstation.backtest.faults import Faults
from workstation.backtest.options import Latency, Path
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side, TimeInForce
from workstation.strategies.api import Leg

FLAT = (10_000, 10_000, 10_000, 10_000)
UP, DOWN = (10_000, 10_100, 10_000, 10_100), (10_000, 10_000, 9_800, 9_800)
BOTH = (10_000, 10_060, 9_800, 10_000)


def pair(qty=100, tif=TimeInForce.GTC):
    def act(s):
        s.ids = s.oco("ABC", Leg(Side.SELL, qty, limit=100.50, tif=tif), Leg(Side.SELL, qty, stop=99.00, tif=tif))

    return act


def run(act, *rows, volume=None, choices=None, **parts):
    return run_backtest(
        plan(scripted({0: act}), bars(*rows, volume=volume), options=options(**(choices or {})), **parts)
    )


def fills(result):
    return [(fill.bar, fill.side.value, fill.qty, fill.price) for fill in result.fills]


def standing(result):
    return {order.cl_ord_id[-1]: order.status.value for order in result.orders}


@pytest.mark.parametrize(
    ("row", "fill", "ends"),
    [
        (UP, (2, "SELL", 100, 10_050), {"1": "FILLED", "2": "CANCELLED"}),
        (DOWN, (2, "SELL", 100, 9_900), {"1": "CANCELLED", "2": "FILLED"}),
    ],
)
def test_one_of_a_pair_fills_and_the_other_is_cancelled(row, fill, ends):
    result = run(pair(), FLAT, FLAT, row, (9_800, 10_200, 9_700, 10_000), FLAT)
    assert fills(result) == [fill]
    assert standing(result) == ends


@pytest.mark.parametrize(("path", "price"), [(Path.OHLC, 10_050), (Path.OLHC, 9_900)])
def test_a_bar_that_meets_both_fills_one_by_its_path(path, price):
    result = run(pair(), FLAT, FLAT, BOTH, choices={"path": path})
    assert fills(result) == [(2, "SELL", 100, price)]
    assert result.path_sensitive_fills == 1
    assert sorted(standing(result).values()) == ["CANCELLED", "FILLED"]


def test_a_part_that_fills_ends_the_other_and_the_rest_works_on():
    rows = [FLAT, FLAT, UP, BOTH, (10_100, 10_100, 10_100, 10_100)]
    result = run(pair(), *rows, volume=[1_000, 1_000, 160, 240, 1_000], choices={"bar_share_bps": 2_500})
    assert [fill.price for fill in result.fills] == [10_050] * 2
    assert sum(fill.qty for fill in result.fills) == 100
    assert standing(result) == {"1": "FILLED", "2": "CANCELLED"}


@pytest.mark.parametrize("seed", [2, 6])
def test_the_other_that_is_still_on_its_way_ends_as_it_arrives(seed):
    def act(s):
        s.oco("ABC", Leg(Side.BUY, 10, limit=101, tif="GTC"), Leg(Side.BUY, 10, limit=100.99, tif="GTC"))

    result = run(act, FLAT, FLAT, FLAT, FLAT)
    assert fills(result) == [(1, "BUY", 10, 10_000)]
    late = run(act, FLAT, FLAT, FLAT, FLAT, choices={"latency": Latency(order=10**9, jitter=90 * 10**9)}, seed=seed)
    assert len(late.fills) == 1
    assert sorted(standing(late).values()) == ["CANCELLED", "FILLED"]


def test_the_other_stays_when_one_is_cancelled_by_the_strategy():
    def act(s):
        pair()(s)
        s.cancel(s.ids[0])

    result = run(act, FLAT, FLAT, DOWN)
    assert fills(result) == [(2, "SELL", 100, 9_900)]
    assert standing(result) == {"1": "CANCELLED", "2": "FILLED"}


def test_money_is_reserved_for_one_of_a_pair_and_for_whichever_needs_more():
    def act(s):
        s.oco("ABC", Leg(Side.BUY, 100, limit=99, tif="GTC"), Leg(Side.BUY, 60, stop=101, tif="GTC"))
        s.buy("ABC", 40, limit=98, tif="GTC")

    carried = run(act, FLAT, FLAT, initial_cash=14_000 * MONEY_ONE, choices={"check_funds": True})
    assert set(standing(carried).values()) == {"SUBMITTED"}
    short = run(act, FLAT, FLAT, initial_cash=13_000 * MONEY_ONE, choices={"check_funds": True})
    assert standing(short) == {"1": "SUBMITTED", "2": "SUBMITTED", "3": "INSUFFICIENT_FUNDS"}


def test_neither_goes_out_where_one_is_refused():
    def act(s):
        s.oco("ABC", Leg(Side.BUY, 10, limit=99, tif="GTC"), Leg(Side.BUY, 1_000, stop=101, tif="GTC"))

    result = run(act, FLAT, FLAT, DOWN, UP, initial_cash=14_000 * MONEY_ONE, choices={"check_funds": True})
    assert fills(result) == []
    assert standing(result) == {"2": "INSUFFICIENT_FUNDS"}


def test_a_pair_that_never_reaches_the_venue_is_rejected_one_by_one():
    down = {"faults": Faults(outage_every=60 * 10**9, outage=60 * 10**9)}
    result = run(pair(), FLAT, FLAT, UP, choices=down)
    assert (fills(result), standing(result)) == ([], {"1": "REJECTED", "2": "REJECTED"})
