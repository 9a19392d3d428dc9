"""Strategies stand aside while somebody's order is under way: a callback that computes waits until it has gone out.

Threads of one Python process share the interpreter, and an order crosses several of them: beside one that computes
without end it would wait at each. So the code of a run that is loaded for a desk asks at every turn of a loop whether
an order is under way (see `turns.py`), and its thread asks before it says anything. The wait is bounded, and asked of a
thread once for each order. Beside both walks; any thread.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

ASIDE_S = 0.02
"""Longest single wait: an order that takes longer waits for something else than the interpreter."""

T = TypeVar("T")


class Courtesy:
    """Counts orders under way. `stand_aside` is called very often and costs next to nothing while there are none."""

    def __init__(self, aside_s: float = ASIDE_S) -> None:
        self._aside_s = aside_s
        self._under_way = self._turn = 0
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._waited = threading.local()

    def until(self, answered: Callable[[T], None]) -> Callable[[T], None]:
        """Have strategies stand aside from now until the call that comes back is made, which makes `answered`."""
        self._begin()

        def done(answer: T) -> None:
            answered(answer)
            self.end()

        return done

    def end(self) -> None:
        """Note that an order is not under way any more."""
        with self._lock:
            self._under_way -= 1
            if not self._under_way:
                self._free.set()

    def is_asked(self) -> bool:
        """Tell whether an order is under way."""
        return self._under_way > 0

    def stand_aside(self) -> bool:
        """Wait until no order is under way, at most `aside_s` and once for each; True, so that it fits a condition."""
        if self._under_way and getattr(self._waited, "turn", 0) != self._turn:
            self._waited.turn = self._turn
            self._free.wait(self._aside_s)
        return True

    def _begin(self) -> None:
        with self._lock:
            self._under_way += 1
            self._turn += 1
            self._free.clear()
