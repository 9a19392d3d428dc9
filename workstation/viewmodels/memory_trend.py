"""How fast memory grows: readings thinned to one a minute, and the slope of the last hour of them. Bounded, Qt-free."""

from collections import deque

MINUTE_NS = 60_000_000_000
READINGS_KEPT = 61
READINGS_MIN = 10
"""Minutes before a slope is told: a start is no trend."""


class MemoryTrend:
    """Readings of resident memory, one a minute for an hour."""

    def __init__(self) -> None:
        self._readings: deque[tuple[int, float]] = deque(maxlen=READINGS_KEPT)

    def take(self, used_mb: float, now_ns: int) -> float | None:
        """Note a reading and return the slope in MB an hour by least squares, None while it is too early to say."""
        if not self._readings or now_ns - self._readings[-1][0] >= MINUTE_NS:
            self._readings.append((now_ns, used_mb))
        count = len(self._readings)
        if count < READINGS_MIN:
            return None
        hours = [(ts - self._readings[0][0]) / (60 * MINUTE_NS) for ts, _ in self._readings]
        mean_x, mean_y = sum(hours) / count, sum(used for _, used in self._readings) / count
        above = sum((x - mean_x) * (used - mean_y) for x, (_, used) in zip(hours, self._readings, strict=True))
        return above / sum((x - mean_x) ** 2 for x in hours)
