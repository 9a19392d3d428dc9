"""The ticket where there is least room: the shipped trading screen in the least window, under the line after a load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, quote
from tests.helpers.ticket_rig import previewed, type_into
from workstation.commands.registry import CommandResult
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.ticket_fields import CLOSE_SAVES_PX, words_width
from workstation.desktop.panels.ticket_panel import MARGIN_PX, TicketPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.main_window import MINIMUM_HEIGHT, MINIMUM_WIDTH
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import THEME_NAMES, apply_theme, load_theme
from workstation.domain.orders import RiskClass

CTRL = Qt.KeyboardModifier.ControlModifier
SMALL = 'name = "small"\n[[panel]]\nid = "log-1"\nkind = "log"\n[dock.root]\ntabs = ["log-1"]\n'


@pytest.fixture
def rig(qapp: QApplication) -> Iterator[DesktopRig]:
    load_fonts()
    apply_theme(qapp, load_theme("dark"))
    made = DesktopRig()
    made.gateway.answers["market.bars"] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    made.gateway.answers["order.outlook"] = previewed(RiskClass.INCREASE)
    yield made
    made.stop()
    apply_theme(qapp, load_theme("dark"))


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    configure_docking()
    (tmp_path / "small.toml").write_text(SMALL)
    made = Workspace(rig.context, PANEL_KINDS, LayoutStore(tmp_path), disarm_after_s=600)
    qtbot.addWidget(made.window)
    made.open()
    qtbot.waitExposed(made.window)
    yield made
    made.close()


@pytest.fixture
def ticket(desk: Workspace, rig: DesktopRig, qtbot: QtBot) -> TicketPanel:
    """Return the ticket of the trading screen after a load in the least window, its line still there."""
    window = desk.window
    with qtbot.waitActive(window):
        window.showNormal()
        window.activateWindow()
    window.resize(MINIMUM_WIDTH, MINIMUM_HEIGHT)
    for key in (Qt.Key.Key_5, Qt.Key.Key_1):
        qtbot.keyClick(window, key, CTRL)
    assert desk.workspaces.name == "trading"
    found = window.panels["ticket-1"]
    assert isinstance(found, TicketPanel)
    found.choose_symbol("AAPL")
    rig.arm()
    rig.feed(quotes=[quote()])
    undo = window.findChild(QPushButton, "undo_load")
    qtbot.waitUntil(lambda: undo.isVisible() and scrolled(found).widget().isVisible())
    assert (window.width(), window.height()) == (MINIMUM_WIDTH, MINIMUM_HEIGHT)
    return found


def scrolled(ticket: TicketPanel) -> QScrollArea:
    found = ticket.findChild(QScrollArea, "ticket-1_scroll")
    assert isinstance(found, QScrollArea)
    return found


def word_px(choice: QComboBox) -> int:
    """Return the width at which the word of a choice is read whole as it is drawn."""
    return words_width(choice) - (CLOSE_SAVES_PX if choice.property("tight") == "true" else 0)


def is_whole(widget: QWidget) -> bool:
    """Tell whether every pixel of a widget is in view."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def test_side_quantity_price_and_send_are_in_view_unscrolled(
    ticket: TicketPanel, qapp: QApplication, qtbot: QtBot
) -> None:
    area, form = scrolled(ticket), ticket.form
    choices = (form.type, form.tif, form.peg)
    names = ("buy", "sell", "send")
    buttons = [ticket.findChild(QPushButton, f"ticket-1_{name}") for name in names]
    parts = (*buttons, form.side.short, *choices, form.fields["qty"], form.fields["price"])
    for theme in THEME_NAMES:
        apply_theme(qapp, load_theme(theme))
        QApplication.processEvents()
        qtbot.waitUntil(lambda: area.widget().width() - area.viewport().width() in (0, MARGIN_PX))
        assert area.verticalScrollBar().value() == 0
        assert [part.objectName() for part in parts if not is_whole(part)] == []
        assert [choice.objectName() for choice in choices if choice.width() < word_px(choice)] == []


@pytest.mark.parametrize("name", ["price", "take_profit"])
def test_the_field_that_is_typed_in_stays_in_view_when_a_refusal_takes_room(
    ticket: TicketPanel, rig: DesktopRig, qtbot: QtBot, name: str
) -> None:
    type_into(qtbot, ticket, "price", "187.20")
    line = type_into(qtbot, ticket, name, "187.205")
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: ticket.fixes.isVisible() and is_whole(ticket.send))
    qtbot.waitUntil(lambda: is_whole(line) and is_whole(ticket.message))
    assert scrolled(ticket).verticalScrollBar().maximum() > 0
    assert not ticket.preview.isVisible()
    assert rig.gateway.of("order.submit") == []
