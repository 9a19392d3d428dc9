"""Past bars of a venue: fetched once, then only what has closed since."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.helpers.market import DAY, MINUTE, T0
from workstation.app.market_store import BARS_FETCHED_MAX, VenueBars
from workstation.commands.market_params import FetchBars
from workstation.domain.errors import UserError
from workstation.domain.market import Bar, BarKind, BarType

MINUTES = BarType(BarKind.MINUTE, 1)
WAIT_S = 10.0


class Venue:
    """A venue whose clock a test sets."""

    def __init__(self) -> None:
        self.now = T0 + DAY
        self.asked: list[int] = []
        self.fails = False

    def now_ns(self) -> int:
        return self.now

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        self.asked.append(count)
        if self.fails:
            raise UserError("the file is gone")
        return ()


class Keeper:
    """A recording that keeps at once."""

    def keep(self, bars: Sequence[Bar], done: Callable[[bool], None]) -> None:
        done(True)


class Fetching:
    def __init__(self) -> None:
        self.venue = Venue()
        venue: Any = self.venue
        keeper: Any = Keeper()
        self.bars = VenueBars(venue, keeper, lambda call: call())

    def fetch(self, start_ns: int | None, count: int = 1_000) -> bool:
        done, outcomes = threading.Event(), []

        def told(stored: bool) -> None:
            outcomes.append(stored)
            done.set()

        self.bars.fetch(FetchBars(symbol="ABC", bar_type=MINUTES, start_ns=start_ns, count=count), told)
        assert done.wait(WAIT_S)
        return outcomes[0]


@pytest.fixture
def fetching():
    fetching = Fetching()
    yield fetching
    fetching.bars.close()


def test_what_was_fetched_is_not_asked_for_again(fetching: Fetching) -> None:
    start = fetching.venue.now - 10 * MINUTE
    assert fetching.fetch(start)
    assert fetching.fetch(start)
    assert fetching.fetch(None, count=10)
    assert fetching.venue.asked == [12]


def test_only_what_has_closed_since_is_asked_for(fetching: Fetching) -> None:
    start = fetching.venue.now - 10 * MINUTE
    fetching.fetch(start)
    fetching.venue.now += MINUTE // 2
    fetching.fetch(start)
    fetching.venue.now += MINUTE // 2
    fetching.fetch(start)
    assert fetching.venue.asked == [12, 3]


def test_an_older_start_asks_for_all_within_the_bound(fetching: Fetching) -> None:
    fetching.fetch(fetching.venue.now - 10 * MINUTE)
    fetching.fetch(fetching.venue.now - 100 * MINUTE)
    fetching.fetch(0)
    assert fetching.venue.asked == [12, 102, BARS_FETCHED_MAX]


def test_a_venue_that_cannot_be_read_is_asked_again(fetching: Fetching, logged: list) -> None:
    fetching.venue.fails = True
    assert not fetching.fetch(fetching.venue.now - MINUTE)
    fetching.venue.fails = False
    assert fetching.fetch(fetching.venue.now - MINUTE)
    assert [line["event"] for line in logged] == ["past_bars_not_read"]
