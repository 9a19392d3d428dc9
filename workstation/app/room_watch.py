"""Waits for room on the disk, for a run that began without: then the program starts again, and trades.

A start and a recovery are one path, so that the run that follows finds whatever is there. A thread of its own, because
a full disk answers slowly; it writes nothing but what a start would write.
"""

import threading
from collections.abc import Callable

LOOK_S = 1.0
"""How often a start is tried; trading must resume within five seconds of space returning."""

STOP_TIMEOUT_S = 5.0


class RoomWatch:
    """Calls `found` once, on its own thread, when `can_start` holds."""

    def __init__(self, can_start: Callable[[], bool], found: Callable[[], None]) -> None:
        self._can_start, self._found = can_start, found
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="room-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End, once a look that has begun is over."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            if self._can_start():
                self._found()
                return
