"""Bars of a random walk with gaps, flat bars and repeated closes, as columns; the same for the same seed."""

import numpy as np

MINUTE_NS = 60_000_000_000
START_NS = 1_767_225_600_000_000_000


def random_bars(count, *, seed):
    """Return columns of `count` bars with prices on a grid of 0.01, shape (count,) float64 each."""
    rng = np.random.default_rng(seed)
    close = np.round(100 + np.cumsum(rng.normal(0, 0.4, count)), 2)
    start = np.round(np.roll(close, 1) + rng.normal(0, 0.05, count), 2)
    start[0] = 100.0
    high = np.round(np.maximum(start, close) + np.abs(rng.normal(0, 0.2, count)), 2)
    low = np.round(np.minimum(start, close) - np.abs(rng.normal(0, 0.2, count)), 2)
    flat = rng.random(count) < 0.02
    for column in (start, high, low):
        column[flat] = close[flat]
    volume = np.floor(rng.exponential(1_000, count)) + 1
    time = START_NS + MINUTE_NS * 5 * np.arange(count, dtype=np.float64)
    return {"open": start, "high": high, "low": low, "close": close, "volume": volume, "time": time}
