"""Risk: kill switches."""

from datetime import datetime
from typing import Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, PageParams, Value


class KillSwitch(Value, frozen=True, kw_only=True):
    """A kill switch. cancels_unconfirmed: ids of orders whose cancel the venue has not confirmed."""

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


class KillSwitchList(PageParams, kw_only=True):
    """Filters of the list of kill switches."""

    scope: str | UnsetType = UNSET
    is_on: bool | UnsetType = UNSET


class KillSwitchOn(Params, kw_only=True):
    """Switch trading off. scope: GLOBAL (default), ACCOUNT, STRATEGY or INSTRUMENT; scope_id: of which one."""

    reason: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType = UNSET
    cancel_orders: bool | UnsetType = UNSET
    keep_protective_stops: bool | UnsetType = UNSET


class KillSwitchOff(Params, kw_only=True):
    """Release a kill switch; the reason is kept."""

    reason: str
    scope: str | UnsetType = UNSET
    scope_id: str | UnsetType = UNSET


class KillSwitches(Group[W], Generic[W]):
    """Switch trading off, and on again."""

    list = Listing("/risk/kill-switch", KillSwitchList, "kill_switches", KillSwitch)
    switch_on = Call("POST", "/risk/kill-switch", KillSwitchOn, ActionResult)
    release = Call("POST", "/risk/kill-switch/release", KillSwitchOff, ActionResult)
