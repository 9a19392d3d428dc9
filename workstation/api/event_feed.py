"""The event feed: one ring of the newest events for all streams, filled from durable journal lines alone.

A stream keeps its place and reads from the ring; there is no queue of its own to overflow. One that falls off the ring
while it is live was too slow, and is told so. The engine never waits: it only wakes the feed, which reads committed
lines.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from workstation.api.envelopes import Envelope, Envelopes
from workstation.api.standing import StandingTask
from workstation.domain.errors import StorageError
from workstation.ports.deliveries import EVENTS_PER_LINE
from workstation.ports.store import Reader

RING_MAX = 1_000
"""Events kept for streams, and how far one may lag behind."""

PAGE_LINES = 100
POLL_S = 0.2
COMMIT_LOOK_S = 0.005
RETENTION_LINES = 1_000_000

Read = Callable[..., Awaitable[Any]]


class EventFeed:
    """Reads lines once for all streams while any stream is open. Lives on the API's loop.

    growth: changes whenever the ring has; stopping: no stream goes on.
    """

    def __init__(self, reader: Reader, envelopes: Envelopes, read: Read) -> None:
        self._reader, self._envelopes, self._read = reader, envelopes, read
        self._ring: deque[Envelope] = deque(maxlen=RING_MAX)
        self._next_seq = 0
        self._floor = 0
        self._woken = asyncio.Event()
        self._changed = asyncio.Condition()
        self._reading = StandingTask("api-events", self._run)
        self._streams: dict[str, int] = {}
        self.growth = 0
        self.stopping = False

    # Streams

    def open(self, credential: str) -> None:
        """Count a stream in; the first one starts the reading."""
        self._streams[credential] = self._streams.get(credential, 0) + 1
        self._reading.start()

    def close(self, credential: str) -> None:
        """Count a stream out."""
        self._streams[credential] -= 1
        if not self._streams[credential]:
            del self._streams[credential]

    def count(self, credential: str | None = None) -> int:
        """Return the open streams of a credential, or of all."""
        return sum(self._streams.values()) if credential is None else self._streams.get(credential, 0)

    def wake(self) -> None:
        """There may be news."""
        self._woken.set()

    async def stop(self) -> None:
        """End every stream and the reading."""
        self.stopping = True
        self._woken.set()
        await self._tell()
        await self._reading.stop()

    # Reading

    async def bounds(self) -> tuple[int, int]:
        """Return the oldest and the newest event id that can be read; 0, 0 without events."""
        oldest, newest = await self._read(self._edges)
        return oldest, newest

    def _edges(self) -> tuple[int, int]:
        newest = self._reader.newest_seq()
        if not newest:
            return 0, 0
        oldest = max(self._reader.oldest_seq(), newest - RETENTION_LINES)
        return oldest * EVENTS_PER_LINE, newest * EVENTS_PER_LINE + EVENTS_PER_LINE - 1

    async def page(self, after_id: int) -> tuple[list[Envelope], int]:
        """Return the events after an id that stand in the next lines, and the id up to which was read."""
        lines = await self._read(self._reader.events, max(after_id + 1, 0) // EVENTS_PER_LINE - 1, PAGE_LINES)
        if not lines:
            return [], after_id
        found = await self._read(self._envelopes.of_lines, lines)
        upto = max(after_id, lines[-1].seq * EVENTS_PER_LINE + EVENTS_PER_LINE - 1)
        return [envelope for envelope in found if envelope.id > after_id], upto

    def ringed(self, after_id: int) -> list[Envelope] | None:
        """Return the ring's events after an id, None when the ring does not reach back that far."""
        if after_id < self._floor or not self._next_seq:
            return None
        newer: list[Envelope] = []
        for envelope in reversed(self._ring):
            if envelope.id <= after_id:
                break
            newer.append(envelope)
        return newer[::-1]

    async def news(self, seen: int, timeout_s: float) -> bool:
        """Wait until `growth` is no longer `seen`; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.growth != seen or self.stopping)
        except TimeoutError:
            return False
        return True

    async def _tell(self) -> None:
        self.growth += 1
        async with self._changed:
            self._changed.notify_all()

    async def _run(self) -> None:
        self._next_seq = (await self._read(self._reader.newest_seq)) + 1
        self._floor = self._next_seq * EVENTS_PER_LINE - 1
        self._ring.clear()
        await self._tell()
        while self._streams and not self.stopping:
            woken = await self._wait()
            try:
                grew = await self._grow()
                if woken and not grew:
                    await asyncio.sleep(4 * COMMIT_LOOK_S)
                    await self._grow()
            except StorageError:
                continue  # looked at again after POLL_S; streams show nothing that is not durable
        self._next_seq = 0

    async def _wait(self) -> bool:
        """Wait for a wake or POLL_S; the commit of what the engine has just told follows a moment later."""
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        await asyncio.sleep(COMMIT_LOOK_S)
        return True

    async def _grow(self) -> bool:
        grew = False
        while lines := await self._read(self._reader.events, self._next_seq - 1, PAGE_LINES):
            for envelope in await self._read(self._envelopes.of_lines, lines):
                if len(self._ring) == RING_MAX:
                    self._floor = self._ring[0].id
                self._ring.append(envelope)
            self._next_seq = lines[-1].seq + 1
            grew = True
            await self._tell()
        return grew
