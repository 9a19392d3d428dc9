"""Amends by hand: where an order's line stands, what moving it asks for, and one amend in flight per order.

Used by the ladder's drags and by the nudge keys. While an amend is unanswered, further moves coalesce to the last
price; it is sent when the order's next version is on the screen. A refusal ends the wish. Qt-free.
"""

from collections.abc import Mapping

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType

_STOPS = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})
_LIMITS_MOVED_WITH_STOP = frozenset({OrdType.STOP_LIMIT, OrdType.TRAILING_STOP_LIMIT})


class Move(msgspec.Struct, frozen=True):
    """New prices of one order, bound to the version that was on the screen. None leaves a price as it is."""

    cl_ord_id: str
    version: int
    price: int | None
    stop_px: int | None


class _Flight(msgspec.Struct):
    """An amend on its way to `price`, and the last price wished since."""

    version: int
    price: int
    answered: bool = False
    wish: int | None = None


def line_price(terms: OrderTerms) -> int | None:
    """Return the price at which an order's line stands: its trigger for stops, else its limit."""
    return terms.stop_px if terms.ord_type in _STOPS else terms.price


def can_lose_place(order: OrderState, price: int) -> bool:
    """Tell whether moving to `price` gives up a place in a queue: any new price of a resting limit order does."""
    return order.terms.ord_type is OrdType.LIMIT and price != order.terms.price


class AmendQueue:
    """At most one amend in flight per order."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    def in_flight(self, cl_ord_id: str) -> bool:
        """Tell whether an amend of the order is unanswered."""
        return cl_ord_id in self._flights

    def target(self, order: OrderState) -> int | None:
        """Return where the order is going: the last wish, else the price asked of the venue, else where it stands."""
        flight = self._flights.get(order.cl_ord_id)
        if flight is not None:
            return flight.price if flight.wish is None else flight.wish
        return line_price(order.pending_terms or order.terms)

    def ask(self, order: OrderState, price: int) -> Move | None:
        """Return the move to send now; None when nothing changes or an earlier amend has to be answered first."""
        flight = self._flights.get(order.cl_ord_id)
        if flight is not None or order.status is OrdStatus.PENDING_REPLACE:
            if flight is None:
                flight = self._flights[order.cl_ord_id] = _Flight(order.version, price, answered=True)
            flight.wish = price
            return None
        move = _move(order, price)
        if move is not None:
            self._flights[order.cl_ord_id] = _Flight(order.version, price)
        return move

    def answered(self, cl_ord_id: str, *, ok: bool) -> None:
        """Take the engine's answer; a refusal ends the wish."""
        flight = self._flights.get(cl_ord_id)
        if flight is not None:
            flight.answered = True
            if not ok:
                del self._flights[cl_ord_id]

    def settle(self, open_orders: Mapping[str, OrderState]) -> list[Move]:
        """Return the moves that may go out now; call it after each frame."""
        due: list[Move] = []
        for cl_ord_id, flight in tuple(self._flights.items()):
            order = open_orders.get(cl_ord_id)
            if order is None or order.status is OrdStatus.PENDING_CANCEL:
                del self._flights[cl_ord_id]
            elif flight.answered and order.version > flight.version and order.status is not OrdStatus.PENDING_REPLACE:
                del self._flights[cl_ord_id]
                if flight.wish is not None:
                    move = self.ask(order, flight.wish)
                    due += [] if move is None else [move]
        return due


def nudged(price: int, ticks: int, instrument: Instrument) -> int:
    """Return the grid price `ticks` (signed) from `price`; one outside the grid steps onto it first."""
    if instrument.on_tick(price):
        return instrument.step(price, ticks)
    near = instrument.round_to_tick(price, "up" if ticks > 0 else "down")
    return instrument.step(near, ticks - (1 if ticks > 0 else -1))


def _move(order: OrderState, price: int) -> Move | None:
    terms = order.terms
    at = line_price(terms)
    if at is None or at == price:
        return None
    if terms.ord_type not in _STOPS:
        return Move(order.cl_ord_id, order.version, price, None)
    limit = terms.price
    if terms.ord_type in _LIMITS_MOVED_WITH_STOP and limit is not None:
        limit += price - at
    return Move(order.cl_ord_id, order.version, limit, price)
