"""Alerts on the chart panel: made from the menu at a price, shown as lines, dragged, deleted, with the padlock shut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.desktop.test_chart_panel import series
from tests.helpers.desktop_rig import ACCOUNT, SECOND, START_NS, DesktopRig, quote, status
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.shell.alert_here import AlertHere
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.alerts import Alert, AlertRow, AlertState, DeleteAlert
from workstation.domain.orders import OriginKind

KEPT = Alert(id="a1", symbol="AAPL", condition="last > 187.5", repeats=True)


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    made.gateway.answers["market.bars"] = CommandResult(ok=True, text="", data=series())
    hears(made)
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[ChartPanel]:
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(800, 500)
    made.show()
    rig.feed(status=status(now_ns=START_NS), quotes=[quote()])
    made.show_symbol("AAPL")
    settle(rig)
    yield made
    made.release()


def hears(rig: DesktopRig, *rows: AlertRow) -> None:
    rig.gateway.answers["alert.list"] = CommandResult(ok=True, text="", data=rows)


def settle(rig: DesktopRig) -> None:
    rig.bridge._on_answered()
    for _ in range(3):
        QApplication.processEvents()


def look(rig: DesktopRig, *rows: AlertRow) -> None:
    """Let a second pass in which the engine has these alerts."""
    hears(rig, *rows)
    rig.clock.advance(SECOND)
    rig.frame()
    settle(rig)


def at(panel: ChartPanel, price: float) -> QPoint:
    pane = panel.chart._canvas.price_pane()
    return QPoint(round(pane.x(len(panel.chart.model.bars) - 45)), round(pane.y(price)))


def move(panel: ChartPanel, place: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    port = panel.chart._canvas.view.viewport()
    where, none = QPointF(port.mapToGlobal(place)), Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        port, QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, Qt.MouseButton.NoButton, buttons, none)
    )


def open_menu(panel: ChartPanel, place: QPoint) -> QMenu:
    """Ask for the menu at a place, as a right click does."""
    port = panel.chart._canvas.view.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, port.mapToGlobal(place))
    QApplication.sendEvent(port, event)
    (menu,) = [one for one in panel.findChildren(QMenu, "chart-1_alert_menu") if one.isVisible()]
    return menu


def choose(menu: QMenu, name: str, qtbot: QtBot) -> None:
    action = menu.findChild(QAction, name)
    assert action is not None
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def test_the_menu_makes_an_alert_at_the_price_under_the_pointer(
    panel: ChartPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    place = at(panel, 187.5)
    price = panel.chart.model.to_tick(panel.chart._canvas.price_pane().price(place.y()))
    menu = open_menu(panel, place)
    assert [action.text() for action in menu.actions()] == [f"Create alert at {price:.2f}"]
    choose(menu, "create_alert", qtbot)
    (sent,) = rig.gateway.of("alert.save")
    assert (sent.alert.symbol, sent.alert.account) == ("AAPL", ACCOUNT)
    assert sent.alert.condition == f"last >= {price:.2f}"
    assert rig.gateway.calls[-1].origin.kind is OriginKind.CHART


def test_the_engine_s_alert_is_a_line_until_it_fires(panel: ChartPanel, rig: DesktopRig) -> None:
    look(rig, AlertRow(KEPT, AlertState.ARMED))
    assert [(line.price, line.text) for line in panel.chart.model.alerts] == [(187.5, "AAPL last > 187.5")]
    asked = len(rig.gateway.of("alert.list"))
    rig.frame()
    assert len(rig.gateway.of("alert.list")) == asked, "once a second is enough"
    look(rig, AlertRow(KEPT, AlertState.FIRED))
    assert panel.chart.model.alerts == []


def test_a_dragged_line_moves_the_alert_on_a_locked_chart(panel: ChartPanel, rig: DesktopRig) -> None:
    look(rig, AlertRow(KEPT, AlertState.ARMED))
    port, button = panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton
    start, end = at(panel, 187.5), at(panel, 186.6)
    QTest.mousePress(port, button, pos=start)
    for place in (start + (end - start) / 2, end):
        move(panel, place, button)
    dragged = panel.chart.model.alert_drag
    assert dragged is not None
    assert rig.gateway.of("alert.save") == []
    QTest.mouseRelease(port, button, pos=end)
    (sent,) = rig.gateway.of("alert.save")
    assert (sent.alert.id, sent.alert.condition) == ("a1", f"last <= {dragged.price:.2f}")
    assert sent.alert.repeats
    assert rig.gateway.of("order.replace") == []


def test_escape_and_an_alert_that_fires_end_a_drag(panel: ChartPanel, rig: DesktopRig) -> None:
    port, button = panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton
    for end_drag in (lambda: QTest.keyClick(panel.chart, Qt.Key.Key_Escape), lambda: look(rig)):
        look(rig, AlertRow(KEPT, AlertState.ARMED))
        start, end = at(panel, 187.5), at(panel, 187.0)
        QTest.mousePress(port, button, pos=start)
        move(panel, end, button)
        assert panel.chart.model.alert_drag is not None
        end_drag()
        assert panel.chart.model.alert_drag is None
        QTest.mouseRelease(port, button, pos=end)
    assert rig.gateway.of("alert.save") == []


def test_the_cross_of_a_line_and_the_menu_delete(panel: ChartPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    look(rig, AlertRow(KEPT, AlertState.ARMED))
    cross = panel.chart._canvas.alerts._placed()[0].cross.center().toPoint()
    QTest.mouseClick(panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=cross)
    assert rig.gateway.of("alert.delete") == [DeleteAlert(id="a1")]
    choose(open_menu(panel, at(panel, 187.5)), "delete_alert", qtbot)
    assert rig.gateway.of("alert.delete") == [DeleteAlert(id="a1")] * 2


def test_a_refusal_is_said_and_the_line_stays_where_the_engine_has_it(panel: ChartPanel, rig: DesktopRig) -> None:
    look(rig, AlertRow(KEPT, AlertState.ARMED))
    rig.gateway.answers["alert.save"] = CommandResult(ok=False, text="There are 500 already.")
    panel.alerts.move("a1", 188.0)
    settle(rig)
    assert rig.spoken[-1] == ("warning", "There are 500 already.")
    assert panel.chart.model.alerts[0].price == 187.5


def test_the_command_makes_one_at_the_pointed_price_or_says_where_to_point(panel: ChartPanel, rig: DesktopRig) -> None:
    keys = HotkeyFilter(rig.context, None)
    AlertHere(rig.context, keys)
    keys.run_command("view.alert_here")
    assert "point at a price of AAPL" in rig.spoken[-1][1]
    move(panel, at(panel, 187.5))
    keys.run_command("view.alert_here")
    (sent,) = rig.gateway.of("alert.save")
    assert sent.alert.condition.startswith("last >= 187.")
