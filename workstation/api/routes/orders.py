"""Orders: place, preview, list, read, change, cancel, history. The desk's door for scripts.

Every write is the command that the desktop uses too; the answer goes out when its effect is durable. A change or cancel
waits `venue_wait` for the venue's word, then answers 202: the outcome comes as a state and an event.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from workstation.api import placing
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, problem
from workstation.api.lists import ListForm, check_dates, chosen_fields, ordering_of, page_body, place_of, sparse
from workstation.api.order_answers import (
    DURABLE_LOOK_S,
    StatusOf,
    answered,
    attach,
    late,
    order_answer,
    order_body_of,
    settled,
)
from workstation.api.order_previews import check_confirmed, confirm_token, preview_body
from workstation.api.outcomes import OPEN_STATES, is_stored, location_of, over, refused
from workstation.api.reading import read_answer
from workstation.api.schemas.order_bodies import TIF_KEY, etag, kept_metadata
from workstation.api.schemas.orders import (
    CancelRequest,
    Order,
    OrderCreate,
    OrderList,
    OrderPage,
    OrderRead,
    OrderUpdate,
)
from workstation.api.schemas.system import OrderPreview
from workstation.commands.outcomes import Refusal
from workstation.commands.params import AnnotateOrder, CancelOne, ChangeOrder
from workstation.commands.registry import CommandResult
from workstation.domain.orders import FINAL_STATES, OrderState, OrdStatus
from workstation.orders.amendment import CHANGEABLE
from workstation.ports.store import OrderQuery

routes = Routes()

LEGS_READ_MAX = 500


class _Request(NamedTuple):
    """What may be asked of a venue: the command, the state that waits for its word, and the HTTP status of an order."""

    command_id: str
    waiting: OrdStatus
    status_of: StatusOf


_CHANGE = _Request(
    "order.replace", OrdStatus.PENDING_REPLACE, lambda order: 202 if order.status is OrdStatus.PENDING_REPLACE else 200
)
_CANCEL = _Request("order.cancel", OrdStatus.PENDING_CANCEL, lambda order: 200 if order.status.is_final else 202)
_ORDER_ID = {"order_id": "uuid"}
FORM = ListForm(
    key="orders",
    model=Order,
    orderings={
        "created_at": "created_at",
        "updated_at": "updated_at",
        "submitted_at": "submitted_at",
        "quantity": "order_qty",
        "price": "price",
        "state": "status",
        "instrument_symbol": "symbol",
    },
    default="-created_at",
    by_time="created_at",
)


@routes.add("GET", "/oms/orders", scope="orders:view", query=OrderList, answers={200: OrderPage}, form=FORM)
async def list_orders(call: Call) -> Answer:
    """List orders."""
    asked: OrderList = call.query
    check_dates(call)
    fields = chosen_fields(asked.fields, Order)
    ordering = ordering_of(call, FORM)
    names = call.services.names
    statuses = asked.statuses if asked.status is None else (asked.status,)
    tif, paired = placing.time_in_force_filter(asked.time_in_force)
    apart = asked.status is not None and asked.statuses and asked.status not in asked.statuses
    if apart or (paired is not None and asked.order_type not in (None, paired)):  # no order is both at once
        return json_answer(200, page_body(call, FORM, [], total=0 if asked.with_count else None, has_next=False))
    query = OrderQuery(
        statuses=tuple(OrdStatus(name) for name in statuses),
        is_open=asked.is_open,
        symbol=None if asked.instrument_symbol is None else names.symbol_key(asked.instrument_symbol),
        account=None if asked.broker_account_id is None else names.account_key(asked.broker_account_id),
        side=asked.side,
        ord_type=paired or asked.order_type,
        time_in_force=tif,
        strategy_id=asked.strategy_run_id,
        user=placing.user_key(asked.user_id),
        search=asked.search,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, FORM),
    )
    return await call.services.read(_page, call, query, fields)


def _page(call: Call, query: OrderQuery, fields: tuple[str, ...] | None) -> Answer:
    page = call.services.reader.orders(query)
    bodies: list[Any]
    if fields is None and not call.query.nested:
        bodies = [call.services.order_texts.of(order) for order in page.rows]
    else:
        bodies = [sparse(body, fields) for body in _shown(call, page.rows)]
    last = (page.rows[-1].created_at, page.rows[-1].uid) if page.rows else None
    body = page_body(call, FORM, bodies, total=page.total, has_next=page.has_next, ordering=query.ordering, last=last)
    return json_answer(200, body)


def _shown(call: Call, orders: Sequence[OrderState]) -> list[dict[str, Any]]:
    return _with_legs(call, orders) if call.query.nested else [order_body_of(call, order) for order in orders]


def _with_legs(call: Call, orders: Sequence[OrderState]) -> list[dict[str, Any]]:
    """Return bodies with the legs of each, those among the LEGS_READ_MAX orders of its instrument that followed it.

    A leg whose parent is among the orders stands beneath it alone.
    """
    oldest: dict[tuple[str, str], int] = {}
    for order in orders:
        place = (order.terms.account, order.terms.symbol)
        oldest[place] = min(order.created_at, oldest.get(place, order.created_at))
    legs: dict[str, list[OrderState]] = {}
    for (account, symbol), start_ns in oldest.items():
        query = OrderQuery(
            symbol=symbol, account=account, start_ns=start_ns, ordering=("created_at",), limit=LEGS_READ_MAX,
            with_count=False,
        )  # fmt: skip
        for row in call.services.reader.orders(query).rows:
            if row.link is not None and row.link.parent:
                legs.setdefault(row.link.parent, []).append(row)
    beneath = {leg.cl_ord_id for order in orders for leg in legs.get(order.cl_ord_id, ())}
    return [
        order_body_of(call, order) | {"legs": [order_body_of(call, leg) for leg in legs.get(order.cl_ord_id, ())]}
        for order in orders
        if order.cl_ord_id not in beneath
    ]


@routes.add("POST", "/oms/orders", scope="orders:place", body=OrderCreate, answers={201: Order})
async def create_order(call: Call) -> Answer:
    """Place an order."""
    return await place(call)


async def place(call: Call, default_id: str | None = None) -> Answer:
    """Place the order of the call's body. default_id: client order id of one that names none, drawn anew if None."""
    params = await placing.place_params(call, default_id)
    check_confirmed(call, call.body)
    result = await call.services.engine.call(
        "order.submit", params, call.origin, attach=attach(call, lambda _: 201), on_late=late(call)
    )
    if result.ok:
        stored = None if call.key is None else call.key.stored
        return stored or order_answer(call, 201, result.data, created=True)
    return await _refusal(call, result, params.cl_ord_id)


@routes.add("POST", "/oms/orders/preview", scope="orders:place", body=OrderCreate, answers={200: OrderPreview})
async def preview_order(call: Call) -> Answer:
    """Say what would become of an order, storing nothing."""
    params = await placing.place_params(call)
    result = await call.services.engine.call("order.outlook", params, call.origin)
    if not result.ok:
        raise refused(result)
    return json_answer(200, preview_body(result.data, confirm_token(call, call.body)))


@routes.add(
    "GET",
    "/oms/orders/by-client-id/{client_order_id}",
    scope="orders:view",
    query=OrderRead,
    answers={200: Order},
    path_types={"client_order_id": "client_order_id"},
    tagged=True,
)
async def get_order_by_client_id(call: Call) -> Answer:
    """Read an order by its client order id."""
    order = await call.services.read(call.services.reader.order_by_client_id, call.path_params["client_order_id"])
    return await _read_answer(call, order)


@routes.add(
    "GET", "/oms/orders/{order_id}", scope="orders:view", query=OrderRead, answers={200: Order}, path_types=_ORDER_ID
)
async def get_order(call: Call) -> Answer:
    """Read an order."""
    return await _read_answer(call, await _find(call))


async def _read_answer(call: Call, order: OrderState | None) -> Answer:
    if order is None:
        raise ApiError("NOT_FOUND", "No such order.")
    (body,) = await call.services.read(_shown, call, [order])
    return read_answer(call, Order, etag(order), body)


async def _replace(call: Call) -> Answer:
    body: OrderUpdate = call.body
    services = call.services
    async with services.order_lock(call.path_params["order_id"]):
        order = await _required(call)
        version = _matched_version(call, order)
        change = placing.change_params(call, order, body, version)
        notes = _annotation(order, body)
        if order.status in FINAL_STATES:
            raise over(order, "changed", CHANGEABLE)
        if change is None and notes is None:
            return order_answer(call, 200, order)
        status = 200
        if change is not None:
            order, status = await _change(call, order, change)
        if notes is not None:
            if call.key is not None:
                call.key.reopen()
            kept = attach(call, lambda _: status)
            result = await services.engine.call("order.annotate", notes, call.origin, attach=kept, on_late=late(call))
            if not result.ok:
                raise refused(result)
            order = result.data if isinstance(result.data, OrderState) else order
        return answered(call, status, order)


async def _change(call: Call, order: OrderState, change: ChangeOrder) -> tuple[OrderState, int]:
    after = await _ask_venue(call, order, _CHANGE, change)
    return after, _CHANGE.status_of(after)


@routes.add(
    "PUT", "/oms/orders/{order_id}", scope="orders:modify", body=OrderUpdate, answers={200: Order, 202: Order},
    path_types=_ORDER_ID, if_match=True,
)  # fmt: skip
async def put_order(call: Call) -> Answer:
    """Change an order."""
    return await _replace(call)


@routes.add(
    "PATCH", "/oms/orders/{order_id}", scope="orders:modify", body=OrderUpdate, answers={200: Order, 202: Order},
    path_types=_ORDER_ID, if_match=True,
)  # fmt: skip
async def patch_order(call: Call) -> Answer:
    """Change an order, as PUT does."""
    return await _replace(call)


@routes.add(
    "POST", "/oms/orders/{order_id}/modify", scope="orders:modify", body=OrderUpdate,
    answers={200: Order, 202: Order}, path_types=_ORDER_ID,
)  # fmt: skip
async def modify_order(call: Call) -> Answer:
    """Change an order; If-Match is optional here."""
    return await _replace(call)


@routes.add(
    "DELETE", "/oms/orders/{order_id}", scope="orders:cancel", answers={200: Order, 202: Order}, path_types=_ORDER_ID
)
async def delete_order(call: Call) -> Answer:
    """Cancel an order."""
    return await _cancel(call, "")


@routes.add(
    "POST", "/oms/orders/{order_id}/cancel", scope="orders:cancel", body=CancelRequest, body_optional=True,
    answers={200: Order, 202: Order}, path_types=_ORDER_ID,
)  # fmt: skip
async def cancel_order(call: Call) -> Answer:
    """Cancel an order, with a reason."""
    return await _cancel(call, call.body.reason or "")


async def _cancel(call: Call, reason: str) -> Answer:
    order = await _required(call)
    _matched_version(call, order)
    if order.status is OrdStatus.CANCELLED:
        return order_answer(call, 200, order)
    if order.status.is_final:
        raise over(order, "cancelled", OPEN_STATES)
    params = CancelOne(cl_ord_id=order.cl_ord_id, reason=reason)
    after = await _ask_venue(call, order, _CANCEL, params)
    return answered(call, _CANCEL.status_of(after), after)


async def _ask_venue(call: Call, order: OrderState, asked: _Request, params: msgspec.Struct) -> OrderState:
    """Run a change or cancel; return the order once it waits no more, durably, or as stored after `venue_wait`."""
    waiting = asked.waiting
    services, loop = call.services, asyncio.get_running_loop()
    news = services.news.expect(order.cl_ord_id, lambda row: row.status.is_final or row.status.is_working)
    try:
        result = await services.engine.call(
            asked.command_id, params, call.origin, attach=attach(call, asked.status_of), on_late=late(call)
        )
        if not result.ok:
            raise refused(result)
        after = result.data if isinstance(result.data, OrderState) else order
        if after.status is not waiting:
            await settled(call, order, waiting)
            return after
        deadline = loop.time() + services.options.venue_wait
        await asyncio.wait({news}, timeout=services.options.venue_wait)
        stored = await services.read(services.reader.order, order.uid)
        while stored is not None and news.done() and stored.status is waiting and loop.time() < deadline:
            await asyncio.sleep(DURABLE_LOOK_S)
            stored = await services.read(services.reader.order, order.uid)
        await settled(call, order, waiting)
        return after if stored is None or stored.version < after.version else stored
    finally:
        services.news.forget(order.cl_ord_id, news)


def _matched_version(call: Call, order: OrderState) -> int | None:
    """Return the version that If-Match names, None for any.

    Raises:
        ApiError: 428 where it is needed and absent, 412 when it is stale or weak.
    """
    asked = call.header(b"if-match")
    if asked is None:
        if call.endpoint.if_match:
            raise ApiError("PRECONDITION_REQUIRED", "Send If-Match with the ETag that you read.")
        return None
    tags = [part.strip() for part in asked.split(",")]
    if "*" in tags:
        return None
    if etag(order) in tags:
        return order.version
    raise ApiError("PRECONDITION_FAILED", "The order has changed since.", {"row_version": order.version})


def _annotation(order: OrderState, body: OrderUpdate) -> AnnotateOrder | None:
    given = body.model_fields_set
    if not {"notes", "metadata", "time_in_force"} & given:
        return None
    metadata = None
    if "metadata" in given or "time_in_force" in given:
        tif = body.time_in_force if "time_in_force" in given else order.metadata.get(TIF_KEY, "")
        wanted = kept_metadata(body.metadata, tif)
        if "metadata" not in given:
            kept = {name: text for name, text in order.metadata.items() if name != TIF_KEY}
            wanted = kept | wanted
        metadata = wanted if wanted != order.metadata else None
    notes = (body.notes or "") if "notes" in given else None
    if metadata is None and (notes is None or notes == order.notes):
        return None
    return AnnotateOrder(cl_ord_id=order.cl_ord_id, notes=notes, metadata=metadata)


async def _refusal(call: Call, result: CommandResult, cl_ord_id: str) -> Answer:
    error = refused(result)
    if is_stored(result):
        stored = None if call.key is None else call.key.stored
        return stored or problem(error, instance=call.request.scope["path"], trace_id=call.passport.trace_id)
    refusal = result.data
    if error.code == "DUPLICATE" and isinstance(refusal, Refusal) and refusal.duplicate_of is None:
        first = await call.services.read(call.services.reader.order_by_client_id, cl_ord_id)
        if first is not None:
            error.details["order_id"] = first.uid
            error.headers["Location"] = location_of(first)
    raise error


async def _find(call: Call) -> OrderState | None:
    return await call.services.read(call.services.reader.order, call.path_params["order_id"])


async def _required(call: Call) -> OrderState:
    order = await _find(call)
    if order is None:
        raise ApiError("NOT_FOUND", "No such order.")
    return order
