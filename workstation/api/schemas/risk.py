"""Kill switches on the wire."""

from typing import Annotated, Any, Literal

from pydantic import StrictBool, StringConstraints, model_validator

from workstation.api.credentials import LOCAL_USER, TENANT_ID, user_id
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.values import (
    IdOut,
    QueryFlag,
    Reason,
    Request,
    Resource,
    TimeOut,
    Uuid,
    time_text,
)
from workstation.domain.accounts import KillScope, KillState
from workstation.kernel.ids import stable_uid

ScopeName = Literal["GLOBAL", "ACCOUNT", "STRATEGY", "INSTRUMENT"]

CORE_SCOPES = {
    "GLOBAL": KillScope.ALL,
    "ACCOUNT": KillScope.ACCOUNT,
    "STRATEGY": KillScope.STRATEGY,
    "INSTRUMENT": KillScope.SYMBOL,
}
_WIRE_SCOPES = {scope: name for name, scope in CORE_SCOPES.items()}


class _Scoped(Request):
    scope: ScopeName = "GLOBAL"
    scope_id: Uuid | None = None

    @model_validator(mode="after")
    def _scope_fits(self) -> "_Scoped":
        if (self.scope == "GLOBAL") != (self.scope_id is None):
            raise ValueError("scope_id goes with every scope but GLOBAL")
        return self


class KillSwitchOn(_Scoped):
    """Switch trading off for a scope."""

    reason: Reason | None = None
    cancel_orders: StrictBool = True
    keep_protective_stops: StrictBool = True


class KillSwitchOff(_Scoped):
    """Release a kill switch."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]


class KillSwitchList(RecordList):
    """Filters of the kill switch list."""

    scope: ScopeName | None = None
    is_on: QueryFlag | None = None


class KillSwitch(Resource):
    """A kill switch that was ever touched. What happened before its last change is in the events."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    updated_at: TimeOut
    scope: ScopeName
    scope_id: IdOut | None
    is_on: bool
    reason: str | None
    activated_by: IdOut | None
    activated_at: TimeOut | None
    released_by: IdOut | None
    released_at: TimeOut | None
    release_reason: str | None
    cancels_sent: int
    cancels_unconfirmed: list[IdOut]


class KillSwitchPage(Resource):
    """A page of kill switches."""

    kill_switches: list[KillSwitch]
    total_count: int | None
    has_next: bool


def scope_id(state: KillState, names: Names) -> str | None:
    """Return the id of what a switch stops, None for everything."""
    if state.scope is KillScope.ACCOUNT:
        return names.account_uid(state.key)
    if state.scope is KillScope.SYMBOL:
        return instrument_id(state.key)
    return state.key if state.scope is KillScope.STRATEGY else None


def kill_switch_body(state: KillState, names: Names, *, cancels_sent: int, unconfirmed: list[str]) -> dict[str, Any]:
    """Return a kill switch as the wire shows it."""
    at, by = time_text(state.ts), _user_of(state.actor)
    return {
        "id": stable_uid("kill", state.scope, state.key),
        "tenant_id": TENANT_ID,
        "created_at": at,
        "updated_at": at,
        "scope": _WIRE_SCOPES[state.scope],
        "scope_id": scope_id(state, names),
        "is_on": state.on,
        "reason": (state.reason or None) if state.on else None,
        "activated_by": by if state.on else None,
        "activated_at": at if state.on else None,
        "released_by": None if state.on else by,
        "released_at": None if state.on else at,
        "release_reason": None if state.on else state.reason,
        "cancels_sent": cancels_sent,
        "cancels_unconfirmed": unconfirmed,
    }


def _user_of(actor: str) -> str | None:
    """Return the person behind an actor text (`REST:local`), None when the engine acted."""
    door, _, user = actor.partition(":")
    return user_id(user or LOCAL_USER) if door not in ("engine", "risk", "SYSTEM") else None
