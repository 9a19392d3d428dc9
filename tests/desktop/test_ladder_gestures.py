"""The ladder's settings under real buttons and keys: schemes, brackets, second size, following, centring, digits.

Long because each setting and gesture is tried on one and the same ladder.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QSpinBox, QToolTip, QWidget

from tests.helpers.desktop_rig import DesktopRig, depth, limit, order, position, quote
from workstation.commands.params import CancelOne, ChangeOrder
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, OrdType, Side
from workstation.viewmodels.ladder_centring import FLASH_NS
from workstation.viewmodels.ladder_clicks import POINTER_QUIET_NS, Column
from workstation.viewmodels.ladder_settings import LadderSettings, PnlUnit, Scheme

LEFT = Qt.MouseButton.LeftButton
ALT, SHIFT, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


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
    market(rig, 18_719)
    yield panel
    panel.release()


def market(rig: DesktopRig, bid: int) -> None:
    rig.feed(depths=[depth(bid=bid, ask=bid + 2, levels=30)], quotes=[quote(bid=bid, ask=bid + 2)])


def use(panel: LadderPanel, **settings: object) -> None:
    panel.set_settings(LadderSettings(**settings))


def cell(panel: LadderPanel, column: Column, price: int) -> QPoint:
    view = panel.view
    rect = view.grid.row_rect(view.ladder.map.row_of(price), view.width())
    return view.columns.rect(column, rect.top(), rect.height()).center()


def click(panel: LadderPanel, column: Column, price: int, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(panel.view, LEFT, held, cell(panel, column, price))


def hover(panel: LadderPanel, at: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    button, everywhere = Qt.MouseButton.NoButton, panel.view.mapToGlobal(at)
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), QPointF(everywhere), button, button, held)
    QApplication.sendEvent(panel.view, event)


def wheel(panel: LadderPanel, notches: int) -> None:
    at = QPointF(panel.view.rect().center())
    up, button = QPoint(0, 120 * notches), Qt.MouseButton.NoButton
    event = QWheelEvent(at, panel.view.mapToGlobal(at), QPoint(), up, button, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(panel.view, event)


def top(panel: LadderPanel) -> int:
    return panel.view.ladder.map.prices[0]


@pytest.mark.parametrize(
    ("column", "price", "side", "ord_type"),
    [
        (Column.BID, 18_721, Side.BUY, OrdType.LIMIT),
        (Column.BID, 18_722, Side.BUY, OrdType.STOP),
        (Column.ASK, 18_719, Side.SELL, OrdType.LIMIT),
        (Column.ASK, 18_718, Side.SELL, OrdType.STOP),
    ],
)
def test_in_the_auto_scheme_the_side_of_the_market_decides_limit_or_stop(rig, panel, *, column, price, side, ord_type):
    use(panel, scheme=Scheme.AUTO)
    click(panel, column, price)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.side, sent.terms.ord_type) == (side, ord_type)


def test_alt_attaches_the_bracket_and_the_preview_says_so_with_the_money_at_risk(rig, panel):
    use(panel, stop_ticks=10, target_ticks=25)
    panel.view.setFocus()
    hover(panel, cell(panel, Column.BID, 18_715))
    assert "STOP-LOSS" not in panel.preview.full_text
    QTest.keyPress(panel.view, Qt.Key.Key_Alt)
    read = panel.preview.full_text
    assert "STOP-LOSS 187.05 · TAKE-PROFIT 187.40" in read
    assert read.endswith("RISK 10.00 USD")
    click(panel, Column.BID, 18_715, ALT)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.stop_loss_px, sent.take_profit_px) == (18_705, 18_740)
    assert sent.metadata["preview"] == read
    QTest.keyRelease(panel.view, Qt.Key.Key_Alt, ALT)
    assert "STOP-LOSS" not in panel.preview.full_text


def test_the_bracket_of_a_sale_lies_the_other_way_round(rig, panel):
    use(panel, stop_ticks=10, target_ticks=0)
    click(panel, Column.ASK, 18_725, ALT)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.stop_loss_px, sent.take_profit_px) == (18_735, None)


def test_shift_takes_the_second_quantity_and_without_one_nothing_is_sent(rig, panel):
    click(panel, Column.BID, 18_715, SHIFT)
    assert rig.gateway.sent() == []
    use(panel, second_qty=7)
    click(panel, Column.BID, 18_715, SHIFT)
    click(panel, Column.BID, 18_715)
    assert [sent.terms.order_qty for sent in rig.gateway.of("order.submit")] == [7, 100]


def test_enter_takes_stop_second_quantity_and_bracket_with_keys(rig, panel):
    use(panel, second_qty=7, stop_ticks=10)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Left)
    for _ in range(3):
        QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Return, CTRL)
    QTest.keyClick(panel.view, Qt.Key.Key_Return, ALT)
    second, bracket = rig.gateway.of("order.submit")
    assert (second.terms.order_qty, second.stop_loss_px) == (7, None)
    assert (bracket.terms.order_qty, bracket.terms.price - bracket.stop_loss_px) == (100, 10)


def bracket(rig: DesktopRig) -> None:
    for cl_ord_id, side, price, role in (
        ("OMS-1", Side.SELL, 18_735, LegRole.TAKE_PROFIT),
        ("OMS-2", Side.SELL, 18_728, LegRole.TAKE_PROFIT),
        ("OMS-3", Side.SELL, 18_731, LegRole.TAKE_PROFIT),
    ):
        group = "G2" if cl_ord_id == "OMS-3" else "G1"
        rig.feed(order(cl_ord_id, limit(side, price), link=GroupLink(group, Contingency.BRACKET, role, "OMS-0")))


def drag(panel: LadderPanel, start: int, end: int, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(panel.view, LEFT, held, cell(panel, Column.OWN_ASK, start))
    QTest.mouseMove(panel.view, cell(panel, Column.OWN_ASK, (start + end) // 2))
    QTest.mouseMove(panel.view, cell(panel, Column.OWN_ASK, end))
    QApplication.processEvents()
    QTest.mouseRelease(panel.view, LEFT, held, cell(panel, Column.OWN_ASK, end))


def test_a_bracket_leg_is_dragged_alone(rig, panel):
    bracket(rig)
    drag(panel, 18_728, 18_726)
    assert rig.gateway.of("order.replace") == [ChangeOrder(cl_ord_id="OMS-2", price=18_726, version=1)]


def test_with_alt_all_legs_of_the_bracket_move_by_the_same_ticks(rig, panel):
    bracket(rig)
    drag(panel, 18_728, 18_726, ALT)
    moved = {change.cl_ord_id: change.price for change in rig.gateway.of("order.replace")}
    assert moved == {"OMS-2": 18_726, "OMS-1": 18_733}


def test_a_rule_flashes_for_half_a_second_before_it_moves_rows(rig, panel):
    use(panel, centre_on_inside=True)
    before = top(panel)
    market(rig, before - 1)
    assert (panel.view.flashing, top(panel)) == (True, before)
    rig.clock.advance(FLASH_NS)
    market(rig, before - 1)
    assert panel.view.ladder.map.row_of(before) == panel.view.ladder.map.rows // 2
    market(rig, before - 1)
    assert not panel.view.flashing


def test_without_flashes_rows_move_as_late_and_nothing_lights_up(qapp, rig, panel):
    apply_theme(qapp, load_theme("dark", flashing=False))
    try:
        use(panel, centre_on_inside=True)
        before = top(panel)
        market(rig, before - 1)
        assert (panel.view.flashing, top(panel)) == (False, before)
        rig.clock.advance(FLASH_NS)
        market(rig, before - 1)
        assert panel.view.ladder.map.row_of(before) == panel.view.ladder.map.rows // 2
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_rule_whose_reason_goes_away_moves_nothing(rig, panel):
    use(panel, centre_on_inside=True)
    before = top(panel)
    market(rig, before - 1)
    market(rig, 18_719)
    rig.clock.advance(FLASH_NS)
    market(rig, 18_719)
    assert (panel.view.flashing, top(panel)) == (False, before)


def test_the_last_price_at_the_edge_is_a_reason_of_its_own(rig, panel):
    before = top(panel)
    near = {"bid": 18_719, "ask": 18_721, "levels": 30, "last": before - 1}
    flashes = []
    for rule in ({"centre_on_inside": True}, {"centre_on_last": True}):
        use(panel, **rule)
        rig.feed(depths=[depth(**near)])
        flashes.append(panel.view.flashing)
    assert flashes == [False, True]


def test_every_so_many_seconds_rows_are_centred_unless_the_pointer_works(rig, panel):
    use(panel, centre_every_s=10)
    rig.clock.advance(10 * 1_000_000_000)
    market(rig, 18_724)
    before = top(panel)
    rig.clock.advance(FLASH_NS)
    hover(panel, cell(panel, Column.BID, 18_715))
    hover(panel, cell(panel, Column.BID, 18_716))
    market(rig, 18_724)
    assert top(panel) == before
    rig.clock.advance(POINTER_QUIET_NS)
    market(rig, 18_724)
    assert panel.view.ladder.map.row_of(18_725) == panel.view.ladder.map.rows // 2


def test_in_dynamic_mode_rows_follow_and_a_hovered_order_is_held_in_place(rig, panel):
    use(panel, dynamic=True)
    rig.feed(order("OMS-1", limit(price=18_716)))
    at = cell(panel, Column.OWN_BID, 18_716)
    hover(panel, at)
    rig.clock.advance(POINTER_QUIET_NS)
    market(rig, 18_729)
    assert panel.view.ladder.map.row_of(18_730) == panel.view.ladder.map.rows // 2
    assert cell(panel, Column.OWN_BID, 18_716) != at
    painted = panel.view.grab().toImage()
    assert painted.pixelColor(at) != painted.pixelColor(QPoint(at.x(), at.y() + 2 * panel.view.grid.row_height))
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert rig.gateway.sent() == [("order.cancel", CancelOne(cl_ord_id="OMS-1", reason="ladder"))]


def test_a_held_order_that_ends_is_let_go(rig, panel):
    use(panel, dynamic=True)
    rig.feed(order("OMS-1", limit(price=18_716)))
    at = cell(panel, Column.OWN_BID, 18_716)
    hover(panel, at)
    rig.clock.advance(POINTER_QUIET_NS)
    market(rig, 18_729)
    rig.feed(order("OMS-1", limit(price=18_716), OrdStatus.FILLED, version=2))
    QTest.mouseClick(panel.view, LEFT, NONE, at)
    assert rig.gateway.of("order.cancel") == []


def test_a_pinned_pointer_goes_with_its_price_while_the_wheel_scrolls(rig, panel):
    hover(panel, cell(panel, Column.BID, 18_715))
    QCursor.setPos(panel.view.mapToGlobal(cell(panel, Column.BID, 18_715)))
    QApplication.processEvents()
    start = QCursor.pos()
    wheel(panel, 1)
    assert QCursor.pos() == start
    use(panel, pin_pointer=True)
    QCursor.setPos(panel.view.mapToGlobal(cell(panel, Column.BID, 18_715)))
    QApplication.processEvents()
    wheel(panel, 1)
    assert panel.view.mapFromGlobal(QCursor.pos()) == cell(panel, Column.BID, 18_715)


def test_the_last_digits_can_stand_out(rig, panel):
    plain = panel.view.grab().toImage()
    use(panel, strong_digits=2)
    assert panel.view.grab().toImage() != plain


def test_settings_are_changed_in_a_popup_and_act_at_once(qtbot, panel):
    popup = panel.open_options()
    popup.findChild(QCheckBox, f"{popup.objectName()}_dynamic").click()
    popup.findChild(QSpinBox, f"{popup.objectName()}_second_qty").setValue(40)
    popup.scheme.setCurrentIndex(1)
    popup.close()
    assert panel.settings == LadderSettings(dynamic=True, second_qty=40, scheme=Scheme.AUTO)
    assert panel.view.dynamic


def test_a_scheme_chosen_in_the_popup_decides_the_next_click(rig, panel):
    popup = panel.open_options()
    popup.scheme.setCurrentIndex(1)
    popup.own_click.setCurrentIndex(1)
    popup.close()
    click(panel, Column.BID, 18_722)
    (sent,) = rig.gateway.of("order.submit")
    assert sent.terms.ord_type is OrdType.STOP
    assert panel.view.opens_own


def test_large_sizes_stand_out_from_a_quantity_on(rig, panel):
    plain = panel.view.grab().toImage()
    use(panel, large_size=500)
    assert panel.view.grab().toImage() != plain
    rows = {row.price: row for row in panel.view.picture.rows}
    assert {row.bid_large for row in rows.values() if row.bid == "100"} == {False}
    assert all(row.bid_large for row in rows.values() if row.bid and int(row.bid.replace(",", "")) >= 500)


def test_the_pnl_column_shows_ticks_or_money_or_nothing(rig, panel):
    panel.resize(520, 760)
    rig.feed(positions=[position(-100, price=18_700)])

    def at(price: int) -> str:
        return next(row.pnl for row in panel.view.picture.rows if row.price == price)

    assert at(18_715) == "−15"
    use(panel, pnl=PnlUnit.TICKS)
    assert (at(18_715), at(18_719)) == ("−15t", "−19t")
    use(panel, pnl=PnlUnit.HIDDEN)
    assert at(18_715) == ""


def test_a_click_on_the_label_goes_from_money_to_ticks_to_r_to_nothing(qtbot, rig, panel):
    rig.feed(positions=[position(100)])
    read = []
    for _ in range(5):
        read.append((panel.pnl.text(), panel.pnl.accessibleName()))
        qtbot.mouseClick(panel.pnl, LEFT)
    assert read == [
        ("+19.00 USD", "Open profit: +19.00 USD"),
        ("+19.0t", "Open profit: +19.0t"),
        ("—", "Open profit: —"),
        ("P&&L", "Open profit: hidden"),
        ("+19.00 USD", "Open profit: +19.00 USD"),
    ]
    assert panel.save_settings()["STOCK.pnl_label"] == "ticks"


def test_pulled_and_stacked_sizes_stand_where_there_is_room_and_the_book_tells_them(rig, panel):
    panel.resize(720, 760)
    assert not panel.view.columns.shows(Column.PULLED)
    traded = ((18_719, 100, 100),)
    before = depth(bid=18_719, ask=18_721, levels=30, traded=traded)
    grown = tuple(type(level)(level.price, level.size + (70 if n == 2 else 0)) for n, level in enumerate(before.bids))
    rig.feed(depths=[before])
    assert panel.view.columns.shows(Column.PULLED)
    rig.feed(depths=[depth(bid=18_719, ask=18_721, levels=30, traded=traded, bids=grown)])
    assert {row.price: row.pulled for row in panel.view.picture.rows if row.pulled} == {18_717: "+70"}
    use(panel, pulled_s=0)
    assert not panel.view.columns.shows(Column.PULLED)


def test_ticks_stand_beside_money_where_there_is_room(rig, panel):
    rig.feed(positions=[position(100)])
    said = []
    for width in (460, 560):
        panel.resize(width, 760)
        rig.frame()
        said.append(next((row.pnl, row.pnl_ticks) for row in panel.view.picture.rows if row.price == 18_715))
    assert said == [("+15", ""), ("+15", "+15t")]


def test_an_own_cell_says_what_a_click_a_ctrl_click_and_a_drag_would_do(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716), created_at=1), order("OMS-2", limit(price=18_716), created_at=2))

    def tip():
        view, place = panel.view, cell(panel, Column.OWN_BID, 18_716)
        QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, place, view.mapToGlobal(place)))
        return QToolTip.text()

    assert tip().startswith("2 orders, 200 L, working.")
    assert tip().endswith("Click cancels the newest, Ctrl+click cancels all; drag moves it; middle click edits.")
    panel.view.opens_own = True
    assert "Click opens the newest" in tip()
    QToolTip.hideText()


def test_a_middle_click_on_an_own_cell_edits_and_moves_no_row(rig, panel):
    rig.feed(order("OMS-1", limit(price=18_716)), depths=[depth(bid=18_725, ask=18_727)])
    before = panel.view.ladder.map.prices
    QTest.mouseClick(panel.view, Qt.MouseButton.MiddleButton, NONE, cell(panel, Column.OWN_BID, 18_716))
    rig.clock.advance(POINTER_QUIET_NS)
    rig.feed(depths=[depth(bid=18_761, ask=18_763)])
    assert panel.view.ladder.map.prices == before
    assert panel.findChild(QWidget, "ladder_editor").isVisible()


def test_the_open_profit_is_that_of_the_positions_panel_in_the_same_frame(qtbot, rig, panel):
    positions = PositionsPanel(rig.context, "positions-1")
    qtbot.addWidget(positions)
    positions.show()
    try:
        for price in (18_700, 18_650, 18_800):
            rig.feed(positions=[position(100, price=price)])
            model = positions.view.columns
            text = model.index(0, model.column_named("open")).data()
            assert panel.pnl.text().startswith(f"{text} ")
    finally:
        positions.release()
