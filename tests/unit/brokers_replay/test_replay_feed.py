"""The replay feed on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.market import SECOND, T0, change, instrument, levels, quote, real_data, snapshot, trade
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.feed import ReplayFeed, ReplayState
from workstation.brokers.replay.source import DecodeFaults, Row
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.market import (
    FEED_SLICE_MAX,
    BookSnapshot,
    MarketEvent,
    Quote,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
)
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.service import MarketData
from workstation.ports.feed import Feed


class Recording:
    """Rows held in memory; `passes` counts how often they were begun."""

    name = "memory"
    clock_offset_ns = None
    bytes_done = 0
    bytes_total = 0

    def __init__(self, *events: Trade | Quote | BookSnapshot) -> None:
        self.instruments = (instrument(),)
        self.faults = DecodeFaults()
        self.passes = 0
        self._rows = [Row(event.ts_init, (event,)) for event in events]

    def rows(self) -> Iterator[Row]:
        self.passes += 1
        return iter(self._rows)


class Player:
    def __init__(self, recording: Recording, *, speed: float = 1.0, loop: bool = False) -> None:
        self.clock = VirtualClock(2 * T0)
        self.feed = ReplayFeed(recording, self.clock, self.clock, speed=speed, loop=loop)
        self.slices: list[list[MarketEvent]] = []
        for stream in StreamKind:
            self.feed.subscribe("ABC", stream)

    def start(self) -> Player:
        self.feed.start(self.slices.append)
        self.clock.advance(0)
        return self

    @property
    def heard(self) -> list[MarketEvent]:
        return [event for events in self.slices for event in events if not isinstance(event, StreamChange)]

    @property
    def states(self) -> list[StreamState]:
        return [event.state for events in self.slices for event in events if isinstance(event, StreamChange)]


TRADES = [trade(100 + second, at=second * SECOND) for second in range(5)]


def test_it_is_a_feed() -> None:
    feed: Feed = Player(Recording()).feed
    assert feed.name == "replay of memory"


@pytest.mark.parametrize(("speed", "wall"), [(1.0, 2 * SECOND), (10.0, SECOND // 5), (0.1, 20 * SECOND)])
def test_rows_come_at_their_recorded_distance_divided_by_the_speed(speed: float, wall: int) -> None:
    player = Player(Recording(*TRADES), speed=speed).start()
    player.clock.advance(wall - SECOND // 100)
    assert player.heard == TRADES[:2]
    player.clock.advance(SECOND // 50)
    assert player.heard == TRADES[:3]


def test_speed_0_plays_in_slices_without_waiting() -> None:
    trades = [trade(100, at=number * SECOND) for number in range(2 * FEED_SLICE_MAX + 7)]
    player = Player(Recording(*trades), speed=0).start()
    assert player.heard == trades
    assert max(map(len, player.slices)) == FEED_SLICE_MAX
    assert player.feed.progress().state is ReplayState.ENDED


def test_the_end_of_the_recording_takes_all_streams_down() -> None:
    player = Player(Recording(*TRADES), speed=0).start()
    assert player.states == [StreamState.UP, StreamState.DOWN]
    player.clock.advance(100 * SECOND)
    assert len(player.heard) == 5


def test_an_empty_recording_ends_at_once() -> None:
    assert Player(Recording()).start().feed.progress().state is ReplayState.ENDED


def test_a_pause_holds_and_a_step_plays_row_by_row() -> None:
    player = Player(Recording(*TRADES)).start()
    player.feed.pause()
    player.clock.advance(100 * SECOND)
    assert player.heard == TRADES[:1]
    player.feed.step()
    player.feed.step(2)
    assert player.heard == TRADES[:4]
    player.feed.resume()
    player.clock.advance(SECOND // 2)
    assert player.heard == TRADES[:4]
    player.clock.advance(SECOND)
    assert player.heard == TRADES
    with pytest.raises(StateConflict):
        player.feed.step()


def test_speed_may_change_on_the_way() -> None:
    player = Player(Recording(*TRADES)).start()
    player.clock.advance(SECOND // 2)
    player.feed.set_speed(100)
    player.clock.advance(SECOND // 10)
    assert player.heard == TRADES


@pytest.mark.parametrize("speed", [0.01, -1, 1e6])
def test_a_speed_out_of_bounds_is_refused(speed: float) -> None:
    with pytest.raises(ValidationError):
        Player(Recording(), speed=speed)


def test_restart_plays_the_same_again_and_time_goes_on() -> None:
    recording = Recording(*TRADES)
    player = Player(recording, speed=0).start()
    ended_at = player.feed.now_ns()
    player.feed.restart()
    player.clock.advance(0)
    again = [event for event in player.heard[5:] if isinstance(event, Trade)]
    assert [event.price for event in again] == [event.price for event in TRADES]
    assert [event.ts_event - ended_at for event in again] == [second * SECOND for second in range(1, 6)]
    assert player.feed.now_ns() == again[-1].ts_init
    assert player.states == [StreamState.UP, StreamState.DOWN, StreamState.DOWN, StreamState.UP, StreamState.DOWN]


def test_a_loop_goes_on_in_time() -> None:
    player = Player(Recording(*TRADES), loop=True, speed=1.0).start()
    player.clock.advance(9 * SECOND + SECOND // 2)
    times = [event.ts_event for event in player.heard if isinstance(event, Trade)]
    assert times == [T0 + second * SECOND for second in range(10)]
    assert player.feed.progress().rounds == 2


def test_nothing_is_delivered_after_stop() -> None:
    player = Player(Recording(*TRADES)).start()
    player.feed.stop()
    player.clock.advance(100 * SECOND)
    assert player.heard == TRADES[:1]


def test_only_subscribed_streams_reach_the_sink_and_a_tap_hears_all_before_it() -> None:
    player = Player(Recording(*TRADES[:1], quote(99, 101, at=1)), speed=0)
    order: list[tuple[str, int]] = []
    player.feed.unsubscribe("ABC", StreamKind.TRADES)
    end = player.feed.tap(lambda events: order.append(("tap", len(events))))
    player.feed.start(lambda events: order.append(("sink", len(events))))
    player.clock.advance(0)
    assert order == [("tap", 1), ("sink", 1), ("tap", 2), ("sink", 1), ("tap", 1), ("sink", 1)]
    end()
    player.feed.restart()
    assert order[6:] == [("sink", 1), ("sink", 1)]


def test_a_depth_subscription_in_the_middle_begins_with_the_book_as_it_stands() -> None:
    first = snapshot(levels((99, 1)), levels((101, 1)), 1)
    player = Player(Recording(first, change(levels((100, 5)), (), 2), trade(100, at=60 * SECOND)))
    player.feed.unsubscribe("ABC", StreamKind.DEPTH)
    player.start()
    assert player.heard == []
    player.feed.subscribe("ABC", StreamKind.DEPTH)
    player.clock.advance(1)
    assert player.heard == [snapshot(levels((100, 5), (99, 1)), levels((101, 1)), 2)]


def test_progress_tells_where_the_replay_is() -> None:
    player = Player(Recording(*TRADES)).start()
    player.clock.advance(2 * SECOND + 1)
    progress = player.feed.progress()
    assert (progress.state, progress.rows, progress.ts - progress.ts_start) == (ReplayState.PLAYING, 3, 2 * SECOND)
    assert player.feed.now_ns() >= T0 + 2 * SECOND


def test_the_real_capture_gives_a_synchronised_book_that_agrees_with_the_best_quotes() -> None:
    clock = VirtualClock(T0)
    feed = ReplayFeed(open_source(real_data("usdm_btcusdt_20240808.gz")), clock, clock, speed=10)
    market = MarketData(
        clock,
        {found.symbol: found for found in feed.instruments()},
        on_fault=lambda _message, error: pytest.fail(repr(error)),
        resync=feed.resync,
    )
    for stream in StreamKind:
        feed.subscribe("BTCUSDT", stream)
    feed.start(market.on_feed)
    clock.advance(2 * SECOND)
    book = market.books["BTCUSDT"]
    assert book.state is StreamState.UP
    assert not book.crossed
    assert market.quality.counts.total() == 0
    held = market.cache.quote("BTCUSDT")
    assert held is not None
    assert book.best_bid is not None
    assert held.bid is not None
    assert abs(book.best_bid.price - held.bid) <= 100
    assert market.cache.reference("BTCUSDT").fresh
