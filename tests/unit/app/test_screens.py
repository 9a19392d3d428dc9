"""What screens ask of the market: series go on from the past, unusual ones end once nobody shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from tests.helpers.core_rig import START_NS, SYMBOL, instrument
from workstation.app.screens import IDLE_SERIES_MAX, EngineScreens
from workstation.commands.params import BarsRequest, Watch
from workstation.domain.market import Bar, BarType, StreamKind
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.intervals import bar_type_of, shortest_ns
from workstation.marketdata.market_hours import ImportedCalendars
from workstation.marketdata.service import MarketData
from workstation.marketdata.subscriptions import Subscriptions
from workstation.ports.market_data import MarketHours
from workstation.viewmodels.market_view import MarketView

MINUTE_NS, HOUR_NS = 60 * 10**9, 3_600 * 10**9
LISTED = msgspec.structs.replace(instrument(), calendar="XNYS")


def at_once(call: Callable[[], None]) -> None:
    call()


class Venue:
    """A venue with a past of hours and of minutes, whose closes count up; the last one still forms."""

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        if bar_type not in (bar_type_of("1h"), bar_type_of("1m")):
            return ()
        span = shortest_ns(bar_type)
        first = START_NS // span - (count - 1)
        opens = [(n, (first + n) * span) for n in range(count)]
        return [
            Bar(symbol, bar_type, n, n + 9, n, n + 1, 5, 1, opened, opened + span, partial=n == count - 1)
            for n, opened in opens
        ]


class Screens:
    def __init__(self) -> None:
        self.market = MarketData(VirtualClock(START_NS), {SYMBOL: LISTED}, on_fault=lambda *_: None)
        venue: Any = Venue()
        self.view = MarketView(self.market)
        self.screens = EngineScreens(self.market, self.market.instruments, venue, self.view, at_once)

    def watch(self, *intervals: str, consumer: str = "chart-1") -> None:
        bars = tuple((SYMBOL, bar_type_of(name)) for name in intervals)
        self.screens.watch(Watch(consumer=consumer, quotes=frozenset({SYMBOL}), bars=bars))

    def is_open(self, interval: str) -> bool:
        return self.market.series.is_open(SYMBOL, bar_type_of(interval))


@pytest.fixture
def made() -> Screens:
    return Screens()


def type_through(made: Screens, count: int) -> None:
    for number in range(count):
        made.watch(f"{100 + number}t")


def test_typed_intervals_that_no_panel_shows_end_the_oldest_first(made: Screens) -> None:
    type_through(made, IDLE_SERIES_MAX + 3)
    opened = [made.is_open(f"{100 + number}t") for number in range(IDLE_SERIES_MAX + 3)]
    assert opened == [False, False, *[True] * (IDLE_SERIES_MAX + 1)]
    made.screens.watch(Watch(consumer="chart-1"))
    assert not made.is_open("102t")
    assert len(made.market.subscriptions) == 0


def test_what_a_panel_shows_or_a_strategy_reads_goes_on(made: Screens) -> None:
    made.watch("7t", consumer="chart-2")
    made.watch("9t")
    made.market.bars(SYMBOL, bar_type_of("9t"))
    type_through(made, 2 * IDLE_SERIES_MAX)
    assert made.is_open("7t")
    assert made.is_open("9t")


def test_recorded_intervals_are_built_on_for_the_store(made: Screens) -> None:
    made.watch("5m")
    type_through(made, 2 * IDLE_SERIES_MAX)
    assert made.is_open("5m")


def test_several_hours_are_laid_on_the_exchanges_day_and_the_last_goes_on_forming(made: Screens) -> None:
    request = BarsRequest(symbol=SYMBOL, bar_type=bar_type_of("3h"), count=100)
    bars = made.screens.bars(request)
    assert set((bars.ts_open[1:] - bars.ts_open[:-1]).tolist()) == {3 * HOUR_NS}
    assert set((bars.ts_open // HOUR_NS % 3).tolist()) == {1}  # midnight in New York is 04:00 UTC
    opens, closes = bars.ohlcv[:, 0], bars.ohlcv[:, 3]
    assert (closes - opens).round(2).tolist() == [0.03] * len(opens)
    forming = made.market.current_bar(SYMBOL, bar_type_of("3h"))
    assert forming is not None
    assert forming.ts_open == bars.ts_open[-1] + 3 * HOUR_NS


def test_series_that_new_hours_cut_otherwise_are_laid_anew_from_the_past_and_screens_are_told(made: Screens) -> None:
    made.watch("1h@open", "1m")
    history = made.market.series.open(SYMBOL, bar_type_of("1h@open"))
    bars = len(history)
    assert 30 in (history.ts_open // MINUTE_NS % 60).tolist()
    week = (((10 * 3_600 + 600, 16 * 3_600),),) * 7
    hours = MarketHours(name="usa.equity", zone="America/New_York", week=week)
    Calendars.adopt(ImportedCalendars({"usa.equity": hours}))
    try:
        assert made.screens.recut() == 1
        minutes = (history.ts_open // MINUTE_NS % 60).tolist()
        assert (10 in minutes, 30 in minutes) == (True, False)
        assert len(history) > bars // 2
        forming = made.market.current_bar(SYMBOL, bar_type_of("1h@open"))
        assert forming is not None
        assert forming.ts_open > history.ts_open[-1]
        told = [update for update in made.view.take()[2] if update.anew]
        assert [(update.symbol, update.bar_type) for update in told] == [(SYMBOL, bar_type_of("1h@open"))]
        assert made.screens.recut() == 0
    finally:
        Calendars.adopt({})


def test_a_feed_that_went_silent_is_asked_again_for_every_stream_that_is_open() -> None:
    asked: list[tuple[str, StreamKind]] = []
    market = MarketData(
        VirtualClock(START_NS),
        {SYMBOL: LISTED},
        on_fault=lambda *_: None,
        subscribe=lambda symbol, stream: asked.append((symbol, stream)),
    )
    venue: Any = Venue()
    screens = EngineScreens(market, market.instruments, venue, MarketView(market), at_once)
    for stream in (StreamKind.QUOTES, StreamKind.TRADES, StreamKind.QUOTES):
        market.subscriptions.acquire(SYMBOL, stream)
    assert screens.resubscribe() == 2
    assert asked == [(SYMBOL, StreamKind.QUOTES), (SYMBOL, StreamKind.TRADES)] * 2


def test_a_wish_beyond_the_limit_gets_what_there_is_room_for_and_names_who_has_the_rest() -> None:
    listed = {symbol: instrument(symbol) for symbol in ("A", "B", "C")}
    market = MarketData(VirtualClock(START_NS), listed, on_fault=lambda *_: None)
    market.subscriptions = Subscriptions(lambda *_: None, lambda *_: None, most=5)
    venue: Any = Venue()
    screens = EngineScreens(market, market.instruments, venue, MarketView(market), at_once)
    market.subscriptions.acquire("C", StreamKind.DEPTH)
    left = screens.watch(Watch(consumer="list-1", quotes=frozenset("ABC")))
    assert (left.symbols, left.most) == (frozenset("C"), 5)
    assert left.holders == (("list-1", 4), ("scripts, strategies and alerts", 1))
    assert len(market.subscriptions) == 5
    assert screens.watch(Watch(consumer="list-1", quotes=frozenset("BC"))).symbols == frozenset(), "what it gave up"
    assert screens.watch(Watch(consumer="list-1")).symbols == frozenset()
    assert len(market.subscriptions) == 1


def test_bars_for_one_look_begin_no_series_and_are_those_of_the_series_once_it_is_open(made: Screens) -> None:
    hour = bar_type_of("1h")
    look = BarsRequest(symbol=SYMBOL, bar_type=hour, count=5, goes_on=False)
    seen = made.screens.bars(look)
    assert not made.is_open("1h")
    assert len(seen.ts_open) == 5
    made.watch("1h")
    again = made.screens.bars(look)
    assert again.ts_open.tolist() == seen.ts_open.tolist()


def test_bars_that_count_from_the_open_and_composed_ones_are_laid_from_the_venues_minutes(made: Screens) -> None:
    for name in ("90m@open", "2h:of-1h"):
        bars = made.screens.bars(BarsRequest(symbol=SYMBOL, bar_type=bar_type_of(name), count=20))
        assert len(bars.ts_open) == 20, name
        assert int(bars.ohlcv[-1, 4]) > 0, name
    opens = {ns % (24 * HOUR_NS) for ns in made.screens.bars(
        BarsRequest(symbol=SYMBOL, bar_type=bar_type_of("90m@open"), count=20)
    ).ts_open.tolist()}  # fmt: skip
    assert opens & {14 * HOUR_NS + HOUR_NS // 2, 13 * HOUR_NS + HOUR_NS // 2}, "half past nine in New York"


def test_a_split_is_told_with_the_bar_that_forms_in_its_prices_or_the_last_one_that_closed(made: Screens) -> None:
    made.watch("1m", "1h")
    before = made.market.current_bar(SYMBOL, bar_type_of("1h"))
    assert before is not None
    made.screens.on_split(SYMBOL, 2, 1, START_NS)
    told = {update.bar_type: update for update in made.view.take()[2] if update.split}
    assert told.keys() == {bar_type_of("1m"), bar_type_of("1h")}
    hour = told[bar_type_of("1h")]
    assert (hour.closed, hour.bar.high) == (False, round(before.high / 2))
    (done,) = made.screens.splits_done(SYMBOL, bar_type_of("1h"), [])
    assert (done.numerator, done.at) == (2, before.ts_open)
    made.market.close_bars(START_NS + 61 * MINUTE_NS)
    made.screens.on_split(SYMBOL, 3, 1, START_NS + 61 * MINUTE_NS)
    closed = [update for update in made.view.take()[2] if update.split]
    assert [update.closed for update in closed] == [True, True]
    assert all(update.symbol == SYMBOL for update in closed)
