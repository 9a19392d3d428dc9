"""Amending an order in place: which cells can be edited, what a typed text means, and what happens on a conflict.

A door of the order walk, before the command: a typed value is checked against tick, lot and what is filled already,
never clamped or rounded. An edit is bound to the order's id and version. Qt-free.
"""

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState

PRICE, STOP, QUANTITY = "price", "stop", "qty"
EDITABLE = (PRICE, STOP, QUANTITY)
_MULTIPLES = {"k": 3, "m": 6}


class Amendment(msgspec.Struct, frozen=True):
    """One edit as typed. version: the order's when the editor opened."""

    cl_ord_id: str
    version: int
    field: str
    typed: str


def current_value(order: OrderState, field: str) -> int | None:
    """Return the order's price, stop or quantity, None where it has none or the field is not edited."""
    terms = order.terms
    return {PRICE: terms.price, STOP: terms.stop_px, QUANTITY: terms.order_qty}.get(field)


def edit_text(instrument: Instrument, order: OrderState, field: str) -> str | None:
    """Return what an editor starts with, None where none opens."""
    value = current_value(order, field)
    if value is None:
        return None
    return instrument.qty_text(value) if field == QUANTITY else instrument.price_text(value)


def parsed(instrument: Instrument, order: OrderState, field: str, typed: str) -> int:
    """Return the typed value on the instrument's scale.

    Raises:
        ValidationError: not a plain number, off the tick or lot, or a quantity not above what is filled.
    """
    text = typed.strip().replace(",", "").replace("−", "-").lower()
    if not text:
        raise ValidationError(field, "is empty; Esc drops the edit")
    if field == QUANTITY:
        return _quantity(instrument, order, text)
    price = instrument.price_from(text, field=field)
    if not instrument.on_tick(price):
        below, above = instrument.round_to_tick(price, "down"), instrument.round_to_tick(price, "up")
        allowed = f"{instrument.price_text(below)} or {instrument.price_text(above)}"
        raise ValidationError(field, f"{text} is off the tick", allowed=allowed)
    if price <= 0 and not instrument.price_may_be_negative:
        raise ValidationError(field, "must be above 0")
    return price


def conflict_text(order: OrderState, amendment: Amendment) -> str:
    """Return the question that a conflict puts."""
    name = {PRICE: "price", STOP: "stop", QUANTITY: "quantity"}[amendment.field]
    return (
        f"{order.terms.symbol} {name} {amendment.typed}: the order changed while you typed; "
        f"now version {order.version}: re-apply or drop?"
    )


def _quantity(instrument: Instrument, order: OrderState, text: str) -> int:
    digits, zeros = (text[:-1], _MULTIPLES[text[-1]]) if text[-1] in _MULTIPLES else (text, 0)
    quantity = instrument.qty_from(digits, field="quantity") * int(10**zeros)
    if quantity % instrument.lot:
        lot = instrument.qty_text(instrument.lot)
        raise ValidationError("quantity", f"{text} is off the lot", allowed=f"multiples of {lot}")
    least = max(instrument.min_qty, order.cum_qty + instrument.lot if order.cum_qty else 0)
    if quantity < least:
        filled = f"{instrument.qty_text(order.cum_qty)} are filled already" if order.cum_qty else "is below the minimum"
        raise ValidationError("quantity", filled, allowed=f"at least {instrument.qty_text(least)}")
    return quantity
