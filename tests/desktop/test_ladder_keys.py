"""The ladder by keyboard alone, and what its cells say: cursor, orders, editor, edges and settings of the pad.

Long because each gesture of the pointer has its key, and each key is pressed here.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from tests.helpers.desktop_rig import ACCOUNT, DesktopRig, depth, limit, order, position, quote
from workstation.commands.params import CancelOne, ChangeOrder
from workstation.desktop.panels.ladder_editor import OrderEditor
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.domain.accounts import Environment, LockState
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, OrdType, Side, TimeInForce
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.ladder_clicks import POINTER_QUIET_NS, Column
from workstation.viewmodels.ladder_settings import LadderSettings, OwnClick

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def rig(rig: DesktopRig) -> DesktopRig:
    rig.context.sizes.choose(3)
    return rig


@pytest.fixture
def panel(qtbot, rig):
    panel = LadderPanel(rig.context, "ladder-1")
    qtbot.addWidget(panel)
    panel.resize(420, 760)
    panel.show()
    panel.show_symbol("AAPL")
    rig.clock.advance(POINTER_QUIET_NS)
    rig.arm()
    rig.feed(depths=[depth(bid=18_719, ask=18_721, levels=30)], quotes=[quote()])
    panel.view.setFocus()
    yield panel
    panel.release()


def press(panel: LadderPanel, *keys: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    for key in keys:
        QTest.keyClick(panel.view, key, held)


def put_cursor(panel: LadderPanel, column: Column, price: int) -> None:
    """Walk to a cell by arrows, as a person does."""
    press(panel, Qt.Key.Key_Left)
    while panel.view.ladder.map.row_of(panel.view._cursor[1]) < panel.view.ladder.map.row_of(price):
        press(panel, Qt.Key.Key_Down)
    while panel.view.ladder.map.row_of(panel.view._cursor[1]) > panel.view.ladder.map.row_of(price):
        press(panel, Qt.Key.Key_Up)
    steps = {
        Column.OWN_BID: (Qt.Key.Key_Left,),
        Column.ASK: (Qt.Key.Key_Right,),
        Column.OWN_ASK: (Qt.Key.Key_Right,) * 2,
    }
    press(panel, *steps.get(column, ()))


def cell(panel: LadderPanel, column: Column, price: int) -> QPoint:
    return panel.view.cell_rect(column, panel.view.ladder.map.row_of(price)).center()


def hold_shift(panel, *keys, held=SHIFT):
    """Press arrows with Shift held all the while, which a simulated click of a key would let go."""
    QTest.keyPress(panel.view, Qt.Key.Key_Shift)
    for key in keys:
        QApplication.sendEvent(panel.view, QKeyEvent(QEvent.Type.KeyPress, key, held))


def at_order(rig, panel):
    """Put the keyboard's cursor on an own bid at 187.18."""
    rig.feed(order("OMS-1", limit(price=18_718), version=4))
    panel.view.setFocus()
    panel.view._cursor = (Column.BID, 18_718)


def test_shift_and_arrows_move_an_order_that_is_amended_once_when_shift_is_let_go(rig, panel):
    at_order(rig, panel)
    hold_shift(panel, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert rig.gateway.sent() == []
    QTest.keyRelease(panel.view, Qt.Key.Key_Shift)
    assert rig.gateway.sent() == [("order.replace", ChangeOrder(cl_ord_id="OMS-1", price=18_716, version=4))]
    assert panel.view.drag is None


def test_escape_returns_an_order_moved_by_keys_and_so_does_losing_the_keyboard(rig, panel):
    at_order(rig, panel)
    hold_shift(panel, Qt.Key.Key_Down, Qt.Key.Key_Escape)
    QTest.keyRelease(panel.view, Qt.Key.Key_Shift)
    at_order(rig, panel)
    hold_shift(panel, Qt.Key.Key_Down)
    panel.view.clearFocus()
    QTest.keyRelease(panel.view, Qt.Key.Key_Shift)
    assert (rig.gateway.sent(), panel.view.drag) == ([], None)


def test_with_alt_all_legs_of_a_bracket_move_by_keys(rig, panel):
    for cl_ord_id, price, role in (("OMS-1", 18_735, LegRole.TAKE_PROFIT), ("OMS-2", 18_728, LegRole.TAKE_PROFIT)):
        rig.feed(order(cl_ord_id, limit(Side.SELL, price), link=GroupLink("G1", Contingency.BRACKET, role, "OMS-0")))
    put_cursor(panel, Column.ASK, 18_728)
    hold_shift(panel, Qt.Key.Key_Up, held=SHIFT | ALT)
    QTest.keyRelease(panel.view, Qt.Key.Key_Shift)
    moved = {change.cl_ord_id: change.price for change in rig.gateway.of("order.replace")}
    assert moved == {"OMS-2": 18_729, "OMS-1": 18_736}


def test_left_and_right_go_through_entry_and_own_columns(panel):
    press(panel, Qt.Key.Key_Left)
    read = [panel.view.accessibleDescription()]
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, *(Qt.Key.Key_Right,) * 4):
        press(panel, key)
        read.append(panel.view.accessibleDescription())
    names = ("bid", "my bids", "my bids", "bid", "ask", "my asks", "my asks")
    assert read == [f"{name} 187.20" for name in names]


def test_enter_on_an_own_cell_cancels_the_newest_and_with_ctrl_all(rig, panel):
    rig.feed(*(order(f"OMS-{n}", limit(price=18_716), created_at=n) for n in (1, 2)))
    put_cursor(panel, Column.OWN_BID, 18_716)
    press(panel, Qt.Key.Key_Return)
    assert rig.gateway.sent() == [("order.cancel", CancelOne(cl_ord_id="OMS-2", reason="ladder"))]
    press(panel, Qt.Key.Key_Delete, held=CTRL)
    assert [sent.cl_ord_id for sent in rig.gateway.of("order.cancel")] == ["OMS-2", "OMS-2", "OMS-1"]


def test_enter_acknowledges_a_reject(rig, panel):
    rig.feed(order("OMS-9", limit(Side.SELL, 18_730), OrdStatus.REJECTED, text="no funds"))
    put_cursor(panel, Column.OWN_ASK, 18_730)
    press(panel, Qt.Key.Key_Return)
    assert not any(row.ask_reject for row in panel.view.picture.rows)


def test_home_and_end_jump_to_what_is_out_of_view_and_plus_and_minus_group(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_500)), order("OMS-2", limit(Side.SELL, 18_900)))
    press(panel, Qt.Key.Key_End)
    rig.frame()
    assert panel.view.ladder.map.row_of(18_500) is not None
    press(panel, Qt.Key.Key_Space)
    rig.frame()
    press(panel, Qt.Key.Key_Minus)
    assert panel.view.ladder.map.ticks_per_row == 2
    press(panel, Qt.Key.Key_Plus)
    assert panel.view.ladder.map.ticks_per_row == 1


def test_buttons_are_reached_by_tab_and_pressed_by_space(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)))
    button = panel.findChild(QPushButton, "ladder-1_cancel_bids")
    assert button.focusPolicy() is Qt.FocusPolicy.TabFocus
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert [name for name, _ in rig.gateway.sent()] == ["order.cancel_scope"]


def opened(panel: LadderPanel) -> OrderEditor:
    (editor,) = panel.findChildren(OrderEditor)
    return editor


def typed(qtbot, field, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text)


def test_e_opens_the_editor_whose_total_ends_the_newest_first_and_says_what_costs_a_place(qtbot, rig, panel):
    rig.feed(*(order(f"OMS-{n}", limit(price=18_716), created_at=n) for n in (1, 2)))
    put_cursor(panel, Column.BID, 18_716)
    press(panel, Qt.Key.Key_E)
    editor = opened(panel)
    assert editor.qty.text() == "200"
    assert any("2 orders" in label.text() for label in editor.findChildren(QLabel))
    typed(qtbot, editor.qty, "260")
    assert "loses queue place" in editor.remark.text()
    typed(qtbot, editor.qty, "60")
    assert "loses" not in editor.remark.text()
    qtbot.keyClick(editor.qty, Qt.Key.Key_Return)
    assert rig.gateway.sent() == [
        ("order.cancel", CancelOne(cl_ord_id="OMS-2", reason="ladder")),
        ("order.replace", ChangeOrder(cl_ord_id="OMS-1", order_qty=60, version=1)),
    ]


def test_the_editor_sends_price_quantity_and_time_in_force_as_one_change(qtbot, rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)))
    put_cursor(panel, Column.BID, 18_716)
    press(panel, Qt.Key.Key_E)
    editor = opened(panel)
    typed(qtbot, editor.price, "187.12")
    typed(qtbot, editor.qty, "50")
    editor.tif.setCurrentText("GTC")
    qtbot.keyClick(editor.qty, Qt.Key.Key_Return)
    change = ChangeOrder(cl_ord_id="OMS-1", order_qty=50, price=18_712, time_in_force=TimeInForce.GTC, version=1)
    assert rig.gateway.sent() == [("order.replace", change)]


def test_an_editor_closes_when_the_instrument_changes_and_refuses_what_is_off_the_tick(qtbot, rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)))
    put_cursor(panel, Column.BID, 18_716)
    press(panel, Qt.Key.Key_E)
    editor = opened(panel)
    typed(qtbot, editor.price, "187.165")
    qtbot.keyClick(editor.price, Qt.Key.Key_Return)
    assert editor.isVisible()
    panel.choose_symbol("MSFT")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert panel.findChildren(OrderEditor) == []
    assert rig.gateway.sent() == []


def test_by_setting_a_click_opens_an_own_order_and_ctrl_still_cancels(rig, panel):
    panel.set_settings(LadderSettings(own_click=OwnClick.OPEN))
    rig.feed(order("OMS-1", limit(price=18_716)))
    at = cell(panel, Column.OWN_BID, 18_716)
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert "opens" in panel.view._tip(at)
    opened(panel).close()
    assert rig.gateway.sent() == []
    QTest.mouseClick(panel.view, LEFT, CTRL, at)
    assert [name for name, _ in rig.gateway.sent()] == ["order.cancel"]


def test_by_setting_the_quantity_goes_to_zero_after_a_send(rig, panel):
    panel.set_settings(LadderSettings(reset_qty=True))
    for _ in range(2):
        QTest.mouseClick(panel.view, LEFT, NONE, cell(panel, Column.BID, 18_715))
    assert len(rig.gateway.of("order.submit")) == 1
    assert panel.pad.qty == 0


@pytest.mark.parametrize(("keep", "size"), [(True, 300), (False, 100)])
def test_a_size_comes_back_per_symbol_only_when_asked(qtbot, rig, panel, *, keep: bool, size: int):
    panel.set_settings(LadderSettings(keep_size=keep))
    panel.pad.set_qty(300)
    panel.choose_symbol("MSFT")
    assert panel.pad.qty == 100
    again = LadderPanel(rig.context, "ladder-2")
    qtbot.addWidget(again)
    again.restore_settings(panel.save_settings())
    again.show_symbol("AAPL")
    assert again.pad.qty == size
    again.release()


def account(lock: LockState) -> AccountSnap:
    return AccountSnap(
        account=ACCOUNT,
        environment=Environment.SIM,
        venue="SIM",
        currency="USD",
        cash=0,
        equity=0,
        buying_power=None,
        realised=0,
        unrealised=0,
        fees=0,
        net=0,
        drawdown=0,
        day_limit=None,
        unpriced=(),
        lock=lock,
        lock_reason="",
        lockout="",
    )


def test_until_the_venue_agrees_one_line_names_the_difference_and_entries_are_refused(rig, panel):
    rig.feed(positions=[position(100, theirs=70)], accounts=[account(LockState.LOCKED)])
    line = "Not reconciled: AAPL 100 here, 70 at the venue · entries refused, cancels work"
    assert panel.status.full_text == line
    QTest.mouseClick(panel.view, LEFT, NONE, cell(panel, Column.BID, 18_715))
    assert rig.gateway.sent() == []
    assert "SIM-1 is not reconciled" in rig.spoken[-1][1]
    rig.feed(positions=[position(100)], accounts=[account(LockState.UNLOCKED)])
    assert panel.status.full_text.startswith("Book live")


def test_the_reason_of_a_refusal_has_the_room_of_what_entries_need(rig, panel):
    panel.resize(304, 700)
    rig.frame()
    before = panel.status.width()
    rig.feed(depths=[depth(freshness="STALE", age_ms=7_300)])
    QApplication.processEvents()
    assert not panel.marketable.isVisible()
    assert panel.status.width() > before
    assert panel.status.text().startswith("Depth 7.3 s old")
    rig.feed(depths=[depth()])
    assert panel.marketable.isVisible()


def test_a_dragged_exit_says_what_it_brings_in_money_and_r(rig, panel):
    stop = limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_690, reduce_only=True)
    rig.feed(order("OMS-1", limit(Side.SELL, 18_725)), order("OMS-2", stop), positions=[position(100)])
    put_cursor(panel, Column.ASK, 18_725)
    hold_shift(panel, Qt.Key.Key_Up)
    label = panel.view.drag.label(panel.view.ladder.instrument)
    assert label == "187.26 +1t (1.00 USD) · exits +26.00 USD +2.6R · loses queue place"
    QTest.keyRelease(panel.view, Qt.Key.Key_Shift)


def accessible(panel: LadderPanel):
    return QAccessible.queryAccessibleInterface(panel.view)


def test_the_ladder_is_a_table_of_which_each_cell_has_a_role_a_place_and_a_name(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)))
    table, view = accessible(panel), panel.view
    assert table.role() is QAccessible.Role.Table
    assert table.text(QAccessible.Text.Name) == "Price ladder"
    assert table.childCount() == len(view.picture.rows) * len(view.columns.edges)
    for index in range(table.childCount()):
        made = table.child(index)
        assert made.role() is QAccessible.Role.Cell
        assert made.text(QAccessible.Text.Name)
    at = view.mapToGlobal(cell(panel, Column.OWN_BID, 18_716))
    own = table.childAt(at.x(), at.y())
    assert own.text(QAccessible.Text.Name) == "my bids 187.16: 100 limit, working"
    assert own.rect().contains(at)
    assert table.child(table.indexOfChild(own)) is own


def test_a_move_of_the_cursor_is_told_with_its_cell(monkeypatch, panel):
    told = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: told.append((event.type(), event.child())))
    put_cursor(panel, Column.ASK, 18_721)
    kind, child = told[-1]
    assert kind is QAccessible.Event.Focus
    assert accessible(panel).child(child).text(QAccessible.Text.Name) == "ask 187.21: 200"


def test_a_ladder_that_is_gone_answers_a_screen_reader_no_more(qtbot, rig):
    panel = LadderPanel(rig.context, "ladder-9")
    panel.show_symbol("AAPL")
    rig.feed(depths=[depth()], quotes=[quote()])
    table = QAccessible.queryAccessibleInterface(panel.view)
    panel.release()
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    assert (table.isValid(), table.childCount()) == (False, 0)
