"""Paper fills: what the market showed or traded, at the time when the order was there, and no more."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.market import MINUTE, SECOND, T0, change, instrument, levels, quote, snapshot, trade
from tests.helpers.paper_venue import PaperVenue
from workstation.brokers.paper.options import PaperOptions, QueueModel
from workstation.domain.market import (
    Aggressor,
    Bar,
    BarKind,
    BarType,
    PhaseChange,
    SessionPhase,
    StreamChange,
    StreamState,
    Trade,
)
from workstation.domain.orders import OrdType, TimeInForce, Trail, TrailKind, TriggerSource
from workstation.ports.broker import ExecType

MINUTES = BarType(BarKind.MINUTE, 1, external=True)
BOOK = snapshot(levels((99, 50), (98, 80)), levels((101, 30), (102, 40), (105, 100)), 1)


def with_book(options: PaperOptions | None = None) -> PaperVenue:
    venue = PaperVenue(options=options)
    venue.market(BOOK)
    return venue


def sold(price: int, size: int, at: int = 0) -> Trade:
    return trade(price, size, at, aggressor=Aggressor.SELL)


def test_a_market_order_walks_the_visible_book() -> None:
    venue = with_book()
    order = venue.buy(60)
    assert venue.fills(order) == [(30, 101), (30, 102)]


def test_what_was_taken_is_not_there_twice_until_the_level_is_shown_again() -> None:
    venue = with_book()
    venue.buy(30)
    second = venue.buy(10)
    assert venue.fills(second) == [(10, 102)]
    venue.market(change((), levels((101, 25)), 2, 1))
    third = venue.buy(10)
    assert venue.fills(third) == [(10, 101)]


def test_a_market_order_waits_with_what_the_book_cannot_fill() -> None:
    venue = with_book()
    order = venue.buy(200)
    assert sum(qty for qty, _ in venue.fills(order)) == 170
    venue.market(change((), levels((103, 100)), 2, SECOND))
    assert venue.fills(order)[-1] == (30, 103)


def test_an_immediate_order_cancels_the_rest() -> None:
    venue = with_book()
    order = venue.buy(50, 101, time_in_force=TimeInForce.IOC)
    assert venue.fills(order) == [(30, 101)]
    assert venue.words(order) == [ExecType.ACCEPTED, ExecType.CANCELLED]


def test_fill_or_kill_is_all_or_nothing() -> None:
    venue = with_book()
    assert venue.fills(venue.buy(71, 102, time_in_force=TimeInForce.FOK)) == []
    assert venue.fills(venue.buy(70, 102, time_in_force=TimeInForce.FOK)) == [(30, 101), (40, 102)]


def test_a_marketable_limit_fills_at_the_book_and_rests_with_the_remainder_at_its_limit() -> None:
    venue = with_book()
    order = venue.buy(50, 101)
    assert venue.fills(order) == [(30, 101)]
    venue.market(change((), levels((101, 5)), 2, 1))
    assert venue.fills(order)[1:] == [(5, 101)]


def test_a_resting_order_fills_after_the_size_that_stood_before_it() -> None:
    venue = with_book()
    order = venue.buy(20, 99)
    venue.market(sold(99, 50, 1))
    assert venue.fills(order) == []
    venue.market(sold(99, 15, 2), sold(99, 100, 3))
    assert venue.fills(order) == [(15, 99), (5, 99)]


def test_only_the_excess_of_the_trade_that_clears_the_queue_fills() -> None:
    venue = with_book()
    order = venue.buy(20, 99)
    venue.market(sold(99, 55, 1))
    assert venue.fills(order) == [(5, 99)]


def test_a_trade_through_the_price_fills_whatever_stood_before() -> None:
    venue = with_book()
    order = venue.buy(20, 99)
    venue.market(sold(98, 20, 1))
    assert venue.fills(order) == [(20, 99)]


def test_a_trade_of_the_same_aggressor_fills_nothing() -> None:
    venue = with_book()
    order = venue.buy(20, 99)
    venue.market(trade(99, 500, 1, aggressor=Aggressor.BUY))
    assert venue.fills(order) == []


def test_one_trades_size_is_spent_once_over_all_own_orders() -> None:
    venue = with_book(PaperOptions(queue=QueueModel.NONE))
    better, first, second = venue.buy(10, 100), venue.buy(10, 99), venue.buy(10, 99)
    venue.market(sold(99, 25, 1))
    assert [venue.fills(order) for order in (better, first, second)] == [[(10, 100)], [(10, 99)], [(5, 99)]]


def test_own_orders_share_one_queue() -> None:
    venue = with_book()
    first, second = venue.buy(10, 99), venue.buy(10, 99)
    venue.market(sold(99, 65, 1))
    assert (venue.fills(first), venue.fills(second)) == ([(10, 99)], [(5, 99)])


@pytest.mark.parametrize(
    ("model", "filled"), [(QueueModel.TRADES_ONLY, 0), (QueueModel.PROBABILISTIC, 4), (QueueModel.NONE, 20)]
)
def test_cancelled_size_shortens_the_queue_only_by_the_probabilistic_model(model: QueueModel, filled: int) -> None:
    venue = with_book(PaperOptions(queue=model))
    order = venue.buy(20, 99)
    venue.market(change(levels((99, 100)), (), 2, 1), change(levels((99, 60)), (), 3, 2), sold(99, 34, 3))
    assert sum(qty for qty, _ in venue.fills(order)) == filled


def test_the_queue_is_never_longer_than_what_is_visible() -> None:
    venue = with_book()
    order = venue.buy(20, 99)
    venue.market(change(levels((99, 3)), (), 2, 1), sold(99, 10, 2))
    assert venue.fills(order) == [(7, 99)]


def test_a_decrease_keeps_the_place_and_an_increase_goes_to_the_back() -> None:
    venue = with_book()
    kept, moved = venue.buy(20, 99), venue.buy(20, 99)
    venue.market(sold(99, 45, 1))
    for order, qty in ((kept, 10), (moved, 30)):
        state = venue.broker.exchange.orders.by_client[order]
        terms = msgspec.structs.replace(state.terms, order_qty=qty)
        venue.broker.replace(order, state.order_id, terms)
    venue.clock.advance(0)
    venue.market(sold(99, 20, 2))
    assert venue.fills(kept) == [(10, 99)]
    assert venue.fills(moved) == []


def test_a_post_only_order_that_would_trade_is_rejected() -> None:
    venue = with_book()
    order = venue.buy(10, 101, post_only=True)
    assert venue.words(order)[-1] is ExecType.REJECTED
    assert venue.fills(order) == []


def test_reduce_only_closes_the_position_and_no_more() -> None:
    venue = with_book()
    venue.buy(30)
    order = venue.sell(50, reduce_only=True)
    assert venue.fills(order) == [(30, 99)]
    assert venue.words(order)[-1] is ExecType.CANCELLED


def test_a_stop_fires_on_the_last_price_and_fills_at_the_book() -> None:
    venue = with_book()
    order = venue.buy(10, ord_type=OrdType.STOP, stop_px=103)
    venue.market(trade(102, 1, 1))
    assert venue.words(order) == [ExecType.ACCEPTED]
    venue.market(trade(103, 1, 2))
    assert venue.words(order) == [ExecType.ACCEPTED, ExecType.TRIGGERED]
    assert venue.fills(order) == [(10, 101)]


@pytest.mark.parametrize(("conditions", "counts"), [("I", False), ("@ Z", False), ("@", True), ("", True)])
def test_a_print_that_may_not_be_the_last_price_fires_no_stop_and_fills_no_limit(conditions: str, counts: bool) -> None:
    venue = PaperVenue(instruments=[msgspec.structs.replace(instrument(), exchange="NASDAQ")])
    venue.market(BOOK)
    stop, limit = venue.buy(10, ord_type=OrdType.STOP, stop_px=103), venue.buy(7, 97)
    venue.market(*(msgspec.structs.replace(row, conditions=conditions) for row in (trade(103, 1, 1), sold(96, 20, 2))))
    assert (venue.fills(stop), venue.fills(limit)) == (([(10, 101)], [(7, 97)]) if counts else ([], []))


def test_an_own_fill_sets_off_no_stop() -> None:
    venue = with_book()
    venue.market(trade(100, 1, 1))
    stop = venue.buy(10, ord_type=OrdType.STOP, stop_px=102)
    venue.buy(60)
    assert venue.words(stop) == [ExecType.ACCEPTED]


def test_a_trailing_stop_follows_one_way_only() -> None:
    venue = with_book()
    trail = Trail(TrailKind.PRICE, 2)
    order = venue.sell(10, ord_type=OrdType.TRAILING_STOP, trail=trail, trigger=TriggerSource.LAST)
    venue.market(trade(100, 1, 1), trade(104, 1, 2), trade(103, 1, 3))
    assert venue.fills(order) == []
    venue.market(trade(102, 1, 4))
    assert venue.fills(order) == [(10, 99)]


def test_a_stop_on_bid_and_ask_watches_the_side_it_would_take() -> None:
    venue = with_book()
    order = venue.buy(10, ord_type=OrdType.STOP, stop_px=102, trigger=TriggerSource.BID_ASK)
    venue.market(trade(110, 1, 1))
    assert venue.fills(order) == []
    venue.market(change((), levels((101, 0)), 2, 2))
    assert venue.fills(order) == [(10, 102)]


def test_an_order_meets_the_book_of_its_arrival() -> None:
    venue = PaperVenue(options=PaperOptions(entry_latency=SECOND, response_latency=SECOND))
    venue.market(BOOK)
    order = venue.buy(10)
    venue.market(change((), levels((101, 0)), 2, SECOND // 2))
    venue.clock.advance(SECOND)
    assert venue.executions == []
    venue.clock.advance(2 * SECOND)
    assert venue.fills(order) == [(10, 102)]


def test_an_order_never_fills_at_an_old_price() -> None:
    venue = with_book()
    venue.clock.advance(6 * SECOND)
    order = venue.buy(10)
    assert venue.words(order) == [ExecType.ACCEPTED]
    assert venue.fills(order) == []
    venue.market(change((), levels((101, 0), (103, 20), (102, 0)), 2, 7 * SECOND))
    assert venue.fills(order) == [(10, 103)]


def test_nothing_fills_while_the_feed_is_down() -> None:
    venue = with_book()
    venue.market(StreamChange(None, StreamState.DOWN, T0 + 1))
    assert venue.fills(venue.buy(10)) == []


def test_a_book_out_of_sequence_fills_nothing_until_it_is_whole() -> None:
    venue = with_book()
    venue.market(change((), levels((101, 99)), 5, 1))
    order = venue.buy(10)
    assert venue.fills(order) == []
    venue.market(snapshot(levels((90, 1)), levels((95, 50)), 6, 2))
    assert venue.fills(order) == [(10, 95)]


def test_best_quotes_fill_up_to_their_size_and_again_when_they_change() -> None:
    venue = PaperVenue()
    venue.market(quote(99, 101, sizes=(10, 10)))
    order = venue.buy(25)
    venue.market(quote(99, 101, 1, sizes=(12, 10)))
    assert venue.fills(order) == [(10, 101)]
    venue.market(quote(99, 102, 2, sizes=(12, 10)))
    assert venue.fills(order) == [(10, 101), (10, 102)]


def test_assumed_levels_let_a_large_order_fill_a_tick_worse_each() -> None:
    venue = PaperVenue(options=PaperOptions(assumed_levels=2))
    venue.market(quote(99, 101, sizes=(10, 10)))
    assert venue.fills(venue.buy(40)) == [(10, 101), (10, 102), (10, 103)]


def test_a_resting_order_fills_when_the_opposite_quote_reaches_it() -> None:
    venue = PaperVenue()
    venue.market(quote(99, 101, sizes=(10, 10)))
    order = venue.buy(15, 100)
    venue.market(quote(98, 100, 1, sizes=(10, 10)))
    assert venue.fills(order) == [(10, 100)]


def test_behind_the_best_quote_the_queue_begins_when_the_price_is_seen() -> None:
    venue = PaperVenue()
    venue.market(quote(99, 101, sizes=(10, 10)))
    order = venue.buy(5, 98)
    venue.market(quote(98, 101, 1, sizes=(40, 10)), sold(98, 40, 2))
    assert venue.fills(order) == []
    venue.market(sold(98, 3, 3))
    assert venue.fills(order) == [(3, 98)]


def test_a_better_quote_hides_the_queue_and_does_not_clear_it() -> None:
    venue = PaperVenue()
    venue.market(quote(99, 103, sizes=(40, 10)))
    order = venue.buy(5, 99)
    venue.market(quote(100, 103, 1, sizes=(10, 10)), quote(99, 103, 2, sizes=(40, 10)), sold(99, 40, 3))
    assert venue.fills(order) == []
    venue.market(quote(98, 103, 4, sizes=(9, 10)), sold(99, 5, 5))
    assert venue.fills(order) == [(5, 99)]


def test_with_trades_alone_a_taker_pays_half_the_spread_and_gets_no_more_than_traded() -> None:
    venue = PaperVenue()
    venue.market(trade(100, 30))
    order = venue.buy(50)
    assert venue.fills(order) == [(30, 101)]
    assert venue.fills(venue.sell(10, time_in_force=TimeInForce.IOC)) == []
    venue.market(trade(103, 100, 1))
    assert venue.fills(order) == [(30, 101), (20, 104)]


def bar(minute: int, prices: tuple[int, int, int, int], volume: int = 1_600) -> Bar:
    return Bar("ABC", MINUTES, *prices, volume, 1, T0 + minute * MINUTE, T0 + (minute + 1) * MINUTE)


def test_with_bars_alone_an_order_fills_at_the_next_close_never_at_an_open_before_it() -> None:
    venue = PaperVenue()
    venue.market(bar(0, (100, 110, 90, 100)))
    venue.clock.advance(30 * SECOND)
    order = venue.buy(10)
    assert venue.fills(order) == []
    venue.market(bar(1, (50, 120, 50, 115)))
    assert venue.fills(order) == [(10, 116)]


def test_with_bars_alone_a_limit_fills_when_the_bar_passes_through_it() -> None:
    venue = PaperVenue()
    venue.market(bar(0, (100, 100, 100, 100)))
    touched, passed = venue.buy(10, 90), venue.buy(10, 91)
    venue.market(bar(1, (100, 101, 90, 100)))
    assert (venue.fills(touched), venue.fills(passed)) == ([], [(10, 91)])


def test_with_bars_alone_fills_stay_within_a_quarter_of_the_volume() -> None:
    venue = PaperVenue()
    venue.market(bar(0, (100, 100, 100, 100)))
    order = venue.buy(1_000, 95)
    venue.market(bar(1, (90, 90, 90, 90), volume=1_600))
    assert sum(qty for qty, _ in venue.fills(order)) == 400


def test_a_stop_is_not_set_off_by_what_a_bar_did_before_the_stop_was_there() -> None:
    venue = PaperVenue()
    venue.market(bar(0, (100, 100, 100, 100)))
    venue.clock.advance(30 * SECOND)
    order = venue.sell(10, ord_type=OrdType.STOP, stop_px=90)
    venue.market(bar(1, (100, 100, 80, 100)))
    assert venue.words(order) == [ExecType.ACCEPTED]
    venue.market(bar(2, (100, 100, 80, 100)))
    assert venue.fills(order) == [(10, 79)]


def test_a_closed_market_holds_orders_and_ends_day_orders() -> None:
    venue = with_book()
    day = venue.buy(10, 90, time_in_force=TimeInForce.DAY)
    venue.market(PhaseChange("ABC", SessionPhase.CLOSED, T0 + 1, T0 + 1))
    assert venue.words(day)[-1] is ExecType.EXPIRED
    held = venue.buy(10)
    assert venue.fills(held) == []
    venue.market(PhaseChange("ABC", SessionPhase.OPEN, T0 + 2, T0 + 2))
    assert venue.fills(held) == [(10, 101)]


def test_a_dated_order_expires_in_market_time() -> None:
    venue = with_book()
    order = venue.buy(10, 90, time_in_force=TimeInForce.GTD, expire_time=T0 + 10 * SECOND)
    venue.clock.advance(9 * SECOND)
    assert venue.words(order) == [ExecType.ACCEPTED]
    venue.clock.advance(2 * SECOND)
    assert venue.words(order)[-1] is ExecType.EXPIRED
