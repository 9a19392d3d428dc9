"""What the venue refuses, what it lists, and how requests keep their order on the way."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.helpers.adapters import InProcess
from workstation.brokers.sim.delay_line import DelayLine
from workstation.brokers.sim.trail_reports import TOLD_EVERY_NS
from workstation.brokers.sim.universe import SPECIAL_SYMBOLS
from workstation.brokers.sim.venue import CASH_ACCOUNT
from workstation.domain.accounts import Environment
from workstation.domain.instruments import AssetClass
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail, TrailKind, TriggerSource
from workstation.kernel.clock import VirtualClock
from workstation.kernel.fault_points import set_probe
from workstation.ports.broker import ExecType


@pytest.fixture
def venue(tmp_path):
    harness = InProcess(tmp_path)
    harness.market()
    yield harness
    harness.close()


def test_every_asset_class_is_listed_with_a_two_sided_market(venue):
    instruments = venue.venue.instruments()
    assert {instrument.asset_class for instrument in instruments} == set(AssetClass)
    assert len(instruments) >= 29
    assert set(SPECIAL_SYMBOLS) < {instrument.symbol for instrument in instruments}
    for instrument in instruments:
        book = venue.venue.exchange.matchers[instrument.symbol].book
        assert instrument.on_tick(book.bids.best)
        assert instrument.on_tick(book.asks.best)
        assert book.bids.best < book.asks.best


def test_accounts_are_simulated_ones(venue):
    assert {account.environment for account in venue.venue.accounts()} == {Environment.SIM}


def test_an_order_beyond_the_free_equity_is_refused(venue):
    venue.market(size=50_000)
    venue.submit("big", ord_type=OrdType.MARKET, qty=40_000)
    assert venue.until("big", ExecType.REJECTED).code == "INSUFFICIENT_FUNDS"
    cash = OrderTerms(symbol="AAPL", account=CASH_ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=10_000)
    venue.submit("cash", cash)
    assert venue.until("cash", ExecType.REJECTED).code == "INSUFFICIENT_FUNDS"


def test_what_reduces_a_position_needs_no_funds(venue):
    venue.market(size=50_000)
    venue.submit("in", ord_type=OrdType.MARKET, qty=16_000)
    venue.until_filled("in", 16_000)
    venue.submit("out", side=Side.SELL, ord_type=OrdType.MARKET, qty=16_000)
    venue.until_filled("out", 16_000)


def test_a_resting_reduce_only_order_shrinks_with_the_position(venue):
    venue.submit("in", ord_type=OrdType.MARKET, qty=100)
    venue.until_filled("in", 100)
    venue.working("exit", side=Side.SELL, qty=100, price=venue.ask + venue.tick, reduce_only=True)
    venue.submit("half", side=Side.SELL, ord_type=OrdType.MARKET, qty=60)
    venue.until_filled("half", 60)
    venue.market(venue.bid + 9 * venue.tick, venue.ask + 9 * venue.tick)
    venue.until("exit", ExecType.CANCELLED)
    assert venue.filled("exit") == 40
    assert venue.ask_all().positions == ()


def test_the_day_roll_expires_day_orders_and_opens_the_next(venue):
    venue.working("today")
    venue.working("open", ord_type=OrdType.MARKET, time_in_force=TimeInForce.OPG)
    venue.venue.exchange.roll_day()
    venue.until("today", ExecType.EXPIRED)
    venue.until_filled("open", 100)


def test_cancel_all_ends_every_order_of_the_account(venue):
    for number in range(5):
        venue.working(f"c{number}")
    assert venue.venue.exchange.cancel_all(venue.account) == 5
    venue.settle()
    assert venue.ask_all().open_orders == ()


def test_requests_and_reports_pass_their_fault_points(venue):
    seen: set[str] = set()
    set_probe(seen.add)
    try:
        order_id = venue.working("p")
        venue.broker.replace("p", order_id, venue.terms(qty=50))
        venue.broker.cancel("p", order_id)
        venue.until("p", ExecType.CANCELLED)
    finally:
        set_probe(None)
    assert seen >= {
        "sim.submit.before_send",
        "sim.submit.after_send",
        "sim.replace.before_send",
        "sim.cancel.before_send",
        "sim.report.before_receive",
        "sim.report.received",
        "sim.log.before_write",
    }


def test_a_delay_line_keeps_order_however_the_delays_fall():
    clock = VirtualClock()
    out: list[list[int]] = []
    line: DelayLine[int] = DelayLine(clock, clock, out.append, slice_max=2)
    for item, delay in enumerate((50, 10, 70, 0)):
        line.put(item, delay)
    clock.advance(60)
    assert out == [[0, 1]]
    clock.advance(60)
    assert out == [[0, 1], [2, 3]]
    line.put(9, 100)
    assert line.take_all() == [9]
    clock.advance(200)
    assert len(out) == 2


def trailing(venue, cl_ord_id="kept"):
    """Take a sell stop that trails the bid by twenty ticks; its first reports are heard."""
    terms = venue.terms(
        side=Side.SELL,
        ord_type=OrdType.TRAILING_STOP,
        trail=Trail(TrailKind.TICKS, 20),
        trigger=TriggerSource.BID_ASK,
        price=None,
    )
    venue.working(cl_ord_id, terms=terms)
    venue.clock.advance(2 * TOLD_EVERY_NS)


def triggers(venue, cl_ord_id="kept"):
    """Return the triggers that status reports told of."""
    return [r.terms.stop_px for r in venue.orders(cl_ord_id) if r.exec_type is ExecType.STATUS]


def lifted(venue, ticks):
    venue.market(venue.bid + ticks * venue.tick, venue.ask + ticks * venue.tick)
    return venue.bid + (ticks - 20) * venue.tick


def test_a_trigger_that_trails_is_told_of_at_once_and_then_once_a_second_with_the_newest_place(venue):
    trailing(venue)
    before = len(triggers(venue))
    first, *_, last = [lifted(venue, ticks) for ticks in range(1, 9)]
    assert triggers(venue)[before:] == [first]
    venue.clock.advance(TOLD_EVERY_NS)
    assert triggers(venue)[before:] == [first, last]
    venue.clock.advance(10 * TOLD_EVERY_NS)
    assert triggers(venue)[before:] == [first, last], "what stands still is not told again"
    again = lifted(venue, 12)
    assert triggers(venue)[before:] == [first, last, again], "and a move after a while at once"


def test_an_order_that_fires_or_ends_says_where_its_trigger_stood_and_is_told_of_no_more(venue):
    for name in ("fires", "ends"):
        trailing(venue, name)
    lifted(venue, 13)
    last = lifted(venue, 14)
    venue.broker.cancel("ends", venue.orders("ends")[0].order_id)
    assert venue.until("ends", ExecType.CANCELLED).terms.stop_px == last
    lifted(venue, -10)
    assert venue.until("fires", ExecType.TRIGGERED).terms.stop_px == last
    told = [triggers(venue, name) for name in ("fires", "ends")]
    venue.clock.advance(10 * TOLD_EVERY_NS)
    assert [triggers(venue, name) for name in ("fires", "ends")] == told


def test_a_restarted_venue_goes_on_with_the_distance_that_a_trail_was_given(venue):
    trail = Trail(TrailKind.TICKS, 20)
    terms = venue.terms(
        side=Side.SELL, ord_type=OrdType.TRAILING_STOP, trail=trail, trigger=TriggerSource.BID_ASK, price=None
    )
    venue.broker.submit("kept", terms)
    order_id = venue.until("kept", ExecType.ACCEPTED).order_id
    venue.market(venue.bid + 10 * venue.tick, venue.ask + 10 * venue.tick)
    venue.broker.replace("kept", order_id, replace(terms, trail=Trail(TrailKind.TICKS, 30)))
    venue.until("kept", ExecType.REPLACED)
    before = venue.venue.exchange.orders.by_client["kept"].order
    venue.restart_venue()
    after = venue.venue.exchange.orders.by_client["kept"].order
    assert before is not after
    assert (after.terms.trail, after.stop_px) == (Trail(TrailKind.TICKS, 30), before.stop_px)
