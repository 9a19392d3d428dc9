"""The page on the ladder, row by row, in the running product: each gesture and each key of its tables is made there.

A row without a step fails, and so does a step whose row has gone.
Long because every row of the page's tables is a step here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.flow.test_ticket_and_ladder import cell, centre, ladder
from tests.helpers.guide_hand import type_over
from tests.helpers.guide_pages import GuidePage, coded
from tests.helpers.product_rig import ACCOUNT, CTRL, PLAIN, SHIFT, Product, running
from workstation.commands.params import PlaceOrder
from workstation.config.settings import Settings
from workstation.desktop.panels.ladder_editor import OrderEditor
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.viewmodels.focus import FOCUS_GUARD_NS
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_settings import LadderSettings, Scheme

PAGE = GuidePage("ladder")
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
ALT = Qt.KeyboardModifier.AltModifier
Key = Qt.Key
AWAY = range(4, 10)
"""Rows from the inside at which orders rest in turn: the same order again at once would be taken for a slip."""


class Hand:
    """A person before the ladder of the trading workspace, armed, with a quantity of one."""

    def __init__(self, product: Product) -> None:
        self.product, self.panel = product, ladder(product)
        self.view, self.step = self.panel.view, self.panel.view.ladder.instrument.step
        self.panel.set_settings(LadderSettings(second_qty=7, stop_ticks=400, target_ticks=400))
        self.panel.pad.set_qty(1)
        self._rows = itertools.cycle(AWAY)

    @property
    def away(self) -> int:
        """Return the next distance at which an order rests, in rows."""
        return next(self._rows)

    def inside(self) -> tuple[int, int]:
        """Return best bid and ask, with the rows around them painted."""
        quote = self.product.state.quotes["AAPL"]
        assert quote.bid is not None
        assert quote.ask is not None
        centre(self.product, self.panel, quote.bid)
        return quote.bid, quote.ask

    def click(
        self, column: Column, price: int, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = PLAIN
    ) -> None:
        QTest.mouseClick(self.view, button, held, cell(self.panel, column, price))

    def rests(self, fact: Callable[[OrderState], bool], what: str) -> OrderState:
        return self.product.wait_for_order(lambda o: o.is_open and o.status.is_working and fact(o), what)

    def bid_away(self, qty: int = 1) -> OrderState:
        """Rest a bid some rows below the market by a click."""
        self.panel.pad.set_qty(qty)
        price = self.step(self.inside()[0], -self.away)
        before = set(self.product.state.orders)
        self.click(Column.BID, price)
        order = self.rests(lambda o: o.cl_ord_id not in before and o.terms.price == price, f"a bid at {price}")
        self.own(Column.OWN_BID, price)
        return order

    def own(self, column: Column, price: int) -> None:
        """Wait until an own cell is in its row."""
        at = cell(self.panel, column, price)
        view = self.view
        self.product.wait(lambda: view._own_at(view.grid.place(at, view.ladder.map.prices)), "the order in its row")

    def cleared(self) -> None:
        """Cancel and exit everything."""
        self.product.window.setFocus()
        self.product.press(Key.Key_F9)
        self.product.wait(lambda: not self.product.state.open_orders, "nothing open")
        self.product.wait(lambda: self.product.position("AAPL") == 0, "flat")

    def ended(self, order: OrderState, what: str) -> None:
        self.product.wait(lambda: not self.product.state.orders[order.cl_ord_id].is_open, what)

    def drag(self, column: Column, start: int, end: int, held: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mousePress(self.view, LEFT, held, cell(self.panel, column, start))
        QTest.mouseMove(self.view, cell(self.panel, column, end))
        QApplication.processEvents()
        assert self.view.drag is not None

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
        self.product.bot.keyClick(self.view, key, held)

    def aim(self, column: Column, price: int) -> None:
        """Walk the keyboard's cursor to a cell by arrows."""
        self.view.setFocus()
        self.key(Key.Key_Left if column.sign > 0 else Key.Key_Right)
        rows = self.view.ladder.map
        for _ in range(rows.rows):
            away = (rows.row_of(price) or 0) - (rows.row_of(self.view._cursor[1]) or 0)
            if not away:
                break
            self.key(Key.Key_Down if away > 0 else Key.Key_Up)
        assert self.view._cursor == (column, price)


# Placing


def left_button(hand: Hand, says: str) -> None:
    assert says == "a limit order at the row's price"
    order = hand.bid_away()
    assert (order.terms.ord_type, order.terms.side) == (OrdType.LIMIT, Side.BUY)
    PAGE.says("The bid column buys, the ask column sells.")
    price = hand.step(hand.inside()[1], hand.away)
    hand.click(Column.ASK, price)
    assert hand.rests(lambda o: o.terms.price == price, "an offer").terms.side is Side.SELL


def right_button(hand: Hand, says: str) -> None:
    assert says == "a stop order at the row's price"
    price = hand.step(hand.inside()[1], hand.away)
    hand.click(Column.BID, price, RIGHT)
    assert (
        hand.product.wait_for_order(lambda o: o.is_open and o.terms.stop_px == price, "a stop").terms.side is Side.BUY
    )


def alt_button(hand: Hand, says: str) -> None:
    assert says == "the same with stop and target, at the distances in the settings (⋯)"
    price = hand.step(hand.inside()[0], -hand.away)
    hand.click(Column.BID, price, held=ALT)
    entry = hand.rests(lambda o: o.terms.price == price, "the entry")
    legs = hand.product.wait(
        lambda: [
            o for o in hand.product.state.orders.values()
            if o.cl_ord_id != entry.cl_ord_id and o.link is not None and entry.link is not None
            and o.link.group_id == entry.link.group_id
        ],
        "its legs",
    )  # fmt: skip
    wanted = {hand.step(price, -hand.panel.settings.stop_ticks), hand.step(price, hand.panel.settings.target_ticks)}
    hand.product.wait(lambda: len(legs) == 2, "both legs")
    assert {leg.terms.stop_px or leg.terms.price for leg in legs} == wanted


def shift_button(hand: Hand, says: str) -> None:
    assert says == "the same with the second quantity in the settings"
    price = hand.step(hand.inside()[0], -hand.away)
    hand.click(Column.BID, price, held=SHIFT)
    assert hand.rests(lambda o: o.terms.price == price, "an order").terms.order_qty == 7


def through(hand: Hand, says: str) -> None:
    assert says.startswith("allows limits through the market; the price collar bounds them.")
    hand.panel.pad.set_qty(1)
    price = hand.step(hand.inside()[1], 3)
    hand.click(Column.BID, price)
    hand.product.wait_for_words("Refused: wrong side")
    assert hand.panel.marketable.text() == "through"
    hand.product.click(hand.panel.marketable)
    hand.click(Column.BID, hand.step(hand.inside()[1], 3))
    hand.product.wait(lambda: hand.product.position("AAPL") > 0, "a fill")
    hand.product.click(hand.panel.marketable)


PLACING = {
    "left button": left_button,
    "right button": right_button,
    "Alt and a button": alt_button,
    "Shift and a button": shift_button,
    "**through**": through,
}


# Working orders


def click_own(hand: Hand, says: str) -> None:
    assert says == "cancels the newest order of the cell, or opens it, by setting; Ctrl cancels all of them"
    first = hand.bid_away()
    hand.panel.pad.set_qty(2)
    hand.click(Column.BID, first.terms.price or 0)
    second = hand.rests(lambda o: o.terms.order_qty == 2, "a second one")
    hand.product.wait(lambda: hand.view.picture.counts == (2, 0), "both in the cell")
    hand.click(Column.OWN_BID, first.terms.price or 0)
    hand.ended(second, "the newest cancelled")
    assert hand.product.state.orders[first.cl_ord_id].is_open
    hand.click(Column.OWN_BID, first.terms.price or 0, held=CTRL)
    hand.ended(first, "all cancelled")


def drag_own(hand: Hand, says: str) -> None:
    assert says == "moves the price; Esc, or letting go outside, puts it back"
    order = hand.bid_away()
    price = order.terms.price or 0
    target = hand.step(price, -2)
    hand.drag(Column.OWN_BID, price, target)
    hand.key(Key.Key_Escape)
    assert hand.view.drag is None
    hand.drag(Column.OWN_BID, price, target)
    PAGE.says("The label of a drag says ticks and money")
    assert re.match(r"[\d.,]+ -2t \([\d.,]+ USD\)", hand.view.drag.label(hand.view.ladder.instrument))
    QTest.mouseRelease(hand.view, LEFT, PLAIN, QPoint(-40, -40))
    QApplication.processEvents()
    assert hand.product.state.orders[order.cl_ord_id].terms.price == price
    hand.drag(Column.OWN_BID, price, target)
    QTest.mouseRelease(hand.view, LEFT, PLAIN, cell(hand.panel, Column.OWN_BID, target))
    hand.rests(lambda o: o.terms.price == target, "the order at its new price")


def drag_bracket(hand: Hand, says: str) -> None:
    assert says == "moves all legs of its bracket by as many ticks"
    price = hand.step(hand.inside()[0], -hand.away)
    hand.click(Column.BID, price, held=ALT)
    entry = hand.rests(lambda o: o.terms.price == price, "the entry")
    hand.own(Column.OWN_BID, price)
    PAGE.says(
        "Where the window manager keeps Alt and the mouse for itself, set `desktop.bracket_key` to `ctrl` or `meta`."
    )
    assert Settings().desktop.bracket_key == "alt"
    legs = {o.cl_ord_id: o.terms for o in hand.panel._legs(entry)}
    target = hand.step(price, -2)
    hand.drag(Column.OWN_BID, price, target, ALT)
    assert len(hand.view.drag.legs) == len(legs) == 2
    QTest.mouseRelease(hand.view, LEFT, ALT, cell(hand.panel, Column.OWN_BID, target))
    for cl_ord_id, terms in legs.items():
        moved = {
            "stop_px": terms.stop_px and hand.step(terms.stop_px, -2),
            "price": terms.price and hand.step(terms.price, -2),
        }
        hand.product.wait(
            lambda cl_ord_id=cl_ord_id, moved=moved: (
                {name: getattr(hand.product.state.orders[cl_ord_id].terms, name) for name in moved} == moved
            ),
            f"a leg moved along: {moved}",
        )


def middle_button(hand: Hand, says: str) -> None:
    assert says == "opens the editor: quantity left, price, time in force"
    order = hand.bid_away(qty=5)
    hand.click(Column.OWN_BID, order.terms.price or 0, MIDDLE)
    (editor,) = hand.panel.findChildren(OrderEditor)
    assert (editor.qty.text(), editor.price.text(), editor.tif.currentText()) == (
        "5", hand.view.ladder.instrument.price_text(order.terms.price or 0), "DAY",
    )  # fmt: skip
    PAGE.says("It says before Enter when a change loses the place in the queue.")
    type_over(hand.product, editor.qty, "9")
    assert "loses queue place" in editor.remark.text()
    PAGE.says("In the editor a smaller total ends the newest order first.")
    type_over(hand.product, editor.qty, "2", enter=True)
    hand.rests(lambda o: o.cl_ord_id == order.cl_ord_id and o.terms.order_qty == 2, "the smaller order")


WORKING = {
    "click": click_own,
    "drag": drag_own,
    "Alt and drag": drag_bracket,
    "middle button": middle_button,
}


# By keyboard


def arrows(hand: Hand, says: str) -> None:
    assert says == "move the cursor; left and right go from my bids to bids, asks and my asks"
    hand.view.setFocus()
    hand.key(Key.Key_Left)
    hand.key(Key.Key_Left)
    way = [hand.view._cursor[0]]
    for _ in range(3):
        hand.key(Key.Key_Right)
        way.append(hand.view._cursor[0])
    assert way == [Column.OWN_BID, Column.BID, Column.ASK, Column.OWN_ASK]
    row = hand.view._cursor[1]
    hand.key(Key.Key_Down)
    assert hand.view._cursor[1] < row
    hand.view._cursor = None


def enter(hand: Hand, says: str) -> None:
    assert says.startswith("acts as a click on the cell: with Shift the other button, with Ctrl the second quantity")
    hand.panel.pad.set_qty(1)
    price = hand.step(hand.inside()[0], -hand.away)
    hand.aim(Column.BID, price)
    hand.key(Key.Key_Return)
    hand.rests(lambda o: o.terms.price == price and o.terms.order_qty == 1, "an order by Enter")
    hand.key(Key.Key_Return, CTRL)
    hand.rests(lambda o: o.terms.price == price and o.terms.order_qty == 7, "the second quantity")
    high = hand.step(hand.inside()[1], hand.away)
    hand.view._cursor = None
    hand.aim(Column.BID, high)
    hand.key(Key.Key_Return, SHIFT)
    hand.product.wait_for_order(lambda o: o.is_open and o.terms.stop_px == high, "a stop")
    hand.view._cursor = None


def move_by_keys(hand: Hand, says: str) -> None:
    assert says == "moves the newest order at the cursor, sent when Shift is let go; with Alt the whole bracket"
    order = hand.bid_away()
    price = order.terms.price or 0
    hand.view._cursor = None
    hand.aim(Column.BID, price)
    QTest.keyPress(hand.view, Key.Key_Shift)
    QTest.keyPress(hand.view, Key.Key_Down, SHIFT)
    assert hand.view.drag is not None
    assert hand.product.state.orders[order.cl_ord_id].terms.price == price
    QTest.keyRelease(hand.view, Key.Key_Shift)
    hand.rests(lambda o: o.cl_ord_id == order.cl_ord_id and o.terms.price == hand.step(price, -1), "the order moved")
    hand.view._cursor = None


def delete(hand: Hand, says: str) -> None:
    assert says == "cancels the newest order at the cursor, with Ctrl all of them"
    order = hand.bid_away()
    hand.view._cursor = None
    hand.aim(Column.BID, order.terms.price or 0)
    hand.key(Key.Key_Delete)
    hand.ended(order, "the order cancelled")


def editor_key(hand: Hand, says: str) -> None:
    assert says == "opens the editor"
    order = hand.bid_away()
    hand.view._cursor = None
    hand.aim(Column.BID, order.terms.price or 0)
    hand.key(Key.Key_E)
    (editor,) = [found for found in hand.panel.findChildren(OrderEditor) if found.isVisible()]
    editor.close()


def space(hand: Hand, says: str) -> None:
    assert says == "puts the market in the middle"
    hand.inside()
    hand.view.ladder.map.scroll(200)
    hand.key(Key.Key_Space)
    bid = hand.product.state.quotes["AAPL"].bid
    hand.product.wait(lambda: hand.view.ladder.map.row_of(bid or 0) is not None, "the market in view")


def home_end(hand: Hand, says: str) -> None:
    assert says == "jump to market, orders or position out of view above or below"
    for key, way in ((Key.Key_Home, -400), (Key.Key_End, 400)):
        bid, _ = hand.inside()
        hand.view.ladder.map.scroll(way)
        edge = "above" if key == Key.Key_Home else "below"
        hand.product.wait(lambda edge=edge: getattr(hand.view.picture, edge).jump is not None, f"the market {edge}")
        hand.key(key)
        assert hand.view.ladder.map.row_of(bid) is not None


def pages(hand: Hand, says: str) -> None:
    assert says == "scroll"
    before = hand.view.ladder.map.prices[0]
    hand.key(Key.Key_PageUp)
    assert hand.view.ladder.map.prices[0] > before
    hand.key(Key.Key_PageDown)
    assert hand.view.ladder.map.prices[0] == before


def grouping(hand: Hand, says: str) -> None:
    assert says == "fewer or more ticks a row"
    hand.key(Key.Key_Minus)
    assert hand.view.ladder.map.ticks_per_row == 2
    hand.key(Key.Key_Plus)
    assert hand.view.ladder.map.ticks_per_row == 1


def flow_reset(hand: Hand, says: str) -> None:
    assert says == "begins `SOLD×BOT` afresh"
    flow = hand.view.ladder.flow
    hand.product.wait(flow.traded, "a trade since the last reset")
    hand.key(Key.Key_R)
    assert not flow.traded()


def tab(hand: Hand, says: str) -> None:
    assert says == "goes to the buttons, with Shift to the settings and the pad"
    hand.product.window.activateWindow()

    def reached(key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> set[QWidget | None]:
        hand.view.setFocus()
        hand.product.wait(lambda: QApplication.focusWidget() is hand.view, "the ladder at the keyboard")
        found = set()
        for _ in range(8):
            hand.product.press(key, held)
            found.add(QApplication.focusWidget())
        return found

    assert {hand.panel.buttons.position, hand.panel.buttons.flatten} <= reached(Key.Key_Tab)
    assert {hand.panel.pad.field, hand.panel.options} <= reached(Key.Key_Backtab, SHIFT)


KEYS = {
    "arrows": arrows,
    "Enter": enter,
    "Shift and up or down": move_by_keys,
    "Delete": delete,
    "E": editor_key,
    "Space": space,
    "Home, End": home_end,
    "Page up, Page down": pages,
    "+ and -": grouping,
    "R": flow_reset,
    "Tab": tab,
}


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        product.arm()
        yield Hand(product)


@pytest.mark.parametrize(
    ("head", "after", "steps"),
    [
        ("| gesture | does |", "## Placing", PLACING),
        ("| gesture | does |", "## Working orders", WORKING),
        ("| key | does |", "## By keyboard", KEYS),
    ],
    ids=["placing", "working", "keys"],
)
def test_each_row_of_a_table_does_what_it_says(
    hand: Hand, head: str, after: str, steps: dict[str, Callable[[Hand, str], None]]
) -> None:
    rows = PAGE.rows(head, after=after)
    assert list(rows) == list(steps)
    for name, says in rows.items():
        steps[name](hand, says)
        hand.cleared()


def test_clicks_are_priced_by_their_row_refused_elsewhere_and_held_back_while_disarmed(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    bid, ask = hand.inside()
    PAGE.says("Pointing at a price shows the whole order before any click; that text is kept with the order.")
    low, high = hand.step(bid, -hand.away), hand.step(ask, hand.away)
    QTest.mouseMove(panel.view, cell(panel, Column.BID, low))
    QApplication.processEvents()
    assert panel.preview.full_text.startswith("BUY 1 AAPL LIMIT")
    PAGE.says("A click is priced by the row on which the button went down, and refused when it is let go on another.")
    QTest.mousePress(hand.view, LEFT, PLAIN, cell(panel, Column.BID, low))
    QTest.mouseRelease(hand.view, LEFT, PLAIN, cell(panel, Column.BID, hand.step(low, 2)))
    product.wait_for_words("Refused: pressed at", "released at")
    PAGE.says("through the far side it is a stop.")
    panel.set_settings(LadderSettings(scheme=Scheme.AUTO))
    hand.click(Column.BID, high)
    product.wait_for_order(lambda o: o.terms.ord_type is OrdType.STOP and o.terms.stop_px == high, "a stop by its side")
    hand.cleared()
    PAGE.says("a button adds, with Shift it subtracts. A quantity of 0 never sends.")
    hand.panel.pad.set_qty(0)
    hand.click(Column.BID, low)
    product.wait_for_words("quantity 0 never sends")
    step = panel.pad._steps[0]
    product.click(step)
    added = panel.pad.qty
    assert added == int(step.text().removeprefix("+"))
    PAGE.says("A click on the position takes its size into the pad and sends nothing.")
    terms = OrderTerms(symbol="AAPL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=3)
    assert product.command("order.submit", PlaceOrder(terms=terms), OriginKind.REST).ok
    product.wait(lambda: product.position("AAPL") == 3, "a position")
    product.wait(lambda: "3" in panel.buttons.position.text(), "it in the ladder")
    product.click(panel.buttons.position)
    assert panel.pad.qty == 3
    PAGE.says(
        "Disarmed, a click does nothing but flash the arm chip; what can only take risk away goes out all the same."
    )
    product.press(Key.Key_F12)
    product.wait(lambda: not product.state.status.armed, "disarmed")
    before = len(product.state.orders)
    bid, ask = hand.inside()
    hand.click(Column.BID, hand.step(bid, -hand.away))
    hand.click(Column.ASK, hand.step(ask, hand.away))
    exit_ = product.wait_for_order(lambda o: o.terms.side is Side.SELL and o.status is OrdStatus.SUBMITTED, "an exit")
    assert len(product.state.orders) == before + 1
    PAGE.says("**✕ bids**, **✕ all** and **✕ asks** cancel with the count they show, **Flatten** exits")
    PAGE.says("They work disarmed.")
    product.wait(lambda: panel.buttons._cancels[-1].text().endswith("1"), "the count")
    product.click(panel.buttons._cancels[-1])
    hand.ended(exit_, "the offer cancelled")
    product.click(panel.buttons.flatten)
    product.wait(lambda: product.position("AAPL") == 0, "flat")
    assert PAGE.figure("For {} ms after another instrument came, the ladder refuses clicks") * 1e6 == FOCUS_GUARD_NS


def test_a_screen_reader_finds_cells_named_as_the_page_shows(hand: Hand) -> None:
    sample = next(word for word in coded(PAGE.text) if word.startswith("my bids "))
    pattern = re.sub(r"[\d.]+:", "{price}:", sample).replace("100", "{qty}")
    order = hand.bid_away(qty=4)
    words = pattern.format(price=hand.view.ladder.instrument.price_text(order.terms.price or 0), qty=4)
    table = QAccessible.queryAccessibleInterface(hand.view)
    at = hand.view.mapToGlobal(cell(hand.panel, Column.OWN_BID, order.terms.price or 0))
    name = table.childAt(at.x(), at.y()).text(QAccessible.Text.Name)
    assert name.removesuffix(" estimated").partition(", queue ")[0] == words
