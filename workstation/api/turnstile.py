"""The turnstile: which requests may begin, so that a flood of them leaves the processor to the engine.

Engine, desktop and this service share one interpreter. A request begins while the service has used less than its share
of the time; then requests wait in order, unparsed, one a connection, and their connections are read no further: callers
are held back by their own sockets. A short burst is free, and whatever else the service does, one begins every
LEAST_EVERY_NS. Cancels and kill switches pass ahead of everything, at a rate of their own, so that whoever has sent a
flood can still stop it; beyond that rate they are first in line, every other turn.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable

BURST_NS = 100_000_000
"""Processor time that may be used at once after a rest."""

LEAST_EVERY_NS = 10_000_000
URGENT_EVERY_NS = 4_000_000
"""Time that earns one cancel its way past all that wait."""

URGENT_BURST = 50
"""Cancels that pass at once after a rest."""

READ_NS = 1_000_000
"""What a read is taken to cost until it is known."""

HEAD_SEEN = 512
"""Bytes of a request in which its line is looked for."""

_URGENT = re.compile(
    rb"POST /api/v1/(oms/orders/[^/ ?]+/cancel|oms/orders/bulk/cancel|risk/kill-switch)[ ?]"
    rb"|DELETE /api/v1/oms/orders/[^/ ?]+[ ?]"
)

Clock = Callable[[], int]
Begin = Callable[[], None]


def is_urgent(head: bytes) -> bool:
    """Tell by the first bytes of a request, not parsed yet, whether it only takes risk away."""
    return _URGENT.match(head[:HEAD_SEEN]) is not None


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
        self._waiting: deque[Begin] = deque()
        self._urgent: deque[Begin] = deque()
        self._urgent_ns = URGENT_BURST * URGENT_EVERY_NS
        self._urgent_seen_ns = 0
        self._was_urgent = False
        self._turn: asyncio.Handle | None = None
        self._last_ns = 0

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._waiting) + len(self._urgent)

    def charge(self, cost_ns: int) -> None:
        """Count processor time that was used, or with a minus was not, on another thread."""
        self._charges.append(cost_ns)

    def passes(self, begin: Begin, *, urgent: bool = False) -> bool:
        """Tell whether a request may begin now; else `begin` is called when its turn has come."""
        if self._share >= 1:
            return True
        if urgent and not self._urgent and self._may_overtake():
            return True
        if not len(self) and self._is_open():
            return True
        (self._urgent if urgent else self._waiting).append(begin)
        if self._turn is None or (urgent and len(self._urgent) == 1):
            self._time_turn()
        return False

    def leave(self, begin: Begin) -> None:
        """Forget a request that waits no more: its caller has gone."""
        for line in (self._urgent, self._waiting):
            if begin in line:
                line.remove(begin)

    def _may_overtake(self) -> bool:
        """Take one urgent turn, where one has been earned."""
        now = self._mono_ns()
        earned = self._urgent_ns + now - self._urgent_seen_ns
        self._urgent_ns, self._urgent_seen_ns = min(earned, URGENT_BURST * URGENT_EVERY_NS), now
        if self._urgent_ns < URGENT_EVERY_NS:
            return False
        self._urgent_ns -= URGENT_EVERY_NS
        return True

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
        now = self._mono_ns()
        waits_ns = [-self._credit_ns / self._share, self._last_ns + LEAST_EVERY_NS - now]
        if self._urgent:
            waits_ns.append(self._urgent_seen_ns + URGENT_EVERY_NS - self._urgent_ns - now)
        return max(min(waits_ns), 0) / 1e9

    def _time_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
        self._turn = asyncio.get_running_loop().call_later(self._wait_s(), self._take_turn)

    def _take_turn(self) -> None:
        """Let one request begin, and the next after what that one does at once, so that its cost is known."""
        self._turn = None
        if not len(self):
            return
        begin = self._next()
        if begin is not None:
            begin()
        if not len(self) or self._turn is not None:
            return
        if begin is None:
            self._time_turn()
        else:
            self._turn = asyncio.get_running_loop().call_soon(self._take_turn)

    def _next(self) -> Begin | None:
        """Return whose turn it is: urgent ones by what they have earned, and of open turns at least every other."""
        if self._urgent and self._may_overtake():
            return self._urgent.popleft()
        if not self._is_open():
            return None
        self._was_urgent = bool(self._urgent) and not (self._was_urgent and self._waiting)
        return (self._urgent if self._was_urgent else self._waiting).popleft()
