"""The page on the watchlist, in the running product: each row of its table is done as written, each sentence seen.

A row without a step fails, and so does a step whose row has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.helpers.guide_pages import GuidePage, chords, coded
from tests.helpers.product_rig import PLAIN, Product, running
from workstation.desktop.line_dialog import LineDialog
from workstation.desktop.panels.watchlist_panel import ASK_AGAIN_MS, WatchlistPanel
from workstation.desktop.shell.staging import find_ticket
from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.watchlist import UNDO_NS
from workstation.viewmodels.watchlist_computed import COMPUTED_MAX

LEFT = Qt.MouseButton.LeftButton
PAGE = GuidePage("watchlist")
LISTED = ["# Mine", "AAPL", "MSFT", "SIM-FILL"]


class Hand:
    """A person before the watchlist of the trading workspace."""

    def __init__(self, product: Product) -> None:
        self.product, self.bot = product, product.bot
        panel = product.window.panels["watchlist-1"]
        assert isinstance(panel, WatchlistPanel)
        self.panel, self.port = panel, panel.view.viewport()
        self.show(*LISTED)

    @property
    def entries(self) -> list[str]:
        return self.panel.list.entries

    def show(self, *entries: str) -> None:
        self.panel.take_list(list(entries))
        self.port = self.panel.view.viewport()

    def index(self, entry: str, column: str) -> QModelIndex:
        columns = self.panel.columns
        shown = [columns.row_at(row).entry for row in range(columns.rowCount())]
        return columns.index(shown.index(entry), columns.column_named(column))

    def cell(self, entry: str, column: str = "symbol") -> str:
        return str(self.index(entry, column).data())

    def place(self, entry: str, column: str = "symbol") -> QPoint:
        return self.panel.view.visualRect(self.index(entry, column)).center()

    def click(self, entry: str, column: str = "symbol") -> None:
        self.product.click(self.port, self.place(entry, column))

    def press(self, chord: str) -> None:
        """Press a key on the table as the page writes it."""
        both = QKeySequence(chord)[0]
        self.bot.keyClick(self.panel.view, both.key(), both.keyboardModifiers())

    def add(self, typed: str) -> None:
        """Type over the table and press Enter."""
        self.panel.view.setFocus()
        self.bot.keyClicks(self.panel.view, typed[0])
        self.enter(typed[1:])

    def enter(self, typed: str) -> None:
        """Type into the line above and press Enter."""
        self.panel.entry.setFocus()
        self.bot.keyClicks(self.panel.entry, typed)
        self.bot.keyClick(self.panel.entry, Qt.Key.Key_Return)

    def pull(self, entry: str, to: QPoint) -> None:
        """Press on a row, go there with the button held, and let go."""
        start = self.place(entry)
        self.bot.mousePress(self.port, LEFT, PLAIN, start)
        for way in ((start + to) / 2, to):
            where = QPointF(self.port.mapToGlobal(way))
            none = Qt.MouseButton.NoButton
            QApplication.sendEvent(
                self.port, QMouseEvent(QEvent.Type.MouseMove, QPointF(way), where, none, LEFT, PLAIN)
            )
        self.bot.mouseRelease(self.port, LEFT, PLAIN, to)

    # The rows

    def add_one(self, by: str) -> None:
        assert by.startswith("type a symbol, a name, an ISIN or a venue over the table, **Enter**;"), by
        self.show("# Mine")
        for typed, symbol in (("aapl", "AAPL"), ("Exxon", "XOM"), ("US5949181045", "MSFT")):
            self.add(typed)
            assert symbol in self.entries, typed
        instruments = self.product.context.bridge.session.instruments
        self.add(instruments["AAPL"].exchange)
        menu = self.panel.entry.findChild(QMenu, "watchlist-1_choices")
        assert len(menu.actions()) > 1, "what fits several offers them"
        for action in menu.actions():
            item = instruments[action.objectName().removeprefix("watchlist-1_choice_")]
            words = action.text().split(" · ")
            assert words[-3:] == [item.exchange, item.asset_class.value.lower(), item.currency]
        menu.close()
        for typed in ("", "aaplx"):
            self.panel.entry.clear()
            if typed:
                self.add(typed)
        self.product.wait_for_words("No instrument matches", "Near it: AAPL")
        self.panel.entry.clear()

    def add_many(self, by: str) -> None:
        assert by.endswith("a list of symbols or ISINs, or *Import list…*; what is left over is listed")
        self.show("# Mine")
        QApplication.clipboard().setText("msft US0378331005\nnope")
        self.press(chords(by)[0])
        assert self.entries == ["# Mine", "MSFT", "AAPL"]
        self.product.wait_for_words("Not known: nope")
        menu = self.panel.context_menu()
        assert "Import list…" in [action.text() for action in menu.actions()]
        menu.close()

    def heading(self, by: str) -> None:
        assert by == "type `# Banks` into the line above, **Enter**"
        (typed,) = coded(by)
        self.show("AAPL")
        self.enter(typed)
        assert self.entries == ["AAPL", typed]

    def compute(self, by: str) -> None:
        (typed,) = coded(by)
        self.enter(typed)
        name = typed.split(" ")[0]
        assert name in [column.title for column in self.panel.view.shown_columns()]
        row = self.product.state.quotes["AAPL"]
        assert row.open
        assert row.prev_close
        expected = row.open / row.prev_close - 1
        percent = float(self.cell("AAPL", f"={name}").removesuffix(" %").replace("−", "-"))
        assert percent == pytest.approx(expected * 100, abs=0.006)
        for number in range(COMPUTED_MAX):
            self.enter(f"c{number} = last")
        most = PAGE.figure("type `gap = open / close - 1` there, **Enter**; at most {} |")
        self.product.wait_for_words(f"at most {most:.0f} computed")
        self.panel.entry.clear()
        self.panel.show_computed([])
        self.port = self.panel.view.viewport()

    def move(self, by: str) -> None:
        assert by.startswith("pull the row, or "), by
        up, down = chords(by)
        self.click("MSFT")
        self.press(up)
        assert self.entries == ["# Mine", "MSFT", "AAPL", "SIM-FILL"]
        self.press(down)
        assert self.entries == LISTED
        self.pull("SIM-FILL", self.place("AAPL") - QPoint(0, 5))
        assert self.entries == ["# Mine", "SIM-FILL", "AAPL", "MSFT"]

    def carry(self, by: str) -> None:
        assert by == "pull the row out and let it go over a chart, a ladder or a tape"
        window = self.product.window
        tape = window.add_panel("time_sales").panel_id
        for panel_id, entry in (("chart-1", "MSFT"), ("ladder-1", "MSFT"), (tape, "MSFT")):
            target = window.panels[panel_id]
            target.set_link_group("")
            self.product.show_panel(panel_id)
            QApplication.processEvents()
            self.pull(entry, self.port.mapFromGlobal(target.mapToGlobal(target.rect().center())))
            assert target.symbol == entry, panel_id
            target.set_link_group("A")

    def remove(self, by: str) -> None:
        (key,) = chords(by)
        assert PAGE.figure("*Undo* brings it back for {} seconds") * 1e9 == UNDO_NS
        self.click("MSFT")
        self.press(key)
        assert "MSFT" not in self.entries
        self.product.click(self.panel.undo_button)
        assert self.entries == LISTED

    def lists(self, by: str) -> None:
        assert by == "the button with the list's name"
        assert self.panel.choice.text() == self.panel.lists.shown
        menu = self.panel.choice.menu()
        menu.popup(QPoint(0, 0))
        next(action for action in menu.actions() if action.text() == "New list…").trigger()
        menu.close()
        line = self.panel.choice.findChild(LineDialog).line
        self.bot.keyClicks(line, "Funds")
        self.bot.keyClick(line, Qt.Key.Key_Return)
        assert (self.panel.choice.text(), self.entries) == ("Funds", [])
        self.panel.show_list("Main")


STEPS: dict[str, Callable[[Hand, str], None]] = {
    "add": Hand.add_one,
    "add many": Hand.add_many,
    "put under a heading": Hand.heading,
    "compute a column": Hand.compute,
    "move": Hand.move,
    "show in another panel": Hand.carry,
    "remove": Hand.remove,
    "keep several lists": Hand.lists,
}


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        yield Hand(product)


def test_each_row_of_the_page_does_what_it_says(hand: Hand) -> None:
    rows = PAGE.rows("| do | by |")
    assert list(rows) == list(STEPS)
    for do, by in rows.items():
        hand.show(*LISTED)
        STEPS[do](hand, by)


def test_clicks_link_aim_and_fill_in_and_prices_say_how_they_are(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    PAGE.says("A click shows the instrument in the link group")
    hand.click("MSFT")
    assert {product.window.panels[name].symbol for name in ("chart-1", "ladder-1")} == {"MSFT"}
    assert product.context.focus.symbol == "AAPL"
    PAGE.says("a click on the marker aims the keys at it")
    hand.click("MSFT", "focus")
    assert product.context.focus.symbol == "MSFT"
    PAGE.says("a double click fills a ticket in, not sent")
    hand.bot.mouseDClick(hand.port, LEFT, PLAIN, hand.place("SIM-FILL"))
    ticket = product.wait(find_ticket, "a ticket")
    assert (ticket.symbol, product.at_venue()) == ("SIM-FILL", [])
    PAGE.says("A right click on the header shows and hides columns and resets their widths.")
    menu = panel.view.column_menu()
    titles = [action.text() for action in menu.actions()]
    assert {"Bid", "Reset widths"} <= set(titles)
    number = panel.columns.column_named("bid")
    before = panel.view.isColumnHidden(number)
    menu.actions()[titles.index("Bid")].trigger()
    assert panel.view.isColumnHidden(number) is not before
    menu.close()
    PAGE.says("Lists, columns and order are kept with the workspace.")
    assert panel.save_settings()["list"] == LISTED


def test_prices_say_how_old_they_are_that_there_are_none_and_that_there_is_no_room(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    PAGE.says("Where the feed has no room for another stream the row reads *full*")
    assert PAGE.figure("the list asks again every {} seconds.") * 1_000 == ASK_AGAIN_MS == panel._ask_again.interval()
    subscriptions = product.program.engine.core.market.subscriptions
    most = subscriptions.most
    product.on_engine(lambda: setattr(subscriptions, "_most", 0))
    hand.show(*LISTED, "XOM")
    product.wait(lambda: hand.cell("XOM", "age") == "full", "a row without a stream")
    PAGE.says("the line above says the limit and who holds the streams; the list asks again")
    assert "at most 0 streams are open at once. They are held by" in panel.note.text()
    product.on_engine(lambda: setattr(subscriptions, "_most", most))
    assert panel._ask_again.isActive()
    panel._ask_again.timeout.emit()
    product.wait(lambda: hand.cell("XOM", "age") != "full", "its stream")
    PAGE.says("what has no price yet shows dashes")
    hand.show(*LISTED, "SIM-DOWN")
    assert hand.cell("SIM-DOWN", "last") == MISSING, "nothing trades there"
    PAGE.says("While the feed is down every age reads *down*, and the line above says as of when the prices are.")
    product.fault("feed_down", for_s=60)
    product.wait(lambda: hand.cell("AAPL", "age") == "down", "its age")
    assert "prices as of" in panel.note.text()
    PAGE.says("A row whose price is old is hatched and says how old it is")
    assert panel.list.style(panel.list.table.get("AAPL")).hatched
