"""The event feed by itself: a bounded ring that every stream reads, and what becomes of one that is too slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.helpers.core_rig import ACCOUNT, CoreRig
from tests.helpers.memory_reader import MemoryReader
from workstation.api.envelopes import Envelopes
from workstation.api.event_feed import RING_MAX, EventFeed
from workstation.api.names import Names
from workstation.api.routes.events import _Follower
from workstation.api.schemas.events import EventStream
from workstation.api.scopes import ALL
from workstation.domain.accounts import LockState
from workstation.domain.events import LockChanged
from workstation.domain.records import LOCAL_TENANT
from workstation.ports.deliveries import EVENTS_PER_LINE


class Feeding:
    """A feed over a core's journal, read without threads."""

    def __init__(self) -> None:
        self.core = CoreRig()
        self.reader = MemoryReader(self.core.journal)
        self.reader.catch_up()
        names = Names(self.core.state.instruments, (), self.reader)

        async def read(call: Any, *args: Any) -> Any:
            return call(*args)

        self.feed = EventFeed(self.reader, Envelopes(self.reader, names), read)
        credential = SimpleNamespace(id="c", scopes=ALL, tenant=LOCAL_TENANT, user="local", kind="local")
        credentials = SimpleNamespace(is_alive=lambda _credential: True)
        services = SimpleNamespace(feed=self.feed, names=names, credentials=credentials)
        self.call: Any = SimpleNamespace(services=services, credential=credential)

    def happen(self, times: int) -> None:
        """Let an account be locked and unlocked, and tell the feed."""
        for number in range(times):
            state = (LockState.LOCKED, LockState.UNLOCKED)[number % 2]
            self.core.record(LockChanged(account=ACCOUNT, state=state, reason=str(number), ts=self.core.now))
        self.reader.catch_up()
        self.feed.wake()

    async def caught_up(self) -> None:
        """Wait until the ring holds the newest event."""
        newest = self.reader.newest_seq() * EVENTS_PER_LINE
        growth = 0
        while not self.feed.ringed(newest - 1):
            await self.feed.news(growth, 5.0)
            growth = self.feed.growth

    def follow(self, place: int, until: int | None = None) -> AsyncIterator[bytes]:
        """Return the frames of a stream that stands at `place`, one by one: those at hand are sent together."""
        follower = _Follower(self.call, EventStream(), until)
        follower.place = place
        return one_by_one(follower.frames())


async def one_by_one(sent: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for text in sent:
        for frame in text.split(b"\n\n")[:-1]:
            yield frame + b"\n\n"


@pytest.fixture
async def feeding() -> AsyncIterator[Feeding]:
    made = Feeding()
    made.feed.open("c")
    assert await made.feed.news(0, 5.0)
    yield made
    await made.feed.stop()


def ids_of(*texts: bytes) -> list[int]:
    """Return the ids of events in texts, which hold one frame or more each."""
    return [int(line.removeprefix(b"id: ")) for text in texts for line in text.split(b"\n") if line.startswith(b"id: ")]


async def test_a_stream_that_keeps_up_gets_every_event_once(feeding: Feeding) -> None:
    newest = feeding.reader.newest_seq()
    frames = feeding.follow(newest * EVENTS_PER_LINE + EVENTS_PER_LINE - 1)
    assert await anext(frames) == b"retry: 2000\n\n"
    ids: list[int] = []
    for told in (2, 4, 6):
        feeding.happen(2)
        while len(ids) < told:
            ids += ids_of(await anext(frames))
    assert ids == [(newest + number) * EVENTS_PER_LINE for number in range(1, 7)]


async def test_a_live_stream_that_falls_off_the_ring_is_told_and_ended(feeding: Feeding) -> None:
    frames = feeding.follow(feeding.reader.newest_seq() * EVENTS_PER_LINE + EVENTS_PER_LINE - 1)
    await anext(frames)
    feeding.happen(1)
    await anext(frames)
    feeding.happen(RING_MAX + 1)
    await feeding.caught_up()
    left = [frame async for frame in frames]
    assert left[-1].startswith(b"event: reset\ndata: ")
    assert b"slow_consumer" in left[-1]
    assert len(left) == 1


async def test_a_stream_far_behind_reads_the_journal_until_it_is_live(feeding: Feeding) -> None:
    feeding.happen(RING_MAX + 200)
    await feeding.caught_up()
    last = feeding.reader.newest_seq() * EVENTS_PER_LINE
    frames = [frame async for frame in feeding.follow(0, until=last)]
    ids = ids_of(*frames[1:])
    assert len(ids) > RING_MAX
    assert ids == sorted(set(ids))
    assert ids[-1] == last


async def test_a_ring_remembers_no_more_than_its_bound(feeding: Feeding) -> None:
    feeding.happen(RING_MAX + 200)
    await feeding.caught_up()
    held = feeding.feed.ringed(feeding.feed._floor)
    assert held is not None
    assert len(held) == RING_MAX
    assert feeding.feed.ringed(feeding.feed._floor - 1) is None


async def test_streams_are_counted_in_and_out(feeding: Feeding) -> None:
    feeding.feed.open("c")
    feeding.feed.open("d")
    assert (feeding.feed.count(), feeding.feed.count("c"), feeding.feed.count("x")) == (3, 2, 0)
    feeding.feed.close("c")
    feeding.feed.close("d")
    assert (feeding.feed.count(), feeding.feed.count("d")) == (1, 0)
