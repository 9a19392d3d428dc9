"""Stops and trailing stops of one instrument, waiting for their trigger.

A static stop waits in a heap: checking costs O(1) while nothing fires, O(log n) per order that does. A trailing
stop is looked at whenever its watched price moves, which is O(trailing orders). A trigger follows one way only.
What fires becomes an ordinary order of the matcher under the same ids.
"""

import heapq
from typing import NamedTuple, Protocol

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, TriggerSource
from workstation.domain.trailing import follows, is_reached, trailed_stop


class Watched(NamedTuple):
    """Extremes of one price source since the last look; None where there is no price."""

    low: int | None
    high: int | None


class Conditional(Protocol):
    """What the trigger book needs of an order; `stop_px` and `limit_px` are its present trigger and limit."""

    terms: OrderTerms
    stop_px: int | None
    limit_px: int | None
    parked: bool
    activated: bool
    arrival: int


class TriggerBook:
    """All waiting conditional orders of one instrument. `parked` on the order says whether it still waits here."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._stops: dict[tuple[TriggerSource, int], list[tuple[int, int, Conditional]]] = {}
        self._trailing: dict[int, Conditional] = {}
        self.waiting = 0
        self._moved: dict[int, Conditional] = {}

    def add(self, order: Conditional) -> None:
        """Park an order until it fires."""
        order.parked = True
        self.waiting += 1
        if order.terms.trail is not None:
            self._trailing[order.arrival] = order
        else:
            self._push(order)

    def remove(self, order: Conditional) -> None:
        """Let an order go without firing; its heap entry is skipped when it surfaces."""
        if order.parked:
            order.parked = False
            self.waiting -= 1
            self._trailing.pop(order.arrival, None)

    def fire(self, source: TriggerSource, sign: int, watched: Watched) -> list[Conditional]:
        """Take out the orders of one side that the price since the last look has triggered.

        Static stops come first, in order of trigger price, then arrival; trailing ones follow in order of arrival.
        """
        low, high = watched
        if low is None or high is None:
            return []
        fired = self._fire_static(source, sign, high if sign > 0 else low)
        for order in tuple(self._trailing.values()):
            if order.terms.trigger is source and order.terms.side.sign == sign and self._trail(order, low, high):
                fired.append(order)
        for order in fired:
            self.remove(order)
        return fired

    def trailed(self) -> list[Conditional]:
        """Return the waiting orders whose trigger has moved, or begun to trail, since the last call."""
        moved, self._moved = self._moved, {}
        return [order for order in moved.values() if order.parked]

    def _push(self, order: Conditional) -> None:
        sign = order.terms.side.sign
        heap = self._stops.setdefault((order.terms.trigger, sign), [])
        assert order.stop_px is not None  # noqa: S101  the exchange validates terms before they come here
        heapq.heappush(heap, (order.stop_px * sign, order.arrival, order))

    def _fire_static(self, source: TriggerSource, sign: int, price: int) -> list[Conditional]:
        heap = self._stops.get((source, sign))
        fired: list[Conditional] = []
        while heap and (not self._is_current(heap[0], sign) or heap[0][0] <= price * sign):
            entry = heapq.heappop(heap)
            if self._is_current(entry, sign):
                fired.append(entry[2])
        return fired

    @staticmethod
    def _is_current(entry: tuple[int, int, Conditional], sign: int) -> bool:
        key, arrival, order = entry
        return order.parked and order.arrival == arrival and order.stop_px == key * sign

    def _trail(self, order: Conditional, low: int, high: int) -> bool:
        """Move a trailing trigger after the favourable extreme, then tell whether the adverse one reached it."""
        sign, trail = order.terms.side.sign, order.terms.trail
        assert trail is not None  # noqa: S101  only trailing orders are kept in this table
        favourable, adverse = (low, high) if sign > 0 else (high, low)
        if not order.activated:
            if not is_reached(trail.activation_px, favourable, sign):
                return False
            order.activated = True
            self._moved[order.arrival] = order
        if order.stop_px is not None and (adverse - order.stop_px) * sign >= 0:
            return True
        target = trailed_stop(favourable, sign, trail, self._instrument)
        if follows(order.stop_px, target, sign):
            if order.limit_px is not None and order.stop_px is not None:
                order.limit_px += target - order.stop_px  # a limit keeps its distance
            order.stop_px = target
            self._moved[order.arrival] = order
        return False
