"""Many orders in one call: the envelope alone is checked as a whole, each item is judged on its own."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from workstation.api.schemas.orders import Order
from workstation.api.schemas.values import IdOut, Reason, Request, Resource, Uuid

BULK_MAX = 100

Key = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]


def item_of(model: str) -> WithJsonSchema:
    """Return how an item that should be such a body is described; another one is rejected on its own."""
    told = f"A {model}; an item that is none is rejected on its own."
    kinds: list[JsonSchemaValue] = [{"$ref": f"#/components/schemas/{model}"}, {}]
    return WithJsonSchema({"anyOf": kinds, "description": told, "title": "Item"})


OrderItem = Annotated[Any, item_of("OrderCreate")]


class BulkOrderCreate(Request):
    """Orders to place, in this order."""

    orders: Annotated[list[OrderItem], Field(min_length=1, max_length=BULK_MAX)]
    idempotency_key: Key | None = None


class BulkCancel(Request):
    """Orders to cancel."""

    order_ids: Annotated[list[Uuid], Field(min_length=1, max_length=BULK_MAX)]
    reason: Reason | None = None
    idempotency_key: Key | None = None


class BulkFault(Resource):
    """Why an item was rejected, as a problem would say it. message: its sentence; details: state and allowed ones."""

    code: int
    message: str
    type: str
    details: dict[str, Any]


class BulkError(Resource):
    """One rejected item. order_id: of the order that its refusal left behind, or that it met; data: the item."""

    index: int
    code: str
    error: BulkFault
    order_id: IdOut | None
    data: Any


class BulkOrderResult(Resource):
    """What became of each order, both lists in the order of the call."""

    accepted: list[Order]
    rejected: list[BulkError]


class BulkCancelResult(Resource):
    """Orders whose cancel is asked or done, and those that cannot be cancelled."""

    accepted: list[IdOut]
    rejected: list[BulkError]
