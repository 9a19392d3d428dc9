"""What disarms hand entry by itself: idle time, a window out of focus, a hidden application, another workspace file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.workspaces import opened_workspace
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.workspace import UNFOCUSED_DISARM_MS, Workspace

SMALL = 'name = "small"\n[[panel]]\nid = "log-1"\nkind = "log"\n[dock.root]\ntabs = ["log-1"]\n'


@pytest.fixture
def rig(qapp: QApplication) -> Iterator[DesktopRig]:
    made = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        made.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    made.gateway.answers["risk.disarm"] = CommandResult(ok=True, text="Disarmed.")
    yield made
    made.stop()


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    with opened_workspace(rig, qtbot, tmp_path, {"log": LogPanel}, SMALL) as made:
        rig.arm()
        yield made


def reasons(rig: DesktopRig) -> list[str]:
    return [params.reason for params in rig.gateway.of("risk.disarm")]


def test_time_without_input_disarms_and_any_input_begins_it_anew(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    assert desk._idle.interval() == 600_000
    desk._idle.setInterval(5)
    desk._idle.stop()
    qtbot.keyClick(desk.window, Qt.Key.Key_Shift)
    assert desk._idle.isActive()
    qtbot.waitUntil(lambda: reasons(rig) == ["no input"])


def test_a_window_out_of_focus_disarms_after_its_time_and_not_when_it_comes_back(
    desk: Workspace, rig: DesktopRig, qapp: QApplication, qtbot: QtBot
) -> None:
    qapp.focusWindowChanged.emit(None)
    assert desk._unfocused.isActive()
    assert desk._unfocused.interval() == UNFOCUSED_DISARM_MS
    qapp.focusWindowChanged.emit(desk.window.windowHandle())
    assert not desk._unfocused.isActive()
    qapp.focusWindowChanged.emit(None)
    desk._unfocused.start(1)
    qtbot.waitUntil(lambda: reasons(rig) == ["window out of focus"])


@pytest.mark.parametrize("state", [Qt.ApplicationState.ApplicationSuspended, Qt.ApplicationState.ApplicationHidden])
def test_a_locked_screen_disarms(
    desk: Workspace, rig: DesktopRig, qapp: QApplication, state: Qt.ApplicationState
) -> None:
    qapp.applicationStateChanged.emit(state)
    assert reasons(rig) == ["screen locked"]


def test_what_is_disarmed_already_is_left_alone(desk: Workspace, rig: DesktopRig, qapp: QApplication) -> None:
    rig.arm(None)
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationHidden)
    assert reasons(rig) == []
