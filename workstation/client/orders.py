"""Orders: the table of their routes, what these take and what they answer."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic
from uuid import uuid4

from msgspec import UNSET, UnsetType, field

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.executions import Execution
from workstation.client.requests import Params
from workstation.client.values import Number, SortedParams, Value, WalkParams, When


class UnknownOutcome(Value, frozen=True, kw_only=True):
    """A request to the venue whose outcome is not known yet."""

    request: str
    since: datetime | None
    cause: str


class Order(Value, frozen=True, kw_only=True):
    """An order as it stands. row_version: what `if_match` of a change takes."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    row_version: int
    user_id: str
    broker_account_id: str
    instrument_id: str
    instrument_symbol: str
    strategy_run_id: str | None
    client_order_id: str
    broker_order_id: str | None
    order_type: str
    side: str
    quantity: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    trailing_percent: Decimal | None
    time_in_force: str
    expire_at: datetime | None
    state: str
    submitted_at: datetime | None
    filled_at: datetime | None
    cancelled_at: datetime | None
    filled_quantity: Decimal
    average_price: Decimal | None
    commission: Decimal
    reject_reason: str | None
    reject_code: str | None
    risk_check_passed: bool | None
    compliance_check_passed: bool | None
    held_for: str | None = None
    held_reason: str | None = None
    taken_over_by: str | None = None
    parent_order_id: str | None
    leg_role: str | None
    leg_full: bool = False
    legs: "tuple[Order, ...] | None" = None
    replaces: str | None
    replaced_by: str | None
    pending_changes: dict[str, Any] | None
    cancel_requested_at: datetime | None
    needs_reconcile: bool
    unknown_outcome: UnknownOutcome | None
    notes: str | None
    metadata: dict[str, Any]
    remaining_quantity: Decimal
    unfilled_quantity: Decimal
    total_value: Decimal | None


class Transition(Value, frozen=True, kw_only=True):
    """One change of an order's state. sequence: its place in the order's history, from 1."""

    id: str
    tenant_id: str
    created_at: datetime
    order_id: str
    sequence: int
    from_state: str | None
    to_state: str
    trigger: str
    actor: str
    reason: str | None
    broker_time: datetime | None
    trace_id: str | None


class PreviewLimit(Value, frozen=True, kw_only=True):
    """One limit's answer to a previewed order."""

    limit_id: str
    limit_type: str
    limit: str | None
    used: str | None
    headroom: str | None
    passed: bool
    message: str | None


class PreviewRule(Value, frozen=True, kw_only=True):
    """One compliance rule's answer to a previewed order."""

    rule_id: str
    rule_type: str
    message: str


class PreviewRisk(Value, frozen=True, kw_only=True):
    """All limits' answers."""

    passed: bool
    limits: tuple[PreviewLimit, ...]


class PreviewCompliance(Value, frozen=True, kw_only=True):
    """All compliance rules that object."""

    passed: bool
    rules: tuple[PreviewRule, ...]


class PreviewWarning(Value, frozen=True, kw_only=True):
    """Something to know before placing."""

    code: str
    message: str


class OrderPreview(Value, frozen=True, kw_only=True):
    """What would become of an order; nothing is stored. Amounts are in the account's currency."""

    valid: bool
    estimated_value: Decimal | None
    estimated_commission: Decimal | None
    buying_power_effect: Decimal | None
    risk: PreviewRisk
    compliance: PreviewCompliance
    warnings: tuple[PreviewWarning, ...]
    confirm_token: str | None


def new_client_order_id() -> str:
    """Return a client order id: under it a program takes an order once, over restarts too."""
    return f"OMS-{uuid4().hex}"


class OrderCreate(Params, kw_only=True):
    """A new order. Which prices go with a type: LIMIT `price`, STOP `stop_price`, STOP_LIMIT both, MARKET none."""

    instrument_symbol: str
    broker_account_id: str
    order_type: str
    side: str
    quantity: Number
    price: Number | UnsetType = UNSET
    stop_price: Number | UnsetType = UNSET
    trailing_percent: Number | UnsetType = UNSET
    time_in_force: str | UnsetType = UNSET
    expire_at: datetime | UnsetType = UNSET
    client_order_id: str = field(default_factory=new_client_order_id)
    strategy_run_id: str | UnsetType = UNSET
    parent_order_id: str | UnsetType = UNSET
    leg_role: str | UnsetType = UNSET
    leg_full: bool | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    confirm_token: str | UnsetType = UNSET
    allow_duplicate: bool | UnsetType = UNSET


class OrderId(Params):
    """Names one order."""

    order_id: str


class OrderRead(OrderId, kw_only=True):
    """Names one order. nested: with its legs."""

    nested: bool | UnsetType = UNSET


class ClientOrderRead(Params):
    """Names one order by its client order id. nested: with its legs."""

    client_order_id: str
    nested: bool | UnsetType = UNSET


class OrderUpdate(OrderId, kw_only=True):
    """A change: what is UNSET stays, None clears. if_match: the `row_version` read; changed since, it is refused."""

    if_match: int | str | UnsetType = UNSET
    price: Number | UnsetType = UNSET
    stop_price: Number | UnsetType = UNSET
    trailing_percent: Number | UnsetType = UNSET
    quantity: Number | UnsetType = UNSET
    time_in_force: str | UnsetType = UNSET
    expire_at: datetime | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class CancelRequest(OrderId, kw_only=True):
    """Why an order is cancelled."""

    reason: str | UnsetType = UNSET


class OrderList(WalkParams, kw_only=True):
    """Filters of the order list; they combine with AND, `statuses` among themselves with OR."""

    status: str | UnsetType = UNSET
    statuses: tuple[str, ...] | UnsetType = UNSET
    is_open: bool | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    order_type: str | UnsetType = UNSET
    side: str | UnsetType = UNSET
    time_in_force: str | UnsetType = UNSET
    strategy_run_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    search: str | UnsetType = UNSET
    nested: bool | UnsetType = UNSET


class OrderRows(SortedParams, kw_only=True):
    """Names one order whose executions or history are listed."""

    order_id: str


class Orders(Group[W], Generic[W]):
    """Place, read, change and cancel. A cancel is asked for, not done: the order's state says when it is."""

    list = Listing("/oms/orders", OrderList, "orders", Order)
    place = Call("POST", "/oms/orders", OrderCreate, Order)
    preview = Call("POST", "/oms/orders/preview", OrderCreate, OrderPreview)
    get = Call("GET", "/oms/orders/{order_id}", OrderRead, Order)
    by_client_id = Call("GET", "/oms/orders/by-client-id/{client_order_id}", ClientOrderRead, Order)
    change = Call("POST", "/oms/orders/{order_id}/modify", OrderUpdate, Order)
    cancel = Call("POST", "/oms/orders/{order_id}/cancel", CancelRequest, Order)
    executions = Listing("/oms/orders/{order_id}/executions", OrderRows, "executions", Execution)
    history = Listing("/oms/orders/{order_id}/history", OrderRows, "transitions", Transition)
