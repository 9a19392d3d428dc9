"""Many orders in one call: place and cancel. Every item is the call that it would be alone, in the order of the call.

Bulk calls need a key, in the header or in the body, since nobody can tell by looking which of a hundred came through.
"""

from typing import Any

import msgspec

from workstation.api.bulk import bulk_answer, item_order_id, rejections, repeated, run_items
from workstation.api.endpoint import Call, Routes, json_answer, validated
from workstation.api.errors import Answer, ApiError
from workstation.api.outcomes import OPEN_STATES, over, refused
from workstation.api.routes.orders import place
from workstation.api.schemas.bulk import BulkCancel, BulkCancelResult, BulkOrderCreate, BulkOrderResult
from workstation.api.schemas.orders import OrderCreate
from workstation.commands.params import CancelOne

routes = Routes()


@routes.add(
    "POST", "/oms/orders/bulk", scope="orders:place", body=BulkOrderCreate, key_required=True,
    answers={200: BulkOrderResult, 201: BulkOrderResult},
)  # fmt: skip
async def create_orders(call: Call) -> Answer:
    """Place up to 100 orders, each on its own."""
    asked: BulkOrderCreate = call.body
    again = _repeats([_name_of(item) for item in asked.orders])

    async def work(single: Call, index: int) -> Answer:
        if again[index]:
            raise repeated("client_order_id")
        single.body = validated(OrderCreate, asked.orders[index], "body")
        return await place(single, item_order_id(call, index))

    answers = await run_items(call, asked.orders, work)
    accepted = [msgspec.Raw(answer.body) for answer in answers if answer.status == 201]
    rejected = rejections(answers, asked.orders)
    return await bulk_answer(call, answers, 200 if rejected else 201, accepted, rejected)


def _repeats(names: list[str]) -> list[bool]:
    """Tell of each name whether it stood earlier in the list; "" repeats nothing."""
    return [bool(name) and name in names[:index] for index, name in enumerate(names)]


def _name_of(item: Any) -> str:
    name = item.get("client_order_id") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


@routes.add(
    "POST", "/oms/orders/bulk/cancel", scope="orders:cancel", body=BulkCancel, key_required=True,
    answers={200: BulkCancelResult},
)  # fmt: skip
async def cancel_orders(call: Call) -> Answer:
    """Ask to cancel up to 100 orders; accepted means asked or done."""
    asked: BulkCancel = call.body
    again = _repeats(asked.order_ids)

    async def work(single: Call, index: int) -> Answer:
        if again[index]:
            raise repeated("order_id")
        return await _ask(single, asked.order_ids[index], asked.reason or "")

    items = [{"order_id": uid} for uid in asked.order_ids]
    answers = await run_items(call, items, work)
    accepted = [uid for uid, answer in zip(asked.order_ids, answers, strict=True) if answer.status == 200]
    return await bulk_answer(call, answers, 200, accepted, rejections(answers, items))


async def _ask(call: Call, uid: str, reason: str) -> Answer:
    order = await call.services.read(call.services.reader.order, uid)
    if order is None:
        raise ApiError("NOT_FOUND", "No such order.")
    if order.status.is_final:
        raise over(order, "cancelled", OPEN_STATES)
    result = await call.services.engine.call(
        "order.cancel", CancelOne(cl_ord_id=order.cl_ord_id, reason=reason), call.origin
    )
    if not result.ok:
        raise refused(result)
    return json_answer(200, {})
