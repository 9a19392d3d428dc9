"""What the venue refuses at its door, as (code, text): shape, grid, session, room. Data, never an exception."""

from workstation.brokers.sim.venue_log import LAID_ASIDE
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce

Refusal = tuple[str, str]

ORDERS_NEED = LAID_ASIDE
"""Bytes that the venue's log must have laid aside for a new order."""

EXITS_NEED = LAID_ASIDE // 2
"""The same for an order that only reduces; the rest is left to cancels and to fills."""

_NEEDS_PRICE = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP_LIMIT})
_NEEDS_STOP = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})
_NEEDS_TRAIL = frozenset({OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})
_PLAIN_ONLY = frozenset({TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS})
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def refusal(terms: OrderTerms, instrument: Instrument | None, phase: SessionPhase, now_ns: int) -> Refusal | None:
    """Return why the venue refuses these terms, None when it takes them."""
    if instrument is None:
        return "UNKNOWN_SYMBOL", f"{terms.symbol} is not listed"
    return _shape(terms) or _grid(terms, instrument) or _session(terms, phase, now_ns)


def room_refusal(room: int, *, reduces: bool) -> Refusal | None:
    """Return why a log with `room` bytes laid aside takes no order: whatever may come of one must fit too."""
    if room >= (EXITS_NEED if reduces else ORDERS_NEED):
        return None
    return "VENUE_FULL", f"the venue's disk is full: it takes {'cancels' if reduces else 'cancels and exits'} only"


def _shape(terms: OrderTerms) -> Refusal | None:
    kind = terms.ord_type
    if (terms.price is not None) != (kind in _NEEDS_PRICE):
        return "BAD_PRICE", f"{kind} {'needs' if kind in _NEEDS_PRICE else 'takes no'} price"
    if kind in _NEEDS_STOP and terms.stop_px is None:
        return "BAD_STOP", f"{kind} needs a stop price"
    if kind in (OrdType.MARKET, OrdType.LIMIT) and terms.stop_px is not None:
        return "BAD_STOP", f"{kind} takes no stop price"
    if (terms.trail is not None) != (kind in _NEEDS_TRAIL) or (terms.trail is not None and terms.trail.offset <= 0):
        return "BAD_TRAIL", f"{kind} and its trailing offset do not go together"
    if terms.time_in_force in _PLAIN_ONLY and kind not in (OrdType.MARKET, OrdType.LIMIT):
        return "UNSUPPORTED_ORDER", f"{terms.time_in_force} goes with MARKET or LIMIT"
    if terms.post_only and (kind is not OrdType.LIMIT or terms.time_in_force in _PLAIN_ONLY):
        return "UNSUPPORTED_ORDER", "post-only goes with a LIMIT order that may rest"
    if terms.display_qty is not None and (terms.price is None or not 0 < terms.display_qty <= terms.order_qty):
        return "BAD_DISPLAY", "a displayed quantity goes with a limit and lies within the order"
    return None


def _grid(terms: OrderTerms, instrument: Instrument) -> Refusal | None:
    if terms.order_qty <= 0 or terms.order_qty % instrument.lot or terms.order_qty < instrument.min_qty:
        lot, least = instrument.qty_text(instrument.lot), instrument.qty_text(instrument.min_qty)
        return "BAD_QTY", f"quantity must be a multiple of {lot}, at least {least}"
    if instrument.max_qty is not None and terms.order_qty > instrument.max_qty:
        return "BAD_QTY", f"quantity above {instrument.qty_text(instrument.max_qty)}"
    if terms.display_qty is not None and terms.display_qty % instrument.lot:
        return "BAD_DISPLAY", "displayed quantity off the lot"
    for price in (terms.price, terms.stop_px):
        if price is None:
            continue
        if not instrument.on_tick(price):
            return (
                "OFF_TICK",
                f"{instrument.price_text(price)} is off the tick of {instrument.price_text(instrument.tick_at(price))}",
            )
        if price <= 0 and not instrument.price_may_be_negative:
            return "BAD_PRICE", "price must be above 0"
    return None


def _session(terms: OrderTerms, phase: SessionPhase, now_ns: int) -> Refusal | None:
    if (terms.expire_time is not None) != (terms.time_in_force is TimeInForce.GTD):
        return "BAD_EXPIRY", "an expiry goes with GTD, and only with it"
    if terms.expire_time is not None and terms.expire_time <= now_ns:
        return "BAD_EXPIRY", "the expiry has passed"
    if phase is not SessionPhase.OPEN and terms.time_in_force in _AT_ONCE:
        return "MARKET_CLOSED", f"the market is {phase.lower()}"
    return None
