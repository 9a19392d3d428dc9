"""Sparklines of a watchlist: the last price over time as eight-step blocks, one text an instrument.

Part of the last stage of the tick walk. A line changes once a step of time, whatever the tick rate, so that a table
repaints it seldom. Bounded by points an instrument. Sends nothing.
"""

from collections import deque
from collections.abc import Sequence

POINTS = 12
STEP_NS = 10_000_000_000
BARS_SEEDED = 60
"""One-minute bars that a line begins with; each of its points stands for some of them."""

BLOCKS = "▁▂▃▄▅▆▇█"


class Trends:
    """Lines by instrument. Prices are numbers of one scale an instrument; times monotonic ns of the screen."""

    def __init__(self) -> None:
        self._points: dict[str, deque[float]] = {}
        self._due: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    def seed(self, symbol: str, closes: Sequence[float]) -> None:
        """Begin a line with closing prices, oldest first."""
        if len(closes):
            step = max(len(closes) / POINTS, 1.0)
            picked = [closes[min(int((n + 1) * step) - 1, len(closes) - 1)] for n in range(min(POINTS, len(closes)))]
            self._points[symbol] = deque(picked, maxlen=POINTS)
            self._texts[symbol] = sparkline(picked)

    def note(self, symbol: str, price: float, now_ns: int) -> str:
        """Return an instrument's line, with the price as its next point once a step has passed."""
        if now_ns >= self._due.get(symbol, 0):
            self._due[symbol] = now_ns + STEP_NS
            points = self._points.setdefault(symbol, deque(maxlen=POINTS))
            points.append(price)
            self._texts[symbol] = sparkline(points)
        return self._texts[symbol]


def sparkline(values: Sequence[float]) -> str:
    """Return values as blocks between their least and greatest; a flat line is low."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / ((high - low) or 1.0)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)
