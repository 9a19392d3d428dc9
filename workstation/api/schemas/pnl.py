"""P&L snapshots on the wire: money with two digits, each rounded once from exact sums."""

from typing import Any

from workstation.api.credentials import tenant_uid
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.orders import Metadata
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.values import (
    Day,
    DayOut,
    DecimalOut,
    IdOut,
    Query,
    Request,
    Resource,
    TimeOut,
    Uuid,
    average_text,
    money_text,
    quantity_text,
    time_or_none,
    time_text,
)
from workstation.domain.records import PnlPosition, PnlRate, PnlSnapshot


class PnlSnapshotCreate(Request):
    """Take the snapshot of an account's day; today when none is named."""

    broker_account_id: Uuid
    snapshot_date: Day | None = None
    metadata: Metadata | None = None


class PnlList(RecordList):
    """Filters of the list of snapshots, by their day; both ends are included."""

    broker_account_id: Uuid | None = None
    start_date: Day | None = None
    end_date: Day | None = None


class PnlToday(Query):
    """Whose day is asked for."""

    broker_account_id: Uuid


class PnlPositionOut(Resource):
    """A position within a snapshot, money in its own currency."""

    instrument_id: IdOut
    instrument_symbol: str
    currency: str
    quantity: DecimalOut
    cost_basis: DecimalOut
    market_value: DecimalOut | None
    unrealized_pnl: DecimalOut | None
    realized_pnl: DecimalOut
    marked_at: TimeOut | None


class PnlRateOut(Resource):
    """What one unit of a currency was worth in the account's."""

    currency: str
    rate: DecimalOut
    time: TimeOut | None


class PnlPositions(Resource):
    """What the totals are made of."""

    currency: str
    positions: list[PnlPositionOut]
    rates: list[PnlRateOut]


class PnlSnapshotOut(Resource):
    """An account's day; `id` is null while nobody has kept it."""

    id: IdOut | None
    tenant_id: IdOut
    created_at: TimeOut | None
    updated_at: TimeOut | None
    broker_account_id: IdOut
    snapshot_date: DayOut
    total_unrealized_pnl: DecimalOut
    total_realized_pnl: DecimalOut
    total_commission: DecimalOut
    net_pnl: DecimalOut
    total_positions: int
    long_positions: int
    short_positions: int
    total_market_value: DecimalOut
    total_cost_basis: DecimalOut
    positions_snapshot: PnlPositions
    metadata: dict[str, Any]


class PnlPage(Resource):
    """A page of snapshots."""

    snapshots: list[PnlSnapshotOut]
    total_count: int | None
    has_next: bool


def pnl_body(snapshot: PnlSnapshot, names: Names) -> dict[str, Any]:
    """Return a snapshot as the wire shows it."""
    held = snapshot.open_positions
    return {
        "id": snapshot.id or None,
        "tenant_id": tenant_uid(snapshot.tenant),
        "created_at": time_or_none(snapshot.created_at),
        "updated_at": time_or_none(snapshot.updated_at),
        "broker_account_id": names.account_uid(snapshot.account),
        "snapshot_date": snapshot.day,
        "total_unrealized_pnl": money_text(snapshot.unrealised),
        "total_realized_pnl": money_text(snapshot.realised),
        "total_commission": money_text(snapshot.commission),
        "net_pnl": money_text(snapshot.net),
        "total_positions": len(held),
        "long_positions": sum(row.qty > 0 for row in held),
        "short_positions": sum(row.qty < 0 for row in held),
        "total_market_value": money_text(snapshot.worth),
        "total_cost_basis": money_text(snapshot.cost),
        "positions_snapshot": {
            "currency": snapshot.currency,
            "positions": [_position(row, names) for row in snapshot.positions],
            "rates": [_rate(row) for row in snapshot.rates],
        },
        "metadata": snapshot.metadata,
    }


def _position(row: PnlPosition, names: Names) -> dict[str, Any]:
    return {
        "instrument_id": instrument_id(row.symbol),
        "instrument_symbol": row.symbol,
        "currency": row.currency,
        "quantity": quantity_text(names.instruments[row.symbol], row.qty),
        "cost_basis": money_text(row.cost),
        "market_value": None if row.worth is None else money_text(row.worth),
        "unrealized_pnl": None if row.unrealised is None else money_text(row.unrealised),
        "realized_pnl": money_text(row.realised),
        "marked_at": time_or_none(row.mark_ts),
    }


def _rate(row: PnlRate) -> dict[str, Any]:
    time = time_text(row.ts) if row.ts else None
    return {"currency": row.currency, "rate": average_text(row.numerator, 0, row.denominator), "time": time}
