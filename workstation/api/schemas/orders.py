"""Orders on the wire: create, change and cancel bodies, the filters of their list, and the form of the resource."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, ConfigDict, Field, StrictBool, model_validator
from pydantic.config import JsonDict

from workstation.api.schemas.values import (
    ClientOrderId,
    CommaList,
    DecimalOut,
    EndTime,
    IdOut,
    Price,
    Quantity,
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
    Trail,
    Uuid,
)

METADATA_BYTES_MAX = 16 * 1024
METADATA_DEPTH_MAX = 8

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


def check_metadata(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return metadata within the bounds of size and depth.

    Raises:
        ValueError: it is larger or deeper.
    """
    if value is None:
        return value
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
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(check_metadata)]


_EXAMPLE: JsonDict = {
    "instrument_symbol": "SIM-FILL",
    "broker_account_id": "00000000-0000-4000-8000-000000000000",
    "order_type": "LIMIT",
    "side": "BUY",
    "quantity": "100",
    "price": "100.00",
    "client_order_id": "first-steps-1",
}


class OrderCreate(Request):
    """One new order."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})
    instrument_symbol: Symbol
    broker_account_id: Uuid
    order_type: OrderType
    side: SideName
    quantity: Quantity
    price: Price | None = None
    stop_price: Price | None = None
    trailing_percent: Trail | None = None
    time_in_force: TimeInForceName = "DAY"
    expire_at: Time | None = None
    client_order_id: ClientOrderId | None = None
    strategy_run_id: Uuid | None = None
    parent_order_id: Uuid | None = None
    leg_role: LegRoleName | None = None
    leg_full: StrictBool = False
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None
    confirm_token: Annotated[str, Field(max_length=200)] | None = None
    allow_duplicate: StrictBool = False

    @model_validator(mode="after")
    def _fits_together(self) -> "OrderCreate":
        check_metadata(self.metadata)
        if (self.leg_role is None) != (self.parent_order_id is None):
            raise ValueError("leg_role and parent_order_id go together")
        if self.leg_full and self.leg_role is None:
            raise ValueError("leg_full goes with a leg")
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
    trailing_percent: Trail = Field(default=None)
    quantity: Quantity = Field(default=None)
    time_in_force: TimeInForceName = Field(default_factory=lambda: "DAY")
    expire_at: Time | None = None
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "OrderUpdate":
        check_metadata(self.metadata)
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
    held_for: str | None
    held_reason: str | None
    taken_over_by: str | None
    parent_order_id: IdOut | None
    leg_role: LegRoleName | None
    leg_full: bool
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
