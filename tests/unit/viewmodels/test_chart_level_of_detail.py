"""The pyramid against brute force: whatever was put in whatever way, each bin says what its bars say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import ValidationError
from workstation.viewmodels.level_of_detail import (
    BINS_WORTH_HALVING,
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    VOLUME,
    BarPyramid,
)

MINUTE_NS = 60_000_000_000


def random_bars(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    close = 100 + np.cumsum(rng.normal(0, 1, count))
    open_ = close + rng.normal(0, 0.5, count)
    high = np.maximum(open_, close) + rng.random(count)
    low = np.minimum(open_, close) - rng.random(count)
    return np.array([open_, high, low, close, rng.integers(0, 1_000, count).astype(float)])


def filled(bars: np.ndarray) -> BarPyramid:
    pyramid = BarPyramid()
    times = np.arange(bars.shape[1], dtype=np.int64) * MINUTE_NS
    pyramid.replace(times, open=bars[0], high=bars[1], low=bars[2], close=bars[3], volume=bars[4])
    return pyramid


def brute_force(bars: np.ndarray, first: int, size: int, count: int) -> np.ndarray:
    binned = []
    for number in range(first, first + count):
        part = bars[:, number * size : (number + 1) * size]
        binned.append([part[OPEN, 0], part[HIGH].max(), part[LOW].min(), part[CLOSE, -1], part[VOLUME].sum()])
    return np.array(binned).T.reshape(5, count)


@given(
    loaded=st.integers(0, 3 * BINS_WORTH_HALVING),
    appended=st.integers(0, 3 * BINS_WORTH_HALVING),
    wanted=st.floats(0.1, 16),
    seed=st.integers(0, 2**16),
    where=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_bins_equal_brute_force_however_the_bars_arrived(loaded, appended, wanted, seed, where):
    total = loaded + appended
    bars = random_bars(total, seed)
    pyramid = filled(bars[:, :loaded])
    for index in range(loaded, total):
        half_made = bars[:, index] * np.array([1.0, 0.99, 1.01, 1.0, 0.5])
        assert pyramid.put(index * MINUTE_NS, tuple(half_made)) is True
        assert pyramid.put(index * MINUTE_NS, tuple(bars[:, index])) is False
    first, stop = sorted(round(part * total) for part in where)
    bins = pyramid.bins(first, stop, wanted)
    np.testing.assert_allclose(bins.columns, brute_force(bars, bins.first, bins.size, len(bins)))
    if first < stop:
        assert bins.first * bins.size <= first
        assert (bins.first + len(bins)) * bins.size >= stop
        assert pyramid.extremes(first, stop) == (bars[LOW, first:stop].min(), bars[HIGH, first:stop].max())
    else:
        assert pyramid.extremes(first, stop) is None


@given(count=st.integers(1, 3_000), cut=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_extremes_are_exact_across_levels(count, cut):
    bars = random_bars(count, 7)
    first, stop = sorted(round(part * count) for part in cut)
    expected = (bars[LOW, first:stop].min(), bars[HIGH, first:stop].max()) if first < stop else None
    assert filled(bars).extremes(first, stop) == expected


def test_bins_are_at_least_as_wide_as_asked_and_no_wider_than_twice():
    pyramid = filled(random_bars(100_000, 1))
    for wanted in (0.3, 1, 1.5, 2, 3, 7.9, 64, 100):
        size = pyramid.bins(0, 100_000, wanted).size
        assert max(1, wanted) <= size < max(2, 2 * wanted)


def test_centers_lie_in_the_middle_of_each_bin():
    bins = filled(random_bars(1_000, 2)).bins(4, 12, 2)
    assert bins.size == 2
    assert bins.centers.tolist() == [5.0, 7.0, 9.0, 11.0]


def test_a_long_series_of_appends_adds_levels():
    pyramid = BarPyramid()
    bars = random_bars(5_000, 3)
    for index in range(5_000):
        pyramid.put(index, tuple(bars[:, index]))
    assert pyramid.bins(0, 5_000, 8).size == 8
    assert len(pyramid) == 5_000


def test_the_bar_that_holds_an_instant_is_the_last_that_opened_before_it():
    pyramid = filled(random_bars(10, 4))
    assert pyramid.index_at(-1) == -1
    assert pyramid.index_at(0) == 0
    assert pyramid.index_at(3 * MINUTE_NS - 1) == 2
    assert pyramid.index_at(99 * MINUTE_NS) == 9


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"high": [2.0]}, "high"),
        ({"close": [1.0, float("nan")]}, "finite"),
        ({"times_ns": [5, 5]}, "rise"),
    ],
)
def test_bars_that_cannot_be_drawn_are_refused(change, named):
    good = {name: [1.0, 1.0] for name in ("open", "high", "low", "close", "volume")} | {"times_ns": [1, 2]}
    with pytest.raises(ValidationError, match=named):
        BarPyramid().replace(**good | change)


def test_a_bar_before_the_last_is_refused():
    pyramid = filled(random_bars(3, 5))
    with pytest.raises(ValidationError, match="before the last bar"):
        pyramid.put(MINUTE_NS, (1, 1, 1, 1, 1))


def test_every_change_raises_the_revision():
    pyramid = filled(random_bars(3, 6))
    before = pyramid.revision
    pyramid.put(3 * MINUTE_NS, (1, 1, 1, 1, 1))
    assert pyramid.revision == before + 1


@given(count=st.integers(1, 3 * BINS_WORTH_HALVING), wanted=st.floats(0.1, 16), data=st.data())
def test_a_bar_that_is_revised_is_so_in_every_bin_and_one_of_no_bar_changes_nothing(count, wanted, data):
    bars, fresh = random_bars(count, 1), random_bars(count, 2)
    pyramid = filled(bars)
    for index in data.draw(st.lists(st.integers(0, count - 1), max_size=9)):
        bars[:, index] = fresh[:, index]
        assert pyramid.revise(index * MINUTE_NS, tuple(fresh[:, index]))
    assert not pyramid.revise(-1, tuple(fresh[:, 0]))
    assert not pyramid.revise(MINUTE_NS // 2, tuple(fresh[:, 0]))
    bins = pyramid.bins(0, count, wanted)
    assert np.allclose(bins.columns, brute_force(bars, bins.first, bins.size, bins.columns.shape[1]))
