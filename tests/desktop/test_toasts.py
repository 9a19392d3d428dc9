"""Toasts: they never take the keyboard, fills come as one, critical ones stay, a muted kind is silent."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, order, status
from workstation.desktop.shell.toasts import SHOWN_MAX, ToastStack
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.executions import Execution
from workstation.domain.orders import OrdStatus, Side
from workstation.viewmodels.alerts_notes import NoteKind
from workstation.viewmodels.frames import Notice


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    line = QLineEdit()
    made.setCentralWidget(line)
    made.resize(960, 600)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    line.setFocus()
    return made


@pytest.fixture
def stack(rig: DesktopRig, window: QMainWindow) -> ToastStack:
    made = ToastStack(rig.context, window)
    rig.feed(status=status(now_ns=START_NS))
    return made


def fill(number: int, **changes: Any) -> Execution:
    fields: dict[str, Any] = {
        "exec_key": f"x{number}",
        "exec_id": f"x{number}",
        "uid": f"u{number}",
        "cl_ord_id": "OMS-1",
        "order_id": "V-1",
        "account": "SIM-1",
        "symbol": "AAPL",
        "side": Side.BUY,
        "last_qty": 100,
        "last_px": 18_700 + number,
        "fee": 0,
        "fee_currency": "USD",
        "ts_event": START_NS,
        "ts_init": START_NS,
        "venue_seq": number,
    }
    return Execution(**{**fields, **changes})


def notice(level: str, text: str = "Something happened.") -> Notice:
    return Notice(level=level, text=text, ts=START_NS)


def texts(stack: ToastStack) -> list[str]:
    return [toast.note.text for toast in stack.toasts]


def test_what_was_before_the_start_makes_no_toast(rig: DesktopRig, window: QMainWindow) -> None:
    stack = ToastStack(rig.context, window)
    rig.feed(fill(1), notice("warning"), status=status(now_ns=START_NS))
    rig.clock.advance(SECOND)
    rig.feed(status=status(now_ns=START_NS))
    assert texts(stack) == []


def test_fills_within_a_quarter_second_are_one_toast(stack: ToastStack, rig: DesktopRig) -> None:
    rig.feed(fill(1), fill(2))
    rig.clock.advance(SECOND // 10)
    rig.feed(fill(3, symbol="MSFT", side=Side.SELL, last_qty=50))
    assert texts(stack) == []
    rig.clock.advance(SECOND // 4)
    rig.feed(status=status(now_ns=START_NS))
    assert texts(stack) == ["3 fills: Bought 200 AAPL, Sold 50 MSFT"]


def test_a_single_fill_says_side_size_and_price(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(fill(1))
    rig.clock.advance(SECOND)
    qtbot.waitUntil(lambda: texts(stack) == ["Bought 100 AAPL at 187.01"])


def test_a_toast_never_takes_the_keyboard(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow, qtbot: QtBot
) -> None:
    line = window.centralWidget()
    rig.feed(notice("critical"))
    qtbot.keyClicks(line, "abc")
    assert isinstance(line, QLineEdit)
    assert line.text() == "abc"
    assert stack.toasts[0].focusPolicy() == Qt.FocusPolicy.NoFocus
    assert window.rect().contains(stack.toasts[0].geometry())


def test_a_critical_toast_outlasts_a_flood_and_leaves_when_acknowledged(stack: ToastStack, rig: DesktopRig) -> None:
    rig.feed(notice("critical", "The disk is full."))
    for number in range(10):
        rig.feed(notice("warning", f"w{number}"))
    assert len(stack.toasts) == SHOWN_MAX
    assert "The disk is full." in texts(stack)
    assert stack.menu.title() == "N&otes (11)"
    stack.acknowledge()
    assert (texts(stack), stack.menu.title()) == ([], "N&otes")


def test_do_not_disturb_keeps_all_but_critical_silent_and_in_the_history(stack: ToastStack, rig: DesktopRig) -> None:
    stack.board.quiet = True
    rig.feed(notice("warning", "quiet one"), notice("critical", "loud one"))
    assert texts(stack) == ["loud one"]
    assert [note.text for note in stack.board.history] == ["quiet one", "loud one"]


def test_a_right_click_mutes_the_kind_for_a_quarter_hour(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(notice("warning", "Alert AAPL last > 187: holds."))
    qtbot.mouseClick(stack.toasts[0], Qt.MouseButton.RightButton)
    rig.feed(notice("warning", "Alert again."))
    assert texts(stack) == []
    rig.clock.advance(16 * 60 * SECOND)
    rig.feed(notice("warning", "Alert later."))
    assert texts(stack) == ["Alert later."]


def test_a_click_opens_the_order_that_was_rejected_once(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    opened: list[str] = []
    stack.opened.connect(opened.append)
    for _ in range(2):
        rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
    assert texts(stack) == ["BUY AAPL rejected by the venue"]
    qtbot.mouseClick(stack.toasts[0], Qt.MouseButton.LeftButton)
    assert (opened, texts(stack)) == (["OMS-9"], [])


def test_kinds_ring_differently_and_each_ring_is_seen_as_a_flash(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow
) -> None:
    rung: list[str] = []
    stack.bell.enabled = False
    stack.bell.rung.connect(rung.append)
    rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
    assert rung == [NoteKind.REJECT]
    flash = window.findChild(QFrame, "bell_flash")
    assert flash is not None
    assert flash.isVisible()


def test_without_flashes_a_ring_lights_nothing_up(
    qapp: QApplication, stack: ToastStack, rig: DesktopRig, window: QMainWindow
) -> None:
    apply_theme(qapp, load_theme("dark", flashing=False))
    try:
        rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
        flash = window.findChild(QFrame, "bell_flash")
        assert flash is not None
        assert not flash.isVisible()
        assert texts(stack) == ["BUY AAPL rejected by the venue"]
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_refusal_of_a_gesture_is_a_note_and_mere_information_is_not(stack: ToastStack, rig: DesktopRig) -> None:
    rig.context.announcer.say("info", "Pending.")
    rig.context.announcer.say("warning", "Refused: price collar.")
    assert texts(stack) == ["Refused: price collar."]


def test_toasts_stand_beside_the_menus_and_cover_nothing(stack: ToastStack, window: QMainWindow) -> None:
    bar = window.menuBar()
    bar.addMenu(stack.menu)
    QApplication.processEvents()
    words = "Refused: the price is outside of the collar of the venue, and so is the stop, by more than it allows."
    for number in range(SHOWN_MAX + 1):
        stack.show(stack.board.refused("warning", f"{words} {number}", number * SECOND))
    places = [toast.geometry() for toast in stack.toasts]
    menus = bar.actionGeometry(stack.menu.menuAction())
    assert len(places) == SHOWN_MAX
    assert not places[0].intersects(places[1])
    for place in places:
        assert bar.geometry().contains(place)
        assert place.left() > menus.right()
    for toast in stack.toasts:
        assert toast.text.text().endswith("…")
        assert words in toast.toolTip()
        assert words in toast.accessibleName()
