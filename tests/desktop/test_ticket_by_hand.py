"""The ticket by keys and mouse alone: each type chosen, filled and sent; what is refused is said before it is sent."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit

from tests.helpers.desktop_rig import order, position, quote
from tests.helpers.fake_broker import CARD
from tests.helpers.ticket_rig import button, field, ticket_fixtures, type_into
from workstation.commands.outlook import OrderOutlook
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.domain.orders import OrdType, RiskClass, Side, TimeInForce, Trail, TrailKind
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.viewmodels.ticket import PAIR

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
UP, DOWN, RETURN = Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return

rig, panel = ticket_fixtures()


def choose(qtbot, combo: QComboBox, word: str) -> None:
    """Go to an entry of a choice with the arrow keys."""
    combo.setFocus()
    for _ in range(combo.count()):
        qtbot.keyClick(combo, UP)
    for _ in range(combo.count()):
        if combo.currentText() == word:
            return
        qtbot.keyClick(combo, DOWN)
    raise AssertionError(f"no {word} in {combo.objectName()}")


@pytest.mark.parametrize(
    ("word", "typed", "wanted"),
    [
        ("Limit", {"price": "187.20"}, {"ord_type": OrdType.LIMIT, "price": 18_720}),
        ("Stop", {"stop": "188.00"}, {"ord_type": OrdType.STOP, "stop_px": 18_800}),
        (
            "Stop limit",
            {"stop": "188.00", "price": "188.10"},
            {"ord_type": OrdType.STOP_LIMIT, "stop_px": 18_800, "price": 18_810},
        ),
        ("Trailing stop", {"trail": "25t"}, {"ord_type": OrdType.TRAILING_STOP, "trail": Trail(TrailKind.TICKS, 25)}),
        ("Market", {}, {"ord_type": OrdType.LIMIT, "price": 18_731}),
    ],
)
def test_each_type_is_chosen_filled_and_sent_by_keys_as_its_preview_says(qtbot, rig, panel, *, word, typed, wanted):
    choose(qtbot, panel.form.type, word)
    choose(qtbot, panel.form.tif, "GTC")
    for name, text in typed.items():
        type_into(qtbot, panel, name, text)
    type_into(qtbot, panel, "qty", "300")
    words = panel.preview.text()
    qtbot.keyClick(field(panel, "qty"), RETURN, CTRL)
    (sent,) = rig.gateway.of("order.submit")
    assert {name: getattr(sent.terms, name) for name in wanted} == wanted
    assert (sent.terms.side, sent.terms.order_qty, sent.terms.time_in_force) == (Side.BUY, 300, TimeInForce.GTC)
    assert (words.startswith("BUY 300 AAPL "), sent.metadata["preview"]) == (True, words)


def test_an_oco_pair_is_chosen_filled_and_sent_by_keys_as_its_preview_says(qtbot, rig, panel):
    type_into(qtbot, panel, "stop_loss", "20t")
    choose(qtbot, panel.form.type, "OCO: limit, stop")
    assert not field(panel, "stop_loss").isVisible(), "a pair carries no legs"
    assert not field(panel, "take_profit").isVisible()
    for name, text in (("price", "187.00"), ("stop", "188.00"), ("qty", "300")):
        type_into(qtbot, panel, name, text)
    words = panel.preview.text()
    assert words == "BUY 300 AAPL LIMIT 187.00 DAY · SIM-1 · OCO BUY 300 AAPL STOP 188.00 DAY · SIM-1"
    qtbot.keyClick(field(panel, "qty"), RETURN, CTRL)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.ord_type, sent.terms.price, sent.terms.stop_px) == (OrdType.LIMIT, 18_700, None)
    assert (sent.oco.ord_type, sent.oco.stop_px, sent.oco.price) == (OrdType.STOP, 18_800, None)
    assert (sent.oco.side, sent.oco.order_qty, sent.stop_loss_px) == (Side.BUY, 300, None)
    choose(qtbot, panel.form.type, "Limit")
    assert field(panel, "stop_loss").isVisible()


def test_the_stop_of_a_pair_is_judged_like_any_stop(qtbot, rig, panel):
    choose(qtbot, panel.form.type, "OCO: limit, stop")
    type_into(qtbot, panel, "price", "187.00")
    type_into(qtbot, panel, "stop", "187.00")
    assert "would trigger at once" in panel.message.text()
    qtbot.keyClick(field(panel, "qty"), RETURN, CTRL)
    assert rig.gateway.of("order.submit") == []


def test_a_pair_is_greyed_where_the_venue_takes_no_limit_orders(panel):
    card = replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.STOP}))
    panel.form.offer(card)
    row = panel.form.type.findData(PAIR)
    assert not panel.form.type.model().item(row).isEnabled()
    assert "no order type LIMIT" in panel.form.type.itemData(row, Qt.ItemDataRole.ToolTipRole)
    panel.form.offer(replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT})))
    assert panel.form.type.itemText(row) == "OCO: limit, stop · PC", "its stop is kept here"


def test_a_good_till_date_in_the_past_is_refused_in_place(qtbot, rig, panel):
    choose(qtbot, panel.form.tif, "GTD")
    type_into(qtbot, panel, "price", "187.20")
    line = type_into(qtbot, panel, "expire", "2020-01-02 16:00")
    qtbot.keyClick(line, RETURN, CTRL)
    assert rig.gateway.of("order.submit") == []
    assert (line.property("invalid"), line.hasFocus()) == ("true", True)
    assert panel.message.text().startswith("Good till")


@pytest.mark.parametrize(
    ("name", "text", "key", "held", "stepped"),
    [
        ("qty", "300", UP, SHIFT, "310"),
        ("stop_loss", "20t", UP, None, "21t"),
        ("stop_loss", "20t", DOWN, SHIFT, "10t"),
        ("take_profit", "3t", DOWN, SHIFT, "1t"),
        ("take_profit", "188.00", UP, None, "188.01"),
        ("stop_loss", "", UP, SHIFT, "10t"),
        ("stop_loss", "0.5%", UP, None, "0.5%"),
    ],
)
def test_arrows_step_legs_by_tick_and_quantities_by_lot(qtbot, panel, *, name, text, key, held, stepped):
    line = type_into(qtbot, panel, name, text)
    if not text:
        qtbot.keyClick(line, Qt.Key.Key_Backspace)
    qtbot.keyClick(line, key, held or Qt.KeyboardModifier.NoModifier)
    assert line.text() == stepped


@pytest.mark.parametrize(("text", "stepped"), [("5t", "6t"), ("0.50", "0.51"), ("", "1t"), ("25bps", "25bps")])
def test_a_trailing_distance_steps_by_a_tick(qtbot, panel, text, stepped):
    choose(qtbot, panel.form.type, "Trailing stop")
    line = type_into(qtbot, panel, "trail", text)
    qtbot.keyClick(line, UP)
    assert line.text() == stepped
    for _ in range(8):
        qtbot.keyClick(line, DOWN, SHIFT)
    assert line.text() in ("1t", "0.01", "25bps")


def test_what_a_limit_would_refuse_is_said_before_the_order_is_sent(qtbot, rig, panel):
    text = "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t."
    denial = RuleResult(code="PRICE_COLLAR", passed=False, kind=DenialKind.RISK, value="31t", limit="25t", text=text)
    verdict = Verdict(risk_class=RiskClass.INCREASE, passed=False, qty=0, results=(denial,))
    found = OrderOutlook(verdict=verdict, bounds={}, value=None, margin=None, commission=None, warnings=())
    rig.gateway.answers["order.outlook"] = CommandResult(ok=True, text="", data=found)
    type_into(qtbot, panel, "price", "187.20")
    qtbot.waitUntil(lambda: panel.message.text() == text)
    assert panel.message.property("role") == "warning"
    assert panel.lines["limit"].full_text == "price collar"
    type_into(qtbot, panel, "price", "")
    qtbot.keyClick(field(panel, "price"), Qt.Key.Key_Backspace)
    assert text not in panel.message.text()


def test_the_position_after_the_order_counts_what_works_already(qtbot, rig, panel):
    rig.feed(order("OMS-1"), positions=[position(300)])
    qtbot.mouseClick(button(panel, "sell"), LEFT)
    type_into(qtbot, panel, "price", "187.30")
    assert panel.lines["position"].full_text == "+300 → +200 · +300 if all fill"


def test_without_an_instrument_the_keyboard_is_in_the_symbol_box_and_typing_one_opens_the_ticket(qtbot, rig):
    panel = TicketPanel(rig.context, "ticket-2")
    holder = PanelHeader.wrap(panel)
    qtbot.addWidget(holder)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    box = holder.findChild(QLineEdit, "ticket-2_symbol")
    assert QApplication.focusWidget() is box
    panel.setFocus()
    assert QApplication.focusWidget() is box
    qtbot.keyClicks(box, "aapl")
    qtbot.keyClick(box, RETURN)
    assert panel.symbol == "AAPL"
    assert QApplication.focusWidget() is not box
    panel.release()


def test_each_ticket_is_its_own_and_sends_its_own_order(qtbot, rig, panel):
    other = TicketPanel(rig.context, "ticket-2")
    holder = PanelHeader.wrap(other)
    qtbot.addWidget(holder)
    holder.show()
    other.show_symbol("MSFT")
    rig.feed(quotes=[quote("MSFT")])
    line = other.form.fields["price"]
    qtbot.keyClicks(line, "187.10")
    type_into(qtbot, panel, "price", "187.20")
    assert (line.text(), other.symbol, panel.symbol) == ("187.10", "MSFT", "AAPL")
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.mouseClick(other.send, LEFT)
    sent = [(params.terms.symbol, params.terms.price) for params in rig.gateway.of("order.submit")]
    assert sent == [("AAPL", 18_720), ("MSFT", 18_710)]
    other.release()


def test_the_header_names_contract_account_and_environment(panel):
    contract, account = (panel.holder.findChild(QLabel, f"ticket-1_{name}") for name in ("contract", "account"))
    assert contract.accessibleName() == "Contract: Apple Inc. common stock · XNAS · USD"
    assert account.text() == "SIM-1"
    assert (account.property("chip"), account.accessibleName()) == ("sim", "Account SIM-1, environment SIM")
