"""Hundreds of working orders on a chart: some share a tag, none hides the prices, and a frame stays cheap."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from tests.desktop.charts.conftest import Chart
from tests.helpers.effort import calls_of
from workstation.desktop.charts.order_crowds import EDGE_NAMED_MAX, NAMED_MAX, Line, crowds
from workstation.desktop.charts.order_lines import Grip, Part
from workstation.viewmodels.chart_marks import LineState, MarkSide, OrderLine

ROW = 18.0
HEIGHT = 400.0


def order(number: int, side: MarkSide = MarkSide.BUY, state: LineState = LineState.WORKING) -> OrderLine:
    return OrderLine(f"c-{number:03}", side, 100.0 - number, "1", "LMT", state)


def lines(count: int, first: float, step: float, **order_terms: object) -> list[Line]:
    return [(first + number * step, order(number, **order_terms)) for number in range(count)]


def names(found: list[Line]) -> set[str]:
    return {one.cl_ord_id for _, one in found}


class TestWhichOrdersShareATag:
    def test_a_few_stand_alone_however_close_they_are(self):
        few = lines(NAMED_MAX, 100, 0.5)
        assert [crowd.alone for crowd in crowds(few, HEIGHT, ROW, ())] == [one for _, one in few]

    def test_one_more_and_those_of_one_row_share_its_tag(self):
        found = crowds(lines(NAMED_MAX + 1, 100, 6), HEIGHT, ROW, ())
        assert [len(crowd.orders) for crowd in found] == [3] * 8 + [1]
        assert found[0].label == "BUY 3 orders"
        assert (found[0].y, found[0].alone) == (106, None)
        assert found[-1].alone is not None

    def test_those_beyond_an_edge_share_one_tag_there(self):
        few, many = lines(EDGE_NAMED_MAX, -90, 1), lines(EDGE_NAMED_MAX + 1, HEIGHT + 1, 10)
        assert len(crowds(few, HEIGHT, ROW, ())) == EDGE_NAMED_MAX
        (crowd,) = crowds(many, HEIGHT, ROW, ())
        assert (len(crowd.orders), crowd.label) == (EDGE_NAMED_MAX + 1, f"BUY {EDGE_NAMED_MAX + 1} orders")

    def test_sides_and_unknown_outcomes_are_never_under_one_tag(self):
        mixed = sorted(
            [
                *lines(20, 100, 0.1),
                *lines(20, 100, 0.1, side=MarkSide.SELL),
                *lines(20, 100, 0.1, state=LineState.UNKNOWN),
            ],
            key=lambda line: line[0],
        )
        found = crowds(mixed, HEIGHT, ROW, ())
        assert sorted(crowd.label for crowd in found) == ["BUY 20 orders", "BUY 20 orders UNKNOWN", "SELL 20 orders"]

    def test_every_order_is_under_one_tag_and_one_apart_has_its_own(self):
        many = [*lines(40, -60, 2), *lines(200, 30, 1.5), *lines(40, HEIGHT + 2, 3)]
        many = [(y, order(number)) for number, (y, _) in enumerate(many)]
        found = crowds(many, HEIGHT, ROW, {"c-100", "c-003"})
        under = [one.cl_ord_id for crowd in found for one in crowd.orders]
        assert sorted(under) == sorted(names(many))
        assert {"c-100", "c-003"} <= {crowd.alone.cl_ord_id for crowd in found if crowd.alone is not None}


def many_orders(chart: Chart, count: int) -> list[OrderLine]:
    """Orders from below the pane to above it, in turn of both sides."""
    low, high = chart.model.window.low, chart.model.window.high
    step, sides = (high - low) * 1.5 / count, list(MarkSide)
    first = low - (high - low) / 4
    return [
        OrderLine(f"c-{number:03}", sides[number % 2], first + number * step, "1", "LMT") for number in range(count)
    ]


def calls_of_a_frame(chart: Chart) -> int:
    """Return how many calls painting the orders and finding the one under the pointer makes."""
    image = QImage(900, 600, QImage.Format.Format_ARGB32)
    layer = chart.canvas.orders
    layer._settled_for = ()
    painter = QPainter(image)

    def frame() -> None:
        layer.draw(painter)
        layer.axis_tags()
        layer.grip_at(QPointF(50, 100))

    calls = calls_of(frame)
    painter.end()
    return calls


class TestAChartWithHundredsOfOrders:
    @pytest.fixture(autouse=True)
    def _orders(self, chart):
        chart.view.set_order_lines(many_orders(chart, 300))
        chart.settle()

    def test_a_frame_costs_little_more_than_with_a_few(self, chart):
        many = calls_of_a_frame(chart)
        chart.view.set_order_lines(many_orders(chart, NAMED_MAX))
        chart.settle()
        assert many < 6 * calls_of_a_frame(chart)

    def test_what_has_not_changed_is_not_placed_anew(self, chart):
        placed = chart.canvas.orders._placed()
        assert chart.canvas.orders._placed() is placed
        chart.view.set_order_lines(many_orders(chart, 299))
        assert chart.canvas.orders._placed() is not placed

    def test_the_prices_stay_in_sight(self, chart):
        pane = chart.canvas.price_rect
        covered = sum(rect.width() * rect.height() for rect in chart.canvas.orders.tag_rects())
        assert covered < 0.3 * pane.width() * pane.height()

    def test_the_order_that_is_pointed_at_has_its_own_tag_and_can_be_taken(self, chart):
        layer = chart.canvas.orders
        crowd = next(tag.crowd for tag in layer._placed() if len(tag.crowd.orders) > 1 and 100 < tag.crowd.y < 300)
        wanted = crowd.orders[len(crowd.orders) // 2]
        y = chart.canvas.price_pane().y(wanted.price)
        grip = layer.grip_at(QPointF(40, y))
        assert grip is not None
        assert grip.part is Part.LINE
        chart.model.hovered_order = grip.cl_ord_id
        (own,) = [tag for tag in layer._placed() if tag.crowd.alone and tag.crowd.alone.cl_ord_id == grip.cl_ord_id]
        assert layer.grip_at(own.cancel.center()) == Grip(grip.cl_ord_id, Part.CANCEL)

    def test_a_tag_of_several_takes_no_order(self, chart):
        layer = chart.canvas.orders
        several = [tag for tag in layer._placed() if tag.crowd.alone is None]
        assert several
        assert {tag.cancel for tag in several} == {None}
        assert {layer.grip_at(tag.rect.center()) for tag in several} == {None}
