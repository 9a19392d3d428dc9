"""The table of columns: keys, order, filter, bulk rows and what an update tells the view."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.column_arrays import Coded, containing, packed_tails, stable_order
from workstation.viewmodels.columns import Bulk, Column, ColumnKind, ColumnTable


class Row(NamedTuple):
    """A row with a text that repeats, a number that may be absent, and an id."""

    key: str
    color: str
    size: float | None = None


COLUMNS = (
    Column("color", "Color", ColumnKind.CODE, lambda r: r.color, lambda r: r.color),
    Column("size", "Size", ColumnKind.NUMBER, lambda r: r.size, lambda r: str(r.size), right=True),
    Column("key", "Id", ColumnKind.ID, lambda r: r.key, lambda r: r.key, fixed=True),
)


def table(*rows: Row, newest_first: bool = False) -> ColumnTable[Row]:
    made: ColumnTable[Row] = ColumnTable(COLUMNS, lambda r: r.key, newest_first=newest_first)
    made.upsert(rows)
    return made


def keys(made: ColumnTable[Row]) -> list[str]:
    return [str(made.key_at(position)) for position in range(len(made))]


def test_a_row_of_a_known_key_replaces_and_keeps_its_place() -> None:
    made = table(Row("a", "red", 1), Row("b", "blue", 2))
    changes = made.upsert([Row("a", "red", 9)])
    assert (changes.reset, changes.changed) == (False, frozenset({0}))
    assert keys(made) == ["a", "b"]
    assert made.get("a") == Row("a", "red", 9)


def test_of_several_rows_with_one_key_the_last_counts() -> None:
    made = table(Row("a", "red", 1), Row("a", "red", 2))
    assert made.total == 1
    assert made.row_at(0).size == 2


def test_newest_first_puts_new_rows_on_top_in_one_run() -> None:
    made = table(Row("a", "red"), Row("b", "red"), newest_first=True)
    changes = made.upsert([Row("c", "red"), Row("d", "red")])
    assert keys(made) == ["d", "c", "b", "a"]
    assert changes.inserted == (0, 2)


def test_numbers_sort_by_value_with_absent_ones_last_both_ways() -> None:
    made = table(Row("a", "x", 10), Row("b", "x"), Row("c", "x", 9), Row("d", "x", -1.5))
    made.sort_by([("size", False)])
    assert keys(made) == ["d", "c", "a", "b"]
    made.sort_by([("size", True)])
    assert keys(made) == ["a", "c", "d", "b"]


def test_a_second_key_orders_what_the_first_leaves_equal() -> None:
    made = table(Row("a", "red", 1), Row("b", "blue", 5), Row("c", "red", 3), Row("d", "blue", 4))
    made.sort_by([("color", False), ("size", True)])
    assert keys(made) == ["b", "d", "c", "a"]
    assert made.sorting == (("color", False), ("size", True))


def test_a_new_row_joins_a_sorted_view_at_its_place() -> None:
    made = table(Row("a", "x", 1), Row("c", "x", 3))
    made.sort_by([("size", False)])
    changes = made.upsert([Row("b", "x", 2)])
    assert keys(made) == ["a", "b", "c"]
    assert changes.inserted == (1, 1)


def test_a_changed_value_moves_its_row_only_at_refresh() -> None:
    made = table(Row("a", "x", 1), Row("b", "x", 2))
    made.sort_by([("size", False)])
    made.upsert([Row("a", "x", 9)])
    assert keys(made) == ["a", "b"]
    assert made.refresh()
    assert keys(made) == ["b", "a"]
    assert not made.refresh()


def test_a_filter_hides_and_refresh_follows_what_changed() -> None:
    made = table(Row("a", "red"), Row("b", "blue"))
    made.filter_by(lambda rows: made.matching("color", rows, "red".__eq__))
    assert keys(made) == ["a"]
    made.upsert([Row("b", "red"), Row("c", "blue")])
    assert keys(made) == ["a"]
    assert made.refresh()
    assert sorted(keys(made)) == ["a", "b"]
    assert made.position_of("c") is None


def test_a_removed_row_is_gone_and_may_come_back() -> None:
    made = table(Row("a", "x"), Row("b", "x"))
    assert made.remove(["a", "unknown"])
    assert (keys(made), made.total, made.get("a")) == (["b"], 1, None)
    made.upsert([Row("a", "y")])
    assert sorted(keys(made)) == ["a", "b"]


def test_bulk_rows_are_made_when_somebody_looks() -> None:
    made: ColumnTable[Row] = ColumnTable(COLUMNS, lambda r: r.key, newest_first=True)
    asked: list[int] = []

    def row_of(number: int) -> Row:
        asked.append(number)
        return Row(f"k{number:05d}", "red" if number % 2 else "blue", float(number))

    names = [f"k{number:05d}" for number in range(1_000)]
    colors = Coded(("blue", "red"), np.arange(1_000, dtype=np.int32) % 2)
    columns = {"color": colors, "size": np.arange(1_000.0), "key": packed_tails(names)}
    made.load(Bulk(keys=names, columns=columns, row_of=row_of))
    assert (len(made), asked) == (1_000, [])
    assert made.row_at(0) == Row("k00999", "red", 999.0)
    made.filter_by(lambda rows: made.matching("color", rows, "blue".__eq__))
    assert (len(made), asked) == (500, [999])
    assert made.get("k00004") == Row("k00004", "blue", 4.0)
    assert made.get("k01000") is None


def test_live_rows_replace_and_follow_bulk_rows() -> None:
    made: ColumnTable[Row] = ColumnTable(COLUMNS, lambda r: r.key, newest_first=True)
    columns = {
        "color": Coded(("red",), np.zeros(3, np.int32)),
        "size": np.arange(3.0),
        "key": packed_tails(["a", "b", "c"]),
    }
    made.load(Bulk(keys=["a", "b", "c"], columns=columns, row_of=lambda n: Row("abc"[n], "red", float(n))))
    changes = made.upsert([Row("b", "blue", 7.0), Row("d", "blue", 8.0)])
    assert changes.changed == {1}
    assert keys(made) == ["d", "c", "b", "a"]
    made.sort_by([("size", True)])
    assert keys(made) == ["d", "b", "c", "a"]


def test_an_id_is_found_by_a_part_of_its_end_in_any_case() -> None:
    tails = packed_tails(["OMS-00000000AB12CD", "OMS-00000000ab99cd", "short", "OMS-000000000000ff"])
    assert containing(tails, "B12").tolist() == [True, False, False, False]
    assert containing(tails, "oms-00000000ab99cd").tolist() == [False, True, False, False]
    assert containing(tails, "hort").tolist() == [False, False, True, False]
    assert not containing(tails, "").any()


@given(st.lists(st.one_of(st.floats(allow_nan=True, allow_infinity=False, width=64), st.integers(-5, 5).map(float))))
def test_order_is_stable_and_puts_the_absent_last(values: list[float]) -> None:
    array = np.array(values, np.float64)
    assert stable_order(array).tolist() == np.argsort(array, kind="stable").tolist()


@given(st.lists(st.integers(-1_000, 1_000)))
def test_order_of_codes_is_stable(values: list[int]) -> None:
    array = np.array(values, np.int32)
    assert stable_order(array).tolist() == np.argsort(array, kind="stable").tolist()


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc"), st.none() | st.integers(0, 4)), max_size=40))
def test_batches_in_any_order_show_what_sorting_all_at_once_shows(batch: list[tuple[int, str, int | None]]) -> None:
    rows = [Row(f"k{key}", color, size) for key, color, size in batch]
    stepwise, whole = table(newest_first=True), table(newest_first=True)
    for made in (stepwise, whole):
        made.sort_by([("color", True), ("size", False)])
    for row in rows:
        stepwise.upsert([row])
    stepwise.refresh()
    whole.upsert(rows)
    whole.sort_by(whole.sorting)
    assert keys(stepwise) == keys(whole)


def test_more_rows_than_the_bound_are_refused() -> None:
    made = table()
    with pytest.raises(OverflowError):
        made.load(Bulk(keys=range(2_000_001), columns={}, row_of=lambda n: Row(str(n), "")))
