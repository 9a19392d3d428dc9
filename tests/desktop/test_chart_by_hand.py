"""The chart by mouse alone, from the buttons of its header to the order: each choice clicked, each line taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import talib
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLayout, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, limit, order, position, quote, status
from workstation.commands.params import CancelOne
from workstation.commands.registry import CommandResult
from workstation.desktop.chart_links import PAINT_WAIT_NS, ChartLinks
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.chart_panel_indicators import IndicatorsDialog
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.market import BarKind, BarType
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.drawings import DrawingKind

LEFT = Qt.MouseButton.LeftButton
BARS = 420


@pytest.fixture
def rig(qapp: QApplication) -> Iterator[DesktopRig]:
    made = DesktopRig()
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[ChartPanel]:
    made = ChartPanel(rig.context, "chart-1")
    holder = PanelHeader.wrap(made)
    qtbot.addWidget(holder)
    holder.resize(900, 520)
    holder.show()
    rig.feed(status=status(now_ns=START_NS))
    made.show_symbol("AAPL")
    answer(rig)
    rig.feed(quotes=[quote()])
    QApplication.processEvents()
    yield made
    made.release()


def answer(rig: DesktopRig) -> None:
    """Answer the bars that were asked for last: minutes around 187."""
    times = START_NS + np.arange(BARS, dtype=np.int64) * 60 * SECOND
    close = 187 + np.sin(np.arange(BARS) / 5)
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) + 0.1, np.minimum(opened, close) - 0.1
    ohlcv = np.stack([opened, high, low, close, np.full(BARS, 100.0)], axis=1)
    asked = rig.gateway.of("market.bars")[-1]
    found = BarSeries(asked.symbol, asked.bar_type, times, ohlcv)
    rig.gateway.answer("market.bars", CommandResult(ok=True, text="", data=found))
    rig.bridge._on_answered()


def pick(button: QToolButton, action: QAction) -> None:
    """Open a button's menu and click one of its entries."""
    menu = button.menu()
    menu.popup(button.mapToGlobal(QPoint(0, button.height())))
    QApplication.processEvents()
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    QApplication.processEvents()


def port(panel: ChartPanel):
    return panel.chart._canvas.view.viewport()


def pull(panel: ChartPanel, start: QPoint, end: QPoint) -> None:
    """Press at one place, move to another and let go."""
    QTest.mousePress(port(panel), LEFT, pos=start)
    for place in (start + (end - start) / 2, end):
        where, none = QPointF(port(panel).mapToGlobal(place)), Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, Qt.MouseButton.NoButton, LEFT, none)
        QApplication.sendEvent(port(panel), move)
    QTest.mouseRelease(port(panel), LEFT, pos=end)
    QApplication.processEvents()


def place_of(panel: ChartPanel, price: float, x: int = 200) -> QPoint:
    return QPoint(x, round(panel.chart._canvas.price_pane().y(price)))


def test_a_click_on_the_padlock_lets_a_line_be_dragged_and_another_shuts_it(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", limit(price=18_660), version=4))
    for click, sent in ((False, 0), (True, 1), (True, 1)):
        if click:
            QTest.mouseClick(panel.tools.padlock, LEFT)
        pull(panel, place_of(panel, 186.60), place_of(panel, 186.90))
        assert len(rig.gateway.of("order.replace")) == sent


def test_a_click_on_the_cross_of_a_line_cancels_its_order_on_a_locked_chart(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", limit(price=18_660)), order("OMS-2", limit(Side.SELL, 18_760)))
    QApplication.processEvents()
    tags = {tag.crowd.orders[0].cl_ord_id: tag for tag in panel.chart._canvas.orders._placed()}
    QTest.mouseClick(port(panel), LEFT, pos=tags["OMS-2"].cancel.center().toPoint())
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id="OMS-2")]


@pytest.mark.parametrize("kind", list(ChartType))
def test_each_type_is_chosen_by_mouse_and_drawn(panel: ChartPanel, kind: ChartType) -> None:
    before = port(panel).grab().toImage()
    if kind is ChartType.CANDLES:
        pick(panel.tools.type_button, panel.tools.types[ChartType.LINE.value])
        before = port(panel).grab().toImage()
    pick(panel.tools.type_button, panel.tools.types[kind.value])
    assert panel.chart.model.chart_type is kind
    assert panel.tools.type_button.text() == f"{kind.value.capitalize()} ▾"
    assert port(panel).grab().toImage() != before


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("5m", BarType(BarKind.MINUTE, 5)),
        ("1d", BarType(BarKind.DAY, 1)),
        ("3m", BarType(BarKind.MINUTE, 3)),
        ("100t", BarType(BarKind.TICK, 100)),
        ("1kv", BarType(BarKind.VOLUME, 1_000)),
    ],
)
def test_bars_of_time_of_ticks_and_of_volume_are_asked_for_by_a_click(
    panel: ChartPanel, rig: DesktopRig, name: str, wanted: BarType
) -> None:
    chosen = panel.tools.intervals[name]
    if isinstance(chosen, QAction):
        pick(panel.tools.counted, chosen)
    else:
        QTest.mouseClick(chosen, LEFT)
    assert rig.gateway.of("market.bars")[-1].bar_type == wanted
    assert panel.interval == name
    assert chosen.isChecked()


@pytest.mark.parametrize(("width", "scale"), [(430, 1.5), (500, 1.0), (360, 1.0), (340, 1.5)])
def test_in_a_narrow_chart_no_button_is_cut_and_an_interval_without_room_is_in_the_menu(
    panel: ChartPanel, qapp: QApplication, width: int, scale: float
) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("light", text_scale=scale))
    tools = panel.tools
    tools.window().layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # as a dock cuts it
    tools.window().setMinimumSize(0, 0)
    tools.window().resize(width, 400)
    for _ in range(3):
        QApplication.processEvents()
    assert tools.width() < width
    shown = [one for one in tools.findChildren(QToolButton) if one.isVisible()]
    cut = [one.objectName() for one in shown if one.width() < one.fontMetrics().horizontalAdvance(one.text())]
    places = sorted((one.x(), one.x() + one.width()) for one in shown)
    apply_theme(qapp, load_theme("dark"))
    assert cut == []
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert places[-1][1] <= tools.width()
    left = [interval for interval, action in tools._left.items() if action.isVisible()]
    assert (bool(left), "1m" in left) == (width < 500, False)
    for interval in left[:1]:
        pick(tools.counted, tools._left[interval])
        assert panel.interval == interval
        assert tools.intervals[interval].isVisible()


@pytest.mark.parametrize(("width", "scale"), [(330, 1.5), (300, 1.5), (240, 1.5), (200, 1.0), (300, 1.7), (190, 1.7)])
def test_tools_that_have_no_room_in_a_narrow_chart_are_in_the_menu_at_the_row_s_end(
    panel: ChartPanel, qapp: QApplication, width: int, scale: float
) -> None:
    load_fonts()
    tools = panel.tools
    tools.window().layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # as a dock cuts it
    tools.window().setMinimumSize(0, 0)
    try:
        tools.window().resize(width, 400)
        settle()
        apply_theme(qapp, load_theme("light", text_scale=scale))
        settle()
        shown = [one for one in tools.findChildren(QToolButton) if one.isVisible()]
        cut = [one.objectName() for one in shown if one.width() < one.fontMetrics().horizontalAdvance(one.text())]
        assert cut == []
        places = sorted((one.x(), one.x() + one.width()) for one in shown)
        assert all(end <= start for (_, end), (start, _) in pairwise(places)), places
        assert places[-1][1] <= tools.width()
        assert tools.padlock in shown
        assert tools.more in shown
        folded = {entry.text() for entry in tools.more.menu().actions() if entry.isVisible()}
        assert folded
        assert ("View" in folded) is not tools.view_button.isVisible()
        assert ("Chart type" in folded) is not tools.type_button.isVisible()
        menu = tools.more.menu()
        menu.popup(tools.more.mapToGlobal(QPoint(0, tools.more.height())))
        menu.setActiveAction(tools.view_menu.menuAction())
        QTest.keyClick(menu, Qt.Key.Key_Right)
        QTest.keyClick(tools.view_menu, Qt.Key.Key_Return)
        assert not tools.views["volume"].isChecked()
        tools.window().resize(900, 400)
        settle()
        assert not tools.more.isVisible()
        assert tools.view_button.isVisible()
        assert tools.type_button.isVisible()
        assert tools.counted.isVisible()
        assert not tools.prices_button.isVisible(), "there is nothing to adjust for"
    finally:
        apply_theme(qapp, load_theme("dark"))


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def test_counts_of_bars_are_written_alike(panel: ChartPanel) -> None:
    words = [panel.tools.intervals[name].text() for name in ("100t", "1000t", "1kv", "1mn")]
    assert words == ["100 ticks a bar", "1,000 ticks a bar", "Volume of 1,000 a bar", "Value of 1,000,000 a bar"]


@pytest.mark.parametrize("name", ["log", "profile", "volume"])
def test_each_view_is_switched_by_mouse_and_seen(panel: ChartPanel, name: str) -> None:
    before, on = port(panel).grab().toImage(), panel.tools.views[name].isChecked()
    pick(panel.tools.view_button, panel.tools.views[name])
    QApplication.processEvents()
    assert panel.tools.views[name].isChecked() is not on
    assert port(panel).grab().toImage() != before
    assert panel.save_settings()[name] is not on


@pytest.mark.parametrize("name", ["trend-line", "ray", "rectangle", "fibonacci", "measure"])
def test_a_drawing_is_taken_from_the_menu_pulled_and_kept_with_the_symbol(
    panel: ChartPanel, rig: DesktopRig, name: str
) -> None:
    pick(panel.tools.draw_button, panel.tools.drawing[name])
    pull(panel, QPoint(120, 100), QPoint(320, 180))
    (drawn,) = rig.context.charts.book("AAPL").drawings
    assert drawn.kind is DrawingKind(name)
    panel.show_symbol("MSFT")
    assert panel.chart.model.book.drawings == ()
    panel.show_symbol("AAPL")
    assert panel.chart.model.book.drawings == (drawn,)


def test_the_position_line_follows_the_profit_as_it_changes(panel: ChartPanel, rig: DesktopRig) -> None:
    seen = []
    for ticks in (19, 25, -3):
        rig.clock.advance(PAINT_WAIT_NS)
        rig.feed(positions=[position(300, unrealised=300 * ticks * MONEY_ONE // 100)])
        held = panel.chart.model.position
        assert held is not None
        seen.append(held.text)
    assert seen == ["Long 300  +57.00", "Long 300  +75.00", "Long 300  −9.00"]
    rig.clock.advance(PAINT_WAIT_NS)
    rig.feed(positions=[position(0)])
    assert panel.chart.model.position is None


TOOLS = ("trend-line", "ray", "horizontal", "rectangle", "fibonacci", "text", "measure")


def draw_by_hand(panel: ChartPanel, name: str, start: QPoint) -> None:
    """Take a tool from the menu and draw with it from a place on."""
    pick(panel.tools.draw_button, panel.tools.drawing[name])
    if name not in ("text", "horizontal"):
        pull(panel, start, start + QPoint(90, 35))
        return
    QTest.mouseClick(port(panel), LEFT, pos=start)
    for line in panel.chart.findChildren(QLineEdit, "chart-drawing-text"):
        if line.isVisible():
            QTest.keyClicks(line, "opening gap")
            QTest.keyClick(line, Qt.Key.Key_Return)


def test_what_each_tool_drew_is_there_with_its_symbol_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    starts = []
    for start in range(2):
        rig = DesktopRig()
        panel = ChartPanel(replace(rig.context, charts=ChartLinks(tmp_path)), "chart-1")
        holder = PanelHeader.wrap(panel)
        qtbot.addWidget(holder)
        holder.resize(900, 520)
        holder.show()
        panel.show_symbol("MSFT")
        assert panel.chart.model.book.drawings == ()
        panel.show_symbol("AAPL")
        rig.gateway.answer("market.bars", CommandResult(ok=False, text=""))  # of MSFT, which is shown no more
        answer(rig)
        QApplication.processEvents()
        if start == 0:
            for number, name in enumerate(TOOLS):
                draw_by_hand(panel, name, QPoint(60 + 60 * number, 60 + 25 * number))
        starts.append([(one.kind.value, one.points, one.text) for one in panel.chart.model.book.drawings])
        panel.release()
        rig.stop()
    assert [kind for kind, _, _ in starts[0]] == list(TOOLS)
    assert starts[0][5][2] == "opening gap"
    assert starts[1] == starts[0]


def test_an_indicator_added_and_edited_by_hand_is_on_the_chart_what_the_reference_library_says(
    panel: ChartPanel, qtbot: QtBot
) -> None:
    QTest.mouseClick(panel.tools.indicators, LEFT)
    dialog = panel.findChild(IndicatorsDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.filter, "bollin")
    QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
    close = panel.chart.model.bars.columns[3].copy()
    for typed, (bars, width) in (({}, (20, 2.0)), ({"bars": "34", "width": "2.5"}, (34, 2.5))):
        for name, text in typed.items():
            dialog.fields[name].selectAll()
            QTest.keyClicks(dialog.fields[name], text)
        qtbot.waitUntil(lambda: not panel.chart.computing)
        (shown,) = panel.chart.model.indicators
        for number, wanted in enumerate(talib.BBANDS(close, bars, width, width)):
            np.testing.assert_allclose(shown.line(number)[:BARS], wanted, rtol=1e-9)
    before = port(panel).grab().toImage()
    QTest.mouseClick(dialog.remove, LEFT)
    QApplication.processEvents()
    assert panel.chart.model.indicators == []
    assert port(panel).grab().toImage() != before
    dialog.close()
