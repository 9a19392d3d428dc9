"""The positions panel: exits by one press, never by two; figures, states."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from tests.desktop.test_fills_panel import fill
from tests.helpers.desktop_rig import ACCOUNT, START_NS, DesktopRig, limit, order, position, status
from tests.helpers.fake_broker import CARD
from workstation.commands.params import ExitPosition, WatchedOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.hold_to_confirm import hold_to_confirm
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.pnl_reconcile import FillsBehind
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, OrdStatus, OrdType, OriginKind, Residence, Side
from workstation.viewmodels.frames import PartSnap
from workstation.viewmodels.positions_table import PORTIONS_BPS


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = PositionsPanel(rig.context, "positions-1")
    qtbot.addWidget(made)
    made.resize(1_300, 240)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def centre(panel: PositionsPanel, name: str, row: int = 0):
    return panel.view.visualRect(panel.columns.index(row, panel.columns.column_named(name))).center()


def test_the_model_keeps_the_rules_of_qt(panel: PositionsPanel, rig: DesktopRig, qtmodeltester) -> None:
    rig.feed(positions=[position(100)])
    qtmodeltester.check(panel.columns)
    rig.feed(positions=[position(50), position(2, symbol="MSFT")])


def test_while_the_venue_is_gone_the_telephone_of_its_desk_stands_above_what_is_held(rig: DesktopRig, qtbot) -> None:
    card = msgspec.structs.replace(CARD, venue="SIM", phone="+1 555 0199", fees={})
    rig.bridge.session = msgspec.structs.replace(rig.session, card=lambda _account: card)
    made = PositionsPanel(rig.context, "positions-1")
    qtbot.addWidget(made)
    rig.feed(positions=[position(100)], status=status(venue_state="DOWN", now_ns=START_NS))
    assert made.note.text().endswith("exits are refused. Trade desk of SIM: +1 555 0199.")
    rig.feed(status=status(now_ns=START_NS))
    assert "555" not in made.note.text()
    made.release()


def test_flat_everywhere_says_so(panel: PositionsPanel) -> None:
    assert panel.view._empty[0] == "Flat in all accounts"


@pytest.mark.parametrize(("name", "portion"), [("flatten", 10_000), ("half", 5_000)])
def test_a_press_on_a_row_button_exits(panel: PositionsPanel, rig: DesktopRig, qtbot, name: str, portion: int) -> None:
    rig.feed(positions=[position(100)])
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, name))
    assert rig.gateway.of("position.flatten") == [ExitPosition(account=ACCOUNT, symbol="AAPL", portion_bps=portion)]
    assert rig.gateway.calls[-1].origin.kind is OriginKind.POSITIONS


def test_a_double_click_exits_once_at_most_and_elsewhere_never(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100)])
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "flatten"))
    assert rig.gateway.sent() == []
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "symbol"))
    assert rig.gateway.sent() == []


def test_a_release_elsewhere_is_no_press(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100)])
    qtbot.mousePress(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "flatten"))
    qtbot.mouseRelease(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "open"))
    assert rig.gateway.sent() == []


def test_the_bar_exits_what_is_selected(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100), position(-20, symbol="MSFT"), position(0, symbol="ESZ6")])
    assert not panel.flat.isEnabled()
    panel.view.selectAll()
    panel.flat.click()
    assert {params.symbol for params in rig.gateway.of("position.flatten")} == {"AAPL", "MSFT"}


def test_a_refused_exit_stands_in_the_panel(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)])
    refusal = CommandResult(ok=False, code="BROKER_UNAVAILABLE", text="Refused: NOT SENT, venue is down.")
    rig.gateway.answers["position.flatten"] = refusal
    panel.view.selectRow(0)
    panel.half.click()
    panel.context.bridge._on_answered()
    assert panel.note.text() == "Refused: NOT SENT, venue is down."


def test_totals_count_what_has_no_mark(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100), position(1, symbol="ESZ6", mark=None, unrealised=None)])
    assert panel.totals.full_text == "open +19.00  realised 0.00  fees 0.00 USD   ·   1 unpriced: ESZ6"


def test_a_stale_mark_is_named(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100, mark_age_ms=9_000)])
    rig.feed(status=status(now_ns=START_NS))
    assert panel.note.text().startswith("Stale marks: AAPL")


def test_columns_come_back(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    panel.view.sort_by([("open", True)])
    other = PositionsPanel(rig.context, "positions-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert other.columns.table.sorting == (("open", True),)
    other.release()


def commands(panel: PositionsPanel) -> list[str]:
    asked: list[str] = []
    panel.command_asked.connect(asked.append)
    return asked


def test_reverse_needs_two_presses_and_aims_first(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    asked = commands(panel)
    rig.feed(positions=[position(100, symbol="MSFT")])
    panel.view.selectRow(0)
    qtbot.mouseClick(panel.turn, Qt.MouseButton.LeftButton)
    assert (asked, panel.turn.text()) == ([], "Press again: reverse")
    qtbot.mouseClick(panel.turn, Qt.MouseButton.LeftButton)
    assert (asked, rig.context.focus.symbol, panel.turn.text()) == (["trade.reverse"], "MSFT", "Reverse")


def test_reverse_acts_once_when_it_is_held_where_that_is_set(
    panel: PositionsPanel, rig: DesktopRig, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_to_confirm(), "ms", 1)
    asked = commands(panel)
    rig.feed(positions=[position(100)])
    panel.view.selectRow(0)
    qtbot.mousePress(panel.turn, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.mouseRelease(panel.turn, Qt.MouseButton.LeftButton)
    assert (asked, panel.turn.text()) == (["trade.reverse"], "Reverse")


def test_a_first_press_is_forgotten_after_its_time(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    asked = commands(panel)
    rig.feed(positions=[position(100)])
    panel.view.selectRow(0)
    panel.turn.click()
    panel.turn._waits.start(0)  # its time is over
    qtbot.waitUntil(lambda: panel.turn.text() == "Reverse")
    panel.turn.click()
    assert asked == []


def test_breakeven_acts_on_one_open_position_alone(panel: PositionsPanel, rig: DesktopRig) -> None:
    asked = commands(panel)
    rig.feed(positions=[position(100), position(5, symbol="MSFT")])
    panel.view.selectAll()
    assert not panel.even.isEnabled()
    panel.breakeven()
    assert asked == []
    panel.view.selectRow(0)
    panel.even.click()
    assert asked == ["trade.breakeven"]


def test_parts_are_in_the_menu(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)])
    panel.view.selectRow(0)
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == "positions-1_part_75_action").trigger()
    menu.close()
    assert rig.gateway.of("position.flatten") == [ExitPosition(account=ACCOUNT, symbol="AAPL", portion_bps=7_500)]


def staged(panel: PositionsPanel, rig: DesktopRig, qtbot) -> TicketPanel:
    ticket = TicketPanel(rig.context, "ticket-1")
    qtbot.addWidget(ticket)
    ticket.show()
    rig.feed(positions=[position(-70, symbol="MSFT")])
    return ticket


def test_a_press_on_the_size_fills_a_ticket_with_the_exit_and_sends_nothing(
    panel: PositionsPanel, rig: DesktopRig, qtbot
) -> None:
    ticket = staged(panel, rig, qtbot)
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "qty"))
    draft = ticket.form.draft()
    assert (ticket.symbol, draft.side, draft.qty, draft.price, draft.reduce_only) == ("MSFT", Side.BUY, "70", "", True)
    assert ticket.holds_staged
    assert rig.gateway.sent() == []
    ticket.release()


def test_the_menu_adds_a_stop_of_the_position_in_the_ticket(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    ticket = staged(panel, rig, qtbot)
    panel.view.selectRow(0)
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == "positions-1_stop_action").trigger()
    menu.close()
    draft = ticket.form.draft()
    assert (draft.side, draft.ord_type, draft.qty, draft.stop, draft.reduce_only) == (
        *(Side.BUY, OrdType.STOP, "70", "", True),
    )
    ticket.release()


def test_a_difference_with_the_venue_is_named_with_both_sides(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100, theirs=40)])
    assert panel.note.text().startswith("Not reconciled: AAPL 100 here, 40 at the venue")
    assert panel.columns.index(0, panel.columns.column_named("gap")).data() == "+60"
    rig.feed(positions=[position(100)])
    assert panel.note.isHidden()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
@pytest.mark.parametrize("name", ["flatten", "half"])
def test_a_key_on_a_button_cell_exits(panel: PositionsPanel, rig: DesktopRig, qtbot, name: str, key: Qt.Key) -> None:
    portion = PORTIONS_BPS[name]
    rig.feed(positions=[position(100)])
    panel.view.setFocus()
    panel.view.setCurrentIndex(panel.columns.index(0, panel.columns.column_named("open")))
    qtbot.keyClick(panel.view, key)
    assert rig.gateway.sent() == []
    panel.view.setCurrentIndex(panel.columns.index(0, panel.columns.column_named(name)))
    qtbot.keyClick(panel.view, key)
    assert rig.gateway.of("position.flatten") == [ExitPosition(account=ACCOUNT, symbol="AAPL", portion_bps=portion)]
    held = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", autorep=True)
    QApplication.sendEvent(panel.view, held)
    assert len(rig.gateway.of("position.flatten")) == 1


@pytest.mark.parametrize(("typed", "portion"), [("30", 3_000), ("12.5 %", 1_250), ("100", 10_000)])
def test_a_typed_part_exits_on_enter(panel: PositionsPanel, rig: DesktopRig, qtbot, typed: str, portion: int) -> None:
    rig.feed(positions=[position(100), position(7, symbol="MSFT")])
    panel.view.sort_by([("symbol", False)])
    panel.view.selectRow(0)
    qtbot.keyClicks(panel.part, typed)
    assert rig.gateway.sent() == []
    qtbot.keyClick(panel.part, Qt.Key.Key_Return)
    assert rig.gateway.of("position.flatten") == [ExitPosition(account=ACCOUNT, symbol="AAPL", portion_bps=portion)]
    assert panel.part.text() == ""


@pytest.mark.parametrize("typed", ["0", "101", "half", "-5", "1e1", ""])
def test_what_is_no_part_keeps_its_text_and_sends_nothing(panel, rig: DesktopRig, qtbot, typed: str) -> None:
    rig.feed(positions=[position(100)])
    panel.view.selectRow(0)
    qtbot.keyClicks(panel.part, typed)
    qtbot.keyClick(panel.part, Qt.Key.Key_Return)
    assert rig.gateway.sent() == []
    assert (panel.part.text(), panel.part.property("invalid")) == (typed, "true")
    assert rig.spoken[-1] == ("warning", f"Nothing sent: “{typed}” is not a part; type 0.01 to 100 per cent.")


def test_who_holds_how_much_of_it_is_said(panel: PositionsPanel, rig: DesktopRig) -> None:
    parts = (PartSnap("", 60, 12 * MONEY_ONE, 0), PartSnap("sma", 40, 7 * MONEY_ONE, -3 * MONEY_ONE))
    rig.feed(positions=[position(100, parts=parts), position(5, symbol="MSFT", parts=(PartSnap("sma", 5, 0, 0),))])
    panel.view.sort_by([("symbol", False)])
    cells = [panel.columns.index(row, panel.columns.column_named("split")) for row in (0, 1)]
    assert [cell.data() for cell in cells] == ["by hand 60 · sma 40", "sma"]
    hover = cells[0].data(Qt.ItemDataRole.ToolTipRole)
    assert hover.splitlines()[1] == "sma: 40, open +7.00, realised −3.00 USD"


def test_who_holds_it_is_said_by_name_and_the_hover_adds_the_id(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.origin_names["run-7"] = "Reversion 3"
    parts = (PartSnap("", 60, 0, 0), PartSnap("run-7", 40, 0, 0))
    rig.feed(positions=[position(100, parts=parts), position(5, symbol="MSFT", parts=(PartSnap("run-7", 5, 0, 0),))])
    panel.view.sort_by([("symbol", False)])
    cells = [panel.columns.index(row, panel.columns.column_named("split")) for row in (0, 1)]
    assert [cell.data() for cell in cells] == ["by hand 60 · Reversion 3 40", "Reversion 3"]
    assert cells[1].data(Qt.ItemDataRole.ToolTipRole).startswith("Reversion 3 (run-7): 5, open")


def test_a_row_carried_to_a_chart_shows_it_there(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100, symbol="MSFT")])
    window = QWidget()
    qtbot.addWidget(window)
    side = QHBoxLayout(window)
    chart = ChartPanel(rig.context, "chart-1")
    chart.show_symbol("AAPL")
    side.addWidget(panel)
    side.addWidget(chart)
    window.resize(760, 300)
    with qtbot.waitExposed(window):
        window.show()
    view, start = panel.view.viewport(), centre(panel, "symbol")
    goal = view.mapFromGlobal(chart.mapToGlobal(chart.rect().center()))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, goal)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=goal)
    assert chart.symbol == "MSFT"
    assert rig.gateway.of("position.flatten") == []
    panel.setParent(None)
    chart.release()


@pytest.mark.parametrize(("name", "command"), [("even", "trade.breakeven"), ("turn", "trade.reverse")])
def test_breakeven_and_reverse_go_by_key(
    panel: PositionsPanel, rig: DesktopRig, qtbot, name: str, command: str
) -> None:
    asked = commands(panel)
    rig.feed(positions=[position(100)])
    panel.view.selectRow(0)
    button = getattr(panel, name)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    if name == "turn":
        assert asked == []
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert asked == [command]


def test_margin_stands_in_its_column(panel: PositionsPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100, margin=4_680 * MONEY_ONE)])
    assert panel.columns.index(0, panel.columns.column_named("margin")).data() == "4,680.00"
    rig.feed(positions=[position(100)])
    assert panel.columns.index(0, panel.columns.column_named("margin")).data() == "—"


def test_a_press_or_enter_on_a_gap_shows_the_fills_behind_it(panel: PositionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(fill("e1"), fill("e2", symbol="MSFT"))
    rig.feed(positions=[position(100, theirs=40)])
    column = panel.columns.column_named("gap")
    panel.view.scrollTo(panel.columns.index(0, column))
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "gap"))
    dialog = panel.findChild(FillsBehind)
    assert dialog.words.text().startswith("AAPL 100 here, 40 at the venue.")
    assert [dialog.view.columns.row_at(n).exec_key for n in range(dialog.view.columns.rowCount())] == ["e1"]
    dialog.close()
    panel.view.setCurrentIndex(panel.columns.index(0, column))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert any(one.isVisible() for one in panel.findChildren(FillsBehind))
    for one in panel.findChildren(FillsBehind):
        one.close()
    rig.feed(positions=[position(100)])
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "gap"))
    assert rig.gateway.sent() == []


def watched_stop() -> OrderState:
    terms = limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600, reduce_only=True)
    return order("S-1", terms, state=OrdStatus.NEW, residence=Residence.PROGRAM)


def test_protection_on_this_pc_is_moved_to_the_broker_and_a_refusal_says_why(
    panel: PositionsPanel, rig: DesktopRig, qtbot
) -> None:
    rig.feed(positions=[position(100), position(10, symbol="MSFT")])
    panel.view.selectRow(0)
    assert panel.guard.isHidden(), "nothing is watched here"
    rig.feed(watched_stop())
    rig.feed(positions=[position(100)])
    assert not panel.guard.isHidden()
    why = "Refused: SIM takes no such order; a stop stays on this PC and dies with it."
    rig.gateway.answers["order.move_to_broker"] = CommandResult(ok=False, code="UNSUPPORTED_ORDER", text=why)
    qtbot.mouseClick(panel.guard, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("order.move_to_broker") == [WatchedOrder(cl_ord_id="S-1")]
    panel.context.bridge._on_answered()
    assert panel.note.text() == why
    panel.view.selectRow(1)
    assert panel.guard.isHidden()
