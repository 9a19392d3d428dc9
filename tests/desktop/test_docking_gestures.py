"""Panels moved by the mouse alone: a tab pulled out floats, one dropped on another area joins it, a lock holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspace import Workspace

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
    configure_docking()
    (tmp_path / "pair.toml").write_text(PAIR)
    made = Workspace(rig.context, {"log": LogPanel, "orders": OrdersPanel}, LayoutStore(tmp_path), disarm_after_s=600)
    qtbot.addWidget(made.window)
    made.open()
    made.window.setGeometry(0, 0, 1_280, 720)
    qtbot.waitExposed(made.window)
    made.workspaces.open("pair")
    QApplication.processEvents()
    yield made
    made.close()


def tab_of(desk: Workspace, panel_id: str) -> QWidget:
    tab: QWidget = desk.window.docking.findDockWidget(panel_id).tabWidget()
    return tab


def pull(tab: QWidget, to: QPoint) -> None:
    """Press a tab, move the pointer in steps to a point of the screen, and let go there."""
    title = QPoint(TITLE_PX, tab.height() // 2)
    begin = tab.mapToGlobal(title)
    QCursor.setPos(begin)
    QTest.mousePress(tab, LEFT, Qt.KeyboardModifier.NoModifier, title)
    for step in range(1, 13):
        point = begin + (to - begin) * step / 12
        QCursor.setPos(point)
        QTest.mouseMove(tab, tab.mapFromGlobal(point))
        QApplication.processEvents()
    QTest.mouseRelease(tab, LEFT, Qt.KeyboardModifier.NoModifier, tab.mapFromGlobal(to))
    QApplication.processEvents()


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
