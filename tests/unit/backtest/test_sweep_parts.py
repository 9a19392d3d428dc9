"""The parts of a sweep: which trials, which spans of time, and what is left of the best Sharpe ratio."""

from math import sqrt

import pytest

from workstation.backtest.overfitting import deflated_sharpe, expected_sharpe_max
from workstation.backtest.search import Space, grid, random_draw
from workstation.backtest.search_axes import axes_of
from workstation.backtest.walk_forward import folds
from workstation.domain.errors import ValidationError
from workstation.strategies.api import Strategy, StrategyParameters


class Cross(Strategy):
    class Parameters(StrategyParameters):
        """Two lengths."""

        fast: int = 2
        slow: int = 5


class Ordered(Strategy):
    class Parameters(StrategyParameters):
        """Two lengths, the first below the second."""

        fast: int = 2
        slow: int = 5

        def model_post_init(self, context: object) -> None:
            if self.fast >= self.slow:
                raise ValueError("fast is not below slow")


class Wide(Strategy):
    class Parameters(StrategyParameters):
        """More combinations than an index can count."""

        a: int = 0
        b: int = 0
        c: int = 0
        d: int = 0
        e: int = 0
        f: int = 0
        g: int = 0
        h: int = 0
        i: int = 0
        j: int = 0
        k: int = 0
        l: int = 0  # noqa: E741  a letter each


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
    found = [(trial["fast"], trial["slow"]) for trial in grid(Space(Cross, AXES)).trials]
    assert found == [(1, 10), (1, 20), (2, 10), (2, 20), (3, 10), (3, 20)]


def test_the_same_seed_draws_the_same_trials_and_none_twice() -> None:
    space = Space(Cross, AXES)
    drawn = random_draw(space, count=4, seed=7).trials
    assert drawn == random_draw(space, count=4, seed=7).trials
    assert drawn != random_draw(space, count=4, seed=8).trials
    assert len({tuple(trial.values()) for trial in drawn}) == 4
    everything = random_draw(space, count=99, seed=8).trials
    assert sorted(map(str, everything)) == sorted(map(str, grid(space).trials))


def test_a_space_larger_than_any_index_is_drawn_from() -> None:
    axes = {name: range(100) for name in Wide.Parameters.model_fields}
    space = Space(Wide, axes)
    assert space.size == 100**12
    assert len(random_draw(space, count=3, seed=1).trials) == 3
    with pytest.raises(ValidationError, match="too many"):
        grid(space)


def test_combinations_that_the_schema_refuses_are_left_out_and_counted() -> None:
    drawn = grid(Space(Ordered, {"fast": [1, 5, 9], "slow": [4, 8]}))
    assert [tuple(trial.values()) for trial in drawn.trials] == [(1, 4), (1, 8), (5, 8)]
    assert drawn.refused == 3
    assert "fast" in drawn.reason
    assert len(random_draw(Space(Ordered, {"fast": [1, 5, 9], "slow": [4, 8]}), count=2, seed=3).trials) == 2
    with pytest.raises(ValidationError, match="every combination is refused"):
        grid(Space(Ordered, {"fast": [9], "slow": [4]}))


def test_values_are_kept_as_the_schema_reads_them_and_equal_ones_once() -> None:
    assert grid(Space(Cross, {"fast": ["3", 3, 4]})).trials == ({"fast": 3}, {"fast": 4})


def test_a_value_that_the_schema_refuses_or_an_unknown_name_is_no_trial() -> None:
    with pytest.raises(ValidationError, match="fast"):
        grid(Space(Cross, {"fast": ["many"]}))
    with pytest.raises(ValidationError, match="is no parameter"):
        Space(Cross, {"quick": [1]})
    with pytest.raises(ValidationError, match="is named twice"):
        Space(Cross, {"fast": [1, 2]}, {"fast": 3})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5:20:5", [5, 10, 15, 20]),
        ("fast=1:3", [1, 2, 3]),
        ("fast=5:21:5", [5, 10, 15, 20]),
        ("share=0.1:0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("fast=2,4,8", [2, 4, 8]),
        ("kind=a,b", ["a", "b"]),
        ('kind=["a,b", "c"]', ["a,b", "c"]),
        ("on=true,false", [True, False]),
    ],
)
def test_ranges_and_lists_are_read_as_axes(text: str, values: list[object]) -> None:
    assert axes_of([text]) == ({text.partition("=")[0]: values}, {})


def test_one_value_is_fixed_whatever_signs_it_holds() -> None:
    assert axes_of(["symbol=BTC:USD", 'name="a,b"', "quantity=100"]) == (
        {},
        {"symbol": "BTC:USD", "name": "a,b", "quantity": 100},
    )


@pytest.mark.parametrize("text", ["fast", "fast=", "=3", "fast=9:1", "fast=1:9:0", "fast=0:1:0.000001", "fast=[]"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        axes_of([text])
