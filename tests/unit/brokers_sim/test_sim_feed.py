"""The simulated feed: depth without gaps equals the book, quotes follow the touch, faults show as they should."""

from __future__ import annotations

import itertools

import pytest

from tests.helpers.adapters import InProcess
from tests.helpers.market_statistics import START_NS
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.feed import FILL_APART_NS
from workstation.brokers.sim.venue import SimVenue
from workstation.domain.market import (
    Bar,
    BarKind,
    BarRevised,
    BarType,
    BookChange,
    BookSnapshot,
    PhaseChange,
    Quote,
    SessionPhase,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
    TradeBust,
)
from workstation.domain.orders import OrdType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.service import MarketData


class Listener:
    """A venue on virtual time with everything its feed delivered."""

    def __init__(self, rate: int = 2_000) -> None:
        self.clock = VirtualClock(START_NS)
        self.venue = SimVenue(self.clock, self.clock, 3, SimPlan(ticks_per_s=rate))
        self.events: list = []
        self.venue.feed.start(self.events.extend)
        self.venue.start()

    def run(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1e9))

    def of(self, kind: type, symbol: str = "AAPL") -> list:
        return [event for event in self.events if isinstance(event, kind) and event.symbol == symbol]

    def book(self) -> tuple[dict[int, int], dict[int, int], int]:
        """Replay snapshot and changes; fails on a gap."""
        bids, asks, seq = {}, {}, 0
        for event in self.events:
            if isinstance(event, BookSnapshot):
                bids, asks, seq = dict(map(pair, event.bids)), dict(map(pair, event.asks)), event.seq
            elif isinstance(event, BookChange):
                assert event.prev_seq == seq
                seq = event.last_seq
                for side, levels in ((bids, event.bids), (asks, event.asks)):
                    for level in levels:
                        side[level.price] = level.size
        return {p: s for p, s in bids.items() if s}, {p: s for p, s in asks.items() if s}, seq


def pair(level) -> tuple[int, int]:
    return level.price, level.size


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.venue.stop()


def test_the_feed_begins_with_its_state_and_every_markets_phase(listener):
    listener.run(0.1)
    assert isinstance(listener.events[0], StreamChange)
    assert listener.events[0].state is StreamState.UP
    phases = [event for event in listener.events if isinstance(event, PhaseChange)]
    assert len(phases) == len(listener.venue.instruments())


def test_only_what_is_subscribed_is_delivered(listener):
    listener.run(1)
    assert not listener.of(Quote)
    listener.venue.feed.subscribe("AAPL", StreamKind.TRADES)
    listener.run(2)
    assert listener.of(Trade)
    assert not listener.of(Quote)
    assert not listener.of(Trade, "MSFT")


def test_replayed_depth_is_the_book(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.DEPTH)
    listener.run(5)
    bids, asks, seq = listener.book()
    book = listener.venue.exchange.matchers["AAPL"].book
    assert seq > 50
    assert sorted(bids.items(), reverse=True)[:20] == [pair(level) for level in book.bids.top(20)]
    assert sorted(asks.items())[:20] == [pair(level) for level in book.asks.top(20)]


def test_the_last_quote_is_the_touch_and_quotes_never_cross(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.QUOTES)
    listener.run(5)
    quotes = listener.of(Quote)
    book = listener.venue.exchange.matchers["AAPL"].book
    assert (quotes[-1].bid, quotes[-1].ask) == (book.bids.best, book.asks.best)
    assert all(quote.bid < quote.ask for quote in quotes)
    assert all(a.ts_event <= b.ts_event for a, b in itertools.pairwise(quotes))


def test_a_market_that_stands_still_repeats_its_quote():
    listener = Listener(rate=0)
    listener.venue.feed.subscribe("SIM-FILL", StreamKind.QUOTES)
    listener.run(5.5)
    assert 5 <= len(listener.of(Quote, "SIM-FILL")) <= 7
    assert {(q.bid, q.ask) for q in listener.of(Quote, "SIM-FILL")} == {(9_999, 10_001)}
    listener.venue.stop()


def test_a_lost_change_shows_as_a_gap_and_a_resync_heals_it(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.DEPTH)
    listener.run(1)
    listener.venue.faults.arm("feed_gap", symbol="AAPL")
    listener.run(1)
    changes = listener.of(BookChange)
    assert any(a.last_seq != b.prev_seq for a, b in itertools.pairwise(changes))
    listener.events.clear()
    listener.venue.feed.resync("AAPL")
    listener.run(1)
    assert isinstance(listener.events[0], BookSnapshot)
    listener.book()


def test_a_frozen_stream_is_silent_while_others_go_on(listener):
    for stream in StreamKind:
        listener.venue.feed.subscribe("AAPL", stream)
    listener.run(1)
    listener.venue.faults.arm("freeze", symbol="AAPL", stream="QUOTES", for_s=3)
    listener.events.clear()
    listener.run(2)
    assert not listener.of(Quote)
    assert listener.of(Trade)
    assert not [event for event in listener.events if isinstance(event, StreamChange)]
    listener.run(2)
    assert listener.of(Quote)


def test_a_feed_that_was_down_begins_again_with_snapshots(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.DEPTH)
    listener.run(1)
    listener.venue.faults.arm("feed_down", for_s=1)
    listener.run(0.5)
    listener.events.clear()
    listener.run(0.4)
    assert listener.events == []
    listener.run(1)
    assert [type(event) for event in listener.events[:2]] == [StreamChange, BookSnapshot]
    listener.book()


def test_a_halted_market_does_not_trade(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.TRADES)
    listener.venue.set_phase("AAPL", SessionPhase.HALTED, "news pending")
    listener.events.clear()
    listener.run(2)
    assert not listener.of(Trade)
    assert listener.of(PhaseChange)[-1].reason == "news pending"


def test_nothing_comes_after_stop(listener):
    listener.venue.feed.subscribe("AAPL", StreamKind.QUOTES)
    listener.run(1)
    listener.venue.feed.stop()
    seen = len(listener.events)
    listener.run(1)
    assert len(listener.events) == seen


def test_a_fill_that_the_venue_takes_back_is_taken_out_of_the_bars(tmp_path):
    harness = InProcess(tmp_path)
    market = MarketData(
        harness.clock, {found.symbol: found for found in harness.venue.instruments()}, on_fault=lambda *_: None
    )
    second, told = BarType(BarKind.SECOND, 1), []
    market.bars("AAPL", second)
    market.listen(told.extend)
    try:
        harness.venue.feed.start(market.on_feed)
        harness.venue.feed.subscribe("AAPL", StreamKind.TRADES)
        harness.market()
        harness.submit("bu", ord_type=OrdType.MARKET, qty=100)
        (fill,) = harness.until_filled("bu", 100)
        harness.run_until(lambda: any(isinstance(event, Trade) for event in told))
        market.close_bars(harness.now_ns() + 10**9)
        harness.arm("bust")
        harness.run_until(lambda: any(isinstance(event, TradeBust) for event in told))
    finally:
        harness.close()
    [bust] = [event for event in told if isinstance(event, TradeBust)]
    [print_] = [event for event in told if isinstance(event, Trade) and event.trade_id == bust.trade_id]
    assert (print_.price, print_.size, print_.ts_event) == (fill.last_px, fill.last_qty, fill.ts_event)
    [bar] = [event for event in told if isinstance(event, Bar)]
    [revised] = [event.bar for event in told if isinstance(event, BarRevised)]
    assert (revised.ts_open, revised.volume) == (bar.ts_open, bar.volume - 100)


class StampedApart:
    """A feed that prints, and a clock that has gone on between a print and the fill that it was."""

    def __init__(self, listener: Listener) -> None:
        listener.venue.feed.subscribe("AAPL", StreamKind.TRADES)
        while not listener.of(Trade):
            listener.run(0.1)
        self.listener = listener
        self.trade = listener.of(Trade)[-1]

    def amend(self, how: str, apart_ns: int, **values: int) -> list:
        feed, trade = self.listener.venue.feed, self.trade
        self.listener.events.clear()
        getattr(feed, how)(trade.symbol, trade.price, trade.size, trade.ts_event + apart_ns, **values)
        self.listener.run(0.2)
        return [event for event in self.listener.events if isinstance(event, Trade | TradeBust)]


def test_a_fill_that_was_stamped_later_than_its_print_still_takes_it_back(listener):
    stamped = StampedApart(listener)
    assert not [event for event in stamped.amend("bust", 2 * FILL_APART_NS) if isinstance(event, TradeBust)]
    [bust] = [event for event in stamped.amend("bust", 30_000) if isinstance(event, TradeBust)]
    assert bust.trade_id == stamped.trade.trade_id


def test_a_corrected_fill_is_taken_back_and_printed_again_at_its_old_time(listener):
    stamped = StampedApart(listener)
    was = stamped.trade
    bust, fixed, *_ = stamped.amend("correct", 30_000, to=was.price + 100)
    assert bust.trade_id == was.trade_id
    assert (fixed.price, fixed.size, fixed.ts_event) == (was.price + 100, was.size, was.ts_event)
    assert fixed.trade_id != was.trade_id
