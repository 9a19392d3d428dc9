"""The dialogs of workspaces by real keys: names, files, and what each says of a name or a file that is no good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.workspaces import opened_workspace
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.leaving import LeaveDialog
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.viewmodels.leaving import Leaving

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
OWN = 'name = "small"\n[[panel]]\nid = "log-1"\nkind = "log"\n[dock.root]\ntabs = ["log-1"]\n'
Key = Qt.Key
D = TypeVar("D", bound=QDialog)


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    (layouts / "active").write_text("small")
    with opened_workspace(rig, qtbot, layouts, {"log": LogPanel, "orders": OrdersPanel}, OWN, show="small") as made:
        yield made


def ask(desk: Workspace, qtbot: QtBot, command_id: str, kind: type[D]) -> D:
    """Choose a command in the menu and return the dialog that it opens, once it has the keyboard."""
    found = desk.window.findChild(QAction, command_id)
    assert isinstance(found, QAction)
    found.trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, kind)
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget() or desk.window))
    return dialog


def type_in(qtbot: QtBot, text: str, end: Key = Key.Key_Return) -> None:
    """Type a text over what stands in the field with the keyboard, and a key after it."""
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, end)


def error_of(dialog: QWidget) -> QLabel:
    found = dialog.findChild(QLabel, "workspace_name_error")
    assert isinstance(found, QLabel)
    return found


@pytest.mark.parametrize("command", ["save_as", "rename"])
def test_a_name_that_is_no_good_is_told_beside_what_was_typed_and_a_good_one_is_taken(
    desk: Workspace, qtbot: QtBot, command: str
) -> None:
    dialog = ask(desk, qtbot, f"workspace.{command}", QDialog)
    for name, words in (("Trading", "already"), ("a/b", "1 to 40"), ("  ", "1 to 40")):
        type_in(qtbot, name)
        assert dialog.isVisible()
        assert words in error_of(dialog).text()
        line = dialog.findChild(QLineEdit, "workspace_name")
        assert line is not None
        assert (desk.workspaces.name, line.text(), line.hasFocus()) == ("small", name, True)
    type_in(qtbot, "mine")
    assert desk.workspaces.name == "mine"
    assert ("small" in desk.workspaces.names()) == (command == "save_as")
    assert QApplication.activeModalWidget() is None


def test_escape_leaves_the_name_as_it_was(desk: Workspace, qtbot: QtBot) -> None:
    ask(desk, qtbot, "workspace.rename", QDialog)
    type_in(qtbot, "mine", Key.Key_Escape)
    assert (desk.workspaces.name, QApplication.activeModalWidget()) == ("small", None)


def test_a_workspace_goes_to_a_file_and_comes_from_one(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ask(desk, qtbot, "workspace.export", QFileDialog)
    assert dialog.selectedFiles()[0].endswith("small.toml")
    type_in(qtbot, str(tmp_path / "out"))
    out = tmp_path / "out.toml"
    assert 'name = "small"' in out.read_text()
    ask(desk, qtbot, "workspace.import", QFileDialog)
    type_in(qtbot, str(out))
    assert "taken" in rig.spoken[-1][1]
    out.write_text(out.read_text().replace('"small"', '"copy"'))
    ask(desk, qtbot, "workspace.import", QFileDialog)
    type_in(qtbot, str(out))
    assert desk.workspaces.name == "copy"
    out.write_text("name = [\n")
    ask(desk, qtbot, "workspace.import", QFileDialog)
    type_in(qtbot, str(out))
    assert desk.workspaces.name == "copy"
    assert "line 1" in rig.spoken[-1][1]


def test_a_dialog_stands_over_the_window_it_was_asked_from(desk: Workspace, qtbot: QtBot) -> None:
    second = desk.workspaces.new_window()
    assert second is not None
    second.activateWindow()
    qtbot.waitUntil(second.isActiveWindow)
    for command, kind in (("save_as", QDialog), ("versions", QDialog), ("import", QFileDialog)):
        dialog = ask(desk, qtbot, f"workspace.{command}", kind)
        assert dialog.parentWidget() is second
        dialog.reject()
        second.activateWindow()
        qtbot.waitUntil(second.isActiveWindow)


def test_the_palette_leaves_the_keyboard_with_no_chip_where_nothing_had_it(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    had = QApplication.focusWidget()
    assert had is not None
    had.clearFocus()
    desk.palette.open()
    qtbot.keyClick(desk.palette.field, Key.Key_Escape)
    qtbot.keyClick(QApplication.focusWidget() or desk.window, Key.Key_Return)
    qtbot.keyClick(QApplication.focusWidget() or desk.window, Key.Key_Space)
    assert [name for name, _ in rig.gateway.sent() if name.startswith("risk.")] == []


def test_the_palette_opens_over_the_window_in_front_and_outlives_it(
    desk: Workspace, qtbot: QtBot, qapp: QApplication
) -> None:
    second = desk.workspaces.new_window()
    assert second is not None
    for window in (second, desk.window):
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.keyClick(QApplication.focusWidget() or window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        assert (desk.palette.isVisible(), desk.palette.window()) == (True, window)
        assert desk.palette.field.hasFocus()
        qtbot.keyClick(desk.palette.field, Key.Key_Escape)
    second.activateWindow()
    qtbot.waitUntil(second.isActiveWindow)
    desk.palette.open()
    second.close()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not isValid(second)
    desk.palette.open()
    assert (desk.palette.isVisible(), desk.palette.window()) == (True, desk.window)


@pytest.mark.parametrize("scale", [1.0, TEXT_SCALE_MAX])
def test_nothing_of_the_dialog_is_cut_and_its_error_is_whole(
    desk: Workspace, qtbot: QtBot, qapp: QApplication, scale: float
) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("light", text_scale=scale))
    try:
        dialog = ask(desk, qtbot, "workspace.save_as", QDialog)
        type_in(qtbot, "Trading")
        QApplication.processEvents()
        for child in (*dialog.findChildren(QPushButton), *dialog.findChildren(QLabel)):
            assert child.width() >= child.minimumSizeHint().width(), child.objectName()
            assert child.height() >= child.heightForWidth(child.width()), child.objectName()
            assert dialog.rect().contains(child.geometry()), child.objectName()
        dialog.reject()
    finally:
        apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("scale", [1.0, TEXT_SCALE_MAX])
def test_no_line_of_the_question_before_leaving_lies_on_another(qtbot: QtBot, qapp: QApplication, scale: float) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("light", text_scale=scale))
    try:
        line = "SELL 100 AAPL STOP 186.50 DAY · SIM-1: watched by this program, not by the venue."
        parent = QWidget()
        qtbot.addWidget(parent)
        dialog = LeaveDialog(Leaving(ends=(line,) * 9, stays=(line,) * 2, watched=("S-1",)), parent)
        dialog.show()
        dialog.tell("Refused: SIM takes no such order (card of 2026-01-01); a stop stays on this PC and dies with it.")
        qapp.processEvents()
        parts = [child for child in dialog.findChildren(QWidget, options=DIRECT) if child.isVisible()]
        boxes = [part.geometry() for part in parts]
        assert len(boxes) >= 6
        assert not [box for n, box in enumerate(boxes) for other in boxes[n + 1 :] if box.intersects(other)]
        for part in parts:
            assert part.height() >= part.heightForWidth(part.width()) or not isinstance(part, QLabel), part.objectName()
            assert dialog.rect().contains(part.geometry()), part.objectName()
        dialog.close()
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_buttons_of_the_toolkits_own_dialogs_are_words_like_all_others(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, load_theme("dark"))
    dialog = QInputDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    assert [button.icon().isNull() for button in box.buttons()] == [True, True]
