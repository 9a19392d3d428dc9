"""Stall watchdog: notices when a loop's heartbeat stops and logs where its thread stands.

A beat is a timer on the watched loop that stores the time. The watchdog's own thread compares and logs the stack once
per stall. The longest stall of the last minute is kept for the status bar.
"""

import sys
import threading
import time
import traceback
from collections import deque

from workstation.kernel.logs import get_logger

CHECK_S = 0.05
WINDOW_S = 60.0

_log = get_logger("watchdog")


class Heartbeat:
    """Heartbeat of one loop; `beat` is called by a timer on it at least every 50 ms."""

    def __init__(self, name: str, thread_id: int, limit_s: float) -> None:
        self.name = name
        self.thread_id = thread_id
        self.limit_s = limit_s
        self.seen = time.monotonic()
        self.reported = False
        self.stalls: deque[tuple[float, float]] = deque(maxlen=1_000)

    def forget(self) -> None:
        """Begin anew, after a start whose long steps nobody waits for."""
        self.stalls.clear()
        self.seen = time.monotonic()

    def beat(self) -> None:
        """Say that the loop runs."""
        now = time.monotonic()
        gap = now - self.seen
        if gap > self.limit_s:
            self.stalls.append((now, gap))
        self.seen, self.reported = now, False

    def worst_ms(self) -> float:
        """Return the longest stall of the last minute in milliseconds, 0 when there was none."""
        edge = time.monotonic() - WINDOW_S
        return max((gap for at, gap in self.stalls if at >= edge), default=0.0) * 1e3


class Watchdog:
    """Watches heartbeats from a thread of its own."""

    def __init__(self) -> None:
        self._beats: list[Heartbeat] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def watch(self, beat: Heartbeat) -> None:
        """Add a heartbeat."""
        self._beats.append(beat)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(CHECK_S):
            now = time.monotonic()
            for beat in self._beats:
                if now - beat.seen > beat.limit_s and not beat.reported:
                    beat.reported = True
                    frame = sys._current_frames().get(beat.thread_id)  # noqa: SLF001  the documented way to another thread's stack
                    stack = "".join(traceback.format_stack(frame)) if frame else ""
                    _log.warning("stall", loop=beat.name, ms=round((now - beat.seen) * 1e3), stack=stack)
