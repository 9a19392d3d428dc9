"""The page on keys, key by key: each one of its tables is pressed in the running program and is heard there."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.flow.test_declared_once import entries_of
from tests.flow.test_guide_keys import PAGE
from tests.helpers.product_rig import Product, running
from workstation.commands.keymap import KEY_COMMANDS
from workstation.commands.screen import SCREEN_COMMANDS, SHOW_WORKSPACE
from workstation.desktop.shell.hotkeys import bind_name
from workstation.desktop.shell.workspaces import SHIPPED

LEAVES = {"screen.leave": "asks before it ends the program; the page on workspaces says what"}


def rows() -> list[tuple[str, str, int]]:
    """Return each key of the page's tables: the chord, what the row says of it, and how often it is pressed."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        if not line.startswith("| **"):
            continue
        keys, says = (cell.strip() for cell in line.split("|")[1:3])
        found.append((keys.split("**")[1], says, 2 if "×2" in keys else 1))
    return found


def press(product: Product, chord: str, times: int = 1) -> None:
    """Press a chord as the page writes it, on the window, with no field and no menu having the keyboard."""
    for popup in (QApplication.activePopupWidget(), product.desktop.workspace.palette):
        if popup is not None:
            popup.close()
    product.window.activateWindow()
    product.window.setFocus()
    both = QKeySequence(chord)[0]
    for _ in range(times):
        product.bot.keyClick(product.window, both.key(), both.keyboardModifiers())


def test_each_key_of_the_map_does_what_its_row_says(qtbot: QtBot, tmp_path: Path) -> None:
    names = {command.title: bind_name(command.id) for command in KEY_COMMANDS}
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        uses, pressed = product.context.keys.uses, []
        for chord, says, times in rows():
            if says not in names:
                continue
            before = len(uses)
            press(product, chord, times)
            assert len(uses) > before or len(uses) == uses.maxlen, (chord, says)
            assert uses[-1][:2] == (chord, names[says]), says
            pressed.append(says)
            if says == "Disarm hand entry":
                product.arm()
        assert pressed == [command.title for command in KEY_COMMANDS]
        assert product.wait(lambda: len(product.state.orders) >= 4, "the orders of F1 to F4"), "they went out"
        assert product.wait(lambda: product.state.status.kills, "the kill switch")


def test_each_key_of_the_window_runs_the_command_of_its_row(qtbot: QtBot, tmp_path: Path) -> None:
    names = {command.title: command.id for command in SCREEN_COMMANDS}
    absent = {f"{SHOW_WORKSPACE}{number}" for number in range(len(SHIPPED) + 1, 10)} | LEAVES.keys()
    with running(qtbot, tmp_path) as product:
        with qtbot.waitActive(product.window):
            product.window.showNormal()
            product.window.activateWindow()
        ran: list[str] = []
        for name, action in entries_of(product.window.menuBar()).items():
            action.triggered.connect(lambda _checked=False, name=name: ran.append(name))
        expected = []
        for chord, says, _times in rows():
            if says in names and names[says] not in absent:
                press(product, chord)
                expected.append(names[says])
        product.wait(lambda: len(ran) >= len(expected), f"all of {expected} after {ran}")
        assert ran == expected
    assert len(expected) > 12
