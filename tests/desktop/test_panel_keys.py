"""Panels by keyboard alone: next panel, next tab, out of its place and back, closed and reopened, by real keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import PySide6QtAds as QtAds
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.workspaces import opened_workspace
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.workspace import Workspace

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
THREE = """name = "three"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "orders-1"
kind = "orders"
[[panel]]
id = "fills-1"
kind = "fills"
[dock.root]
split = "columns"
sizes = [0.3, 0.7]
parts = ["left", "right"]
[dock.left]
tabs = ["log-1"]
[dock.right]
tabs = ["orders-1", "fills-1"]
current = "orders-1"
"""


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "active").write_text("three")
    kinds = {"log": LogPanel, "orders": OrdersPanel, "fills": FillsPanel}
    with opened_workspace(rig, qtbot, tmp_path, kinds, THREE, show="three", in_front=True) as made:
        yield made


def press(qtbot: QtBot, desk: Workspace, key: Key, modifiers: Qt.KeyboardModifier = CTRL) -> str:
    """Press a key on what has the keyboard; returns the panel that has it afterwards, "" for none."""
    qtbot.keyClick(QApplication.focusWidget() or desk.window, key, modifiers)
    QApplication.processEvents()
    panel = desk.window.panel_of(QApplication.focusWidget())
    return "" if panel is None else panel.panel_id


def test_ctrl_tab_goes_round_the_panels_in_sight_and_back(desk: Workspace, qtbot: QtBot) -> None:
    assert [press(qtbot, desk, Key.Key_Tab) for _ in range(3)] == ["log-1", "orders-1", "log-1"]
    assert press(qtbot, desk, Key.Key_Backtab, CTRL | SHIFT) == "orders-1"


def test_ctrl_page_down_brings_the_next_tab_of_the_area_forward_with_the_keyboard(
    desk: Workspace, qtbot: QtBot
) -> None:
    desk.window.go_to("orders-1")
    assert press(qtbot, desk, Key.Key_PageDown) == "fills-1"
    assert desk.window.panels["fills-1"].isVisible()
    assert not desk.window.panels["orders-1"].isVisible()
    assert press(qtbot, desk, Key.Key_PageDown) == "orders-1"
    assert press(qtbot, desk, Key.Key_PageUp) == "fills-1"
    assert press(qtbot, desk, Key.Key_Tab) == "log-1", "a panel behind its tab is not in sight"


def test_ctrl_w_closes_the_panel_with_the_keyboard_and_it_comes_back_where_it_stood(
    desk: Workspace, qtbot: QtBot
) -> None:
    before = desk.workspaces.current()
    desk.window.go_to("fills-1")
    assert press(qtbot, desk, Key.Key_W) == "orders-1", "the tab beside it has the keyboard"
    assert set(desk.window.panels) == {"log-1", "orders-1"}
    press(qtbot, desk, Key.Key_T, CTRL | SHIFT)
    after = desk.workspaces.current()
    assert {name: node.tabs for name, node in after.dock.items()} == {
        name: node.tabs for name, node in before.dock.items()
    }


def test_the_last_tab_of_an_area_leaves_the_keyboard_to_the_first_panel(desk: Workspace, qtbot: QtBot) -> None:
    desk.window.go_to("log-1")
    assert press(qtbot, desk, Key.Key_W) == "orders-1"
    assert [press(qtbot, desk, Key.Key_W) for _ in range(3)] == ["fills-1", "", ""]
    assert list(desk.window.panels) == []


def test_a_panel_floats_and_stands_in_the_window_again(desk: Workspace, qtbot: QtBot) -> None:
    floats = desk.window.findChild(QAction, "panel.float")
    assert isinstance(floats, QAction)
    panel = desk.window.panels["fills-1"]
    desk.window.go_to("fills-1")
    floats.trigger()
    assert panel.window() is not desk.window
    qtbot.waitUntil(lambda: panel.isAncestorOf(QApplication.focusWidget() or desk.window))
    floats.trigger()
    assert panel.window() is desk.window
    assert panel.isVisible()


def test_every_control_around_the_panels_says_what_it_is(desk: Workspace) -> None:
    desk.window.go_to("orders-1")
    controls = [
        child
        for child in desk.window.findChildren(QWidget)
        if isinstance(
            child, (QAbstractButton, QAbstractSpinBox, QComboBox, QHeaderView, QLineEdit, QtAds.CDockWidgetTab)
        )
        and child.isVisible()
    ]
    assert any(isinstance(control, QtAds.CDockWidgetTab) for control in controls)
    for control in controls:
        said = QAccessible.queryAccessibleInterface(control).text(QAccessible.Text.Name)
        assert said, (control.metaObject().className(), control.objectName())
    crosses = {c.accessibleName() for c in controls if c.objectName() == "tabCloseButton"}
    assert crosses == {"Close Log", "Close Orders", "Close Fills"}


def test_locked_panels_are_neither_closed_nor_moved_and_without_a_panel_it_is_said(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    desk.workspaces.lock(locked=True)
    desk.window.go_to("orders-1")
    press(qtbot, desk, Key.Key_W)
    desk.hotkeys.run_command("panel.float")
    assert set(desk.window.panels) == {"log-1", "orders-1", "fills-1"}
    assert desk.window.panels["orders-1"].window() is desk.window
    assert [text for _, text in rig.spoken[-2:]] == ["Panels are locked: Lock panels sets them free."] * 2
    desk.window.top_bar.notice.setFocus()
    press(qtbot, desk, Key.Key_PageDown)
    assert rig.spoken[-1][1] == "No panel has the keyboard. Next panel gives it to the first."


def test_what_hides_under_the_keyboard_leaves_it_where_enter_presses_nothing(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    desk.workspaces.open("three")
    undo = desk.window.findChild(QPushButton, "undo_load")
    assert isinstance(undo, QPushButton)
    undo.setFocus()
    qtbot.keyClick(undo, Key.Key_Space)
    assert not undo.isVisible()
    for key in (Key.Key_Space, Key.Key_Return):
        qtbot.keyClick(QApplication.focusWidget() or desk.window, key)
    assert [name for name, _ in rig.gateway.sent() if name.startswith("risk.arm")] == []
    field = QLineEdit(desk.window)
    field.show()
    field.setFocus()
    field.hide()
    assert QApplication.focusWidget() in {desk.window, None}
