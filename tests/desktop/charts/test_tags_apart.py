"""Tags of orders, position and alerts keep clear of the read-out and of each other, wherever the prices are."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF

from tests.desktop.charts.conftest import Chart
from workstation.desktop.charts.tags import TagRoom
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_marks import AlertLine, MarkSide, OrderLine


def price_at(chart: Chart, y: float) -> float:
    return round(chart.canvas.price_pane().price(y), 1)


def tag_rects(chart: Chart) -> list[QRectF]:
    alerts = [tag.rect for tag in chart.canvas.alerts._placed()]
    return [*chart.canvas.orders.tag_rects(), *alerts]


def crossings(rects: list[QRectF]) -> list[tuple[QRectF, QRectF]]:
    return [(one, other) for number, one in enumerate(rects) for other in rects[:number] if one.intersects(other)]


@pytest.mark.parametrize("width", [900, 420])
@pytest.mark.parametrize("top", [-60, 2, 14, 30])
def test_no_tag_covers_the_read_out_or_another_tag(chart, qtbot, top, width):
    chart.view.set_indicators([choose("sma"), choose("bollinger")])
    chart.view.resize(width, 500)
    chart.settle()
    qtbot.waitUntil(lambda: not chart.view.computing)
    orders = [
        OrderLine(f"c-{number}", MarkSide.SELL, price_at(chart, top + 3 * number), "100", "LMT") for number in range(4)
    ]
    chart.view.set_order_lines(orders)
    chart.view.set_position(price_at(chart, max(top, 0) + 5), 3, "Long 3  +12.00")
    chart.view.set_alert_lines([AlertLine("a", price_at(chart, max(top, 0) + 8), "prior high")])
    chart.settle()
    read = chart.canvas.readout.taken()
    assert len(read) == 2
    tags = tag_rects(chart)
    assert len(tags) == 6
    assert crossings([*read, *tags]) == []
    pane = chart.canvas.price_rect
    assert [rect for rect in tags if not pane.contains(rect)] == []


def test_a_tag_stays_where_it_is_while_the_pointer_goes_from_bar_to_bar(chart):
    chart.view.set_volume_format(lambda volume: "1" * (1 + int(volume) % 9))
    chart.view.set_order_lines([OrderLine("c-1", MarkSide.SELL, price_at(chart, 10), "100", "LMT")])
    chart.view.set_position(price_at(chart, 12), 3, "Long 3")
    seen = []
    for x in (*range(20, 800, 90), *range(20, 800, 90)):
        chart.move(QPoint(x, 200))
        seen.append([rect.getRect() for rect in tag_rects(chart)])
    half = len(seen) // 2
    assert seen[half:] == [seen[-1]] * half


def test_a_tag_that_left_its_line_is_tied_to_it(chart):
    chart.view.resize(330, 400)
    chart.settle()
    order = OrderLine("c-1", MarkSide.SELL, price_at(chart, 4), "100", "LMT")
    chart.view.set_order_lines([order])
    chart.settle()
    tag = chart.canvas.orders._placed()[0]
    assert tag.rect.top() > tag.y + 10
    between = QRectF(tag.rect.left() + 4, tag.rect.top() - 3, 6, 2)
    chart.view.set_order_lines([])
    chart.settle()
    area = [int(edge) for edge in (between.left(), between.right(), between.top(), between.bottom())]
    before = chart.colors_at(*area)
    chart.view.set_order_lines([order])
    chart.settle()
    assert chart.colors_at(*area) - before


@pytest.mark.parametrize("side", list(MarkSide))
def test_the_words_of_a_fill_stay_within_the_pane(chart, side):
    pane = chart.canvas.price_rect
    for y in (2.0, pane.height() / 2, pane.height() - 2):
        rect = chart.canvas.fills.text_rect(side, QPointF(300, y), 120, 17)
        assert pane.contains(rect)
        assert not rect.contains(QPointF(300, y))


def test_the_nearest_place_is_along_the_line_then_below_then_above():
    room, wanted = QRectF(0, 0, 300, 100), QRectF(200, 40, 80, 18)
    assert TagRoom(room, []).take(wanted, leftward=True) == wanted
    assert TagRoom(room, [QRectF(250, 40, 60, 18)]).take(wanted, leftward=True) == QRectF(167, 40, 80, 18)
    row = QRectF(0, 40, 300, 18)
    assert TagRoom(room, [row]).take(wanted, leftward=True) == QRectF(200, 61, 80, 18)
    assert TagRoom(room, [row, row.translated(0, 21)]).take(wanted, leftward=True) == QRectF(200, 19, 80, 18)
    assert TagRoom(room, [QRectF(0, 0, 300, 100)]).take(wanted, leftward=True) == wanted
    assert TagRoom(QRectF(0, 0, 400, 100), [QRectF(195, 40, 10, 18)]).take(wanted, leftward=False).left() == 208
