"""The page of a first start by real keys: three workspaces drawn and chosen, left by Esc, for eyes alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import START_NS, DesktopRig, order, status
from workstation.commands.registry import CommandResult
from workstation.config.resources import resource_text
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layout_picture import areas
from workstation.desktop.shell.layouts import ROOT, parse_layout
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.start_page import BEGINNINGS
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.domain.accounts import Environment

Key = Qt.Key


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        made.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that somebody sees the screen."""
    monkeypatch.setattr("PySide6.QtWidgets.QApplication.platformName", lambda: "xcb")
    monkeypatch.setattr("PySide6.QtGui.QGuiApplication.platformName", lambda: "xcb")


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    configure_docking()
    made = Workspace(rig.context, {"log": LogPanel}, LayoutStore(tmp_path), disarm_after_s=600)
    qtbot.addWidget(made.window)
    with monkeypatch.context() as patch:
        seen(patch)
        made.open()
    qtbot.waitExposed(made.window)
    made.window.activateWindow()
    yield made
    made.close()
    rig.let_go_with(made)


def press(qtbot: QtBot, desk: Workspace, key: Key) -> None:
    qtbot.keyClick(QApplication.focusWidget() or desk.window, key)


def test_a_first_start_offers_three_workspaces_and_then_the_tour(
    desk: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = desk.start_page
    assert [beginning.name for beginning in BEGINNINGS] == ["ladders", "charts", "strategies"]
    assert page.isVisible()
    assert page.geometry() == desk.window.docking.geometry()
    assert not desk.tour.runs
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Right, Key.Key_Left, Key.Key_Left):
        press(qtbot, desk, key)
    assert page.cards[1].hasFocus()
    seen(monkeypatch)
    press(qtbot, desk, Key.Key_Return)
    assert desk.workspaces.name == "charts"
    assert not page.isVisible()
    assert desk.tour.runs
    desk.tour.end()


def test_a_letter_chooses_and_the_choice_is_what_the_next_start_shows(
    desk: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    press(qtbot, desk, Key.Key_S)
    assert desk.workspaces.name == "strategies"
    desk.save()
    assert LayoutStore(tmp_path).active() == "strategies"


def test_escape_keeps_what_stands_behind_and_cancels_no_order(desk: Workspace, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(order())
    press(qtbot, desk, Key.Key_Escape)
    assert not desk.start_page.isVisible()
    assert desk.workspaces.name == "trading"
    assert rig.gateway.of("order.cancel_scope") == []
    press(qtbot, desk, Key.Key_Escape)
    assert len(rig.gateway.of("order.cancel_scope")) == 1


def test_what_takes_risk_away_acts_through_the_page(desk: Workspace, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.arm(Environment.SIM)
    rig.clock.advance(1_000_000_000)
    press(qtbot, desk, Key.Key_F9)
    assert len(rig.gateway.of("position.flatten")) == 1
    assert desk.start_page.isVisible()


def test_the_cards_name_what_they_are_and_stand_whole_in_the_least_window(desk: Workspace) -> None:
    desk.window.resize(desk.window.minimumSize())
    QApplication.processEvents()
    page = desk.start_page
    for card, beginning in zip(page.cards, BEGINNINGS, strict=True):
        assert card.accessibleName() == f"{beginning.title}: {beginning.text}"
        assert page.rect().contains(card.geometry())
        assert card.height() >= card.sizeHint().height()
    assert page.rect().contains(page.keep.geometry())


@pytest.mark.parametrize("scale", [1.5, TEXT_SCALE_MAX])
def test_no_picture_and_no_word_of_a_card_lies_over_another_at_large_text(
    desk: Workspace, qapp: QApplication, scale: float
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=scale))
    desk.window.resize(960, 600)
    desk.start_page.leave()
    desk.start_page.open()
    for _ in range(3):
        QApplication.processEvents()
    for card in desk.start_page.cards:
        parts = [part.geometry() for part in card.findChildren(QWidget)]
        assert all(upper.bottom() < lower.top() for upper, lower in pairwise(parts)), (card.objectName(), parts)
        assert card.rect().contains(parts[-1])
        text = card.findChildren(QLabel)[-1]
        assert text.height() >= text.heightForWidth(text.width())
    assert desk.start_page.rect().contains(desk.start_page.keep.geometry())
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("name", [beginning.name for beginning in BEGINNINGS])
def test_a_picture_shows_one_panel_of_each_area_and_fills_its_box(desk: Workspace, name: str) -> None:
    layout = parse_layout(resource_text("layouts", f"{name}.toml"), source=name)
    box = desk.start_page.cards[0].rect()
    drawn = list(areas(layout, ROOT, box))
    assert len(drawn) == sum(1 for node in layout.dock.values() if node.tabs)
    assert {panel for panel, _ in drawn} <= {panel.id for panel in layout.panel}
    assert sum(part.width() * part.height() for _, part in drawn) == box.width() * box.height()


def test_it_comes_again_by_command_alone_and_never_where_nobody_sees_it(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(qtbot, desk, Key.Key_L)
    assert desk.workspaces.name == "ladders"
    desk.hotkeys.run_command("screen.start_page")
    assert desk.start_page.isVisible()
    press(qtbot, desk, Key.Key_Escape)
    for folder, is_seen in ((tmp_path, True), (tmp_path / "new", False)):
        other = Workspace(rig.context, {"log": LogPanel}, LayoutStore(folder), disarm_after_s=600)
        qtbot.addWidget(other.window)
        with monkeypatch.context() as patch:
            if is_seen:
                seen(patch)
            other.open()
        assert not other.start_page.isVisible()
        other.close()
