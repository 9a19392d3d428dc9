"""A ticket against the real gate: short sales not permitted, hard maxima, a row before the disk is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import CALM, WAIT_S, Product, running
from workstation.commands.params import SetLimit
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.domain.orders import DENIED_STATES, OrderState, OrdStatus, Side
from workstation.kernel.fault_points import set_probe

ROWS_AWAY = 12
"""Ticks below the bid at which an order rests through the length of a test."""
RULES = "/api/v1/compliance/rules"


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product, armed, its REST interface open, the focus on a lively stock."""
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product:
        product.focus("AAPL")
        product.arm()
        yield product


def ticket(product: Product) -> TicketPanel:
    panel = product.window.panels["ticket-1"]
    assert isinstance(panel, TicketPanel)
    return panel


def type_in(product: Product, name: str, text: str) -> None:
    field = product.find(QLineEdit, f"ticket-1_{name}")
    product.click(field)
    field.selectAll()
    product.bot.keyClicks(field, text)


def fill_in(product: Product, side: Side, qty: str, ticks: int = -ROWS_AWAY) -> None:
    """Fill in a limit order so many ticks from the bid."""
    bid = product.state.quotes["AAPL"].bid
    assert bid is not None
    instrument = product.context.instrument("AAPL")
    type_in(product, "qty", qty)
    type_in(product, "price", instrument.price_text(instrument.step(bid, ticks)))
    product.click(product.find(QPushButton, f"ticket-1_{side.value.lower()}"))


def send(product: Product) -> QPushButton:
    button = product.find(QPushButton, "ticket-1_send")
    product.wait(button.isEnabled, "the button to take a press")
    product.click(button)
    return button


def asked_about() -> list[QDialog]:
    """Return the dialogs that are open: none may offer to send all the same."""
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog | QMessageBox) and one.isVisible()]


def denied(product: Product) -> list[OrderState]:
    return [order for order in product.state.orders.values() if order.status in DENIED_STATES]


def refused_twice(product: Product, *words: str) -> None:
    """Press Send twice: both are refused in the same words, nothing asks whether to go on, nothing is sent."""
    panel = ticket(product)
    for presses in (1, 2):
        send(product)
        product.wait(lambda wanted=presses: len(denied(product)) == wanted, f"refusal number {presses}")
        product.wait(lambda: all(word in panel.message.text() for word in words), f"{words} in the ticket")
        assert asked_about() == []
    assert all(not order.ts_sent for order in denied(product))
    assert product.at_venue() == []


def test_a_short_sale_that_is_not_permitted_is_said_before_the_press_and_refused_at_it(product: Product) -> None:
    with product.http() as http:
        rule = {"name": "no shorts", "rule_type": "SHORT_SALE", "config": {"action": "REFUSE"}}
        assert http.post(RULES, json=rule).status_code == 201
    fill_in(product, Side.SELL, "7", ROWS_AWAY)
    words = "short sales are not permitted"
    product.wait(lambda: words in ticket(product).message.text(), "the reason before anything is sent")
    assert not product.state.orders
    refused_twice(product, "7 short", words)


@pytest.mark.parametrize(("limit", "value", "words"), [
    ("ORDER_QUANTITY", "5", "order quantity"),
    ("ORDER_NOTIONAL", "300", "order notional"),
])  # fmt: skip
def test_a_hard_maximum_is_passed_by_no_second_press_and_by_no_question(
    product: Product, limit: str, value: str, words: str
) -> None:
    answer = product.command("risk.limit", SetLimit(limit=limit, value=value, reason="fat fingers", scope="TENANT"))
    assert answer.ok, answer.text
    fill_in(product, Side.BUY, "7")
    product.wait(lambda: words in ticket(product).message.text(), "the limit before anything is sent")
    refused_twice(product, words)
    type_in(product, "qty", "1")
    send(product)
    product.wait_for_order(lambda o: o.status is OrdStatus.SUBMITTED, "what is within the maximum, working")


@contextmanager
def held_disk() -> Iterator[None]:
    """Let nothing become durable meanwhile."""
    free = threading.Event()

    def hold(point: str) -> None:
        if point == "storage.before_commit":
            free.wait(WAIT_S)

    set_probe(hold)
    try:
        yield
    finally:
        free.set()
        set_probe(None)


def test_the_row_of_a_sent_order_is_pending_before_disk_and_venue_have_it(product: Product) -> None:
    product.show_panel("orders-1")
    fill_in(product, Side.BUY, "7")
    with held_disk():
        button = send(product)
        (row,) = product.wait(lambda: product.rows("orders-1"), "the row")
        assert "AAPL" in row
        assert "PENDING" in row
        assert (button.isEnabled(), button.text()) == (False, "Sending…")
        assert product.sql("SELECT count(*) AS n FROM orders")[0].n == 0
    product.wait(lambda: "WORKING" in product.rows("orders-1")[0], "the same row, working")
    assert len(product.rows("orders-1")) == 1
    product.wait(button.isEnabled, "the button back")
