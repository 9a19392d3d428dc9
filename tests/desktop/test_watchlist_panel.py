"""The watchlist panel: adding, removing, moving, linking, and what is stale or absent."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, future, order, position, quote, status, stock
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.panels.time_sales_panel import TimeSalesPanel
from workstation.desktop.panels.watchlist_panel import WatchlistPanel
from workstation.desktop.panels.watchlist_trends import MINUTE
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrdStatus
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.market_view import NoRoom


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = WatchlistPanel(rig.context, "watchlist-1")
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def entries(panel: WatchlistPanel) -> list[str]:
    return [panel.columns.row_at(row).entry for row in range(panel.columns.rowCount())]


def centre(panel: WatchlistPanel, row: int, name: str = "symbol") -> QPoint:
    return panel.view.visualRect(panel.columns.index(row, panel.columns.column_named(name))).center()


def test_the_model_keeps_the_rules_of_qt(panel: WatchlistPanel, rig: DesktopRig, qtmodeltester) -> None:
    qtmodeltester.check(panel.columns)
    rig.feed(quotes=[quote()])
    panel.view.selectRow(1)
    panel.remove_selected()
    panel.undo()
    panel.view.sort_by([("last", True)])


def test_a_first_list_holds_all_instruments_and_asks_for_their_quotes(panel: WatchlistPanel, rig: DesktopRig) -> None:
    assert entries(panel) == ["# Stocks", "AAPL", "MSFT", "# Futures", "ESZ6"]
    assert rig.gateway.of("market.watch")[-1].quotes == {"AAPL", "MSFT", "ESZ6"}


def test_typing_over_the_table_adds_by_symbol_or_name(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.restore_settings({"list": ["AAPL"]})
    assert rig.gateway.of("market.watch")[-1].quotes == {"AAPL"}
    qtbot.keyClick(panel.view, Qt.Key.Key_M)
    assert panel.entry.text() == "M"
    qtbot.keyClicks(panel.entry, "icrosoft")
    panel.add_typed()
    assert entries(panel) == ["AAPL", "MSFT"]
    assert panel.entry.text() == ""
    assert rig.gateway.of("market.watch")[-1].quotes == {"AAPL", "MSFT"}


def test_what_matches_nothing_keeps_the_text_and_says_so(panel: WatchlistPanel, rig: DesktopRig) -> None:
    panel.entry.setText("NOPE")
    panel.add_typed()
    assert (panel.entry.text(), panel.entry.property("invalid")) == ("NOPE", "true")
    assert "No instrument matches" in rig.spoken[-1][1]


def test_del_removes_and_undo_brings_back(panel: WatchlistPanel, qtbot) -> None:
    panel.view.selectRow(1)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert "AAPL" not in entries(panel)
    assert (panel.undo_button.isHidden(), panel.undo_button.text()) == (False, "Undo AAPL")
    panel.undo_button.click()
    assert entries(panel)[1] == "AAPL"


def test_a_selection_moves_the_link_group(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.set_link_group("A")
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, 2))
    assert rig.context.links.chosen("A") == "MSFT"
    rig.context.links.choose("A", "ESZ6")
    assert [row.entry for row in panel.view.selected_rows()] == ["ESZ6"]
    assert rig.context.focus.symbol == "AAPL"


def test_a_click_on_the_marker_aims_the_trade_focus(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.set_link_group("A")
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, 2, "focus"))
    assert rig.context.focus.symbol == "MSFT"
    assert panel.list.table.get("MSFT").focused
    assert rig.gateway.sent() == []


def test_rows_move_by_key_and_by_drag(panel: WatchlistPanel, qtbot) -> None:
    panel.view.selectRow(2)
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert entries(panel)[1:3] == ["MSFT", "AAPL"]
    assert [row.entry for row in panel.view.selected_rows()] == ["MSFT"]
    port = panel.view.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=centre(panel, 1))
    end = centre(panel, 4) + QPoint(0, 6)
    qtbot.mouseMove(port, centre(panel, 3))
    panel.view._target = panel.view._place_at(end.y())
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    assert entries(panel)[-1] == "MSFT"


def test_a_row_let_go_over_another_panel_is_shown_there(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    tape = TimeSalesPanel(rig.context, "tape-1")
    qtbot.addWidget(tape)
    tape.setGeometry(panel.x(), panel.y() + panel.height() + 60, 300, 300)
    tape.show()
    before, port = entries(panel), panel.view.viewport()
    for row in (0, 2):
        place = port.mapFromGlobal(tape.mapToGlobal(QPoint(150, 200)))
        qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=centre(panel, row))
        where, none = QPointF(port.mapToGlobal(place)), Qt.KeyboardModifier.NoModifier
        left, no = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        QApplication.sendEvent(port, QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, no, left, none))
        assert port.cursor().shape() is Qt.CursorShape.DragLinkCursor
        qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=place)
        assert tape.symbol == {0: "", 2: "MSFT"}[row]  # a heading is no instrument
    assert (entries(panel), port.cursor().shape()) == (before, Qt.CursorShape.ArrowCursor)
    tape.release()


def test_a_double_click_fills_a_ticket_in_and_sends_nothing(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    ticket = TicketPanel(rig.context, "ticket-1")
    qtbot.addWidget(ticket)
    ticket.show()
    rig.feed(quotes=[quote("MSFT", 41_233)])
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, 2))
    draft = ticket.form.draft()
    assert (ticket.symbol, draft.qty, draft.price) == ("MSFT", str(rig.context.sizes.size), "412.33")
    assert rig.gateway.sent() == []
    ticket.release()


def test_order_by_a_column_leaves_headings_out(panel: WatchlistPanel, rig: DesktopRig) -> None:
    rig.feed(quotes=[quote("AAPL", 18_719), quote("MSFT", 41_233)])
    panel.view.sort_by([("last", True)])
    assert entries(panel) == ["MSFT", "AAPL", "ESZ6"]
    panel.view.sort_by([])
    assert entries(panel)[0] == "# Stocks"


def test_positions_orders_and_prices_stand_in_the_row(panel: WatchlistPanel, rig: DesktopRig) -> None:
    rig.feed(order(), quotes=[quote()], positions=[position(300)])
    texts = {c.name: c.text(panel.list.table.get("AAPL")) for c in panel.columns.table.columns if c.name}
    assert (texts["last"], texts["position"], texts["orders"], texts["profit"]) == ("187.19", "300", "1B", "+57.00")
    rig.clock.advance(SECOND)
    rig.feed(order(state=OrdStatus.CANCELLED, version=9))
    assert panel.columns.index(1, panel.columns.column_named("orders")).data() == ""


def test_without_the_feed_prices_are_hatched_as_of_a_time(panel: WatchlistPanel, rig: DesktopRig) -> None:
    rig.feed(quotes=[quote()])
    rig.feed(status=status(feed_state="DOWN", now_ns=START_NS))
    assert panel.list.style(panel.list.table.get("AAPL")).hatched
    assert "prices as of 15:00:00" in panel.note.text()


def test_the_list_comes_back(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.restore_settings({"list": ["# Mine", "ESZ6", "GONE", "AAPL"]})
    other = WatchlistPanel(rig.context, "watchlist-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert entries(other) == ["# Mine", "ESZ6", "AAPL"]
    other.release()


def test_an_empty_list_says_how_to_fill_it(panel: WatchlistPanel) -> None:
    panel.restore_settings({"list": []})
    assert (panel.columns.rowCount(), panel.view._empty[0]) == (0, "Nothing to watch yet")


@pytest.mark.parametrize("width", [290, 345, 420, 700, 1_600])
def test_no_column_is_cut_at_the_edge_of_the_list(panel: WatchlistPanel, qtbot, width: int) -> None:
    panel.resize(width, 300)
    header, room = panel.view.horizontalHeader(), panel.view.viewport().width()
    spans = [
        (header.sectionViewportPosition(number), header.sectionSize(number))
        for number in range(header.count())
        if not header.isSectionHidden(number)
    ]
    assert all(left >= room or left + size <= room for left, size in spans)
    assert panel.save_settings()["widths"][1] < 120


def test_a_computed_column_is_typed_shown_removed_and_kept(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(quotes=[quote()])
    panel.entry.setText("gap = last - close")
    qtbot.keyClick(panel.entry, Qt.Key.Key_Return)
    assert [column.title for column in panel.view.shown_columns()][2:5] == ["Last", "%", "gap"]
    assert panel.columns.index(1, panel.columns.column_named("=gap")).data() == "89.0t"
    other = WatchlistPanel(rig.context, "watchlist-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert [str(column) for column in other.list.computed] == ["gap = last - close"]
    menu = other.context_menu()
    next(action for action in menu.actions() if action.text() == "Remove column gap").trigger()
    menu.close()
    assert other.list.computed == ()
    other.release()


def test_a_wrong_expression_keeps_the_text_and_says_where(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.entry.setText("gap = last +")
    qtbot.keyClick(panel.entry, Qt.Key.Key_Return)
    assert (panel.entry.text(), panel.entry.property("invalid")) == ("gap = last +", "true")
    assert "column 7" in rig.spoken[-1][1]
    assert panel.list.computed == ()


def test_a_pasted_list_is_added_and_what_is_unknown_is_listed(panel: WatchlistPanel, rig: DesktopRig, qtbot) -> None:
    panel.restore_settings({"list": []})
    QApplication.clipboard().setText("#Mine\nmsft aapl\nnope")
    qtbot.keyClick(panel.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert entries(panel) == ["# Mine", "MSFT", "AAPL"]
    assert rig.spoken[-1] == ("warning", "2 symbols taken. Not known: nope.")


def test_a_file_is_imported_and_one_that_cannot_be_read_is_said(
    panel: WatchlistPanel, rig: DesktopRig, tmp_path
) -> None:
    panel.restore_settings({"list": []})
    (tmp_path / "mine.csv").write_text("ESZ6\nAAPL\n")
    panel.import_from(tmp_path / "mine.csv")
    assert entries(panel) == ["ESZ6", "AAPL"]
    panel.import_from(tmp_path / "missing.csv")
    assert rig.spoken[-1][1].startswith("Not imported: missing.csv")


def test_named_lists_are_made_shown_and_removed(panel: WatchlistPanel, rig: DesktopRig) -> None:
    panel.restore_settings({"list": ["AAPL"]})
    assert panel.choice.make("Futures") == ""
    panel.import_text("ESZ6")
    assert rig.gateway.of("market.watch")[-1].quotes == {"ESZ6"}
    panel.show_list("Main")
    assert (entries(panel), panel.choice.text()) == (["AAPL"], "Main")
    assert panel.choice.make("futures")
    panel.show_list("Futures")
    panel.choice.remove()
    assert (entries(panel), panel.lists.names) == (["AAPL"], ("Main",))


def test_sparklines_begin_with_the_past_one_at_a_time(panel: WatchlistPanel, rig: DesktopRig) -> None:
    series = BarSeries("AAPL", MINUTE, np.zeros(60, np.int64), np.tile(np.arange(60.0)[:, None] + 150, (1, 5)))
    panel.seeding.timer.timeout.emit()
    assert [request.symbol for request in rig.gateway.of("market.bars")] == ["AAPL"]
    rig.gateway.answer("market.bars", CommandResult(ok=True, text="", data=series))
    QApplication.processEvents()
    rig.feed(quotes=[quote(last=30_000)])
    trend = panel.columns.index(1, panel.columns.column_named("trend")).data()
    assert (len(trend), list(trend)) == (12, sorted(trend))


@pytest.fixture
def many(qapp: object):
    made = DesktopRig(stock("MSFT"), stock("MSFX", name="Micro Futures"), future("MSFZ6"))
    yield made
    made.stop()


def test_what_fits_several_offers_them_with_venue_and_kind_and_takes_none(many: DesktopRig, qtbot) -> None:
    panel = WatchlistPanel(many.context, "watchlist-1")
    qtbot.addWidget(panel)
    panel.show()
    panel.restore_settings({"list": []})
    qtbot.keyClicks(panel.entry, "msf")
    qtbot.keyClick(panel.entry, Qt.Key.Key_Return)
    assert (entries(panel), panel.entry.text()) == ([], "msf")
    menu = panel.entry.findChild(QMenu, "watchlist-1_choices")
    assert [action.text().replace("&&", "&") for action in menu.actions()] == [
        "MSFT · Apple Inc. common stock · XNAS · stock · USD",
        "MSFX · Micro Futures · XNAS · stock · USD",
        "MSFZ6 · E-mini S&P 500 December 2026 · XCME · future · USD",
    ]
    assert many.spoken[-1] == ("info", "“msf” fits 3 instruments; choose one.")
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert (entries(panel), panel.entry.text()) == (["MSFX"], "")
    panel.release()


def test_a_whole_symbol_or_a_single_fit_is_no_question(many: DesktopRig, qtbot) -> None:
    panel = WatchlistPanel(many.context, "watchlist-1")
    qtbot.addWidget(panel)
    panel.restore_settings({"list": []})
    for typed in ("msft", "micro"):
        panel.entry.setText(typed)
        panel.add_typed()
    assert entries(panel) == ["MSFT", "MSFX"]
    panel.release()


def test_a_row_without_room_names_the_limit_and_who_uses_it_and_asks_again(
    panel: WatchlistPanel, rig: DesktopRig
) -> None:
    left = NoRoom(frozenset({"MSFT"}), 2_000, (("watchlist-1", 1_800), ("scripts, strategies and alerts", 200)))
    rig.gateway.answer("market.watch", CommandResult(ok=True, text="", data=left))
    QApplication.processEvents()
    words = (
        "MSFT has no prices: at most 2,000 streams are open at once. "
        "They are held by watchlist-1 1,800, scripts, strategies and alerts 200."
    )
    assert panel.note.text() == words
    cell = panel.columns.index(2, panel.columns.column_named("age"))
    assert (cell.data(), cell.data(Qt.ItemDataRole.ToolTipRole)) == ("full", words)
    asked = len(rig.gateway.of("market.watch"))
    panel._ask_again.timeout.emit()
    assert len(rig.gateway.of("market.watch")) == asked + 1
    rig.gateway.answer("market.watch", CommandResult(ok=True, text="", data=NoRoom()))
    QApplication.processEvents()
    assert (panel.note.text(), cell.data(), panel._ask_again.isActive()) == ("", "—", False)


def test_a_wide_list_gives_its_room_to_the_names_not_to_a_gap_behind_the_symbol(panel: WatchlistPanel) -> None:
    panel.resize(2_400, 300)
    view, header = panel.view, panel.view.horizontalHeader()
    symbol, name = (header.sectionSize(panel.columns.column_named(text)) for text in ("symbol", "name"))
    assert symbol == 2 * view._designed_width(panel.columns.column_named("symbol"))
    assert name > 300
    assert panel.columns.index(1, panel.columns.column_named("name")).data() == "Apple Inc. common stock · XNAS"
    panel.resize(420, 300)
    assert header.sectionSize(panel.columns.column_named("symbol")) < symbol


ISIN = "US0378331005"


@pytest.fixture
def numbered(qapp: object):
    def listed(symbol: str, currency: str) -> Instrument:
        return msgspec.structs.replace(stock(symbol), isin=ISIN, currency=currency)

    apple = msgspec.structs.replace(stock("AAPL"), isin="US67066G1040")
    made = DesktopRig(apple, listed("APC", "EUR"), listed("0R2V", "USD"), stock("MSFT"))
    yield made
    made.stop()


def test_an_instrument_is_found_by_its_isin_and_one_listed_twice_is_asked_about(numbered: DesktopRig, qtbot) -> None:
    panel = WatchlistPanel(numbered.context, "watchlist-1")
    qtbot.addWidget(panel)
    panel.show()
    panel.restore_settings({"list": []})
    qtbot.keyClicks(panel.entry, "us67066g1040")
    qtbot.keyClick(panel.entry, Qt.Key.Key_Return)
    assert entries(panel) == ["AAPL"]
    qtbot.keyClicks(panel.entry, "US03")
    assert panel.entry.completer().model().rowCount() == 2, "the beginning of an ISIN finds too"
    panel.entry.setText(ISIN)
    panel.add_typed()
    menu = panel.entry.findChild(QMenu, "watchlist-1_choices")
    assert [action.text().split(" · ")[-1] for action in menu.actions()] == ["EUR", "USD"]
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert entries(panel) == ["AAPL"]
    panel.import_text(f"US67066G1040\nMSFT, {ISIN}")
    assert entries(panel) == ["AAPL", "MSFT"]
    assert f"{ISIN} may be APC or 0R2V" in numbered.spoken[-1][1]
    panel.release()


def test_a_symbol_box_takes_an_isin_that_names_one_instrument(numbered: DesktopRig, qtbot) -> None:
    panel = TicketPanel(numbered.context, "ticket-1")
    qtbot.addWidget(panel)
    panel.show()
    panel.show_symbol("MSFT")
    header = panel.header_widget()
    qtbot.addWidget(header)
    header.show()
    box = header.findChild(QLineEdit, "ticket-1_symbol")
    box.selectAll()
    qtbot.keyClicks(box, "us67066g1040")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (panel.symbol, box.text()) == ("AAPL", "AAPL")
    box.setText(ISIN)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert panel.symbol == "AAPL"
    assert numbered.spoken[-1] == ("warning", f"No instrument '{ISIN}'. Nearest: APC, 0R2V.")
    panel.release()
