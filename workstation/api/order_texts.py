"""The JSON of orders as they were shown last: a blotter and a script read the same rows over and over.

An order's body changes with its version alone, so what was written once is sent again until the version rises. Used by
whole bodies only; sparse and nested ones are made anew. Any reading thread: the worst that two of them do is to write
the same text twice.
"""

import msgspec

from workstation.api.names import Names
from workstation.api.schemas.order_bodies import order_body
from workstation.domain.orders import OrderState

ORDERS_KEPT_MAX = 4_096
"""Orders whose text is kept, some 5 MB; beyond it all of them are forgotten and written anew."""

_encode = msgspec.json.Encoder().encode


class OrderTexts:
    """Writes orders as JSON, each version once."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._kept: dict[str, tuple[int, msgspec.Raw]] = {}

    def of(self, order: OrderState) -> msgspec.Raw:
        """Return an order's whole body as JSON."""
        kept = self._kept.get(order.uid)
        if kept is not None and kept[0] == order.version:
            return kept[1]
        text = msgspec.Raw(_encode(order_body(order, self._names)))
        if len(self._kept) >= ORDERS_KEPT_MAX:
            self._kept.clear()
        self._kept[order.uid] = (order.version, text)
        return text
