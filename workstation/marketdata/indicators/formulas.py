"""The indicators as formulas, each from its inventor's definition; the catalogue names them for people.

Wilder's averages (RSI, ATR, directional movement) follow J. W. Wilder, New Concepts in Technical Trading Systems, 1978.
An exponential average is seeded with the simple one of its first values. A share of a range without extent is 0.
"""

import math
import operator

import numpy as np

from workstation.marketdata.indicators.graph import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    TYPICAL,
    VOLUME,
    Constant,
    Each,
    Node,
    Previous,
    Smooth,
    Sum,
    Window,
    absolute,
    choose,
    larger,
    logarithm,
    ratio,
    smaller,
)
from workstation.marketdata.indicators.recursions import running, trailing_stop, wilder_sum

ZERO = Constant(0.0)

Lines = tuple[Node, ...]

# Averages


def sma(source: Node, bars: int) -> Node:
    """Mean of the last `bars` values."""
    return Sum(source, bars) * (1 / bars)


def ema(source: Node, bars: int) -> Node:
    """Exponential average with the share 2 / (bars + 1)."""
    return Smooth(source, 2 / (bars + 1), bars)


def wilder(source: Node, bars: int) -> Node:
    """Wilder's average: the share is 1 / bars."""
    return Smooth(source, 1 / bars, bars)


def wma(source: Node, bars: int) -> Node:
    """Weighted average, the newest value counting `bars` times."""
    weights = np.arange(1, bars + 1, dtype=np.float64) / (bars * (bars + 1) / 2)
    plain = weights.tolist()
    return Window(source, bars, lambda rows: rows @ weights, lambda row: math.fsum(map(operator.mul, row, plain)))


def dema(source: Node, bars: int) -> Node:
    """Double exponential average: 2 e1 - e2."""
    first = ema(source, bars)
    return 2.0 * first - ema(first, bars)


def tema(source: Node, bars: int) -> Node:
    """Triple exponential average: 3 e1 - 3 e2 + e3."""
    first = ema(source, bars)
    second = ema(first, bars)
    return 3.0 * first - 3.0 * second + ema(second, bars)


def trima(source: Node, bars: int) -> Node:
    """Triangular average: a simple average of a simple average."""
    half = (bars + 1) // 2
    return sma(sma(source, half), half if bars % 2 else half + 1)


def hma(source: Node, bars: int) -> Node:
    """Hull's average: a weighted average of 2 wma(half) - wma(whole) over the square root of bars."""
    return wma(2.0 * wma(source, max(1, bars // 2)) - wma(source, bars), max(1, math.isqrt(bars)))


# Extremes and spread


def highest(source: Node, bars: int) -> Node:
    """Largest of the last `bars` values."""
    return Window(source, bars, lambda rows: rows.max(axis=1), max)


def lowest(source: Node, bars: int) -> Node:
    """Smallest of the last `bars` values."""
    return Window(source, bars, lambda rows: rows.min(axis=1), min)


def deviation(source: Node, bars: int) -> Node:
    """Return the standard deviation of the last `bars` values as a whole population."""

    def one(row: list[float]) -> float:
        mean = math.fsum(row) / bars
        return math.sqrt(math.fsum((value - mean) ** 2 for value in row) / bars)

    return Window(source, bars, lambda rows: rows.std(axis=1), one)


def mean_deviation(source: Node, bars: int) -> Node:
    """Mean distance of the last `bars` values from their mean."""

    def one(row: list[float]) -> float:
        mean = math.fsum(row) / bars
        return math.fsum(abs(value - mean) for value in row) / bars

    return Window(source, bars, lambda rows: np.abs(rows - rows.mean(axis=1, keepdims=True)).mean(axis=1), one)


def true_range() -> Node:
    """Range of the bar with the close before it; there is none for the first bar."""
    before = Previous(CLOSE)
    return larger(HIGH, before) - smaller(LOW, before)


def atr(bars: int) -> Node:
    """Wilder's average of the true range."""
    return wilder(true_range(), bars)


def _since(source: Node, bars: int, *, high: bool) -> Node:
    """Bars since the extreme of the last `bars` values; of equal ones the newest counts."""
    find = np.argmax if high else np.argmin
    best = max if high else min

    def one(row: list[float]) -> float:
        turned = row[::-1]
        return float(turned.index(best(turned)))

    return Window(source, bars, lambda rows: find(rows[:, ::-1], axis=1).astype(np.float64), one)


def regression(source: Node, bars: int) -> tuple[Node, Node]:
    """Least squares over the last `bars` values: the line's value at the newest bar, and its slope a bar."""
    mean, weighted = sma(source, bars), wma(source, bars)
    slope = (weighted - mean) * (6 / (bars - 1)) if bars > 1 else mean * 0.0
    return mean + slope * ((bars - 1) / 2), slope


# Bands


def bollinger(bars: int, width: float) -> Lines:
    """Average and `width` standard deviations around it: upper, middle, lower."""
    middle, spread = sma(CLOSE, bars), deviation(CLOSE, bars) * width
    return middle + spread, middle, middle - spread


def keltner(bars: int, width: float) -> Lines:
    """Exponential average of the close and `width` average true ranges around it."""
    middle, spread = ema(CLOSE, bars), atr(bars) * width
    return middle + spread, middle, middle - spread


def donchian(bars: int) -> Lines:
    """Highest high, middle and lowest low."""
    top, bottom = highest(HIGH, bars), lowest(LOW, bars)
    return top, (top + bottom) * 0.5, bottom


def envelope(bars: int, percent: float) -> Lines:
    """Return a simple average between lines a share of it above and below."""
    middle = sma(CLOSE, bars)
    return middle * (1 + percent / 100), middle, middle * (1 - percent / 100)


def ichimoku(conversion: int, base: int, span: int) -> Lines:
    """Conversion line, base line, and the two spans of the cloud, here undisplaced; the chart moves them ahead."""
    turning, standard = donchian(conversion)[1], donchian(base)[1]
    return turning, standard, (turning + standard) * 0.5, donchian(span)[1]


# Oscillators


def macd(fast: int, slow: int, signal: int) -> Lines:
    """Difference of two exponential averages, its own average, and the difference of these."""
    line = ema(CLOSE, fast) - ema(CLOSE, slow)
    average = ema(line, signal)
    return line, average, line - average


def ppo(fast: int, slow: int) -> Node:
    """Difference of two exponential averages in percent of the slow one."""
    slow_line = ema(CLOSE, slow)
    return (ema(CLOSE, fast) - slow_line) / slow_line * 100


def _gains(source: Node) -> tuple[Node, Node]:
    change = source - Previous(source)
    return larger(change, 0.0), larger(ZERO - change, 0.0)


def rsi(source: Node, bars: int) -> Node:
    """Relative strength: share of the gains in all changes, 0 to 100."""
    gains, losses = (wilder(part, bars) for part in _gains(source))
    return gains / (gains + losses) * 100


def cmo(bars: int) -> Node:
    """Chande's momentum with Wilder's averages, -100 to 100."""
    gains, losses = (wilder(part, bars) for part in _gains(CLOSE))
    return (gains - losses) / (gains + losses) * 100


def _place(source: Node, high: Node, low: Node, bars: int) -> Node:
    """Where a value stands between the lowest low and the highest high, 0 to 100."""
    bottom = lowest(low, bars)
    return (source - bottom) / (highest(high, bars) - bottom) * 100


def stochastic(bars: int, smooth: int, signal: int) -> Lines:
    """Place of the close in the range, smoothed, and its average."""
    line = sma(_place(CLOSE, HIGH, LOW, bars), smooth)
    return line, sma(line, signal)


def stochastic_rsi(rsi_bars: int, bars: int, signal: int) -> Lines:
    """Place of the relative strength in its own range, and its average."""
    strength = rsi(CLOSE, rsi_bars)
    line = _place(strength, strength, strength, bars)
    return line, sma(line, signal)


def williams(bars: int) -> Node:
    """Distance of the close from the highest high, in percent of the range, -100 to 0."""
    top = highest(HIGH, bars)
    return (CLOSE - top) / (top - lowest(LOW, bars)) * 100


def cci(bars: int) -> Node:
    """Distance of the typical price from its average, in mean deviations of 0.015."""
    return (TYPICAL - sma(TYPICAL, bars)) / (mean_deviation(TYPICAL, bars) * 0.015)


def momentum(bars: int) -> Node:
    """Change of the close over `bars`."""
    return CLOSE - Previous(CLOSE, bars)


def rate_of_change(source: Node, bars: int) -> Node:
    """Change over `bars` in percent."""
    before = Previous(source, bars)
    return (source - before) / before * 100


def trix(bars: int) -> Node:
    """Change of a triple exponential average in percent a bar."""
    return rate_of_change(ema(ema(ema(CLOSE, bars), bars), bars), 1)


def ultimate(short: int, middle: int, long: int) -> Node:
    """Buying pressure over the true range at three lengths, weighted 4, 2, 1."""
    span = true_range()
    pressure = CLOSE - smaller(LOW, Previous(CLOSE))
    short_part, middle_part, long_part = (Sum(pressure, n) / Sum(span, n) for n in (short, middle, long))
    return (4.0 * short_part + 2.0 * middle_part + long_part) * (100 / 7)


def detrended(bars: int) -> Node:
    """Close of half the length before, less the average."""
    return Previous(CLOSE, bars // 2 + 1) - sma(CLOSE, bars)


def balance_of_power() -> Node:
    """Where the bar closed from its open, in its range, -1 to 1."""
    return (CLOSE - OPEN) / (HIGH - LOW)


# Trend


def directional(bars: int) -> Lines:
    """Average directional index, and the two directional indicators +DI and -DI, 0 to 100."""
    up, down = HIGH - Previous(HIGH), Previous(LOW) - LOW
    rise = choose(operator.gt, up, larger(down, 0.0), up, ZERO)
    fall = choose(operator.gt, down, larger(up, 0.0), down, ZERO)
    span = wilder_sum(true_range(), bars)
    plus, minus = wilder_sum(rise, bars) / span * 100, wilder_sum(fall, bars) / span * 100
    return wilder(absolute(plus - minus) / (plus + minus) * 100, bars), plus, minus


def aroon(bars: int) -> Lines:
    """How recent the highest high and the lowest low of `bars` + 1 bars are, 100 for now: up, down."""
    scale = 100 / bars
    return 100 - _since(HIGH, bars + 1, high=True) * scale, 100 - _since(LOW, bars + 1, high=False) * scale


def vortex(bars: int) -> Lines:
    """Movement from low to high and from high to low, over the true range: plus, minus."""
    span = Sum(true_range(), bars)
    rise, fall = absolute(HIGH - Previous(LOW)), absolute(LOW - Previous(HIGH))
    return Sum(rise, bars) / span, Sum(fall, bars) / span


def choppiness(bars: int) -> Node:
    """How much of the way was spent sideways, 0 to 100."""
    span = highest(HIGH, bars) - lowest(LOW, bars)
    return logarithm(ratio(Sum(true_range(), bars), span, when_zero=1.0)) * (100 / math.log(bars))


def supertrend(bars: int, width: float) -> Node:
    """Trail a stop `width` average true ranges behind the median, turned where the close crosses it."""
    return trailing_stop(atr(bars) * width)


# Volume


def relative_volume(bars: int) -> Node:
    """Volume over the average of the `bars` bars before; 0 where those had none."""
    return ratio(VOLUME, sma(Previous(VOLUME), bars))


def obv() -> Node:
    """Volume added on rising closes and taken off on falling ones, begun with the first bar's."""
    before = Previous(CLOSE)
    signed = choose(operator.gt, CLOSE, before, VOLUME, choose(operator.lt, CLOSE, before, ZERO - VOLUME, ZERO))

    def first(value: float, volume: float) -> float:
        return volume if math.isnan(value) else value

    return running(Each(lambda value, volume: np.where(np.isnan(value), volume, value), first, signed, VOLUME))


def _money_place() -> Node:
    """Where the bar closed in its range, -1 to 1, times its volume."""
    return (CLOSE - LOW - (HIGH - CLOSE)) / (HIGH - LOW) * VOLUME


def accumulation() -> Node:
    """Chaikin's accumulation and distribution line."""
    return running(_money_place())


def chaikin_oscillator(fast: int, slow: int) -> Node:
    """Difference of two exponential averages of the accumulation line, begun with its first value."""
    line = accumulation()
    return Smooth(line, 2 / (fast + 1), 1) - Smooth(line, 2 / (slow + 1), 1)


def chaikin_flow(bars: int) -> Node:
    """Money placed over volume, -1 to 1."""
    return Sum(_money_place(), bars) / Sum(VOLUME, bars)


def money_flow(bars: int) -> Node:
    """Share of the money that flowed on rising typical prices, 0 to 100."""
    before, money = Previous(TYPICAL), TYPICAL * VOLUME
    gains = Sum(choose(operator.gt, TYPICAL, before, money, ZERO), bars)
    losses = Sum(choose(operator.lt, TYPICAL, before, money, ZERO), bars)
    return gains / (gains + losses) * 100


def force(bars: int) -> Node:
    """Elder's force: exponential average of change times volume."""
    return ema((CLOSE - Previous(CLOSE)) * VOLUME, bars)
