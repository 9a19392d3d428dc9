"""Labels on the price axis keep out of each other's way."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from workstation.desktop.charts.tags import TAG_MARGIN_PX, AxisTag, spread

INK = QColor("white")


def tag(y: float, rank: int = 1) -> AxisTag:
    return AxisTag(y, "1", INK, INK, rank)


def test_the_highest_rank_stays_on_its_price():
    placed = spread([tag(100), tag(102, rank=3), tag(104)], 16, 0, 400)
    tops = {one.rank: top for one, top in placed}
    assert tops[3] == 102 - 8


@given(st.lists(st.floats(50, 350), min_size=1, max_size=8))
def test_no_two_labels_overlap_and_their_order_is_kept(places):
    placed = spread([tag(y, rank=number) for number, y in enumerate(places)], 10, 0, 400)
    tops = [top for _, top in placed]
    assert all(later - earlier >= 10 for earlier, later in pairwise(tops))
    assert [one.y for one, _ in placed] == sorted(places)


@given(st.lists(st.floats(-50, 450), min_size=1, max_size=20), st.integers(0, 19))
def test_labels_stay_between_the_edges_where_there_is_room_for_all(places, ranked):
    tags = [tag(y, rank=9 if number == ranked % len(places) else 1) for number, y in enumerate(places)]
    tops = [top for _, top in spread(tags, 16, 0, 400)]
    assert min(tops) >= 0
    assert max(tops) + 16 + TAG_MARGIN_PX <= 400
    assert all(later - earlier >= 16 for earlier, later in pairwise(tops))


def test_without_labels_there_is_nothing_to_place():
    assert spread([], 10, 0, 100) == []
