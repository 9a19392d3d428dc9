"""The status bar: nothing of it is cut; the version is the first to go where the window is narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, status
from workstation.desktop.shell.chips import ChipLabel
from workstation.desktop.shell.status_bar import StatusBar


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[StatusBar]:
    rig = DesktopRig()
    bar = StatusBar(rig.context)
    qtbot.addWidget(bar)
    rig.feed(status=status())
    bar.show()
    yield bar
    rig.stop()


@pytest.mark.parametrize("room", [-10, 0, 200])
def test_what_is_shown_is_shown_whole_and_the_version_goes_first(bar: StatusBar, room: int) -> None:
    chips = bar.findChildren(ChipLabel)
    version = next(chip for chip in chips if chip.objectName() == "version_chip")
    bar.resize(4_000, bar.height())
    assert version.isVisible()
    narrowest = next(width for width in range(4_000, 0, -10) if not _resized(bar, width, version)) + 10
    bar.resize(narrowest + room, bar.height())
    assert version.isVisible() == (room >= 0)
    for chip in chips:
        if chip.isVisible():
            assert chip.width() >= chip.sizeHint().width(), chip.objectName()
            assert chip.geometry().right() < bar.width(), chip.objectName()


def _resized(bar: StatusBar, width: int, version: ChipLabel) -> bool:
    bar.resize(width, bar.height())
    return version.isVisible()
