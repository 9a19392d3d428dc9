"""Panels moved by the mouse alone: a tab pulled out floats, one dropped on another area joins it, a lock holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import PySide6QtAds as QtAds
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QCursor, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.workspaces import opened_workspace
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.shell.drop_marks import FRAME_PX, SPOT, DropMarks
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme

LEFT = Qt.MouseButton.LeftButton
TITLE_PX = 14
"""From the edge of a tab into its title, in every theme; the close button stands at the other edge."""

PAIR = """name = "pair"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "orders-1"
kind = "orders"
[dock.root]
split = "columns"
sizes = [0.5, 0.5]
parts = ["left", "right"]
[dock.left]
tabs = ["log-1"]
[dock.right]
tabs = ["orders-1"]
"""


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    with opened_workspace(rig, qtbot, tmp_path, {"log": LogPanel, "orders": OrdersPanel}, PAIR, show="pair") as made:
        made.window.setGeometry(0, 0, 1_280, 720)
        QApplication.processEvents()
        yield made


def tab_of(desk: Workspace, panel_id: str) -> QWidget:
    tab: QWidget = desk.window.docking.findDockWidget(panel_id).tabWidget()
    return tab


def carry(tab: QWidget, to: QPoint, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a tab and move the pointer in steps to a point of the screen; the button stays down."""
    title = QPoint(TITLE_PX, tab.height() // 2)
    begin = tab.mapToGlobal(title)
    QCursor.setPos(begin)
    QTest.mousePress(tab, LEFT, held, title)
    for step in range(1, 13):
        point = begin + (to - begin) * step / 12
        QCursor.setPos(point)
        QTest.mouseMove(tab, tab.mapFromGlobal(point))
        QApplication.processEvents()


def pull(tab: QWidget, to: QPoint, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Carry a tab to a point of the screen and let go there."""
    carry(tab, to, held)
    QTest.mouseRelease(tab, LEFT, held, tab.mapFromGlobal(to))
    QApplication.processEvents()


def test_hovering_a_tab_says_its_whole_title_since_a_narrow_bar_cuts_it(desk: Workspace) -> None:
    assert tab_of(desk, "orders-1").toolTip() == "Orders"
    desk.window.panels["orders-1"].title_changed.emit("Orders of the morning")
    assert tab_of(desk, "orders-1").toolTip() == "Orders of the morning"


def test_a_tab_pulled_out_of_the_window_floats(desk: Workspace) -> None:
    pull(tab_of(desk, "log-1"), desk.window.mapToGlobal(QPoint(300, 300)))
    assert desk.window.docking.findDockWidget("log-1").isInFloatingContainer()
    assert [entry.root for entry in desk.workspaces.current().floating] == ["floating-1"]


def test_a_tab_dropped_on_the_middle_of_another_area_joins_it(desk: Workspace) -> None:
    area = desk.window.docking.findDockWidget("orders-1").dockAreaWidget()
    pull(tab_of(desk, "log-1"), area.mapToGlobal(area.rect().center()))
    both = {desk.window.docking.findDockWidget(name).dockAreaWidget() for name in ("log-1", "orders-1")}
    assert len(both) == 1


def test_a_locked_workspace_lets_no_tab_be_pulled_out(desk: Workspace) -> None:
    desk.workspaces.lock(locked=True)
    pull(tab_of(desk, "log-1"), desk.window.mapToGlobal(QPoint(300, 300)))
    assert not desk.window.docking.findDockWidget("log-1").isInFloatingContainer()


def test_a_tab_pulled_with_ctrl_floats_wherever_it_is_dropped(desk: Workspace, qtbot: QtBot) -> None:
    area = desk.window.docking.findDockWidget("orders-1").dockAreaWidget()
    held = Qt.KeyboardModifier.ControlModifier
    qtbot.keyPress(desk.window, Qt.Key.Key_F24, held)  # the program knows modifiers from events alone
    pull(tab_of(desk, "log-1"), area.mapToGlobal(area.rect().center()), held)
    qtbot.keyRelease(desk.window, Qt.Key.Key_F24)
    assert desk.window.docking.findDockWidget("log-1").isInFloatingContainer()
    assert not desk.window.docking.dockAreaOverlay().isVisible()


def test_drop_marks_cover_nothing_but_their_frame_and_buttons(desk: Workspace, qtbot: QtBot) -> None:
    docking = desk.window.docking
    docking.findChild(DropMarks)._framed = True  # as under X
    area, tab = docking.findDockWidget("orders-1").dockAreaWidget(), tab_of(desk, "log-1")
    overlay, to = docking.dockAreaOverlay(), area.mapToGlobal(area.rect().center())
    carry(tab, to)
    qtbot.waitUntil(lambda: overlay.mask().boundingRect() == overlay.rect())
    assert overlay.isVisible()
    size = overlay.size()
    inside = QRect(0, 0, size.width(), size.height()).adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
    assert not overlay.mask().intersects(inside)
    for cross in docking.findChildren(QtAds.CDockOverlayCross):
        buttons = QRegion(SPOT)
        for button in cross.findChildren(QWidget):
            buttons += QRect() if button.isHidden() else button.geometry()
        assert cross.mask() == buttons
    QTest.mouseRelease(tab, LEFT, Qt.KeyboardModifier.NoModifier, tab.mapFromGlobal(to))


TABS = """name = "tabs"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "orders-1"
kind = "orders"
[[panel]]
id = "fills-1"
kind = "fills"
[[panel]]
id = "positions-1"
kind = "positions"
[[panel]]
id = "log-2"
kind = "log"
[dock.root]
split = "columns"
sizes = [0.3, 0.7]
parts = ["left", "right"]
[dock.left]
tabs = ["orders-1", "fills-1", "positions-1", "log-1"]
[dock.right]
tabs = ["log-2"]
"""


@pytest.mark.parametrize("text_scale", [1.0, TEXT_SCALE_MAX])
def test_titles_of_tabs_without_room_are_whole_and_the_shown_one_is_scrolled_into_view(
    rig: DesktopRig, qtbot: QtBot, qapp: QApplication, tmp_path: Path, text_scale: float
) -> None:
    kinds = {kind.kind: kind for kind in (LogPanel, OrdersPanel, FillsPanel, PositionsPanel)}
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        with opened_workspace(rig, qtbot, tmp_path, kinds, TABS, show="tabs") as desk:
            desk.window.setGeometry(0, 0, 960, 600)
            QApplication.processEvents()
            for panel_id in ("log-1", "orders-1", "positions-1", "fills-1"):
                desk.window.show_panel(panel_id)
                QApplication.processEvents()
                tab = tab_of(desk, panel_id)
                for other in ("log-1", "orders-1", "positions-1", "fills-1"):
                    assert not tab_of(desk, other).isTitleElided(), other
                assert is_seen_whole(tab), panel_id
            desk.window.show_panel("log-1")
            for width in (1_600, 960):
                desk.window.resize(width, 600)
                QApplication.processEvents()
                assert is_seen_whole(tab_of(desk, "log-1")), f"after the window is {width} px wide"
    finally:
        apply_theme(qapp, load_theme("dark"))


def is_seen_whole(tab: QWidget) -> bool:
    """Tell whether nothing of a tab's title is out of its bar's view."""
    words = tab.findChild(QtAds.CElidingLabel)
    assert words is not None
    seen = words.visibleRegion().boundingRect().width()
    return bool(seen >= min(words.width(), words.fontMetrics().horizontalAdvance(words.text())))
