"""Amending an order in place: which cells can be edited, what a typed text means, and what happens on a conflict.

A door of the order walk, before the command: a typed value is checked against tick, lot and what is filled already,
never clamped or rounded. An edit is bound to the order's id and version; of a trail to its terms, since its trigger
moves by itself. Qt-free.
"""

import re

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdType, TimeInForce, Trail, TrailKind
from workstation.domain.trailing import retrailed, same_distance
from workstation.orders.amendment import changed_terms
from workstation.risk.validity import trail_fault
from workstation.viewmodels.formats import DAY_NS, DISTANCE_UNITS, distance_text, exact_time
from workstation.viewmodels.ticket_fields import parse_trail, parse_utc

PRICE, STOP, QUANTITY, LIFE, TRAIL, ACTIVATION = "price", "stop", "qty", "tif", "trail", "activation"
EDITABLE = (PRICE, STOP, QUANTITY, LIFE, TRAIL, ACTIVATION)
_LIVES = f"{', '.join(life for life in TimeInForce if life is not TimeInForce.GTD)}, GTD with a date"
_TERMS = {PRICE: "price", STOP: "stop_px", QUANTITY: "order_qty", ACTIVATION: "activation_px"}
_NAMES = {
    PRICE: "price", STOP: "stop", QUANTITY: "quantity", LIFE: "time in force", TRAIL: "trail",
    ACTIVATION: "activation price",
}  # fmt: skip
_MULTIPLES = {"k": 3, "m": 6}


class Amendment(msgspec.Struct, frozen=True):
    """One edit as typed. version: the order's when the editor opened. of: the terms that it had then."""

    cl_ord_id: str
    version: int
    field: str
    typed: str
    of: OrderTerms | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """New terms of an order, on its instrument's scale; None leaves a term as it is."""

    order_qty: int | None = None
    price: int | None = None
    stop_px: int | None = None
    trail: Trail | None = None
    activation_px: int | None = None
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
    if edit.field == TRAIL:
        trail, old = parsed_trail(instrument, order, edit.typed), aimed(order).trail
        return None if same_distance(trail, old) else Terms(trail=trail)
    value = parsed(instrument, order, edit.field, edit.typed)
    return None if value == current_value(order, edit.field) else terms_of(edit.field, value)


def terms_of(field: str, value: int) -> Terms:
    """Return the change of one figure: price, stop, activation price or quantity."""
    return msgspec.structs.replace(Terms(), **{_TERMS[field]: value})


def aimed(order: OrderState) -> OrderTerms:
    """Return the terms that an order is on its way to: with the change in flight, and the one that waits behind it."""
    terms = order.pending_terms or order.terms
    return terms if order.queued is None else changed_terms(terms, order.queued)


def current_value(order: OrderState, field: str) -> int | None:
    """Return the price, stop, activation or quantity that the order is on its way to, None where it has none."""
    terms = aimed(order)
    begins = None if terms.trail is None else terms.trail.activation_px
    figures = {PRICE: terms.price, STOP: terms.stop_px, QUANTITY: terms.order_qty, ACTIVATION: begins}
    return figures.get(field)


def no_such_term(order: OrderState, field: str) -> str:
    """Return why a trail's term cannot be amended, since the order has none such; "" where it has, and for the rest."""
    trail = aimed(order).trail
    if field not in (TRAIL, ACTIVATION) or (trail is not None and (field == TRAIL or trail.activation_px is not None)):
        return ""
    if trail is None:
        return "Refused: the order does not trail."
    return "Refused: it trails already, so that it has no activation price any more; amend its trail."


def is_outdated(order: OrderState, edit: Amendment) -> bool:
    """Tell whether an order has changed since an edit of it opened; that a trail's trigger has moved is no change."""
    if edit.version == order.version:
        return False
    if edit.field not in (TRAIL, ACTIVATION) or edit.of is None:
        return True
    return _steady(aimed(order)) != _steady(edit.of)


def amend_version(order: OrderState, field: str) -> int | None:
    """Return the version that a change is bound to, None for one of a trail, which is bound to its terms."""
    return None if field in (TRAIL, ACTIVATION) else order.version


def edit_text(instrument: Instrument, order: OrderState, field: str) -> str | None:
    """Return what an editor starts with, None where none opens."""
    if field == LIFE:
        terms = aimed(order)
        return terms.time_in_force if terms.expire_time is None else f"GTD {_moment(terms.expire_time)}"
    if field == TRAIL:
        return None if (trail := aimed(order).trail) is None else distance_text(trail, instrument)
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


def parsed_trail(instrument: Instrument, order: OrderState, typed: str) -> Trail:
    """Return a typed distance; a plain number is in the unit that the order's trail has.

    Raises:
        ValidationError: no distance above 0, off the tick, 100 % or more, or an order that does not trail.
    """
    old, text = aimed(order).trail, typed.strip().replace(",", "").lower()
    if old is None:
        raise ValidationError(TRAIL, "is a trailing stop's")
    if not text:
        raise ValidationError(TRAIL, "is empty; Esc drops the edit")
    trail = parse_trail(text + DISTANCE_UNITS[old.kind] if text[-1].isdigit() else text, instrument)
    fault = trail_fault(trail, instrument)
    if fault is not None:
        raise ValidationError(TRAIL, fault.text, allowed=fault.allowed)
    return msgspec.structs.replace(trail, activation_px=old.activation_px)


def conflict_text(order: OrderState, amendment: Amendment) -> str:
    """Return the question that a conflict puts."""
    return (
        f"{order.terms.symbol} {_NAMES[amendment.field]} {amendment.typed}: the order changed while you typed; "
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
    if terms.trail is not None:
        return _trigger_words(instrument, order, terms.trail)
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
        if edit.field == TRAIL:
            return _stepped_trail(instrument, order, edit.typed, steps)
        value = parsed(instrument, order, edit.field, edit.typed)
        if edit.field == QUANTITY:
            moved = instrument.qty_text(value + steps * instrument.lot)
        else:
            moved = instrument.price_text(instrument.step(value, steps))
        parsed(instrument, order, edit.field, moved)
    except ValidationError:
        return edit.typed
    return moved


def _stepped_trail(instrument: Instrument, order: OrderState, typed: str, steps: int) -> str:
    """Return a distance moved by ticks, or by hundredths of a percent.

    Raises:
        ValidationError: as `parsed_trail`, of what was typed or of what it would become.
    """
    trail = parsed_trail(instrument, order, typed)
    step = instrument.ticks[0].tick if trail.kind is TrailKind.PRICE else 1
    moved = distance_text(msgspec.structs.replace(trail, offset=trail.offset + steps * step), instrument)
    parsed_trail(instrument, order, moved)
    return moved


def _trigger_words(instrument: Instrument, order: OrderState, trail: Trail) -> str:
    """Return where the trigger goes under another distance, and which way; before it has one, how the trail goes."""
    terms = aimed(order)
    if terms.stop_px is None or terms.trail is None or terms.trail.activation_px is not None:
        return f"trails at {distance_text(trail, instrument)}"
    to = retrailed(terms.stop_px, terms.side.sign, terms.trail, trail, instrument)
    away = (to - terms.stop_px) * terms.side.sign
    way = "stays" if not away else "LOOSER" if away > 0 else "nearer"
    ticks = abs(instrument.ticks_between(terms.stop_px, to))
    return f"trigger {instrument.price_text(to)}, {f'{ticks}t {way}' if away else way}"


def _steady(terms: OrderTerms) -> OrderTerms:
    """Return terms without what a trail moves by itself."""
    return msgspec.structs.replace(terms, stop_px=None, price=None) if terms.trail is not None else terms


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
