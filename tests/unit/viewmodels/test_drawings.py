"""Drawings: steps that can be undone, the text that keeps them, where they lie and what a click near them takes."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.chart_window import PaneScale
from workstation.viewmodels.drawings import (
    DRAWINGS_MAX,
    TIME_NS_MAX,
    UNDO_MAX,
    Drawing,
    DrawingBook,
    DrawingKind,
    Point,
    drawings_text,
    read_drawings,
)
from workstation.viewmodels.drawings_geometry import Ground, distance, handle_at, shape_of
from workstation.viewmodels.level_of_detail import BarPyramid

A, B = Point(0, 100.0), Point(300, 110.0)
PANE = PaneScale(first=0.0, span=10.0, low=90.0, high=120.0, width=1_000.0, height=300.0)


def ground(pane: PaneScale = PANE) -> Ground:
    bars, ones = BarPyramid(), np.ones(8)
    times = np.array([0, 100, 200, 300, 1_000, 1_100, 1_200, 1_300])
    bars.replace(times, open=ones * 100, high=ones * 104, low=ones * 98, close=ones * 102, volume=ones)
    return Ground(bars, pane, 100, lambda price: f"{price:.2f}")


def test_each_change_is_one_step_back_and_forth() -> None:
    book, told = DrawingBook(), []
    end = book.listen(lambda: told.append(len(book.drawings)))
    number = book.add(DrawingKind.TREND_LINE, (A, B))
    assert number is not None
    moved = Drawing(number, DrawingKind.TREND_LINE, (B, A))
    book.change(moved)
    book.change(moved)
    book.remove(number)
    assert told == [1, 1, 0], "a change that changes nothing is no step"
    assert [book.undo(), book.drawings] == [True, (moved,)]
    assert [book.undo(), book.undo(), book.undo()] == [True, True, False]
    assert [book.redo(), book.redo(), book.drawings] == [True, True, (moved,)]
    book.clear()
    assert not book.redo()
    end()
    book.undo()
    assert len(told) == 9


def test_a_number_is_never_used_again() -> None:
    book = DrawingBook()
    first = book.add(DrawingKind.HORIZONTAL, (A,))
    assert first is not None
    book.remove(first)
    assert book.add(DrawingKind.HORIZONTAL, (A,)) != first
    assert book.drawing(first) is None


def test_a_book_and_its_past_have_bounds() -> None:
    book = DrawingBook()
    for _ in range(DRAWINGS_MAX):
        book.add(DrawingKind.HORIZONTAL, (A,))
    assert book.add(DrawingKind.HORIZONTAL, (A,)) is None
    assert sum(book.undo() for _ in range(DRAWINGS_MAX)) == UNDO_MAX


POINTS = st.builds(Point, st.integers(0, TIME_NS_MAX), st.floats(allow_nan=False, allow_infinity=False))
WORDS = st.lists(st.text(st.characters(whitelist_categories=("L", "N", "P")), min_size=1, max_size=8), max_size=4)


@given(
    st.lists(
        st.tuples(st.sampled_from(DrawingKind), st.lists(POINTS, min_size=3, max_size=3), WORDS, st.booleans()),
        max_size=6,
    )
)
def test_text_and_back_is_the_same(made: list[tuple[DrawingKind, list[Point], list[str], bool]]) -> None:
    drawings = [
        Drawing(number, kind, tuple(points[: kind.points]), " ".join(words), locked)
        for number, (kind, points, words, locked) in enumerate(made, 1)
    ]
    assert read_drawings(drawings_text(drawings)) == drawings


@pytest.mark.parametrize(
    "line", ["", "circle 1 2", "ray 1 2", "ray 1 2 x 4", "horizontal 1 nan", "horizontal -5 1", "text", "vertical 1"]
)
def test_a_line_that_means_no_drawing_is_left_out(line: str) -> None:
    assert [drawing.kind for drawing in read_drawings(f"{line}\nhorizontal 5 1.5\n")] == [DrawingKind.HORIZONTAL]


def test_a_moment_stands_in_the_bar_that_holds_it_and_bars_go_on_at_both_ends() -> None:
    places = ground()
    assert [places.bar_at(time) for time in (-1, 0, 150, 700, 1_300, 1_399, 1_400)] == [-1, 0, 1, 3, 7, 7, 8]
    assert [places.time_at(bar) for bar in (0, 4, 7, 9)] == [0, 1_000, 1_300, 1_500]
    assert all(places.bar_at(places.time_at(bar)) == bar for bar in range(12))


def test_a_point_snaps_only_to_a_price_that_is_near() -> None:
    places = ground()
    x, y = PANE.x(2.5), PANE.y(104.0)
    assert places.point_at(x, y + 8, snap=True) == Point(200, 104.0)
    assert places.point_at(x, y + 8, snap=False).price != 104.0
    assert places.point_at(x, y - 60, snap=True).price == pytest.approx(110.0)


def test_a_ray_goes_on_to_the_edge_and_no_further_back() -> None:
    shape = shape_of(Drawing(1, DrawingKind.RAY, (A, B)), ground())
    ((x1, _, x2, _),) = shape.segments
    assert (x1, x2) == (PANE.x(0.5), PANE.width)
    back = shape_of(Drawing(1, DrawingKind.RAY, (B, A)), ground())
    assert back.segments[0][2] == 0.0
    upright = shape_of(Drawing(1, DrawingKind.RAY, (A, Point(0, 90.0))), ground())
    assert upright.segments[0][3] == PANE.height


def test_levels_divide_the_move() -> None:
    shape = shape_of(Drawing(1, DrawingKind.FIBONACCI, (A, B)), ground())
    texts = [text for _, _, text in shape.labels]
    assert texts[0] == "0.0 %  110.00"
    assert texts[4] == "61.8 %  103.82"
    assert texts[-1] == "100.0 %  100.00"


def test_a_risk_and_reward_box_is_drawn_at_two_to_one_and_says_both() -> None:
    begun = Drawing(1, DrawingKind.RISK_REWARD, (A, A, A))
    drawn = ground().stretched(begun, Point(300, 98.0))
    assert drawn.points == (A, Point(300, 98.0), Point(300, 104.0))
    shape = shape_of(drawn, ground())
    assert [text for _, _, text in shape.labels] == [
        *("entry 100.00", "stop 98.00  −2.00  2.00 %", "target 104.00  2.0R"),
    ]
    ((_, top, _, bottom),), ((_, stop_top, _, stop_bottom),) = shape.gains, shape.losses
    assert (top, bottom, stop_top, stop_bottom) == (PANE.y(104), PANE.y(100), PANE.y(100), PANE.y(98))
    short = ground().stretched(begun, Point(300, 101.0))
    assert [text for _, _, text in shape_of(short, ground()).labels][2] == "target 98.00  2.0R"
    wrong = drawn.with_point(2, Point(300, 99.0))
    assert [text for _, _, text in shape_of(wrong, ground()).labels][2] == "target 99.00  −0.5R"


def test_a_channel_runs_beside_its_line_through_its_third_point() -> None:
    drawn = ground().stretched(Drawing(1, DrawingKind.CHANNEL, (A, A, A)), B)
    wide = drawn.with_point(2, Point(300, 104.0))
    (x1, y1, x2, y2), _, (u1, v1, u2, v2) = shape_of(wide, ground()).segments
    assert (x1, x2) == (u1, u2)
    assert v1 - y1 == pytest.approx(v2 - y2)
    assert v2 == pytest.approx(PANE.y(104.0))
    assert drawn.points[2].price < A.price, "a new one lies below its line"


def test_an_arrow_points_at_its_end() -> None:
    line, *head = shape_of(Drawing(1, DrawingKind.ARROW, (A, B)), ground()).segments
    assert [segment[:2] for segment in head] == [line[2:], line[2:]]
    assert all(segment[2] < line[2] for segment in head), "its barbs go back"


def test_a_measure_says_change_share_and_bars() -> None:
    up = shape_of(Drawing(1, DrawingKind.MEASURE, (A, B)), ground())
    down = shape_of(Drawing(1, DrawingKind.MEASURE, (B, A)), ground())
    assert up.labels[0][2] == "+10.00  +10.00 %  +3 bars"
    assert down.labels[0][2] == "−10.00  -9.09 %  -3 bars"


@pytest.mark.parametrize("kind", DrawingKind)
@pytest.mark.parametrize("logarithmic", [False, True])
def test_what_is_drawn_can_be_taken_at_its_handles(kind: DrawingKind, logarithmic: bool) -> None:
    pane = PaneScale(0.0, 10.0, 90.0, 120.0, 1_000.0, 300.0, 1.0, logarithmic)
    shape = shape_of(Drawing(1, kind, (A, B, Point(200, 95.0))[: kind.points], "words"), ground(pane))
    assert len(shape.handles) == kind.points
    for number, (x, y) in enumerate(shape.handles):
        assert handle_at(shape, x + 3, y, 6.0) == number
    assert distance(shape, -5_000.0, -5_000.0) > 1_000
    assert distance(shape, -5_000.0, -5_000.0) < inf


def test_the_whole_moves_equally_far_in_pixels() -> None:
    for logarithmic in (False, True):
        pane = PaneScale(0.0, 10.0, 90.0, 120.0, 1_000.0, 300.0, 1.0, logarithmic)
        places = ground(pane)
        moved = places.moved(Drawing(1, DrawingKind.TREND_LINE, (A, B)), 2, A, Point(200, 104.0))
        assert [places.bar_at(point.time_ns) for point in moved.points] == [2, 5]
        shifts = [pane.y(new.price) - pane.y(old.price) for new, old in zip(moved.points, (A, B), strict=True)]
        assert shifts == pytest.approx([pane.y(104.0) - pane.y(100.0)] * 2)
