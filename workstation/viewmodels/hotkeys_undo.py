"""The last order action of this desktop, and what takes it back: one level, and never a cancel that is sent anew.

An unfilled order is cancelled, an amend is amended back, a cancel is staged again only. Values; it sends nothing.
"""

import msgspec

from workstation.domain.orders import OrderState, OrderTerms
from workstation.viewmodels.hotkeys import Refused, Stage
from workstation.viewmodels.screen_state import ScreenState


class CancelPlaced(msgspec.Struct, frozen=True):
    """Cancel the order that was placed."""

    cl_ord_id: str


class AmendBack(msgspec.Struct, frozen=True):
    """Give an order the terms that it had."""

    order: OrderState
    terms: OrderTerms


class LastAction:
    """Remembers one action: an order placed, changed or cancelled."""

    def __init__(self) -> None:
        self._placed = ""
        self._changed: OrderState | None = None
        self._cancelled: OrderState | None = None

    def placed(self, cl_ord_id: str) -> None:
        """Remember an order under the id that was drawn for it."""
        self._placed, self._changed, self._cancelled = cl_ord_id, None, None

    def changed(self, before: OrderState | None) -> None:
        """Remember how an order stood before it was changed."""
        self._placed, self._changed, self._cancelled = "", before, None

    def cancelled(self, order: OrderState | None) -> None:
        """Remember an order whose cancel was asked for."""
        self._placed, self._changed, self._cancelled = "", None, order

    def taken_back(self, state: ScreenState) -> CancelPlaced | AmendBack | Stage | Refused:
        """Return what undoes the action as the orders stand now."""
        if self._placed:
            order = state.orders.get(self._placed)
            if order is not None and not order.is_open:
                return Refused(f"Nothing to undo: the order is {order.status.value.lower()} already.")
            if order is not None and order.cum_qty:
                return Refused("Nothing to undo: the order has filled in part; exit what has filled.")
            return CancelPlaced(self._placed)
        if self._changed is not None:
            now = state.open_orders.get(self._changed.cl_ord_id)
            if now is None:
                return Refused("Nothing to undo: the order that was changed is done.")
            return AmendBack(now, self._changed.terms)
        if self._cancelled is not None:
            terms = msgspec.structs.replace(
                self._cancelled.terms, order_qty=self._cancelled.leaves_qty or self._cancelled.terms.order_qty
            )
            return Stage(terms, terms.symbol, reason="Undo: the cancelled order stands in the ticket, not sent.")
        return Refused("Nothing to undo: no order was placed, changed or cancelled here.")
