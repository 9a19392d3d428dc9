"""Clocks and timers. The core reads time only through these, so that a test or a replay owns it.

Wall time is UTC nanoseconds and may jump; monotonic time only runs forward and drives every timer.
"""

import heapq
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Handle of a scheduled call."""

    def cancel(self) -> None:
        """Prevent the call; harmless after it ran."""


class Clock(Protocol):
    """Reads time."""

    def now_ns(self) -> int:
        """Wall time, UTC ns."""

    def mono_ns(self) -> int:
        """Monotonic time, ns; only differences mean something."""


class Scheduler(Protocol):
    """Runs calls later, on the engine's thread."""

    def call_later(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Run `call` once after `delay_ns` of monotonic time."""

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run `call` after what is running now, in order."""


class SystemClock:
    """The machine's own clocks."""

    def now_ns(self) -> int:
        """Wall time, UTC ns."""
        return time.time_ns()

    def mono_ns(self) -> int:
        """Monotonic time, ns."""
        return time.monotonic_ns()


class _Entry:
    __slots__ = ("call", "due", "order")

    def __init__(self, due: int, order: int, call: Callable[[], None] | None) -> None:
        self.due, self.order, self.call = due, order, call

    def __lt__(self, other: "_Entry") -> bool:
        return (self.due, self.order) < (other.due, other.order)

    def cancel(self) -> None:
        self.call = None


class VirtualClock:
    """Time that stands still until it is advanced: clock and scheduler of simulations, replays and tests.

    Calls due at one instant run in the order in which they were scheduled.
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._wall = start_ns
        self._mono = 0
        self._order = 0
        self._heap: list[_Entry] = []

    def now_ns(self) -> int:
        """Wall time, UTC ns."""
        return self._wall

    def mono_ns(self) -> int:
        """Monotonic time, ns."""
        return self._mono

    def jump_wall(self, delta_ns: int) -> None:
        """Move wall time alone, as a corrected system clock does."""
        self._wall += delta_ns

    def call_later(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Run `call` once `delay_ns` from now; negative delays count as 0."""
        self._order += 1
        entry = _Entry(self._mono + max(delay_ns, 0), self._order, call)
        heapq.heappush(self._heap, entry)
        return entry

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run `call` at this instant, after what was scheduled for it before."""
        self.call_later(0, call)

    @property
    def next_due(self) -> int | None:
        """Monotonic time of the next pending call, None when nothing is pending."""
        while self._heap and self._heap[0].call is None:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    def advance(self, delta_ns: int) -> None:
        """Move time forward by `delta_ns`, running every call that falls due on the way."""
        self.advance_to(self._mono + delta_ns)

    def advance_to(self, mono_ns: int) -> None:
        """Move time forward to `mono_ns`, running every call that falls due on the way."""
        while (due := self.next_due) is not None and due <= mono_ns:
            entry = heapq.heappop(self._heap)
            self._move_to(entry.due)
            call, entry.call = entry.call, None
            if call is not None:
                call()
        self._move_to(mono_ns)

    def _move_to(self, mono_ns: int) -> None:
        step = max(mono_ns - self._mono, 0)
        self._mono += step
        self._wall += step
