"""Presets and pegs of the ticket under real keys and buttons: where values come from, and what ends a mode."""

import pytest
from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import SECOND, position, quote
from tests.helpers.ticket_rig import button, field, ticket_fixtures, type_into
from workstation.commands.outcomes import Refusal
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ticket_presets_popup import PresetsPopup
from workstation.desktop.panels.ticket_presets_store import PresetStore

LEFT = Qt.MouseButton.LeftButton

rig, panel = ticket_fixtures()


def preset(rig, scope, **values):
    for name, text in values.items():
        assert rig.context.presets.set(scope, name, text) == ""


def restart(panel):
    panel.show_symbol("MSFT")
    panel.show_symbol("AAPL")


def test_the_nearer_preset_wins_and_a_value_names_its_layer_on_hover(rig, panel):
    preset(rig, "all", stop_loss="10t", take_profit="40t", tif="GTC")
    preset(rig, "class.STOCK", stop_loss="20t")
    preset(rig, "symbol.AAPL", qty="300")
    restart(panel)
    assert [field(panel, name).text() for name in ("qty", "stop_loss", "take_profit")] == ["300", "20t", "40t"]
    assert field(panel, "qty").toolTip() == "300 to open, preset of symbol AAPL."
    assert field(panel, "stop_loss").toolTip() == "Stop-loss 20t: preset of class STOCK"
    assert field(panel, "take_profit").toolTip() == "Target 40t: preset of every ticket"
    assert panel.form.tif.toolTip() == "Time in force GTC: preset of every ticket"


def test_what_was_typed_stays_and_says_so_and_escape_brings_presets_back(qtbot, rig, panel):
    preset(rig, "all", stop_loss="10t")
    restart(panel)
    line = type_into(qtbot, panel, "stop_loss", "15t")
    assert line.toolTip() == "Stop-loss: typed in this ticket"
    preset(rig, "all", stop_loss="12t")
    assert line.text() == "15t"
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "12t"


def test_legs_by_distance_go_out_as_prices(qtbot, rig, panel):
    preset(rig, "all", stop_loss="20t", take_profit="100 USD")
    restart(panel)
    type_into(qtbot, panel, "price", "187.20")
    assert panel.preview.text() == "BUY 100 AAPL LIMIT 187.20 DAY · STOP-LOSS 187.00 · TAKE-PROFIT 188.20 · SIM-1"
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    assert (params.stop_loss_px, params.take_profit_px) == (18_700, 18_820)


def test_the_quantity_follows_the_position_by_rule_until_one_is_typed(qtbot, rig, panel):
    preset(rig, "all", qty="200", add_to="1k", close="50%")
    restart(panel)
    qty = field(panel, "qty")
    assert (qty.text(), panel.form.quantity_word) == ("200", "Opening")
    rig.feed(positions=[position(301)])
    assert (qty.text(), panel.form.quantity_word) == ("699", "Adding")
    qtbot.mouseClick(button(panel, "sell"), LEFT)
    assert (qty.text(), panel.form.quantity_word) == ("150", "Closing")
    assert qty.toolTip() == "Closes 50 % of 301; preset of every ticket."
    type_into(qtbot, panel, "qty", "7")
    rig.feed(positions=[position(600)])
    assert (qty.text(), panel.form.quantity_word) == ("7", "Quantity")


def test_a_position_that_moves_the_quantity_leaves_a_refusal_in_view(qtbot, rig, panel):
    preset(rig, "all", add_to="1k")
    restart(panel)
    rig.gateway.answers["order.submit"] = CommandResult(ok=False, code="X", text="Refused: so.", data=Refusal())
    type_into(qtbot, panel, "price", "187.20")
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.waitUntil(lambda: panel.message.text() == "Refused: so.")
    rig.feed(positions=[position(300)])
    assert panel.message.text() == "Refused: so."


def test_presets_are_edited_in_place_and_a_bad_one_changes_nothing(qtbot, rig, panel):
    preset(rig, "all", stop_loss="10t")
    qtbot.mouseClick(panel.form.more, LEFT)
    popup = panel.findChild(PresetsPopup)
    assert popup.layer.currentText() == "symbol AAPL"
    line = popup.fields["stop_loss"]
    assert line.placeholderText() == "10t (every ticket)"
    qtbot.keyClicks(line, "20")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert (line.text(), line.property("invalid")) == ("20", "true")
    assert "a distance such as 20t" in popup.note.text()
    assert "symbol.AAPL" not in rig.context.presets.presets
    qtbot.keyClicks(line, "25t")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert rig.context.presets.presets["symbol.AAPL"].stop_loss == "25t"
    assert field(panel, "stop_loss").text() == "25t"
    popup.close()


def test_a_tickets_own_layer_wins_and_lives_in_the_layout(qtbot, rig, panel):
    preset(rig, "symbol.AAPL", qty="300")
    popup = panel.presets.open(panel)
    popup.layer.setCurrentText("this ticket")
    qtbot.keyClicks(popup.fields["qty"], "50")
    qtbot.keyClick(popup.fields["qty"], Qt.Key.Key_Return)
    popup.close()
    assert (field(panel, "qty").text(), panel.save_settings()) == ("50", {"preset.qty": "50"})
    panel.restore_settings({"preset.qty": "60", "preset.close": "200%", "preset.tif": 3})
    assert (field(panel, "qty").text(), panel.save_settings()) == ("60", {"preset.qty": "60"})


def test_presets_live_in_a_file_and_a_damaged_one_is_named_and_left_alone(qtbot, tmp_path):
    path = tmp_path / "presets.toml"
    store = PresetStore(path)
    assert store.set("class.STOCK", "stop_loss", "20t") == ""
    assert PresetStore(path).presets["class.STOCK"].stop_loss == "20t"
    path.write_text("[all]\nqty = \n")
    damaged = PresetStore(path)
    assert "presets.toml" in damaged.error
    assert "line 2" in damaged.error
    assert damaged.set("all", "qty", "5").startswith("Not kept: presets.toml: line 2")
    assert (path.read_text(), damaged.presets) == ("[all]\nqty = \n", {})
    missing = PresetStore(tmp_path / "no" / "presets.toml")
    assert missing.set("all", "qty", "5").startswith("Not kept: presets.toml cannot be written")


# Peg


def peg_to(qtbot, panel, words):
    panel.form.peg.setFocus()
    panel.form.peg.setCurrentText(words)


def test_a_peg_is_a_mode_in_view_and_goes_out_at_the_price_shown(qtbot, rig, panel):
    peg_to(qtbot, panel, "= bid")
    price = field(panel, "price")
    assert (price.text(), price.property("pegged"), panel.form.price_word) == ("187.19", "true", "= bid")
    qtbot.keyClick(price, Qt.Key.Key_Up)
    assert (price.text(), panel.form.price_word) == ("187.20", "= bid+1t")
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(bid=18_730, ask=18_732)])
    assert price.text() == "187.31"
    qtbot.mouseClick(panel.send, LEFT)
    (params,) = rig.gateway.of("order.submit")
    assert params.terms.price == 18_731


@pytest.mark.parametrize("end", ["type", "copy", "escape"])
def test_typing_copying_and_escape_end_a_peg(qtbot, rig, panel, end):
    peg_to(qtbot, panel, "= ask")
    if end == "type":
        type_into(qtbot, panel, "price", "187.05")
    elif end == "copy":
        qtbot.mouseClick(button(panel, "bid"), LEFT)
    else:
        qtbot.keyClick(field(panel, "price"), Qt.Key.Key_Escape)
    before = field(panel, "price").text()
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(bid=18_730, ask=18_732)])
    assert (field(panel, "price").text(), panel.form.peg.currentText()) == (before, "fixed")
    assert panel.form.price_word == "Limit"


def test_a_pegged_retry_keeps_its_id_though_the_price_moved(qtbot, rig, panel):
    rig.gateway.answers["order.submit"] = CommandResult(ok=False, code="ENGINE_BUSY", text="Refused: behind.")
    peg_to(qtbot, panel, "= mid")
    qtbot.mouseClick(panel.send, LEFT)
    qtbot.waitUntil(panel.send.isEnabled)
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(bid=18_730, ask=18_732)])
    qtbot.mouseClick(panel.send, LEFT)
    first, second = rig.gateway.of("order.submit")
    assert (first.cl_ord_id, first.terms.price, second.terms.price) == (second.cl_ord_id, 18_720, 18_731)


def test_a_peg_to_a_price_that_is_missing_leaves_nothing_to_send(qtbot, rig, panel):
    peg_to(qtbot, panel, "= ask")
    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote(ask=None)])
    qtbot.mouseClick(panel.send, LEFT)
    assert rig.gateway.of("order.submit") == []
    assert panel.message.text().startswith("Price is empty")
