"""Many orders in one call: each handled on its own, in order."""

from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, W
from workstation.client.orders import Order, OrderCreate
from workstation.client.requests import Params
from workstation.client.values import Value


class BulkFault(Value, frozen=True, kw_only=True):
    """Why an item was rejected, as a problem would say it."""

    code: int
    message: str
    type: str
    details: dict[str, Any]


class BulkError(Value, frozen=True, kw_only=True):
    """One rejected item. order_id: of the order that its refusal left behind, or that it met; data: the item."""

    index: int
    code: str
    error: BulkFault
    order_id: str | None
    data: Any


class BulkOrderResult(Value, frozen=True, kw_only=True):
    """What became of each order, both lists in the order of the call."""

    accepted: tuple[Order, ...]
    rejected: tuple[BulkError, ...]


class BulkCancelResult(Value, frozen=True, kw_only=True):
    """Orders whose cancel is asked or done, and those that cannot be cancelled."""

    accepted: tuple[str, ...]
    rejected: tuple[BulkError, ...]


class BulkOrderCreate(Params, kw_only=True):
    """Orders to place, in this order."""

    orders: tuple[OrderCreate, ...]
    idempotency_key: str | UnsetType = UNSET


class BulkCancel(Params, kw_only=True):
    """Orders to cancel."""

    order_ids: tuple[str, ...]
    reason: str | UnsetType = UNSET
    idempotency_key: str | UnsetType = UNSET


class BulkOrders(Group[W], Generic[W]):
    """Place and cancel up to a hundred orders at once."""

    place = Call("POST", "/oms/orders/bulk", BulkOrderCreate, BulkOrderResult)
    cancel = Call("POST", "/oms/orders/bulk/cancel", BulkCancel, BulkCancelResult)
