"""Answers about orders, and how those with a key are kept: stored with their effect, and again with the venue's word.

What is stored is what is answered. Everything but `rows` of `attach`, which the engine's thread calls, runs on the
API's loop.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer, ApiError, problem
from workstation.api.outcomes import location_of, stored_refusal
from workstation.api.schemas.order_bodies import etag, order_body
from workstation.commands.registry import Attach
from workstation.domain.events import Event, OrderDenied
from workstation.domain.orders import OrderState, OrdStatus
from workstation.ports.store import Row

DURABLE_LOOK_S = 0.005
StatusOf = Callable[[OrderState], int]
_WAITING = frozenset({OrdStatus.PENDING_SUBMIT, OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE})


def order_body_of(call: Call, order: OrderState) -> dict[str, Any]:
    """Return an order's body."""
    return order_body(order, call.services.names)


def attach(call: Call, status_of: StatusOf) -> Attach | None:
    """Return what stores this call's answer with its effect, and again with the venue's word; None without a key."""
    key = call.key
    if key is None:
        return None
    path, trace_id = call.request.scope["path"], call.passport.trace_id

    def kept(answer: Answer) -> tuple[Row, ...]:
        row = key.record(answer)
        return () if row is None else (row,)

    def rows(order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if order is None:
            return ()  # a refusal that left no order is not kept
        if isinstance(event, OrderDenied):
            error = stored_refusal(order, event.rule)
            return kept(problem(error, instance=path, trace_id=trace_id))
        if key.stored is not None and order.status in _WAITING:
            return ()
        status = status_of(order)
        return kept(order_answer(call, status, order, created=status == 201))

    return rows


def answered(call: Call, status: int, order: OrderState) -> Answer:
    """Return the answer to a change or cancel: the one that is stored under its key, else the order as it stands."""
    stored = None if call.key is None else call.key.stored
    return stored or order_answer(call, status, order)


async def settled(call: Call, order: OrderState, waiting: OrdStatus) -> None:
    """End what may still become of a keyed answer; with the venue's word in it, wait until that is durable.

    Raises:
        ApiError: 503, it did not become durable in time.
    """
    if call.key is None or not call.key.settle():
        return
    services = call.services
    for _ in range(int(services.options.engine_timeout / DURABLE_LOOK_S)):
        stored = await services.read(services.reader.order, order.uid)
        if stored is None or stored.status is not waiting:
            return
        await asyncio.sleep(DURABLE_LOOK_S)
    raise ApiError("ENGINE_TIMEOUT", "The outcome is not durable yet.", {"outcome": "unknown"})


def late(call: Call) -> Any:
    """Return what ends a keyed call whose answer came after its caller was told ENGINE_TIMEOUT."""
    key = call.key
    return None if key is None else lambda _result: key.finish(None)


def order_answer(call: Call, status: int, order: OrderState, *, created: bool = False) -> Answer:
    """Return an order as the answer to a call; remembers the id of a new one."""
    headers = {"ETag": etag(order)}
    if created:
        headers["Location"] = location_of(order)
        call.services.names.remember(order)
    return json_answer(status, order_body_of(call, order), headers)
