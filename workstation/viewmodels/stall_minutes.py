"""Which minutes of the last hour had a stall of the GUI thread, and the longest of each. Bounded, Qt-free."""

from collections import deque
from collections.abc import Iterable

MINUTE_NS = 60_000_000_000
MINUTES_KEPT = 60


class StallMinutes:
    """Minutes with a stall, oldest first; a minute without one is not kept."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, float]] = deque(maxlen=MINUTES_KEPT)
        self._seen_s = 0.0

    def take(self, stalls: Iterable[tuple[float, float]], now_s: float, now_ns: int) -> None:
        """Note the stalls that are new, as (monotonic end, length) in seconds; now: monotonic s, and UTC ns."""
        for ended_s, length_s in stalls:
            if ended_s <= self._seen_s:
                continue
            self._seen_s = ended_s
            minute, worst_ms = int(now_ns - (now_s - ended_s) * 1e9) // MINUTE_NS, length_s * 1e3
            if self._minutes and self._minutes[-1][0] == minute:
                worst_ms = max(worst_ms, self._minutes.pop()[1])
            self._minutes.append((minute, worst_ms))

    def marked(self, now_ns: int) -> list[tuple[int, float]]:
        """Return the marked minutes of the last hour as (UTC ns of its start, longest stall in ms), newest first."""
        edge = now_ns // MINUTE_NS - MINUTES_KEPT
        return [(minute * MINUTE_NS, worst) for minute, worst in reversed(self._minutes) if minute > edge]
