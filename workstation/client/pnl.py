"""Profit and loss: snapshots of days, and today so far."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import SortedParams, Value


class PnlPosition(Value, frozen=True, kw_only=True):
    """A position within a snapshot, money in its own currency."""

    instrument_id: str
    instrument_symbol: str
    currency: str
    quantity: Decimal
    cost_basis: Decimal
    market_value: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal
    marked_at: datetime | None


class PnlRate(Value, frozen=True, kw_only=True):
    """What one unit of a currency was worth in the account's."""

    currency: str
    rate: Decimal
    time: datetime | None


class PnlPositions(Value, frozen=True, kw_only=True):
    """What the totals are made of."""

    currency: str
    positions: tuple[PnlPosition, ...]
    rates: tuple[PnlRate, ...]


class PnlSnapshot(Value, frozen=True, kw_only=True):
    """An account's day; `id` is null while nobody has kept it."""

    id: str | None
    tenant_id: str
    created_at: datetime | None
    updated_at: datetime | None
    broker_account_id: str
    snapshot_date: str
    total_unrealized_pnl: Decimal
    total_realized_pnl: Decimal
    total_commission: Decimal
    net_pnl: Decimal
    total_positions: int
    long_positions: int
    short_positions: int
    total_market_value: Decimal
    total_cost_basis: Decimal
    positions_snapshot: PnlPositions
    metadata: dict[str, Any]


class PnlList(SortedParams, kw_only=True):
    """Filters of the list of snapshots, by their day; both ends are included."""

    broker_account_id: str | UnsetType = UNSET
    start_date: str | UnsetType = UNSET
    end_date: str | UnsetType = UNSET


class SnapshotId(Params):
    """Names a snapshot."""

    snapshot_id: str


class PnlToday(Params, kw_only=True):
    """Whose day is asked for."""

    broker_account_id: str


class PnlSnapshotCreate(Params, kw_only=True):
    """Take the snapshot of an account's day; today when none is named."""

    broker_account_id: str
    snapshot_date: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class Pnl(Group[W], Generic[W]):
    """Read and take snapshots of profit and loss."""

    list = Listing("/oms/pnl", PnlList, "snapshots", PnlSnapshot)
    get = Call("GET", "/oms/pnl/{snapshot_id}", SnapshotId, PnlSnapshot)
    today = Call("GET", "/oms/pnl/today", PnlToday, PnlSnapshot)
    snapshot = Call("POST", "/oms/pnl/snapshot", PnlSnapshotCreate, PnlSnapshot)
