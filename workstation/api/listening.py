"""The door's hinge: connections are taken at a bounded rate, so that a storm of new ones leaves the engine its time.

What comes faster waits in the system's own queue, where it costs nobody anything; when that is full, callers are held
back by their own connects. Connections that are open already are not concerned. Belongs to the service's loop.
"""

import asyncio
import socket
import time
from collections.abc import Callable

from workstation.domain.times import NS_PER_S

CONNECTIONS_HZ = 200
"""New connections a second, once the burst is spent: twice what a script may ask that makes one for each request."""

CONNECTIONS_BURST = 256
"""Taken at once after a rest: as many as may be open."""


class Pace:
    """Counts what may be taken now. hz: earned a second; burst: the most that is earned while nothing comes."""

    def __init__(
        self,
        hz: int = CONNECTIONS_HZ,
        burst: int = CONNECTIONS_BURST,
        *,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._each_ns, self._most_ns, self._mono_ns = NS_PER_S // hz, burst * (NS_PER_S // hz), mono_ns
        self._earned_ns, self._seen_ns = self._most_ns, mono_ns()

    def take(self) -> bool:
        """Take one, where one has been earned."""
        now = self._mono_ns()
        self._earned_ns, self._seen_ns = min(self._earned_ns + now - self._seen_ns, self._most_ns), now
        if self._earned_ns < self._each_ns:
            return False
        self._earned_ns -= self._each_ns
        return True

    def wait_s(self) -> float:
        """Return how long it takes until one more has been earned."""
        return max(self._each_ns - self._earned_ns, 0) / NS_PER_S


class Listener:
    """Takes the connections of a listening socket. It stands for the server that the library would make of it.

    Raises:
        NotImplementedError: the loop does not watch sockets for others.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        make: Callable[[], asyncio.Protocol],
        pace: Pace,
    ) -> None:
        self._loop, self._listening, self._make, self._pace = loop, listening, make, pace
        self._pause: asyncio.TimerHandle | None = None
        self._beginning: set[asyncio.Task[object]] = set()
        self._watch()

    def close(self) -> None:
        """Take no more."""
        self._loop.remove_reader(self._listening)
        if self._pause is not None:
            self._pause.cancel()

    async def wait_closed(self) -> None:
        """Wait for what was taken last to have begun."""
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _watch(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._take)

    def _take(self) -> None:
        if not self._pace.take():
            self._loop.remove_reader(self._listening)
            self._pause = self._loop.call_later(self._pace.wait_s(), self._watch)
            return
        try:
            taken, _ = self._listening.accept()
        except OSError:  # it went as it came, or there is no descriptor left for it; the next look shows
            return
        taken.setblocking(False)  # noqa: FBT003 -- the name of the call says it
        beginning = self._loop.create_task(self._loop.connect_accepted_socket(self._make, taken))
        self._beginning.add(beginning)
        beginning.add_done_callback(self._begun)

    def _begun(self, task: "asyncio.Task[object]") -> None:
        self._beginning.discard(task)
        if not task.cancelled():
            task.exception()  # a caller who has gone already is no trouble of ours
