"""Orders on the wire: create, change and cancel bodies, the filters of their list, and the resource itself.

The core knows TIME IN FORCE `CLS` for both MOC and LOC, and metadata as texts; what the wire said is kept beside it in
two metadata keys of our own, so that it comes back exactly.
"""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StrictBool, model_validator

from workstation.api.credentials import TENANT_ID, user_id
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.values import (
    ClientOrderId,
    CommaList,
    DecimalOut,
    EndTime,
    IdOut,
    Percent,
    Price,
    Query,
    QueryFlag,
    QueryInteger,
    Reason,
    Request,
    Resource,
    SearchText,
    StartTime,
    Symbol,
    Time,
    TimeOut,
    Uuid,
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

METADATA_BYTES_MAX = 16 * 1024
METADATA_DEPTH_MAX = 8
JSON_KEY = "$json"
TIF_KEY = "$time_in_force"

OrderType = Literal[
    "MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP", "TRAILING_STOP_LIMIT", "PEGGED", "AUCTION", "VOLATILITY",
    "ADAPTIVE",
]  # fmt: skip
SideName = Literal["BUY", "SELL", "BUY_TO_COVER", "SELL_SHORT"]
TimeInForceName = Literal["DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "CLS", "MOC", "LOC"]
LegRoleName = Literal["TAKE_PROFIT", "STOP_LOSS", "OCO"]
State = Literal[
    "NEW", "PENDING_SUBMIT", "SUBMITTED", "PENDING_CANCEL", "CANCELLED", "FILLED", "PARTIALLY_FILLED", "REJECTED",
    "EXPIRED", "PENDING_REPLACE", "REPLACED", "ROUTED", "INSUFFICIENT_FUNDS", "RISK_REJECTED", "COMPLIANCE_REJECTED",
]  # fmt: skip

PRICE_FIELDS: dict[str, frozenset[str]] = {
    "MARKET": frozenset(),
    "LIMIT": frozenset({"price"}),
    "STOP": frozenset({"stop_price"}),
    "STOP_LIMIT": frozenset({"price", "stop_price"}),
    "TRAILING_STOP": frozenset({"trailing_percent"}),
    "TRAILING_STOP_LIMIT": frozenset({"trailing_percent", "stop_price", "price"}),
}
"""Price fields that a type must have; it may have no others. Types that no venue here offers are not named."""

_PAIRINGS = {
    "IOC": ("MARKET", "LIMIT"),
    "FOK": ("MARKET", "LIMIT"),
    "OPG": ("MARKET", "LIMIT"),
    "CLS": ("MARKET", "LIMIT"),
    "MOC": ("MARKET",),
    "LOC": ("LIMIT",),
}


def _check_metadata(value: dict[str, Any] | None) -> None:
    if value is None:
        return
    if len(msgspec.json.encode(value)) > METADATA_BYTES_MAX:
        raise ValueError(f"metadata is larger than {METADATA_BYTES_MAX} bytes")
    level: list[Any] = [value]
    for _ in range(METADATA_DEPTH_MAX):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
    if level:
        raise ValueError(f"metadata is nested deeper than {METADATA_DEPTH_MAX} levels")


class OrderCreate(Request):
    """One new order."""

    instrument_symbol: Symbol
    broker_account_id: Uuid
    order_type: OrderType
    side: SideName
    quantity: Price
    price: Price | None = None
    stop_price: Price | None = None
    trailing_percent: Percent | None = None
    time_in_force: TimeInForceName = "DAY"
    expire_at: Time | None = None
    client_order_id: ClientOrderId | None = None
    strategy_run_id: Uuid | None = None
    parent_order_id: Uuid | None = None
    leg_role: LegRoleName | None = None
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None
    confirm_token: Annotated[str, Field(max_length=200)] | None = None
    allow_duplicate: StrictBool = False

    @model_validator(mode="after")
    def _fits_together(self) -> "OrderCreate":
        _check_metadata(self.metadata)
        if (self.leg_role is None) != (self.parent_order_id is None):
            raise ValueError("leg_role and parent_order_id go together")
        used = PRICE_FIELDS.get(self.order_type)
        if used is None:
            return self  # refused as UNSUPPORTED_ORDER, which precedes what its price fields are
        for name in ("price", "stop_price", "trailing_percent"):
            given = getattr(self, name) is not None
            if given != (name in used):
                raise ValueError(f"{name} is {'not used' if given else 'needed'} by {self.order_type}")
        if (self.time_in_force == "GTD") != (self.expire_at is not None):
            raise ValueError("expire_at goes with GTD, and only with it")
        types = _PAIRINGS.get(self.time_in_force)
        if types is not None and self.order_type not in types:
            raise ValueError(f"time_in_force {self.time_in_force} goes with {' or '.join(types)}")
        return self


class OrderUpdate(Request):
    """A partial change: what is absent stays; null clears `notes`, `metadata` and `expire_at`."""

    price: Price = Field(default=None)
    stop_price: Price = Field(default=None)
    trailing_percent: Percent = Field(default=None)
    quantity: Price = Field(default=None)
    time_in_force: TimeInForceName = Field(default_factory=lambda: "DAY")
    expire_at: Time | None = None
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "OrderUpdate":
        _check_metadata(self.metadata)
        return self


class CancelRequest(Request):
    """Why an order is cancelled."""

    reason: Reason | None = None


class OrderList(Query):
    """Filters of the order list."""

    status: State | None = None
    statuses: tuple[State, ...] = ()
    is_open: QueryFlag | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    instrument_symbol: Symbol | None = None
    broker_account_id: Uuid | None = None
    order_type: OrderType | None = None
    side: SideName | None = None
    time_in_force: TimeInForceName | None = None
    strategy_run_id: Uuid | None = None
    user_id: Uuid | None = None
    search: SearchText | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    nested: QueryFlag = False


class OrderRead(Query):
    """Shape of one order."""

    nested: QueryFlag = False
    fields: CommaList | None = None


class UnknownOutcome(Resource):
    """A request whose outcome is not known yet."""

    request: Literal["submit", "cancel", "replace", "status"]
    since: TimeOut | None
    cause: str


class Order(Resource):
    """An order as it stands."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    updated_at: TimeOut
    row_version: int
    user_id: IdOut
    broker_account_id: IdOut
    instrument_id: IdOut
    instrument_symbol: str
    strategy_run_id: IdOut | None
    client_order_id: str
    broker_order_id: str | None
    order_type: OrderType
    side: SideName
    quantity: DecimalOut
    price: DecimalOut | None
    stop_price: DecimalOut | None
    trailing_percent: DecimalOut | None
    time_in_force: TimeInForceName
    expire_at: TimeOut | None
    state: State
    submitted_at: TimeOut | None
    filled_at: TimeOut | None
    cancelled_at: TimeOut | None
    filled_quantity: DecimalOut
    average_price: DecimalOut | None
    commission: DecimalOut
    reject_reason: str | None
    reject_code: str | None
    risk_check_passed: bool | None
    compliance_check_passed: bool | None
    parent_order_id: IdOut | None
    leg_role: LegRoleName | None
    legs: list["Order"] | None = None
    replaces: IdOut | None
    replaced_by: IdOut | None
    pending_changes: dict[str, Any] | None
    cancel_requested_at: TimeOut | None
    needs_reconcile: bool
    unknown_outcome: UnknownOutcome | None
    notes: str | None
    metadata: dict[str, Any]
    remaining_quantity: DecimalOut
    unfilled_quantity: DecimalOut
    total_value: DecimalOut | None


class OrderPage(Resource):
    """A page of orders."""

    orders: list[Order]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


def kept_metadata(metadata: dict[str, Any] | None, time_in_force: str) -> dict[str, str]:
    """Return what the core keeps of the wire's metadata and time in force."""
    kept = {JSON_KEY: msgspec.json.encode(metadata).decode()} if metadata else {}
    return kept | ({TIF_KEY: time_in_force} if time_in_force in ("MOC", "LOC") else {})


def order_body(order: OrderState, names: Names) -> dict[str, Any]:
    """Return an order as the wire shows it. Enums stand as they are: they are texts, and their `value` costs time."""
    terms, status, link = order.terms, order.status, order.link
    instrument = names.instruments[terms.symbol]
    final = status.is_final
    unfilled = max(terms.order_qty - order.cum_qty, 0)
    role = None if link is None or link.role == "ENTRY" else link.role
    refused = order.reject_code != ""
    quantity, rest = quantity_text(instrument, terms.order_qty), quantity_text(instrument, unfilled)
    created = time_text(order.created_at)
    return {
        "id": order.uid,
        "tenant_id": TENANT_ID,
        "created_at": created,
        "updated_at": time_text(order.updated_at),
        "row_version": order.version,
        "user_id": user_id(order.origin.user),
        "broker_account_id": names.account_uid(terms.account),
        "instrument_id": instrument_id(terms.symbol),
        "instrument_symbol": terms.symbol,
        "strategy_run_id": None,
        "client_order_id": order.cl_ord_id,
        "broker_order_id": order.order_id or None,
        "order_type": terms.ord_type,
        "side": terms.side,
        "quantity": quantity,
        "price": None if terms.price is None else price_text(instrument, terms.price),
        "stop_price": None if terms.stop_px is None else price_text(instrument, terms.stop_px),
        "trailing_percent": None if terms.trail is None else _trailing_percent(terms),
        "time_in_force": order.metadata.get(TIF_KEY) or terms.time_in_force,
        "expire_at": time_or_none(terms.expire_time),
        "state": status,
        "submitted_at": time_or_none(order.submitted_at),
        "filled_at": time_or_none(order.filled_at),
        "cancelled_at": time_or_none(order.cancelled_at),
        "filled_quantity": quantity_text(instrument, order.cum_qty),
        "average_price": average_text(order.cost, instrument.price_decimals, order.cum_qty) if order.cum_qty else None,
        "commission": _commission(order, instrument),
        "reject_reason": (order.text or None) if refused else None,
        "reject_code": order.reject_code or None,
        "risk_check_passed": _risk_passed(order),
        "compliance_check_passed": False if status is OrdStatus.COMPLIANCE_REJECTED else _checked(order),
        "parent_order_id": names.order_uid(link.parent) if link is not None else None,
        "leg_role": role if link is not None and link.parent else None,
        "replaces": names.order_uid(order.replaces),
        "replaced_by": names.order_uid(order.replaced_by),
        "pending_changes": _pending(order, instrument),
        "cancel_requested_at": time_or_none(order.cancel_requested_at),
        "needs_reconcile": order.unknown is not None,
        "unknown_outcome": _unknown(order),
        "notes": order.notes or None,
        "metadata": _metadata(order),
        "remaining_quantity": quantity_text(instrument, 0) if final else rest,
        "unfilled_quantity": rest,
        "total_value": _total_value(terms, instrument),
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
    if not fees:
        return "0.00"
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


def _total_value(terms: OrderTerms, instrument: Instrument) -> str | None:
    if terms.price is None:
        return None
    return scaled_text(terms.price * terms.order_qty, instrument.price_decimals + instrument.qty_decimals, 4)


def core_time_in_force(name: str) -> TimeInForce:
    """Return the core's time in force; MOC and LOC are CLS with the type that they stand for."""
    return TimeInForce.CLS if name in ("MOC", "LOC") else TimeInForce(name)
