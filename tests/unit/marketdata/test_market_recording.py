"""What is kept of the market and what scripts are told of it: recording, feed quality, latest values, changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.helpers.market import MINUTE, SECOND, T0, instrument, levels, quote, snapshot, trade
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.market import Bar, BarKind, BarSource, BarType, Quote, StreamKind, Trade
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.inquiry import MarketInquiry
from workstation.marketdata.intervals import INTERVALS, interval_of, shortest_ns
from workstation.marketdata.recording import Recording, stored_bars
from workstation.marketdata.service import MarketData
from workstation.marketdata.subscriptions import Subscriptions
from workstation.ports.market_store import FeedQuality, Retention, StoredBar

MINUTE_BARS = BarType(BarKind.MINUTE, 1)


class Kept:
    """A recorder that keeps everything in memory."""

    def __init__(self) -> None:
        self.bars: list[StoredBar] = []
        self.ticks: list[Quote | Trade] = []
        self.qualities: list[FeedQuality] = []

    def start(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        pass

    def put_bars(self, bars: Sequence[StoredBar], done: Callable[[bool], None] | None = None) -> None:
        self.bars += bars
        if done is not None:
            done(True)

    def put_ticks(self, ticks: Sequence[Quote | Trade], source: str) -> None:
        assert source == "SIM"
        self.ticks += ticks

    def put_quality(self, quality: FeedQuality) -> None:
        self.qualities.append(quality)


class Market:
    """A service with a recording and an inquiry over it."""

    def __init__(self, *, store_ticks: bool = False) -> None:
        self.asked: list[tuple[str, str, StreamKind]] = []
        self.clock = VirtualClock(T0)
        self.data = MarketData(
            self.clock,
            {symbol: instrument(symbol) for symbol in ("ABC", "XYZ")},
            on_fault=lambda _message, error: (_ for _ in ()).throw(error),
            subscribe=lambda symbol, kind: self.asked.append(("+", symbol, kind)),
            unsubscribe=lambda symbol, kind: self.asked.append(("-", symbol, kind)),
        )
        self.kept = Kept()
        self.recording = Recording(
            self.data, self.kept, source="SIM", now_ns=self.clock.now_ns, store_ticks=store_ticks
        )
        self.inquiry = MarketInquiry(self.data, "SIM")


@pytest.fixture
def market() -> Market:
    return Market()


def bar(bar_type: BarType = MINUTE_BARS, *, partial: bool = False) -> Bar:
    return Bar("ABC", bar_type, 10, 12, 9, 11, 500, 3, T0, T0 + MINUTE, partial=partial)


class TestRecording:
    def test_a_closed_bar_is_kept_exactly_and_a_forming_one_is_not(self, market: Market) -> None:
        market.data.bars("ABC", MINUTE_BARS)
        market.data.on_feed([trade(1_000), trade(1_020, at=SECOND), trade(990, at=2 * SECOND)])
        assert market.kept.bars == []
        market.data.on_feed([trade(1_001, at=MINUTE)])
        [kept] = market.kept.bars
        assert (kept.open, kept.high, kept.low, kept.close, kept.volume) == (1_000, 1_020, 990, 990, 300)
        assert (kept.start, kept.end, kept.interval, kept.data_type) == (T0, T0 + MINUTE, "1_MINUTE", "OHLC")
        assert (kept.price_decimals, kept.qty_decimals, kept.source) == (2, 0, "SIM")

    def test_bars_composed_of_smaller_ones_are_kept_once_each(self, market: Market) -> None:
        market.data.series.compose("ABC", MINUTE_BARS, BarType(BarKind.MINUTE, 5))
        market.data.on_feed([trade(1_000 + minute, at=minute * MINUTE) for minute in range(6)])
        found = [kept.interval for kept in market.kept.bars]
        assert found.count("1_MINUTE") == 5
        assert found.count("5_MINUTE") == 1

    def test_a_bar_that_began_before_we_listened_is_not_kept(self, market: Market) -> None:
        assert stored_bars([bar(partial=True)], market.data.instruments, "SIM") == []
        assert len(stored_bars([bar()], market.data.instruments, "SIM")) == 1

    def test_bars_that_no_interval_names_are_not_kept(self, market: Market) -> None:
        odd = [BarType(BarKind.TICK, 100), BarType(BarKind.MINUTE, 7), BarType(BarKind.MINUTE, 1, BarSource.BID)]
        assert stored_bars([bar(kind) for kind in odd], market.data.instruments, "SIM") == []

    def test_ticks_are_kept_only_where_that_is_switched_on(self) -> None:
        off, on = Market(), Market(store_ticks=True)
        events = [quote(999, 1_001), trade(1_000), snapshot(levels((999, 1)), levels((1_001, 1)), 1)]
        for market in (off, on):
            market.data.on_feed(list(events))
        assert off.kept.ticks == []
        assert on.kept.ticks == events[:2]

    def test_each_interval_has_one_name_and_a_length(self) -> None:
        assert [interval_of(bar_type) for bar_type in INTERVALS.values()] == list(INTERVALS)
        assert [shortest_ns(bar_type) for bar_type in INTERVALS.values()] == sorted(
            shortest_ns(bar_type) for bar_type in INTERVALS.values()
        )


class TestFeedQuality:
    def test_a_snapshot_counts_what_came_since_the_one_before(self, market: Market) -> None:
        market.data.on_feed([quote(999, 1_001), trade(1_000), trade(1_000)])
        market.data.on_feed([Trade("ABC", 1_000, 1, trade(1).aggressor, "", T0, T0 + 5_000_000)])
        market.recording.snapshot()
        market.recording.snapshot()
        first, second = market.kept.qualities
        assert (first.total_instruments, first.active_instruments) == (2, 1)
        assert (first.price_updates, first.volume_updates) == (4, 3)
        assert (first.average_latency_ns, first.max_latency_ns) == (2_500_000, 5_000_000)
        assert (second.active_instruments, second.price_updates, second.average_latency_ns) == (0, 0, None)

    def test_refused_messages_are_errors_of_their_own_period(self, market: Market) -> None:
        market.data.on_feed([trade(-5), trade(1_000)])
        market.recording.snapshot()
        market.recording.snapshot()
        assert [quality.error_count for quality in market.kept.qualities] == [1, 0]
        assert market.kept.qualities[0].metadata == {"refused": 1}

    def test_delayed_instruments_are_counted(self, market: Market) -> None:
        market.data.cache.set_delayed("ABC", delayed=True)
        market.data.on_feed([trade(1_000), trade(1_000, symbol="XYZ")])
        market.recording.snapshot()
        assert market.kept.qualities[0].delayed_data_count == 1


class TestInquiry:
    def test_the_latest_values_leave_out_what_nothing_is_known_of(self, market: Market) -> None:
        market.data.on_feed([trade(1_000)])
        assert [snap.symbol for snap in market.inquiry.latest(())] == ["ABC"]
        assert market.inquiry.latest(("XYZ", "NOPE")) == ()

    def test_a_consumer_gets_all_at_first_and_then_what_changed(self, market: Market) -> None:
        market.data.on_feed([trade(1_000), quote(999, 1_001)])
        market.inquiry.follow("api", frozenset({"ABC", "XYZ"}), frozenset())
        assert [snap.symbol for snap in market.inquiry.changes("api").quotes] == ["ABC"]
        assert market.inquiry.changes("api").quotes == ()
        market.data.on_feed([trade(1_001, at=SECOND), trade(1_002, at=SECOND)])
        [snap] = market.inquiry.changes("api").quotes
        assert snap.trade is not None
        assert snap.trade.price == 1_002

    def test_a_book_is_told_of_once_for_each_change(self, market: Market) -> None:
        market.inquiry.follow("api", frozenset(), frozenset({"ABC"}))
        market.data.on_feed([snapshot(levels((999, 10)), levels((1_001, 20)), 7)])
        [depth] = market.inquiry.changes("api").depths
        assert (depth.bids, depth.asks, depth.seq) == (levels((999, 10)), levels((1_001, 20)), 7)
        assert market.inquiry.changes("api").depths == ()

    def test_streams_are_asked_for_and_given_up_with_the_wish(self, market: Market) -> None:
        market.inquiry.follow("api", frozenset({"ABC"}), frozenset())
        market.inquiry.follow("api", frozenset({"ABC"}), frozenset({"ABC"}))
        assert market.asked == [("+", "ABC", kind) for kind in (StreamKind.QUOTES, StreamKind.TRADES, StreamKind.DEPTH)]
        market.inquiry.follow("api", frozenset(), frozenset())
        assert sorted(market.asked[3:]) == sorted(("-", "ABC", kind) for kind in StreamKind)
        assert market.inquiry.changes("api").quotes == ()

    def test_an_unknown_symbol_is_refused_by_name_and_changes_nothing(self, market: Market) -> None:
        market.inquiry.follow("api", frozenset({"ABC"}), frozenset())
        with pytest.raises(NotFound, match="NOPE"):
            market.inquiry.follow("api", frozenset({"NOPE"}), frozenset())
        market.data.on_feed([trade(1_000)])
        assert [snap.symbol for snap in market.inquiry.changes("api").quotes] == ["ABC"]

    def test_a_wish_beyond_the_feeds_room_gives_back_what_it_took(self, market: Market) -> None:
        market.data.subscriptions = Subscriptions(lambda *_: None, lambda *_: None, most=3)
        with pytest.raises(ValidationError, match="one too many"):
            market.inquiry.follow("api", frozenset({"ABC", "XYZ"}), frozenset())
        assert len(market.data.subscriptions) == 0
