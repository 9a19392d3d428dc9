"""The program itself: how it is, what it can be told to do, and how it is set."""

from datetime import datetime
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, Nothing, SortedParams, Value


class Health(Value, frozen=True, kw_only=True):
    """Sign of life, for anyone."""

    status: str


class HealthComponent(Value, frozen=True, kw_only=True):
    """State of one part."""

    component: str
    status: str
    message: str | None
    response_time_ms: int | None


class HealthCheck(Value, frozen=True, kw_only=True):
    """Whether the parts that every call needs work."""

    status: str
    service: str
    version: str
    timestamp: datetime
    checks: dict[str, bool]
    components: tuple[HealthComponent, ...] | None = None


class Version(Value, frozen=True, kw_only=True):
    """Versions of the program and of this interface."""

    version: str
    api_version: str
    build: str | None = None


class SystemInfo(Value, frozen=True, kw_only=True):
    """What runs, and how busy it is. queues and limits: by name, in the unit of the name.

    queues: journal_percent, how full the journal's queue is; the others are depths. requests_waiting: for their turn;
    engine_calls: for the engine's answer; search_index: rows that the index of searches has not taken up yet, about;
    webhook_deliveries: under way.
    """

    database_kind: str
    uptime_s: int
    started_at: datetime
    python_version: str
    queues: dict[str, int]
    streams_open: int
    limits: dict[str, int]


class CommandParameter(Value, frozen=True, kw_only=True):
    """One parameter of a command. Prices and quantities are integers on the instrument's scales."""

    type: str
    required: bool
    allowed: tuple[str, ...] | None = None


class CommandInfo(Value, frozen=True, kw_only=True):
    """A command: everything that the program can do has one. scope: what a credential needs to run it."""

    id: str
    title: str
    scope: str
    parameters: dict[str, CommandParameter]
    desktop_only: bool


class CommandList(SortedParams, kw_only=True):
    """Window of the list of commands."""


class CommandId(Params):
    """Names a command."""

    command_id: str


class CommandCall(CommandId, kw_only=True):
    """Parameters of one call of a command."""

    parameters: dict[str, Any] | UnsetType = UNSET


class ConfigEntry(Value, frozen=True, kw_only=True):
    """A setting. value: as the settings file has it; the description says when it holds. updated_at: of the file.

    is_changeable: a script may change it. row_version: what `if_match` of a change takes.
    """

    key: str
    value: Any
    description: str | None
    category: str
    is_changeable: bool
    row_version: int
    updated_at: datetime


class ConfigList(SortedParams, kw_only=True):
    """Window of the list of settings."""

    category: str | UnsetType = UNSET


class ConfigKey(Params):
    """Names a setting."""

    key: str


class ConfigUpdate(ConfigKey, kw_only=True):
    """A setting's new value; None takes it out of the file, so that its default holds.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    value: bool | int | float | str | list[str] | None


class System(Group[W], Generic[W]):
    """Ask how the program is."""

    health = Call("GET", "/health", Nothing, Health)
    ready = Call("GET", "/health/ready", Nothing, HealthCheck)
    version = Call("GET", "/version", Nothing, Version)
    state = Call("GET", "/system/health", Nothing, HealthCheck)
    info = Call("GET", "/system/info", Nothing, SystemInfo)
    metrics = Call("GET", "/metrics", Nothing, str)
    settings = Listing("/system/config", ConfigList, "config", ConfigEntry)
    setting = Call("GET", "/system/config/{key}", ConfigKey, ConfigEntry)
    change_setting = Call("PUT", "/system/config/{key}", ConfigUpdate, ConfigEntry)


class Commands(Group[W], Generic[W]):
    """Read and run the program's commands."""

    list = Listing("/commands", CommandList, "commands", CommandInfo)
    run = Call("POST", "/commands/{command_id}", CommandCall, ActionResult)
