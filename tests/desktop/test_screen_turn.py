"""From a frame until it is painted it is the screen's turn, and market data waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.kernel.giving_way import FRAME_FIRST_NS, ScreenTurn


class Painted(QWidget):
    """Notes at each painting whether market data waited."""

    def __init__(self, turn: ScreenTurn) -> None:
        super().__init__()
        self._turn = turn
        self.seen: list[str] = []
        turn.on_end = lambda: self.seen.append("turn ended")

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  the toolkit's name
        """Paint nothing."""
        self.seen.append("painted in the turn" if self._turn.left_ns() else "painted")


@pytest.fixture
def rig() -> Iterator[DesktopRig]:
    rig = DesktopRig()
    yield rig
    rig.stop()


def test_the_turn_ends_when_what_the_frame_changed_is_painted(rig: DesktopRig, qtbot: QtBot) -> None:
    widget = Painted(rig.session.screen)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: "painted" in widget.seen)
    widget.seen.clear()
    rig.bridge.frame_taken.connect(lambda _frame: widget.update())
    rig.frame()
    assert rig.session.screen.left_ns() == FRAME_FIRST_NS
    assert widget.seen == []
    qtbot.waitUntil(lambda: "turn ended" in widget.seen)
    assert widget.seen == ["painted in the turn", "turn ended"]
