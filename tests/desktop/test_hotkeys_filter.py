"""Real keys on a real window: what reaches the engine, and what never does."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from tests.helpers.desktop_rig import DesktopRig, limit, order, position, quote
from workstation.commands.params import (
    Arm,
    CancelMany,
    ChangeOrder,
    Disarm,
    ExitAccount,
    ExitPosition,
    Focus,
    Kill,
)
from workstation.commands.registry import CommandResult
from workstation.desktop.shell.hotkeys import ESCAPE_LAYER, HotkeyFilter
from workstation.domain.accounts import Environment
from workstation.domain.orders import OrdStatus, OriginKind, Side

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
DONE = CommandResult(ok=True, text="done")


class Window(QWidget):
    def __init__(self):
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.field = QLineEdit()
        self.field.setProperty("role", "symbol")
        QVBoxLayout(self).addWidget(self.field)


@pytest.fixture
def rig(qapp):
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_722)])
    yield rig
    rig.stop()


@pytest.fixture
def window(qtbot, rig, qapp):
    keys = HotkeyFilter(rig.context)
    window = Window()
    window.keys = keys
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.setFocus()
    qapp.installEventFilter(keys)
    yield window
    qapp.removeEventFilter(keys)


def press(qtbot, key, modifiers=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(QApplication.focusWidget(), key, modifiers)


@pytest.mark.parametrize(
    ("key", "modifiers", "side", "price"),
    [
        (Key.Key_F1, None, Side.BUY, 18_719),
        (Key.Key_F4, None, Side.SELL, 18_722),
        (Key.Key_F1, SHIFT, Side.BUY, 18_720),
        (Key.Key_F4, SHIFT, Side.SELL, 18_721),
        (Key.Key_F2, None, Side.BUY, 18_724),
        (Key.Key_F3, None, Side.SELL, 18_717),
    ],
)
def test_an_entry_key_submits_the_order_with_its_words_and_gesture(qtbot, rig, window, *, key, modifiers, side, price):
    rig.context.sizes.choose(3)
    press(qtbot, key, modifiers or Qt.KeyboardModifier.NoModifier)
    (call,) = [c for c in rig.gateway.calls if c.command_id == "order.submit"]
    assert (call.params.terms.side, call.params.terms.price, call.params.terms.order_qty) == (side, price, 100)
    assert call.params.cl_ord_id.startswith("OMS-")
    assert call.origin.kind is OriginKind.HOTKEY
    assert call.origin.detail == ("Shift+" if modifiers else "") + f"F{key - Key.Key_F1 + 1}"
    assert call.origin.ts_gesture == rig.clock.mono_ns()
    assert rig.spoken[-1] == ("info", f"Pending: {call.params.metadata['preview']}")


@pytest.mark.parametrize(
    ("key", "modifiers", "command", "params"),
    [
        (Key.Key_F12, CTRL, "risk.arm", Arm(environment=Environment.SIM)),
        (Key.Key_F12, None, "risk.disarm", Disarm()),
        (Key.Key_F9, None, "position.flatten", ExitPosition(account="SIM-1", symbol="AAPL")),
        (Key.Key_F8, None, "position.flatten", ExitPosition(account="SIM-1", symbol="AAPL", portion_bps=5_000)),
        (Key.Key_F8, SHIFT, "position.flatten", ExitPosition(account="SIM-1", symbol="AAPL", portion_bps=2_500)),
        (Key.Key_Backspace, None, "order.cancel_last", Focus(account="SIM-1", symbol="AAPL")),
        (
            Key.Key_Escape,
            None,
            "order.cancel_scope",
            CancelMany(account="SIM-1", symbol="AAPL", include_protective=True),
        ),
    ],
)
def test_a_key_sends_its_command_once(qtbot, rig, window, *, key, modifiers, command, params):
    press(qtbot, key, modifiers or Qt.KeyboardModifier.NoModifier)
    assert rig.gateway.sent() == [(command, params)]


@pytest.mark.parametrize(
    ("key", "modifiers", "command", "params"),
    [
        (Key.Key_F9, SHIFT, "position.flatten_account", ExitAccount(account="SIM-1")),
        (Key.Key_Escape, SHIFT, "order.cancel_scope", CancelMany(account="SIM-1", include_protective=True)),
        (Key.Key_F12, CTRL | SHIFT, "risk.kill", Kill(reason="by key")),
    ],
)
def test_a_key_of_two_presses_acts_on_the_second_within_its_time(
    qtbot, rig, window, *, key, modifiers, command, params
):
    press(qtbot, key, modifiers)
    assert rig.gateway.sent() == []
    assert "again within 450 ms" in rig.spoken[-1][1]
    rig.clock.advance(451_000_000)
    press(qtbot, key, modifiers)
    assert rig.gateway.sent() == []
    rig.clock.advance(300_000_000)
    press(qtbot, key, modifiers)
    assert rig.gateway.sent() == [(command, params)]


def test_cancelling_the_account_says_which_positions_lose_their_stops(qtbot, rig, window):
    rig.feed(positions=[position(100), position(-5, symbol="MSFT"), position(0, symbol="ESZ6")])
    for _ in range(2):
        press(qtbot, Key.Key_Escape, SHIFT)
    assert rig.spoken[-1][1].endswith("protective stops included: 2 positions left unprotected, AAPL, MSFT")


def test_auto_repeat_is_dropped(rig, window):
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_F9, Qt.KeyboardModifier.NoModifier, "", True)
    QApplication.sendEvent(window, event)
    assert rig.gateway.sent() == []


def test_a_key_within_the_guard_after_a_focus_change_is_refused_and_account_exits_pass(qtbot, rig, window):
    rig.context.focus.move(symbol="MSFT")
    press(qtbot, Key.Key_F9)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1] == ("warning", "Refused: the focus moved to MSFT under 300 ms ago.")
    press(qtbot, Key.Key_F9, SHIFT)
    press(qtbot, Key.Key_F9, SHIFT)
    assert [name for name, _ in rig.gateway.sent()] == ["position.flatten_account"]
    rig.clock.advance(300_000_000)
    press(qtbot, Key.Key_F9)
    assert rig.gateway.sent()[-1][1].symbol == "MSFT"


@pytest.mark.parametrize("key", [Key.Key_F1, Key.Key_F2, Key.Key_Backspace, Key.Key_1, Key.Key_BracketRight])
def test_a_text_field_keeps_its_keys(qtbot, rig, window, key):
    window.field.setFocus()
    press(qtbot, key)
    assert rig.gateway.sent() == []
    assert rig.context.sizes.chosen == 0


@pytest.mark.parametrize("to_window", [True, False])
def test_a_text_field_keeps_its_keys_where_no_window_is_ever_active(qtbot, rig, window, monkeypatch, to_window):
    window.field.setFocus()
    monkeypatch.setattr(QApplication, "focusWidget", staticmethod(lambda: None))
    target = window.windowHandle() if to_window else window.field
    qtbot.keyClick(target, Key.Key_1)
    qtbot.keyClick(target, Key.Key_F2)
    assert rig.gateway.sent() == []
    assert (rig.context.sizes.chosen, window.field.text()) == (0, "1")
    window.setFocus()
    qtbot.keyClick(window.windowHandle(), Key.Key_F2)
    assert len(rig.gateway.sent()) == 1


@pytest.mark.parametrize("key", [Key.Key_F9, Key.Key_F8, Key.Key_F12])
def test_panic_keys_pass_a_text_field(qtbot, rig, window, key):
    window.field.setFocus()
    press(qtbot, key)
    assert len(rig.gateway.sent()) == 1


def test_escape_leaves_a_text_field_first_and_cancels_with_the_next_press(qtbot, rig, window):
    window.field.setFocus()
    press(qtbot, Key.Key_Escape)
    assert rig.gateway.sent() == []
    qtbot.waitUntil(lambda: not window.field.hasFocus())
    window.setFocus()
    press(qtbot, Key.Key_Escape)
    assert [name for name, _ in rig.gateway.sent()] == ["order.cancel_scope"]


def test_a_key_right_after_escape_is_no_text_of_the_field_that_was_left(qtbot, rig, window):
    window.field.setFocus()
    press(qtbot, Key.Key_Escape)
    press(qtbot, Key.Key_F1)  # before the program has come to take the keyboard from the field
    assert [name for name, _ in rig.gateway.sent()] == ["order.submit"]
    qtbot.waitUntil(lambda: not window.field.hasFocus())
    window.field.setFocus()
    press(qtbot, Key.Key_F1)
    assert len(rig.gateway.sent()) == 1


def test_escape_goes_to_a_drag_first(qtbot, rig, window):
    window.setProperty(ESCAPE_LAYER, True)
    press(qtbot, Key.Key_Escape)
    assert rig.gateway.sent() == []
    window.setProperty(ESCAPE_LAYER, False)
    press(qtbot, Key.Key_Escape)
    assert len(rig.gateway.sent()) == 1


def test_a_menu_keeps_keys_but_not_the_panic_keys(qtbot, rig, window):
    menu = QMenu(window)
    menu.addAction("one")
    menu.popup(window.mapToGlobal(window.rect().center()))
    qtbot.keyClick(menu, Key.Key_F1)
    assert rig.gateway.sent() == []
    qtbot.keyClick(menu, Key.Key_F9)
    assert [name for name, _ in rig.gateway.sent()] == ["position.flatten"]
    qtbot.keyClick(menu, Key.Key_Escape)
    assert len(rig.gateway.sent()) == 1
    assert not menu.isVisible()


@pytest.mark.parametrize("modal", [True, False])
def test_a_dialog_keeps_its_keys_and_escape_but_not_the_panic_keys(*, qtbot, rig, window, modal):
    dialog = QDialog(window)
    button = QPushButton("here", dialog)
    dialog.open() if modal else dialog.show()
    dialog.activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    for key in (Key.Key_F2, Key.Key_1, Key.Key_Backspace):
        press(qtbot, key)
    assert (rig.gateway.sent(), rig.context.sizes.chosen) == ([], 0)
    press(qtbot, Key.Key_F9)
    assert [name for name, _ in rig.gateway.sent()] == ["position.flatten"]
    press(qtbot, Key.Key_Escape)
    assert len(rig.gateway.sent()) == 1
    assert not dialog.isVisible()


def test_an_absent_quote_refuses_in_words(qtbot, rig, window):
    rig.feed(quotes=[quote(freshness="ABSENT", bid=None, ask=None)])
    press(qtbot, Key.Key_F1)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1] == ("warning", "Refused: bid is absent. AAPL has no bid; wait for a quote.")


def test_a_refusal_of_the_gate_is_shown_as_it_is(qtbot, rig, window):
    text = "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t."
    rig.gateway.answers["order.submit"] = CommandResult(ok=False, code="RISK_LIMIT_BREACH", text=text)
    press(qtbot, Key.Key_F1)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("warning", text))


def test_keys_choose_sizes(qtbot, rig, window):
    press(qtbot, Key.Key_4)
    assert rig.context.sizes.size == 100
    press(qtbot, Key.Key_BracketLeft)
    assert rig.context.sizes.size == 10
    press(qtbot, Key.Key_BracketRight)
    assert rig.context.sizes.size == 100


def test_nudges_coalesce_while_an_amend_is_in_flight(qtbot, rig, window):
    rig.feed(order("OMS-1", limit(price=18_710)), positions=[position(0)])
    press(qtbot, Key.Key_Up, CTRL)
    press(qtbot, Key.Key_Up, CTRL)
    press(qtbot, Key.Key_Up, CTRL | SHIFT)
    assert rig.gateway.of("order.replace") == [ChangeOrder(cl_ord_id="OMS-1", price=18_711, version=1)]
    rig.gateway.answer("order.replace", DONE)
    rig.feed(order("OMS-1", limit(price=18_710), OrdStatus.PENDING_REPLACE, version=2))
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("info", "done"))
    rig.frame()
    assert len(rig.gateway.of("order.replace")) == 1
    rig.feed(order("OMS-1", limit(price=18_711), version=3))
    assert rig.gateway.of("order.replace")[1:] == [ChangeOrder(cl_ord_id="OMS-1", price=18_717, version=3)]


def test_ctrl_l_puts_the_cursor_into_the_symbol_box(qtbot, rig, window):
    press(qtbot, Key.Key_L, CTRL)
    assert window.field.hasFocus()


def test_arming_live_asks_for_the_accounts_end_once(qtbot, qapp):
    rig = DesktopRig(environment=Environment.LIVE)
    keys = HotkeyFilter(rig.context)
    action = keys.actions(qapp)["trade.arm"]
    action.trigger()
    assert rig.gateway.of("risk.arm") == []

    def answer(text: str) -> None:
        (dialog,) = [top for top in QApplication.topLevelWidgets() if top.objectName() == "arm_live_dialog"]
        dialog.line.setText(text)
        dialog.go.click()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    answer("M-2")
    assert rig.gateway.of("risk.arm") == []
    assert rig.spoken[-1] == ("warning", "Not armed: 'M-2' is not the end of SIM-1.")
    answer("M-1")
    assert rig.gateway.of("risk.arm") == [Arm(environment=Environment.LIVE)]
    action.trigger()
    assert len(rig.gateway.of("risk.arm")) == 2
    for made in qapp.findChildren(QAction):
        made.deleteLater()
    rig.stop()


def test_menu_entries_name_their_key_and_take_the_same_path(qtbot, rig, window):
    actions = window.keys.actions(window)
    assert actions["trade.flatten"].text().endswith("\tF9")
    assert actions["trade.flatten_account"].text().endswith("\tShift+F9 ×2")
    assert actions["trade.flatten"].shortcut().isEmpty()
    actions["trade.flatten"].trigger()
    assert rig.gateway.of("position.flatten") == [ExitPosition(account="SIM-1", symbol="AAPL")]
