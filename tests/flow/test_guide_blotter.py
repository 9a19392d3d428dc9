"""The page on orders, fills and positions, in the running product: filter lines typed, cells amended, exits pressed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.helpers.guide_hand import press, type_over
from tests.helpers.guide_pages import GuidePage, chords, coded
from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.commands.params import PlaceOrder
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.viewmodels.order_totals import GROUPINGS

PAGE = GuidePage("blotter")
FILTERS = PAGE.rows("| typed | shows |")
AWAY = 60
"""Ticks below the bid at which orders rest."""


class Hand:
    """A person before the panels of the trading workspace, with an order filled, one refused and two that rest."""

    def __init__(self, product: Product) -> None:
        self.product = product
        product.focus("AAPL")
        product.quoting("SIM-FILL")
        bid = product.state.quotes["AAPL"].bid
        assert bid is not None
        self.step = product.context.instrument("AAPL").step
        self.low = self.step(bid, -AWAY)
        self.filled = self.order("SIM-FILL", 3, None, OrdStatus.FILLED)
        self.rejected = self.order("SIM-REJECT", 2, None, OrdStatus.REJECTED)
        self.first = self.order("AAPL", 100, self.low, OrdStatus.SUBMITTED)
        self.second = self.order("AAPL", 5, self.step(self.low, -1), OrdStatus.SUBMITTED)
        product.show_panel("orders-1")
        panel = product.window.panels["orders-1"]
        assert isinstance(panel, OrdersPanel)
        self.panel = panel
        product.wait(lambda: len(self.shown) == 4, "four rows")

    def order(self, symbol: str, qty: int, price: int | None, status: OrdStatus) -> OrderState:
        kind = OrdType.MARKET if price is None else OrdType.LIMIT
        terms = OrderTerms(symbol=symbol, account=ACCOUNT, side=Side.BUY, ord_type=kind, order_qty=qty, price=price)
        self.product.quoting(symbol)
        answer = self.product.command("order.submit", PlaceOrder(terms=terms), OriginKind.REST)
        cl_ord_id = answer.data.cl_ord_id
        return self.product.wait_for_order(lambda o: o.cl_ord_id == cl_ord_id and o.status is status, f"{status}")

    @property
    def shown(self) -> set[str]:
        """Return the ids of the rows in the table."""
        columns = self.panel.columns
        return {columns.row_at(row).cl_ord_id for row in range(columns.rowCount())}

    def filter(self, text: str) -> set[str]:
        line = self.panel.filter_line
        assert line is not None
        type_over(self.product, line, text)
        assert line.property("invalid") != "true", text
        return self.shown

    def choose(self, *orders: OrderState) -> None:
        self.panel.view.setFocus()
        self.panel.view.clearSelection()
        for order in orders:
            self.panel.view.select_key(order.cl_ord_id)

    def terms(self, order: OrderState) -> OrderTerms:
        return self.product.state.orders[order.cl_ord_id].terms


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path) as product:
        yield Hand(product)


def test_each_line_of_the_filter_table_is_read_and_shows_what_it_says(hand: Hand) -> None:
    filled, rejected, first, second = (o.cl_ord_id for o in (hand.filled, hand.rejected, hand.first, hand.second))
    every = {filled, rejected, first, second}
    price = hand.product.context.instrument("AAPL").price_text
    shows = {
        "aapl sell": set(),
        "qty>=100 price<230": {first} if hand.low < 2_300_000 else set(),
        "state:work": {first, second},
        "state=working": {first, second},
        "-origin:strategy": every,
        "not filled": {rejected, first, second},
        "state:rejected or state:unknown": {rejected},
        "time>10:30": None,
        "time=2026-11-25": set(),
        "time<2026-11-25T10:30": set(),
        "age>5m": set(),
        "age<=30s": {first, second},
        "reason:collar": set(),
        'reason:"not enough"': set(),
    }
    typed = [line for cell in FILTERS for line in coded(cell)]
    assert typed == list(shows)
    for line in typed:
        found = hand.filter(line)
        assert shows[line] is None or found == shows[line], line
    assert hand.filter(f"price={price(hand.low)}") == {first}
    PAGE.says("`2k` and `1.5m` are numbers too")
    for line in ("qty<2k", "qty<1.5m"):
        assert hand.filter(line) == every, line
    for sign in coded(PAGE.text.partition("Every column is a field: its name, then ")[2])[:7]:
        assert sign in {":", "=", "!=", "<", "<=", ">", ">="}
        hand.filter(f"qty{sign}5")
    names = PAGE.one("The columns are `{}`; the filter names them on hover.").split()
    assert sorted(names) == sorted(hand.panel.blotter.query.columns)
    assert all(name in hand.panel.filter_line.toolTip() for name in names)
    find, leave = chords(PAGE.text)[:2]
    hand.product.window.activateWindow()
    hand.panel.view.setFocus()
    press(hand.product, hand.panel.view, find)
    hand.product.wait(lambda: QApplication.focusWidget() is hand.panel.filter_line, f"the filter after {find}")
    press(hand.product, hand.panel.filter_line, leave)
    assert (hand.panel.filter_line.text(), hand.shown) == ("", every)
    PAGE.says("a line that cannot be read is outlined, says why on hover, and leaves the rows as they were.")
    hand.panel.filter_line.setText("qty>")
    assert (hand.panel.filter_line.property("invalid"), hand.shown) == ("true", every)


def test_orders_are_amended_moved_grouped_exported_and_cancelled_by_the_keys_of_the_page(
    hand: Hand, tmp_path: Path
) -> None:
    product, panel, first = hand.product, hand.panel, hand.first
    PAGE.says("**Enter**, or a click into a cell of the selected row, amends price, stop, quantity or time in force")
    product.arm()
    product.window.activateWindow()
    hand.choose(first)
    at = panel.columns.index(panel.view.currentIndex().row(), panel.columns.column_named("price"))
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    panel.view.selectionModel().setCurrentIndex(at, flags)
    press(product, panel.view, "Return")
    editor = product.wait(lambda: panel.view.viewport().findChild(QLineEdit), "the editor")
    PAGE.says("**Up** and **Down** move by a tick or a lot (**Shift**: ten)")
    price = product.context.instrument("AAPL").price_text
    for chord, ticks in (("Down", -1), ("Up", 0), ("Shift+Down", -10)):
        press(product, editor, chord)
        assert editor.text() == price(hand.step(hand.low, ticks)), chord
    PAGE.says("**Enter** sends, **Esc** drops")
    press(product, editor, "Return")
    product.wait(lambda: hand.terms(first).price == hand.step(hand.low, -10), "the new price")
    PAGE.says("**Alt+Up** and **Alt+Down** move every selected order by one tick, with **Shift** by ten")
    for chord, ticks in (("Alt+Up", -9), ("Alt+Down", -10), ("Alt+Shift+Up", 0)):
        hand.choose(first)
        press(product, panel.view, chord)
        product.wait(lambda ticks=ticks: hand.terms(first).price == hand.step(hand.low, ticks), chord)
        product.wait(lambda: product.state.orders[first.cl_ord_id].status is OrdStatus.SUBMITTED, "it to stand")
    assert "Move by ticks…" in [action.text() for action in panel.context_menu().actions()]

    PAGE.says(
        "**Group** sorts by linked orders", "instrument, strategy or account, and shows below what each group comes to"
    )
    assert list(GROUPINGS.values()) == ["Linked orders", "Instrument", "Strategy", "Account"]
    panel.group_by("symbol")
    assert panel.totals.isVisible()
    panel.group_by("")
    PAGE.says("*Export view…* in the menu of a right click writes the filtered view as CSV or JSON")
    hand.filter("aapl")
    for name in ("view.csv", "view.json"):
        panel.export_to(tmp_path / name)
    assert len(list(csv.reader((tmp_path / "view.csv").read_text("utf-8").splitlines()))) == 3
    assert len(json.loads((tmp_path / "view.json").read_text("utf-8"))) == 2
    hand.filter("")

    PAGE.says("Refused and rejected orders stay red and are counted above the table and in the top bar")
    product.wait(lambda: panel.rejects.text().startswith("1 reject"), "the count")
    product.click(panel.rejects)
    product.wait(lambda: not panel.rejects.isVisible() or not panel.rejects.text(), "acknowledged")
    PAGE.says("**Del** cancels the selection", "Cancels need no arming.")
    press(product, product.window, "F12")
    product.wait(lambda: not product.state.status.armed, "disarmed")
    hand.choose(first)
    press(product, panel.view, "Del")
    product.wait(lambda: product.state.orders[first.cl_ord_id].status is OrdStatus.CANCELLED, "the cancel")
    assert product.state.orders[hand.second.cl_ord_id].is_open
    menu = panel.cancel_menu()
    said = " ".join(action.text() for action in menu.actions()).lower()
    menu.close()
    PAGE.says(
        "instrument, bids, asks, entries only (what opens a position or adds to one), the strategy or script of the"
    )
    assert all(word in said for word in ("aapl", "bids", "asks", "entries", "account", "every account")), said


def test_where_an_order_came_from_fills_positions_and_profit_are_shown_as_the_page_says(hand: Hand) -> None:
    product = hand.product
    product.window.activateWindow()
    hand.choose(hand.filled)
    press(product, hand.panel.view, PAGE.one("**{}** on an order, a fill or a position opens its page"))
    page = product.wait(
        lambda: next((p for p in product.window.panels.values() if isinstance(p, ProvenancePanel) and p.page), None),
        "its page",
    )
    titles = " ".join(section.title for section in page.page.sections).lower()
    named = ("origin", "quote used", "rules", "family", "messages", "versions", "timeline")
    assert all(word in titles for word in named), titles
    fills = product.window.panels["fills-1"]
    assert isinstance(fills, FillsPanel)
    PAGE.says("*By order* sums the fills of each order instead")
    assert "By order" in [button.text() for button in fills.bar.findChildren(type(hand.panel.rejects))]

    positions = product.window.panels["positions-1"]
    assert isinstance(positions, PositionsPanel)
    product.show_panel("positions-1")
    product.wait(lambda: positions.columns.rowCount() == 1, "the position")
    PAGE.says("Flatten and parts (25, 50, 75 %) work on the selected rows, without arming")
    assert not product.state.status.armed
    positions.view.selectRow(0)
    menu = positions.context_menu()
    said = [action.text() for action in menu.actions()]
    assert all(any(f"{part} %" in text for text in said) for part in (25, 50, 75)), said
    next(action for action in menu.actions() if action.text().startswith("Flatten")).trigger()
    menu.close()
    product.wait(lambda: product.position("SIM-FILL") == 0, "flat")
