"""Where own limit orders stand in the queue: an estimate from aggregated depth, never better than it can prove.

An order begins behind all that is visible at its price. Trades at the price shorten the queue; cancels are assumed to
have been behind. Reads orders and trades on the engine's thread; the ladder shows `ahead/total`, marked as estimated.
"""

from collections.abc import Callable

from workstation.domain.market import Trade
from workstation.domain.orders import OrderState, OrdType

SizeAt = Callable[[str, int, int], int]
"""Visible size of (symbol, side sign, price)."""


class _Place:
    __slots__ = ("ahead", "price", "side", "symbol")

    def __init__(self, symbol: str, side: int, price: int, ahead: int) -> None:
        self.symbol, self.side, self.price, self.ahead = symbol, side, price, ahead


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
        if known is not None and known.price == terms.price:
            return
        if known is not None:
            self._forget(order.cl_ord_id)
        price = terms.price or 0
        place = _Place(terms.symbol, terms.side.sign, price, self._size_at(terms.symbol, terms.side.sign, price))
        self._places[order.cl_ord_id] = place
        self._by_price.setdefault((terms.symbol, price), {})[order.cl_ord_id] = place

    def on_trade(self, trade: Trade) -> None:
        """Shorten the queues at the trade's price; hot path, one lookup for a price without own orders."""
        for place in self._by_price.get((trade.symbol, trade.price), {}).values():
            place.ahead = max(place.ahead - trade.size, 0)

    def ahead(self, symbol: str) -> tuple[tuple[str, int, bool], ...]:
        """Return (cl_ord_id, size ahead, exact) of each own resting order; never more than what is visible."""
        found = []
        for cl_ord_id, place in self._places.items():
            if place.symbol == symbol:
                place.ahead = min(place.ahead, self._size_at(symbol, place.side, place.price))
                found.append((cl_ord_id, place.ahead, False))
        return tuple(found)

    def _forget(self, cl_ord_id: str) -> None:
        place = self._places.pop(cl_ord_id)
        queue = self._by_price[place.symbol, place.price]
        del queue[cl_ord_id]
        if not queue:
            del self._by_price[place.symbol, place.price]
