"""Splits that take force while bars form: what a bar has so far is brought to the prices of its end.

Beside the tick walk, on the engine's thread. A venue tells of a split as it does it; of one that is only stored, the
time is known before. Closed bars, and bars that trades close, stay as they are. It books nothing.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.marketdata.series import BarSeriesSet

TOLD_TWICE_NS = 3 * 86_400 * 10**9
"""A split that a venue told of and one of the same instrument that was known for so near a time are one."""


class LiveSplits:
    """The splits of every instrument whose bars are built. ratio: what prices of before are multiplied by.

    expected: those to come, (time, symbol, ratio), the next first.
    """

    def __init__(self, series: BarSeriesSet) -> None:
        self._series = series
        self.expected: list[tuple[int, str, float]] = []
        self._known: set[tuple[int, str]] = set()
        self._told: dict[str, int] = {}
        self._now_ns: int | None = None

    def expect(self, symbol: str, splits: Iterable[tuple[int, float]]) -> None:
        """Know splits by the time they take force, UTC ns by the venue's clock; one that is past changes nothing."""
        for ts, ratio in splits:
            ahead = self._now_ns is not None and ts > self._now_ns
            if ahead and (ts, symbol) not in self._known:
                self._known.add((ts, symbol))
                heappush(self.expected, (ts, symbol, ratio))

    def on_split(self, symbol: str, ratio: float, ts: int) -> None:
        """Take a split that the venue has just done."""
        self._told[symbol] = ts
        self._series.rebase(symbol, ratio, ts)

    def look(self, event: MarketEvent) -> None:
        """Let what is due take force before an event is taken, by its time."""
        if type(event) is Trade or type(event) is Quote:
            self.on_time(event.ts_event)

    def on_time(self, now_ns: int) -> None:
        """Let what is due at a moment take force, UTC ns by the venue's clock."""
        self._now_ns = now_ns
        while self.expected and self.expected[0][0] <= now_ns:
            ts, symbol, ratio = heappop(self.expected)
            if abs(ts - self._told.get(symbol, -TOLD_TWICE_NS - 1)) > TOLD_TWICE_NS:
                self._series.rebase(symbol, ratio, now_ns)
