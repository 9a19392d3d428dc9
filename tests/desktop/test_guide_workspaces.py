"""The page on workspaces, row by row: each gesture of its table is made in a window, and does what the row says.

A row without a step here fails, and so does a step whose row has gone. Tabs are really pulled in
`test_docking_gestures.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.test_docking_gestures import tab_of
from tests.desktop.test_workspace_dialogs import ask, type_in
from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.source_tree import ROOT
from tests.helpers.workspaces import opened_workspace
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.workspace import Workspace

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
PAGE = ROOT / "resources" / "docs" / "guide" / "workspaces.md"
OWN = """name = "small"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "orders-1"
kind = "orders"
[[panel]]
id = "orders-2"
kind = "orders"
[dock.root]
split = "columns"
parts = ["left", "right"]
sizes = [0.5, 0.5]
[dock.left]
tabs = ["log-1"]
[dock.right]
tabs = ["orders-1", "orders-2"]
"""


class Hand:
    """A person before the window: keys, menu entries, tabs."""

    def __init__(self, desk: Workspace, qtbot: QtBot, folder: Path, spoken: list[tuple[str, str]]) -> None:
        self.desk, self.bot, self.folder, self.spoken = desk, qtbot, folder, spoken
        self.spaces, self.window = desk.workspaces, desk.window

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.window.activateWindow()
        self.bot.waitUntil(self.window.isActiveWindow)
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, held)

    def choose(self, command_id: str) -> None:
        found = self.window.findChild(QAction, command_id)
        assert isinstance(found, QAction)
        found.trigger()

    def here(self) -> str:
        """Return the panel that has the keyboard."""
        panel = self.window.panel_of(QApplication.focusWidget())
        return "" if panel is None else panel.panel_id

    # The rows

    def show(self) -> None:
        self.key(Key.Key_3, CTRL)
        assert self.spaces.name == "charts"
        self.choose("workspace.show_1")
        assert self.spaces.name == "trading"
        self.spaces.open("small")

    def undo(self) -> None:
        for back in (lambda: self.window.findChild(QPushButton, "undo_load").click(), self.undo_by_menu):
            self.spaces.open("ladders")
            back()
            assert self.spaces.name == "small"

    def undo_by_menu(self) -> None:
        self.choose("workspace.undo_load")

    def save_as(self) -> None:
        ask(self.desk, self.bot, "workspace.save_as", QDialog)
        type_in(self.bot, "mine")
        assert (self.spaces.name, "small" in self.spaces.names()) == ("mine", True)

    def rename(self) -> None:
        ask(self.desk, self.bot, "workspace.rename", QDialog)
        type_in(self.bot, "ours")
        assert (self.spaces.name, "small" in self.spaces.names()) == ("ours", False)

    def versions(self) -> None:
        self.choose("workspace.save")
        self.window.go_to("log-1")
        self.key(Key.Key_W, CTRL)
        self.choose("workspace.save")
        (kept, *_) = self.spaces.versions()
        assert "log-1" in self.spaces.difference(kept), "what it would change"
        dialog = ask(self.desk, self.bot, "workspace.versions", QDialog)
        self.bot.mouseClick(dialog.findChild(QPushButton, "versions_restore"), Qt.MouseButton.LeftButton)
        self.bot.waitUntil(lambda: "log-1" in self.window.panels)

    def yesterday(self) -> None:
        self.choose("workspace.restore_yesterday")
        assert self.spoken[-1][1] == "Nothing of an earlier day is kept of small."

    def drag(self) -> None:
        assert tab_of(self.desk, "log-1").isVisible(), "the tab that is pulled"

    def maximise(self) -> None:
        for gesture in (
            lambda: self.bot.mouseDClick(tab_of(self.desk, "log-1"), Qt.MouseButton.LeftButton),
            lambda: self.key(Key.Key_M, CTRL | SHIFT),
        ):
            self.window.go_to("log-1")
            gesture()
            assert self.window.in_sight() == ["log-1"]
            self.key(Key.Key_M, CTRL | SHIFT)
            assert len(self.window.in_sight()) > 1

    def full_screen(self) -> None:
        for full, act in ((True, self.key_f11), (False, lambda: self.choose("screen.full_screen"))):
            act()
            assert self.window.isFullScreen() is full

    def key_f11(self) -> None:
        self.key(Key.Key_F11)

    def close(self) -> None:
        def wait(*, there: bool) -> None:
            self.bot.waitUntil(lambda: ("log-1" in self.window.panels) is there)

        self.window.go_to("log-1")
        self.key(Key.Key_W, CTRL)
        wait(there=False)
        self.key(Key.Key_T, CTRL | SHIFT)
        wait(there=True)
        tab = tab_of(self.desk, "log-1")
        QCursor.setPos(tab.mapToGlobal(tab.rect().center()))  # a tab looks where the pointer is
        self.bot.mouseClick(tab, Qt.MouseButton.MiddleButton)
        wait(there=False)
        self.key(Key.Key_T, CTRL | SHIFT)
        wait(there=True)

    def go(self) -> None:
        self.window.go_to("orders-1")
        self.key(Key.Key_PageDown, CTRL)
        assert self.here() == "orders-2"
        self.key(Key.Key_PageUp, CTRL)
        assert self.here() == "orders-1"
        self.key(Key.Key_Tab, CTRL)
        there = self.here()
        assert there != "orders-1"
        self.key(Key.Key_Tab, CTRL | SHIFT)
        assert self.here() == "orders-1"

    def float(self) -> None:
        panel = self.window.panels["orders-2"]
        self.window.go_to("orders-2")
        for floats in (True, False):
            self.bot.waitUntil(lambda: panel.isAncestorOf(QApplication.focusWidget() or self.window))
            self.choose("panel.float")
            assert (panel.window() is not self.window) is floats

    def new_window(self) -> None:
        self.choose("workspace.new_window")
        assert len(self.spaces.windows) == 2

    def lock(self) -> None:
        for locked in (True, False):
            self.choose("workspace.lock")
            assert self.spaces.locked is locked

    def move(self) -> None:
        ask(self.desk, self.bot, "workspace.export", QFileDialog)
        type_in(self.bot, str(self.folder / "out"))
        out = self.folder / "out.toml"
        out.write_text(out.read_text().replace(f'name = "{self.spaces.name}"', 'name = "brought"'))
        ask(self.desk, self.bot, "workspace.import", QFileDialog)
        type_in(self.bot, str(out))
        assert self.spaces.name == "brought"


STEPS: dict[str, Callable[[Hand], None]] = {
    "show a workspace": Hand.show,
    "take a load back": Hand.undo,
    "keep the present panels under another name": Hand.save_as,
    "give one of your own another name, its versions with it": Hand.rename,
    "choose among the last twenty versions by what each would change": Hand.versions,
    "get back what stood at the end of an earlier day": Hand.yesterday,
    "dock, split or float a panel": Hand.drag,
    "show one panel's area alone, and all again": Hand.maximise,
    "fill the screen with the window in front, and back": Hand.full_screen,
    "close a panel, open it again where it stood": Hand.close,
    "go to the next panel, or to the next tab of its area": Hand.go,
    "float a panel, or dock it again, by keyboard": Hand.float,
    "open one more window": Hand.new_window,
    "freeze where panels stand": Hand.lock,
    "move a workspace to another machine": Hand.move,
}


@pytest.fixture
def hand(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    kinds = {"log": LogPanel, "orders": OrdersPanel}
    with opened_workspace(rig, qtbot, tmp_path, kinds, OWN, show="small", in_front=True) as desk:
        yield Hand(desk, qtbot, tmp_path, rig.spoken)


def test_each_row_of_the_page_has_its_step() -> None:
    table = PAGE.read_text("utf-8").partition("| do | by |")[2].partition("\n\n")[0]
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == list(STEPS)


@pytest.mark.parametrize("row", STEPS)
def test_a_row_of_the_page_does_what_it_says(hand: Hand, row: str) -> None:
    STEPS[row](hand)
