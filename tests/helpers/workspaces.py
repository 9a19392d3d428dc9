"""A workspace in its window over a desktop rig, opened for a test and wholly let go after it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspace import Workspace

DISARM_AFTER_S = 600.0


@contextmanager
def opened_workspace(
    rig: DesktopRig,
    qtbot: QtBot,
    folder: Path,
    kinds: Mapping[str, Any],
    *layouts: str,
    show: str = "",
    in_front: bool = False,
) -> Iterator[Workspace]:
    """Open a workspace that keeps its files in `folder`.

    kinds: the panels that there are. layouts: the user's own, as the text of their files. show: the one that is opened.
    in_front: the window is the active one before the test begins.
    """
    configure_docking()
    folder.mkdir(exist_ok=True)
    for text in layouts:
        (folder / f"{tomllib.loads(text)['name']}.toml").write_text(text)
    desk = Workspace(rig.context, kinds, LayoutStore(folder), disarm_after_s=DISARM_AFTER_S)
    qtbot.addWidget(desk.window)
    desk.open()
    qtbot.waitExposed(desk.window)
    if show:
        desk.workspaces.open(show)
    if in_front:
        with qtbot.waitActive(desk.window):
            desk.window.showNormal()
            desk.window.activateWindow()
    yield desk
    desk.close()
    rig.let_go_with(desk)
