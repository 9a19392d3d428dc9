"""Validation: whether terms make sense by themselves, on the instrument's grid and on the venue's card.

Order walk, first step at the desk, before the gate. Contradictions raise, since no order can be made of them; what the
venue or contract does not offer is refused with the set that it does. Pairings of type and time in force: `api.md` 5.
"""

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.domain.verdicts import RuleResult
from workstation.orders.results import refusal
from workstation.orders.routing import EMULATED_TYPES, keeps_time
from workstation.ports.broker import CapabilityCard
from workstation.risk.validity import trail_fault

PRICED = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP_LIMIT})
STOPPED = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})
TRAILING = frozenset({OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})
_GTD = TimeInForce.GTD
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS})


def validate(terms: OrderTerms, instrument: Instrument, *, now_ns: int) -> None:
    """Check that the terms are complete, consistent and on the grid.

    Raises:
        ValidationError: naming the first field that is wrong, and what would pass.
    """
    _check_fields(terms)
    fault = None if terms.trail is None else trail_fault(terms.trail, instrument)
    if fault is not None:
        raise ValidationError("trail", fault.text, allowed=fault.allowed)
    _check_time(terms, now_ns)
    _check_quantity(terms, instrument)
    if terms.price is not None:
        _check_price("price", terms.price, instrument)
    if terms.stop_px is not None:
        _check_price("stop_price", terms.stop_px, instrument)


def unsupported(
    terms: OrderTerms, instrument: Instrument, card: CapabilityCard | None, *, now_ns: int
) -> RuleResult | None:
    """Return the refusal of what the venue does not offer, None when it offers all; types that are watched here count.

    Raises:
        ValidationError: the terms are wrong in themselves.
    """
    validate(terms, instrument, now_ns=now_ns)
    if card is None:
        return None
    if terms.ord_type not in card.ord_types and terms.ord_type not in EMULATED_TYPES:
        return _unsupported("order type", terms.ord_type, sorted(card.ord_types | EMULATED_TYPES), card)
    if terms.time_in_force not in card.times_in_force and not keeps_time(terms, card):
        return _unsupported("time in force", terms.time_in_force, sorted(card.times_in_force), card)
    if terms.post_only and not card.post_only:
        return _unsupported("flag", "post_only", [], card)
    if terms.display_qty is not None and not card.display_qty:
        return _unsupported("flag", "display_qty", [], card)
    return None


def _unsupported(what: str, value: str, offered: list[str], card: CapabilityCard) -> RuleResult:
    listed = f"; it takes {', '.join(offered)}" if offered else ""
    return refusal("UNSUPPORTED_ORDER", f"Refused: {card.venue} takes no {what} {value}{listed}.", value=value)


def _check_fields(terms: OrderTerms) -> None:
    kind = terms.ord_type
    if (terms.price is None) is (kind in PRICED):
        raise _misfit("price", kind, missing=terms.price is None)
    if (terms.stop_px is None) is (kind in STOPPED) and kind not in TRAILING:
        raise _misfit("stop_price", kind, missing=terms.stop_px is None)
    if (terms.trail is None) is (kind in TRAILING):
        raise _misfit("trail", kind, missing=terms.trail is None)
    if terms.post_only and kind is not OrdType.LIMIT:
        raise ValidationError("post_only", "goes with LIMIT only")


def _misfit(field: str, kind: OrdType, *, missing: bool) -> ValidationError:
    return ValidationError(field, f"is needed by {kind}" if missing else f"is not used by {kind}")


def _check_time(terms: OrderTerms, now_ns: int) -> None:
    if (terms.time_in_force is _GTD) != (terms.expire_time is not None):
        raise ValidationError("expire_at", "goes with GTD, and only with it")
    if terms.expire_time is not None and terms.expire_time <= now_ns:
        raise ValidationError("expire_at", "lies in the past")
    if terms.time_in_force in IMMEDIATE and terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT):
        raise ValidationError("time_in_force", f"{terms.time_in_force} goes with MARKET or LIMIT")


def _check_quantity(terms: OrderTerms, instrument: Instrument) -> None:
    qty = terms.order_qty
    if qty <= 0:
        raise ValidationError("quantity", "must be above 0")
    if qty % instrument.lot:
        raise ValidationError("quantity", f"must be a multiple of {instrument.qty_text(instrument.lot)}")
    if qty < instrument.min_qty:
        raise ValidationError("quantity", f"must be at least {instrument.qty_text(instrument.min_qty)}")
    if instrument.max_qty is not None and qty > instrument.max_qty:
        raise ValidationError("quantity", f"must be at most {instrument.qty_text(instrument.max_qty)}")
    if terms.display_qty is not None and not 0 < terms.display_qty <= qty:
        raise ValidationError("display_qty", "must lie between 0 and the quantity")


def _check_price(field: str, price: int, instrument: Instrument) -> None:
    if price <= 0 and not instrument.price_may_be_negative:
        raise ValidationError(field, "must be above 0")
    if not instrument.on_tick(price):
        tick = instrument.price_text(instrument.tick_at(price))
        raise ValidationError(field, f"{instrument.price_text(price)} is off the grid", allowed=f"multiples of {tick}")
