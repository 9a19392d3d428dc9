"""Held orders: what waits for compliance, and a person's word on each. The desk and its gate decide what becomes of it.

A release is asked of the whole gate anew, but for the rule that held the order: a refusal there ends it, what forbids
sending only for now leaves it held.
"""

from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, problem
from workstation.api.lists import ListForm, memory_page
from workstation.api.order_answers import answered, attach, late, order_answer
from workstation.api.outcomes import is_stored, refused
from workstation.api.schemas.holds import HoldList, HoldPage, HoldRefusal, HoldRelease
from workstation.api.schemas.order_bodies import order_body
from workstation.api.schemas.orders import Order
from workstation.commands.holds import RefuseHeld, ReleaseHeld
from workstation.commands.registry import Attach
from workstation.domain.events import Event
from workstation.domain.orders import OrderState, OrdStatus
from workstation.ports.store import OrderQuery, Reader, Row

routes = Routes()

PAGE = 500
PAGES_MAX = 20
"""Orders in NEW that are looked through for held ones: 10,000."""

FORM = ListForm(key="holds", model=Order, orderings={"created_at": "created_at"}, default="created_at")
_ORDER = {"order_id": "uuid"}


@routes.add("GET", "/compliance/holds", scope="compliance:view", query=HoldList, answers={200: HoldPage}, form=FORM)
async def list_holds(call: Call) -> Answer:
    """List the orders that wait for compliance."""
    services = call.services
    found = await services.read(held_orders, services.reader)
    return json_answer(200, memory_page(call, FORM, (order_body(order, services.names) for order in found)))


@routes.add(
    "POST", "/compliance/holds/{order_id}/release", scope="compliance:manage", body=HoldRelease, body_optional=True,
    answers={200: Order}, path_types=_ORDER,
)  # fmt: skip
async def release_hold(call: Call) -> Answer:
    """Release a held order."""
    order = await _held(call)
    params = ReleaseHeld(cl_ord_id=order.cl_ord_id, reason=call.body.reason or "")
    return await _said(call, "compliance.release", params, attach(call, lambda _: 200))


@routes.add(
    "POST", "/compliance/holds/{order_id}/refuse", scope="compliance:manage", body=HoldRefusal, answers={200: Order},
    path_types=_ORDER,
)  # fmt: skip
async def refuse_hold(call: Call) -> Answer:
    """Refuse a held order."""
    order = await _held(call)
    params = RefuseHeld(cl_ord_id=order.cl_ord_id, reason=call.body.reason)
    return await _said(call, "compliance.refuse", params, _kept(call))


def held_orders(reader: Reader) -> list[OrderState]:
    """Return the orders that wait for a person, oldest first."""
    found: list[OrderState] = []
    for page in range(PAGES_MAX):
        query = OrderQuery(
            statuses=(OrdStatus.NEW,), ordering=("created_at",), limit=PAGE, offset=page * PAGE, with_count=False
        )
        rows = reader.orders(query)
        found += (order for order in rows.rows if order.is_held)
        if not rows.has_next:
            break
    return found


async def _held(call: Call) -> OrderState:
    order = await call.services.read(call.services.reader.order, call.path_params["order_id"])
    if order is None:
        raise ApiError("NOT_FOUND", "No such order.")
    if not order.is_held:
        raise ApiError("STATE_CONFLICT", "The order is not held.", {"state": order.status, "allowed": ["held"]})
    return order


async def _said(call: Call, command_id: str, params: Any, rows: Attach | None) -> Answer:
    result = await call.services.engine.call(command_id, params, call.origin, attach=rows, on_late=late(call))
    if result.ok:
        if call.key is not None:
            call.key.settle()
        return answered(call, 200, result.data)
    error = refused(result)
    if not is_stored(result):
        raise error
    stored = None if call.key is None else call.key.stored
    return stored or problem(error, instance=call.request.scope["path"], trace_id=call.passport.trace_id)


def _kept(call: Call) -> Attach | None:
    """Return what stores the answer to a refusal with it, None without a key."""
    key = call.key
    if key is None:
        return None

    def rows(order: OrderState | None, _event: Event) -> tuple[Row, ...]:
        row = None if order is None else key.record(order_answer(call, 200, order))
        return () if row is None else (row,)

    return rows
