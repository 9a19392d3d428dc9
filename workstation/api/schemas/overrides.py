"""Overrides of risk limits on the wire."""

from typing import Annotated, Any

from pydantic import StringConstraints

from workstation.api.credentials import user_id
from workstation.api.names import instrument_id
from workstation.api.schemas.limits import LimitScopeName, LimitTypeName
from workstation.api.schemas.records import RecordList, RecordOut, record_body
from workstation.api.schemas.values import (
    IdOut,
    QueryFlag,
    Request,
    Resource,
    Symbol,
    Time,
    TimeOut,
    Uuid,
    time_or_none,
    time_text,
)
from workstation.domain.records import RiskOverride


class RiskOverrideCreate(Request):
    """Leave for the next order of an account to pass one limit. expires_at: in 15 minutes unless given."""

    limit_id: Uuid
    broker_account_id: Uuid
    instrument_symbol: Symbol | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    expires_at: Time | None = None


class RiskOverrideList(RecordList):
    """Filters of the list of overrides. is_active: unused and not expired; scope, strategy_id: of the limit."""

    limit_type: LimitTypeName | None = None
    scope: LimitScopeName | None = None
    broker_account_id: Uuid | None = None
    strategy_id: Uuid | None = None
    instrument_symbol: Symbol | None = None
    is_active: QueryFlag | None = None


class RiskOverrideOut(RecordOut):
    """An override. order_id: the order that used it."""

    limit_id: IdOut
    limit_type: LimitTypeName
    broker_account_id: IdOut
    instrument_id: IdOut | None
    instrument_symbol: str | None
    reason: str
    expires_at: TimeOut
    created_by: IdOut
    used_at: TimeOut | None
    order_id: IdOut | None
    is_active: bool


class RiskOverridePage(Resource):
    """A page of overrides."""

    overrides: list[RiskOverrideOut]
    total_count: int | None
    has_next: bool


def is_active(record: RiskOverride, now_ns: int) -> bool:
    """Tell whether an order may still use it."""
    return record.used_at is None and record.deleted_at is None and record.expires_at > now_ns


def override_body(record: RiskOverride, now_ns: int) -> dict[str, Any]:
    """Return an override as the wire shows it at a time."""
    return record_body(record) | {
        "limit_id": record.limit_id,
        "limit_type": record.limit_type,
        "broker_account_id": record.account_id,
        "instrument_id": instrument_id(record.symbol) if record.symbol else None,
        "instrument_symbol": record.symbol or None,
        "reason": record.reason,
        "expires_at": time_text(record.expires_at),
        "created_by": user_id(record.created_by),
        "used_at": time_or_none(record.used_at),
        "order_id": record.order_id,
        "is_active": is_active(record, now_ns),
    }
