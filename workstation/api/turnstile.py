"""The turnstile: which requests may begin, so that a flood of them leaves the processor to the engine.

Engine, desktop and this service share one interpreter. A request begins while the service has used less than its share
of the time; then requests wait in order, unparsed, one a connection, and their connections are read no further: callers
are held back by their own sockets. A short burst is free, and whatever else the service does, one begins every
LEAST_EVERY_NS.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

BURST_NS = 100_000_000
"""Processor time that may be used at once after a rest."""

LEAST_EVERY_NS = 10_000_000
READ_NS = 1_000_000
"""What a read is taken to cost until it is known."""

Clock = Callable[[], int]


class Turnstile:
    """Counts the processor time of the service's thread and of its reads against a share of wall time.

    Belongs to the loop; `charge` alone may be called from any thread. share: 1 holds nobody back.
    """

    def __init__(
        self, share: float, *, mono_ns: Clock = time.monotonic_ns, thread_ns: Clock = time.thread_time_ns
    ) -> None:
        self._share, self._mono_ns, self._thread_ns = share, mono_ns, thread_ns
        self._seen_ns = self._used_ns = 0
        self._credit_ns = BURST_NS
        self._is_counting = False
        self._charges: deque[int] = deque()
        self._waiting: deque[Callable[[], None]] = deque()
        self._turn: asyncio.Handle | None = None
        self._last_ns = 0

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._waiting)

    def charge(self, cost_ns: int) -> None:
        """Count processor time that was used, or with a minus was not, on another thread."""
        self._charges.append(cost_ns)

    def passes(self, begin: Callable[[], None]) -> bool:
        """Tell whether a request may begin now; else `begin` is called when its turn has come."""
        if self._share >= 1 or (not self._waiting and self._is_open()):
            return True
        self._waiting.append(begin)
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_later(self._wait_s(), self._take_turn)
        return False

    def leave(self, begin: Callable[[], None]) -> None:
        """Forget a request that waits no more: its caller has gone."""
        if begin in self._waiting:
            self._waiting.remove(begin)

    def _is_open(self) -> bool:
        now, used = self._mono_ns(), self._thread_ns()
        if not self._is_counting:  # what the start itself took is nobody's request
            self._is_counting, self._seen_ns, self._used_ns = True, now, used
        self._credit_ns += int((now - self._seen_ns) * self._share) - (used - self._used_ns)
        self._seen_ns, self._used_ns = now, used
        while self._charges:
            self._credit_ns -= self._charges.popleft()
        self._credit_ns = max(-BURST_NS, min(self._credit_ns, BURST_NS))
        is_open = self._credit_ns > 0 or now - self._last_ns >= LEAST_EVERY_NS
        if is_open:
            self._last_ns = now
        return is_open

    def _wait_s(self) -> float:
        earned_ns = -self._credit_ns / self._share
        least_ns = self._last_ns + LEAST_EVERY_NS - self._mono_ns()
        return max(min(earned_ns, least_ns), 0) / 1e9

    def _take_turn(self) -> None:
        """Let one request begin, and the next after what that one does at once, so that its cost is known."""
        self._turn = None
        if not self._waiting:
            return
        is_open = self._is_open()
        if is_open:
            self._waiting.popleft()()
        if self._waiting:
            loop = asyncio.get_running_loop()
            self._turn = (
                loop.call_soon(self._take_turn) if is_open else loop.call_later(self._wait_s(), self._take_turn)
            )
