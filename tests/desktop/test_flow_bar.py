"""A bar goes on in a next line where one cuts its controls; a panel lower than its rows scrolls and squeezes none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.helpers.cut_words import cut_words
from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import SCENES, shown_panel
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.low_scroll import LowScroll
from workstation.desktop.theme import apply_theme, load_theme


@pytest.fixture
def bar(qtbot: QtBot) -> FlowBar:
    """Return a bar of a line and three buttons."""
    made = FlowBar(4)
    qtbot.addWidget(made)
    line = QLineEdit()
    line.setObjectName("line")
    line.setMinimumWidth(90)
    made.add(line, 1)
    for name in ("first", "second", "third"):
        button = QPushButton(name)
        button.setObjectName(name)
        made.add(button)
    made.resize(800, 40)
    made.show()
    return made


def test_controls_stand_in_one_line_while_it_has_room_and_in_more_when_not(bar: FlowBar) -> None:
    assert bar.rows == [["line", "first", "second", "third"]]
    bar.resize(bar.line_px() - 1, 40)
    assert bar.rows == [["line", "first", "second"], ["third"]]
    bar.resize(100, 40)
    assert bar.rows == [["line"], ["first"], ["second"], ["third"]]
    QApplication.processEvents()
    assert bar.sizeHint().height() > 3 * 20
    bar.resize(800, 40)
    assert bar.rows == [["line", "first", "second", "third"]]


def test_a_control_that_goes_and_comes_keeps_its_place(bar: FlowBar) -> None:
    second = bar.findChild(QPushButton, "second")
    assert second is not None
    second.hide()
    QApplication.processEvents()
    assert bar.rows == [["line", "first", "third"]]
    second.show()
    QApplication.processEvents()
    assert bar.rows == [["line", "first", "second", "third"]]
    places = [part.x() for part in bar.findChildren(QPushButton)]
    assert places == sorted(places)


def test_longer_words_begin_a_line(bar: FlowBar) -> None:
    bar.resize(bar.line_px(), 40)
    third = bar.findChild(QPushButton, "third")
    assert third is not None
    third.setText("far longer than it was")
    QApplication.processEvents()
    assert bar.rows == [["line", "first", "second"], ["third"]]


@pytest.mark.parametrize("kind", sorted(kind for kind, made in PANEL_KINDS.items() if made.scrolls))
def test_a_panel_in_a_low_dock_scrolls_and_lays_no_row_over_another(
    kind: str, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    panel, holder = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(holder)
    room = holder.findChild(LowScroll)
    assert isinstance(room, LowScroll)
    holder.resize(SCENES[kind].size[0], 90)
    for _ in range(3):
        QApplication.processEvents()
    layout = panel.layout()
    least = layout.minimumHeightForWidth(panel.width()) if layout.hasHeightForWidth() else layout.minimumSize().height()
    assert panel.height() >= least
    assert panel.width() == room.viewport().width()
    assert room.verticalScrollBar().maximum() == max(panel.height() - room.viewport().height(), 0)
    holder.resize(1_400, 1_000)
    for _ in range(3):
        QApplication.processEvents()
    assert room.verticalScrollBar().maximum() == 0
    panel.release()


@pytest.mark.parametrize("kind", ["risk", "alerts", "pnl"])
@pytest.mark.parametrize("text_scale", [1.0, 1.5])
def test_no_word_of_a_form_is_cut_in_the_docks_of_the_least_window(
    kind: str, text_scale: float, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    apply_theme(QApplication.instance(), load_theme("dark", text_scale=text_scale))
    panel, holder = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(holder)
    for width in (330, 540):
        holder.resize(width, 140)
        for _ in range(3):
            QApplication.processEvents()
        assert cut_words(holder) == [], width
    panel.release()
    apply_theme(QApplication.instance(), load_theme("dark"))
