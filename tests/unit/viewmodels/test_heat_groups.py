"""Maps of sweeps that tried few of many values: neighbours share a cell, and a grid keeps its values."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.sweep_scene import sweep_of_scene
from workstation.viewmodels.heat_groups import GROUPS_MAX, grouping
from workstation.viewmodels.sweep_view import SweepsView

MEASURE = "Metric, in-sample"


def test_few_values_stay_themselves() -> None:
    cells, name = grouping({30, 5, 10})
    assert (cells, name(10)) == ((5, 10, 30), 10)
    assert grouping({"b", "a"})[0] == ("a", "b")


def test_whole_numbers_are_put_into_whole_ranges() -> None:
    cells, name = grouping(set(range(45, 161)))
    assert (len(cells), cells[0], cells[-1]) == (12, "45–54", "155–164")
    assert [name(value) for value in (45, 54, 55, 160)] == ["45–54", "45–54", "55–64", "155–164"]


def test_ranges_of_close_numbers_are_told_apart() -> None:
    cells, name = grouping({1 + at / 100_000 for at in range(20)})
    assert len(set(cells)) == GROUPS_MAX
    assert name(1.0) == cells[0]


@given(st.sets(st.integers(-500, 500) | st.floats(-1e3, 1e3), min_size=1, max_size=60))
def test_every_value_has_a_cell_and_cells_are_few(values: set[float]) -> None:
    cells, name = grouping(values)
    assert {name(value) for value in values} <= set(cells)
    assert len(cells) <= GROUPS_MAX
    assert len(set(cells)) == len(cells)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_a_map_puts_neighbours_together_where_few_pairs_were_tried(is_sparse: bool) -> None:
    table, view = sweep_of_scene(), SweepsView()
    if is_sparse:
        spread = [
            msgspec.structs.replace(trial, number=at, parameters={"fast": at * 3, "slow": 50 + at})
            for at, trial in enumerate(table.trials * 2)
        ]
        table = msgspec.structs.replace(table, trials=tuple(spread))
    view.show(table)
    shown = view.heat_map("fast", "slow", MEASURE)
    if is_sparse:
        assert (shown.columns[0], shown.rows[0]) == ("0–5", "50–51")
        assert len(shown.columns) <= GROUPS_MAX
    else:
        assert (shown.columns, shown.rows) == ((5, 10, 15, 20), (30, 60, 90))
