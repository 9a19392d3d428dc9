"""An indicator of larger bars on a chart of smaller ones: at each bar the value as if the larger bar ended there.

Last stage of the tick walk, Qt-free. Larger bars begin at multiples of their length (UTC) and are made of the chart's
own bars, so that nothing of the future is in a value and a bar that is closed keeps it. Bars that are longer than asked
for stand for themselves.
"""

from collections.abc import Mapping

from workstation.domain.errors import ValidationError
from workstation.marketdata.indicators.evaluation import Steps

MINUTE_NS = 60_000_000_000
LARGER: Mapping[int, str] = {0: "the chart", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1_440: "1d"}
"""Lengths on offer in minutes, by name; 0 takes the chart's own bars."""


def checked_length(minutes: int) -> int:
    """Return a length that is on offer.

    Raises:
        ValidationError: it is not.
    """
    if minutes not in LARGER:
        raise ValidationError("over", f"{minutes} minutes are not on offer", allowed=", ".join(map(str, LARGER)))
    return minutes


class LargerBars:
    """Steps lines over larger bars, as `running` would over the chart's own. `names` are the columns that it reads."""

    def __init__(self, running: Steps, minutes: int) -> None:
        self._running = running
        self._span_ns = minutes * MINUTE_NS
        self._bucket = -1.0
        self._forming: dict[str, float] = {}
        self.names = self._running.names | {"time"}

    def close(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the lines' values at a bar that is complete, and go on to the next."""
        self._forming = self._merged(bar)
        return self._running.peek(self._forming)

    def peek(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the lines' values as if the bar ended now."""
        return self._running.peek(self._merged(bar))

    def _merged(self, bar: Mapping[str, float]) -> dict[str, float]:
        """Return the larger bar with one more in it; one of the next closes the larger bar before, for good."""
        bucket = bar["time"] // self._span_ns
        if bucket != self._bucket:
            if self._forming:
                self._running.close(self._forming)
            self._bucket, self._forming = bucket, {}
        if not self._forming:
            return dict(bar)
        return {name: _joined(name, before, bar[name]) for name, before in self._forming.items()}


def _joined(name: str, before: float, after: float) -> float:
    match name:
        case "high":
            return max(before, after)
        case "low":
            return min(before, after)
        case "volume":
            return before + after
        case "close":
            return after
    return before
