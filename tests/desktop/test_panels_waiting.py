"""A workspace that has just been loaded: panels that still wait are made by whoever needs one, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, depth, limit, quote, status
from tests.helpers.effort import calls_of
from tests.helpers.workspaces import opened_workspace
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.staging import find_ticket, panels, stage
from workstation.desktop.shell.workspace import Workspace
from workstation.viewmodels.hotkeys import Stage

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
CALLS_OF_AN_EVENT_MAX = 8.5
"""Eight, the two of the test itself among them; a second filter makes it ten."""

DESK = """name = "keyed"
[[panel]]
id = "ticket-1"
kind = "ticket"
link = "A"
[[panel]]
id = "ladder-1"
kind = "ladder"
link = "A"
[[panel]]
id = "orders-1"
kind = "orders"
[[panel]]
id = "ticket-2"
kind = "ticket"
[dock.root]
split = "columns"
parts = ["left", "middle", "right"]
[dock.left]
tabs = ["ticket-1"]
[dock.middle]
tabs = ["ladder-1"]
[dock.right]
tabs = ["orders-1", "ticket-2"]
current = "ticket-2"
"""


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    with opened_workspace(rig, qtbot, tmp_path, PANEL_KINDS, DESK, in_front=True) as made:
        made.window.resize(1400, 800)
        made.window.complete()
        rig.feed(status=status(), quotes=[quote()], depths=[depth()])
        yield made


@pytest.fixture
def window(desk: Workspace) -> MainWindow:
    """Return a window whose layout was loaded a moment ago: all of its panels wait, and none is made unasked."""
    assert desk.workspaces.open("keyed")
    desk.window._waiting.timer.stop()
    assert stand(desk.window) == []
    return desk.window


def stand(window: MainWindow) -> list[str]:
    """Return the panels that are made, and make none."""
    return list(window._panels)


def press(window: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def test_order_keys_act_while_every_panel_waits(window: MainWindow, rig: DesktopRig) -> None:
    rig.clock.advance(1_000_000_000)
    rig.arm()
    press(window, Key.Key_F2)
    (placed,) = rig.gateway.of("order.submit")
    assert placed.terms.symbol == "AAPL"
    press(window, Key.Key_F9)
    assert len(rig.gateway.of("position.flatten")) == 1
    press(window, Key.Key_Escape)
    assert len(rig.gateway.of("order.cancel_scope")) == 1
    assert stand(window) == [], "no order and no cancel waits for a panel that it needs not"


def test_an_order_is_staged_in_the_ticket_in_sight_though_it_waits(window: MainWindow, rig: DesktopRig) -> None:
    assert stage(rig.context, Stage(limit(), "Buy 100 AAPL"))
    ticket = find_ticket()
    assert isinstance(ticket, TicketPanel)
    assert ticket.isVisible()
    assert ticket.holds_staged
    press(window, Key.Key_Escape)
    assert not ticket.holds_staged
    assert rig.gateway.of("order.cancel_scope") == []


def test_a_press_reaches_the_panel_that_still_waits_under_it(window: MainWindow, qtbot: QtBot) -> None:
    handle = window.windowHandle()
    dock = window._docks._docks["ladder-1"]
    middle = dock.mapTo(window, dock.rect().center())
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert stand(window) == ["ladder-1"]
    hit = window.childAt(middle)
    assert isinstance(window.panel_of(hit), LadderPanel)
    focused = QApplication.focusWidget()
    assert window.panel_of(focused) is window._panels["ladder-1"], "a click gives the ladder the keyboard"


def test_the_key_for_a_symbol_finds_a_symbol_box(desk: Workspace, window: MainWindow, rig: DesktopRig) -> None:
    desk.hotkeys.run_command("trade.choose_symbol")
    focused = QApplication.focusWidget()
    assert isinstance(focused, QLineEdit)
    assert focused.property("role") == "symbol"


def test_tab_stops_at_panels_that_wait(window: MainWindow) -> None:
    window.setFocus()
    press(window, Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert stand(window) == ["ticket-1", "ladder-1", "orders-1", "ticket-2"]


def test_next_panel_goes_to_one_that_waits(desk: Workspace, window: MainWindow) -> None:
    desk.window.go_to(desk.window.in_sight()[0])
    assert stand(window) == ["ticket-1"]
    assert window.panel_of(QApplication.focusWidget()) is window._panels["ticket-1"]


def test_whoever_asks_for_a_kind_has_it_made_and_no_other(window: MainWindow, rig: DesktopRig) -> None:
    assert window.shown("orders").panel_id == "orders-1"
    assert stand(window) == ["orders-1"]
    assert [panel.panel_id for panel in panels(lambda kind: kind.kind == "ladder")] == ["ladder-1"]
    assert stand(window) == ["orders-1", "ladder-1"]


def test_a_ladder_that_waits_is_held_still_by_its_key(desk: Workspace, window: MainWindow) -> None:
    desk.hotkeys.run_command("view.hold_still")
    ladder = window._panels["ladder-1"]
    assert ladder.is_held


def test_the_keyboard_stays_where_it_is_while_panels_are_made(window: MainWindow) -> None:
    window.setFocus()
    window._waiting.make("ticket-2")
    assert window._panels["ticket-2"].isVisible()
    assert window._panels["ticket-2"].symbol == "", "a ticket without an instrument asks for the keyboard"
    assert QApplication.focusWidget() is window


def test_every_panel_stands_in_the_end(window: MainWindow, qtbot: QtBot) -> None:
    window._waiting.timer.start(0)
    qtbot.waitUntil(lambda: len(stand(window)) == 4)
    assert stand(window) == ["ticket-1", "ladder-1", "ticket-2", "orders-1"], "those in sight first"
    qtbot.waitUntil(lambda: not window._waiting.timer.isActive())


def test_the_quote_in_focus_is_asked_for_until_the_panels_stand(
    window: MainWindow, rig: DesktopRig, qtbot: QtBot
) -> None:
    wishes = rig.gateway.of("market.watch")
    asked = [wish.consumer for wish in wishes]
    own = len(asked) - 1 - asked[::-1].index("main_window")
    assert wishes[own].quotes == frozenset({"AAPL"})
    gone = [wish.consumer for wish in wishes[own:] if not wish.quotes]
    assert gone, "it comes before the wishes of the panels that end"
    window._waiting.timer.start(0)
    qtbot.waitUntil(lambda: not window._waiting.timer.isActive())
    last = [wish for wish in rig.gateway.of("market.watch") if wish.consumer == "main_window"][-1]
    assert last.quotes == frozenset()


def test_a_layout_saved_while_panels_wait_is_the_one_that_was_loaded(desk: Workspace, window: MainWindow) -> None:
    kept = window.current_layout()
    assert stand(window) == []
    assert [(entry.id, entry.link) for entry in kept.panel] == [
        ("ticket-1", "A"), ("ladder-1", "A"), ("orders-1", ""), ("ticket-2", ""),
    ]  # fmt: skip


def test_an_event_that_is_no_input_costs_the_filter_of_the_application_a_look(
    window: MainWindow, qapp: QApplication
) -> None:
    plain = QEvent(QEvent.Type.UpdateRequest)
    once = calls_of(lambda: qapp.notify(window.top_bar, plain))
    many = calls_of(lambda: [qapp.notify(window.top_bar, plain) for _ in range(101)])
    assert (many - once) / 100 <= CALLS_OF_AN_EVENT_MAX


def test_of_all_that_a_load_moves_the_keys_hear_nothing_and_afterwards_everything(
    desk: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[QEvent.Type] = []
    monkeypatch.setattr(desk.hotkeys, "takes", lambda _watched, event: heard.append(event.type()))
    desk.window.load_layout(desk.window.current_layout())
    desk.window.complete()
    assert heard == []
    press(desk.window, Key.Key_F2)
    assert QEvent.Type.KeyPress in heard


def test_while_a_key_is_held_a_load_is_heard_since_the_end_of_the_hold_might_be_in_it(
    desk: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[QEvent.Type] = []
    monkeypatch.setattr(desk.hotkeys, "takes", lambda _watched, event: heard.append(event.type()))
    monkeypatch.setattr(type(desk.hotkeys), "holds", True)
    desk.window.load_layout(desk.window.current_layout())
    assert heard


def test_a_dock_whose_panel_stays_is_kept_and_stands_where_the_new_layout_says(desk: Workspace) -> None:
    assert desk.workspaces.open("keyed")
    before = dict(desk.window._docks._docks)
    keyed = desk.window.current_layout().dock
    assert desk.workspaces.open("trading")
    after = desk.window._docks._docks
    assert before.keys() & after.keys() == {"ticket-1", "ladder-1", "orders-1"}
    assert all(after[name] is before[name] for name in before.keys() & after.keys())
    assert desk.window.docking.findDockWidget("ticket-2") is None
    assert desk.workspaces.open("keyed")
    assert desk.window.current_layout().dock == keyed
