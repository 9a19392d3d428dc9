"""The watchlist as a person has it: rows dragged, lists chosen and named by their menu, files chosen in the dialog."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from tests.desktop.test_watchlist_panel import centre, entries
from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, quote, status
from workstation.desktop.line_dialog import LineDialog
from workstation.desktop.panels.watchlist_panel import WatchlistPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot):
    made = WatchlistPanel(rig.context, "watchlist-1")
    qtbot.addWidget(made)
    qtbot.addWidget(made.header_widget())
    made.header_widget().show()
    made.resize(900, 300)
    made.show()
    made.activateWindow()
    rig.feed(status=status(now_ns=START_NS))
    made.restore_settings({"list": ["# Mine", "AAPL", "MSFT", "ESZ6"]})
    yield made
    made.release()


def drag(panel: WatchlistPanel, qtbot: QtBot, start: QPoint, *ways: QPoint) -> None:
    """Press, move with the button held, and let go at the last place."""
    port = panel.view.viewport()
    qtbot.mousePress(port, LEFT, pos=start)
    for way in ways:
        where = QPointF(port.mapToGlobal(way))
        held = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(way), where, Qt.MouseButton.NoButton, LEFT, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(port, held)
    qtbot.mouseRelease(port, LEFT, pos=ways[-1])


def test_a_dragged_row_goes_where_it_is_let_go_and_a_line_shows_where(
    panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    below = centre(panel, 2) + QPoint(0, 6)
    drag(panel, qtbot, centre(panel, 1), centre(panel, 2), below)
    assert entries(panel) == ["# Mine", "MSFT", "AAPL", "ESZ6"]
    assert panel.save_settings()["list"] == ["# Mine", "MSFT", "AAPL", "ESZ6"]
    drag(panel, qtbot, centre(panel, 3), centre(panel, 1), centre(panel, 0) - QPoint(0, 6))
    assert entries(panel) == ["ESZ6", "# Mine", "MSFT", "AAPL"]
    assert rig.gateway.sent() == []


def test_a_row_stays_while_another_order_is_shown_and_at_a_twitch_of_the_hand(
    panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    drag(panel, qtbot, centre(panel, 1), centre(panel, 1) + QPoint(3, 2))
    assert entries(panel) == ["# Mine", "AAPL", "MSFT", "ESZ6"]
    rig.feed(quotes=[quote("AAPL", 18_719), quote("MSFT", 41_233)])
    panel.view.sort_by([("last", True)])
    drag(panel, qtbot, centre(panel, 0), centre(panel, 1), centre(panel, 1) + QPoint(0, 6))
    panel.view.sort_by([])
    assert entries(panel) == ["# Mine", "AAPL", "MSFT", "ESZ6"]


def chosen(panel: WatchlistPanel, text: str) -> None:
    """Open the menu of the list's button and choose an entry."""
    menu: QMenu = panel.choice.menu()
    menu.popup(QPoint(0, 0))
    action = next(action for action in menu.actions() if action.text() == text)
    assert action.isEnabled(), text
    QApplication.processEvents()
    box = menu.actionGeometry(action).center()
    where = QPointF(menu.mapToGlobal(box))
    for kind, buttons in (
        (QEvent.Type.MouseButtonPress, LEFT),
        (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
    ):
        QApplication.sendEvent(
            menu, QMouseEvent(kind, QPointF(box), where, LEFT, buttons, Qt.KeyboardModifier.NoModifier)
        )
    menu.close()


def named(panel: WatchlistPanel, qtbot: QtBot, name: str) -> None:
    """Type into the dialog that asks for a name, and press Enter."""
    dialog = panel.choice.findChild(LineDialog, "watchlist-1_list_name_dialog")
    assert dialog is not None
    line = dialog.line
    line.selectAll()
    qtbot.keyClicks(line, name)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()


def test_lists_are_made_renamed_chosen_and_removed_by_their_menu(
    panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    chosen(panel, "New list…")
    named(panel, qtbot, "Futures")
    assert (panel.choice.text(), entries(panel)) == ("Futures", [])
    qtbot.keyClicks(panel.entry, "esz6")
    qtbot.keyClick(panel.entry, Qt.Key.Key_Return)
    chosen(panel, "Rename…")
    named(panel, qtbot, "Index")
    chosen(panel, "Main")
    assert (panel.choice.text(), entries(panel)) == ("Main", ["# Mine", "AAPL", "MSFT", "ESZ6"])
    chosen(panel, "New list…")
    named(panel, qtbot, "index")
    dialog = panel.choice.findChild(LineDialog)
    assert (panel.choice.text(), bool(dialog.error.text())) == ("Main", True), "one name is one list"
    assert dialog.line.text() == "index", "what was typed stays"
    dialog.reject()
    other = WatchlistPanel(rig.context, "watchlist-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert other.lists.names == ("Main", "Index")
    other.release()
    chosen(panel, "Index")
    assert entries(panel) == ["ESZ6"]
    chosen(panel, "Remove list")
    assert (panel.choice.text(), panel.lists.names) == ("Main", ("Main",))


def test_a_file_of_symbols_is_chosen_in_the_dialog(
    panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.restore_settings({"list": []})
    file = tmp_path / "mine.txt"
    file.write_text("# Banks\nmsft\nnope\n")

    def fill_in() -> None:
        (dialog,) = (top for top in QApplication.topLevelWidgets() if isinstance(top, QFileDialog) and top.isVisible())
        dialog.findChild(QLineEdit, "fileNameEdit").setText(str(file))
        qtbot.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open), LEFT)

    QTimer.singleShot(0, fill_in)
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == "watchlist-1_import").trigger()
    menu.close()
    assert entries(panel) == ["# Banks", "MSFT"]
    assert rig.spoken[-1] == ("warning", "1 symbol taken. Not known: nope.")


def test_no_age_reads_live_while_the_feed_is_down(panel: WatchlistPanel, rig: DesktopRig) -> None:
    def ages() -> list[str]:
        column, rows = panel.columns.column_named("age"), entries(panel)
        return [panel.columns.index(rows.index(key), column).data() for key in ("AAPL", "ESZ6", "MSFT", "# Mine")]

    rig.clock.advance(SECOND)
    rig.feed(quotes=[quote("AAPL"), quote("ESZ6", 500_000, 500_025, freshness="STALE", age_ms=9_000)])
    before = ages()
    rig.feed(status=status(feed_state="DOWN", now_ns=START_NS))
    assert (before, ages()) == (["live", "9.0 s", "—", ""], ["down", "down", "—", ""])


def test_backspace_takes_nothing_out_of_the_list(panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    before = entries(panel)
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=centre(panel, 1))
    qtbot.keyClick(panel.view, Qt.Key.Key_Backspace)
    assert entries(panel) == before


def test_del_lets_go_of_prices_that_nobody_else_shows_and_undo_asks_for_them_while_it_stands(
    panel: WatchlistPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=centre(panel, 1))
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert (entries(panel), panel.undo_button.text()) == (["# Mine", "MSFT", "ESZ6"], "Undo AAPL")
    assert rig.gateway.of("market.watch")[-1].quotes == {"MSFT", "ESZ6"}
    qtbot.mouseClick(panel.undo_button, LEFT)
    assert entries(panel) == ["# Mine", "AAPL", "MSFT", "ESZ6"]
    assert rig.gateway.of("market.watch")[-1].quotes == {"AAPL", "MSFT", "ESZ6"}
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=centre(panel, 2))
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert panel._undo_timer.interval() == 10_000
    panel._undo_timer.timeout.emit()
    assert panel.undo_button.isHidden()
