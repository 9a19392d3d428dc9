"""One direction of a link: what goes in comes out later and in order, however the delays were drawn.

A first-in first-out queue with one timer for its head. Event loops give no order to timers of one instant, so a
timer per message would let a cancel overtake its order.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from workstation.kernel.clock import Clock, Scheduler, Timer

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Hands items to `out` in lists of at most `slice_max`, each once its delay and those before it have passed."""

    def __init__(self, clock: Clock, scheduler: Scheduler, out: Callable[[list[T]], None], slice_max: int) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._out = out
        self._slice_max = slice_max
        self._items: deque[tuple[int, T]] = deque()
        self._timer: Timer | None = None

    def put(self, item: T, delay_ns: int) -> None:
        """Let one item in."""
        due = self._clock.mono_ns() + delay_ns
        if self._items:
            due = max(due, self._items[-1][0])
        self._items.append((due, item))
        self._arm()

    def take_all(self) -> list[T]:
        """Empty the line at once; returns what was under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        items = [item for _, item in self._items]
        self._items.clear()
        return items

    def _arm(self) -> None:
        if self._timer is None and self._items:
            self._timer = self._scheduler.call_later(max(self._items[0][0] - self._clock.mono_ns(), 0), self._flush)

    def _flush(self) -> None:
        self._timer = None
        now = self._clock.mono_ns()
        batch: list[T] = []
        while self._items and self._items[0][0] <= now and len(batch) < self._slice_max:
            batch.append(self._items.popleft()[1])
        self._arm()
        if batch:
            self._out(batch)
