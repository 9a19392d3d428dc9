"""The orders panel: states, cancels by scope, amends by version, rejects, filter, export.

Long because each gesture on the blotter is tried on one and the same panel.
"""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from tests.helpers.desktop_rig import ACCOUNT, SECOND, START_NS, DesktopRig, limit, order, position, quote, status
from workstation.commands.params import CancelMany, CancelOne
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.orders import (
    ADOPTED_BY,
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    Side,
    TimeInForce,
)


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(made)
    made.resize(1_000, 300)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def shown(panel: OrdersPanel, name: str = "state") -> list[str]:
    column = panel.columns.column_named(name)
    return [panel.columns.index(row, column).data() for row in range(panel.columns.rowCount())]


def stop(cl_ord_id: str = "OMS-S") -> object:
    link = GroupLink("G", Contingency.BRACKET, LegRole.STOP_LOSS, "OMS-P")
    return order(cl_ord_id, limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600), link=link)


def ids(panel: OrdersPanel) -> list[str]:
    table = panel.blotter.table
    return [table.row_at(position).cl_ord_id for position in range(len(table))]


def press(menu: QMenu, name: str) -> None:
    action = next(action for action in menu.actions() if action.objectName() == name)
    action.trigger()
    menu.close()


def texts(menu: QMenu) -> list[str]:
    found = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    return found


def test_the_model_keeps_the_rules_of_qt(panel: OrdersPanel, rig: DesktopRig, qtmodeltester) -> None:
    rig.feed(order("OMS-1"), order("OMS-2"))
    qtmodeltester.check(panel.columns)
    rig.feed(order("OMS-3"), order("OMS-1", state=OrdStatus.FILLED, version=2))


def test_an_empty_blotter_says_what_fills_it(panel: OrdersPanel, rig: DesktopRig) -> None:
    assert panel.view._empty[0] == "No orders today"
    panel.filter_line.setText("zzz")
    rig.feed(order())
    assert "matches" in panel.view._empty[0]


def test_before_the_engine_answers_it_says_that_it_waits(rig: DesktopRig, qtbot) -> None:
    made = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(made)
    assert made.note.text() == "Waiting for the engine…"
    made.release()


def test_orders_known_before_the_panel_opened_are_there(rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", state=OrdStatus.REJECTED))
    made = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(made)
    assert shown(made) == ["REJECTED", "WORKING"]
    assert made.rejects.text() == "1 reject ✓"
    made.release()


def test_without_the_venue_orders_read_unknown_as_of_a_time(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"))
    rig.feed(status=status(venue_state="DOWN", now_ns=START_NS))
    assert shown(panel) == ["UNKNOWN"]
    assert "as of 15:00:00" in panel.note.text()
    rig.feed(status=status(now_ns=START_NS))
    assert (shown(panel), panel.note.isHidden()) == (["WORKING"], True)


def test_del_cancels_the_selection(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1"), order("OMS-2"), order("OMS-3", state=OrdStatus.FILLED))
    panel.view.selectAll()
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id="OMS-2"), CancelOne(cl_ord_id="OMS-1")]
    assert rig.gateway.calls[-1].origin.kind is OriginKind.BLOTTER


def test_backspace_is_no_del_it_is_the_key_of_the_newest_order(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    keys = HotkeyFilter(rig.context)
    rig.feed(order("OMS-1"), order("OMS-2"), quotes=[quote()])
    panel.view.setFocus()
    panel.view.selectRow(1)
    qtbot.keyClick(panel.view, Qt.Key.Key_Backspace)
    assert rig.gateway.sent() == [], "a table alone does nothing for it"
    rig.clock.advance(SECOND)  # past the guard after a change of focus
    panel.view.installEventFilter(keys)
    qtbot.keyClick(panel.view, Qt.Key.Key_Backspace)
    assert [name for name, _params in rig.gateway.sent()] == ["order.cancel_last"]


def test_del_on_an_ended_order_says_that_nothing_happened(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1", state=OrdStatus.FILLED))
    panel.view.selectRow(0)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert rig.gateway.sent() == []
    assert "no open order" in rig.spoken[-1][1]


def test_a_double_click_sends_nothing(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1"))
    spot = panel.view.visualRect(panel.columns.index(0, 0)).center()
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert rig.gateway.sent() == []


def test_each_cancel_scope_says_its_count_and_the_stops_it_keeps(panel: OrdersPanel, rig: DesktopRig) -> None:
    other = order("OMS-M", limit(symbol="MSFT"))
    elsewhere = order("OMS-X", limit(account="SIM-2"))
    rig.feed(order("OMS-1"), order("OMS-2", limit(Side.SELL)), stop(), other, elsewhere)
    listed = texts(panel.cancel_menu())
    assert "Cancel AAPL (2, keeps 1 stop)" in listed
    assert "Cancel AAPL bids (1)" in listed
    assert "Cancel AAPL asks (1, keeps 1 stop)" in listed
    assert f"Cancel all in {ACCOUNT} (3, keeps 1 stop)" in listed
    assert "Cancel all in every account (4, keeps 1 stop)" in listed
    assert f"Cancel all in {ACCOUNT}, stops too (4)" in listed
    press(panel.cancel_menu(), "orders-1_cancel_asks")
    assert rig.gateway.of("order.cancel_scope") == [CancelMany(account=ACCOUNT, symbol="AAPL", side_sign=-1)]


def test_an_amended_price_goes_out_with_id_and_version(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1", version=3))
    editor = open_editor(panel, "price")
    assert editor.text() == "187.15"
    editor.setText("187.20")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    (change,) = rig.gateway.of("order.replace")
    assert (change.cl_ord_id, change.version, change.price, change.order_qty) == ("OMS-1", 3, 18_720, None)


def test_a_time_in_force_is_amended_in_its_cell(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1", version=3))
    editor = open_editor(panel, "tif")
    assert editor.text() == "DAY"
    editor.setText("never")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert "GTD with a date" in editor.toolTip()
    assert rig.gateway.sent() == []
    editor.setText("gtd 2024-01-05")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    (change,) = rig.gateway.of("order.replace")
    assert (change.version, change.time_in_force, change.price) == (3, TimeInForce.GTD, None)
    assert change.expire_time == 1_704_499_200 * SECOND


def test_groups_have_subtotals_of_what_the_filter_shows(panel: OrdersPanel, rig: DesktopRig) -> None:
    bought = order("OMS-1", state=OrdStatus.FILLED, cum_qty=100, cost=100 * 18_700)
    rest = order("OMS-2", cum_qty=50, cost=50 * 18_800, leaves_qty=50, state=OrdStatus.PARTIALLY_FILLED)
    rig.feed(bought, rest, order("OMS-3", limit(symbol="MSFT")))
    assert not panel.totals.isVisible()
    press(panel.group_menu(), "orders-1_group_symbol")
    assert panel.totals.isVisible()

    def totals() -> list[list[str]]:
        model = panel.totals.columns
        return [[model.index(row, column).data() for column in range(9)] for row in range(model.rowCount())]

    assert totals() == [
        ["AAPL", "AAPL", "2", "1", "150", "187.33", "0", "—", "50"],
        ["MSFT", "MSFT", "1", "1", "0", "—", "0", "—", "100"],
    ]
    panel.filter_line.setText("msft")
    assert [row[0] for row in totals()] == ["MSFT"]
    press(panel.group_menu(), "orders-1_group_none")
    assert not panel.totals.isVisible()


def test_escape_drops_an_edit(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1"))
    editor = open_editor(panel, "qty")
    editor.setText("500")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert rig.gateway.sent() == []


def test_arrows_step_an_edit_and_the_loss_of_the_queue_place_is_said_before_enter(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    rig.feed(order("OMS-1"))
    editor = open_editor(panel, "price")
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    qtbot.keyClick(editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert (editor.text(), editor.toolTip()) == ("187.26", "+11t, loses queue place")
    editor.selectAll()
    qtbot.keyClicks(editor, "187.14")
    assert editor.accessibleDescription() == "−1t, loses queue place"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert [(change.price, change.version) for change in rig.gateway.of("order.replace")] == [(18_714, 1)]


def test_a_refused_entry_keeps_the_text_and_says_the_rule(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1", cum_qty=40, state=OrdStatus.PARTIALLY_FILLED))
    editor = open_editor(panel, "qty")
    editor.setText("30")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert (editor.text(), editor.property("invalid")) == ("30", "true")
    assert "filled already" in editor.toolTip()
    assert rig.gateway.sent() == []
    qtbot.keyClick(editor, Qt.Key.Key_Escape)


def test_an_order_that_changed_while_edited_is_asked_about(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    first = order("OMS-1", version=2)
    rig.feed(first)
    editor = open_editor(panel, "price")
    editor.setText("187.20")
    rig.feed(msgspec.structs.replace(first, version=3, cum_qty=10, status=OrdStatus.PARTIALLY_FILLED))
    assert editor.text() == "187.20"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert rig.gateway.sent() == []
    assert "now version 3: re-apply or drop?" in panel.conflict.text.text()
    panel.conflict.again.click()
    (change,) = rig.gateway.of("order.replace")
    assert (change.version, change.price) == (3, 18_720)


def test_an_ended_order_opens_no_editor(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", state=OrdStatus.CANCELLED))
    panel.view.selectRow(0)
    panel.edit("price")
    assert panel.view.findChild(QLineEdit, "order_edit") is None
    assert "cancelled" in rig.spoken[-1][1]


def test_rejects_are_counted_until_acknowledged(panel: OrdersPanel, rig: DesktopRig) -> None:
    assert panel.rejects.isHidden()
    rig.feed(order("OMS-1", state=OrdStatus.REJECTED), order("OMS-2", state=OrdStatus.RISK_REJECTED))
    assert (panel.rejects.isHidden(), panel.rejects.text()) == (False, "2 rejects ✓")
    panel.rejects.click()
    assert panel.rejects.isHidden()


def test_chips_words_and_columns_come_back(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    panel.chips["working"].setChecked(True)
    panel.filter_line.setText("aapl")
    press(panel.group_menu(), "orders-1_group_group")
    settings = panel.save_settings()
    other = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(other)
    other.restore_settings(settings)
    rig.feed(order("OMS-1"), order("OMS-2", state=OrdStatus.FILLED), order("OMS-3", limit(symbol="MSFT")))
    assert shown(other, "id") == ["…OMS-1"]
    assert other.blotter.grouped
    other.release()


def test_this_instrument_follows_the_trade_focus(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"), order("OMS-3", limit(symbol="MSFT")))
    panel.chips["here"].setChecked(True)
    assert shown(panel, "symbol") == ["AAPL"]
    rig.context.focus.move(symbol="MSFT")
    assert shown(panel, "symbol") == ["MSFT"]


def test_the_filtered_view_is_exported(panel: OrdersPanel, rig: DesktopRig, tmp_path) -> None:
    rig.feed(order("OMS-1"), order("OMS-3", limit(symbol="MSFT")))
    panel.filter_line.setText("msft")
    panel.export_to(tmp_path / "orders.csv")
    lines = (tmp_path / "orders.csv").read_text().splitlines()
    assert len(lines) == 2
    assert "MSFT" in lines[1]
    assert "OMS-3" in lines[1]
    panel.export_to(tmp_path / "missing" / "orders.csv")
    assert "Not exported" in rig.spoken[-1][1]


def test_every_control_has_a_name(panel: OrdersPanel) -> None:
    for widget in (panel.view, panel.filter_line, panel.rejects, panel.cancel_button, *panel.chips.values()):
        assert widget.objectName().startswith("orders-1_")
        assert widget.accessibleName()


def open_editor(panel: OrdersPanel, name: str) -> QLineEdit:
    panel.view.selectRow(0)
    panel.edit(name)
    editor = panel.view.findChild(QLineEdit, "order_edit")
    assert editor is not None
    return editor


def test_a_narrow_panel_holds_its_chips_in_a_menu(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", state=OrdStatus.FILLED))
    assert not panel.chips["working"].isHidden()
    panel.resize(560, 300)
    assert (panel.chips["working"].isHidden(), panel.more.isHidden()) == (True, False)
    assert panel.minimumSizeHint().width() < 560
    menu = panel.chip_menu()
    next(action for action in menu.actions() if action.text() == "Working").trigger()
    menu.close()
    assert ids(panel) == ["OMS-1"]


@pytest.mark.parametrize("theme", ["dark", "high_contrast"])
def test_a_panel_at_the_edge_of_a_small_screen_cuts_no_button_and_no_filter(
    panel: OrdersPanel, rig: DesktopRig, qapp: QApplication, theme: str
) -> None:
    apply_theme(qapp, load_theme(theme))
    rig.feed(*(order(f"OMS-{n}", state=OrdStatus.REJECTED, reject_code="PX", text="price") for n in range(2)))
    panel.resize(356, 300)
    QApplication.processEvents()
    controls = [widget for widget in panel.bar.children() if isinstance(widget, QWidget) and widget.isVisible()]
    assert panel.rejects in controls
    for one, other in combinations(controls, 2):
        assert not one.geometry().intersects(other.geometry()), f"{one.objectName()} lies over {other.objectName()}"
    for control in controls:
        needed = max(control.minimumSizeHint().width(), control.minimumWidth())
        assert control.width() >= needed, f"{control.objectName()} is cut"
    apply_theme(qapp, load_theme("dark"))


def test_a_state_says_its_reason_on_hover(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", state=OrdStatus.REJECTED, reject_code="PX", text="price outside the collar"))
    hover = panel.columns.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert hover == "REJECTED: [PX] price outside the collar"


def test_the_filter_line_understands_fields_comparisons_and_not(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", limit(qty=500)), order("OMS-3", limit(qty=900, symbol="MSFT")))
    panel.filter_line.setText("qty>=500 -msft or state:rejected")
    assert shown(panel, "qty") == ["500"]


def test_ctrl_f_reaches_the_filter_line_and_escape_shows_every_order_again(panel, rig, qtbot) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", limit(symbol="MSFT")))
    panel.activateWindow()
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = panel.findChild(QLineEdit, "orders-1_filter")
    assert line.hasFocus()
    qtbot.keyClicks(line, "msft")
    assert shown(panel, "symbol") == ["MSFT"]
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert sorted(shown(panel, "symbol")) == ["AAPL", "MSFT"]


def test_the_header_begins_a_filter_by_its_column_and_the_line_names_every_column(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", limit(symbol="MSFT")))
    for name in panel.blotter.query.columns:
        assert name in panel.filter_line.toolTip()
    header, number = panel.view.horizontalHeader(), panel.columns.column_named("symbol")
    point = QPoint(header.sectionViewportPosition(number) + 3, 3)
    header.customContextMenuRequested.emit(point)
    menu = panel.view.findChild(QMenu, "orders-1_table_columns")
    press(menu, "orders-1_table_filter_by")
    assert (panel.filter_line.text(), panel.filter_line.hasFocus()) == ("symbol:", True)
    qtbot.keyClicks(panel.filter_line, "ms")
    assert shown(panel, "symbol") == ["MSFT"]


def test_a_foreign_order_is_adopted_from_its_menu_and_then_counts_as_ones_own(
    panel: OrdersPanel, rig: DesktopRig
) -> None:
    foreign = order("X-1", origin=Origin(kind=OriginKind.EXTERNAL, detail="client 7", user=""), metadata={"desk": "b"})
    rig.feed(order("OMS-1"), foreign)
    panel.chips["foreign"].setChecked(True)
    assert shown(panel, "origin") == ["external client 7"]
    panel.view.selectRow(0)
    press(panel.context_menu(), "orders-1_adopt")
    (wish,) = rig.gateway.of("order.annotate")
    assert (wish.cl_ord_id, wish.metadata) == ("X-1", {"desk": "b", ADOPTED_BY: "local"})
    rig.feed(msgspec.structs.replace(foreign, version=2, metadata=wish.metadata))
    panel.view.reorder(panel.blotter.table.refresh)
    assert shown(panel, "origin") == [], "it is foreign no longer"
    panel.chips["foreign"].setChecked(False)
    assert shown(panel, "origin") == ["adopted external client 7", "ticket"]
    panel.view.selectRow(1)
    menu = panel.context_menu()
    adopt = next(action for action in menu.actions() if action.objectName() == "orders-1_adopt")
    assert not adopt.isEnabled(), "one's own needs none"
    menu.close()


def test_a_line_that_cannot_be_read_is_marked_and_hides_nothing(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", limit(qty=500)))
    panel.filter_line.setText("qty>=500")
    panel.filter_line.setText("qty>=50o")
    assert (panel.filter_line.property("invalid"), shown(panel, "qty")) == ("true", ["500"])
    assert panel.filter_line.toolTip().startswith("Column 6: qty is compared with a number")
    panel.filter_line.setText("qty>=50")
    assert (panel.filter_line.property("invalid"), len(shown(panel))) == ("false", 2)


def test_latency_columns_wait_until_they_are_chosen_and_then_stay(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    ms = 1_000_000
    rig.feed(order("OMS-1", ts_durable=START_NS + 2 * ms, ts_sent=START_NS + 5 * ms, filled_at=START_NS + 20 * ms))
    number = panel.columns.column_named("sent")
    assert panel.view.isColumnHidden(number)
    menu = panel.view.column_menu()
    next(action for action in menu.actions() if action.text() == "Sent ms").trigger()
    menu.close()
    assert [shown(panel, name)[0] for name in ("journal", "sent", "fill")] == ["2.0", "3.0", "20.0"]
    other = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert not other.view.isColumnHidden(number)
    other.release()


def test_alt_and_an_arrow_moves_every_selected_order_by_a_tick(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("OMS-1"), stop(), order("OMS-3", state=OrdStatus.FILLED))
    panel.view.setFocus()
    panel.view.selectAll()
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    changes = {change.cl_ord_id: change for change in rig.gateway.of("order.replace")}
    assert {name: (change.price, change.stop_px) for name, change in changes.items()} == {
        "OMS-1": (18_716, None),
        "OMS-S": (None, 18_601),
    }
    assert changes["OMS-1"].version == 1
    assert any("only a working order" in text for _, text in rig.spoken)


def test_a_second_press_moves_on_from_where_the_first_has_asked_to_go(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    rig.feed(order("OMS-1", state=OrdStatus.PENDING_REPLACE, pending_terms=limit(Side.BUY, 18_716)))
    panel.view.select_key("OMS-1")
    panel.reprice(1)
    (change,) = rig.gateway.of("order.replace")
    assert change.price == 18_717


def test_a_strategys_orders_are_cancelled_together(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", strategy_id="sma"), order("OMS-2", strategy_id="sma"), order("OMS-3"))
    panel.view.select_key("OMS-2")
    press(panel.cancel_menu(), "orders-1_cancel_strategy_sma")
    assert rig.gateway.of("order.cancel_scope") == [CancelMany(strategy_id="sma")]


def test_entries_alone_are_cancelled_and_counted_as_the_engine_counts_them(panel: OrdersPanel, rig: DesktopRig) -> None:
    exit_ = order("OMS-3", limit(Side.SELL, reduce_only=True))
    rig.feed(order("OMS-1"), order("OMS-2", limit(Side.SELL)), exit_, stop(), positions=[position(100)])
    assert "Cancel AAPL entries only (1)" in texts(panel.cancel_menu())
    press(panel.cancel_menu(), "orders-1_cancel_entries")
    assert rig.gateway.of("order.cancel_scope") == [CancelMany(account=ACCOUNT, symbol="AAPL", entries_only=True)]


def test_the_orders_of_a_script_token_are_cancelled_together(panel: OrdersPanel, rig: DesktopRig) -> None:
    script = Origin(kind=OriginKind.REST, detail="token-abc123")
    rig.feed(order("OMS-1", origin=script), order("OMS-2", origin=script), order("OMS-3"))
    assert not any("token" in text for text in texts(panel.cancel_menu()))
    panel.view.select_key("OMS-2")
    assert "Cancel script token …abc123 (2)" in texts(panel.cancel_menu())
    press(panel.cancel_menu(), "orders-1_cancel_token_token-abc123")
    assert {sent.cl_ord_id for sent in rig.gateway.of("order.cancel")} == {"OMS-1", "OMS-2"}
    assert rig.gateway.of("order.cancel_scope") == []
    rig.origin_names["token-abc123"] = "night robot"
    assert "Cancel script night robot (2)" in texts(panel.cancel_menu())


def test_the_orders_of_a_run_are_cancelled_together_and_the_menu_calls_it_by_its_name(
    panel: OrdersPanel, rig: DesktopRig
) -> None:
    rig.origin_names["run-7"] = "Reversion 3"
    run = Origin(kind=OriginKind.STRATEGY, detail="run-7")
    rig.feed(order("OMS-1", origin=run, strategy_id="run-7"))
    panel.view.select_key("OMS-1")
    assert "Cancel strategy Reversion 3 (1)" in texts(panel.cancel_menu())
    press(panel.cancel_menu(), "orders-1_cancel_strategy_run-7")
    assert rig.gateway.of("order.cancel_scope") == [CancelMany(strategy_id="run-7")]


def test_the_filtered_view_is_exported_as_json(panel: OrdersPanel, rig: DesktopRig, tmp_path) -> None:
    rig.feed(order("OMS-1"), order("OMS-3", limit(symbol="MSFT")))
    panel.filter_line.setText("msft")
    panel.export_to(tmp_path / "orders.json")
    (row,) = msgspec.json.decode((tmp_path / "orders.json").read_bytes())
    assert (row["Symbol"], row["Price"], row["Id"]) == ("MSFT", "187.15", "OMS-3")


def test_the_filter_asks_for_reasons_and_for_ages_and_rows_come_and_go_as_time_passes(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    collar = "187.95 is 31t through ask 187.64"
    refused = order("OMS-1", state=OrdStatus.RISK_REJECTED, text=collar, reject_code="PRICE_COLLAR")
    old = order("OMS-2", created_at=START_NS - 240 * SECOND)
    rig.feed(refused, old, order("OMS-3", created_at=START_NS - 10 * SECOND))
    line = panel.filter_line
    qtbot.keyClicks(line, "reason:collar")
    assert (line.property("invalid"), ids(panel)) == ("false", ["OMS-1"])
    line.setText('-reason:"through ask"')
    assert ids(panel) == ["OMS-3", "OMS-2"]
    line.setText("age>1m")
    assert ids(panel) == ["OMS-2"]
    rig.feed(status=status(now_ns=START_NS + 51 * SECOND))
    assert ids(panel) == ["OMS-3", "OMS-2"], "it grew older with no word from the venue"
    line.setText("age<5m")
    rig.feed(status=status(now_ns=START_NS + 61 * SECOND))
    assert ids(panel) == ["OMS-3"]
    panel.begin_filter("age")
    assert line.text() == "age<5m age>"


def test_today_is_another_day_after_midnight(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"))
    panel.chips["today"].setChecked(True)
    assert ids(panel) == ["OMS-1"]
    rig.feed(status=status(now_ns=START_NS + 86_400 * SECOND))
    assert ids(panel) == []


def test_whose_an_order_of_a_strategy_is_stands_in_its_origin_and_is_changed_from_its_menu(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    own = order("OMS-1", origin=Origin(kind=OriginKind.STRATEGY, detail="R1"), strategy_id="R1")
    rig.feed(own)
    panel.view.selectRow(0)
    press(panel.context_menu(), "orders-1_take_over")
    assert [wish.cl_ord_id for wish in rig.gateway.of("order.take_over")] == ["OMS-1"]
    rig.feed(msgspec.structs.replace(own, version=2, taken_by="pat"))
    panel.view.reorder(panel.blotter.table.refresh)
    assert shown(panel, "origin") == ["pat from strategy R1"]
    qtbot.keyClicks(panel.filter_line, "origin:pat")
    assert shown(panel, "origin") == ["pat from strategy R1"], "it is found by whose it is"
    panel.view.selectRow(0)
    menu = panel.context_menu()
    taken = next(action for action in menu.actions() if action.objectName() == "orders-1_take_over")
    assert not taken.isEnabled()
    press(menu, "orders-1_give_back")
    assert [wish.cl_ord_id for wish in rig.gateway.of("order.give_back")] == ["OMS-1"]


def test_every_account_is_cancelled_at_once_and_stops_only_where_they_are_named(
    panel: OrdersPanel, rig: DesktopRig
) -> None:
    rig.feed(order("OMS-1"), stop(), order("OMS-X", limit(account="SIM-2")))
    press(panel.cancel_menu(), "orders-1_cancel_everywhere")
    press(panel.cancel_menu(), "orders-1_cancel_stops")
    assert rig.gateway.of("order.cancel_scope") == [
        CancelMany(),
        CancelMany(account=ACCOUNT, include_protective=True),
    ]


def test_a_pending_row_is_painted_in_the_very_frame_that_brings_it(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"))
    rig.feed(order("OMS-2", state=OrdStatus.PENDING_SUBMIT))
    assert sorted(zip(ids(panel), shown(panel), strict=True)) == [("OMS-1", "WORKING"), ("OMS-2", "PENDING")]
