"""The ticket where there is least room: the shipped trading screen in the least window, under the line after a load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.cut_words import cut_words
from tests.helpers.desktop_rig import (
    ACCOUNT,
    SECOND,
    START_NS,
    DesktopRig,
    depth,
    limit,
    order,
    position,
    quote,
    status,
)
from tests.helpers.ticket_rig import previewed, type_into
from tests.helpers.workspaces import opened_workspace
from workstation.commands.registry import CommandResult
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.ticket_fields import CLOSE_SAVES_PX, words_width
from workstation.desktop.panels.ticket_panel import MARGIN_PX, TicketPanel
from workstation.desktop.shell.main_window import MINIMUM_HEIGHT, MINIMUM_WIDTH
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import TEXT_SCALE_MAX, THEME_NAMES, apply_theme, load_theme
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, RiskClass, Side
from workstation.viewmodels.frames import AccountSnap

SHOWN = ("top_bar", "ticket-1_holder", "ladder-1_holder")
ROWS_IN_VIEW = 5
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
    with opened_workspace(rig, qtbot, tmp_path, PANEL_KINDS, SMALL) as made:
        yield made


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
    rig.feed(quotes=[quote()])
    rig.clock.advance(SECOND)  # a ticket shows its state anew a few times a second
    rig.arm()
    undo = window.findChild(QPushButton, "undo_load")
    qtbot.waitUntil(lambda: undo.isVisible() and scrolled(found).widget().isVisible())
    assert (window.width(), window.height()) == (MINIMUM_WIDTH, MINIMUM_HEIGHT)
    return found


def account_snap(net: int) -> AccountSnap:
    return AccountSnap(
        account=ACCOUNT, environment=Environment.SIM, venue="SIM", currency="USD", cash=0, equity=0, buying_power=None,
        realised=0, unrealised=0, fees=0, net=net, drawdown=0, day_limit=50_000 * MONEY_ONE, unpriced=(),
        lock=LockState.UNLOCKED, lock_reason="", lockout="",
    )  # fmt: skip


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
def test_no_word_of_top_bar_ticket_and_ladder_is_cut_at_any_size_of_text(
    ticket: TicketPanel, desk: Workspace, rig: DesktopRig, qapp: QApplication, text_scale: float
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    window, armed = desk.window, status(armed=Environment.SIM, active_runs=2, live_keys=1, now_ns=START_NS)
    orders = [order(f"OMS-{n}", limit(Side.BUY if n % 2 else Side.SELL)) for n in range(24)]
    for held, size in ((1_200, (MINIMUM_WIDTH, MINIMUM_HEIGHT)), (-34, (1_280, 720)), (0, (MINIMUM_WIDTH, 720))):
        window.resize(*size)
        rig.feed(*orders, order("OMS-R", state=OrdStatus.REJECTED), positions=[position(held)], quotes=[quote()])
        rig.feed(accounts=[account_snap(-1_234 * MONEY_ONE)], status=armed, depths=[depth()])
        for _ in range(4):
            QApplication.processEvents()
        assert [words for name in SHOWN for words in cut_words(window.findChild(QWidget, name))] == []
    assert window.top_bar.day.text().startswith("−1,234.00")
    assert "48,766" in window.top_bar.day.text(), "the distance to the day's limit is on screen at all times"
    assert ("USD" in window.top_bar.day.text()) is (text_scale == 1.0)


def test_at_large_text_the_price_can_be_typed_unscrolled(
    ticket: TicketPanel, desk: Workspace, qapp: QApplication, qtbot: QtBot
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=1.5))
    desk.workspaces._undo.timeout.emit()  # the line about the load has gone, as it does after 30 s
    qtbot.waitUntil(lambda: is_whole(ticket.form.fields["price"]))
    assert scrolled(ticket).verticalScrollBar().value() == 0
    parts = (ticket.form.type, ticket.form.tif, ticket.form.fields["qty"], ticket.form.peg, ticket.send)
    assert [part.objectName() for part in parts if not is_whole(part)] == []
    for name, text in (("price", "00000.00"), ("qty", "0000")):
        field = ticket.form.fields[name]
        assert field.width() >= field.fontMetrics().horizontalAdvance(text), name
    assert ticket.form.fields["price"].placeholderText() == "Limit", "without its label the field says itself"
    line = type_into(qtbot, ticket, "price", "187.20")
    qtbot.waitUntil(lambda: is_whole(line) and is_whole(ticket.preview) and is_whole(ticket.send))


def test_at_the_largest_text_quantity_and_price_are_in_view_unscrolled(
    ticket: TicketPanel, desk: Workspace, rig: DesktopRig, qapp: QApplication, qtbot: QtBot
) -> None:
    desk.workspaces._undo.timeout.emit()
    apply_theme(qapp, load_theme("dark", text_scale=TEXT_SCALE_MAX))
    rig.feed(status=status(now_ns=START_NS))
    qtbot.waitUntil(lambda: is_whole(ticket.form.fields["price"]))
    assert scrolled(ticket).verticalScrollBar().value() == 0
    names = ("bid", "ask", "buy", "sell", "qty", "price", "send")
    parts = [ticket.findChild(QWidget, f"ticket-1_{name}") for name in names]
    assert [part.objectName() for part in parts if not is_whole(part)] == []
    assert ticket.state_line.isHidden(), "the arm chip says that it is disarmed"
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(freshness="STALE", age_ms=7_400)], status=status(now_ns=START_NS + SECOND))
    qtbot.waitUntil(lambda: ticket.state_line.full_text.startswith("New risk refused"))
    assert not ticket.state_line.isHidden()


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
@pytest.mark.parametrize("workspace", ["trading", "ladders"])
def test_price_rows_come_first_in_the_least_window(
    ticket: TicketPanel, desk: Workspace, rig: DesktopRig, workspace: str, text_scale: float
) -> None:
    desk.workspaces.open(workspace)
    desk.workspaces._undo.timeout.emit()
    apply_theme(QApplication.instance(), load_theme("dark", text_scale=text_scale))
    ladder = desk.window.panels["ladder-1"]
    assert isinstance(ladder, LadderPanel)
    ladder.choose_symbol("AAPL")
    rig.feed(depths=[depth()], quotes=[quote()], positions=[position(1_200)])
    for _ in range(4):
        QApplication.processEvents()
    view, buttons = ladder.view, ladder.buttons
    assert view.grid.rows_in(view.height()) >= ROWS_IN_VIEW
    assert is_whole(buttons.flatten)
    assert is_whole(buttons.position)
    assert is_whole(ladder.pad.field)
    if text_scale == TEXT_SCALE_MAX:
        buttons.rows.more.click()
        assert buttons.rows.others.isVisible()
        for button in (buttons.reverse, buttons.breakeven, buttons.centre, *buttons._cancels.values()):
            assert button.isVisibleTo(buttons.rows.others), button.objectName()
        buttons.rows.others.hide()


@pytest.mark.parametrize("workspace", ["trading", "ladders"])
def test_the_line_of_a_ladder_is_whole_at_1280_by_720(
    ticket: TicketPanel, desk: Workspace, rig: DesktopRig, workspace: str
) -> None:
    desk.workspaces.open(workspace)
    desk.window.resize(1_280, 720)
    ladder = desk.window.panels["ladder-1"]
    assert isinstance(ladder, LadderPanel)
    ladder.choose_symbol("AAPL")
    rig.feed(depths=[depth()], quotes=[quote()], positions=[position(1_200)])
    for _ in range(4):
        QApplication.processEvents()
    assert "spread" in ladder.status.text()
    assert "…" not in ladder.status.text()
    assert "…" not in ladder.preview.text()


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
