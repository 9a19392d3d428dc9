"""The ticket under real keys and buttons: what is sent, when, and what stays in view.

Long because each gesture on a ticket, and each state around it, is tried on the same open ticket.
"""

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPushButton,
    QToolButton,
)
from shiboken6 import delete

from tests.helpers.desktop_rig import SECOND, limit, order, position, quote, status
from tests.helpers.fake_broker import CARD
from tests.helpers.ticket_rig import button, field, open_ticket, previewed, ticket_fixtures, type_into
from workstation.commands.outcomes import Refusal
from workstation.commands.params import CancelOne
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.panels.ticket_sending import NO_WORD_NS
from workstation.desktop.shell.staging import draft_of
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.accounts import Environment
from workstation.domain.orders import (
    OrdStatus,
    OrdType,
    OriginKind,
    RequestKind,
    Residence,
    RiskClass,
    Side,
    Trail,
    TrailKind,
)
from workstation.viewmodels.ticket import Draft

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ACCEPTED = CommandResult(ok=True, text="Accepted.")

rig, panel = ticket_fixtures()


def test_a_tall_ticket_lists_what_works_in_its_instrument_and_cancels_it_with_del_or_the_button(qtbot, rig, panel):
    panel.holder.resize(400, 1_200)
    qtbot.waitUntil(panel.working.isVisible)
    orders, caption = panel.findChild(QListWidget, "ticket-1_working"), panel.working.caption
    assert (caption.text(), orders.count()) == ("No working orders in AAPL", 0)
    rig.arm(None)
    rig.feed(
        order("OMS-1", limit(price=18_715), created_at=1),
        order("OMS-2", limit(Side.SELL, 18_730), OrdStatus.PARTIALLY_FILLED, created_at=2, cum_qty=40, leaves_qty=60),
        order("OMS-3", limit(symbol="MSFT")),
    )
    rows = [orders.item(number).text() for number in range(orders.count())]
    assert rows == [
        "PARTIAL · 40 filled  SELL 100 LIMIT 187.30 DAY",
        "WORKING  BUY 100 LIMIT 187.15 DAY",
    ]
    assert orders.height() > 300
    place = orders.visualItemRect(orders.item(1)).center()
    qtbot.mouseClick(orders.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(orders.viewport(), LEFT, pos=place)
    assert rig.gateway.sent() == []
    rig.feed(order("OMS-1", limit(price=18_716), created_at=1, version=2))
    qtbot.keyClick(orders, Qt.Key.Key_Delete)
    assert rig.gateway.sent() == [("order.cancel", CancelOne(cl_ord_id="OMS-1", reason="ticket"))]
    qtbot.mouseClick(orders.viewport(), LEFT, pos=orders.visualItemRect(orders.item(0)).center())
    qtbot.mouseClick(panel.working.cancel, LEFT)
    assert [sent.cl_ord_id for sent in rig.gateway.of("order.cancel")] == ["OMS-1", "OMS-2"]
    rig.feed(status=status(venue_state="DOWN"))
    assert orders.item(0).text().startswith("UNKNOWN")
    panel.holder.resize(400, 440)
    qtbot.waitUntil(lambda: not panel.working.isVisible())


def test_send_places_the_order_in_words_and_is_dead_until_the_venue_acknowledges_it(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    words = panel.preview.text()
    assert words == "BUY 100 AAPL LIMIT 187.20 DAY · SIM-1"
    qtbot.mouseClick(panel.send, LEFT)
    (call,) = [c for c in rig.gateway.calls if c.command_id == "order.submit"]
    assert call.params.terms == limit(price=18_720)
    assert call.params.metadata["preview"] == words
    assert call.origin.kind is OriginKind.TICKET
    assert (panel.send.isEnabled(), panel.send.text()) == (False, "Sending…")
    qtbot.mouseClick(panel.send, LEFT)
    assert len(rig.gateway.of("order.submit")) == 1
    rig.gateway.answer("order.submit", ACCEPTED)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("info", ACCEPTED.text))
    rig.feed(order(call.params.cl_ord_id, call.params.terms, OrdStatus.PENDING_SUBMIT))
    assert (panel.send.isEnabled(), panel.send.text()) == (False, "Sending…")
    rig.feed(order(call.params.cl_ord_id, call.params.terms, OrdStatus.SUBMITTED, version=2))
    assert panel.send.isEnabled()


@pytest.mark.parametrize("turn", ["clear", "symbol"])
def test_a_ticket_that_is_cleared_or_turned_sends_no_second_order_before_the_first_is_told(qtbot, rig, panel, turn):
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    (first,) = rig.gateway.of("order.submit")
    if turn == "clear":
        qtbot.keyClick(field(panel, "price"), Qt.Key.Key_Escape)
    else:
        panel.show_symbol("MSFT")
        rig.feed(quotes=[quote("MSFT")])
    type_into(qtbot, panel, "price", "187.10")
    qtbot.mouseClick(panel.send, LEFT)
    assert (panel.send.isEnabled(), len(rig.gateway.of("order.submit"))) == (False, 1)
    rig.feed(order(first.cl_ord_id, first.terms))
    qtbot.mouseClick(panel.send, LEFT)
    assert len(rig.gateway.of("order.submit")) == 2


def test_an_order_that_lives_here_needs_no_acknowledgement(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    (sent,) = rig.gateway.of("order.submit")
    rig.feed(order(sent.cl_ord_id, sent.terms, OrdStatus.NEW, residence=Residence.PROGRAM))
    assert panel.send.isEnabled()


def test_an_order_that_was_taken_and_is_heard_of_no_more_counts_as_unknown(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    rig.gateway.answer("order.submit", ACCEPTED)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("info", ACCEPTED.text))
    rig.clock.advance(NO_WORD_NS)
    rig.frame()
    assert not panel.send.isEnabled()
    rig.clock.advance(1)
    rig.frame()
    assert panel.send.isEnabled()
    assert "not known yet" in panel.message.text()


def test_enter_commits_and_never_sends_and_ctrl_enter_sends(qtbot, rig, panel):
    line = type_into(qtbot, panel, "price", "187.20")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert rig.gateway.of("order.submit") == []
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL)
    assert len(rig.gateway.of("order.submit")) == 1


def test_ctrl_shift_enter_holds_a_complete_order_until_it_is_sent_or_put_away(qtbot, rig, panel):
    line = type_into(qtbot, panel, "price", "187.205")
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL | SHIFT)
    assert not panel.holds_staged
    type_into(qtbot, panel, "price", "187.20")
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL | SHIFT)
    assert panel.holds_staged
    assert panel.message.text().startswith("Held here, not sent")
    assert rig.gateway.of("order.submit") == []
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert (panel.holds_staged, line.text(), panel.message.isVisible()) == (False, "", False)
    type_into(qtbot, panel, "price", "187.20")
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL | SHIFT)
    qtbot.keyClick(line, Qt.Key.Key_Return, CTRL)
    assert (len(rig.gateway.of("order.submit")), panel.holds_staged) == (1, False)


def test_escape_clears_the_prices(qtbot, panel):
    line = type_into(qtbot, panel, "price", "187.20")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == ""
    assert field(panel, "qty").text() == "100"


def test_a_click_on_a_quote_copies_its_price_once(qtbot, rig, panel):
    qtbot.mouseClick(button(panel, "ask"), LEFT)
    assert field(panel, "price").text() == "187.21"
    rig.feed(quotes=[quote(ask=18_740)])
    assert field(panel, "price").text() == "187.21"


def test_arrows_step_by_tick_and_lot_and_shift_by_ten(qtbot, panel):
    line = type_into(qtbot, panel, "price", "187.20")
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "187.21"
    qtbot.keyClick(line, Qt.Key.Key_Down, SHIFT)
    assert line.text() == "187.11"
    qty = field(panel, "qty")
    qtbot.keyClick(qty, Qt.Key.Key_Up)
    assert qty.text() == "101"


def test_an_off_tick_price_is_kept_marked_and_fixed_by_one_click(qtbot, rig, panel):
    line = type_into(qtbot, panel, "price", "187.205")
    qtbot.mouseClick(panel.send, LEFT)
    assert rig.gateway.of("order.submit") == []
    assert (line.text(), line.property("invalid")) == ("187.205", "true")
    assert "not on the tick" in panel.message.text()
    qtbot.mouseClick(button(panel, "fix_187.21"), LEFT)
    assert (line.text(), line.property("invalid")) == ("187.21", "false")
    assert not panel.fixes.isVisible()


def test_an_empty_price_is_refused_in_place(qtbot, rig, panel):
    qtbot.mouseClick(panel.send, LEFT)
    assert rig.gateway.of("order.submit") == []
    assert panel.message.text().startswith("Price is empty")
    assert field(panel, "price").hasFocus()


def test_a_disarmed_increase_only_pulses_the_arm_chip(qtbot, rig, panel):
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    rig.arm(None)
    type_into(qtbot, panel, "price", "187.20")
    qtbot.waitUntil(lambda: panel.lines["limit"].full_text == "none set")
    qtbot.mouseClick(panel.send, LEFT)
    assert rig.gateway.of("order.submit") == []
    assert "disarmed" in bar.notice.text()


def test_an_order_that_reduces_says_so_and_works_disarmed(qtbot, rig, panel):
    rig.gateway.answers["order.outlook"] = previewed(RiskClass.REDUCE)
    rig.arm(None)
    rig.feed(positions=[position(100)])
    qtbot.mouseClick(button(panel, "sell"), LEFT)
    type_into(qtbot, panel, "price", "187.30")
    qtbot.waitUntil(lambda: panel.send.text() == "Send (reduces)")
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    assert params.terms.side is Side.SELL


def test_a_refusal_stays_until_the_order_is_edited(qtbot, rig, panel):
    text = "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t."
    refusal = CommandResult(ok=False, code="RISK_LIMIT_BREACH", text=text, data=Refusal(order=order()))
    rig.gateway.answers["order.submit"] = refusal
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.waitUntil(lambda: panel.message.text() == text)
    rig.feed(quotes=[quote(bid=18_710)])
    assert panel.message.text() == text
    type_into(qtbot, panel, "price", "187.21")
    assert not panel.message.isVisible()


def test_a_reject_of_the_venue_is_shown_in_full_on_the_ticket(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    rig.gateway.answer("order.submit", ACCEPTED)
    rig.feed(order(params.cl_ord_id, params.terms, OrdStatus.REJECTED, text="201: margin short by 12.40 USD"))
    assert panel.message.text() == "201: margin short by 12.40 USD"


def test_an_unknown_outcome_frees_the_button_and_warns(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    rig.feed(order(params.cl_ord_id, params.terms, OrdStatus.PENDING_SUBMIT, unknown=RequestKind.SUBMIT))
    assert panel.send.isEnabled()
    assert "not known yet" in panel.message.text()


def test_a_retry_of_the_same_order_keeps_its_id(qtbot, rig, panel):
    rig.gateway.answers["order.submit"] = CommandResult(ok=False, code="ENGINE_BUSY", text="Refused: behind.")
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.waitUntil(panel.send.isEnabled)
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.waitUntil(panel.send.isEnabled)
    type_into(qtbot, panel, "price", "187.21")
    qtbot.mouseClick(panel.send, LEFT)
    ids = [params.cl_ord_id for params in rig.gateway.of("order.submit")]
    assert ids[0] == ids[1] != ids[2]


def test_bracket_legs_travel_with_the_order(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    type_into(qtbot, panel, "stop_loss", "186.00")
    type_into(qtbot, panel, "take_profit", "190")
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    assert (params.stop_loss_px, params.take_profit_px) == (18_600, 19_000)


def test_a_side_is_marked_short_by_its_box_and_said_in_words(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    box = panel.findChild(QCheckBox, "ticket-1_short")
    qtbot.mouseClick(button(panel, "sell"), LEFT)
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert panel.send.text() == "Send sell short"
    qtbot.mouseClick(panel.send, LEFT)
    assert panel.preview.text().startswith("SELL SHORT 100 AAPL")
    assert button(panel, "buy").text() == "BUY TO COVER"
    assert [sent.terms.side for sent in rig.gateway.of("order.submit")] == [Side.SELL_SHORT]


def test_a_pair_carries_no_legs_and_its_partner_can_be_taken_away(qtbot, rig, panel):
    partner = limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600)
    panel.stage("AAPL", Draft(side=Side.SELL, qty="100", price="188.00", stop_loss="189", oco=partner))
    qtbot.mouseClick(panel.send, LEFT)
    assert rig.gateway.of("order.submit") == []
    assert "carries no stop-loss" in panel.message.text()
    type_into(qtbot, panel, "stop_loss", " ")
    assert panel.lines["residence"].full_text.endswith("the link of the pair PC")
    qtbot.mouseClick(panel.form.pair, LEFT)
    qtbot.mouseClick(panel.send, LEFT)
    assert [sent.oco for sent in rig.gateway.of("order.submit")] == [None]


def test_only_the_fields_of_the_type_are_shown(panel):
    panel.form.type.setCurrentText("Stop limit")
    shown = {name for name in ("price", "stop", "trail", "expire") if field(panel, name).isVisible()}
    assert shown == {"price", "stop"}
    panel.form.type.setCurrentText("Market")
    assert panel.form.draft().ord_type is OrdType.MARKET
    assert not field(panel, "price").isVisible()
    panel.form.tif.setCurrentText("GTD")
    assert field(panel, "expire").isVisible()


def test_a_trailing_stop_is_sent_with_its_distance_and_the_price_from_which_it_trails(qtbot, rig, panel):
    panel.form.type.setCurrentText("Trailing stop")
    assert field(panel, "activation").isVisible()
    for name, text in (("qty", "100"), ("trail", "0.50"), ("activation", "190")):
        type_into(qtbot, panel, name, text)
    assert "TRAIL 0.50 ONCE AT 190.00" in panel.preview.text()
    qtbot.keyClick(panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (sent,) = rig.gateway.of("order.submit")
    assert sent.terms.trail == Trail(TrailKind.PRICE, 50, activation_px=19_000)
    draft = draft_of(sent.terms, rig.context.instrument("AAPL"), None, None)
    assert (draft.trail, draft.activation) == ("0.50", "190.00"), "what is staged again says both"


def test_what_the_venue_lacks_is_greyed_with_the_reason_and_what_is_kept_here_says_so(qtbot, rig, panel):
    panel.form.offer(
        msgspec.structs.replace(
            CARD, venue="V", ord_types=frozenset({OrdType.LIMIT}), times_in_force=frozenset({"DAY"})
        )
    )
    kinds = {panel.form.type.itemData(row): row for row in range(panel.form.type.count())}
    market, stop = (panel.form.type.model().item(kinds[kind]) for kind in (OrdType.MARKET, OrdType.STOP))
    assert market.isEnabled()  # as a limit through the other side
    assert (panel.form.true_market.isEnabled(), panel.form.true_market.toolTip()) == (
        False,
        "V takes no order type MARKET; it takes LIMIT.",
    )
    fok = panel.form.tif.model().item(panel.form.tif.findText("FOK"))
    assert (fok.isEnabled(), fok.toolTip()) == (False, "V takes no time in force FOK; it takes DAY.")
    assert (stop.isEnabled(), stop.text()) == (True, "Stop · PC")
    assert "it dies with the program" in stop.toolTip()
    panel.form.offer(msgspec.structs.replace(CARD, venue="V", post_only=False, display_qty=False))
    assert (panel.form.post_only.isEnabled(), panel.form.post_only.toolTip()) == (False, "V takes no post-only orders")
    assert field(panel, "display").placeholderText() == "V takes no shown part"
    panel.form.offer(None)
    assert (market.isEnabled(), stop.text()) == (True, "Stop")
    assert panel.form.post_only.isEnabled()


def test_a_market_order_is_bounded_unless_a_true_one_is_picked(qtbot, rig, panel):
    panel.form.type.setCurrentText("Market")
    assert panel.preview.text() == "BUY 100 AAPL LIMIT 187.31 DAY · SIM-1"
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(bid=18_730, ask=18_732)])
    assert panel.preview.text() == "BUY 100 AAPL LIMIT 187.42 DAY · SIM-1"
    qtbot.mouseClick(panel.send, LEFT)
    (sent,) = rig.gateway.of("order.submit")
    rig.feed(order(sent.cl_ord_id, sent.terms))
    panel.form.true_market.setFocus()
    qtbot.keyClick(panel.form.true_market, Qt.Key.Key_Space)
    qtbot.mouseClick(panel.send, LEFT)
    bounded, true = (sent.terms for sent in rig.gateway.of("order.submit"))
    assert (bounded.ord_type, bounded.price, true.ord_type) == (OrdType.LIMIT, 18_742, OrdType.MARKET)


def test_a_preview_of_a_price_that_moved_on_meanwhile_is_still_of_this_order(qtbot, rig, panel):
    del rig.gateway.answers["order.outlook"]
    panel.form.type.setCurrentText("Market")
    qtbot.waitUntil(lambda: rig.gateway.of("order.outlook") != [])
    rig.clock.advance(SECOND // 2)
    rig.feed(quotes=[quote(bid=18_730, ask=18_732)])
    rig.gateway.answer("order.outlook", previewed(RiskClass.INCREASE))
    qtbot.waitUntil(lambda: panel.lines["limit"].full_text == "none set")


def test_presets_fill_the_quantity(qtbot, panel):
    qtbot.mouseClick(panel.findChild(QToolButton, "ticket-1_preset_500"), LEFT)
    assert field(panel, "qty").text() == "500"


def test_the_preview_is_asked_after_a_pause_and_not_per_key(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    asked = len(rig.gateway.of("order.outlook"))
    qtbot.waitUntil(lambda: len(rig.gateway.of("order.outlook")) > asked)
    assert len(rig.gateway.of("order.outlook")) == asked + 1
    assert rig.gateway.of("order.outlook")[-1].terms == limit(price=18_720)


def test_the_ticket_says_costs_money_at_the_legs_and_the_usual_size(qtbot, rig, panel):
    type_into(qtbot, panel, "qty", "300")
    type_into(qtbot, panel, "price", "187.20")
    type_into(qtbot, panel, "stop_loss", "187.00")
    type_into(qtbot, panel, "take_profit", "187.70")
    qtbot.waitUntil(lambda: "margin" in panel.lines["costs"].full_text)
    assert panel.lines["costs"].full_text == "fees 1.00 USD · margin +9,360.00 USD"
    assert panel.lines["legs"].full_text == "stop −60.00 USD · target +150.00 USD (+2.5R)"
    assert panel.lines["notional"].full_text == "56,160.00 USD · 3 × your usual size"


def test_what_the_venue_does_not_take_is_said_before_it_is_sent(qtbot, rig, panel):
    refusal = CommandResult(ok=False, code="UNSUPPORTED", text="Refused: SIM takes no GTD.", data=Refusal())
    rig.gateway.answers["order.outlook"] = refusal
    type_into(qtbot, panel, "price", "187.20")
    qtbot.waitUntil(lambda: panel.message.text() == "Refused: SIM takes no GTD.")


def test_a_lost_venue_link_only_stages(qtbot, rig, panel):
    rig.feed(status=status(venue_state="DOWN", armed=Environment.SIM))
    type_into(qtbot, panel, "price", "187.20")
    assert not panel.send.isEnabled()
    assert "nothing sent; orders can be prepared" in panel.state_line.full_text
    qtbot.keyClick(field(panel, "price"), Qt.Key.Key_Return, CTRL)
    assert rig.gateway.of("order.submit") == []


def test_a_stale_quote_shows_its_age(rig, panel):
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(freshness="STALE", age_ms=7_300)])
    assert "7.3 s old" in panel.state_line.full_text
    assert "7.3 s" in button(panel, "bid").accessibleName()


def test_another_symbol_starts_afresh(qtbot, rig, panel):
    type_into(qtbot, panel, "price", "187.20")
    box = panel.holder.findChild(QLineEdit, "ticket-1_symbol")
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "msft")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert panel.symbol == "MSFT"
    assert field(panel, "price").text() == ""


def test_an_unknown_symbol_keeps_the_text_and_names_the_nearest(qtbot, rig, panel):
    box = panel.holder.findChild(QLineEdit, "ticket-1_symbol")
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "APPL")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (panel.symbol, box.text(), box.property("invalid")) == ("AAPL", "APPL", "true")
    assert rig.spoken[-1] == ("warning", "No instrument 'APPL'. Nearest: AAPL.")


def test_without_an_instrument_it_says_what_to_do(qtbot, rig):
    panel = TicketPanel(rig.context, "ticket-2")
    qtbot.addWidget(panel)
    assert panel.state_line.full_text == "No instrument yet: type a symbol above."
    assert not panel.send.isEnabled()
    panel.release()


def test_every_control_has_a_name_and_an_accessible_name(panel):
    kinds = (QPushButton, QToolButton, QLineEdit, QComboBox, QCheckBox)
    for made in (child for kind in kinds for child in panel.findChildren(kind)):
        assert made.objectName()
        assert made.accessibleName(), made.objectName()
    assert QApplication.focusWidget() is None or QApplication.focusWidget().objectName()


def turn_wheel(line, notches, modifiers=Qt.KeyboardModifier.NoModifier, *, sideways=False):
    """Turn the wheel over a widget; returns whether it took it."""
    at = QPointF(line.rect().center())
    angle, nothing = round(notches * 120), QPoint()
    turned = QPoint(angle, 0) if sideways else QPoint(0, angle)
    event = QWheelEvent(
        at,
        line.mapToGlobal(at),
        nothing,
        turned,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(line, event)
    return event.isAccepted()


def test_the_wheel_steps_the_field_that_has_the_keyboard_and_no_other(qtbot, panel):
    price = type_into(qtbot, panel, "price", "187.20")
    turn_wheel(price, 1)
    turn_wheel(price, -1, SHIFT)
    assert price.text() == "187.11"
    turn_wheel(field(panel, "qty"), 1)
    assert field(panel, "qty").text() == "100"


def test_the_wheel_over_a_choice_is_left_to_what_scrolls_and_changes_no_order(panel):
    for choice in (panel.form.type, panel.form.tif, panel.form.peg):
        choice.setFocus()
        before = choice.currentIndex()
        assert (turn_wheel(choice, -1), choice.currentIndex()) == (False, before)


def test_a_fine_wheel_steps_once_a_notch_and_never_early(qtbot, panel):
    price = type_into(qtbot, panel, "price", "187.20")
    for _ in range(7):
        turn_wheel(price, -1 / 8)
    assert price.text() == "187.20"
    turn_wheel(price, -1 / 8)
    assert price.text() == "187.19"
    for _ in range(16):
        turn_wheel(price, 1 / 8)
    assert price.text() == "187.21"
    for notches in (3 / 4, -1 / 4, 3 / 4):
        turn_wheel(price, notches)
    assert price.text() == "187.21"
    turn_wheel(price, 1, SHIFT, sideways=True)
    assert price.text() == "187.31"


def test_an_answer_that_comes_after_the_ticket_has_gone_is_left_unheard(qtbot, rig):
    del rig.gateway.answers["order.outlook"]
    gone = open_ticket(qtbot, rig)
    type_into(qtbot, gone, "price", "187.20")
    qtbot.waitUntil(lambda: rig.gateway.of("order.outlook") != [])
    gone.release()
    delete(gone)
    rig.gateway.answer("order.outlook", previewed(RiskClass.INCREASE))
    QApplication.processEvents()
