"""Amending an order in place: which cells can be edited, what a typed text means, and what happens on a conflict.

A door of the order walk, before the command: a typed value is checked against tick, lot and what is filled already,
never clamped or rounded. An edit is bound to the order's id and version. Qt-free.
"""

import re

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdType, TimeInForce
from workstation.orders.amendment import changed_terms
from workstation.viewmodels.formats import DAY_NS, exact_time
from workstation.viewmodels.ticket_fields import parse_utc

PRICE, STOP, QUANTITY, LIFE = "price", "stop", "qty", "tif"
EDITABLE = (PRICE, STOP, QUANTITY, LIFE)
_LIVES = f"{', '.join(life for life in TimeInForce if life is not TimeInForce.GTD)}, GTD with a date"
_MULTIPLES = {"k": 3, "m": 6}


class Amendment(msgspec.Struct, frozen=True):
    """One edit as typed. version: the order's when the editor opened."""

    cl_ord_id: str
    version: int
    field: str
    typed: str


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """New terms of an order, on its instrument's scale; None leaves a term as it is."""

    order_qty: int | None = None
    price: int | None = None
    stop_px: int | None = None
    time_in_force: TimeInForce | None = None
    expire_time: int | None = None


def amended(instrument: Instrument, order: OrderState, edit: Amendment, now_ns: int) -> Terms | None:
    """Return the terms that an edit asks for, None where it changes nothing.

    Raises:
        ValidationError: as `parsed`, or a time in force that is none, or has ended by now.
    """
    if edit.field == LIFE:
        life, expire = _life(edit.typed, now_ns)
        same = (life, expire) == (aimed(order).time_in_force, aimed(order).expire_time)
        return None if same else Terms(time_in_force=life, expire_time=expire)
    value = parsed(instrument, order, edit.field, edit.typed)
    return None if value == current_value(order, edit.field) else terms_of(edit.field, value)


def terms_of(field: str, value: int) -> Terms:
    """Return the change of one figure: price, stop or quantity."""
    return msgspec.structs.replace(Terms(), **{{PRICE: "price", STOP: "stop_px", QUANTITY: "order_qty"}[field]: value})


def aimed(order: OrderState) -> OrderTerms:
    """Return the terms that an order is on its way to: with the change in flight, and the one that waits behind it."""
    terms = order.pending_terms or order.terms
    return terms if order.queued is None else changed_terms(terms, order.queued)


def current_value(order: OrderState, field: str) -> int | None:
    """Return the price, stop or quantity that the order is on its way to, None where it has none or none is edited."""
    terms = aimed(order)
    return {PRICE: terms.price, STOP: terms.stop_px, QUANTITY: terms.order_qty}.get(field)


def edit_text(instrument: Instrument, order: OrderState, field: str) -> str | None:
    """Return what an editor starts with, None where none opens."""
    if field == LIFE:
        terms = aimed(order)
        return terms.time_in_force if terms.expire_time is None else f"GTD {_moment(terms.expire_time)}"
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
    name = {PRICE: "price", STOP: "stop", QUANTITY: "quantity", LIFE: "time in force"}[amendment.field]
    return (
        f"{order.terms.symbol} {name} {amendment.typed}: the order changed while you typed; "
        f"now version {order.version}: re-apply or drop?"
    )


def outlook(instrument: Instrument, order: OrderState, edit: Amendment, now_ns: int) -> str:
    """Return what Enter would do to the order: how far its price goes, and whether its place in the queue is lost."""
    try:
        terms = amended(instrument, order, edit, now_ns)
    except ValidationError as error:
        return f"Refused: {error}"
    if terms is None:
        return "no change"
    if edit.field == LIFE:
        return f"time in force {terms.time_in_force}"
    before, after = current_value(order, edit.field) or 0, parsed(instrument, order, edit.field, edit.typed)
    if edit.field == QUANTITY:
        words = f"{'+' if after > before else '−'}{instrument.qty_text(abs(after - before))}"
    else:
        words = f"{instrument.ticks_between(before, after):+d}t".replace("-", "−")
    if order.terms.ord_type is not OrdType.LIMIT:
        return words
    keeps = edit.field == QUANTITY and after < before
    return f"{words}, {'keeps its' if keeps else 'loses'} queue place"


def stepped(instrument: Instrument, order: OrderState, edit: Amendment, steps: int) -> str:
    """Return the typed text moved by ticks or lots; one that cannot be read, or a result that cannot be, stays."""
    if edit.field == LIFE:
        return edit.typed
    try:
        value = parsed(instrument, order, edit.field, edit.typed)
        if edit.field == QUANTITY:
            moved = instrument.qty_text(value + steps * instrument.lot)
        else:
            moved = instrument.price_text(instrument.step(value, steps))
        parsed(instrument, order, edit.field, moved)
    except ValidationError:
        return edit.typed
    return moved


def _life(typed: str, now_ns: int) -> tuple[TimeInForce, int | None]:
    """Return a time in force as typed, with its end for GTD: `GTD 2026-12-31`, which includes that day, or a time."""
    word, _, rest = typed.strip().upper().partition(" ")
    if word not in TimeInForce.__members__ or (word == TimeInForce.GTD) != bool(rest.strip()):
        raise ValidationError("tif", f"{typed.strip() or 'nothing'} is none", allowed=_LIVES)
    life = TimeInForce[word]
    if life is not TimeInForce.GTD:
        return life, None
    whole_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", rest.strip(), re.ASCII)
    expire = parse_utc(f"{rest} 00:00", now_ns) + DAY_NS if whole_day else parse_utc(rest, now_ns)
    if expire <= now_ns:
        raise ValidationError("tif", f"{rest.strip()} is over already")
    return life, expire


def _moment(ts: int) -> str:
    return exact_time(ts)[:19].replace("T", " ")


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
