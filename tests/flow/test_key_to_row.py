"""From a real key event to the row in the database and the text in the panel, through everything between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import ACCOUNT, WAIT_S, Product, running
from workstation.domain.orders import OrdStatus, OriginKind, Side
from workstation.kernel.fault_points import set_probe
from workstation.ports.store import ExecutionQuery, OrderQuery, PositionQuery

Key = Qt.Key
SQL_ONE = 10**8
"""A quantity of one in the database's integer columns."""


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product with its desktop on a fresh home, the focus on the symbol that fills at once."""
    with running(qtbot, tmp_path) as product:
        product.focus("SIM-FILL")
        yield product


def test_arm_and_take_by_key_is_an_order_a_fill_and_a_position_in_every_place(product: Product) -> None:
    product.arm()
    product.press(Key.Key_F2)
    order = product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a filled order")
    assert (order.terms.side, order.terms.symbol, order.cum_qty) == (Side.BUY, "SIM-FILL", order.terms.order_qty)
    assert (order.origin.kind, order.origin.detail) == (OriginKind.HOTKEY, "F2")

    reader = product.program.store.reader
    assert product.stored(order) == order
    (execution,) = reader.executions(ExecutionQuery(cl_ord_id=order.cl_ord_id)).rows
    assert (execution.last_qty, execution.side) == (order.cum_qty, Side.BUY)
    held = [row for row in reader.positions(PositionQuery(symbol="SIM-FILL")).rows if row.strategy_id == "*"]
    assert [row.qty for row in held] == [order.cum_qty]

    statement = "SELECT status, symbol, side, cum_qty, is_open FROM orders WHERE cl_ord_id = :id"
    (row,) = product.sql(statement, id=order.cl_ord_id)
    assert (row.status, row.symbol, row.side, row.is_open) == ("FILLED", "SIM-FILL", "BUY", 0)
    assert row.cum_qty == order.cum_qty * SQL_ONE
    (fills,) = product.sql("SELECT count(*) AS n FROM executions WHERE cl_ord_id = :id", id=order.cl_ord_id)
    assert fills.n == 1

    product.wait(lambda: product.position("SIM-FILL"), "the position on the screen")
    for panel, words in (("orders-1", "FILLED"), ("fills-1", "BUY"), ("positions-1", "SIM-FILL")):
        (shown,) = [text for text in product.rows(panel) if "SIM-FILL" in text]
        assert words.lower() in shown.lower()


def test_a_join_rests_in_the_book_and_escape_cancels_it(product: Product) -> None:
    product.focus("AAPL")
    product.arm()
    product.press(Key.Key_F1)
    order = product.wait_for_order(lambda o: o.terms.symbol == "AAPL", "an order in AAPL")
    product.press(Key.Key_Escape)
    final = product.wait_for_order(
        lambda o: o.cl_ord_id == order.cl_ord_id and not o.is_open, "the end of the order in AAPL"
    )
    assert final.status in (OrdStatus.CANCELLED, OrdStatus.FILLED)
    assert product.stored(final).status is final.status
    (row,) = product.sql("SELECT status, is_open FROM orders WHERE cl_ord_id = :id", id=order.cl_ord_id)
    assert (row.status, bool(row.is_open)) == (str(final.status), False)


def test_escape_before_the_disk_is_done_cancels_and_counts_as_no_reject(product: Product) -> None:
    asked = threading.Event()

    def slow_disk(point: str) -> None:
        if point == "orders.cancel.after_record":
            asked.set()
        elif point == "storage.before_commit":
            asked.wait(WAIT_S)

    product.focus("AAPL")
    product.arm()
    set_probe(slow_disk)
    try:
        product.press(Key.Key_F1)
        product.wait_for_order(lambda o: o.terms.symbol == "AAPL", "the order, which waits for the disk")
        product.press(Key.Key_Escape)
        unsent = product.wait_for_order(lambda o: o.terms.symbol == "AAPL" and not o.is_open, "the end of the order")
    finally:
        set_probe(None)
    assert (unsent.status, unsent.reject_code, unsent.ts_sent) == (OrdStatus.CANCELLED, "", 0)
    assert unsent.text == "cancelled before it was sent: the venue never saw it"
    assert product.at_venue() == []
    assert product.window.top_bar.rejects.forms[0] == "no rejects"


@contextmanager
def held_engine(product: Product) -> Iterator[None]:
    """Keep the engine's thread busy meanwhile, so that what is asked for waits before it."""
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        free.wait(WAIT_S)

    product.program.engine._loop.post(hold)
    assert held.wait(WAIT_S)
    try:
        yield
    finally:
        free.set()


@pytest.mark.parametrize("cancel", [(Key.Key_Escape,), (Key.Key_Backspace,), (Key.Key_F9,)], ids=["Esc", "Back", "F9"])
def test_a_cancel_takes_along_the_order_that_it_overtakes_before_a_busy_engine(
    product: Product, cancel: tuple[Key, ...]
) -> None:
    product.focus("AAPL")
    product.arm()
    with held_engine(product):
        product.press(Key.Key_F1)
        for key in cancel:
            product.press(key)
    order = product.wait_for_order(lambda o: o.terms.symbol == "AAPL" and not o.is_open, "the end of the order")
    assert (order.status, order.ts_sent, order.origin.detail) == (OrdStatus.CANCELLED, 0, "F1")
    assert order.text == "cancelled by HOTKEY:local before it was sent: the venue never saw it"
    assert product.stored(order) == order
    assert product.at_venue() == []
    assert product.window.top_bar.rejects.forms[0] == "no rejects"


def test_an_order_given_after_a_cancel_stands_though_the_engine_was_busy_with_both(product: Product) -> None:
    product.focus("AAPL")
    product.arm()
    with held_engine(product):
        product.press(Key.Key_Escape)
        product.press(Key.Key_F1)
    order = product.wait_for_order(lambda o: o.terms.symbol == "AAPL" and o.order_id != "", "the order at the venue")
    assert order.status.is_working or order.status is OrdStatus.FILLED, "it joins the bid, which may trade at once"


def test_flatten_by_key_leaves_nothing(product: Product) -> None:
    product.arm()
    product.press(Key.Key_F2)
    held = product.wait(lambda: product.position("SIM-FILL"), "a position")
    product.press(Key.Key_F12)
    product.wait(lambda: product.state.status and product.state.status.armed is None, "disarmed")
    product.press(Key.Key_F9)
    exit_order = product.wait_for_order(
        lambda o: o.terms.side is Side.SELL and o.status is OrdStatus.FILLED, "a filled exit"
    )
    assert (exit_order.cum_qty, exit_order.origin.kind) == (held, OriginKind.HOTKEY)
    product.wait(lambda: product.position("SIM-FILL") == 0, "flat on the screen")
    (row,) = product.sql(
        "SELECT qty, is_flat FROM positions WHERE symbol = 'SIM-FILL' AND strategy_id = '*' AND account = :account",
        account=ACCOUNT,
    )
    assert (int(row.qty), bool(row.is_flat)) == (0, True)


def test_flatten_pressed_ten_times_while_the_venue_is_silent_sends_one_exit(product: Product) -> None:
    product.arm()
    product.press(Key.Key_F2)
    held = product.wait(lambda: product.position("SIM-FILL"), "a position")
    product.fault("delay_ack", count=20, delay_ms=1_500.0)
    product.fault("delay_fill", count=20, delay_ms=1_500.0)
    for _ in range(10):
        product.press(Key.Key_F9)
    product.wait(lambda: product.position("SIM-FILL") == 0, "flat on the screen")
    product.wait(lambda: not product.state.open_orders, "nothing open")
    for order in tuple(product.state.orders.values()):  # the screen may be ahead of the database
        product.stored(order)
    exits = [o for o in product.program.store.reader.orders(OrderQuery()).rows if o.terms.side is Side.SELL]
    assert [(o.status, o.cum_qty) for o in exits] == [(OrdStatus.FILLED, held)]
    assert [row.cum_qty for row in product.at_venue() if row.terms.side is Side.SELL] == [held]


def test_an_entry_key_while_disarmed_sends_nothing_and_says_so(product: Product) -> None:
    product.press(Key.Key_F2)
    words = product.wait_for_words("not armed")
    assert "Refused" in words
    assert product.program.store.reader.executions(ExecutionQuery()).rows == ()
    assert product.at_venue() == []
    denied = product.program.store.reader.orders(OrderQuery()).rows
    assert all(order.status is OrdStatus.RISK_REJECTED and not order.ts_sent for order in denied)
    product.wait(lambda: "DISARMED" in product.window.top_bar.arm.text(), "the arm chip")


def test_entry_keys_typed_in_a_text_field_stay_text(product: Product) -> None:
    product.arm()
    field = product.find(QLineEdit, "orders-1_filter")
    field.setFocus()
    product.wait(field.hasFocus, "the cursor in the filter line")
    for key in (Key.Key_F2, Key.Key_F1, Key.Key_F4, Key.Key_3, Key.Key_BracketRight):
        product.press(key)
    product.press(Key.Key_F12)  # F12 goes through text fields; its answer comes after anything sent before
    product.wait(lambda: product.state.status and product.state.status.armed is None, "disarmed")
    assert field.text() == "3]"
    assert not product.state.orders
    assert product.sql("SELECT count(*) AS n FROM orders")[0].n == 0


def test_a_held_key_fires_once(product: Product) -> None:
    product.arm()
    target = QApplication.focusWidget() or product.window
    for repeated in (False, True, True, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_F2, Qt.KeyboardModifier.NoModifier, "", repeated)
        QApplication.sendEvent(target, event)
    product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a filled order")
    product.press(Key.Key_F12)
    product.wait(lambda: product.state.status and product.state.status.armed is None, "disarmed")
    assert product.sql("SELECT count(*) AS n FROM orders")[0].n == 1
