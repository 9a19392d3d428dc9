"""How fast memory grows, thinned to one reading a minute for an hour, and which series take most of it. Qt-free."""

from collections import deque
from collections.abc import Iterable

from workstation.marketdata.history import BarHistory

MINUTE_NS = 60_000_000_000
READINGS_KEPT = 61
READINGS_MIN = 10
"""Minutes before a slope is told: a start is no trend."""

LARGEST_TOLD = 3
ORDER_BYTES, EXECUTION_BYTES = 2_000, 1_200
"""What one row takes with all that hangs on it, about."""


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


def largest(histories: Iterable[BarHistory]) -> tuple[tuple[str, int], ...]:
    """Return the series that take most memory, as (name, bytes), the largest first."""
    sizes = [(f"bars {h.symbol} {h.bar_type.step} {h.bar_type.kind.lower()}", h.nbytes) for h in histories if len(h)]
    return tuple(sorted(sizes, key=lambda size: size[1], reverse=True)[:LARGEST_TOLD])


def with_rows(series: Iterable[tuple[str, int]], orders: int, executions: int) -> list[tuple[str, int]]:
    """Return series with a screen's own rows among them, the largest first."""
    rows = [(f"{orders:,} orders", orders * ORDER_BYTES), (f"{executions:,} fills", executions * EXECUTION_BYTES)]
    return sorted([*series, *rows], key=lambda size: size[1], reverse=True)
