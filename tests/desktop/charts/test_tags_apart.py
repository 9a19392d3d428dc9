"""Tags of orders, position and alerts keep clear of the read-out and of each other, wherever the prices are."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF

from tests.desktop.charts.conftest import Chart
from workstation.desktop.charts.tags import TagRoom
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_marks import AlertLine, LineState, MarkSide, OrderLine


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


def test_a_tag_that_no_whole_row_away_has_room_stands_close_to_another():
    room = QRectF(0, 0, 300, 70)
    taken = [QRectF(0, 0, 300, 24), QRectF(0, 46, 300, 24)]
    wanted = QRectF(200, 34, 80, 16)
    assert TagRoom(room, taken).take(wanted, leftward=True) == QRectF(200, 27, 80, 16)


@pytest.mark.parametrize("width", [330, 260, 200])
@pytest.mark.parametrize("state", [LineState.WORKING, LineState.UNKNOWN])
def test_a_tag_stays_within_a_narrow_chart_at_the_largest_text(chart, qapp, width, state):
    apply_theme(qapp, load_theme("dark", text_scale=TEXT_SCALE_MAX))
    chart.view.resize(width + round(chart.view.width() - chart.canvas.price_rect.width()), 400)
    chart.settle()
    chart.view.set_order_lines(
        [OrderLine("c-1", MarkSide.SELL, price_at(chart, 200), "100", "STOP LIMIT", state, note="+8.40 USD")]
    )
    chart.settle()
    tag, pane = chart.canvas.orders._placed()[0], chart.canvas.price_rect
    assert abs(pane.width() - width) < 60, "as narrow as meant"
    assert 0 <= tag.rect.left() < tag.rect.right() <= pane.width()
    assert tag.text.startswith("SELL 100")
    assert tag.text.endswith(("UNKNOWN", "?")) is (state is LineState.UNKNOWN)


def test_what_a_tag_says_grows_shorter_from_its_end_and_keeps_its_state():
    order = OrderLine("c-1", MarkSide.BUY, 1.0, "100", "LMT", LineState.HELD, note="TP")
    assert order.labels == (
        "BUY 100 LMT EX TP HELD",
        "BUY 100 LMT EX HELD",
        "BUY 100 LMT HELD",
        "BUY 100 HELD",
        "BUY 100",
    )
    unknown = OrderLine("c-2", MarkSide.SELL, 1.0, "100", "LMT", LineState.UNKNOWN)
    assert unknown.labels[-2:] == ("SELL 100 UNKNOWN", "SELL 100 ?")
