"""A trailing stop of a strategy does the same live and in a backtest: watched here, at the venue, replayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import START, options, plan, scripted, trades
from tests.helpers.core_rig import SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from tests.helpers.market import instrument
from workstation.backtest.run import run_backtest
from workstation.backtest.working import Working
from workstation.brokers.sim.conditional import TriggerBook, Watched
from workstation.brokers.sim.matching import MarketOrder
from workstation.domain.conditions import counts_for
from workstation.domain.market import Aggressor, Trade
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, ReplaceOrder, Side, TriggerSource
from workstation.domain.trailing import best_seen, trailed_stop
from workstation.strategies.terms import order_terms

EMULATED = msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}))
Trace = list[tuple[int | None, int | None]]
"""Trigger and limit after each print, up to the one that fired."""

DISTANCES = st.one_of(
    st.fixed_dictionaries({"trail": st.integers(1, 60).map(lambda cents: cents / 100)}),
    st.fixed_dictionaries({"trail_ticks": st.integers(1, 60)}),
    st.fixed_dictionaries({"trail_percent": st.integers(1, 60).map(lambda bps: bps / 100)}),
)
PATHS = st.lists(st.integers(-25, 25), min_size=1, max_size=60).map(
    lambda steps: [10_000, *(10_000 + np.cumsum(steps)).tolist()]
)
BEGINNINGS = st.one_of(st.none(), st.integers(-40, 40))
LIMITS = st.one_of(st.none(), st.integers(0, 30))


def asked(side: Side, distance: dict[str, Any], begins: int | None, room: int | None) -> dict[str, Any]:
    """Return the terms as a strategy writes them. begins: cents from 100 to its activation; room: to its limit."""
    found: dict[str, Any] = dict(distance)
    if begins is not None:
        found["activation"] = (10_000 + begins) / 100
    if room is not None:
        stop = 10_000 + side.sign * 40
        found |= {"stop": stop / 100, "limit": (stop + side.sign * room) / 100}
    return found


def watched_here(terms: OrderTerms, prices: list[int], conditions: Sequence[str] = ()) -> Trace:
    """Return what becomes of it in the running program where the venue takes no stops. conditions: of each print."""
    rig = CoreRig(card=EMULATED)
    listed: dict[str, Any] = rig.state.instruments
    listed[SYMBOL] = msgspec.structs.replace(listed[SYMBOL], exchange="NASDAQ")
    rig.position(100 * -terms.side.sign)
    names = ("ord_type", "stop_px", "trail", "trigger")
    order = rig.submit(terms.side, 100, terms.price, **{name: getattr(terms, name) for name in names})
    found: Trace = []
    for price, codes in zip(prices, conditions or [""] * len(prices), strict=True):
        rig.desk.on_market([Trade(SYMBOL, price, 1, Aggressor.BUY, "t", rig.now, rig.now, codes)])
        rig.desk.settle_trails()  # the journal hears of a trail once a second at most
        now = rig.order(order.cl_ord_id)
        if now.status is not OrdStatus.NEW:
            return found
        found.append((now.terms.stop_px if now.terms.trail.activation_px is None else None, now.terms.price))
    return found


def at_the_venue(terms: OrderTerms, prices: list[int]) -> Trace:
    """Return what becomes of it at the simulated venue."""
    book, order = TriggerBook(instrument()), MarketOrder("V1", "O1", terms, 1)
    book.add(order)
    found: Trace = []
    for price in prices:
        if book.fire(TriggerSource.LAST, terms.side.sign, Watched(price, price)):
            return found
        found.append((order.stop_px if order.activated else None, order.limit_px))
    return found


def replayed(terms: OrderTerms, prices: list[int]) -> Trace:
    """Return what becomes of it in a backtest's market, print by print."""
    order = Working("O1", terms, leaves=100, arrived=0, sequence=1)
    found: Trace = []
    for price in prices:
        order.trail_to(price, instrument())
        if order.stop is not None and (price - order.stop) * order.sign >= 0:
            return found
        found.append((order.stop, order.limit))
    return found


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([Side.BUY, Side.SELL]), DISTANCES, BEGINNINGS, LIMITS, PATHS)
def test_trigger_limit_and_firing_are_the_same_wherever_it_lives(
    side: Side, distance: dict[str, Any], begins: int | None, room: int | None, prices: list[int]
) -> None:
    terms = order_terms(instrument(), "SIM", side, 100, asked(side, distance, begins, room))
    expected = replayed(terms, prices)
    assert at_the_venue(terms, prices) == expected
    assert watched_here(terms, prices) == expected


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([Side.BUY, Side.SELL]), DISTANCES, BEGINNINGS, PATHS)
def test_a_backtest_fires_it_at_the_print_at_which_the_running_program_does(
    side: Side, distance: dict[str, Any], begins: int | None, prices: list[int]
) -> None:
    wished = asked(side, distance, begins, None)
    terms = order_terms(instrument(), "SIM", side, 100, wished)
    rows = [(second, price, 1_000, 0) for second, price in enumerate([10_000, *prices])]
    act = {0: lambda strategy: strategy.order("ABC", side, 100, **wished)}
    result = run_backtest(plan(scripted(act, wants=(), streams=("trades",)), trades(*rows), options=options()))
    fired = len(watched_here(terms, prices))
    at = [((fill.ts - START) // 10**9 - 1, fill.price) for fill in result.fills]
    assert at == ([(fired, prices[fired])] if fired < len(prices) else [])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([Side.BUY, Side.SELL]), DISTANCES, BEGINNINGS, PATHS, st.data())
def test_a_print_that_may_not_be_the_last_price_moves_and_fires_it_neither_live_nor_in_a_backtest(
    side: Side, distance: dict[str, Any], begins: int | None, prices: list[int], data: st.DataObject
) -> None:
    wished = asked(side, distance, begins, None)
    codes = data.draw(st.lists(st.sampled_from(["", "@", "I", "Z"]), min_size=len(prices), max_size=len(prices)))
    prints = trades(*((second, price, 1_000, 0) for second, price in enumerate([10_000, *prices])))
    effects = np.array([counts_for(each, "NASDAQ") for each in ["", *codes]], dtype=np.int64)
    act = {0: lambda strategy: strategy.order("ABC", side, 100, **wished)}
    played = msgspec.structs.replace(prints, effect=effects)
    result = run_backtest(plan(scripted(act, wants=(), streams=("trades",)), played, options=options()))
    fired = len(watched_here(order_terms(instrument(), "SIM", side, 100, wished), prices, codes))
    at = [((fill.ts - START) // 10**9 - 1, fill.price) for fill in result.fills]
    assert at == ([(fired, prices[fired])] if fired < len(prices) else [])


def test_a_change_of_its_size_leaves_it_where_it_has_come_to_at_the_venue() -> None:
    terms = order_terms(instrument(), "SIM", Side.SELL, 100, asked(Side.SELL, {"trail": 0.5}, None, 20))
    book, order = TriggerBook(instrument()), MarketOrder("V1", "O1", terms, 1)
    book.add(order)
    book.fire(TriggerSource.LAST, -1, Watched(10_200, 10_200))
    order.change_terms(msgspec.structs.replace(terms, order_qty=50), instrument())
    assert (order.stop_px, order.limit_px, order.leaves) == (10_150, 10_130, 50)
    order.change_terms(msgspec.structs.replace(terms, stop_px=10_160, price=10_155), instrument())
    assert (order.stop_px, order.limit_px) == (10_160, 10_155)


def best_of(side: Side, prices: Sequence[int]) -> int:
    """Return the best price of a path for an order of a side."""
    return min(prices) if side.sign > 0 else max(prices)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([Side.BUY, Side.SELL]), DISTANCES, DISTANCES, LIMITS, PATHS)
def test_a_new_distance_counts_from_the_best_price_seen_alike_wherever_it_lives(
    side: Side, first: dict[str, Any], then: dict[str, Any], room: int | None, prices: list[int]
) -> None:
    wished = asked(side, first, None, room)
    before = order_terms(instrument(), "SIM", side, 100, wished)
    trail = order_terms(instrument(), "SIM", side, 100, asked(side, then, None, None)).trail
    assert trail is not None
    after = msgspec.structs.replace(before, trail=trail)
    working = Working("O1", before, leaves=100, arrived=0, sequence=1)
    book, order = TriggerBook(instrument()), MarketOrder("V1", "O1", before, 1)
    book.add(order)
    lived = 0
    for price in prices:
        working.trail_to(price, instrument())
        if working.stop is None or (price - working.stop) * working.sign >= 0:
            break
        assert not book.fire(TriggerSource.LAST, side.sign, Watched(price, price))
        lived += 1
    if not lived:
        return
    order.change_terms(after, instrument())
    working.terms = after
    working.retrail(before, instrument())
    assert (working.stop, working.limit) == (order.stop_px, order.limit_px)
    rig = CoreRig(card=EMULATED)
    rig.position(100 * -side.sign)
    names = ("ord_type", "stop_px", "trail", "trigger")
    held = rig.submit(side, 100, before.price, **{name: getattr(before, name) for name in names})
    for price in prices[:lived]:
        rig.desk.on_market([Trade(SYMBOL, price, 1, Aggressor.BUY, "t", rig.now, rig.now)])
    assert rig.desk.replace(ReplaceOrder(cl_ord_id=held.cl_ord_id, origin=held.origin, trail=trail)).denial is None
    now = rig.order(held.cl_ord_id).terms
    assert (now.stop_px, now.price) == (order.stop_px, order.limit_px)
    set_by_hand = room is not None
    if not set_by_hand:
        measured = trailed_stop(best_of(side, prices[:lived]), side.sign, trail, instrument())
        assert 0 <= (measured - (order.stop_px or 0)) * side.sign <= 1, "to within a tick, and never further"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([Side.BUY, Side.SELL]), DISTANCES, st.integers(100, 400_000))
def test_the_best_price_of_a_trigger_is_one_that_it_is_measured_from(
    side: Side, distance: dict[str, Any], best: int
) -> None:
    trail = order_terms(instrument(), "SIM", side, 100, asked(side, distance, None, None)).trail
    assert trail is not None
    stop_px = trailed_stop(best, side.sign, trail, instrument())
    found = best_seen(stop_px, side.sign, trail, instrument())
    assert trailed_stop(found, side.sign, trail, instrument()) == stop_px
    assert (best - found) * side.sign >= 0, "never a worse one, which would loosen the stop"
