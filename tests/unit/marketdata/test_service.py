"""The composed service: one list in, one list out to each listener."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from tests.helpers.market import MINUTE, SECOND, T0, change, instrument, levels, quote, snapshot, trade
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.market import (
    Aggressor,
    Bar,
    BarKind,
    BarSource,
    BarType,
    MarketEvent,
    Quote,
    StreamKind,
    StreamState,
    Trade,
)
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.benchmark import run
from workstation.marketdata.conflation import Tape
from workstation.marketdata.freshness import Flag
from workstation.marketdata.history import BarHistory
from workstation.marketdata.series import BAR_SERIES_MAX
from workstation.marketdata.service import MarketData
from workstation.marketdata.subscriptions import SUBSCRIPTIONS_MAX, Subscriptions

MINUTE_BARS = BarType(BarKind.MINUTE, 1)


class Service:
    def __init__(self) -> None:
        self.faults: list[BaseException] = []
        self.resyncs: list[str] = []
        self.batches: list[list[MarketEvent]] = []
        self.clock = VirtualClock(T0)
        self.market = MarketData(
            self.clock,
            {symbol: instrument(symbol) for symbol in ("ABC", "XYZ")},
            on_fault=lambda _message, error: self.faults.append(error),
            resync=self.resyncs.append,
        )
        self.market.listen(self.batches.append)


def test_a_closed_bar_stands_before_the_tick_that_closed_it() -> None:
    service = Service()
    service.market.bars("ABC", MINUTE_BARS)
    first, second, third = trade(100), trade(101, at=MINUTE), trade(102, at=MINUTE + 1)
    service.market.on_feed([first, second, third])
    (batch,) = service.batches
    assert [type(event).__name__ for event in batch] == ["Trade", "Bar", "Trade", "Trade"]
    assert batch[2:] == [second, third]


def test_a_larger_series_follows_the_bar_that_closed_it() -> None:
    service = Service()
    five = BarType(BarKind.MINUTE, 5)
    history = service.market.series.compose("ABC", MINUTE_BARS, five)
    service.market.on_feed([trade(100 + minute, at=minute * MINUTE) for minute in range(6)])
    made = [event for event in service.batches[0] if type(event) is Bar]
    assert [bar.bar_type.step for bar in made] == [1, 1, 1, 1, 1, 5]
    assert len(history) == 1
    assert history.values.tolist() == [[100, 104, 100, 104, 500]]
    current = service.market.current_bar("ABC", five)
    assert current is None


def test_a_bar_from_outside_is_kept_and_passed_on_once() -> None:
    service = Service()
    outside = BarType(BarKind.MINUTE, 1, external=True)
    history = service.market.bars("ABC", outside)
    service.market.series.compose("ABC", outside, BarType(BarKind.MINUTE, 2))
    bars = [Bar("ABC", outside, 5, 6, 4, 5, 10, 1, T0 + n * MINUTE, T0 + (n + 1) * MINUTE) for n in range(2)]
    service.market.on_feed([*bars])
    assert [event.bar_type.step for event in service.batches[0] if type(event) is Bar] == [1, 1, 2]
    assert len(history) == 2


def test_a_listener_that_fails_is_reported_and_the_others_still_run() -> None:
    service = Service()

    def broken(_events: list[MarketEvent]) -> None:
        raise ZeroDivisionError

    late: list[list[MarketEvent]] = []
    service.market.listen(broken)
    service.market.listen(late.append)
    service.market.on_feed([trade(100)])
    assert len(late) == 1
    assert [type(error) for error in service.faults] == [ZeroDivisionError]


def test_a_gap_asks_the_feed_for_a_snapshot_and_flags_the_instrument() -> None:
    service = Service()
    service.market.on_feed([snapshot(levels((99, 1)), levels((101, 1)), 1), change((), (), 5)])
    assert service.resyncs == ["ABC"]
    price = service.market.cache.price("ABC", BarSource.BID)
    assert Flag.UNSYNCED in price.flags
    assert not price.is_fresh
    service.market.on_feed([snapshot(levels((98, 1)), levels((102, 1)), 5)])
    assert service.market.cache.price("ABC", BarSource.BID).is_fresh


def test_an_instrument_with_depth_alone_gets_quotes_from_its_book() -> None:
    service = Service()
    service.market.on_feed([snapshot(levels((99, 3)), levels((101, 4)), 1)])
    made = service.batches[0][-1]
    assert type(made) is Quote
    assert (made.bid, made.bid_size, made.ask, made.ask_size) == (99, 3, 101, 4)


def test_an_instrument_with_a_quote_stream_keeps_it() -> None:
    service = Service()
    service.market.on_feed([quote(90, 110), snapshot(levels((99, 3)), levels((101, 4)), 1)])
    assert len(service.batches[0]) == 2
    assert service.market.reference("ABC").bid == 90


def test_time_closes_quiet_bars_and_tells_listeners() -> None:
    service = Service()
    service.market.bars("ABC", MINUTE_BARS)
    service.market.on_feed([trade(100)])
    service.market.close_bars(T0 + MINUTE)
    assert [type(event) for event in service.batches[-1]] == [Bar]


def test_a_conflator_gives_the_newest_state_of_what_changed() -> None:
    service = Service()
    everything, one = service.market.conflate(), service.market.conflate(("XYZ",))
    service.market.on_feed([quote(99, 101), quote(98, 100, at=1), quote(5, 6, symbol="XYZ")])
    taken = everything.take()
    assert {symbol: snap.quote.bid for symbol, snap in taken.items() if snap.quote} == {"ABC": 98, "XYZ": 5}
    assert set(one.take()) == {"XYZ"}
    assert everything.take() == {}
    service.market.forget(everything)
    service.market.on_feed([quote(97, 99, at=2)])
    assert everything.take() == {}


def test_a_conflator_gives_the_book_as_it_is_now() -> None:
    service = Service()
    conflator = service.market.conflate()
    service.market.on_feed([snapshot(levels((99, 3), (98, 2)), levels((101, 4)), 1)])
    depth = conflator.take_depth(["ABC", "XYZ"], 1)
    assert set(depth) == {"ABC"}
    assert (depth["ABC"].bids[0].price, len(depth["ABC"].bids), depth["ABC"].state) == (99, 1, StreamState.UP)


def test_a_tape_keeps_the_newest_trades_and_counts_the_lost() -> None:
    tape = Tape(("ABC",), most=2)
    tape.on_batch([trade(1), trade(2), trade(3), trade(9, symbol="XYZ")])
    assert [kept.price for kept in tape.take()] == [2, 3]
    assert tape.lost == 1
    assert tape.take() == []


def test_the_feed_hears_of_the_first_and_the_last_subscriber_only() -> None:
    calls: list[tuple[str, str]] = []
    subscriptions = Subscriptions(
        lambda symbol, _stream: calls.append(("on", symbol)),
        lambda symbol, _stream: calls.append(("off", symbol)),
        most=1,
    )
    first = subscriptions.acquire("ABC", StreamKind.QUOTES)
    second = subscriptions.acquire("ABC", StreamKind.QUOTES)
    with pytest.raises(ValidationError):
        subscriptions.acquire("XYZ", StreamKind.QUOTES)
    first()
    first()
    assert calls == [("on", "ABC")]
    second()
    assert calls == [("on", "ABC"), ("off", "ABC")]


def test_ten_thousand_wishes_open_no_more_streams_than_there_is_room_for_and_leave_none_behind() -> None:
    open_now, most = set[str](), 0
    subscriptions = Subscriptions(lambda symbol, _: open_now.add(symbol), lambda symbol, _: open_now.discard(symbol))
    held, refused = [], []
    for number in range(10_000):
        try:
            held.append(subscriptions.acquire(f"S{number}", StreamKind.QUOTES))
        except ValidationError as error:
            refused.append(str(error))
        most = max(most, len(open_now), len(subscriptions))
    assert (len(held), len(refused), most) == (SUBSCRIPTIONS_MAX, 10_000 - SUBSCRIPTIONS_MAX, SUBSCRIPTIONS_MAX)
    assert "S9999 QUOTES is one too many" in refused[-1]
    for release in held:
        release()
    assert (len(subscriptions), open_now) == (0, set())
    subscriptions.acquire("S9999", StreamKind.QUOTES)
    assert open_now == {"S9999"}


def test_a_series_of_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(NotFound):
        Service().market.bars("NOBODY", MINUTE_BARS)


def test_series_are_bounded_and_a_closed_one_makes_room() -> None:
    service = Service()
    for step in range(1, BAR_SERIES_MAX + 1):
        service.market.bars("ABC", BarType(BarKind.TICK, step))
    with pytest.raises(ValidationError):
        service.market.bars("XYZ", MINUTE_BARS)
    service.market.series.close("ABC", BarType(BarKind.TICK, 1))
    service.market.bars("XYZ", MINUTE_BARS)


def bar(minute: int, close: int = 10) -> Bar:
    return Bar("ABC", MINUTE_BARS, 10, 20, 5, close, 100, 1, T0 + minute * MINUTE, T0 + (minute + 1) * MINUTE)


def test_history_keeps_the_newest_bars_and_counts_what_left() -> None:
    history = BarHistory("ABC", MINUTE_BARS, capacity=3, price_scale=0.01)
    history.extend(bar(minute) for minute in range(5_000))
    assert (len(history), history.dropped) == (3, 4_997)
    assert history.ts_open.tolist() == [T0 + minute * MINUTE for minute in (4_997, 4_998, 4_999)]
    assert history.ohlcv().tolist()[0] == pytest.approx([0.1, 0.2, 0.05, 0.1, 100])


def test_prices_of_a_history_are_digit_by_digit_those_that_a_strategy_has() -> None:
    history = BarHistory("ABC", MINUTE_BARS, capacity=20_000, price_scale=10.0**-2)
    history.extend(bar(close, close) for close in range(1, 20_000))
    assert history.ohlcv()[:, 3].tolist() == [close / 100 for close in range(1, 20_000)]


def test_history_takes_a_revision_in_place_and_a_forgotten_bar_in_order() -> None:
    history = BarHistory("ABC", MINUTE_BARS, capacity=10)
    history.extend([bar(0), bar(2), bar(3)])
    history.append(bar(2, close=15))
    history.append(bar(1, close=7))
    assert history.values[:, 3].tolist() == [10, 7, 15, 10]
    assert history.index_at(T0 + 2 * MINUTE + SECOND) == 2
    assert history.last() == (T0 + 3 * MINUTE, T0 + 4 * MINUTE, 10, 20, 5, 10, 100)


def test_history_loads_columns_and_goes_on() -> None:
    history = BarHistory("ABC", MINUTE_BARS, capacity=2)
    times = np.array([[T0 + n * MINUTE, T0 + (n + 1) * MINUTE] for n in range(3)])
    history.load(times, np.ones((3, 5), np.int64))
    history.append(bar(3))
    assert history.ts_open.tolist() == [T0 + 2 * MINUTE, T0 + 3 * MINUTE]


def test_the_tick_path_carries_a_seeded_feed_without_faults() -> None:
    figures = run(time.process_time_ns, ticks=5_000)
    assert figures["faults"] == 0
    assert figures["marked"] == 20


def test_bars_from_outside_that_stand_for_their_trades_keep_their_shape_in_larger_bars() -> None:
    service = Service()
    outside = BarType(BarKind.MINUTE, 1, external=True)
    one = service.market.bars("ABC", MINUTE_BARS, since_ns=T0)
    two = service.market.bars("ABC", BarType(BarKind.MINUTE, 2), since_ns=T0)
    shapes = [(10, 15, 8, 12), (12, 20, 11, 13), (13, 13, 5, 6)]
    for minute, (first, high, low, last) in enumerate(shapes):
        opened, closes = T0 + minute * MINUTE, T0 + (minute + 1) * MINUTE
        repeat = Trade("ABC", last, 100, Aggressor.UNKNOWN, "", closes - 1, closes, "BAR")
        service.market.on_feed([Bar("ABC", outside, first, high, low, last, 100, 1, opened, closes), repeat])
    assert one.values.tolist() == [[10, 15, 8, 12, 100], [12, 20, 11, 13, 100]]
    assert two.values.tolist() == [[10, 20, 8, 13, 200]]
    assert service.market.quality.counts.total() == 0
    service.market.close_bars(T0 + 3 * MINUTE)
    assert one.values.tolist()[-1] == [13, 13, 5, 6, 100]


def test_a_series_may_go_on_from_a_history_whose_last_bar_still_forms() -> None:
    service = Service()
    past = [bar(-1), msgspec.structs.replace(bar(0), partial=True)]
    history = service.market.series.seed("ABC", MINUTE_BARS, past)
    service.market.on_feed([trade(30, 5, at=SECOND), trade(31, at=MINUTE)])
    assert history.values.tolist() == [[10, 20, 5, 10, 100], [10, 30, 5, 30, 105]]


def test_the_stalest_instrument_of_a_stream_is_named() -> None:
    service = Service()
    service.market.on_feed([quote(99, 101), quote(5, 6, symbol="XYZ")])
    service.clock.advance(10 * SECOND)
    service.market.on_feed([quote(5, 6, symbol="XYZ")])
    worst = service.market.cache.worst(StreamKind.QUOTES)
    assert (worst.symbol, worst.age_ns, worst.usual_ns) == ("ABC", 10 * SECOND, 0)


def test_the_stalest_instrument_says_how_often_it_usually_speaks() -> None:
    service = Service()
    for _ in range(5):
        service.market.on_feed([quote(99, 101)])
        service.clock.advance(SECOND)
    service.clock.advance(30 * SECOND)
    assert service.market.cache.worst(StreamKind.QUOTES).usual_ns == SECOND


def test_an_instrument_that_nobody_asks_for_any_more_is_not_late() -> None:
    service = Service()
    service.market.on_feed([quote(99, 101), quote(5, 6, symbol="XYZ")])
    service.clock.advance(10 * SECOND)
    service.market.on_feed([quote(5, 6, symbol="XYZ")])
    worst = service.market.cache.worst
    assert worst(StreamKind.QUOTES, {"ABC", "XYZ"}).symbol == "ABC"
    assert (worst(StreamKind.QUOTES, {"XYZ"}).symbol, worst(StreamKind.QUOTES, {"XYZ"}).age_ns) == ("", 0)
    service.clock.advance(10 * SECOND)
    assert worst(StreamKind.QUOTES, set()).age_ns == 0, "nobody waits for anything"
