"""Risk: kill switches, limits and how much of them is used, overrides, compliance rules."""

from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.orders import Order
from workstation.client.requests import Params
from workstation.client.values import ActionResult, Nothing, Number, SortedParams, Value, When


class KillSwitch(Value, frozen=True, kw_only=True):
    """A kill switch that was ever touched. What happened before its last change is in the events."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    scope: str
    scope_id: str | None
    is_on: bool
    reason: str | None
    activated_by: str | None
    activated_at: datetime | None
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None
    cancels_sent: int
    cancels_unconfirmed: tuple[str, ...]


class LimitStanding(Value, frozen=True, kw_only=True):
    """What is used of a limit now; of several accounts or positions in its scope, by the one that uses most."""

    limit_id: str
    limit_type: str
    scope: str
    limit: Decimal
    used: Decimal
    headroom: Decimal
    breached: bool


class LockedAccount(Value, frozen=True, kw_only=True):
    """An account that takes no new risk."""

    broker_account_id: str
    reason: str
    since: datetime | None
    recovering: bool


class LivePermit(Value, frozen=True, kw_only=True):
    """A leave to add risk on live accounts. `holder`: the API key or the strategy that has it.

    `used`, `left`: of each cap that sums up, in money; None where something has no price or no rate.
    """

    holder: str
    expires_at: datetime
    caps: dict[str, str]
    used: dict[str, str | None]
    left: dict[str, str | None]


class RiskStatus(Value, frozen=True, kw_only=True):
    """How risk stands. Arm state and permits can be read here, never changed."""

    limits: tuple[LimitStanding, ...]
    kill_switches: tuple[KillSwitch, ...]
    trading_locked: tuple[LockedAccount, ...]
    arm_state: str
    live_permits: tuple[LivePermit, ...]
    timestamp: datetime


class RiskLimit(Value, frozen=True, kw_only=True):
    """A limit. limit_value is null where a built-in one limits nothing."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    limit_type: str
    limit_value: Decimal | None
    period: str
    scope: str
    broker_account_id: str | None
    strategy_id: str | None
    instrument_id: str | None
    instrument_symbol: str | None
    is_active: bool
    is_builtin: bool
    expires_at: datetime | None
    previous_value: Decimal | None
    reason: str | None


class RiskOverride(Value, frozen=True, kw_only=True):
    """An override. order_id: the order that used it."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    limit_id: str
    limit_type: str
    broker_account_id: str
    instrument_id: str | None
    instrument_symbol: str | None
    reason: str
    expires_at: datetime
    created_by: str
    used_at: datetime | None
    order_id: str | None
    is_active: bool


class ComplianceRule(Value, frozen=True, kw_only=True):
    """A rule."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    rule_type: str
    config: dict[str, Any]
    scope: str
    scope_id: str | None
    is_active: bool
    description: str | None


class KillSwitchList(SortedParams, kw_only=True):
    """Filters of the kill switch list."""

    scope: str | UnsetType = UNSET
    is_on: bool | UnsetType = UNSET


class KillSwitchOn(Params, kw_only=True):
    """Switch trading off for a scope."""

    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    cancel_orders: bool | UnsetType = UNSET
    keep_protective_stops: bool | UnsetType = UNSET


class KillSwitchOff(Params, kw_only=True):
    """Release a kill switch."""

    reason: str
    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType = UNSET


class RiskLimitList(SortedParams, kw_only=True):
    """Filters of the list of limits."""

    limit_type: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    strategy_id: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class LimitId(Params):
    """Names a limit."""

    limit_id: str


class RiskLimitCreate(Params, kw_only=True):
    """A new limit for a scope; the tightest of all that an order falls under decides."""

    limit_type: str
    limit_value: Number
    reason: str
    name: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    strategy_id: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    expires_at: When | UnsetType = UNSET


class RiskLimitUpdate(LimitId, kw_only=True):
    """A partial change: what is absent stays; null ends a temporary value's term.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    reason: str
    name: str | UnsetType = UNSET
    limit_value: Number | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    expires_at: When | UnsetType | None = UNSET


class RiskLimitRemoval(LimitId, kw_only=True):
    """Why a limit is removed; it may stand in the query as well."""

    reason: str | UnsetType = UNSET


class RiskOverrideCreate(Params, kw_only=True):
    """Leave for the next order of an account to pass one limit. expires_at: in 15 minutes unless given."""

    limit_id: str
    broker_account_id: str
    reason: str
    instrument_symbol: str | UnsetType = UNSET
    expires_at: When | UnsetType = UNSET


class RiskOverrideList(SortedParams, kw_only=True):
    """Filters of the list of overrides. is_active: unused and not expired."""

    limit_type: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    strategy_id: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class ComplianceRuleList(SortedParams, kw_only=True):
    """Filters of the list of rules."""

    rule_type: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class RuleId(Params):
    """Names a rule."""

    rule_id: str


class ComplianceRuleCreate(Params, kw_only=True):
    """A new rule; `config` has the form of its type."""

    name: str
    rule_type: str
    config: dict[str, Any]
    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET


class ComplianceRuleUpdate(RuleId, kw_only=True):
    """A partial change: what is absent stays; null clears the description.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    name: str | UnsetType = UNSET
    config: dict[str, Any] | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class HoldList(SortedParams, kw_only=True):
    """The list of held orders, oldest first."""


class HoldRelease(Params, kw_only=True):
    """Why a held order may go."""

    order_id: str
    reason: str | UnsetType | None = UNSET


class HoldRefusal(Params, kw_only=True):
    """Why a held order may not go."""

    order_id: str
    reason: str


class KillSwitches(Group[W], Generic[W]):
    """Switch trading off, and on again."""

    list = Listing("/risk/kill-switch", KillSwitchList, "kill_switches", KillSwitch)
    switch_on = Call("POST", "/risk/kill-switch", KillSwitchOn, ActionResult)
    release = Call("POST", "/risk/kill-switch/release", KillSwitchOff, ActionResult)


class Risk(Group[W], Generic[W]):
    """Read and set limits."""

    status = Call("GET", "/risk/status", Nothing, RiskStatus)
    limits = Listing("/risk/limits", RiskLimitList, "limits", RiskLimit)
    limit = Call("GET", "/risk/limits/{limit_id}", LimitId, RiskLimit)
    create_limit = Call("POST", "/risk/limits", RiskLimitCreate, RiskLimit)
    change_limit = Call("PUT", "/risk/limits/{limit_id}", RiskLimitUpdate, RiskLimit)
    delete_limit = Call("DELETE", "/risk/limits/{limit_id}", RiskLimitRemoval, NoneType)
    override = Call("POST", "/risk/override", RiskOverrideCreate, ActionResult)
    overrides = Listing("/risk/overrides", RiskOverrideList, "overrides", RiskOverride)


class Compliance(Group[W], Generic[W]):
    """Read and set compliance rules; release or refuse the orders that they hold."""

    list = Listing("/compliance/rules", ComplianceRuleList, "rules", ComplianceRule)
    get = Call("GET", "/compliance/rules/{rule_id}", RuleId, ComplianceRule)
    create = Call("POST", "/compliance/rules", ComplianceRuleCreate, ComplianceRule)
    change = Call("PUT", "/compliance/rules/{rule_id}", ComplianceRuleUpdate, ComplianceRule)
    delete = Call("DELETE", "/compliance/rules/{rule_id}", RuleId, NoneType)
    holds = Listing("/compliance/holds", HoldList, "holds", Order)
    release = Call("POST", "/compliance/holds/{order_id}/release", HoldRelease, Order)
    refuse = Call("POST", "/compliance/holds/{order_id}/refuse", HoldRefusal, Order)
