"""A market that stands still and a venue that is gone: what the desktop says, what it refuses, what still works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.commands.params import CancelOne, PlaceOrder
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, Side

Key = Qt.Key
LONG_S = 120.0
FRESH_MS = 2_000


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product with prices that are soon stale, one position and one resting order.

    A calm instrument may go half a second without a quote, which must not be called stale.
    """
    with running(qtbot, tmp_path, "--no-api", "--set", f"engine.freshness_ms={FRESH_MS}") as product:
        product.focus("SIM-FILL")
        product.arm()
        product.quoting("SIM-FILL")
        product.press(Key.Key_F2)
        product.wait(lambda: product.position("SIM-FILL"), "a position")
        rest(product)
        yield product


def rest(product: Product, qty: int = 3) -> str:
    """Rest an order far below the market and return its id; another `qty` makes it no duplicate."""
    product.quoting("AAPL")
    bid = product.state.quotes["AAPL"].bid
    assert bid is not None
    terms = OrderTerms(
        symbol="AAPL",
        account=ACCOUNT,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=qty,
        price=product.context.instrument("AAPL").step(bid, -20),
    )
    answer = product.command("order.submit", PlaceOrder(terms=terms, allow_duplicate=True))
    assert answer.ok, answer.text
    cl_ord_id: str = answer.data.cl_ord_id
    product.wait(
        lambda: (order := product.state.orders.get(cl_ord_id)) is not None and order.status is OrdStatus.SUBMITTED,
        "a working order",
    )
    return cl_ord_id


def stale(product: Product, symbol: str) -> bool:
    quote = product.state.quotes[symbol]
    return quote.freshness == "STALE" and quote.age_ms > FRESH_MS


def shown(product: Product, symbol: str) -> str:
    """Return a symbol's row in the watchlist."""
    return next(row for row in product.rows("watchlist-1") if symbol in row)


def chart_words(product: Product) -> str:
    """Return what a chart says over its bars of lost links."""
    panel = product.window.panels["chart-1"]
    assert isinstance(panel, ChartPanel)
    return f"{panel.note.text()}{panel.chart.model.state_text}"


def test_a_frozen_feed_makes_every_price_stale_refuses_entries_and_lets_exits_out(product: Product) -> None:
    product.fault("freeze", for_s=LONG_S)
    product.wait(lambda: stale(product, "AAPL") and stale(product, "SIM-FILL"), "stale prices with their age")
    product.wait(lambda: all(q.freshness != "FRESH" for q in product.state.quotes.values()), "no fresh price anywhere")
    product.wait(lambda: any(s.worst_age_ms > FRESH_MS for s in product.state.status.streams), "an old stream")
    product.wait(lambda: not re.search(r"\blive\b", shown(product, "AAPL")), "no live price in the watchlist")
    assert re.search(r"\d+(\.\d)? s\b", shown(product, "AAPL"))

    product.press(Key.Key_F2)
    words = product.wait_for_words("Refused", "stale")
    assert "quote of SIM-FILL is stale" in words

    (order,) = product.state.working(ACCOUNT, "AAPL")
    assert product.command("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id)).ok
    product.wait(lambda: not product.state.working(ACCOUNT, "AAPL"), "the cancel")
    product.press(Key.Key_F9)
    product.wait(lambda: product.position("SIM-FILL") == 0, "flat although prices are stale")


def test_a_cut_venue_leaves_orders_unknown_and_refuses_entries_until_both_agree(product: Product) -> None:
    (order,) = product.state.working(ACCOUNT, "AAPL")
    product.fault("disconnect", for_s=3.0)
    product.wait(lambda: product.state.status.venue_state != "UP", "the venue down on the screen")
    (row,) = [text for text in product.rows("orders-1") if "AAPL" in text]
    assert "unknown" in row.lower()

    product.wait(lambda: "UNKNOWN" in chart_words(product), "what it means for the chart, since when")
    assert re.search(r"as of \d\d:\d\d:\d\d", chart_words(product))

    product.press(Key.Key_F2)
    product.wait_for_words("Refused")
    sent = len(product.at_venue())

    product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked again")
    again = product.state.orders[order.cl_ord_id]
    assert (again.status, again.unknown) == (OrdStatus.SUBMITTED, None)
    product.wait(lambda: chart_words(product) == "", "a chart with nothing to say")
    product.quoting("SIM-FILL")
    product.arm()
    product.press(Key.Key_F2)
    product.wait(lambda: len(product.at_venue()) == sent + 1, "entry works again")


def test_an_answer_that_never_comes_is_asked_for(product: Product) -> None:
    product.fault("drop_ack", symbol="AAPL")
    sent = rest(product, qty=4)
    assert [row.cl_ord_id for row in product.at_venue()].count(sent) == 1
