"""Ticket and ladder under a real mouse: what the venue gets, and what the ladder shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, running
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.domain.orders import OrderState, OrdStatus, OrdType, OriginKind, Side
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.preview import PREVIEW_KEY

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ROWS_AWAY = 12
TICKS_BEYOND = 3_000
"""Rows below the bid at which an order rests through the length of a test."""


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product, armed, the focus on a lively stock."""
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        product.arm()
        yield product


def ladder(product: Product) -> LadderPanel:
    """Return the ladder once it shows the book."""
    panel = product.window.panels["ladder-1"]
    assert isinstance(panel, LadderPanel)
    product.wait(lambda: panel.symbol == "AAPL" and panel.view.ladder.map.prices, "rows in the ladder")
    product.wait(lambda: product.state.depths.get("AAPL"), "the book of AAPL")
    product.wait(lambda: not panel._guarded(), "the ladder's guard to pass")
    return panel


def cell(panel: LadderPanel, column: Column, price: int) -> QPoint:
    """Return the middle of a cell that is in view and painted where its row lies."""
    view = panel.view
    row = view.ladder.map.row_of(price)
    assert row is not None
    rect = view.grid.row_rect(row, view.width())
    return view.columns.rect(column, rect.top(), rect.height()).center()


def shown_prices(panel: LadderPanel) -> tuple[int, ...]:
    """Return the rows of the newest frame; a ladder that was made just now has none yet, and has painted none."""
    picture = panel.view.picture
    return () if picture is None else tuple(row.price for row in picture.rows)


def below_bid(product: Product, panel: LadderPanel) -> int:
    """Return a price that rests below the bid, with its row in view."""
    bid = product.state.quotes["AAPL"].bid
    assert bid is not None
    price = panel.view.ladder.instrument.step(bid, -ROWS_AWAY)
    centre(product, panel, price)
    return price


def centre(product: Product, panel: LadderPanel, price: int) -> None:
    """Bring a price's row into the middle and wait until it is painted there."""
    panel.view.ladder.map.centre(price)
    product.wait(lambda: shown_prices(panel) == panel.view.ladder.map.prices, "rows of a frame around the price")
    product.wait(lambda: panel.view.painted_prices == panel.view.ladder.map.prices, "rows painted around the price")


def resting(product: Product, price: int) -> OrderState:
    return product.wait_for_order(
        lambda o: o.status is OrdStatus.SUBMITTED and o.terms.price == price, f"an order working at {price}"
    )


def test_a_ticket_filled_in_and_sent_by_mouse_is_a_limit_order_at_the_venue(product: Product) -> None:
    bid = product.state.quotes["AAPL"].bid
    assert bid is not None
    instrument = product.context.instrument("AAPL")
    price = instrument.step(bid, -ROWS_AWAY)
    for name, text in (("qty", "7"), ("price", instrument.price_text(price))):
        field = product.find(QLineEdit, f"ticket-1_{name}")
        product.click(field)
        field.selectAll()
        product.bot.keyClicks(field, text)
    product.click(product.find(QPushButton, "ticket-1_buy"))
    product.click(product.find(QPushButton, "ticket-1_send"))
    order = resting(product, price)
    terms = order.terms
    assert (terms.side, terms.ord_type, terms.order_qty) == (Side.BUY, OrdType.LIMIT, 7)
    assert order.origin.kind is OriginKind.TICKET
    (at_venue,) = product.at_venue()
    assert (at_venue.terms.price, at_venue.terms.order_qty, at_venue.is_open) == (price, 7, True)
    assert product.stored(order).status is OrdStatus.SUBMITTED
    (shown,) = product.rows("orders-1")
    assert instrument.price_text(price) in shown


def test_a_click_in_the_ladder_rests_a_drag_amends_and_a_click_on_it_cancels(product: Product) -> None:
    panel = ladder(product)
    price = below_bid(product, panel)
    QTest.mouseMove(panel.view, cell(panel, Column.BID, price))
    QApplication.processEvents()
    read = panel.preview.full_text
    QTest.mouseClick(panel.view, LEFT, PLAIN, cell(panel, Column.BID, price))
    order = resting(product, price)
    assert read.startswith("BUY ")
    assert product.stored(order).metadata[PREVIEW_KEY] == read
    assert (order.origin.kind, order.terms.side) == (OriginKind.LADDER, Side.BUY)

    target = panel.view.ladder.instrument.step(price, -2)
    product.wait(lambda: panel.view.ladder.map.row_of(price), "the row of the order")
    QTest.mousePress(panel.view, LEFT, PLAIN, cell(panel, Column.OWN_BID, price))
    QTest.mouseMove(panel.view, cell(panel, Column.OWN_BID, target))
    QApplication.processEvents()
    assert panel.view.drag is not None
    QTest.mouseRelease(panel.view, LEFT, PLAIN, cell(panel, Column.OWN_BID, target))
    moved = resting(product, target)
    assert moved.terms.order_qty == order.terms.order_qty
    assert [row.terms.price for row in product.at_venue() if row.is_open] == [target]
    assert product.stored(moved).terms.price == target

    product.wait(lambda: panel.view._own_at(_place(panel, target)) is not None, "the order in its new row")
    QTest.mouseClick(panel.view, LEFT, PLAIN, cell(panel, Column.OWN_BID, target))
    product.wait(lambda: not product.state.open_orders, "nothing open")
    assert all(not row.is_open for row in product.at_venue())


def _place(panel: LadderPanel, price: int):
    return panel.view.grid.place(cell(panel, Column.OWN_BID, price), panel.view.ladder.map.prices)


def test_a_limit_through_the_market_is_allowed_by_the_box_and_bounded_by_the_collar(product: Product) -> None:
    panel = ladder(product)
    product.click(panel.marketable)
    prices, ask = panel.view.ladder.map, product.state.quotes["AAPL"].ask
    assert panel.marketable.isChecked()
    assert ask is not None
    far = panel.view.ladder.instrument.step(ask, TICKS_BEYOND)
    prices.centre(far)
    product.wait(lambda: panel.view.painted_prices == prices.prices, "rows painted far above the market")
    QTest.mouseClick(panel.view, LEFT, PLAIN, cell(panel, Column.BID, far))
    words = product.wait_for_words("Refused: price collar")
    assert "through ask" in words
    assert product.at_venue() == []
