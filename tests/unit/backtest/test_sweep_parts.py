"""The parts of a sweep: which trials, which spans of time, and what is left of the best Sharpe ratio."""

from math import sqrt

import pytest

from workstation.backtest.overfitting import deflated_sharpe, expected_sharpe_max
from workstation.backtest.search import grid, random_draw
from workstation.backtest.walk_forward import folds
from workstation.domain.errors import ValidationError
from workstation.strategies.api import Strategy, StrategyParameters


class Cross(Strategy):
    class Parameters(StrategyParameters):
        """Two lengths."""

        fast: int = 2
        slow: int = 5


AXES = {"fast": [1, 2, 3], "slow": [10, 20]}


def test_the_published_example_of_a_deflated_sharpe_ratio_comes_out() -> None:
    variance = 0.5 / 250
    assert expected_sharpe_max(100, variance) == pytest.approx(0.1132, abs=5e-5)
    found = deflated_sharpe(2.5 / sqrt(250), observations=1250, skewness=-3, kurtosis=10, trials=100, variance=variance)
    assert found == pytest.approx(0.9004, abs=5e-5)


def test_one_trial_is_not_deflated() -> None:
    assert expected_sharpe_max(1, 4.0) == 0
    assert deflated_sharpe(0.0, observations=50, skewness=0, kurtosis=3, trials=1, variance=0) == 0.5


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_folds_never_overlap_and_reach_the_end(count: int, anchored: bool) -> None:
    found = folds(100, 100_103, count=count, in_share=0.7, gap=11, anchored=anchored)
    assert len(found) == count
    assert all(100 <= fold.in_start < fold.in_end == fold.out_start - 11 < fold.out_end for fold in found)
    assert [fold.out_end for fold in found[:-1]] == [fold.out_start for fold in found[1:]]
    assert found[-1].out_end == 100_103
    assert all((fold.in_start == 100) is (anchored or fold is found[0]) for fold in found)


def test_a_span_without_room_for_both_parts_is_refused() -> None:
    with pytest.raises(ValidationError, match="a part is empty"):
        folds(0, 10, count=5, in_share=0.5, gap=20)


def test_a_grid_is_every_combination_in_order() -> None:
    found = [(trial["fast"], trial["slow"]) for trial in grid(Cross, AXES)]
    assert found == [(1, 10), (1, 20), (2, 10), (2, 20), (3, 10), (3, 20)]


def test_the_same_seed_draws_the_same_trials_and_none_twice() -> None:
    drawn = random_draw(Cross, AXES, count=4, seed=7)
    assert drawn == random_draw(Cross, AXES, count=4, seed=7)
    assert len({tuple(trial.values()) for trial in drawn}) == 4
    everything = random_draw(Cross, AXES, count=99, seed=8)
    assert sorted(map(str, everything)) == sorted(map(str, grid(Cross, AXES)))


def test_a_value_that_the_schema_refuses_or_an_unknown_name_is_no_trial() -> None:
    with pytest.raises(ValidationError, match="fast"):
        grid(Cross, {"fast": ["many"]})
    with pytest.raises(ValidationError, match="is no parameter"):
        grid(Cross, {"quick": [1]})
