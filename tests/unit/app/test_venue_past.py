"""A long past of the venue's is worked out aside: the engine's thread reads the newest bar only."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.helpers.core_rig import START_NS, SYMBOL, instrument
from workstation.app.screens import BARS_BEFORE, EngineScreens
from workstation.commands.market import bars
from workstation.commands.params import BarsRequest
from workstation.domain.market import Bar, BarType
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.service import MarketData
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.market_view import MarketView

DAY_NS = 86_400 * 10**9
WAIT_S = 20
DAYS, MINUTES = bar_type_of("1d"), bar_type_of("1m")


class Venue:
    """Days whose last still forms and trades more each time it is read; notes who asked, and for how many."""

    def __init__(self) -> None:
        self.asked: list[tuple[bool, int]] = []
        self.fault: Exception | None = None
        self.today = START_NS // DAY_NS

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        is_aside = threading.current_thread().name.startswith("venue-past")
        self.asked.append((is_aside, count))
        if self.fault is not None and is_aside:
            raise self.fault
        today = START_NS // DAY_NS if is_aside else self.today
        volumes = [*[5] * (count - 1), len(self.asked)]
        opened = [(today - count + 1 + number) * DAY_NS for number in range(count)]
        return [
            Bar(symbol, bar_type, 1, 3, 1, 2, volume, 1, at, at + DAY_NS, partial=at == today * DAY_NS)
            for at, volume in zip(opened, volumes, strict=True)
        ]


class Desk:
    """Screens over such a venue; what is posted waits until `handle`, as for the engine's thread."""

    def __init__(self) -> None:
        self.posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.market = MarketData(VirtualClock(START_NS), {SYMBOL: instrument()}, on_fault=lambda *_: None)
        self.venue: Any = Venue()
        view = MarketView(self.market)
        self.screens = EngineScreens(self.market, self.market.instruments, self.venue, view, self.posted.put)
        self.read: list[str] = []

    def ask(self, name: str, bar_type: BarType = DAYS) -> None:
        self.screens.when_read([(SYMBOL, bar_type, 0)], lambda: self.open(name, bar_type))

    def open(self, name: str, bar_type: BarType) -> None:
        self.read.append(name)
        self.screens.bars(BarsRequest(symbol=SYMBOL, bar_type=bar_type, count=10))

    def handle(self) -> None:
        """Do what is posted, and what that posts: at least one call."""
        self.posted.get(timeout=WAIT_S)()
        while not self.posted.empty():
            self.posted.get()()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.screens.close()


def test_years_of_days_are_read_aside_and_the_day_that_forms_once_more(desk: Desk) -> None:
    desk.ask("first")
    assert desk.read == []
    desk.handle()
    assert desk.read == ["first"]
    assert desk.venue.asked == [(True, BARS_BEFORE), (False, 2)]
    forming = desk.market.current_bar(SYMBOL, DAYS)
    assert forming is not None
    assert (forming.ts_open, forming.volume) == (START_NS // DAY_NS * DAY_NS, 2), "the day as it was read last"
    assert len(desk.market.series.seed(SYMBOL, DAYS, ())) == BARS_BEFORE - 1


def test_several_long_pasts_are_all_at_hand_when_the_last_has_come(desk: Desk) -> None:
    weeks = bar_type_of("1w")

    def open_both() -> None:
        for bar_type in (DAYS, weeks):
            desk.open(str(bar_type.kind), bar_type)

    desk.screens.when_read([(SYMBOL, DAYS, 0), (SYMBOL, weeks, 0)], open_both)
    while len(desk.read) < 2:
        desk.handle()
    assert [count for is_aside, count in desk.venue.asked if not is_aside] == [2, 2], "the newest alone, of each"


def test_a_bar_that_closed_while_its_past_was_read_is_whole_in_the_series(desk: Desk) -> None:
    desk.ask("first")
    desk.venue.today += 1
    desk.handle()
    history = desk.market.series.seed(SYMBOL, DAYS, ())
    assert history.ts_open[-1] == START_NS // DAY_NS * DAY_NS, "the day that formed when it was read"
    assert history.ts_open[-2] == history.ts_open[-1] - DAY_NS


def test_one_that_fails_holds_up_no_other_that_waits_for_the_same(desk: Desk) -> None:
    def fails() -> None:
        raise LookupError("of a screen")

    desk.screens.when_read([(SYMBOL, DAYS, 0)], fails)
    desk.ask("second")
    with pytest.raises(LookupError):
        desk.handle()
    desk.handle()
    assert desk.read == ["second"]


def test_who_asks_for_the_same_meanwhile_waits_for_the_one_reading(desk: Desk) -> None:
    desk.ask("first")
    desk.ask("second")
    desk.handle()
    desk.ask("third")
    assert desk.read == ["first", "second", "third"]
    desk.screens.close()  # whatever was begun has ended
    assert [count for is_aside, count in desk.venue.asked if is_aside] == [BARS_BEFORE]


def test_a_short_past_is_read_at_once(desk: Desk) -> None:
    desk.ask("minutes", MINUTES)
    assert desk.read == ["minutes"]
    assert desk.venue.asked == [(False, BARS_BEFORE)]


def test_what_no_screen_waits_for_is_read_aside_however_short_and_once(desk: Desk) -> None:
    request = BarsRequest(symbol=SYMBOL, bar_type=MINUTES, count=10, goes_on=False)
    read: list[BarSeries] = []
    desk.screens.when_read([(SYMBOL, MINUTES, 10)], lambda: read.append(desk.screens.bars(request)), at_leisure=True)
    assert read == []
    desk.handle()
    assert desk.venue.asked == [(True, 11)]
    assert [len(series.ts_open) for series in read] == [10]


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_series_that_does_not_go_on_is_asked_for_at_leisure(goes_on: bool) -> None:
    leisure: list[bool] = []

    class Screens:
        def when_read(self, _wanted: object, _then: object, *, at_leisure: bool = False) -> None:
            leisure.append(at_leisure)

    context: Any = SimpleNamespace(screens=Screens())
    call: Any = None
    bars(context, BarsRequest(symbol=SYMBOL, bar_type=MINUTES, goes_on=goes_on), call)
    assert leisure == [not goes_on]


def test_who_asks_for_more_meanwhile_gets_as_many(desk: Desk) -> None:
    desk.screens.when_read([(SYMBOL, DAYS, 10)], lambda: desk.read.append("few"), at_leisure=True)
    desk.ask("many")
    desk.handle()
    desk.handle()
    assert desk.read == ["few", "many"]
    assert len(desk.market.series.seed(SYMBOL, DAYS, ())) == BARS_BEFORE - 1


def test_a_reading_that_fails_is_logged_and_the_engine_reads(desk: Desk, logged: list[dict[str, Any]]) -> None:
    desk.venue.fault = OSError("planted")
    desk.ask("first")
    desk.handle()
    assert desk.read == ["first"]
    assert desk.venue.asked == [(True, BARS_BEFORE), (False, BARS_BEFORE)]
    assert [line["event"] for line in logged] == ["venue_past_not_read"]
