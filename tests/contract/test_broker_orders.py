"""Contract of every broker adapter, groups B1 to B5: order types, times in force, replace, cancel, flags."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.helpers.adapters import ADAPTERS, Harness
from workstation.domain.executions import Liquidity
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrdStatus, OrdType, Side, TimeInForce, Trail, TrailKind, TriggerSource
from workstation.ports.broker import ExecType, SendOutcome


@pytest.fixture(params=sorted(ADAPTERS), scope="module")
def adapter(request, tmp_path_factory):
    harness = ADAPTERS[request.param](tmp_path_factory.mktemp("venue"))
    yield harness
    harness.close()


@pytest.fixture
def venue(adapter: Harness):
    """Return the adapter with a quiet market and nothing left over from the test before."""
    adapter.phase(SessionPhase.OPEN)
    for order in adapter.ask_all().open_orders:
        adapter.broker.cancel(order.cl_ord_id, order.order_id)
        adapter.until(order.cl_ord_id, ExecType.CANCELLED)
    adapter.market()
    for position in adapter.ask_all().positions:
        side = Side.SELL if position.qty > 0 else Side.BUY
        adapter.submit(f"flat-{len(adapter.reports)}", side=side, ord_type=OrdType.MARKET, qty=abs(position.qty))
        adapter.settle()
    adapter.market()
    adapter.reports.clear()
    return adapter


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL, Side.SELL_SHORT, Side.BUY_TO_COVER])
def test_a_market_order_is_acknowledged_then_filled_at_the_quote(venue, side):
    order = f"m-{side}"
    venue.submit(order, side=side, ord_type=OrdType.MARKET)
    fills = venue.until_filled(order, 100)
    assert [s.outcome for s in venue.sends(order)] == [SendOutcome.SENT]
    assert venue.kinds(order) == [ExecType.ACCEPTED]
    assert {fill.last_px for fill in fills} == {venue.ask if side.sign > 0 else venue.bid}
    assert {fill.liquidity for fill in fills} == {Liquidity.TAKER}


def test_a_resting_limit_fills_at_its_own_price_when_the_market_comes(venue):
    venue.working("r1", price=venue.bid + venue.tick)
    venue.trade(-1, 60)
    venue.trade(-1, 500)
    fills = venue.until_filled("r1", 100)
    assert [fill.last_qty for fill in fills] == [60, 40]
    assert {fill.last_px for fill in fills} == {venue.bid + venue.tick}
    assert {fill.liquidity for fill in fills} == {Liquidity.MAKER}


def test_a_marketable_limit_fills_at_the_better_price_of_the_book(venue):
    venue.submit("l1", price=venue.ask + 5 * venue.tick)
    assert {fill.last_px for fill in venue.until_filled("l1", 100)} == {venue.ask}


def test_ioc_takes_what_there_is_and_ends(venue):
    venue.market(size=30)
    venue.submit("i1", price=venue.ask, time_in_force=TimeInForce.IOC)
    report = venue.until("i1", ExecType.CANCELLED)
    assert venue.filled("i1") == 30
    assert report.cum_qty == 30


def test_fok_without_full_size_fills_nothing_and_with_it_everything(venue):
    venue.market(size=99)
    venue.submit("f1", price=venue.ask, time_in_force=TimeInForce.FOK)
    venue.until("f1", ExecType.CANCELLED)
    assert venue.filled("f1") == 0
    venue.market(size=100)
    venue.submit("f2", price=venue.ask, time_in_force=TimeInForce.FOK)
    venue.until_filled("f2", 100)


def test_gtd_expires_at_its_time(venue):
    venue.working("g1", time_in_force=TimeInForce.GTD, expire_time=venue.now_ns() + 300_000_000)
    assert venue.until("g1", ExecType.EXPIRED).status is OrdStatus.EXPIRED


def test_day_orders_expire_at_the_close_and_gtc_orders_do_not(venue):
    venue.working("d1")
    venue.working("d2", time_in_force=TimeInForce.GTC)
    venue.phase(SessionPhase.CLOSED)
    venue.until("d1", ExecType.EXPIRED)
    assert [order.cl_ord_id for order in venue.ask_all().open_orders] == ["d2"]


def test_a_closing_order_trades_at_the_close(venue):
    venue.working("c1", ord_type=OrdType.MARKET, time_in_force=TimeInForce.CLS)
    assert venue.filled("c1") == 0
    venue.phase(SessionPhase.CLOSED)
    venue.until_filled("c1", 100)


def test_a_post_only_order_that_would_trade_is_refused_and_one_behind_rests(venue):
    venue.submit("p1", price=venue.ask, post_only=True)
    assert venue.until("p1", ExecType.REJECTED).code
    venue.working("p2", price=venue.bid, post_only=True)
    assert venue.filled("p1") == venue.filled("p2") == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"price": 2_299_950},
        {"qty": 0},
        {"symbol": "NO-SUCH"},
        {"ord_type": OrdType.STOP},
        {"time_in_force": TimeInForce.GTD},
    ],
    ids=["off-tick", "no-quantity", "unlisted", "stop-without-trigger", "gtd-without-expiry"],
)
def test_what_breaks_the_venues_rules_is_rejected_with_a_code(venue, fields):
    order = f"x-{'-'.join(fields)}"
    venue.submit(order, **fields)
    report = venue.until(order, ExecType.REJECTED)
    assert report.code
    assert report.text


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_stop_waits_triggers_and_fills(venue, side, sign):
    order = f"s-{side}"
    trigger = (venue.ask if sign > 0 else venue.bid) + sign * 2 * venue.tick
    venue.working(order, side=side, ord_type=OrdType.STOP, stop_px=trigger)
    venue.trade(sign, 10)
    venue.settle()
    assert venue.kinds(order) == [ExecType.ACCEPTED]
    venue.market(venue.bid + sign * 2 * venue.tick, venue.ask + sign * 2 * venue.tick)
    venue.trade(sign, 10)
    assert venue.until(order, ExecType.TRIGGERED)
    venue.until_filled(order, 100)


def test_a_stop_limit_rests_at_its_limit_after_the_trigger(venue):
    venue.working("sl", ord_type=OrdType.STOP_LIMIT, stop_px=venue.ask, price=venue.ask - venue.tick)
    venue.trade(1, 10)
    venue.until("sl", ExecType.TRIGGERED)
    assert venue.filled("sl") == 0
    venue.trade(-1, 100)
    assert {fill.last_px for fill in venue.until_filled("sl", 100)} == {venue.ask - venue.tick}


def test_a_trailing_stop_follows_one_way_only(venue):
    trail = Trail(TrailKind.TICKS, 5)
    venue.working("t1", side=Side.SELL, ord_type=OrdType.TRAILING_STOP, trail=trail, trigger=TriggerSource.BID_ASK)
    up = 20 * venue.tick
    venue.market(venue.bid + up, venue.ask + up)
    venue.market(venue.bid + up - 3 * venue.tick, venue.ask + up - 3 * venue.tick)
    assert ExecType.TRIGGERED not in venue.kinds("t1")
    venue.market(venue.bid + up - 8 * venue.tick, venue.ask + up - 8 * venue.tick)
    venue.until_filled("t1", 100)


def trailing(venue, name, ticks=20, **fields):
    """Return the venue's id of a sale that trails the bid, and its terms, after a rise of 20 ticks and a fall of 3."""
    trail = Trail(TrailKind.TICKS, ticks, **fields)
    terms = venue.terms(
        side=Side.SELL, ord_type=OrdType.TRAILING_STOP, trail=trail, trigger=TriggerSource.BID_ASK, price=None
    )
    venue.broker.submit(name, terms)
    order_id = venue.until(name, ExecType.ACCEPTED).order_id
    best = venue.bid + 20 * venue.tick
    venue.market(best, best + venue.tick)
    venue.market(best - 3 * venue.tick, best - 2 * venue.tick)
    return order_id, terms, best


@pytest.mark.parametrize("ticks", [8, 30])
def test_a_new_distance_of_a_trailing_stop_counts_from_the_best_price_it_has_seen(venue, ticks):
    name = f"t2-{ticks}"
    order_id, terms, best = trailing(venue, name)
    venue.broker.replace(name, order_id, replace(terms, trail=Trail(TrailKind.TICKS, ticks)))
    report = venue.until(name, ExecType.REPLACED)
    assert (report.terms.trail, report.terms.stop_px) == (Trail(TrailKind.TICKS, ticks), best - ticks * venue.tick)
    (listed,) = venue.ask_all().open_orders
    assert listed.terms == report.terms
    venue.market(best - (ticks - 1) * venue.tick, best - (ticks - 2) * venue.tick)
    assert ExecType.TRIGGERED not in venue.kinds(name)
    venue.market(best - ticks * venue.tick, best - (ticks - 1) * venue.tick)
    venue.until_filled(name, 100)


def test_a_trail_that_has_begun_begins_nowhere_else(venue):
    order_id, terms, _ = trailing(venue, "t3", activation_px=venue.bid + 5 * venue.tick)
    elsewhere = replace(terms.trail, activation_px=venue.bid + venue.tick)
    venue.broker.replace("t3", order_id, replace(terms, trail=elsewhere))
    report = venue.until("t3", ExecType.REPLACE_REJECTED)
    assert (report.code, report.text) == ("ACTIVATION_PASSED", "it trails already")
    venue.broker.replace("t3", order_id, replace(terms, order_qty=50))
    assert venue.until("t3", ExecType.REPLACED).terms.order_qty == 50


def test_replace_changes_price_and_quantity_in_place(venue):
    order_id = venue.working("q1")
    new = venue.terms(qty=150, price=venue.bid - 5 * venue.tick)
    venue.broker.replace("q1", order_id, new)
    report = venue.until("q1", ExecType.REPLACED)
    assert (report.order_id, report.terms) == (order_id, new)


def test_two_replaces_in_a_row_end_in_the_second(venue):
    order_id = venue.working("q2")
    for qty in (150, 175):
        venue.broker.replace("q2", order_id, venue.terms(qty=qty))
    venue.run_until(lambda: venue.kinds("q2").count(ExecType.REPLACED) == 2)
    assert venue.orders("q2")[-1].terms.order_qty == 175


def test_a_quantity_at_or_below_what_is_filled_ends_the_order_filled(venue):
    order_id = venue.working("q3", price=venue.bid + venue.tick)
    venue.trade(-1, 60)
    venue.until_filled("q3", 60)
    venue.broker.replace("q3", order_id, venue.terms(qty=50, price=venue.bid + venue.tick))
    venue.until("q3", ExecType.REPLACED)
    (found,) = venue.ask_all("q3").closed_orders[-1:]
    assert (found.cl_ord_id, found.status, found.cum_qty) == ("q3", OrdStatus.FILLED, 60)


def test_a_refused_replace_leaves_the_order_live_with_its_old_terms(venue):
    order_id = venue.working("q4")
    venue.broker.replace("q4", order_id, venue.terms(price=venue.bid - 1))
    assert venue.until("q4", ExecType.REPLACE_REJECTED).code
    (live,) = venue.ask_all().open_orders
    assert (live.cl_ord_id, live.terms) == ("q4", venue.terms())


def test_a_replace_that_crosses_the_market_fills(venue):
    order_id = venue.working("q5")
    venue.broker.replace("q5", order_id, venue.terms(price=venue.ask))
    venue.until_filled("q5", 100)
    assert venue.kinds("q5") == [ExecType.ACCEPTED, ExecType.REPLACED]


def test_cancel_ends_an_order_and_says_so_once(venue):
    order_id = venue.working("k1")
    venue.broker.cancel("k1", order_id)
    assert venue.until("k1", ExecType.CANCELLED).status is OrdStatus.CANCELLED
    assert venue.kinds("k1").count(ExecType.CANCELLED) == 1


def test_an_order_never_acknowledged_is_cancelled_by_its_client_id(venue):
    venue.broker.submit("k2", venue.terms())
    venue.broker.cancel("k2", "")
    venue.until("k2", ExecType.CANCELLED)


def test_cancel_of_a_filled_or_unknown_order_is_refused(venue):
    venue.submit("k3", ord_type=OrdType.MARKET)
    venue.until_filled("k3", 100)
    venue.broker.cancel("k3", "")
    assert venue.until("k3", ExecType.CANCEL_REJECTED).code == "TOO_LATE"
    venue.broker.cancel("never", "")
    assert venue.until("never", ExecType.CANCEL_REJECTED).code == "UNKNOWN_ORDER"


def test_many_cancels_end_many_orders(venue):
    for number in range(50):
        venue.broker.submit(f"n{number}", venue.terms(time_in_force=TimeInForce.GTC))
        venue.broker.cancel(f"n{number}", "")
    venue.run_until(lambda: all(ExecType.CANCELLED in venue.kinds(f"n{number}") for number in range(50)))
    assert venue.ask_all().open_orders == ()


def test_reduce_only_is_refused_when_flat_and_never_reverses(venue):
    venue.submit("ro1", side=Side.SELL, ord_type=OrdType.MARKET, reduce_only=True)
    venue.run_until(lambda: {ExecType.REJECTED, ExecType.CANCELLED} & set(venue.kinds("ro1")))
    venue.submit("open", ord_type=OrdType.MARKET, qty=70)
    venue.until_filled("open", 70)
    venue.submit("ro2", side=Side.SELL, ord_type=OrdType.MARKET, qty=100, reduce_only=True)
    venue.until("ro2", ExecType.CANCELLED)
    assert venue.filled("ro2") == 70
    assert venue.ask_all().positions == ()


def test_an_iceberg_shows_only_its_display_quantity_and_loses_its_place_when_it_refills(venue):
    price = venue.bid + venue.tick
    venue.working("ice", qty=100, display_qty=20, price=price)
    venue.working("behind", qty=50, price=price)
    venue.trade(-1, 70)
    venue.until_filled("behind", 50)
    assert venue.filled("ice") == 20


def test_orders_wait_for_the_market_to_open(venue):
    venue.phase(SessionPhase.HALTED)
    venue.working("h1", price=venue.ask)
    assert venue.filled("h1") == 0
    venue.phase(SessionPhase.OPEN)
    venue.until_filled("h1", 100)


def trailing_limit(venue, name):
    """Return the venue's id of a sale that trails the bid by 20 ticks, its limit 5 below its trigger, after a rise."""
    stop_px = venue.bid - 20 * venue.tick
    terms = venue.terms(
        side=Side.SELL, ord_type=OrdType.TRAILING_STOP_LIMIT, trail=Trail(TrailKind.TICKS, 20),
        trigger=TriggerSource.BID_ASK, stop_px=stop_px, price=stop_px - 5 * venue.tick,
    )  # fmt: skip
    venue.broker.submit(name, terms)
    order_id = venue.until(name, ExecType.ACCEPTED).order_id
    best = venue.bid + 20 * venue.tick
    venue.market(best, best + venue.tick)
    venue.run_until(lambda: venue.orders(name)[-1].terms.stop_px == best - 20 * venue.tick)
    return order_id, terms, best


def test_a_limit_that_trails_along_is_told_with_its_trigger_and_listed_so(venue):
    _, _, best = trailing_limit(venue, "tl1")
    told = venue.orders("tl1")[-1].terms
    assert (told.stop_px, told.price) == (best - 20 * venue.tick, best - 25 * venue.tick)
    (listed,) = venue.ask_all().open_orders
    assert listed.terms == told
    venue.market(best - 20 * venue.tick, best - 19 * venue.tick)
    assert venue.until("tl1", ExecType.TRIGGERED).terms.price == best - 25 * venue.tick


@pytest.mark.parametrize("price", ["none", "told"])
def test_a_change_that_leaves_a_trailing_limit_alone_takes_it_nowhere(venue, price):
    name = f"tl2-{price}"
    order_id, terms, best = trailing_limit(venue, name)
    told = venue.orders(name)[-1].terms
    left = replace(terms, order_qty=50, stop_px=None, price=None if price == "none" else told.price)
    venue.broker.replace(name, order_id, left)
    report = venue.until(name, ExecType.REPLACED)
    assert (report.terms.order_qty, report.terms.stop_px, report.terms.price) == (50, told.stop_px, told.price)
    venue.broker.replace(name, order_id, replace(left, price=best - 30 * venue.tick))
    venue.run_until(lambda: venue.kinds(name).count(ExecType.REPLACED) == 2)
    assert venue.orders(name)[-1].terms.price == best - 30 * venue.tick, "one that is named stands as named"
    wider = replace(left, price=None, trail=Trail(TrailKind.TICKS, 30))
    venue.broker.replace(name, order_id, wider)
    venue.run_until(lambda: venue.kinds(name).count(ExecType.REPLACED) == 3)
    last = venue.orders(name)[-1].terms
    assert (last.stop_px, last.price) == (best - 30 * venue.tick, best - 40 * venue.tick), "it keeps its distance"
