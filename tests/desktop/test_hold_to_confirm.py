"""What asks for a second press acts as well when held, where a person has chosen so: by key and by button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, quote
from workstation.config.settings import Settings
from workstation.config.settings_file import TRADING, SettingsFile
from workstation.desktop.hold_to_confirm import hold_to_confirm
from workstation.desktop.panels.asking_panel import PressTwice
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.errors import UserError

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


FOR_EVER_MS = 600_000
"""For presses that are let go: however slow the machine, they were never held so long."""


class Window(QWidget):
    def __init__(self, keys: HotkeyFilter) -> None:
        super().__init__()
        self.keys = keys
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def waits(window: Window) -> bool:
    """Tell whether a held key would still act."""
    return window.keys._hold.isActive()


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    hold_to_confirm().ms = 30
    yield
    hold_to_confirm().ms = 0


@pytest.fixture
def window(rig: DesktopRig, qtbot: QtBot, qapp: QApplication) -> Iterator[Window]:
    rig.feed(quotes=[quote()])
    keys = HotkeyFilter(rig.context)
    made = Window(keys)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    made.setFocus()
    qapp.installEventFilter(keys)
    yield made
    qapp.removeEventFilter(keys)


def test_a_key_that_asks_for_two_presses_acts_once_when_it_is_held(
    window: Window, rig: DesktopRig, qtbot: QtBot
) -> None:
    qtbot.keyPress(window, Key.Key_F9, SHIFT)
    assert rig.gateway.sent() == []
    assert window.keys.holds
    assert "again within 450 ms, or hold it 0.03 s" in rig.spoken[-1][1]
    qtbot.waitUntil(lambda: len(rig.gateway.of("position.flatten_account")) == 1)
    qtbot.keyRelease(window, Key.Key_F9, SHIFT)
    assert not window.keys.holds
    qtbot.keyPress(window, Key.Key_F9, SHIFT)
    assert len(rig.gateway.sent()) == 1, "the next press is a first one again"
    qtbot.keyRelease(window, Key.Key_F9, SHIFT)


@pytest.mark.parametrize("end", ["key", "modifier", "window", "another"])
def test_it_does_not_act_when_it_is_let_go_or_the_window_is_left(
    window: Window, rig: DesktopRig, qtbot: QtBot, end: str
) -> None:
    hold_to_confirm().ms = FOR_EVER_MS
    qtbot.keyPress(window, Key.Key_F9, SHIFT)
    assert waits(window)
    if end == "key":
        qtbot.keyRelease(window, Key.Key_F9, SHIFT)
    elif end == "modifier":
        qtbot.keyRelease(window, Key.Key_Shift)
    elif end == "window":
        QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    else:
        qtbot.keyPress(window, Key.Key_2)
    assert not waits(window)
    assert rig.gateway.sent() == []


def test_the_second_press_acts_as_ever_and_holding_it_adds_nothing(
    window: Window, rig: DesktopRig, qtbot: QtBot
) -> None:
    hold_to_confirm().ms = FOR_EVER_MS
    qtbot.keyClick(window, Key.Key_F9, SHIFT)
    qtbot.keyPress(window, Key.Key_F9, SHIFT)
    assert len(rig.gateway.of("position.flatten_account")) == 1
    assert not waits(window)
    qtbot.keyRelease(window, Key.Key_F9, SHIFT)


def test_off_it_waits_for_the_second_press_alone(window: Window, rig: DesktopRig, qtbot: QtBot) -> None:
    hold_to_confirm().ms = Settings().desktop.hold_to_confirm_ms
    qtbot.keyPress(window, Key.Key_F9, SHIFT)
    assert rig.spoken[-1][1].startswith("Press Shift+F9 again within 450 ms: ")
    assert not waits(window)
    assert rig.gateway.sent() == []
    qtbot.keyRelease(window, Key.Key_F9, SHIFT)


@pytest.mark.parametrize("by_key", [False, True])
def test_a_button_that_asks_for_two_presses_acts_once_when_it_is_held(qtbot: QtBot, *, by_key: bool) -> None:
    done: list[bool] = []
    button = PressTwice("Kill switch", lambda: done.append(True))
    qtbot.addWidget(button)
    button.show()
    qtbot.keyPress(button, Key.Key_Space) if by_key else qtbot.mousePress(button, LEFT)
    qtbot.waitUntil(lambda: bool(done))
    qtbot.keyRelease(button, Key.Key_Space) if by_key else qtbot.mouseRelease(button, LEFT)
    assert (len(done), button.text()) == (1, "Kill switch")
    qtbot.mouseClick(button, LEFT)
    assert len(done) == 1
    qtbot.mouseClick(button, LEFT)
    assert len(done) == 2


def test_a_time_as_short_as_a_press_is_no_setting_and_a_change_disarms(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "config.toml")
    with pytest.raises(UserError, match=r"hold_to_confirm_ms"):
        file.set("desktop.hold_to_confirm_ms", "50")
    assert file.set("desktop.hold_to_confirm_ms", "1000").desktop.hold_to_confirm_ms == 1_000
    assert "desktop.hold_to_confirm_ms" in TRADING
