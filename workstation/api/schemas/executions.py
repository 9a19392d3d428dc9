"""Executions and order history on the wire. Both only grow; a correction is a row of its own."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from workstation.api.credentials import TENANT_ID
from workstation.api.names import Names
from workstation.api.schemas.orders import SideName, State
from workstation.api.schemas.values import (
    CommaList,
    DecimalOut,
    EndTime,
    IdOut,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    SearchText,
    StartTime,
    Symbol,
    TimeOut,
    Uuid,
    money_text,
    price_text,
    quantity_text,
    time_or_none,
    time_text,
)
from workstation.domain.executions import Execution as CoreExecution
from workstation.kernel.ids import stable_uid
from workstation.ports.store import OrderTransition


class ExecutionList(Query):
    """Filters of the execution list."""

    order_id: Uuid | None = None
    instrument_symbol: Symbol | None = None
    broker_account_id: Uuid | None = None
    strategy_run_id: Uuid | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    search: SearchText | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class ExecutionRead(Query):
    """Shape of one execution."""

    fields: CommaList | None = None


class Execution(Resource):
    """One report of trading."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    order_id: IdOut | None
    instrument_symbol: str
    broker_account_id: IdOut
    side: SideName
    execution_id: str
    broker_execution_id: str | None
    quantity: DecimalOut
    price: DecimalOut
    commission: DecimalOut
    currency: str
    executed_at: TimeOut
    exchange: str | None
    liquidity: Literal["MAKER", "TAKER"] | None
    kind: Literal["TRADE", "CORRECTION", "BUST"]
    corrects: IdOut | None
    metadata: dict[str, Any]


class ExecutionPage(Resource):
    """A page of executions."""

    executions: list[Execution]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class Transition(Resource):
    """One change of an order's state. sequence: its place in the order's history, from 1."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    order_id: IdOut
    sequence: int
    from_state: State | None
    to_state: State
    trigger: str
    actor: str
    reason: str | None
    broker_time: TimeOut | None
    trace_id: str | None


class TransitionPage(Resource):
    """A page of an order's history."""

    transitions: list[Transition]
    total_count: int | None
    has_next: bool


def execution_body(execution: CoreExecution, names: Names) -> dict[str, Any]:
    """Return an execution as the wire shows it."""
    instrument = names.instruments[execution.symbol]
    return {
        "id": execution.uid,
        "tenant_id": TENANT_ID,
        "created_at": time_text(execution.ts_init),
        "order_id": names.order_uid(execution.cl_ord_id),
        "instrument_symbol": execution.symbol,
        "broker_account_id": names.account_uid(execution.account),
        "side": execution.side.value,
        "execution_id": execution.exec_key,
        "broker_execution_id": execution.exec_id or None,
        "quantity": quantity_text(instrument, execution.last_qty),
        "price": price_text(instrument, execution.last_px),
        "commission": money_text(execution.fee),
        "currency": execution.fee_currency or instrument.currency,
        "executed_at": time_text(execution.ts_event),
        "exchange": execution.venue or None,
        "liquidity": None if execution.liquidity == "UNKNOWN" else execution.liquidity.value,
        "kind": execution.kind.value,
        "corrects": names.execution_uid(execution.cl_ord_id, execution.corrects) if execution.corrects else None,
        "metadata": {"synthetic": True} if execution.synthetic else {},
    }


def traces_of(transitions: Iterable[OrderTransition]) -> list[str | None]:
    """Return the trace of each line of a history: of its own request, else of the last one before it."""
    traces: list[str | None] = []
    last: str | None = None
    for row in transitions:
        last = last if row.trace is None else row.trace or None
        traces.append(last)
    return traces


def transition_body(
    transition: OrderTransition, order_uid: str, sequence: int, trace: str | None = None
) -> dict[str, Any]:
    """Return one line of an order's history; its id is the same at every reading."""
    return {
        "id": stable_uid("transition", order_uid, str(sequence)),
        "tenant_id": TENANT_ID,
        "created_at": time_text(transition.ts),
        "order_id": order_uid,
        "sequence": sequence,
        "from_state": None if transition.from_status is None else transition.from_status.value,
        "to_state": transition.to_status.value,
        "trigger": transition.trigger,
        "actor": transition.actor,
        "reason": transition.reason or None,
        "broker_time": time_or_none(transition.ts_event),
        "trace_id": trace,
    }
