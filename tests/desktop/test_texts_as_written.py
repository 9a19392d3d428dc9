"""Texts that a person, a script or a venue wrote stand as they were written: no label takes them for markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.desktop.panels.alerts_when import WhenDialog
from workstation.desktop.panels.ladder_controls import OneLine
from workstation.desktop.panels.risk_panel_stops import Stops
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.top_bar import TopBar
from workstation.viewmodels.panel_notes import PanelNote

TEXT = "Order <b>X-1</b> is rejected: <i>price</i> too far"


def note_line(_rig: DesktopRig) -> tuple[Any, QLabel]:
    made = NoteLine("note")
    made.show_note(PanelNote("warning", TEXT))
    return made, made


def one_line(_rig: DesktopRig) -> tuple[Any, QLabel]:
    made = OneLine("line", "Line")
    made.resize(2_000, 20)
    made.show_text(TEXT)
    return made, made


def question(_rig: DesktopRig) -> tuple[Any, QLabel]:
    made = WhenDialog(TEXT, lambda _answer: None, None)
    return made, made.words


def notice(rig: DesktopRig) -> tuple[Any, QLabel]:
    made = TopBar(rig.context)
    rig.context.announcer.say("warning", TEXT)
    return made, made.notice


def refusal(rig: DesktopRig) -> tuple[Any, QLabel]:
    made = TicketPanel(rig.context, "ticket-1")
    made.message.setText(TEXT)
    return made, made.message


def kills(rig: DesktopRig) -> tuple[Any, QLabel]:
    made = Stops(rig.context, "risk-1")
    made.kills.setText(TEXT)
    return made, made.kills


@pytest.mark.parametrize("made", [note_line, one_line, question, notice, refusal, kills])
def test_a_text_with_angles_is_shown_letter_by_letter(
    made: Callable[[DesktopRig], tuple[Any, QLabel]], rig: DesktopRig, qtbot: QtBot
) -> None:
    holder, label = made(rig)
    qtbot.addWidget(holder)
    assert label.text() == TEXT
    assert label.textFormat() is Qt.TextFormat.PlainText
    if hasattr(holder, "release"):
        holder.release()
