"""Renko for any path of prices: as one brick after the other by hand, the same live as at once, no volume lost."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.chart_renko import BrickSize, Renko
from workstation.viewmodels.level_of_detail import BarPyramid

paths = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 50)), min_size=1, max_size=60)
heights = st.integers(3, 40)


def laid_by_hand(closes: list[int], height: int) -> list[tuple[int, int]]:
    """Return (open, close) of each brick, laying one at a time as the rule says."""
    bottom = top = closes[0] // height * height
    bricks = []
    for close in closes:
        while close >= top + height:
            bottom, top = top, top + height
            bricks.append((bottom, top))
        while close <= bottom - height:
            bottom, top = bottom - height, bottom
            bricks.append((top, bottom))
    return bricks


def at_once(path: list[tuple[int, int]], height: int) -> Renko:
    close, volume = np.array(path, dtype=np.float64).T
    renko = Renko(BarPyramid(), BrickSize(height, from_range=False), 1.0)
    renko.take(np.arange(len(path), dtype=np.int64), np.array([close, close, close, close, volume]))
    return renko


@given(paths, heights)
def test_bricks_are_those_laid_by_hand(path: list[tuple[int, int]], height: int) -> None:
    renko = at_once([*path, path[-1]], height)  # one more bar, so that the last of the path is closed
    found = renko.bricks.columns[:, :-1]
    assert [(int(open_), int(close)) for open_, close in found[[0, 3]].T] == laid_by_hand([c for c, _ in path], height)
    assert (np.diff(renko.bricks.times_ns) > 0).all()


@given(paths, heights)
def test_live_bars_lead_to_the_same_bricks(path: list[tuple[int, int]], height: int) -> None:
    live = at_once(path[:1], height)
    for number, (price, volume) in enumerate(path[1:], start=1):
        for close in (price + 7.0, float(price)):
            live.put(number, (close, close, close, close, float(volume)))
    whole = at_once(path, height)
    np.testing.assert_array_equal(live.bricks.columns, whole.bricks.columns)
    np.testing.assert_array_equal(live.bricks.times_ns, whole.bricks.times_ns)


@given(paths, heights)
def test_no_volume_is_lost_and_none_made(path: list[tuple[int, int]], height: int) -> None:
    total = sum(volume for _, volume in path)
    np.testing.assert_allclose(at_once(path, height).bricks.columns[4].sum(), total)
