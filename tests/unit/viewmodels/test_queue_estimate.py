"""Queue estimate: trades shorten it, cancels do not, a new price goes to the back."""

from __future__ import annotations

import msgspec

from tests.helpers.core_rig import CoreRig
from workstation.domain.market import Aggressor, Trade
from workstation.domain.orders import OrderState, OrdStatus
from workstation.viewmodels.queue_estimate import QueueEstimate


def working_order() -> OrderState:
    """Return a limit order that works at the venue."""
    rig = CoreRig()
    order = rig.submit(qty=10, price=9_990)
    return msgspec.structs.replace(order, status=OrdStatus.SUBMITTED)


def trade(symbol: str, price: int, size: int) -> Trade:
    """Return a print."""
    return Trade(symbol, price, size, Aggressor.SELL, "t", 0, 0)


def test_trades_at_the_price_shorten_the_queue_and_cancels_do_not() -> None:
    visible = [100]
    queue = QueueEstimate(lambda _symbol, _side, _price: visible[0])
    order = working_order()
    symbol, price = order.terms.symbol, order.terms.price or 0
    queue.on_order(order)
    assert queue.ahead(symbol) == ((order.cl_ord_id, 100, False),)
    queue.on_trade(trade(symbol, price, 30))
    queue.on_trade(trade(symbol, price - 1, 30))
    visible[0] = 400
    assert queue.ahead(symbol)[0][1] == 70
    visible[0] = 50
    assert queue.ahead(symbol)[0][1] == 70
    queue.on_trade(trade(symbol, price, 90))
    assert queue.ahead(symbol)[0][1] == 0


def test_a_larger_quantity_goes_to_the_back_and_a_smaller_one_keeps_its_place() -> None:
    visible = [100]
    queue = QueueEstimate(lambda _symbol, _side, _price: visible[0])
    order = working_order()
    symbol = order.terms.symbol

    def resized(qty: int) -> OrderState:
        return msgspec.structs.replace(order, terms=msgspec.structs.replace(order.terms, order_qty=qty))

    queue.on_order(resized(10))
    visible[0] = 400
    queue.on_order(resized(4))
    assert queue.ahead(symbol)[0][1] == 100
    queue.on_order(resized(5))
    assert queue.ahead(symbol)[0][1] == 400


def test_a_new_price_goes_to_the_back_and_the_end_leaves_the_queue() -> None:
    queue = QueueEstimate(lambda _symbol, _side, price: price)
    order = working_order()
    queue.on_order(order)
    moved = msgspec.structs.replace(order, terms=msgspec.structs.replace(order.terms, price=9_000))
    queue.on_order(moved)
    assert queue.ahead(order.terms.symbol)[0][1] == 9_000
    queue.on_order(msgspec.structs.replace(moved, status=OrdStatus.PENDING_CANCEL))
    assert queue.ahead(order.terms.symbol)
    queue.on_order(msgspec.structs.replace(moved, status=OrdStatus.CANCELLED))
    assert not queue.ahead(order.terms.symbol)
