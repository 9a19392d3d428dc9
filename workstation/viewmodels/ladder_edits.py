"""Editing the working orders of one ladder cell: what a typed total, price and time in force ask of each order.

A door of the order walk, before the command. The quantity is what is left to fill, of all orders together: a smaller
total takes the newest away first, a larger one goes to the newest, which has the least place to lose. Nothing is
clamped or rounded. Qt-free.
"""

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrdType, TimeInForce
from workstation.viewmodels.ladder_amend import line_price
from workstation.viewmodels.ticket_fields import parse_price, parse_quantity

EDITED_TIMES = (TimeInForce.DAY, TimeInForce.GTC)
"""Times in force that need no further words."""


class Edit(msgspec.Struct, frozen=True):
    """What one order is asked: to end, or to change; None leaves a term as it is. price: of its line."""

    order: OrderState
    cancel: bool = False
    order_qty: int | None = None
    price: int | None = None
    time_in_force: TimeInForce | None = None

    @property
    def loses_place(self) -> bool:
        """True when the order goes to the back of its queue: another price, or more of it."""
        if self.cancel or self.order.terms.ord_type is not OrdType.LIMIT:
            return False
        return self.price is not None or (self.order_qty or 0) > self.order.terms.order_qty


class Typed(msgspec.Struct, frozen=True):
    """The editor's fields as they stand. price: "" for orders that have none."""

    qty: str
    price: str
    time_in_force: TimeInForce


def total_left(orders: tuple[OrderState, ...]) -> int:
    """Return what is left to fill of all orders together."""
    return sum(order.leaves_qty for order in orders)


def edits(orders: tuple[OrderState, ...], typed: Typed, instrument: Instrument) -> list[Edit]:
    """Return what to ask of each order that changes. orders: newest first, of one side and row.

    Raises:
        ValidationError: no plain number, off the tick or the lot, or a total of 0 or less.
    """
    left = _quantities(orders, parse_quantity(typed.qty, instrument), instrument)
    price = _price(typed.price, instrument) if typed.price.strip() else None
    found = []
    for order, new_left in zip(orders, left, strict=True):
        if new_left == 0:
            found.append(Edit(order, cancel=True))
            continue
        edit = Edit(
            order,
            order_qty=None if new_left == order.leaves_qty else order.cum_qty + new_left,
            price=None if price == line_price(order.terms) else price,
            time_in_force=None if typed.time_in_force is order.terms.time_in_force else typed.time_in_force,
        )
        if (edit.order_qty, edit.price, edit.time_in_force) != (None, None, None):
            found.append(edit)
    return found


def _quantities(orders: tuple[OrderState, ...], total: int, instrument: Instrument) -> list[int]:
    """Return what is left of each order when all of them together are `total`."""
    if total <= 0:
        raise ValidationError("quantity", "must be above 0", allowed="a click on the cell cancels")
    if total % instrument.lot:
        lot = instrument.qty_text(instrument.lot)
        raise ValidationError("quantity", "is off the lot", allowed=f"multiples of {lot}")
    change = total - total_left(orders)
    left = [order.leaves_qty for order in orders]
    if change > 0:
        left[0] += change
    for place, qty in enumerate(left):
        if change < 0:
            taken = min(qty, -change)
            left[place] -= taken
            change += taken
    return left


def _price(text: str, instrument: Instrument) -> int:
    price = parse_price(text, instrument)
    if not instrument.on_tick(price):
        near = " or ".join(instrument.price_text(instrument.round_to_tick(price, way)) for way in ("down", "up"))
        raise ValidationError("price", "not on the tick", allowed=near)
    return price
