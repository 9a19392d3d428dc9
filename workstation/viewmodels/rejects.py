"""Which refused and rejected orders nobody has looked at yet: one count for every panel and window.

Last stage of the order walk, Qt-free, on the screen's thread. A refusal counts until a person says that it was seen,
also over a restart: what was seen is one moment, and whatever was refused after it is new. It sends nothing.
"""

from collections.abc import Callable

from workstation.domain.orders import DENIED_STATES, OrderState, OrdStatus

REFUSED_STATES = DENIED_STATES | {OrdStatus.REJECTED}

Heard = Callable[[list[OrderState]], None]


class RejectWatch:
    """Refusals not seen. seen_until: UTC ns; an order that was refused later is new."""

    def __init__(self, seen_until: int = 0) -> None:
        self.seen_until = seen_until
        self.unseen: dict[str, OrderState] = {}
        self._listeners: list[Heard] = []

    def take(self, order: OrderState, known: OrderState | None) -> None:
        """Look at an order that has come; known: the order as it stood before, None where it was not known."""
        if order.status not in REFUSED_STATES or order.updated_at <= self.seen_until:
            return
        if known is None or known.status not in REFUSED_STATES:
            self.unseen[order.cl_ord_id] = order

    def acknowledge(self) -> None:
        """Count every refusal as seen, on every panel that listens."""
        seen = list(self.unseen.values())
        self.unseen.clear()
        self.seen_until = max([self.seen_until, *(order.updated_at for order in seen)])
        for listener in tuple(self._listeners):
            listener(seen)

    def listen(self, listener: Heard) -> Callable[[], None]:
        """Call `listener(orders)` with what was just counted as seen; returns the call that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
