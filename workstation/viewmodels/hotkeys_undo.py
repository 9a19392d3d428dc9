"""The order actions of this desktop, newest last, and what takes each back: never a cancel that is sent anew.

An unfilled order is cancelled, an amend is amended back, a cancel is staged again only. One press takes one action
back, UNDO_LEVELS of them at most; fills, exits, reversals, arming and the kill switch are no actions here and stay.
What an undo itself sends is not remembered. Values; it sends nothing.
"""

from collections import deque

import msgspec

from workstation.domain.orders import OrderState, OrderTerms
from workstation.viewmodels.hotkeys import Refused, Stage
from workstation.viewmodels.screen_state import ScreenState

UNDO_LEVELS = 20
NOTHING = "Nothing to undo: no order was placed, changed or cancelled here."


class CancelPlaced(msgspec.Struct, frozen=True):
    """Cancel the order that was placed."""

    cl_ord_id: str


class AmendBack(msgspec.Struct, frozen=True):
    """Give an order the terms that it had."""

    order: OrderState
    terms: OrderTerms


class _Placed(msgspec.Struct, frozen=True):
    cl_ord_id: str


class _Changed(msgspec.Struct, frozen=True):
    before: OrderState


class _Cancelled(msgspec.Struct, frozen=True):
    order: OrderState


Action = _Placed | _Changed | _Cancelled
Undo = CancelPlaced | AmendBack | Stage | Refused


class ActionHistory:
    """Remembers orders placed, changed and cancelled, the oldest of too many let go."""

    def __init__(self) -> None:
        self._actions: deque[Action] = deque(maxlen=UNDO_LEVELS)
        self._taken: Action | None = None

    def __len__(self) -> int:
        """Return how many actions can be taken back."""
        return len(self._actions)

    def placed(self, cl_ord_id: str) -> None:
        """Remember an order under the id that was drawn for it."""
        self._actions.append(_Placed(cl_ord_id))

    def changed(self, before: OrderState | None) -> None:
        """Remember how an order stood before it was changed."""
        if before is not None:
            self._actions.append(_Changed(before))

    def cancelled(self, order: OrderState | None) -> None:
        """Remember an order whose cancel was asked for."""
        if order is not None:
            self._actions.append(_Cancelled(order))

    def take(self, state: ScreenState) -> Undo:
        """Take the newest action off and return what undoes it as the orders stand now; one that cannot is gone too."""
        if not self._actions:
            return Refused(NOTHING)
        self._taken = self._actions.pop()
        match self._taken:
            case _Placed(cl_ord_id):
                return _unplaced(cl_ord_id, state)
            case _Changed(before):
                now = state.open_orders.get(before.cl_ord_id)
                if now is None:
                    return Refused("Nothing to undo: the order that was changed is done.")
                return AmendBack(now, before.terms)
            case _Cancelled(order):
                terms = msgspec.structs.replace(order.terms, order_qty=order.leaves_qty or order.terms.order_qty)
                return Stage(terms, terms.symbol, reason="Undo: the cancelled order stands in the ticket, not sent.")

    def put_back(self) -> None:
        """Keep the action that was taken last after all: its undo was refused."""
        if self._taken is not None:
            self._actions.append(self._taken)
            self._taken = None


def _unplaced(cl_ord_id: str, state: ScreenState) -> CancelPlaced | Refused:
    order = state.orders.get(cl_ord_id)
    if order is not None and not order.is_open:
        return Refused(f"Nothing to undo: the order is {order.status.value.lower()} already.")
    if order is not None and order.cum_qty:
        return Refused("Nothing to undo: the order has filled in part; exit what has filled.")
    return CancelPlaced(cl_ord_id)
