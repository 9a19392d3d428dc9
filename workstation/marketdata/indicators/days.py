"""Formulas that look at days (UTC): pivots from the day before, the range of a day's opening.

Each is a step from bar to bar, and both readings take the same one. The day before is the last one that has bars.
Source: the floor traders' pivots, as in J. Person, Candlestick and Pivot Point Trading Triggers, 2007.
"""

from collections.abc import Sequence

from workstation.marketdata.indicators.graph import CLOSE, HIGH, LOW, NAN, TIME, Cell, Node, Scan

DAY_NS = 86_400_000_000_000
MINUTE_NS = 60_000_000_000

_Range = tuple[float, float, float]
"""High, low and close of a day so far."""

_NONE: _Range = (NAN, NAN, NAN)


def pivots() -> tuple[Node, ...]:
    """Pivot, first and second resistance and support: p, r1, s1, r2, s2; none on the first day."""
    high, low, close = (_of_the_day_before(place) for place in range(3))
    middle, span = (high + low + close) * (1 / 3), high - low
    return middle, middle * 2 - low, middle * 2 - high, middle + span, middle - span


def opening_range(minutes: int) -> tuple[Node, ...]:
    """Highest and lowest price of the bars that opened within the first `minutes` of a day, from its first bar on."""
    return _opening(minutes, highest=True), _opening(minutes, highest=False)


def _of_the_day_before(place: int) -> Node:
    def make() -> Cell:
        day, today, before = NAN, _NONE, _NONE

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal day, today, before
            time, high, low, close = values
            date = time // DAY_NS
            if date == day:
                known, now = before, (max(today[0], high), min(today[1], low), close)
            else:
                known, now = today, (high, low, close)
            if keep:
                day, today, before = date, now, known
            return known[place]

        return step

    return Scan(make, TIME, HIGH, LOW, CLOSE)


def _opening(minutes: int, *, highest: bool) -> Node:
    furthest = max if highest else min

    def make() -> Cell:
        day, began, level = NAN, 0.0, NAN

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal day, began, level
            time, price = values
            date = time // DAY_NS
            first = date != day
            start = time if first else began
            within = time - start < minutes * MINUTE_NS
            found = price if first else furthest(level, price) if within else level
            if keep:
                day, began, level = date, start, found
            return found

        return step

    return Scan(make, TIME, HIGH if highest else LOW)
