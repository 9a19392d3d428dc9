"""Executions and positions: what was traded, and what is held because of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import SortedParams, Value, WalkParams, When


class Execution(Value, frozen=True, kw_only=True):
    """One report of trading; a correction or bust is a row of its own. corrects: the id of the row it is about."""

    id: str
    tenant_id: str
    created_at: datetime
    order_id: str | None
    instrument_symbol: str
    broker_account_id: str
    side: str
    execution_id: str
    broker_execution_id: str | None
    quantity: Decimal
    price: Decimal
    commission: Decimal
    currency: str
    executed_at: datetime
    exchange: str | None
    liquidity: str | None
    kind: str
    corrects: str | None
    metadata: dict[str, Any]


class Position(Value, frozen=True, kw_only=True):
    """What an account holds of one instrument. quantity: signed, + long; unpriced is None, never 0."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    row_version: int
    broker_account_id: str
    instrument_id: str
    instrument_symbol: str
    quantity: Decimal
    average_cost: Decimal | None
    market_price: Decimal | None
    market_value: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal
    cost_method: str
    last_updated: datetime
    is_long: bool
    is_short: bool
    is_flat: bool
    metadata: dict[str, Any]


class ExecutionId(Params):
    """Names one execution."""

    execution_id: str


class ExecutionList(WalkParams, kw_only=True):
    """Filters of the execution list."""

    order_id: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    strategy_run_id: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET
    search: str | UnsetType = UNSET


class PositionId(Params):
    """Names one position."""

    position_id: str


class PositionList(SortedParams, kw_only=True):
    """Filters of the position list. has_position: True for those that are not flat."""

    instrument_symbol: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    has_position: bool | UnsetType = UNSET


class Executions(Group[W], Generic[W]):
    """Read what was traded."""

    list = Listing("/oms/executions", ExecutionList, "executions", Execution)
    get = Call("GET", "/oms/executions/{execution_id}", ExecutionId, Execution)


class Positions(Group[W], Generic[W]):
    """Read what is held."""

    list = Listing("/oms/positions", PositionList, "positions", Position)
    get = Call("GET", "/oms/positions/{position_id}", PositionId, Position)
