"""Executions and the history of an order. Read-only."""

from dataclasses import replace
from functools import partial

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import (
    ListForm,
    check_dates,
    chosen_fields,
    ordering_of,
    page_body,
    place_of,
    sparse,
    windowed,
)
from workstation.api.reading import IMMUTABLE, read_answer
from workstation.api.schemas.executions import (
    Execution,
    ExecutionList,
    ExecutionPage,
    ExecutionRead,
    Transition,
    TransitionPage,
    execution_body,
    traces_of,
    transition_body,
)
from workstation.api.schemas.records import RecordList
from workstation.domain.orders import OrderState
from workstation.ports.store import ExecutionQuery

routes = Routes()

FORM = ListForm(
    key="executions",
    model=Execution,
    orderings={"executed_at": "ts_event", "quantity": "last_qty", "price": "last_px"},
    default="-executed_at",
    by_time="ts_event",
)
_OF_ORDER = replace(FORM, default="executed_at", by_time="")
_HISTORY = ListForm(key="transitions", model=Transition, orderings={"sequence": "sequence"}, default="sequence")
_ORDER_ID = {"order_id": "uuid"}


@routes.add("GET", "/oms/executions", scope="orders:view", query=ExecutionList, answers={200: ExecutionPage}, form=FORM)
async def list_executions(call: Call) -> Answer:
    """List executions."""
    asked: ExecutionList = call.query
    check_dates(call)
    names, services = call.services.names, call.services
    fields, ordering = chosen_fields(asked.fields, Execution), ordering_of(call, FORM)
    cl_ord_id = None
    if asked.order_id is not None:
        order = await services.read(services.reader.order, asked.order_id)
        cl_ord_id = "" if order is None else order.cl_ord_id
    query = ExecutionQuery(
        cl_ord_id=cl_ord_id,
        symbol=None if asked.instrument_symbol is None else names.symbol_key(asked.instrument_symbol),
        account=None if asked.broker_account_id is None else names.account_key(asked.broker_account_id),
        strategy_id=asked.strategy_run_id,
        search=asked.search,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, FORM),
    )
    return await services.read(_page, call, query, fields, FORM)


def _page(call: Call, query: ExecutionQuery, fields: tuple[str, ...] | None, form: ListForm) -> Answer:
    page = call.services.reader.executions(query)
    bodies = [sparse(execution_body(row, call.services.names), fields) for row in page.rows]
    last = (page.rows[-1].ts_event, page.rows[-1].uid) if page.rows else None
    body = page_body(call, form, bodies, total=page.total, has_next=page.has_next, ordering=query.ordering, last=last)
    return json_answer(200, body)


@routes.add(
    "GET", "/oms/executions/{execution_id}", scope="orders:view", query=ExecutionRead, answers={200: Execution},
    path_types={"execution_id": "uuid"}, tagged=True,
)  # fmt: skip
async def get_execution(call: Call) -> Answer:
    """Read an execution."""
    row = await call.services.read(call.services.reader.execution, call.path_params["execution_id"])
    if row is None:
        raise ApiError("NOT_FOUND", "No such execution.")
    body = await call.services.read(execution_body, row, call.services.names)
    return read_answer(call, Execution, IMMUTABLE, body)


@routes.add(
    "GET", "/oms/orders/{order_id}/executions", scope="orders:view", query=RecordList, answers={200: ExecutionPage},
    form=_OF_ORDER,
    path_types=_ORDER_ID,
)  # fmt: skip
async def list_order_executions(call: Call) -> Answer:
    """List the executions of an order, oldest first."""
    order = await _order(call)
    asked: RecordList = call.query
    query = ExecutionQuery(
        cl_ord_id=order.cl_ord_id,
        ordering=ordering_of(call, _OF_ORDER),
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )
    return await call.services.read(_page, call, query, chosen_fields(asked.fields, Execution), _OF_ORDER)


@routes.add(
    "GET", "/oms/orders/{order_id}/history", scope="orders:view", query=RecordList, answers={200: TransitionPage},
    form=_HISTORY,
    path_types=_ORDER_ID,
)  # fmt: skip
async def list_order_history(call: Call) -> Answer:
    """List every change of an order's state, oldest first."""
    order = await _order(call)
    asked: RecordList = call.query
    ordering, fields = ordering_of(call, _HISTORY), chosen_fields(asked.fields, Transition)
    rows = await call.services.read(call.services.reader.transitions, order.cl_ord_id)
    numbered = list(zip(range(1, len(rows) + 1), rows, traces_of(rows), strict=True))
    if ordering == ("-sequence",):
        numbered.reverse()
    bodies, has_next = windowed(
        numbered,
        asked.limit,
        asked.offset,
        lambda item: sparse(transition_body(item[1], order.uid, item[0], item[2]), fields),
    )
    total = len(rows) if asked.with_count else None
    return json_answer(200, page_body(call, _HISTORY, bodies, total=total, has_next=has_next))


async def _order(call: Call) -> OrderState:
    find = partial(call.services.reader.order, call.path_params["order_id"])
    order = await call.services.read(find)
    if order is None:
        raise ApiError("NOT_FOUND", "No such order.")
    return order
