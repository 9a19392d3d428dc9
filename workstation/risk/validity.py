"""Validity: tells whether an order is well-formed for its instrument, whatever market and limits say.

One place for the desk, the ticket and REST: grid of price and quantity, price fields of each type, time in force, and
what a change may do. Every finding names the field, the rule and what would pass, nearest valid values included. Pure.
"""

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdType, TimeInForce, Trail, TrailKind

_NEEDS: dict[OrdType, frozenset[str]] = {
    OrdType.MARKET: frozenset(),
    OrdType.LIMIT: frozenset({"price"}),
    OrdType.STOP: frozenset({"stop_px"}),
    OrdType.STOP_LIMIT: frozenset({"price", "stop_px"}),
    OrdType.TRAILING_STOP: frozenset({"trail"}),
    OrdType.TRAILING_STOP_LIMIT: frozenset({"trail", "stop_px", "price"}),
}
"""Price fields that each type must have; those it does not name it must not have."""

_MAY: dict[OrdType, frozenset[str]] = {OrdType.TRAILING_STOP: frozenset({"stop_px"})}
"""Price fields that a type may have besides: a trailing stop is given its first trigger or takes it from the market."""

_AT_ONCE_OR_AUCTION = frozenset({TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS})
_TRAIL_BPS_MAX = 10_000


class Invalid(msgspec.Struct, frozen=True):
    """One broken rule: `code` is stable, `allowed` says what would pass, `step` the grid step where one is broken.

    nearest: nearest valid values below and above as text, where a grid is broken.
    """

    code: str
    field: str
    text: str
    allowed: str = ""
    step: str = ""
    nearest: tuple[str, ...] = ()


def validate(terms: OrderTerms, instrument: Instrument, now_ns: int) -> tuple[Invalid, ...]:
    """Return every rule that a new order breaks, in reading order of a ticket; empty when it is well-formed."""
    return (
        *_quantity(terms, instrument),
        *_price_fields(terms),
        *_prices(terms, instrument),
        *_trail(terms, instrument),
        *_time_in_force(terms, now_ns),
        *_flags(terms, instrument),
    )


def validate_replace(order: OrderState, terms: OrderTerms, instrument: Instrument, now_ns: int) -> tuple[Invalid, ...]:
    """Return every rule that a change of a live order to `terms` breaks."""
    fixed = tuple(
        Invalid(
            "FIELD_FIXED", name, f"{name} of a live order cannot be changed", allowed=str(getattr(order.terms, name))
        )
        for name in ("symbol", "account", "side", "ord_type")
        if getattr(terms, name) != getattr(order.terms, name)
    )
    if terms.order_qty < order.cum_qty:
        filled = instrument.qty_text(order.cum_qty)
        found = Invalid(
            "QUANTITY_BELOW_FILLED", "order_qty", f"{filled} has filled already", allowed=f"at least {filled}"
        )
        return (*fixed, found, *validate(terms, instrument, now_ns))
    return (*fixed, *validate(terms, instrument, now_ns))


def _quantity(terms: OrderTerms, instrument: Instrument) -> list[Invalid]:
    qty, words = terms.order_qty, instrument.qty_text
    if qty <= 0:
        return [Invalid("QUANTITY_NOT_POSITIVE", "order_qty", f"{words(qty)} is not above 0", allowed="above 0")]
    found = []
    if qty % instrument.lot:
        below = qty // instrument.lot * instrument.lot
        near = tuple(words(value) for value in (below, below + instrument.lot) if value > 0)
        step = words(instrument.lot)
        text = f"{words(qty)} is not a multiple of the lot {step}"
        found.append(Invalid("QUANTITY_OFF_LOT", "order_qty", text, f"{' or '.join(near)}", step, near))
    if qty < instrument.min_qty:
        least = words(instrument.min_qty)
        found.append(Invalid("QUANTITY_BELOW_MIN", "order_qty", f"{words(qty)} is below {least}", f"at least {least}"))
    if instrument.max_qty is not None and qty > instrument.max_qty:
        most = words(instrument.max_qty)
        found.append(Invalid("QUANTITY_ABOVE_MAX", "order_qty", f"{words(qty)} is above {most}", f"at most {most}"))
    return found


def _price_fields(terms: OrderTerms) -> list[Invalid]:
    needs = _NEEDS[terms.ord_type]
    may = needs | _MAY.get(terms.ord_type, frozenset())
    name = terms.ord_type.value
    found = []
    for field, value in (("price", terms.price), ("stop_px", terms.stop_px), ("trail", terms.trail)):
        if value is None and field in needs:
            found.append(Invalid("FIELD_MISSING", field, f"{name} needs {field}", allowed=f"a {field}"))
        elif value is not None and field not in may:
            found.append(Invalid("FIELD_NOT_USED", field, f"{name} does not use {field}", allowed="no value"))
    return found


def _prices(terms: OrderTerms, instrument: Instrument) -> list[Invalid]:
    activation = None if terms.trail is None else terms.trail.activation_px
    fields = (("price", terms.price), ("stop_px", terms.stop_px), ("activation_px", activation))
    return [found for field, value in fields if value is not None for found in _price(field, value, instrument)]


def _price(field: str, price: int, instrument: Instrument) -> list[Invalid]:
    words = instrument.price_text
    if price <= 0 and not instrument.price_may_be_negative:
        return [Invalid("PRICE_NOT_POSITIVE", field, f"{words(price)} is not above 0", allowed="above 0")]
    if instrument.on_tick(price):
        return []
    step = words(instrument.tick_at(price))
    grid = (instrument.round_to_tick(price, "down"), instrument.round_to_tick(price, "up"))
    near = tuple(words(value) for value in grid if value > 0 or instrument.price_may_be_negative)
    text = f"{words(price)} is not on the tick {step}"
    return [Invalid("PRICE_OFF_TICK", field, text, " or ".join(near), step, near)]


def trail_fault(trail: Trail, instrument: Instrument) -> Invalid | None:
    """Return what is wrong with a trail's distance, None for nothing."""
    if trail.offset <= 0:
        return Invalid("TRAIL_NOT_POSITIVE", "trail", "the trailing offset is not above 0", allowed="above 0")
    if trail.kind is TrailKind.BPS and trail.offset >= _TRAIL_BPS_MAX:
        return Invalid("TRAIL_TOO_WIDE", "trail", "the trailing offset is 100 % or more", allowed="below 100 %")
    if trail.kind is TrailKind.PRICE and trail.offset % instrument.ticks[0].tick:
        step = instrument.price_text(instrument.ticks[0].tick)
        text = f"the trailing offset is not on the tick {step}"
        return Invalid("PRICE_OFF_TICK", "trail", text, f"steps of {step}", step)
    return None


def _trail(terms: OrderTerms, instrument: Instrument) -> list[Invalid]:
    fault = None if terms.trail is None else trail_fault(terms.trail, instrument)
    return [] if fault is None else [fault]


def _time_in_force(terms: OrderTerms, now_ns: int) -> list[Invalid]:
    tif = terms.time_in_force
    found = []
    if tif in _AT_ONCE_OR_AUCTION and terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT):
        text = f"{tif.value} goes with MARKET and LIMIT, not with {terms.ord_type.value}"
        found.append(Invalid("TIF_NOT_SUPPORTED", "time_in_force", text, allowed="DAY, GTC or GTD"))
    if tif is TimeInForce.GTD:
        if terms.expire_time is None:
            found.append(Invalid("FIELD_MISSING", "expire_time", "GTD needs an expire time", allowed="a future time"))
        elif terms.expire_time <= now_ns:
            found.append(
                Invalid("EXPIRE_TIME_PAST", "expire_time", "the expire time has passed", allowed="a future time")
            )
    elif terms.expire_time is not None:
        text = f"{tif.value} does not use an expire time"
        found.append(Invalid("FIELD_NOT_USED", "expire_time", text, allowed="no value, or GTD"))
    return found


def _flags(terms: OrderTerms, instrument: Instrument) -> list[Invalid]:
    found = []
    if terms.post_only and (terms.price is None or terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)):
        text = "post-only needs an order that can rest"
        found.append(Invalid("POST_ONLY_CANNOT_REST", "post_only", text, allowed="LIMIT with DAY, GTC or GTD"))
    shown = terms.display_qty
    if shown is not None and (terms.price is None or shown <= 0 or shown > terms.order_qty or shown % instrument.lot):
        text = "the shown quantity needs a priced order and whole lots within its quantity"
        step = instrument.qty_text(instrument.lot)
        found.append(
            Invalid("DISPLAY_QUANTITY", "display_qty", text, f"{step} to {instrument.qty_text(terms.order_qty)}", step)
        )
    return found
