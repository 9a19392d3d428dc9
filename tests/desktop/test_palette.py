"""The palette by real keys: commands, instruments, lines that stage, and the second Enter.

Long because each kind of line and each way out of the palette is typed on one window.
"""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from shiboken6 import delete

from tests.helpers.desktop_rig import DesktopRig, order, position, quote
from workstation.commands.outlook import OrderOutlook
from workstation.commands.params import CancelMany, ExitPosition
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import CommandRegistry, CommandResult
from workstation.commands.risk_board import LockOut
from workstation.commands.trading import register
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.alerts_when import NOT_KEPT, WhenDialog
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.palette import SECOND_ENTER_NS, Palette
from workstation.desktop.shell.palette_choices import Choices
from workstation.desktop.shell.palette_verbs import LOCK_REASON
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.alerts import HOLDS_ALREADY
from workstation.domain.orders import RiskClass, Side
from workstation.domain.verdicts import Verdict
from workstation.viewmodels.palette import Entry, Recent, Sort, search

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
INCREASE = OrderOutlook(
    verdict=Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=5, results=()),
    bounds={},
    value=None,
    margin=None,
    commission=None,
    warnings=(),
)
LINE = "b 300 aapl 187.20 day br 20t/40t"


@pytest.fixture
def rig(qapp):
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_722)])
    rig.arm()
    yield rig
    rig.stop()


@pytest.fixture
def window(qtbot, rig, qapp):
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    window.resize(1_000, 700)
    keys = window.keys = HotkeyFilter(rig.context)
    ticket = window.ticket = TicketPanel(rig.context, "ticket")
    QVBoxLayout(window).addWidget(ticket)
    window.opened, window.settings = [], []
    window.choices = Choices(rig.context, keys, lambda name: window.opened.append(name) is None, window.settings.append)
    palette = window.palette_ = Palette(rig.context, window.choices, window)
    keys.runs["view.palette"] = lambda _origin: palette.open()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.setFocus()
    qapp.installEventFilter(keys)
    yield window
    qapp.removeEventFilter(keys)
    ticket.release()


def open_with(qtbot, window, text=""):
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_K, CTRL)
    assert window.palette_.isVisible()
    qtbot.keyClicks(window.palette_.field, text)


def press(qtbot, window, key):
    qtbot.keyClick(window.palette_.field, key)


def test_ctrl_k_opens_it_and_escape_closes_it_without_cancelling_orders(qtbot, rig, window):
    open_with(qtbot, window)
    assert window.palette_.field.hasFocus()
    press(qtbot, window, Key.Key_Escape)
    assert not window.palette_.isVisible()
    assert rig.gateway.sent() == []


def test_it_is_as_high_as_what_it_lists_and_no_key_is_cut_at_any_size_of_text(qtbot, qapp, window):
    load_fonts()
    for scale in (1.0, 1.7):
        apply_theme(qapp, load_theme("dark", text_scale=scale))
        open_with(qtbot, window)
        palette = window.palette_
        long = palette.height()
        rows = range(palette.list.topLevelItemCount())
        metrics = palette.list.fontMetrics()
        widest = max(metrics.horizontalAdvance(palette.list.topLevelItem(row).text(1)) for row in rows)
        assert widest < palette.list.columnWidth(1) - metrics.averageCharWidth()
        qtbot.keyClicks(palette.field, "larger size")
        rows = palette.list.topLevelItemCount()
        assert palette.list.height() < (rows + 1) * palette.list.sizeHintForRow(0) + 2 * palette.list.frameWidth()
        assert palette.height() < long
        press(qtbot, window, Key.Key_Escape)
    apply_theme(qapp, load_theme("dark"))


def test_it_shows_whole_rows_and_ends_within_the_least_window_at_the_largest_text(qtbot, qapp, window):
    load_fonts()
    for scale, size in ((1.0, (1_280, 720)), (1.7, (960, 600))):
        apply_theme(qapp, load_theme("dark", text_scale=scale))
        window.resize(*size)
        open_with(qtbot, window)
        shown = window.palette_.list
        assert shown.viewport().height() % shown.sizeHintForRow(0) == 0
        assert shown.viewport().height() >= 5 * shown.sizeHintForRow(0)
        assert window.rect().contains(window.palette_.geometry())
        press(qtbot, window, Key.Key_Escape)
    apply_theme(qapp, load_theme("dark"))


def test_what_had_the_keyboard_may_be_gone_when_it_closes(qtbot, window):
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    window.palette_.open()
    delete(field)
    press(qtbot, window, Key.Key_Escape)
    assert not window.palette_.isVisible()


def test_typing_in_it_presses_no_hotkey(qtbot, rig, window):
    open_with(qtbot, window, "1[5")
    assert rig.context.sizes.chosen == 0


def test_what_acts_stands_before_what_takes_values_and_is_only_told_about(qtbot, rig, window):
    register(rig.bridge.commands)
    open_with(qtbot, window, "order")
    palette = window.palette_
    rows = [palette.list.topLevelItem(row) for row in range(palette.list.topLevelItemCount())]
    commands = {row.text(2): row.text(1) for row in rows}
    assert commands["order.submit"] == "REST"
    told = Entry(sort=Sort.COMMAND, name="strategy.start", title="Start strategy", key="REST", told=True)
    acts = Entry(sort=Sort.COMMAND, name="panel.add_strategies", title="Open a panel: Strategies")
    far = Entry(sort=Sort.COMMAND, name="view.far", title="s t r a t e g")
    assert search("strateg", [told, far, acts], Recent()) == [acts, told, far]
    recent = Recent()
    recent.chose(told)
    assert search("strateg", [acts, told], recent) == [told, acts], "what was chosen last is first"


def test_a_command_is_found_and_run_by_enter_and_is_first_the_next_time(qtbot, rig, window):
    open_with(qtbot, window, "larger")
    press(qtbot, window, Key.Key_Return)
    assert rig.context.sizes.chosen == 1
    assert not window.palette_.isVisible()
    open_with(qtbot, window)
    assert window.palette_.list.topLevelItem(0).text(2) == "size.larger"
    assert window.palette_.list.topLevelItem(0).text(1) == "]"


def test_the_field_tells_a_screen_reader_what_is_chosen(qtbot, window):
    open_with(qtbot, window, "preset")
    field = window.palette_.field
    count = window.palette_.list.topLevelItemCount()
    assert count >= 5
    assert field.accessibleDescription() == f"Size preset 1, 1, 1 of {count}"
    press(qtbot, window, Key.Key_Down)
    assert field.accessibleDescription() == f"Size preset 2, 2, 2 of {count}"
    qtbot.keyClicks(field, " no such thing")
    assert field.accessibleDescription() == "No choices"


def test_arrows_choose_and_an_instrument_becomes_the_trade_focus(qtbot, rig, window):
    open_with(qtbot, window, "s")
    names = [entry.name for entry in window.palette_._entries]
    for _ in range(names.index("MSFT")):
        press(qtbot, window, Key.Key_Down)
    press(qtbot, window, Key.Key_Return)
    assert rig.context.focus.symbol == "MSFT"


def test_an_order_line_shows_its_parse_stages_with_enter_and_is_sent_by_a_second_enter_after_its_time(
    qtbot, rig, window
):
    open_with(qtbot, window, LINE)
    palette, ticket = window.palette_, window.ticket
    assert "BUY 300 AAPL LIMIT 187.20 DAY" in palette.said.text()
    assert ticket.form.draft().price == ""
    press(qtbot, window, Key.Key_Return)
    draft = ticket.form.draft()
    assert (draft.side, draft.qty, draft.price, draft.stop_loss) == (Side.BUY, "300", "187.20", "187.00")
    rig.clock.advance(SECOND_ENTER_NS - 1)
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("order.submit") == []
    rig.clock.advance(1)
    press(qtbot, window, Key.Key_Return)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.order_qty, sent.terms.price, sent.stop_loss_px, sent.take_profit_px) == (
        300,
        18_720,
        18_700,
        18_760,
    )
    assert not palette.isVisible()


def test_a_second_enter_sends_nothing_that_was_put_into_the_ticket_meanwhile(qtbot, rig, window):
    rig.feed(positions=[position(-100, price=18_750)])
    open_with(qtbot, window, LINE)
    press(qtbot, window, Key.Key_Return)
    press(qtbot, window, Key.Key_F7)  # a panic key: without a stop it offers one in the ticket
    assert window.ticket.form.draft().stop == "187.49"
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("order.submit") == []
    assert "another order" in window.palette_.said.text()
    press(qtbot, window, Key.Key_Return)
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.side, sent.terms.order_qty, sent.terms.price) == (Side.BUY, 300, 18_720)


@pytest.mark.parametrize(
    ("held", "line", "hint"),
    [
        (0, "s 100 aapl 187.20", "100 more than held: ss marks a short sale"),
        (40, "s 100 aapl 187.20", "60 more than held: ss marks a short sale, rev turns the position"),
        (100, "s 100 aapl 187.20", ""),
        (0, "ss 100 aapl 187.20", ""),
        (0, "s 1 esz6 5874", ""),
        (0, "b 100 aapl 187.20", ""),
    ],
)
def test_a_sell_of_shares_beyond_the_position_suggests_how_to_say_what_is_meant(
    qtbot, rig, window, *, held, line, hint
):
    rig.feed(quotes=[quote("ESZ6", bid=587_400, ask=587_425)], positions=[position(held)])
    open_with(qtbot, window, line)
    said = window.palette_.said
    assert "Enter stages" in said.text()
    assert ("more than held" in said.text(), said.property("role") == "warning") == (bool(hint), bool(hint))
    assert hint in said.text()


def test_a_short_sale_and_a_pair_stage_in_the_ticket_and_travel_as_typed(qtbot, rig, window):
    open_with(qtbot, window, "ss 5 aapl 188 oco ss 5 aapl stp 186")
    ticket = window.ticket
    press(qtbot, window, Key.Key_Return)
    assert ticket.form.side.words == "SELL SHORT"
    assert "OCO with SELL SHORT 5 AAPL STOP 186.00" in ticket.form.pair.text()
    assert ticket.preview.text().endswith("OCO SELL SHORT 5 AAPL STOP 186.00 DAY · SIM-1")
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.side, sent.terms.price) == (Side.SELL_SHORT, 18_800)
    assert (sent.oco.side, sent.oco.stop_px) == (Side.SELL_SHORT, 18_600)


def test_escape_leaves_the_palette_then_clears_the_staged_order_and_then_cancels(qtbot, rig, window):
    open_with(qtbot, window, "b 5 aapl 187")
    press(qtbot, window, Key.Key_Return)
    press(qtbot, window, Key.Key_Escape)
    assert window.ticket.form.draft().price == "187.00"
    window.setFocus()
    qtbot.keyClick(window, Key.Key_Escape)
    assert (window.ticket.form.draft().price, rig.gateway.sent()) == ("", [])
    assert rig.spoken[-1][1] == "Staged order cleared; nothing was sent."
    qtbot.keyClick(window, Key.Key_Escape)
    assert [name for name, _ in rig.gateway.sent()] == ["order.cancel_scope"]


def test_another_symbol_ends_what_is_staged(qtbot, rig, window):
    open_with(qtbot, window, "b 5 aapl 187")
    press(qtbot, window, Key.Key_Return)
    window.ticket.choose_symbol("MSFT")
    assert (window.ticket.holds_staged, window.ticket.form.draft().price) == (False, "")


def test_a_line_that_is_changed_after_staging_stages_again_before_it_is_sent(qtbot, rig, window):
    open_with(qtbot, window, "b 5 aapl 187")
    press(qtbot, window, Key.Key_Return)
    qtbot.keyClicks(window.palette_.field, ".10")
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("order.submit") == []
    assert window.ticket.form.draft().price == "187.10"


def test_an_order_without_a_price_leaves_the_field_open_and_is_not_sent(qtbot, rig, window):
    open_with(qtbot, window, "b 5 aapl")
    press(qtbot, window, Key.Key_Return)
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    assert window.ticket.form.draft().price == ""
    assert rig.gateway.of("order.submit") == []


def test_a_wrong_word_is_underlined_with_what_was_expected(qtbot, rig, window):
    open_with(qtbot, window, "b 300 aapl 187.20 dya")
    assert "<u>dya</u>" in window.palette_.said.text()
    assert "expected one of day gtc" in window.palette_.said.text()
    press(qtbot, window, Key.Key_Return)
    assert window.palette_.isVisible()
    assert window.ticket.form.draft().price == ""


def test_tab_completes_a_symbol(qtbot, rig, window):
    open_with(qtbot, window, "b 300 ms")
    press(qtbot, window, Key.Key_Tab)
    assert window.palette_.field.text() == "b 300 msft "


def test_an_unknown_instrument_is_refused_with_near_ones(qtbot, rig, window):
    open_with(qtbot, window, "b 300 ax 10")
    assert window.palette_.said.text() == "There is no instrument AX; near it: AAPL."


def test_exits_and_cancels_go_out_at_once(qtbot, rig, window):
    rig.feed(positions=[position(100)])
    open_with(qtbot, window, "x 50% aapl")
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("position.flatten") == [ExitPosition(account="SIM-1", symbol="AAPL", portion_bps=5_000)]
    open_with(qtbot, window, "c bids")
    press(qtbot, window, Key.Key_Return)
    open_with(qtbot, window, "c entries")
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("order.cancel_scope") == [
        CancelMany(account="SIM-1", symbol="AAPL", side_sign=1),
        CancelMany(account="SIM-1", symbol="AAPL", entries_only=True),
    ]


def test_a_reversal_by_line_is_one_command_to_the_engine_whose_refusal_is_shown(qtbot, rig, window):
    text = "Refused: not armed. Entry by hand in SIM needs arming; arm SIM first (Ctrl+F12)."
    rig.gateway.answers["position.reverse"] = CommandResult(ok=False, code="NOT_ARMED", text=text)
    open_with(qtbot, window, "rev aapl")
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.sent() == [("position.reverse", ReverseFocus(account="SIM-1", symbol="AAPL"))]
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("warning", text))


def test_lock_locks_the_account_of_the_focus_out_for_the_time_typed(qtbot, rig, window):
    open_with(qtbot, window, "lock 90m")
    assert "Lock SIM-1 out of new risk for 90 min" in window.palette_.said.text()
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.sent() == [("risk.lock_out", LockOut(account="SIM-1", reason=LOCK_REASON, seconds=5_400))]


def test_alert_keeps_a_condition_on_an_instrument(qtbot, rig, window):
    open_with(qtbot, window, "alert aapl last > 190")
    press(qtbot, window, Key.Key_Return)
    ((name, wish),) = rig.gateway.sent()
    assert (name, wish.alert.symbol, wish.alert.condition) == ("alert.save", "AAPL", "last > 190")
    assert wish.fire_now is None, "whether it fires at once is asked where it holds already"


def asked_when(qtbot, rig, window):
    text = "last > 190 holds already: fire now, or on the next cross?"
    rig.gateway.answers["alert.save"] = CommandResult(ok=False, code=HOLDS_ALREADY, text=text)
    open_with(qtbot, window, "alert aapl last > 190")
    press(qtbot, window, Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.findChildren(WhenDialog)))
    (dialog,) = window.findChildren(WhenDialog)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.question.next_cross.hasFocus)
    assert dialog.words.text() == text
    rig.gateway.answers["alert.save"] = CommandResult(ok=True, text="The alert is kept.")
    return dialog


@pytest.mark.parametrize(("name", "fire_now"), [("fire_now", True), ("next_cross", False)])
def test_an_alert_that_holds_already_asks_when_it_fires(qtbot, rig, window, name, fire_now):
    dialog = asked_when(qtbot, rig, window)
    qtbot.keyClick(dialog, Key.Key_Return)
    assert len(rig.gateway.of("alert.save")) == 1, "Enter alone decides nothing"
    qtbot.mouseClick(getattr(dialog.question, name), Qt.MouseButton.LeftButton)
    asked, kept = rig.gateway.of("alert.save")
    assert (kept.alert, kept.fire_now) == (asked.alert, fire_now)
    qtbot.waitUntil(lambda: rig.spoken[-1] == ("info", "The alert is kept."))


def test_esc_on_the_question_keeps_no_alert(qtbot, rig, window):
    qtbot.keyClick(asked_when(qtbot, rig, window), Key.Key_Escape)
    assert len(rig.gateway.of("alert.save")) == 1
    assert rig.spoken[-1] == ("warning", NOT_KEPT)


def test_ws_opens_a_workspace_by_name(qtbot, rig, window):
    open_with(qtbot, window, "ws charts")
    press(qtbot, window, Key.Key_Return)
    assert (window.opened, rig.gateway.sent()) == (["charts"], [])


def test_chart_changes_the_open_charts_interval_and_lists_the_valid_ones(qtbot, rig, window):
    open_with(qtbot, window, "chart 5m")
    press(qtbot, window, Key.Key_Return)
    assert rig.spoken[-1] == ("warning", "No chart is open (View, Panels).")
    chart = ChartPanel(rig.context, "chart")
    window.layout().addWidget(chart)
    chart.show()
    open_with(qtbot, window, "chart 5m")
    press(qtbot, window, Key.Key_Return)
    assert chart.interval == "5m"
    open_with(qtbot, window, "chart 7m")
    press(qtbot, window, Key.Key_Return)
    assert (chart.interval, rig.spoken[-1][1][:33]) == ("5m", "There are no 7m bars; there are 1")
    chart.release()


def test_a_held_line_stays_in_the_ticket_however_often_enter_is_pressed(qtbot, rig, window):
    rig.gateway.answers["order.outlook"] = CommandResult(ok=True, text="", data=INCREASE)
    open_with(qtbot, window, "b 5 aapl 187 hold")
    assert "Enter holds in the ticket" in window.palette_.said.text()
    for _ in range(3):
        press(qtbot, window, Key.Key_Return)
        rig.clock.advance(SECOND_ENTER_NS)
    assert window.ticket.form.draft().price == "187.00"
    assert rig.gateway.of("order.submit") == []


def test_a_staged_line_is_not_sent_disarmed(qtbot, rig, window):
    rig.arm(None)
    rig.gateway.answers["order.outlook"] = CommandResult(ok=True, text="", data=INCREASE)
    open_with(qtbot, window, "b 5 aapl 187")
    press(qtbot, window, Key.Key_Return)
    qtbot.waitUntil(lambda: window.ticket._verdict is not None)
    rig.clock.advance(SECOND_ENTER_NS)
    press(qtbot, window, Key.Key_Return)
    assert rig.gateway.of("order.submit") == []


def test_the_list_holds_open_orders_and_settings(rig, window):
    rig.feed(order("OMS-1"))
    entries = {(entry.sort, entry.name): entry for entry in window.choices.entries()}
    assert entries[Sort.ORDER, "OMS-1"].title.startswith("BUY 100 AAPL LIMIT 187.15")
    assert entries[Sort.SETTING, "desktop.theme"].key == "default dark"


def test_a_setting_is_shown_where_it_is_set(qtbot, window):
    open_with(qtbot, window, "disarm_after")
    press(qtbot, window, Key.Key_Return)
    assert window.settings == ["desktop.disarm_after_s"]


def test_menu_palette_and_keys_offer_the_commands_of_one_registry(rig, qtbot, window):
    register(rig.bridge.commands)
    registry: CommandRegistry = rig.bridge.commands
    offered = {entry.name for entry in window.choices.entries() if entry.sort is Sort.COMMAND}
    assert offered == {command.id for command in registry.all()}
    menu = window.keys.actions(window)
    assert menu.keys() < offered
    bound = {bind.id for bind in window.keys.store.file.binds}
    assert {command_id.rpartition(".")[2] for command_id in menu} == bound
