"""Freeze and read: a ladder or a table stands still on a key while orders, keys and positions go on."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, depth, limit, order, position, quote, status
from workstation.commands.params import CancelOne
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell import panel as panel_module
from workstation.desktop.shell.hold_still import HoldStill
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.desktop.shell.panel_strip import PanelStrip
from workstation.desktop.shell.spoken_line import SpokenLine
from workstation.domain.accounts import Environment
from workstation.domain.orders import Side
from workstation.viewmodels.ladder_clicks import Column

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def rig(rig: DesktopRig) -> DesktopRig:
    rig.context.sizes.choose(3)
    return rig


@pytest.fixture
def window(qtbot, rig, qapp):
    window = QWidget()
    window.ladder = LadderPanel(rig.context, "ladder-1")
    window.orders = OrdersPanel(rig.context, "orders-1")
    row = QHBoxLayout(window)
    for panel in (window.ladder, window.orders):
        row.addWidget(PanelHeader.wrap(panel))
    keys = HotkeyFilter(rig.context)
    HoldStill(rig.context, keys, SpokenLine(rig.context, keys, QLabel(window)))
    qtbot.addWidget(window)
    window.resize(900, 700)
    window.show()
    window.activateWindow()
    window.ladder.show_symbol("AAPL")
    rig.clock.advance(SECOND)
    rig.arm()
    rig.feed(depths=[depth(levels=30)], quotes=[quote()])
    qapp.installEventFilter(keys)
    yield window
    qapp.removeEventFilter(keys)
    window.ladder.release()
    window.orders.release()


def press(qtbot, widget):
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_F, CTRL_SHIFT)


def strip(panel):
    return panel.parentWidget().findChild(PanelStrip)


def row(window, price):
    return next(row for row in window.ladder._picture.rows if row.price == price)


def cell(window, column, price):
    view = window.ladder.view
    rect = view.grid.row_rect(view.ladder.map.row_of(price), view.width())
    return view.columns.rect(column, rect.top(), rect.height()).center()


def test_a_held_ladder_keeps_its_market_and_follows_own_orders_and_position(qtbot, rig, window):
    press(qtbot, window.ladder.view)
    before = row(window, 18_719)
    rig.feed(
        order("OMS-7", limit(price=18_712)),
        depths=[depth(bid=18_725, ask=18_727, levels=30, seq=2)],
        quotes=[quote(bid=18_725, ask=18_727)],
        positions=[position(300)],
    )
    assert (row(window, 18_719).bid, row(window, 18_719).touch) == (before.bid, "bid")
    assert row(window, 18_712).own_bid is not None
    assert window.ladder._picture.position_qty == 300
    assert "held still for reading" in window.ladder.status.full_text.lower()
    press(qtbot, window.ladder.view)
    assert row(window, 18_725).touch == "bid"
    assert row(window, 18_719).touch == ""


def test_a_held_ladder_takes_no_entry_from_its_rows_and_still_cancels_and_reduces(qtbot, rig, window):
    rig.feed(order("OMS-7", limit(price=18_712)))
    press(qtbot, window.ladder.view)
    QTest.mouseClick(window.ladder.view, LEFT, NONE, cell(window, Column.BID, 18_715))
    assert rig.gateway.of("order.submit") == []
    assert rig.spoken[-1] == ("warning", "Refused: the ladder is held still for reading; let it go to enter here.")
    QTest.mouseClick(window.ladder.view, LEFT, NONE, cell(window, Column.OWN_BID, 18_712))
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id="OMS-7", reason="ladder")]
    rig.feed(positions=[position(300)])
    QTest.mouseClick(window.ladder.view, LEFT, NONE, cell(window, Column.ASK, 18_724))
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.side, sent.terms.price) == (Side.SELL, 18_724)


def test_a_held_table_stands_still_and_shows_all_that_came_when_it_goes_on(qtbot, rig, window):
    rig.feed(order("OMS-1"), status=status(now_ns=START_NS, armed=Environment.SIM))
    press(qtbot, window.orders.view)
    rig.feed(order("OMS-2"))
    rig.feed(order("OMS-3"))
    assert window.orders.columns.rowCount() == 1
    assert len(rig.context.state.open_orders) == 3
    assert strip(window.orders).isVisible()
    text = strip(window.orders).note.text()
    assert text.startswith("Held still for reading, as of 15:00:00. 2 changes wait.")
    press(qtbot, window.orders.view)
    assert window.orders.columns.rowCount() == 3
    assert not strip(window.orders).isVisible()
    assert rig.spoken[-1] == ("info", "Orders goes on.")


def test_trouble_is_said_above_a_held_table(qtbot, rig, window):
    press(qtbot, window.orders.view)
    rig.feed(status=status(venue_state="DOWN", now_ns=START_NS))
    assert "Disconnected" in strip(window.orders).note.text()


def test_another_instrument_ends_the_hold_of_a_ladder(qtbot, rig, window):
    press(qtbot, window.ladder.view)
    window.ladder.choose_symbol("MSFT")
    assert not window.ladder.is_held
    assert not strip(window.ladder).isVisible()


def test_a_table_goes_on_by_itself_before_anything_is_lost(qtbot, rig, window, monkeypatch):
    monkeypatch.setattr(panel_module, "HELD_ROWS_MAX", 3)
    press(qtbot, window.orders.view)
    rig.feed(*(order(f"OMS-{n}") for n in range(1, 6)))
    assert not window.orders.is_held
    assert window.orders.columns.rowCount() == 5


def test_without_a_keyboard_in_a_panel_the_ladder_of_the_focus_is_held(qtbot, rig, window):
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    press(qtbot, window)
    assert (window.ladder.is_held, window.orders.is_held) == (True, False)


def test_a_ticket_is_not_held(qtbot, rig, window):
    ticket = TicketPanel(rig.context, "ticket-1")
    window.layout().addWidget(ticket)
    ticket.show_symbol("AAPL")
    ticket.show()
    press(qtbot, ticket.send)
    assert rig.spoken[-1] == ("warning", "Put the keyboard in a ladder or a table to hold it still.")
    ticket.release()
