"""What an alert's firing does on the screen: its order stands in the ticket of its instrument, and is never sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import START_NS, DesktopRig, quote
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.alert_lines import AlertLines
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.palette_choices import Choices
from workstation.viewmodels.frames import Notice

LINE = "b 300 aapl 187.20"


class Desk:
    """A window with a ticket on AAPL, and the lines of alerts."""

    def __init__(self, rig: DesktopRig, qtbot: QtBot) -> None:
        self.rig, self.opened = rig, list[str]()
        self.window = QWidget()
        self.ticket = TicketPanel(rig.context, "ticket")
        self.other = QLineEdit()
        column = QVBoxLayout(self.window)
        column.addWidget(self.other)
        column.addWidget(self.ticket)
        keys = HotkeyFilter(rig.context)
        choices = Choices(rig.context, keys, lambda name: self.opened.append(name) is None, lambda _name: None)
        self.lines = AlertLines(rig.context, choices)
        qtbot.addWidget(self.window)
        self.window.show()
        self.ticket.show_symbol("AAPL")
        self.window.activateWindow()
        self.other.setFocus()
        qtbot.waitUntil(self.other.hasFocus)

    def fire(self, line: str) -> None:
        self.rig.feed(Notice(level="warning", text="Alert a: last > 187 holds.", ts=START_NS, line=line))
        QApplication.processEvents()


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_722), quote("MSFT", bid=41_000, ask=41_002)])
    rig.arm()
    made = Desk(rig, qtbot)
    yield made
    made.ticket.release()
    rig.stop()


def test_an_order_is_staged_in_the_ticket_of_its_instrument_and_not_sent(desk: Desk) -> None:
    desk.fire(LINE)
    draft = desk.ticket.form.draft()
    assert (draft.qty, draft.price) == ("300", "187.20")
    assert desk.ticket.holds_staged
    assert desk.rig.gateway.of("order.submit") == []
    assert desk.rig.spoken[-1] == ("info", "Staged by an alert, not sent: BUY 300 AAPL LIMIT 187.20 DAY · SIM-1")


def test_a_ticket_that_shows_another_instrument_is_left_alone_and_the_line_is_said(desk: Desk) -> None:
    desk.fire("b 10 msft 410.00")
    assert desk.ticket.symbol == "AAPL"
    assert not desk.ticket.holds_staged
    assert desk.rig.context.focus.symbol == "AAPL"
    assert desk.rig.spoken[-1][1].endswith("no free ticket shows MSFT. Type: b 10 msft 410.00")


def test_a_staged_order_is_never_replaced_by_an_alert(desk: Desk) -> None:
    desk.fire(LINE)
    desk.fire("s 5 aapl 190.00")
    assert desk.ticket.form.draft().qty == "300"
    assert "no free ticket" in desk.rig.spoken[-1][1]


def test_a_ticket_with_the_keyboard_is_left_alone(desk: Desk, qtbot: QtBot) -> None:
    field = desk.ticket.findChildren(QLineEdit)[0]
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    before = desk.ticket.form.draft()
    desk.fire(LINE)
    assert desk.ticket.form.draft() == before
    assert "no free ticket" in desk.rig.spoken[-1][1]


def test_a_verb_runs_and_one_that_may_not_is_said(desk: Desk) -> None:
    desk.fire("ws pair")
    assert desk.opened == ["pair"]
    desk.fire("x aapl")
    assert "is not for an alert" in desk.rig.spoken[-1][1]
    assert desk.rig.gateway.of("position.flatten") == []
    desk.fire("")
    assert "is not for an alert" in desk.rig.spoken[-1][1], "an alert without a line does nothing here"


def test_an_order_that_cannot_be_made_says_why(desk: Desk) -> None:
    desk.fire("b 10 zzz 1.00")
    assert desk.rig.spoken[-1][1].startswith("Not staged by the alert: There is no instrument ZZZ")


def test_a_line_that_makes_an_alert_asks_nobody_and_waits_for_the_next_cross(desk: Desk) -> None:
    desk.fire("alert msft last > 400")
    (wish,) = desk.rig.gateway.of("alert.save")
    assert (wish.alert.symbol, wish.alert.condition, wish.fire_now) == ("MSFT", "last > 400", False)
