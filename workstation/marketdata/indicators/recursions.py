"""Formulas that carry a state of their own from bar to bar: each is a step, and both readings take the same one.

Sources: P. Kaufman, Smarter Trading, 1995 (adaptive average); J. W. Wilder, New Concepts in Technical Trading Systems,
1978 (running sum, stop and reverse); O. Seban (SuperTrend).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from workstation.marketdata.indicators.graph import (
    CLOSE,
    HIGH,
    LOW,
    MEDIAN,
    NAN,
    TIME,
    TYPICAL,
    VOLUME,
    Cell,
    Node,
    Previous,
    Scan,
    Sum,
    absolute,
    ratio,
)

DAY_NS = 86_400_000_000_000
FAST, SLOW = 2 / 3, 2 / 31
"""Shares of the adaptive average on a straight way and on none."""


def kama(source: Node, bars: int) -> Node:
    """Kaufman's adaptive average: the share follows how straight the way of the last `bars` values was."""
    way = Sum(absolute(source - Previous(source)), bars)
    straight = ratio(absolute(source - Previous(source, bars)), way, when_zero=1.0)

    def make() -> Cell:
        level = NAN

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal level
            value, before, share = values
            if math.isnan(share):
                return NAN
            share = (min(share, 1.0) * (FAST - SLOW) + SLOW) ** 2
            start = before if math.isnan(level) else level
            found = start + share * (value - start)
            if keep:
                level = found
            return found

        return step

    return Scan(make, source, Previous(source), straight)


def running(source: Node) -> Node:
    """Sum of all values so far."""

    def make() -> Cell:
        total = 0.0

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal total
            found = total + (0.0 if math.isnan(values[0]) else values[0])
            if keep:
                total = found
            return found

        return step

    return Scan(make, source)


def wilder_sum(source: Node, bars: int) -> Node:
    """Wilder's running sum: it loses a share of itself and gains the new value; begun with bars - 1 values."""

    def make() -> Cell:
        count, total = 0, 0.0

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal count, total
            value = values[0]
            if math.isnan(value):
                return NAN
            ready = count >= bars - 1
            found = total - total / bars + value if ready else total + value
            if keep:
                count, total = count + 1, found
            return found if ready else NAN

        return step

    return Scan(make, source)


def trailing_stop(spread: Node) -> Node:
    """Return a stop that trails `spread` behind the median and turns where the close crosses it (SuperTrend)."""

    def make() -> Cell:
        upper = lower = close_before = NAN
        rising = True

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal upper, lower, close_before, rising
            median, width, close = values
            if math.isnan(width):
                return NAN
            top, bottom, turned = median + width, median - width, rising
            if not math.isnan(upper):
                top = top if top < upper or close_before > upper else upper
                bottom = bottom if bottom > lower or close_before < lower else lower
                turned = close >= bottom if rising else close > top
            if keep:
                upper, lower, close_before, rising = top, bottom, close, turned
            return bottom if turned else top

        return step

    return Scan(make, MEDIAN, spread, CLOSE)


def parabolic(step_share: float, most: float) -> Node:
    """Wilder's stop and reverse: it runs after the extreme faster with each new one, and turns where it is touched."""
    return Scan(lambda: _Parabolic(step_share, most).ask, HIGH, LOW)


class _Stop(NamedTuple):
    rising: bool
    stop: float
    extreme: float
    share: float


class _Parabolic:
    """State of the stop and reverse. The first direction is that of the larger movement between the first two bars."""

    def __init__(self, share: float, most: float) -> None:
        self._share, self._most = min(share, most), most
        self._bars = 0
        self._before = (NAN, NAN)
        self._state = _Stop(rising=True, stop=NAN, extreme=NAN, share=NAN)

    def ask(self, values: Sequence[float], keep: bool) -> float:
        """Return the stop that holds for this bar."""
        high, low = values
        if self._bars == 0:
            found, state = NAN, self._state
        elif self._bars == 1:
            found, state = self._moved((high, low), (high, low), self._opened(high, low))
        else:
            found, state = self._moved((high, low), self._before, self._state)
        if keep:
            self._bars, self._before, self._state = self._bars + 1, (high, low), state
        return found

    def _opened(self, high: float, low: float) -> _Stop:
        fall, rise = self._before[1] - low, high - self._before[0]
        if fall > max(rise, 0.0):
            return _Stop(rising=False, stop=self._before[0], extreme=low, share=self._share)
        return _Stop(rising=True, stop=self._before[1], extreme=high, share=self._share)

    def _moved(self, bar: tuple[float, float], before: tuple[float, float], state: _Stop) -> tuple[float, _Stop]:
        """Return the stop for a bar (high, low) and the state after it."""
        (high, low), (high_before, low_before) = bar, before
        rising, stop, extreme, share = state
        if low <= stop if rising else high >= stop:
            stop = max(extreme, high_before, high) if rising else min(extreme, low_before, low)
            rising, extreme, share = not rising, (low if rising else high), self._share
        elif (high > extreme) if rising else (low < extreme):
            extreme, share = (high if rising else low), min(share + self._share, self._most)
        ahead = stop + share * (extreme - stop)
        bounded = min(ahead, low_before, low) if rising else max(ahead, high_before, high)
        return stop, _Stop(rising, bounded, extreme, share)


def vwap() -> Node:
    """Volume-weighted typical price since the day (UTC) began."""

    def make() -> Cell:
        day = money = volume = 0.0

        def step(values: Sequence[float], keep: bool) -> float:
            nonlocal day, money, volume
            time, price, traded = values
            today = time // DAY_NS
            sums = (money + price * traded, volume + traded) if today == day else (price * traded, traded)
            if keep:
                day, (money, volume) = today, sums
            return sums[0] / sums[1] if sums[1] else price

        return step

    return Scan(make, TIME, TYPICAL, VOLUME)
