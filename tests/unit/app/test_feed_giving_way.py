"""In the product market data gives way to the screen: the feed's deliveries, and the market that is in the process."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.helpers.product_rig import WAIT_S, running_headless
from tests.helpers.storage_flow import on_engine
from workstation.app.feed_giving_way import FeedGivingWay
from workstation.app.venues import Venue, VenueOptions, build_venue
from workstation.brokers.sim.venue import BATCH_NS
from workstation.domain.market import MarketEvent, PhaseChange, Quote, SessionPhase, StreamKind
from workstation.kernel.clock import VirtualClock
from workstation.kernel.giving_way import WayGiver, at_once

LONG_NS = 600_000_000_000
SYMBOL = "AAPL"


def exchange(clock: VirtualClock, give_way: WayGiver) -> Venue:
    options = VenueOptions(speed=1.0, plan="", seed=3, ticks_per_s=2_000, log=None, give_way=give_way)
    return build_venue("sim", clock, clock, options)


def quotes_of(venue: Venue) -> list[MarketEvent]:
    """Return the list that the quotes of a venue that is started are put into; the first is the one that stands."""
    quotes: list[MarketEvent] = []
    venue.feed.start(lambda events: quotes.extend(event for event in events if isinstance(event, Quote)))
    venue.feed.subscribe(SYMBOL, StreamKind.QUOTES)
    venue.start()
    return quotes


def test_what_the_market_does_gives_way_and_is_all_done_afterwards() -> None:
    clock, waiting = VirtualClock(), []
    held, free = exchange(clock, waiting.append), exchange(clock, at_once)
    of_held, of_free = quotes_of(held), quotes_of(free)
    clock.advance(20 * BATCH_NS)
    assert (len(waiting), len(of_held)) == (1, 1)
    assert len(of_free) > 1
    waiting.pop()()
    clock.advance(0)
    assert len(of_held) > 1


def test_of_a_feed_that_has_ended_nothing_is_delivered() -> None:
    clock, waiting, taken = VirtualClock(), [], []
    feed = FeedGivingWay(exchange(clock, at_once).feed, waiting.append)
    feed.start(taken.append)
    clock.advance(0)
    waiting.pop()()
    assert len(taken) == 1
    feed.subscribe(SYMBOL, StreamKind.QUOTES)
    clock.advance(0)
    feed.stop()
    waiting.pop()()
    assert len(taken) == 1


def test_in_the_product_what_a_feed_delivers_waits_while_the_screen_shows_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.kernel.giving_way.FRAME_FIRST_NS", LONG_NS)
    with running_headless(tmp_path / "home", "--no-api") as program:
        screen, core = program.engine.session.screen, program.engine.core
        seen: list[MarketEvent] = []
        passed, came = threading.Event(), threading.Event()

        def take(events: list[MarketEvent]) -> None:
            seen.extend(events)
            if any(isinstance(event, PhaseChange) and event.phase is SessionPhase.HALTED for event in events):
                came.set()

        def halt_in_a_frame() -> None:
            screen.begin()
            core.market.listen(take)
            program.venue.feed.phase_changed(SYMBOL, SessionPhase.HALTED)
            core.scheduler.call_later(BATCH_NS, passed.set)

        on_engine(program, halt_in_a_frame)
        assert passed.wait(WAIT_S)
        assert seen == []
        screen.end()
        assert came.wait(WAIT_S)
