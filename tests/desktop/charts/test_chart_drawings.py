"""Drawing with a real mouse and keys: made, snapped, selected, moved, reshaped, deleted, undone."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from workstation.desktop.theme import current_theme
from workstation.viewmodels.drawings import Drawing, DrawingBook, DrawingKind, Point
from workstation.viewmodels.level_of_detail import HIGH

START, END = QPoint(200, 120), QPoint(500, 260)


def only(chart) -> Drawing:
    (drawing,) = chart.model.book.drawings
    return drawing


def place(chart, point: Point) -> QPoint:
    x, y = chart.model.ground(chart.canvas.price_pane()).place(point)
    return QPoint(round(x), round(y))


def text_line(chart) -> QLineEdit:
    (line,) = [each for each in chart.view.findChildren(QLineEdit, "chart-drawing-text") if each.isVisible()]
    return line


def draw(chart, kind: DrawingKind, start: QPoint = START, end: QPoint = END) -> Drawing:
    chart.view.set_magnet(False)
    chart.view.take_tool(kind)
    chart.drag(start, end)
    return chart.model.book.drawings[-1]


@pytest.mark.parametrize("kind", [kind for kind in DrawingKind if kind.points > 1])
def test_a_pull_draws_from_where_it_began_to_where_it_ended(chart, kind):
    drawing = draw(chart, kind)
    assert drawing.kind is kind
    first, last, *_ = (place(chart, point) for point in drawing.points)
    assert (first - START).manhattanLength() <= 6
    assert (last - END).manhattanLength() <= 6
    assert chart.model.window.following, "drawing moves no window"


def test_two_clicks_draw_as_well(chart):
    chart.view.take_tool(DrawingKind.TREND_LINE)
    chart.press(START)
    chart.release(START)
    assert chart.model.book.drawings == ()
    chart.move(QPoint(400, 200))
    assert chart.model.draft is not None
    chart.press(END)
    chart.release(END)
    assert (place(chart, only(chart).points[1]) - END).manhattanLength() <= 12
    assert chart.model.draft is None


@pytest.mark.parametrize("kind", [DrawingKind.HORIZONTAL, DrawingKind.VERTICAL])
def test_one_click_draws_what_has_one_point(chart, kind):
    chart.view.take_tool(kind)
    chart.press(START)
    chart.release(START)
    assert only(chart).kind is kind
    chart.drag(QPoint(400, 300), QPoint(450, 300))
    assert len(chart.model.book.drawings) == 1, "the tool was put down"


def test_points_snap_to_the_prices_of_the_bar_and_ctrl_suspends_that(chart):
    pane = chart.canvas.price_pane()
    bar = int(pane.bar(300) // 1)
    high = float(chart.model.bars.columns[HIGH, bar])
    near = QPoint(300, round(pane.y(high)) - 5)
    chart.view.take_tool(DrawingKind.HORIZONTAL)
    chart.press(near)
    chart.release(near)
    assert only(chart).points[0].price == high
    chart.view.take_tool(DrawingKind.HORIZONTAL)
    chart.press(near, Qt.KeyboardModifier.ControlModifier)
    chart.release(near)
    assert chart.model.book.drawings[1].points[0].price != high


def test_a_click_selects_and_a_pull_moves_the_whole(chart):
    before = draw(chart, DrawingKind.TREND_LINE)
    middle = QPoint((START.x() + END.x()) // 2, (START.y() + END.y()) // 2)
    chart.press(QPoint(700, 300))
    chart.release(QPoint(700, 300))
    assert chart.model.selected is None
    chart.drag(middle, middle + QPoint(60, -40))
    after = only(chart)
    assert chart.model.selected == after.number == before.number
    for old, new in zip(before.points, after.points, strict=True):
        shift = place(chart, new) - place(chart, old)
        assert abs(shift.x() - 60) <= 8
        assert abs(shift.y() + 40) <= 3


def test_a_pull_at_a_handle_moves_that_point_alone(chart):
    before = draw(chart, DrawingKind.RECTANGLE)
    chart.drag(place(chart, before.points[1]), QPoint(600, 300))
    after = only(chart)
    assert after.points[0] == before.points[0]
    assert (place(chart, after.points[1]) - QPoint(600, 300)).manhattanLength() <= 8


def test_a_third_point_is_pulled_after_the_first_two_were_drawn(chart):
    box = draw(chart, DrawingKind.RISK_REWARD, START, QPoint(400, 170))
    chart.drag(place(chart, box.points[2]), QPoint(400, 20))
    after = only(chart)
    assert after.points[:2] == box.points[:2]
    assert (place(chart, after.points[2]) - QPoint(400, 20)).manhattanLength() <= 8


def test_delete_removes_and_undo_brings_back(chart):
    drawing = draw(chart, DrawingKind.RAY)
    chart.key(Qt.Key.Key_Delete)
    assert chart.model.book.drawings == ()
    QTest.keyClick(chart.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert only(chart) == drawing
    QTest.keyClick(chart.view, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert chart.model.book.drawings == ()


def test_a_locked_drawing_is_selected_and_stays_until_it_is_unlocked(chart):
    drawing = draw(chart, DrawingKind.TREND_LINE)
    assert chart.view.edit_drawings("lock")
    locked = only(chart)
    assert locked == replace(drawing, locked=True)
    start = place(chart, locked.points[0])
    chart.drag(start, start + QPoint(60, 40))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Delete):
        chart.key(key)
    chart.view.edit_drawings("clear")
    assert only(chart) == locked
    assert chart.model.selected == locked.number
    chart.view.edit_drawings("lock")
    chart.key(Qt.Key.Key_Delete)
    assert chart.model.book.drawings == ()


def test_a_drawing_is_copied_to_the_chart_of_another_instrument(chart):
    drawing = draw(chart, DrawingKind.RECTANGLE)
    QTest.keyClick(chart.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    chart.view.set_drawings(DrawingBook())
    QTest.keyClick(chart.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert only(chart).points == drawing.points
    assert chart.model.selected == only(chart).number
    QGuiApplication.clipboard().setText("no drawing at all")
    assert not chart.view.edit_drawings("paste")


def test_arrows_move_what_is_selected_by_a_bar_and_a_tick(chart):
    before = draw(chart, DrawingKind.TREND_LINE)
    first = chart.model.window.first
    chart.key(Qt.Key.Key_Right)
    chart.key(Qt.Key.Key_Up)
    after = only(chart)
    assert after.points[0].time_ns - before.points[0].time_ns == chart.model.bar_ns
    assert after.points[0].price - before.points[0].price == pytest.approx(0.1)
    assert chart.model.window.first == first
    chart.key(Qt.Key.Key_Escape)
    chart.key(Qt.Key.Key_Left)
    assert chart.model.window.first < first, "without a selection arrows move the chart"


def test_escape_puts_the_tool_down(chart, qtbot):
    chart.view.take_tool(DrawingKind.FIBONACCI)
    chart.press(START)
    chart.move(END)
    with qtbot.waitSignal(chart.view.tool_put_down):
        chart.key(Qt.Key.Key_Escape)
    chart.release(END)
    assert chart.model.book.drawings == ()
    assert chart.model.draft is None


def test_words_are_typed_where_the_text_stands(chart):
    chart.view.take_tool(DrawingKind.TEXT)
    chart.press(START)
    chart.release(START)
    line = text_line(chart)
    QTest.keyClicks(line, "earnings gap")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert only(chart).text == "earnings gap"
    chart.settle()
    chart.double_click(place(chart, only(chart).points[0]) + QPoint(12, 0))
    line = text_line(chart)
    line.clear()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert chart.model.book.drawings == ()


def test_words_given_up_draw_nothing(chart):
    chart.view.take_tool(DrawingKind.TEXT)
    chart.press(START)
    chart.release(START)
    QTest.keyClick(text_line(chart), Qt.Key.Key_Escape)
    assert chart.model.book.drawings == ()


def test_hidden_drawings_are_kept_and_cannot_be_taken(chart):
    draw(chart, DrawingKind.TREND_LINE)
    chart.view.set_drawings_shown(False)
    middle = QPoint((START.x() + END.x()) // 2, (START.y() + END.y()) // 2)
    assert chart.canvas.drawings.hit(middle) is None
    assert len(chart.model.book.drawings) == 1


def test_drawings_belong_to_the_instrument_and_all_its_charts_show_them(chart):
    book = DrawingBook()
    book.add(DrawingKind.HORIZONTAL, (Point(0, 1.0),))
    chart.view.set_drawings(book)
    assert chart.canvas.drawings.drawings() == list(book.drawings)
    old = draw(chart, DrawingKind.TREND_LINE)
    assert book.drawings[-1] is old
    chart.view.release()


def test_a_drawing_is_seen_and_the_selected_one_shows_its_handles(chart):
    draw(chart, DrawingKind.RECTANGLE)
    info = current_theme().colors.info.name()
    assert info in chart.colors_at(START.x() - 6, END.x(), START.y() - 6, END.y())


Share = tuple[float, float]
"""How far along the pull from the first point to the second: (0, 0) the first, (1, 1) the second."""


@pytest.mark.parametrize(
    ("kind", "inked", "bare"),
    [
        (DrawingKind.TREND_LINE, [(0.25, 0.25), (0.5, 0.5)], [(1.3, 1.3), (-0.3, -0.3), (0.5, 0.2)]),
        (DrawingKind.RAY, [(0.5, 0.5), (1.3, 1.3)], [(-0.3, -0.3), (0.5, 0.2)]),
        (DrawingKind.HORIZONTAL, [(-0.5, 0.0), (0.5, 0.0), (1.8, 0.0)], [(0.5, 0.5)]),
        (DrawingKind.VERTICAL, [(0.0, -0.5), (0.0, 0.5), (0.0, 1.5)], [(0.5, 0.5)]),
        (DrawingKind.RECTANGLE, [(0.5, 0.0), (0.5, 1.0), (0.0, 0.5), (1.0, 0.5)], [(1.2, 0.5), (0.5, 1.2)]),
        (DrawingKind.FIBONACCI, [(0.5, share) for share in (0.0, 0.382, 0.5, 0.618, 1.0)], [(0.5, -0.2)]),
        (DrawingKind.MEASURE, [(0.5, 0.0), (0.5, 1.0)], [(1.5, -0.2)]),
        (DrawingKind.TEXT, [(0.02, 0.0)], [(0.5, 0.5)]),
    ],
)
def test_each_kind_is_painted_along_its_points_and_only_there(
    chart, kind: DrawingKind, inked: list[Share], bare: list[Share]
):
    points = chart.model.ground(chart.canvas.price_pane())
    ends = [points.point_at(at.x(), at.y(), snap=False) for at in (START, END)]
    before = chart.viewport.grab().toImage()
    chart.model.book.add(kind, tuple(ends[: kind.points]), "gap" if kind is DrawingKind.TEXT else "")
    chart.view.set_drawings(chart.model.book)
    chart.settle()
    after = chart.viewport.grab().toImage()
    first, second = place(chart, ends[0]), place(chart, ends[1])

    def is_inked(share: Share) -> bool:
        x = round(first.x() + share[0] * (second.x() - first.x()))
        y = round(first.y() + share[1] * (second.y() - first.y()))
        near = [(x + right, y + down) for right in (-2, -1, 0, 1, 2) for down in (-2, -1, 0, 1, 2)]
        return any(before.pixel(*at) != after.pixel(*at) for at in near)

    assert [share for share in inked if not is_inked(share)] == []
    assert [share for share in bare if is_inked(share)] == []
