"""Splits that take force while bars form: what a bar has so far is brought to the prices of its end.

Beside the tick walk, on the engine's thread. A venue tells of a split as it does it; of one that is only stored, the
time is known before. Closed bars, and bars that trades close, stay as they are. It books nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import heappop, heappush

from workstation.domain.market import CLOCK_KINDS, BarKind, BarType, MarketEvent, Quote, Trade
from workstation.marketdata.series import BarSeriesSet
from workstation.ports.market_data import ActionKind, CorporateAction

TOLD_TWICE_NS = 3 * 86_400 * 10**9
"""A split that a venue told of and one of the same instrument that was known for so near a time are one."""


OF_OPENING = CLOCK_KINDS - {BarKind.WEEK, BarKind.MONTH, BarKind.YEAR}
"""Bars that a chart takes to be in the prices of their opening."""


class LiveSplits:
    """The splits of every instrument whose bars are built. ratio: what prices of before are multiplied by.

    expected: those to come, (time, symbol, ratio), the next first.
    """

    def __init__(self, series: BarSeriesSet) -> None:
        self._series = series
        self.expected: list[tuple[int, str, float]] = []
        self._known: set[tuple[int, str]] = set()
        self._told: dict[str, int] = {}
        self._done: list[tuple[int, str, int, int]] = []
        self._now_ns: int | None = None

    def expect(self, symbol: str, splits: Iterable[tuple[int, float]]) -> None:
        """Know splits by the time they take force, UTC ns by the venue's clock; one that is past changes nothing."""
        for ts, ratio in splits:
            ahead = self._now_ns is not None and ts > self._now_ns
            if ahead and (ts, symbol) not in self._known:
                self._known.add((ts, symbol))
                heappush(self.expected, (ts, symbol, ratio))

    def on_split(self, symbol: str, numerator: int, denominator: int, ts: int) -> None:
        """Take a split that the venue has just done: `denominator` shares became `numerator`."""
        self._told[symbol] = ts
        self._done.append((ts, symbol, numerator, denominator))
        self._series.rebase(symbol, denominator / numerator, ts)

    def done(self, symbol: str, bar_type: BarType, known: Iterable[int] = ()) -> list[CorporateAction]:
        """Return the splits that the venue did since the start, as the closed bars of a series have to be adjusted.

        Closed bars stay in the prices they were traded at. The bar that formed was brought to the new ones, so that a
        split counts from its opening; bars that trades close, and those of a week or longer, count by their end.
        known: when splits took force that are stored, UTC ns; one so near is the same.
        """
        found = []
        for ts, name, numerator, denominator in self._done:
            if name == symbol and all(abs(ts - other) > TOLD_TWICE_NS for other in known):
                at = self._series.opened_at(symbol, bar_type, ts) if bar_type.kind in OF_OPENING else ts
                day = datetime.fromtimestamp(ts // 10**9, UTC).date().isoformat()
                found.append(
                    CorporateAction(
                        symbol=symbol,
                        kind=ActionKind.SPLIT,
                        ex_date=day,
                        numerator=numerator,
                        denominator=denominator,
                        at=at,
                    )
                )
        return found

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
