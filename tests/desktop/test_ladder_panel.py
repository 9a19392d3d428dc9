"""The ladder under real buttons and keys: what each gesture sends, and what it never does.

Long because every gesture of pointer and keyboard is made on one and the same ladder.
"""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from tests.helpers.desktop_rig import DesktopRig, depth, limit, order, position, quote, status
from workstation.commands.params import CancelMany, CancelOne, ChangeOrder, ExitPosition, Watch
from workstation.commands.registry import CommandResult
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.shell.hotkeys import ESCAPE_LAYER
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.desktop.shell.top_bar import TopBar
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.accounts import Environment
from workstation.domain.orders import OrdStatus, OrdType, OriginKind, Side
from workstation.viewmodels.ladder_clicks import Column

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
QUIET = 400_000_000


@pytest.fixture
def rig(rig: DesktopRig) -> DesktopRig:
    rig.context.sizes.choose(3)
    return rig


@pytest.fixture
def panel(qtbot, rig):
    panel = LadderPanel(rig.context, "ladder-1")
    holder = PanelHeader.wrap(panel)
    qtbot.addWidget(holder)
    holder.resize(420, 760)
    holder.show()
    panel.show_symbol("AAPL")
    rig.clock.advance(QUIET)
    rig.arm()
    rig.feed(depths=[depth(bid=18_719, ask=18_721, levels=30)], quotes=[quote()])
    yield panel
    panel.release()


def cell(panel, column, price):
    view = panel.view
    rect = view.grid.row_rect(view.ladder.map.row_of(price), view.width())
    return view.columns.rect(column, rect.top(), rect.height()).center()


def click(panel, column, price, button=LEFT, modifiers=NONE):
    QTest.mouseClick(panel.view, button, modifiers, cell(panel, column, price))


def wheel(panel, notches, modifiers=NONE):
    at = QPointF(panel.view.rect().center())
    event = QWheelEvent(
        at,
        panel.view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(panel.view, event)


def child(panel, kind, name):
    return panel.findChild(kind, f"ladder-1_{name}")


def test_the_head_names_the_full_contract_and_the_account_with_its_environment(panel):
    head = panel.header_widget()
    tips = {part.toolTip() for part in head.findChildren(QLabel)}
    assert "Apple Inc. common stock · XNAS · USD. STOCK, tick 0.01, lot 1." in tips
    assert "Orders of this panel go to account SIM-1, SIM." in tips
    assert {part.property("chip") for part in head.findChildren(QLabel)} >= {"sim"}


def test_it_watches_the_book_and_quote_of_its_instrument(rig, panel):
    wish = Watch(consumer="ladder-1", quotes=frozenset({"AAPL"}), depths=frozenset({"AAPL"}))
    assert rig.gateway.of("market.watch") == [wish]


@pytest.mark.parametrize(
    ("column", "price", "button", "side", "ord_type"),
    [
        (Column.BID, 18_715, LEFT, Side.BUY, OrdType.LIMIT),
        (Column.ASK, 18_725, LEFT, Side.SELL, OrdType.LIMIT),
        (Column.BID, 18_725, RIGHT, Side.BUY, OrdType.STOP),
        (Column.ASK, 18_715, RIGHT, Side.SELL, OrdType.STOP),
    ],
)
def test_a_click_sends_the_order_that_was_read_before_it(rig, panel, *, column, price, button, side, ord_type):
    QTest.mouseMove(panel.view, cell(panel, column, price))
    QApplication.processEvents()
    read = panel.preview.full_text.removeprefix("right button: ")
    click(panel, column, price, button)
    (call,) = [c for c in rig.gateway.calls if c.command_id == "order.submit"]
    terms = call.params.terms
    assert (terms.side, terms.ord_type, terms.order_qty) == (side, ord_type, 100)
    assert (terms.price if ord_type is OrdType.LIMIT else terms.stop_px) == price
    assert call.params.metadata["preview"] == read
    assert call.origin.kind is OriginKind.LADDER
    assert call.origin.detail == f"row {price / 100:.2f}"
    assert rig.spoken[-1] == ("info", f"Pending: {read}")


def test_a_disarmed_entry_click_only_pulses_the_arm_chip(qtbot, rig, panel):
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    rig.arm(None)
    click(panel, Column.BID, 18_715)
    assert rig.gateway.sent() == []
    assert bar.notice.text() == "Refused: hand entry is disarmed. Ctrl+F12 arms."


def test_a_disarmed_click_that_can_only_reduce_goes_to_the_gate(rig, panel):
    rig.arm(None)
    rig.feed(positions=[position(100)])
    click(panel, Column.ASK, 18_725)
    assert [name for name, _ in rig.gateway.sent()] == ["order.submit"]


def test_a_limit_on_the_wrong_side_is_refused_until_marketable_limits_are_allowed(rig, panel):
    click(panel, Column.BID, 18_725)
    assert rig.gateway.sent() == []
    assert "4t through ask 187.21" in rig.spoken[-1][1]
    panel.marketable.setChecked(True)
    click(panel, Column.BID, 18_725)
    assert rig.gateway.of("order.submit")[0].terms.price == 18_725


def test_a_click_over_two_rows_is_refused(rig, panel):
    QTest.mousePress(panel.view, LEFT, NONE, cell(panel, Column.BID, 18_715))
    QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, Column.BID, 18_714))
    assert rig.gateway.sent() == []
    assert rig.spoken[-1][1] == "Refused: pressed at 187.15, released at 187.14; click within one row."


def test_a_double_click_sends_once(rig, panel):
    at = cell(panel, Column.BID, 18_715)
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    QTest.mouseDClick(panel.view, LEFT, NONE, at)
    assert len(rig.gateway.of("order.submit")) == 1


def test_rows_stay_while_the_market_moves_and_space_recentres(rig, panel):
    before = panel.view.ladder.map.prices
    rig.feed(depths=[depth(bid=18_760, ask=18_762)])
    assert panel.view.ladder.map.prices == before
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert panel.view.ladder.map.row_of(18_761) == panel.view.ladder.map.rows // 2


def test_a_recentring_waits_for_the_pointer_and_for_a_pressed_button(rig, panel):
    rig.feed(depths=[depth(bid=18_740, ask=18_742)])
    before = panel.view.ladder.map.prices
    QTest.mouseMove(panel.view, cell(panel, Column.BID, 18_715))
    QTest.mouseMove(panel.view, cell(panel, Column.BID, 18_716))
    QTest.mouseClick(panel.view, MIDDLE, NONE, cell(panel, Column.PRICE, 18_716))
    rig.frame()
    assert panel.view.ladder.map.prices == before
    rig.clock.advance(QUIET)
    QTest.mousePress(panel.view, LEFT, NONE, cell(panel, Column.PRICE, 18_716))
    rig.frame()
    assert panel.view.ladder.map.prices == before
    QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, Column.PRICE, 18_716))
    rig.frame()
    assert panel.view.ladder.map.prices != before


def test_the_wheel_scrolls_and_with_ctrl_groups_ticks(rig, panel):
    top = panel.view.ladder.map.prices[0]
    wheel(panel, 1)
    assert panel.view.ladder.map.prices[0] == top + 3
    wheel(panel, -1, CTRL)
    assert panel.view.ladder.map.ticks_per_row == 2
    QTest.mousePress(panel.view, LEFT, NONE, panel.view.rect().center())
    wheel(panel, -1, CTRL)
    assert panel.view.ladder.map.ticks_per_row == 2
    assert panel.save_settings()["ticks_per_row"] == 2


def test_a_click_on_an_own_order_cancels_the_newest_and_with_ctrl_all_of_the_row(rig, panel):
    rig.arm(None)
    rows = [order("OMS-1", limit(price=18_716), created_at=1), order("OMS-2", limit(price=18_716), created_at=2)]
    rig.feed(*rows)
    click(panel, Column.OWN_BID, 18_716)
    assert rig.gateway.sent() == [("order.cancel", CancelOne(cl_ord_id="OMS-2", reason="ladder"))]
    click(panel, Column.OWN_BID, 18_716, modifiers=CTRL)
    assert [params.cl_ord_id for params in rig.gateway.of("order.cancel")] == ["OMS-2", "OMS-2", "OMS-1"]


def drag(panel, column, start, end, *, release=True):
    QTest.mousePress(panel.view, LEFT, NONE, cell(panel, column, start))
    QTest.mouseMove(panel.view, cell(panel, column, (start + end) // 2))
    QTest.mouseMove(panel.view, cell(panel, column, end))
    QApplication.processEvents()
    if release:
        QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, column, end))


def test_a_drag_moves_the_price_bound_to_id_and_version(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_712), version=4))
    drag(panel, Column.OWN_BID, 18_712, 18_716)
    assert rig.gateway.sent() == [("order.replace", ChangeOrder(cl_ord_id="OMS-1", price=18_716, version=4))]


def test_escape_and_a_drop_outside_or_on_the_same_row_send_nothing(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_712)))
    drag(panel, Column.OWN_BID, 18_712, 18_716, release=False)
    assert panel.view.property(ESCAPE_LAYER) is True
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, Column.OWN_BID, 18_716))
    assert panel.view.property(ESCAPE_LAYER) is False
    drag(panel, Column.OWN_BID, 18_712, 18_716, release=False)
    QTest.mouseMove(panel.view, cell(panel, Column.OWN_BID, 18_712))
    QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, Column.OWN_BID, 18_712))
    drag(panel, Column.OWN_BID, 18_712, 18_716, release=False)
    QTest.mouseRelease(panel.view, LEFT, NONE, QPoint(-20, -20))
    assert rig.gateway.sent() == []


def test_a_drag_ends_with_a_notice_when_its_order_changes(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_712)))
    drag(panel, Column.OWN_BID, 18_712, 18_716, release=False)
    rig.feed(order("OMS-1", limit(price=18_712), OrdStatus.PARTIALLY_FILLED, version=2, cum_qty=40, leaves_qty=60))
    assert panel.view.drag is None
    assert rig.spoken[-1][1].startswith("Drag ended")
    QTest.mouseRelease(panel.view, LEFT, NONE, cell(panel, Column.OWN_BID, 18_716))
    assert rig.gateway.sent() == []


def test_drags_during_an_amend_coalesce_to_the_last_price(qtbot, rig, panel):
    rig.feed(order("OMS-1", limit(price=18_712)))
    drag(panel, Column.OWN_BID, 18_712, 18_716)
    drag(panel, Column.OWN_BID, 18_712, 18_714)
    drag(panel, Column.OWN_BID, 18_712, 18_710)
    assert len(rig.gateway.of("order.replace")) == 1
    rig.gateway.answer("order.replace", CommandResult(ok=True, text="Change asked."))
    qtbot.waitUntil(lambda: rig.spoken[-1][1] == "Change asked.")
    rig.feed(order("OMS-1", limit(price=18_716), version=3))
    assert rig.gateway.of("order.replace")[1:] == [ChangeOrder(cl_ord_id="OMS-1", price=18_710, version=3)]


def test_stale_depth_refuses_entries_and_lets_cancels_through(qtbot, rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)), depths=[depth(freshness="STALE", age_ms=7_300)])
    click(panel, Column.BID, 18_715)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1] == ("warning", "Refused: depth of AAPL is 7.3 s old; wait for it.")
    assert panel.status.full_text.startswith("Depth 7.3 s old")
    click(panel, Column.OWN_BID, 18_716)
    qtbot.mouseClick(child(panel, QPushButton, "cancel_all"), LEFT)
    assert [name for name, _ in rig.gateway.sent()] == ["order.cancel", "order.cancel_scope"]


def test_a_lost_venue_link_turns_orders_unknown(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)), status=status(venue_state="DOWN", armed=Environment.SIM))
    row = next(row for row in panel.view.picture.rows if row.price == 18_716)
    assert row.own_bid.state == "unknown"
    click(panel, Column.BID, 18_715)
    assert rig.gateway.sent() == []


@pytest.mark.parametrize(("button", "sign"), [("cancel_bids", 1), ("cancel_asks", -1), ("cancel_all", None)])
def test_cancel_buttons_carry_counts_and_work_disarmed(qtbot, rig, panel, *, button, sign):
    rig.arm(None)
    rig.feed(order("OMS-1", limit(price=18_716)), order("OMS-2", limit(Side.SELL, 18_730)))
    made = child(panel, QPushButton, button)
    assert made.text().endswith("2" if sign is None else "1")
    qtbot.mouseClick(made, LEFT)
    scope = CancelMany(account="SIM-1", symbol="AAPL", side_sign=sign, include_protective=True)
    assert rig.gateway.sent() == [("order.cancel_scope", scope)]


@pytest.fixture
def narrow(qapp, qtbot, panel):
    """Yield the ladder as wide as the trading workspace has it in the least window."""
    load_fonts()
    apply_theme(qapp, load_theme("dark"))
    dock, holder = QWidget(), panel.window()  # a dock gives less than a panel asks for
    qtbot.addWidget(dock)
    holder.setParent(dock)
    holder.setMinimumSize(0, 0)  # a window takes that of its layout
    holder.resize(224, 460)
    dock.show()
    holder.show()
    QApplication.processEvents()
    yield holder
    holder.setParent(None)


def test_a_ladder_of_the_least_window_cuts_no_word(rig, panel, narrow):
    holder = narrow
    rig.feed(positions=[position(-123_450)], status=status(venue_state="DOWN"))
    rig.frame()
    QApplication.processEvents()
    for made in panel.buttons.findChildren(QPushButton):
        assert made.width() >= made.sizeHint().width(), made.text()
    assert child(panel, QPushButton, "position").text() == "−123450"
    shown = [made for made in panel.pad.findChildren(QToolButton) if made.isVisible()]
    boxes = [made.geometry() for made in (panel.pad.field, *shown)]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
    assert all(panel.pad.rect().contains(box) for box in boxes)
    assert panel.status.text().startswith("Venue link DOWN: orders")
    account = holder.findChild(QLabel, "ladder-1_account")
    assert account.width() >= account.sizeHint().width()
    assert holder.rect().contains(QRect(account.mapTo(holder, QPoint(0, 0)), account.size()))


def test_no_state_of_the_data_moves_a_row_of_a_narrow_ladder(rig, panel, narrow):
    assert narrow.width() == 224
    before = panel.view.geometry()
    for state in (status(venue_state="DOWN"), status()):
        rig.feed(positions=[position(-12_300)], status=state)
        rig.frame()
        QApplication.processEvents()
        assert panel.view.geometry() == before


def test_flatten_works_disarmed(qtbot, rig, panel):
    rig.arm(None)
    qtbot.mouseClick(child(panel, QPushButton, "flatten"), LEFT)
    assert rig.gateway.sent() == [("position.flatten", ExitPosition(account="SIM-1", symbol="AAPL"))]


def test_the_position_button_seeds_the_exit_size_and_sends_nothing(qtbot, rig, panel):
    rig.feed(positions=[position(-250)])
    made = child(panel, QPushButton, "position")
    assert made.text().startswith("Short 250")
    qtbot.mouseClick(made, LEFT)
    assert panel.pad.qty == 250
    assert rig.gateway.sent() == []


def test_the_pad_adds_and_shift_subtracts_and_zero_never_sends(qtbot, rig, panel):
    plus = child(panel, QToolButton, "add_10")
    qtbot.mouseClick(plus, LEFT)
    qtbot.mouseClick(plus, LEFT)
    assert panel.pad.qty == 120
    qtbot.keyPress(plus, Qt.Key.Key_F24, SHIFT)  # the program knows modifiers from events alone
    qtbot.mouseClick(plus, LEFT, SHIFT)
    qtbot.keyRelease(plus, Qt.Key.Key_F24)
    assert panel.pad.qty == 110
    qtbot.mouseClick(child(panel, QToolButton, "clear"), LEFT)
    click(panel, Column.BID, 18_715)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1][1] == "Refused: quantity 0 never sends; add to the quantity first."


def test_the_quantity_field_takes_multiples_and_refuses_words(qtbot, rig, panel):
    field = child(panel, QLineEdit, "qty")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "2k")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert panel.pad.qty == 2_000
    field.selectAll()
    qtbot.keyClicks(field, "lots")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (panel.pad.qty, field.text(), field.property("invalid")) == (0, "lots", "true")


def test_a_new_symbol_refuses_clicks_for_the_guard_and_keeps_orders(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)), depths=[depth("MSFT", 41_000, 41_002)], quotes=[quote("MSFT")])
    panel.choose_symbol("MSFT")
    click(panel, Column.BID, 41_000)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1][1] == "Refused: the ladder moved to MSFT under 300 ms ago."
    rig.clock.advance(300_000_000)
    click(panel, Column.BID, 41_000)
    assert rig.gateway.of("order.submit")[0].terms.symbol == "MSFT"
    assert "OMS-1" in rig.context.state.open_orders


def test_an_off_screen_arrow_jumps_to_its_orders(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_500)))
    last = len(panel.view.picture.rows) - 1
    rect = panel.view.grid.row_rect(last, panel.view.width())
    at = panel.view.columns.rect(Column.PRICE, rect.top(), rect.height()).center()
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert panel.view.ladder.map.row_of(18_500) is not None


def test_a_reject_mark_goes_when_it_is_acknowledged(rig, panel):
    rig.feed(order("OMS-9", limit(Side.SELL, 18_730), OrdStatus.REJECTED, text="no funds"))
    row = next(row for row in panel.view.picture.rows if row.price == 18_730)
    assert row.ask_reject == "no funds"
    click(panel, Column.OWN_ASK, 18_730)
    assert not any(row.ask_reject for row in panel.view.picture.rows)


def test_arrows_move_a_cursor_and_enter_acts_once(rig, panel):
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    assert panel.view.accessibleDescription() == "ask 187.21"
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    (params,) = rig.gateway.of("order.submit")
    assert (params.terms.side, params.terms.price) == (Side.SELL, 18_721)


def test_the_editor_changes_quantity_and_price(qtbot, rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)))
    click(panel, Column.OWN_BID, 18_716, MIDDLE)
    editor = panel.findChild(object, "ladder_editor")
    editor.qty.selectAll()
    qtbot.keyClicks(editor.qty, "60")
    qtbot.keyClick(editor.qty, Qt.Key.Key_Return)
    assert rig.gateway.sent() == [("order.replace", ChangeOrder(cl_ord_id="OMS-1", order_qty=60, version=1))]


def test_only_rows_that_changed_are_painted(qtbot, rig, panel):
    QApplication.processEvents()
    painted = []
    paint = panel.view._painter.rows
    panel.view._painter.rows = lambda painter, rows, *args, **how: (
        painted.extend(row.price for row, _ in rows),
        paint(painter, rows, *args, **how),
    )
    before = depth(bid=18_719, ask=18_721, levels=30)
    changed = tuple(type(level)(level.price, level.size + (50 if n == 3 else 0)) for n, level in enumerate(before.bids))
    rig.feed(depths=[depth(bid=18_719, ask=18_721, levels=30, bids=changed)])
    QApplication.processEvents()
    assert painted == [18_716]


def test_settings_come_back(qtbot, rig):
    panel = LadderPanel(rig.context, "ladder-2")
    qtbot.addWidget(panel)
    kept = {"ticks_per_row": 5, "STOCK.marketable": True, "STOCK.second_qty": 7, "FUTURE.scheme": "auto"}
    panel.restore_settings(kept | {"stranger": "x", "STOCK.stranger": 1, "STOCK.stop_ticks": -4})
    panel.show_symbol("AAPL")
    assert panel.view.ladder.map.ticks_per_row == 5
    assert panel.save_settings() == kept
    assert panel.marketable.isChecked()
    panel.show_symbol("ESZ6")
    assert (panel.settings.scheme, panel.marketable.isChecked()) == ("auto", False)
    panel.release()


def test_every_control_has_a_name_and_an_accessible_name(rig, panel):
    for made in (*panel.findChildren(QPushButton), *panel.findChildren(QToolButton), *panel.findChildren(QLineEdit)):
        assert made.objectName()
        assert made.accessibleName(), made.objectName()


def test_r_begins_the_flow_anew_and_the_column_stands_where_there_is_room(qtbot, rig, panel):
    panel.window().resize(700, 760)
    for sold in (300, 350):
        rig.feed(depths=[depth(bid=18_719, ask=18_721, levels=30, traded=((18_719, sold, 0),))])
    assert panel.view.columns.shows(Column.FLOW)
    assert panel.view.ladder.flow.since(18_719) == (50, 0)
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_R)
    assert panel.view.ladder.flow.since(18_719) == (0, 0)
