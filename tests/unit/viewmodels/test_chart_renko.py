"""Renko bricks: laid by closes, against a run only two heights away, sized by ticks or by range."""

import numpy as np
import pytest

from workstation.domain.errors import ValidationError
from workstation.marketdata.bricks import BRICKS_AT_ONCE_MAX
from workstation.viewmodels.chart_renko import BrickSize, Renko, read_brick_size
from workstation.viewmodels.level_of_detail import BarPyramid


def columns(closes: list[float], reach: float = 0.0) -> np.ndarray:
    close = np.array(closes, dtype=np.float64)
    return np.array([close, close + reach, close - reach, close, np.full(len(close), 6.0)])


def made(closes: list[float], size: BrickSize, tick: float = 1.0, reach: float = 0.0) -> Renko:
    renko = Renko(BarPyramid(), size, tick)
    renko.take(np.arange(len(closes), dtype=np.int64) * 60, columns(closes, reach))
    return renko


def bodies(renko: Renko) -> list[tuple[float, float]]:
    return [(float(open_), float(close)) for open_, close in renko.bricks.columns[[0, 3]].T]


def test_a_brick_is_laid_each_height_with_the_run_and_from_two_heights_against_it() -> None:
    renko = made([100, 104, 111, 121, 105, 99, 99], BrickSize(10, from_range=False))
    assert bodies(renko) == [(100, 110), (110, 120), (110, 100), (100, 99)]


def test_what_lies_between_two_bricks_grows_and_is_not_laid() -> None:
    renko = made([100, 120, 114], BrickSize(10, from_range=False))
    assert bodies(renko) == [(100, 110), (110, 120), (120, 114)]
    renko.put(120, (114.0, 119.0, 108.0, 109.0, 1.0))
    assert bodies(renko)[-1] == (110, 109)


def test_bricks_of_one_bar_share_its_volume_and_rise_in_time() -> None:
    renko = made([100, 103, 130, 131], BrickSize(10, from_range=False))
    assert renko.bricks.columns[4].tolist() == [6.0, 6.0, 6.0, 6.0]
    assert (np.diff(renko.bricks.times_ns) > 0).all()


def test_the_height_is_the_mean_true_range_on_the_tick_and_settles_when_there_are_bars_enough() -> None:
    renko = made([100.0] * 20, BrickSize(14), tick=0.25, reach=1.05)
    assert renko.height == 2.0  # a range of 2.10, on the tick
    young = made([], BrickSize(2), tick=0.25)
    heights = []
    for minute, reach in enumerate((1.0, 2.0, 3.0, 4.0, 5.0)):
        young.put(minute, (100.0, 100.0 + reach, 100.0 - reach, 100.0, 1.0))
        heights.append(young.height)
    assert heights == [0.25, 0.25, 4.0, 5.0, 5.0]


def test_a_wild_price_lays_no_more_than_the_most_and_the_run_goes_on_from_there() -> None:
    renko = made([100, 1e9, 1e9 + 1], BrickSize(1, from_range=False))
    assert len(renko.bricks) == BRICKS_AT_ONCE_MAX + 1
    assert bodies(renko)[-2:] == [(100 + BRICKS_AT_ONCE_MAX - 1, 1e9), (1e9, 1e9 + 1)]


@pytest.mark.parametrize("text", ["10t", "atr14", "1000000t"])
def test_a_size_is_read_as_it_is_written(text: str) -> None:
    assert read_brick_size(f" {text.upper()} ").text == text


@pytest.mark.parametrize("text", ["", "0t", "t", "atr", "atr0", "1.5t", "-3t", "9999999t", "atr99999"])
def test_a_size_that_is_none_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValidationError, match="10t"):
        read_brick_size(text)
