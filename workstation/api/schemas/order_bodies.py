"""Orders on the wire: how an order of the core is shown, and what the core keeps of what the wire said.

The core knows TIME IN FORCE `CLS` for both MOC and LOC, and metadata as texts; what the wire said is kept beside it in
two metadata keys of our own, so that it comes back exactly.
"""

from typing import Any

import msgspec

from workstation.api.credentials import TENANT_ID, user_id
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.values import (
    average_text,
    money_text,
    price_text,
    quantity_text,
    scaled_text,
    time_or_none,
    time_text,
)
from workstation.domain.instruments import Instrument
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    TimeInForce,
    TrailKind,
)

JSON_KEY = "$json"
TIF_KEY = "$time_in_force"


def kept_metadata(metadata: dict[str, Any] | None, time_in_force: str) -> dict[str, str]:
    """Return what the core keeps of the wire's metadata and time in force."""
    kept = {JSON_KEY: msgspec.json.encode(metadata).decode()} if metadata else {}
    return kept | ({TIF_KEY: time_in_force} if time_in_force in ("MOC", "LOC") else {})


def order_body(order: OrderState, names: Names) -> dict[str, Any]:
    """Return an order as the wire shows it. Enums stand as they are: they are texts, and their `value` costs time."""
    terms, status, link = order.terms, order.status, order.link
    grid = names.grid(terms.symbol)
    instrument = grid.instrument
    unfilled = max(terms.order_qty - order.cum_qty, 0)
    role = None if link is None or link.role == "ENTRY" else link.role
    rest = grid.quantity(unfilled)
    created = time_text(order.created_at)
    updated = created if order.updated_at == order.created_at else time_text(order.updated_at)
    return {
        "id": order.uid,
        "tenant_id": TENANT_ID,
        "created_at": created,
        "updated_at": updated,
        "row_version": order.version,
        "user_id": user_id(order.origin.user),
        "broker_account_id": names.account_uid(terms.account),
        "instrument_id": instrument_id(terms.symbol),
        "instrument_symbol": terms.symbol,
        "strategy_run_id": order.strategy_id or None,
        "client_order_id": order.cl_ord_id,
        "broker_order_id": order.order_id or None,
        "order_type": terms.ord_type,
        "side": terms.side,
        "quantity": grid.quantity(terms.order_qty),
        "price": None if terms.price is None else grid.price(terms.price),
        "stop_price": None if terms.stop_px is None else grid.price(terms.stop_px),
        "trailing_percent": None if terms.trail is None else _trailing_percent(terms),
        "time_in_force": order.metadata.get(TIF_KEY) or terms.time_in_force,
        "expire_at": time_or_none(terms.expire_time),
        "state": status,
        "submitted_at": time_or_none(order.submitted_at),
        "filled_at": time_or_none(order.filled_at),
        "cancelled_at": time_or_none(order.cancelled_at),
        "filled_quantity": grid.quantity(order.cum_qty),
        "average_price": average_text(order.cost, instrument.price_decimals, order.cum_qty) if order.cum_qty else None,
        "commission": _commission(order, instrument) if order.fees else "0.00",
        "reject_reason": (order.text or None) if order.reject_code else None,
        "reject_code": order.reject_code or None,
        "risk_check_passed": _risk_passed(order),
        "compliance_check_passed": False if status is OrdStatus.COMPLIANCE_REJECTED else _checked(order),
        "held_for": order.held_for if order.is_held else None,
        "held_reason": order.waits_for or None,
        "taken_over_by": order.taken_by or None,
        "parent_order_id": names.order_uid(link.parent) if link is not None else None,
        "leg_full": link is not None and link.full,
        "leg_role": role if link is not None and link.parent else None,
        "replaces": names.order_uid(order.replaces) if order.replaces else None,
        "replaced_by": names.order_uid(order.replaced_by) if order.replaced_by else None,
        "pending_changes": None if order.pending_terms is None else _pending(order, instrument),
        "cancel_requested_at": time_or_none(order.cancel_requested_at),
        "needs_reconcile": order.unknown is not None,
        "unknown_outcome": None if order.unknown is None else _unknown(order),
        "notes": order.notes or None,
        "metadata": _metadata(order),
        "remaining_quantity": grid.quantity(0) if status.is_final else rest,
        "unfilled_quantity": rest,
        "total_value": None if terms.price is None else grid.value(terms.price * terms.order_qty),
    }


def etag(order: OrderState) -> str:
    """Return an order's strong entity tag."""
    return f'"v{order.version}"'


def _prices(terms: OrderTerms, instrument: Instrument) -> dict[str, str | None]:
    return {
        "price": None if terms.price is None else price_text(instrument, terms.price),
        "stop_price": None if terms.stop_px is None else price_text(instrument, terms.stop_px),
        "trailing_percent": _trailing_percent(terms),
    }


def _trailing_percent(terms: OrderTerms) -> str | None:
    if terms.trail is None or terms.trail.kind is not TrailKind.BPS:
        return None
    return scaled_text(terms.trail.offset, 2, 2)


def _commission(order: OrderState, instrument: Instrument) -> str:
    """Return fees in the instrument's currency; where all are in one other currency, those."""
    fees = order.fees
    only = next(iter(fees.values())) if len(fees) == 1 else 0
    return money_text(fees.get(instrument.currency, only))


def _checked(order: OrderState) -> bool | None:
    return True if order.ts_intent or order.status in (OrdStatus.RISK_REJECTED, OrdStatus.INSUFFICIENT_FUNDS) else None


def _risk_passed(order: OrderState) -> bool | None:
    if order.status is OrdStatus.RISK_REJECTED:
        return False
    return True if order.ts_intent or order.status is OrdStatus.INSUFFICIENT_FUNDS else None


def _pending(order: OrderState, instrument: Instrument) -> dict[str, Any] | None:
    asked, now = order.pending_terms, order.terms
    if asked is None:
        return None
    before, after = _changeable(now, instrument), _changeable(asked, instrument)
    return {name: value for name, value in after.items() if value != before[name]}


def _changeable(terms: OrderTerms, instrument: Instrument) -> dict[str, Any]:
    return {
        "quantity": quantity_text(instrument, terms.order_qty),
        **_prices(terms, instrument),
        "time_in_force": terms.time_in_force.value,
        "expire_at": time_or_none(terms.expire_time),
    }


def _unknown(order: OrderState) -> dict[str, Any] | None:
    if order.unknown is None:
        return None
    return {
        "request": order.unknown.value,
        "since": time_or_none(order.unknown_since),
        "cause": order.unknown_cause,
    }


def _metadata(order: OrderState) -> dict[str, Any]:
    if not order.metadata:
        return {"overfill": True} if order.overfill_qty else {}
    shown: dict[str, Any] = {key: text for key, text in order.metadata.items() if key not in (JSON_KEY, TIF_KEY)}
    if JSON_KEY in order.metadata:
        shown |= msgspec.json.decode(order.metadata[JSON_KEY])
    if order.overfill_qty:
        shown["overfill"] = True
    return shown


def core_time_in_force(name: str) -> TimeInForce:
    """Return the core's time in force; MOC and LOC are CLS with the type that they stand for."""
    return TimeInForce.CLS if name in ("MOC", "LOC") else TimeInForce(name)
