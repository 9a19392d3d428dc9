"""Risk limits on the wire: rows that people set, the built-in ones among them, and how risk stands."""

from typing import Annotated, Any, Literal

from pydantic import StrictBool, StringConstraints, model_validator

from workstation.api.credentials import tenant_uid
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.records import RecordList, RecordOut, unchanged
from workstation.api.schemas.risk import KillSwitch
from workstation.api.schemas.values import (
    DecimalOut,
    IdOut,
    PositiveAmount,
    Query,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    Symbol,
    Time,
    TimeOut,
    Uuid,
    fixed_text,
    money_text,
    time_or_none,
)
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.records import RiskLimit
from workstation.risk.limits import UNLIMITED

LimitTypeName = Literal[
    "ORDER_QUANTITY", "ORDER_NOTIONAL", "POSITION_QUANTITY", "POSITION_NOTIONAL", "DAILY_LOSS", "DRAWDOWN",
    "ORDERS_PER_MINUTE", "OPEN_ORDERS", "PRICE_COLLAR",
]  # fmt: skip
LimitScopeName = Literal["TENANT", "ACCOUNT", "STRATEGY", "INSTRUMENT"]


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
VALUE_PLACES = 4
COUNTS = frozenset({"ORDERS_PER_MINUTE", "OPEN_ORDERS"})
_PERIODS = {
    "ORDER_QUANTITY": "ORDER",
    "ORDER_NOTIONAL": "ORDER",
    "PRICE_COLLAR": "ORDER",
    "ORDERS_PER_MINUTE": "MINUTE",
    "DAILY_LOSS": "DAY",
    "DRAWDOWN": "DAY",
    "POSITION_QUANTITY": "TOTAL",
    "POSITION_NOTIONAL": "TOTAL",
    "OPEN_ORDERS": "TOTAL",
}


class RiskLimitCreate(Request):
    """A new limit for a scope; the tightest of all that an order falls under decides."""

    name: Name | None = None
    limit_type: LimitTypeName
    limit_value: PositiveAmount
    scope: LimitScopeName = "TENANT"
    broker_account_id: Uuid | None = None
    strategy_id: Uuid | None = None
    instrument_symbol: Symbol | None = None
    is_active: StrictBool = True
    expires_at: Time | None = None
    reason: Reason

    @model_validator(mode="after")
    def _scope_fits(self) -> "RiskLimitCreate":
        named = {"ACCOUNT": self.broker_account_id, "STRATEGY": self.strategy_id, "INSTRUMENT": self.instrument_symbol}
        if any((value is not None) != (scope == self.scope) for scope, value in named.items()):
            raise ValueError("the scope needs exactly the field that names it")
        return self


class RiskLimitUpdate(Request):
    """A partial change: what is absent stays; null ends a temporary value's term."""

    name: Name = unchanged()
    limit_value: PositiveAmount = unchanged()
    is_active: StrictBool = unchanged()
    expires_at: Time | None = None
    reason: Reason


class RiskLimitRemoval(Request):
    """Why a limit is removed; it may stand in the query as well."""

    reason: Reason | None = None


class LimitRead(Query):
    """Why a limit is removed, for callers whose DELETE has no body."""

    reason: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class RiskLimitList(RecordList):
    """Filters of the list of limits."""

    limit_type: LimitTypeName | None = None
    scope: LimitScopeName | None = None
    broker_account_id: Uuid | None = None
    strategy_id: Uuid | None = None
    instrument_symbol: Symbol | None = None
    is_active: QueryFlag | None = None
    search: SearchText | None = None


class RiskLimitOut(RecordOut):
    """A limit. limit_value is null where a built-in one limits nothing."""

    name: str
    limit_type: LimitTypeName
    limit_value: DecimalOut | None
    period: Literal["ORDER", "MINUTE", "DAY", "TOTAL"]
    scope: LimitScopeName
    broker_account_id: IdOut | None
    strategy_id: str | None
    instrument_id: IdOut | None
    instrument_symbol: str | None
    is_active: bool
    is_builtin: bool
    expires_at: TimeOut | None
    previous_value: DecimalOut | None
    reason: str | None


class RiskLimitPage(Resource):
    """A page of limits."""

    limits: list[RiskLimitOut]
    total_count: int | None
    has_next: bool


class LimitStanding(Resource):
    """What is used of a limit now; of several accounts or positions in its scope, by the one that uses most."""

    limit_id: IdOut
    limit_type: str
    scope: LimitScopeName
    limit: DecimalOut
    used: DecimalOut
    headroom: DecimalOut
    breached: bool


class LockedAccountOut(Resource):
    """An account that takes no new risk."""

    broker_account_id: IdOut
    reason: str
    since: TimeOut | None
    recovering: bool


class LivePermitOut(Resource):
    """A leave to add risk on live accounts. `holder`: the API key or the strategy that has it.

    `used`, `left`: of each cap that sums up, in money; null where something has no price or no rate.
    """

    holder: IdOut
    expires_at: TimeOut
    caps: dict[str, str]
    used: dict[str, str | None]
    left: dict[str, str | None]


class RiskStatus(Resource):
    """How risk stands. Arm state and permits can be read here, never changed."""

    limits: list[LimitStanding]
    kill_switches: list[KillSwitch]
    trading_locked: list[LockedAccountOut]
    arm_state: Literal["DISARMED", "SIM", "LIVE"]
    live_permits: list[LivePermitOut]
    timestamp: TimeOut


def value_text(limit_value: str) -> str | None:
    """Return a limit's value with VALUE_PLACES digits, None for no limit."""
    if limit_value == UNLIMITED:
        return None
    return money_text(parse_scaled(limit_value, MONEY_DECIMALS), VALUE_PLACES)


def amount_text(limit_type: str, amount: int) -> str:
    """Return an amount on the scale of its limit, counts as they are."""
    return (
        fixed_text(amount * 10**VALUE_PLACES, VALUE_PLACES)
        if limit_type in COUNTS
        else money_text(amount, VALUE_PLACES)
    )


def limit_body(record: RiskLimit, names: Names) -> dict[str, Any]:
    """Return a limit as the wire shows it; one that nobody has changed has no times of its own."""
    scope, key = record.scope, record.key
    return {
        "id": record.id,
        "tenant_id": tenant_uid(record.tenant),
        "created_at": time_or_none(record.created_at) or _EPOCH,
        "updated_at": time_or_none(record.updated_at) or _EPOCH,
        "name": record.name,
        "limit_type": record.limit_type,
        "limit_value": value_text(record.limit_value),
        "period": _PERIODS.get(record.limit_type, "ORDER"),
        "scope": scope,
        "broker_account_id": names.account_uid(key) if scope == "ACCOUNT" else None,
        "strategy_id": key if scope == "STRATEGY" else None,
        "instrument_id": instrument_id(key) if scope == "INSTRUMENT" else None,
        "instrument_symbol": key if scope == "INSTRUMENT" else None,
        "is_active": record.is_active,
        "is_builtin": record.is_builtin,
        "expires_at": time_or_none(record.expires_at),
        "previous_value": None if record.previous_value is None else value_text(record.previous_value),
        "reason": record.reason or None,
    }


_EPOCH = "1970-01-01T00:00:00.000000Z"
