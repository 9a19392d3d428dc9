"""Orders typed on the palette, to the venue and back: short sales, their cover, and pairs that end each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, running
from workstation.commands.params import ChangeOrder
from workstation.desktop.shell.palette import SECOND_ENTER_NS, Palette
from workstation.domain.orders import Contingency, OrderState, OrdStatus, OrdType, Side

FAR = 60
"""Ticks from the market at which an order rests through the length of a test."""


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        product.arm()
        yield product


def typed(product: Product, line: str) -> None:
    """Type a line, stage it with Enter and send it with another."""
    product.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = product.window.findChild(Palette)
    assert palette is not None
    product.wait(palette.isVisible, "the palette")
    product.bot.keyClicks(palette.field, line)
    product.bot.keyClick(palette.field, Qt.Key.Key_Return)
    product.let_pass(SECOND_ENTER_NS)
    product.bot.keyClick(palette.field, Qt.Key.Key_Return)


def of_side(product: Product, side: Side, status: OrdStatus) -> OrderState:
    return product.wait_for_order(lambda o: o.terms.side is side and o.status is status, f"a {side} {status}")


def test_a_typed_short_sale_and_its_cover_are_marked_at_the_venue_and_fill(product: Product) -> None:
    product.quoting("AAPL")
    typed(product, "ss 5 aapl take 9t ioc")
    of_side(product, Side.SELL_SHORT, OrdStatus.FILLED)
    product.wait(lambda: product.position("AAPL") == -5, "the short position")
    typed(product, "bc 5 aapl take 9t ioc")
    of_side(product, Side.BUY_TO_COVER, OrdStatus.FILLED)
    product.wait(lambda: product.position("AAPL") == 0, "the flat position")


def test_a_fill_of_one_typed_order_of_a_pair_cancels_the_other(product: Product) -> None:
    product.quoting("AAPL")
    bid, ask = product.state.quotes["AAPL"].bid, product.state.quotes["AAPL"].ask
    assert bid is not None
    assert ask is not None
    instrument = product.context.instrument("AAPL")
    low, high = (instrument.price_text(instrument.step(price, way * FAR)) for price, way in ((bid, -1), (ask, 1)))
    typed(product, f"b 3 aapl {low} oco b 2 aapl stp {high}")
    dip = product.wait_for_order(lambda o: o.terms.ord_type is OrdType.LIMIT and o.status.is_working, "the limit order")
    rise = product.wait_for_order(lambda o: o.terms.ord_type is OrdType.STOP and o.is_open, "the stop")
    assert dip.link is not None
    assert (dip.link.contingency, dip.link) == (Contingency.OCO, rise.link)
    through = ChangeOrder(cl_ord_id=dip.cl_ord_id, price=instrument.step(ask, 9))
    assert product.command("order.replace", through).ok
    product.wait_for_order(lambda o: o.status is OrdStatus.FILLED and o.terms.order_qty == 3, "its fill")
    product.wait_for_order(
        lambda o: o.cl_ord_id == rise.cl_ord_id and o.status is OrdStatus.CANCELLED, "the other's end"
    )
