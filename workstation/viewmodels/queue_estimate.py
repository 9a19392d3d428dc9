"""Where own limit orders stand in the queue: an estimate from aggregated depth, never better than it can prove.

An order begins behind all that is visible at its price, and again when its price changes or its quantity grows. Trades
at the price shorten the queue; cancels are assumed to have been behind, also where less is visible afterwards. Reads
orders and trades on the engine's thread; the ladder shows `ahead/total`, marked as estimated.
"""

from collections.abc import Callable

from workstation.domain.market import Trade
from workstation.domain.orders import OrderState, OrdType

SizeAt = Callable[[str, int, int], int]
"""Visible size of (symbol, side sign, price)."""


class _Place:
    __slots__ = ("ahead", "price", "qty", "symbol")

    def __init__(self, symbol: str, price: int, qty: int, ahead: int) -> None:
        self.symbol, self.price, self.qty, self.ahead = symbol, price, qty, ahead


class QueueEstimate:
    """Sizes ahead of each own working limit order."""

    def __init__(self, size_at: SizeAt) -> None:
        self._size_at = size_at
        self._places: dict[str, _Place] = {}
        self._by_price: dict[tuple[str, int], dict[str, _Place]] = {}

    def on_order(self, order: OrderState) -> None:
        """Follow an order: a new price or a larger quantity goes to the back, the end of its life leaves the queue."""
        terms, known = order.terms, self._places.get(order.cl_ord_id)
        rests = order.status.is_working and terms.ord_type is OrdType.LIMIT and terms.price is not None
        if not rests:
            if order.status.is_final and known is not None:
                self._forget(order.cl_ord_id)
            return
        if known is not None and known.price == terms.price and known.qty >= terms.order_qty:
            known.qty = terms.order_qty
            return
        if known is not None:
            self._forget(order.cl_ord_id)
        price = terms.price or 0
        place = _Place(terms.symbol, price, terms.order_qty, self._size_at(terms.symbol, terms.side.sign, price))
        self._places[order.cl_ord_id] = place
        self._by_price.setdefault((terms.symbol, price), {})[order.cl_ord_id] = place

    def on_trade(self, trade: Trade) -> None:
        """Shorten the queues at the trade's price; hot path, one lookup for a price without own orders."""
        for place in self._by_price.get((trade.symbol, trade.price), {}).values():
            place.ahead = max(place.ahead - trade.size, 0)

    def ahead(self, symbol: str) -> tuple[tuple[str, int, bool], ...]:
        """Return (cl_ord_id, size ahead, exact) of each own resting order."""
        return tuple(
            (cl_ord_id, place.ahead, False) for cl_ord_id, place in self._places.items() if place.symbol == symbol
        )

    def _forget(self, cl_ord_id: str) -> None:
        place = self._places.pop(cl_ord_id)
        queue = self._by_price[place.symbol, place.price]
        del queue[cl_ord_id]
        if not queue:
            del self._by_price[place.symbol, place.price]
