"""The key file at work: real keys for the binds that read prices, sizes and positions, and files that change.

Long because each bind that the shipped file adds, and each rule of a reload, is pressed on one and the same window.
"""

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget

from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, position, quote
from workstation.commands.params import CancelOne, ChangeOrder, Disarm
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.file_banners import KeyFileBanner
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.hotkeys_disarm import AutoDisarm
from workstation.desktop.shell.hotkeys_store import CAUTIOUS_ORDERS, shipped_text
from workstation.desktop.shell.leader import LEADER_MS
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, OrdType, Side
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.hotkeys_undo import NOTHING

Key = Qt.Key
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
DONE = CommandResult(ok=True, text="done")
STOP_LEG = GroupLink(group_id="G", contingency=Contingency.BRACKET, role=LegRole.STOP_LOSS, parent="OMS-0")
HEAD = 'version = 1\n[defaults]\nqty = "preset"\n'


def funds(**changes):
    fields = {
        "account": "SIM-1",
        "environment": Environment.SIM,
        "venue": "SIM",
        "currency": "USD",
        "cash": 100_000 * MONEY_ONE,
        "equity": 100_000 * MONEY_ONE,
        "buying_power": 400_000 * MONEY_ONE,
        "realised": 0,
        "unrealised": 0,
        "fees": 0,
        "net": 0,
        "drawdown": 0,
        "day_limit": None,
        "unpriced": (),
        "lock": LockState.UNLOCKED,
        "lock_reason": "",
        "lockout": "",
    }
    return AccountSnap(**{**fields, **changes})


def bind(name, keys, do, **fields):
    lines = [f"{key} = {value}" for key, value in fields.items()]
    return "\n".join(["[[bind]]", f'id = "{name}"', f'keys = "{keys}"', f'do = "{do}"', *lines, ""])


def stop_order(price=18_600, side=Side.SELL):
    terms = limit(side, None, ord_type=OrdType.STOP, stop_px=price)
    return order("OMS-9", terms, link=STOP_LEG)


@pytest.fixture
def rig(qapp):
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_721)], accounts=[funds()])
    rig.arm()
    yield rig
    rig.stop()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "hotkeys.toml"


@pytest.fixture
def window(qtbot, rig, qapp, file):
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    window.keys = HotkeyFilter(rig.context, file)
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    window.activateWindow()
    window.setFocus()
    qapp.installEventFilter(window.keys)
    yield window
    window.keys.leader.end()
    qapp.removeEventFilter(window.keys)


def press(qtbot, key, modifiers=NONE):
    qtbot.keyClick(QApplication.focusWidget(), key, modifiers)


def placed(rig):
    return rig.gateway.of("order.submit")


def load(window, file, *binds, head=HEAD):
    file.write_text(head + "".join(binds))
    return window.keys.store.load()


# Sized by risk


def test_f5_buys_so_much_that_the_stop_below_the_cursor_loses_the_risked_money_at_most(qtbot, rig, window):
    rig.context.cursor.point("AAPL", 18_671)
    press(qtbot, Key.Key_F5)
    (sent,) = placed(rig)
    assert (sent.terms.side, sent.terms.price) == (Side.BUY, 18_723)
    assert (sent.stop_loss_px, sent.take_profit_px) == (18_670, 18_821)
    loss = sent.terms.order_qty * (sent.terms.price - sent.stop_loss_px)
    assert loss <= 25_000 < loss + sent.terms.price - sent.stop_loss_px
    assert "STOP-LOSS 186.70" in rig.spoken[-1][1]


def test_f6_sells_with_the_stop_above_the_cursor(qtbot, rig, window):
    rig.context.cursor.point("AAPL", 18_769)
    press(qtbot, Key.Key_F6)
    (sent,) = placed(rig)
    assert (sent.terms.side, sent.terms.price) == (Side.SELL, 18_717)
    assert (sent.stop_loss_px, sent.take_profit_px) == (18_770, 18_619)
    assert sent.terms.order_qty == 471


@pytest.mark.parametrize(
    ("cursor", "text"),
    [
        (None, "Refused: cursor is absent: point at a price in a ladder or chart of AAPL."),
        (18_800, "Refused: F5 needs cursor < ask; ask is 187.21, cursor is 188."),
    ],
)
def test_f5_without_a_cursor_below_the_ask_is_refused(qtbot, rig, window, *, cursor, text):
    rig.context.cursor.point("AAPL", cursor)
    press(qtbot, Key.Key_F5)
    assert placed(rig) == []
    assert rig.spoken[-1] == ("warning", text)


@pytest.mark.parametrize(
    ("key", "near", "far", "text"),
    [
        (Key.Key_F5, 18_720, 18_719, "Stop 187.19 is 0t below bid 187.19; least 1t; point further below."),
        (Key.Key_F6, 18_720, 18_721, "Stop 187.21 is 0t above ask 187.21; least 1t; point further above."),
    ],
)
def test_a_stop_that_would_trigger_at_once_is_refused_by_its_distance(qtbot, rig, window, *, key, near, far, text):
    rig.context.cursor.point("AAPL", near)
    press(qtbot, key)
    assert placed(rig) == []
    assert rig.spoken[-1] == ("warning", f"Refused: stop distance. {text}")
    rig.context.cursor.point("AAPL", far)
    press(qtbot, key)
    (sent,) = placed(rig)
    assert abs(sent.stop_loss_px - far) == 1


def test_f5_names_the_figure_that_the_risked_money_is_made_from_when_that_is_missing(qtbot, rig, window):
    rig.context.cursor.point("AAPL", 18_671)
    rig.context.state.accounts.clear()
    press(qtbot, Key.Key_F5)
    assert placed(rig) == []
    assert rig.spoken[-1][1] == "Refused: equity is absent: the figures of the account are not known yet."


def test_the_cursor_of_another_instrument_is_no_cursor(qtbot, rig, window):
    rig.context.cursor.point("MSFT", 18_671)
    press(qtbot, Key.Key_F5)
    assert placed(rig) == []


@pytest.mark.parametrize(
    ("qty", "held", "sent"),
    [
        ("bp * 10% / ask", 0, 213),  # 40,000 at 187.21
        ("equity * 10% / ask", 0, 53),
        ("abs(pos) * 50%", 101, 50),
        ("abs(pos) * 50%", -101, 50),
        ("max(preset, abs(pos))", 0, 1),
    ],
)
def test_an_entry_is_sized_by_buying_power_by_equity_and_by_the_position(*, qtbot, rig, window, file, qty, held, sent):
    load(window, file, bind("in", "F2", "buy_limit", price='"bid"', qty=f'"{qty}"'))
    for _ in range(CAUTIOUS_ORDERS):
        window.keys.store.used_cautiously()
    rig.feed(positions=[position(held)])
    press(qtbot, Key.Key_F2)
    assert [order.terms.order_qty for order in placed(rig)] == [sent]


# Breakeven, reverse, undo


def test_f7_moves_the_stop_past_the_average_and_never_loosens_it(qtbot, rig, window):
    rig.feed(stop_order(18_600), positions=[position(100, price=18_700)])
    press(qtbot, Key.Key_F7)
    assert rig.gateway.of("order.replace") == [ChangeOrder(cl_ord_id="OMS-9", stop_px=18_701, version=1)]
    rig.feed(msgspec.structs.replace(stop_order(18_705), version=2))
    press(qtbot, Key.Key_F7)
    assert len(rig.gateway.of("order.replace")) == 1
    assert rig.spoken[-1][1] == "Refused: breakeven. The stop at 187.05 is not looser than 187.01; kept."


def test_f7_leaves_the_stop_of_an_entry_that_has_not_filled(qtbot, rig, window):
    entry = GroupLink(group_id="H", contingency=Contingency.BRACKET, role=LegRole.ENTRY)
    leg = GroupLink(group_id="H", contingency=Contingency.BRACKET, role=LegRole.STOP_LOSS, parent="OMS-10")
    later = order(
        "OMS-11",
        limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_500),
        link=leg,
        status=OrdStatus.NEW,
        created_at=START_NS + 9,
    )
    rig.feed(stop_order(18_600), order("OMS-10", link=entry), later, positions=[position(100, price=18_700)])
    press(qtbot, Key.Key_F7)
    assert rig.gateway.of("order.replace") == [ChangeOrder(cl_ord_id="OMS-9", stop_px=18_701, version=1)]


def test_f7_is_refused_where_the_market_is_through_already(qtbot, rig, window):
    rig.feed(stop_order(18_600), positions=[position(100, price=18_730)])
    press(qtbot, Key.Key_F7)
    assert rig.gateway.of("order.replace") == []
    assert "187.31 is through already: bid is 187.19" in rig.spoken[-1][1]


def test_f7_without_a_stop_offers_one_in_the_ticket(qtbot, rig, window):
    ticket = TicketPanel(rig.context, "ticket")
    qtbot.addWidget(ticket)
    ticket.show()
    window.activateWindow()
    window.setFocus()
    rig.feed(positions=[position(-100, price=18_750)])
    press(qtbot, Key.Key_F7)
    draft = ticket.form.draft()
    assert (draft.side, draft.ord_type, draft.qty, draft.stop) == (Side.BUY, OrdType.STOP, "100", "187.49")
    assert draft.reduce_only
    assert placed(rig) == []
    ticket.release()


def test_ctrl_f9_twice_asks_the_engine_for_one_reversal(qtbot, rig, window):
    rig.feed(positions=[position(100)])
    press(qtbot, Key.Key_F9, CTRL)
    assert rig.gateway.sent() == []
    press(qtbot, Key.Key_F9, CTRL)
    assert rig.gateway.sent() == [
        ("position.reverse", ReverseFocus(account="SIM-1", symbol="AAPL", through_ticks=2)),
    ]
    rig.feed(positions=[position(0)])
    assert placed(rig) == []


def test_a_reversal_that_the_engine_refuses_is_said_in_its_words(qtbot, rig, window):
    text = "Refused: not armed. Entry by hand in SIM needs arming; arm SIM first (Ctrl+F12)."
    rig.gateway.answers["position.reverse"] = CommandResult(ok=False, code="NOT_ARMED", text=text)
    rig.feed(positions=[position(100)])
    press(qtbot, Key.Key_F9, CTRL)
    press(qtbot, Key.Key_F9, CTRL)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("warning", text))


def test_a_flat_position_is_not_reversed(qtbot, rig, window):
    rig.feed(positions=[position(0)])
    press(qtbot, Key.Key_F9, CTRL)
    press(qtbot, Key.Key_F9, CTRL)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1] == ("warning", "Refused: AAPL is flat; there is nothing to reverse.")


def test_ctrl_z_cancels_what_was_placed_last_unless_it_filled(qtbot, rig, window):
    press(qtbot, Key.Key_F1)
    (sent,) = placed(rig)
    rig.feed(order(sent.cl_ord_id, sent.terms))
    press(qtbot, Key.Key_Z, CTRL)
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id=sent.cl_ord_id, reason="undo")]
    assert "undo, cancel BUY 1 AAPL LIMIT 187.19" in rig.spoken[-1][1]


def test_ctrl_z_amends_a_nudge_back(qtbot, rig, window):
    rig.feed(order("OMS-1", limit(price=18_710)))
    press(qtbot, Key.Key_Up, CTRL)
    rig.gateway.answer("order.replace", DONE)
    rig.feed(order("OMS-1", limit(price=18_711), version=2))
    press(qtbot, Key.Key_Z, CTRL)
    back = rig.gateway.of("order.replace")[-1]
    assert (back.cl_ord_id, back.price, back.version) == ("OMS-1", 18_710, 2)


def test_ctrl_z_after_a_cancel_only_stages_the_order_again(qtbot, rig, window):
    ticket = TicketPanel(rig.context, "ticket")
    qtbot.addWidget(ticket)
    ticket.show()
    window.activateWindow()
    window.setFocus()
    rig.feed(order("OMS-1", limit(price=18_710)))
    press(qtbot, Key.Key_Backspace)
    press(qtbot, Key.Key_Z, CTRL)
    assert (ticket.form.draft().price, ticket.form.draft().qty) == ("187.10", "100")
    assert placed(rig) == []
    ticket.release()


def test_ctrl_z_takes_back_one_action_a_press_newest_first(qtbot, rig, window):
    press(qtbot, Key.Key_F1)
    press(qtbot, Key.Key_F4)
    first, second = placed(rig)
    rig.feed(order(first.cl_ord_id, first.terms), order(second.cl_ord_id, second.terms))
    for _ in range(2):
        press(qtbot, Key.Key_Z, CTRL)
    assert [call.cl_ord_id for call in rig.gateway.of("order.cancel")] == [second.cl_ord_id, first.cl_ord_id]
    press(qtbot, Key.Key_Z, CTRL)
    assert rig.spoken[-1][1] == NOTHING
    assert len(rig.gateway.of("order.cancel")) == 2


def test_an_undo_that_is_refused_can_be_asked_for_again(qtbot, rig, window):
    press(qtbot, Key.Key_F1)
    (sent,) = placed(rig)
    rig.feed(order(sent.cl_ord_id, sent.terms))
    rig.gateway.answers["order.cancel"] = CommandResult(ok=False, code="BROKER_UNAVAILABLE", text="NOT SENT.")
    press(qtbot, Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("warning", "NOT SENT."))
    press(qtbot, Key.Key_Z, CTRL)
    assert len(rig.gateway.of("order.cancel")) == 2


def test_an_action_that_cannot_be_undone_is_said_and_lets_the_one_before_through(qtbot, rig, window):
    press(qtbot, Key.Key_F1)
    press(qtbot, Key.Key_F4)
    first, second = placed(rig)
    filled = order(second.cl_ord_id, second.terms, status=OrdStatus.FILLED)
    rig.feed(order(first.cl_ord_id, first.terms), filled)
    press(qtbot, Key.Key_Z, CTRL)
    assert rig.spoken[-1] == ("warning", "Nothing to undo: the order is filled already.")
    press(qtbot, Key.Key_Z, CTRL)
    assert [call.cl_ord_id for call in rig.gateway.of("order.cancel")] == [first.cl_ord_id]


def test_ctrl_z_with_nothing_done_says_so(qtbot, rig, window):
    press(qtbot, Key.Key_Z, CTRL)
    assert rig.spoken[-1][1] == "Nothing to undo: no order was placed, changed or cancelled here."


def test_a_nudge_moves_the_order_chosen_in_the_panel_with_the_keyboard_and_else_the_newest(qtbot, rig, window):
    panel = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(panel)
    panel.show()
    panel.activateWindow()
    away = order("OMS-3", limit(price=18_700, symbol="MSFT"), created_at=START_NS + 3)
    first, second = (order(f"OMS-{n}", limit(price=18_700 + n), created_at=START_NS + n) for n in (1, 2))
    rig.feed(first, second, away)
    panel.view.setFocus()
    qtbot.waitUntil(panel.view.hasFocus)
    for chosen, moved in (("OMS-1", "OMS-1"), ("OMS-3", "OMS-2"), ("OMS-2", "OMS-2")):
        panel.view.select_key(chosen)
        press(qtbot, Key.Key_Up, CTRL)
        assert rig.gateway.of("order.replace")[-1].cl_ord_id == moved
        rig.gateway.answer("order.replace", CommandResult(ok=False, code="REJECTED", text=f"no {chosen}"))
        qtbot.waitUntil(lambda chosen=chosen: rig.spoken[-1] == ("warning", f"no {chosen}"))
    panel.view.select_key("OMS-1")
    window.activateWindow()
    window.setFocus()
    qtbot.waitUntil(window.hasFocus)
    press(qtbot, Key.Key_Down, CTRL)
    assert rig.gateway.of("order.replace")[-1].cl_ord_id == "OMS-2"
    panel.release()


# Leaders, held keys, files


def test_a_leader_waits_with_another_pointer_and_its_second_key_acts(qtbot, rig, window, file):
    load(window, file, bind("join", "Ctrl+J B", "buy_limit", price='"bid"'))
    press(qtbot, Key.Key_J, CTRL)
    assert window.keys.leader.waits
    assert QApplication.overrideCursor().shape() is Qt.CursorShape.WhatsThisCursor
    press(qtbot, Key.Key_B)
    assert QApplication.overrideCursor() is None
    assert [sent.terms.price for sent in placed(rig)] == [18_719]


def test_a_leader_ends_by_a_key_that_continues_nothing_and_by_time(qtbot, rig, window, file):
    load(window, file, bind("join", "Ctrl+J B", "buy_limit", price='"bid"'))
    press(qtbot, Key.Key_J, CTRL)
    press(qtbot, Key.Key_F1)
    assert rig.gateway.sent() == []
    assert not window.keys.leader.waits
    press(qtbot, Key.Key_J, CTRL)
    qtbot.waitUntil(lambda: not window.keys.leader.waits, timeout=3 * LEADER_MS)
    press(qtbot, Key.Key_B)
    assert placed(rig) == []


def test_a_leader_holds_up_no_exit_and_one_escape_ends_it_alone(qtbot, rig, window, file):
    load(
        window,
        file,
        bind("join", "Ctrl+J B", "buy_limit", price='"bid"'),
        bind("flatten", "F9", "flatten"),
        bind("cancel_working", "Esc", "cancel_focus"),
        bind("cancel_newest", "Backspace", "cancel_last"),
    )
    press(qtbot, Key.Key_J, CTRL)
    press(qtbot, Key.Key_F9)
    assert [name for name, _ in rig.gateway.sent()] == ["position.flatten"]
    assert not window.keys.leader.waits
    for key in (Key.Key_Escape, Key.Key_Backspace):
        press(qtbot, Key.Key_J, CTRL)
        press(qtbot, key)
        assert (len(rig.gateway.sent()), window.keys.leader.waits) == (1, False)
    press(qtbot, Key.Key_Escape)
    assert rig.gateway.sent()[1][0] == "order.cancel_scope"


@pytest.mark.parametrize("where", ["field", "dialog"])
def test_the_second_key_of_a_leader_is_text_once_a_field_or_a_dialog_has_the_keyboard(qtbot, rig, window, file, where):
    load(window, file, bind("join", "Ctrl+J B", "buy_limit", price='"bid"'))
    parent = window if where == "field" else QDialog(window)
    field = QLineEdit(parent)
    press(qtbot, Key.Key_J, CTRL)
    assert window.keys.leader.waits
    parent.show()
    field.show()
    field.window().activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    press(qtbot, Key.Key_B)
    assert (field.text(), placed(rig), window.keys.leader.waits) == ("b", [], False)
    parent.close()


# Two presses, or one long one, mean what they meant at the first


def test_two_presses_are_one_request_only_on_one_instrument(qtbot, rig, window):
    rig.feed(positions=[position(100), position(100, symbol="MSFT")])
    press(qtbot, Key.Key_F9, CTRL)
    rig.context.focus.move(symbol="MSFT")
    rig.clock.advance(400_000_000)
    press(qtbot, Key.Key_F9, CTRL)
    assert rig.gateway.sent() == []
    press(qtbot, Key.Key_F9, CTRL)
    assert [params.symbol for params in rig.gateway.of("position.reverse")] == ["MSFT"]


def test_two_presses_for_the_account_are_one_request_whatever_the_instrument(qtbot, rig, window):
    press(qtbot, Key.Key_F9, SHIFT)
    rig.context.focus.move(symbol="MSFT")
    press(qtbot, Key.Key_F9, SHIFT)
    assert [name for name, _ in rig.gateway.sent()] == ["position.flatten_account"]


def test_a_key_held_for_one_instrument_does_nothing_to_the_next(qtbot, rig, window, file):
    load(window, file, bind("out", "F9", "flatten", press='"hold(400)"'))
    qtbot.keyPress(window, Key.Key_F9)
    rig.context.focus.move(symbol="MSFT")
    assert not window.keys._hold.isActive()
    rig.clock.advance(400_000_000)
    qtbot.keyRelease(window, Key.Key_F9)
    load(window, file, bind("off", "F9", "cancel_all", press='"hold(40)"'))
    qtbot.keyPress(window, Key.Key_F9)
    rig.context.focus.move(symbol="AAPL")
    qtbot.waitUntil(lambda: len(rig.gateway.of("order.cancel_scope")) == 1)
    qtbot.keyRelease(window, Key.Key_F9)
    assert rig.gateway.of("position.flatten") == []


def test_a_held_key_acts_after_its_time_and_not_when_it_is_let_go(qtbot, rig, window, file):
    load(window, file, bind("out", "F9", "flatten", press='"hold(40)"'))
    press(qtbot, Key.Key_F9)
    assert rig.gateway.sent() == []
    qtbot.keyPress(window, Key.Key_F9)
    QApplication.sendEvent(window, QKeyEvent(QEvent.Type.KeyPress, Key.Key_F9, NONE, "", True))
    qtbot.waitUntil(lambda: len(rig.gateway.of("position.flatten")) == 1)
    qtbot.keyRelease(window, Key.Key_F9)
    assert len(rig.gateway.sent()) == 1


def test_of_several_binds_on_a_key_the_first_whose_condition_holds_acts(qtbot, rig, window, file):
    load(
        window,
        file,
        bind("out", "F2", "flatten", when='"long"'),
        bind("in", "F2", "buy_limit", price='"ask"'),
    )
    press(qtbot, Key.Key_F2)
    assert [sent.terms.price for sent in placed(rig)] == [18_721]
    rig.feed(positions=[position(100)])
    press(qtbot, Key.Key_F2)
    assert len(rig.gateway.of("position.flatten")) == 1


def test_a_disabled_bind_does_nothing(qtbot, rig, window, file):
    load(window, file, bind("in", "F2", "buy_limit", price='"ask"', enabled="false"))
    press(qtbot, Key.Key_F2)
    assert rig.gateway.sent() == []


def test_a_price_through_the_files_collar_is_refused_in_the_gates_words(qtbot, rig, window, file):
    load(window, file, bind("in", "F2", "buy_limit", price='"ask + 31t"', collar='"25t"'))
    press(qtbot, Key.Key_F2)
    assert placed(rig) == []
    text = "Refused: price collar. 187.52 is 31t through ask 187.21; limit 25t. Price it nearer."
    assert rig.spoken[-1] == ("warning", text)


def test_a_quote_older_than_the_file_allows_refuses_an_entry_and_no_exit(qtbot, rig, window):
    rig.feed(quotes=[quote(age_ms=6_000)])
    press(qtbot, Key.Key_F1)
    assert placed(rig) == []
    assert "The quote of AAPL is 6000 ms old; limit 5000 ms" in rig.spoken[-1][1]
    press(qtbot, Key.Key_F9)
    assert len(rig.gateway.of("position.flatten")) == 1


def test_a_file_with_a_fault_leaves_the_last_good_keys_and_shows_line_and_column(qtbot, rig, window, file):
    banner = KeyFileBanner(window.keys.store)
    qtbot.addWidget(banner)
    load(window, file, bind("in", "F2", "buy_limit", price='"ask"'))
    assert not load(window, file, bind("in", "F2", "buy_limit", price='"asks"'))
    assert "line 8, column 10" in banner.findChild(QWidget, "key_file_banner_text").text()
    assert not banner.isHidden()
    press(qtbot, Key.Key_F2)
    assert [sent.terms.price for sent in placed(rig)] == [18_721]
    assert load(window, file, bind("in", "F2", "buy_limit", price='"bid"'))
    assert banner.isHidden()


def test_a_reload_disarms(rig, window, file):
    kept = AutoDisarm(rig.context, window.keys.store)
    load(window, file, bind("in", "F2", "buy_limit", price='"ask"'))
    assert rig.gateway.of("risk.disarm") == [Disarm(reason="keys reloaded")]
    kept.deleteLater()


def test_a_file_that_is_refused_disarms_too(rig, window, file):
    kept = AutoDisarm(rig.context, window.keys.store)
    assert not load(window, file, bind("in", "F2", "buy_limit", price='"asks"'))
    assert rig.gateway.of("risk.disarm") == [Disarm(reason="key file refused")]
    kept.deleteLater()


def test_the_first_entries_after_a_change_of_the_file_go_out_at_half_size(qtbot, rig, window, file):
    text = shipped_text().replace('"ask + 2t"', '"ask + 1t"')
    load(window, file, head=text)
    rig.context.sizes.choose(2)
    for count in range(CAUTIOUS_ORDERS + 1):
        press(qtbot, Key.Key_F1)
        qtbot.waitUntil(lambda count=count: window.keys.store.cautious == max(CAUTIOUS_ORDERS - count - 1, 0))
    assert [sent.terms.order_qty for sent in placed(rig)] == [5] * CAUTIOUS_ORDERS + [10]
    again = HotkeyFilter(rig.context, file)
    again.store.load()
    assert again.store.cautious == 0


def test_exits_are_never_halved(qtbot, rig, window, file):
    load(window, file, head=shipped_text() + "# changed\n")
    rig.feed(positions=[position(100)])
    rig.context.sizes.choose(3)
    press(qtbot, Key.Key_F4)
    assert [sent.terms.order_qty for sent in placed(rig)] == [100]


@pytest.mark.parametrize("change", ["account", "venue"])
def test_another_account_and_a_reconnect_disarm(rig, window, change):
    kept = AutoDisarm(rig.context, window.keys.store)
    rig.arm()
    if change == "account":
        rig.context.focus.move(account="SIM-2")
    else:
        rig.feed(status=msgspec.structs.replace(rig.context.state.status, venue_state="DOWN"))
        rig.feed(status=msgspec.structs.replace(rig.context.state.status, venue_state="UP"))
    assert len(rig.gateway.of("risk.disarm")) == 1
    kept.deleteLater()


def test_an_order_that_filled_is_not_undone(qtbot, rig, window):
    press(qtbot, Key.Key_F1)
    (sent,) = placed(rig)
    rig.feed(order(sent.cl_ord_id, sent.terms, OrdStatus.FILLED))
    press(qtbot, Key.Key_Z, CTRL)
    assert rig.gateway.of("order.cancel") == []
    assert rig.spoken[-1][1].startswith("Nothing to undo")
