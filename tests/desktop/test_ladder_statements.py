"""Statements on the ladder that other tests only touch: what is painted, what waits, whom a press is meant for."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QSpinBox, QWidget

from tests.helpers.desktop_rig import DesktopRig, depth, limit, order, position, quote
from workstation.desktop.panels.ladder_paint import RowPainter
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.shell.top_bar import TopBar
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, current_theme, load_theme
from workstation.domain.orders import OrdStatus, Side
from workstation.viewmodels.ladder_cells import STATES, OwnCell
from workstation.viewmodels.ladder_clicks import POINTER_QUIET_NS, Column
from workstation.viewmodels.ladder_settings import LadderSettings

LEFT, MIDDLE, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
GREY = 40
"""Saturation, of 255, up to which a colour is taken for grey: grounds and text have a tinge of blue."""


@pytest.fixture
def rig(rig: DesktopRig) -> DesktopRig:
    rig.context.sizes.choose(3)
    return rig


@pytest.fixture
def panel(qtbot, rig):
    panel = LadderPanel(rig.context, "ladder-1")
    qtbot.addWidget(panel)
    panel.resize(520, 760)
    panel.show()
    panel.show_symbol("AAPL")
    rig.clock.advance(POINTER_QUIET_NS)
    rig.arm()
    market(rig, 18_719)
    QApplication.processEvents()
    yield panel
    panel.release()


def market(rig: DesktopRig, bid: int, **changes: object) -> None:
    rig.feed(depths=[depth(bid=bid, ask=bid + 2, levels=30, **changes)], quotes=[quote(bid=bid, ask=bid + 2)])


def cell(panel: LadderPanel, column: Column, price: int) -> QPoint:
    return panel.view.cell_rect(column, panel.view.ladder.map.row_of(price)).center()


def wheel(panel: LadderPanel, notches: int, held: Qt.KeyboardModifier = NONE) -> None:
    at = QPointF(panel.view.rect().center())
    up = QPoint(0, 120 * notches)
    event = QWheelEvent(
        at, panel.view.mapToGlobal(at), QPoint(), up, NO_BUTTON, held, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(panel.view, event)


def hover(panel: LadderPanel, at: QPoint) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), QPointF(panel.view.mapToGlobal(at)), NO_BUTTON, NO_BUTTON, NONE
    )
    QApplication.sendEvent(panel.view, event)


def test_a_middle_click_on_buttons_and_inputs_moves_no_row_and_sends_nothing(rig, panel):
    before = panel.view.ladder.map.prices
    market(rig, 18_740)
    rig.clock.advance(POINTER_QUIET_NS)
    for made in (*panel.findChildren(QPushButton), panel.pad.field, panel.marketable, panel.options):
        QTest.mouseClick(made, MIDDLE)
    rig.frame()
    assert (panel.view.ladder.map.prices, rig.gateway.sent()) == (before, [])


def test_a_rescale_waits_for_the_button_and_for_the_pointer_and_is_not_dropped(rig, panel):
    prices = panel.view.ladder.map
    at = cell(panel, Column.PRICE, 18_720)
    QTest.mousePress(panel.view, LEFT, NONE, at)
    wheel(panel, -1, CTRL)
    rig.frame()
    assert prices.ticks_per_row == 1
    QTest.mouseRelease(panel.view, LEFT, NONE, at)
    rig.frame()
    assert prices.ticks_per_row == 2
    hover(panel, cell(panel, Column.BID, 18_715))
    wheel(panel, 1, CTRL)
    QTest.keyClick(panel.view, Qt.Key.Key_Plus)
    QTest.keyClick(panel.view, Qt.Key.Key_Minus)
    rig.clock.advance(POINTER_QUIET_NS - 1)
    rig.frame()
    assert prices.ticks_per_row == 2
    rig.clock.advance(1)
    rig.frame()
    assert prices.ticks_per_row == 1


def test_a_click_is_priced_by_the_row_that_was_painted_when_the_button_went_down(rig, panel):
    at = cell(panel, Column.BID, 18_715)
    wheel(panel, -1)
    assert panel.view.ladder.map.prices[0] == panel.view.painted_prices[0] - 3
    QTest.mouseClick(panel.view, LEFT, NONE, at)  # before the rows are painted where they lie now
    assert [sent.terms.price for sent in rig.gateway.of("order.submit")] == [18_715]


def test_a_click_on_an_own_order_is_of_the_order_that_was_painted_there(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_715)), order("OMS-2", limit(price=18_712)))
    QApplication.processEvents()
    at = cell(panel, Column.OWN_BID, 18_715)
    wheel(panel, -1)
    rig.frame()  # the rows lie lower now, and are not painted there yet
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert [sent.cl_ord_id for sent in rig.gateway.of("order.cancel")] == ["OMS-1"]


def test_in_dynamic_mode_no_row_moves_under_a_pressed_button(rig, panel):
    panel.set_settings(LadderSettings(dynamic=True))
    at = cell(panel, Column.BID, 18_715)
    QTest.mousePress(panel.view, LEFT, NONE, at)
    market(rig, 18_729)
    QApplication.processEvents()
    QTest.mouseRelease(panel.view, LEFT, NONE, at)
    assert [sent.terms.price for sent in rig.gateway.of("order.submit")] == [18_715]
    market(rig, 18_729)
    assert panel.view.ladder.map.row_of(18_730) == panel.view.ladder.map.rows // 2


@pytest.mark.parametrize(
    ("scene", "column_of", "price"),
    [
        ({"depths": [depth(bid=18_900, ask=18_902)]}, "above", 18_900),
        ({"positions": [position(100, price=18_400)]}, "below", 18_400),
    ],
)
def test_a_click_on_the_arrow_of_market_or_position_jumps_there(rig, panel, *, scene, column_of, price):
    rig.feed(**scene)
    edge = getattr(panel.view.picture, column_of)
    row = 0 if column_of == "above" else len(panel.view.picture.rows) - 1
    QTest.mouseClick(panel.view, LEFT, NONE, panel.view._pill_rect(edge, row).center())
    assert panel.view.ladder.map.row_of(price) is not None


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
@pytest.mark.parametrize("width", [240, 333, 520])
def test_the_arrow_of_an_edge_stays_within_the_prices_and_says_all_under_the_pointer(
    rig, panel, qapp, text_scale, width
):
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        panel.resize(width, 760)
        QApplication.processEvents()
        rig.feed(order("OMS-1", limit(price=18_400)), order("OMS-2", limit(price=18_300)), positions=[position(100)])
        rig.feed(depths=[depth(bid=18_300, ask=18_302)])
        edge, row = panel.view.picture.below, len(panel.view.picture.rows) - 1
        assert (edge.market, edge.orders) == (True, 2)
        box, prices = panel.view._pill_rect(edge, row), panel.view.cell_rect(Column.PRICE, row)
        assert prices.left() <= box.left()
        assert box.right() <= prices.right()
        assert panel.view._tip(box.center()).startswith("Market, 2 orders")
    finally:
        apply_theme(qapp, load_theme("dark"))


def coloured(panel: LadderPanel) -> set[Column]:
    """Columns of the market in which anything is painted in a colour that is not grey."""
    image = panel.view.grab().toImage()
    found = set()
    for column in (Column.BID, Column.PRICE, Column.ASK, Column.TRADED, Column.FLOW, Column.PULLED):
        for row in range(len(panel.view.picture.rows)):
            rect = panel.view.cell_rect(column, row).adjusted(2, 2, -2, -2)
            points = itertools.product(range(rect.left(), rect.right()), range(rect.top(), rect.bottom()))
            if any(_is_coloured(image.pixelColor(x, y)) for x, y in points):
                found.add(column)
                break
    return found


def _is_coloured(ink: QColor) -> bool:
    return max(ink.red(), ink.green(), ink.blue()) - min(ink.red(), ink.green(), ink.blue()) > GREY


def test_a_stale_book_greys_the_whole_ladder(rig, panel):
    traded = {"traded": ((18_719, 300, 200),), "last": 18_719, "last_size": 250}
    market(rig, 18_719, **traded)
    assert coloured(panel) >= {Column.BID, Column.PRICE, Column.ASK, Column.TRADED}
    market(rig, 18_719, freshness="STALE", age_ms=7_300, **traded)
    assert coloured(panel) == set()
    assert "7.3 s old" in panel.status.full_text


def test_a_crossed_book_is_painted_in_the_colour_of_warnings(rig, panel):
    rig.feed(depths=[depth(bid=18_722, ask=18_720)])
    image, warning = panel.view.grab().toImage(), current_theme().colors.warning
    grounds = [
        image.pixelColor(
            panel.view.cell_rect(Column.PRICE, panel.view.ladder.map.row_of(price)).topLeft() + QPoint(4, 3)
        )
        for price in (18_723, 18_722, 18_721, 18_720, 18_719)
    ]
    assert [ground == warning for ground in grounds] == [False, True, True, True, False]


def test_a_disarmed_click_pulses_the_chip_and_opens_no_window(qtbot, rig, panel):
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    bar.show()
    rig.arm(None)
    before = bar.arm.grab().toImage()
    windows = {window for window in QApplication.topLevelWidgets() if window.isVisible()}
    QTest.mouseClick(panel.view, LEFT, NONE, cell(panel, Column.BID, 18_715))
    assert bar.arm.warns
    assert bar.arm.grab().toImage() != before
    assert {window for window in QApplication.topLevelWidgets() if window.isVisible()} == windows
    assert rig.gateway.sent() == []


def shape(state: str) -> frozenset[tuple[int, int]]:
    """Pixels of an own order's chip that differ from its ground, whatever the colours are."""
    image = QImage(110, 18, QImage.Format.Format_RGB32)
    image.fill(current_theme().colors.surface)
    painter = QPainter(image)
    RowPainter().chip(painter, QRect(4, 1, 100, 15), OwnCell("100", "L", state, 1, ("OMS-1",)), buy=True)
    painter.end()
    inside = list(itertools.product(range(4, 104), range(1, 16)))
    ground, _ = Counter(image.pixel(x, y) for x, y in inside).most_common(1)[0]
    return frozenset((x, y) for x, y in inside if image.pixel(x, y) != ground)


def test_each_state_of_an_own_order_has_a_shape_of_its_own(qapp):
    assert len({shape(state) for state in STATES}) == len(STATES) == 6


def test_a_reject_is_painted_red_with_its_reason_until_it_is_acknowledged(rig, panel):
    rig.feed(order("OMS-9", limit(Side.SELL, 18_730), OrdStatus.REJECTED, text="no funds"))
    at = cell(panel, Column.OWN_ASK, 18_730)
    rect = panel.view.cell_rect(Column.OWN_ASK, panel.view.ladder.map.row_of(18_730))
    danger = current_theme().colors.danger

    def reds() -> int:
        image = panel.view.grab(rect).toImage()
        points = itertools.product(range(image.width()), range(image.height()))
        return sum(image.pixelColor(x, y) == danger for x, y in points)

    assert reds() > rect.width()
    assert panel.view._tip(at) == "Rejected: no funds. Click to acknowledge."
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert reds() == 0


def test_the_size_that_stands_out_is_each_symbols_own(qtbot, rig, panel):
    def set_large(size: int) -> None:
        popup = panel.open_options()
        popup.findChild(QSpinBox, f"{popup.objectName()}_large_size").setValue(size)
        popup.close()

    set_large(500)
    panel.choose_symbol("MSFT")
    assert panel.settings.large_size == 0
    set_large(70)
    again = LadderPanel(rig.context, "ladder-2")
    qtbot.addWidget(again)
    again.restore_settings(panel.save_settings() | {"FUTURE.large_size": 9})
    read = []
    for symbol in ("AAPL", "MSFT", "ESZ6"):
        again.show_symbol(symbol)
        read.append(again.settings.large_size)
    assert read == [500, 70, 9]
    again.release()


@pytest.mark.parametrize("name", ["flatten", "cancel_bids", "cancel_all", "breakeven"])
def test_what_is_pressed_right_after_another_symbol_came_is_refused(qtbot, rig, panel, name: str):
    asked: list[str] = []
    panel.command_asked.connect(asked.append)
    panel.choose_symbol("MSFT")
    button = panel.findChild(QPushButton, f"ladder-1_{name}")
    qtbot.mouseClick(button, LEFT)
    assert (rig.gateway.sent(), asked) == ([], [])
    assert rig.spoken[-1][1] == "Refused: the ladder moved to MSFT under 300 ms ago."
    rig.clock.advance(300_000_000)
    qtbot.mouseClick(button, LEFT)
    assert len(rig.gateway.sent()) + len(asked) == 1


def test_breakeven_and_reverse_act_on_the_ladders_instrument_and_reverse_on_the_second_press(qtbot, rig, panel):
    asked: list[tuple[str, str]] = []
    panel.command_asked.connect(lambda command: asked.append((command, rig.context.focus.symbol)))
    panel.choose_symbol("MSFT")
    rig.clock.advance(300_000_000)
    rig.context.focus.move(symbol="AAPL")
    turn = panel.findChild(QPushButton, "ladder-1_reverse")
    qtbot.mouseClick(turn, LEFT)
    assert (asked, turn.text()) == ([], "Press again: reverse")
    qtbot.mouseClick(turn, LEFT)
    rig.context.focus.move(symbol="AAPL")
    qtbot.mouseClick(panel.findChild(QPushButton, "ladder-1_breakeven"), LEFT)
    assert asked == [("trade.reverse", "MSFT"), ("trade.breakeven", "MSFT")]


def test_the_words_of_every_button_fit_a_narrow_ladder(panel):
    panel.resize(300, 700)
    QApplication.processEvents()
    for button in panel.buttons.findChildren(QWidget):
        if isinstance(button, QPushButton):
            assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width() - 8, button.text()
