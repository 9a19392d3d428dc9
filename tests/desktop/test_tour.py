"""The tour: five cards by the keyboard, left by Esc without a cancel going out, shown by itself once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from tests.helpers.desktop_rig import START_NS, DesktopRig, status
from tests.helpers.workspaces import opened_workspace
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.tour import STEPS, Tour
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import apply_theme, load_theme


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        made.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    with opened_workspace(rig, qtbot, tmp_path, {"log": LogPanel}, in_front=True) as made:
        yield made


def test_enter_goes_through_five_cards_and_ends(desk: Workspace, qtbot: QtBot, tmp_path: Path) -> None:
    tour = desk.tour
    tour.start()
    titles = []
    while tour.runs:
        titles.append(tour.card.title.text())
        assert desk.window.rect().contains(tour.card.geometry())
        qtbot.keyClick(tour.card, Qt.Key.Key_Return)
    assert titles == [step.title for step in STEPS]
    assert len(titles) == 5
    assert (tmp_path / "tour-shown.txt").exists()


@pytest.mark.parametrize("text_scale", [1.0, 1.5])
def test_no_card_cuts_its_text_or_its_buttons(qapp: QApplication, qtbot: QtBot, text_scale: float) -> None:
    apply_theme(qapp, load_theme("light", text_scale=text_scale))
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1_000, 600)
    window.show()
    try:
        tour = Tour(window, None)
        tour.start()
        while tour.runs:
            QApplication.processEvents()
            card = tour.card
            for button in (card.skip, card.previous, card.next):
                assert button.width() >= button.sizeHint().width(), button.text()
            assert card.text.height() >= card.text.heightForWidth(card.text.width()), card.title.text()
            tour.forward()
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_escape_leaves_and_cancels_no_order(desk: Workspace, rig: DesktopRig, qtbot: QtBot) -> None:
    desk.tour.start()
    QApplication.processEvents()
    qtbot.keyClick(desk.tour.card, Qt.Key.Key_Escape)
    assert not desk.tour.runs
    assert desk.tour.card.isHidden()
    assert rig.gateway.of("order.cancel_scope") == []


@pytest.mark.parametrize("had", ["nothing", "what is gone"])
def test_the_tour_leaves_the_keyboard_with_no_chip_that_enter_would_press(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot, had: str
) -> None:
    field = QLineEdit(desk.window)
    field.show()
    field.setFocus()
    if had == "nothing":
        field.clearFocus()
    desk.tour.start()
    QApplication.processEvents()
    delete(field)
    for _ in range(len(STEPS)):
        qtbot.keyClick(desk.tour.card, Qt.Key.Key_Return)
    assert not desk.tour.runs
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        qtbot.keyClick(QApplication.focusWidget() or desk.window, key)
    assert [name for name, _ in rig.gateway.sent() if name.startswith("risk.")] == []


def test_the_left_arrow_goes_back_and_a_ring_stands_round_what_is_meant(desk: Workspace, qtbot: QtBot) -> None:
    tour = desk.tour
    tour.start()
    ring = desk.window.findChild(QFrame, "tour_ring")
    assert ring is not None
    assert ring.isVisible()
    tour.card.next.click()
    qtbot.keyClick(tour.card, Qt.Key.Key_Left)
    assert tour.place == 0
    assert not tour.card.previous.isEnabled()


def test_a_card_whose_subject_is_not_there_stands_in_the_middle(desk: Workspace) -> None:
    tour = desk.tour
    tour.start()
    for _ in range(2):
        tour.forward()
    ring = desk.window.findChild(QFrame, "tour_ring")
    assert STEPS[tour.place].target == "ladder-1"
    assert ring is not None
    assert ring.isVisible() is ("ladder-1" in desk.window.panel_ids)


def test_it_comes_by_itself_once_and_never_where_nobody_sees_it(
    desk: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not desk.tour.runs
    monkeypatch.setattr("PySide6.QtGui.QGuiApplication.platformName", lambda: "xcb")
    first = Tour(desk.window, tmp_path / "new" / "seen.txt")
    first.offer()
    assert first.runs
    first.end()
    first.offer()
    assert not first.runs
