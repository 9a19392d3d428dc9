"""Settings: one schema, four layers, strongest last: defaults, `config.toml`, environment, command line.

A file has one table per prefix (`[api] port = 8710`); the environment uses `WORKSTATION_API__PORT`; the command line
`--set api.port=8710` with the value in TOML syntax. An unknown name or a bad value is one readable line.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workstation.domain import errors

ENVIRONMENT_PREFIX = "WORKSTATION_"
_RESERVED = frozenset({"HOME", "TEST_POSTGRES_URL", "TEST_DATA", "SIM_SEED", "SIM_SEEDS"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApiSettings(_Section):
    """The local REST interface."""

    enabled: bool = True
    port: int = Field(default=8710, ge=0, le=65535)
    pin_token: bool = False
    allowed_origins: list[str] = []
    rate_limit: int = Field(
        default=600, ge=1, description="requests of an API key in 60 s; the local token has 10 times"
    )
    max_body: int = Field(default=10 * 1024 * 1024, ge=1024)
    engine_timeout: float = Field(default=5.0, gt=0)
    venue_wait: float = Field(default=0.3, ge=0)


class SimSettings(_Section):
    """The built-in simulated exchange."""

    seed: int = Field(default=20_240_808, ge=0)
    plan: str = ""
    ticks_per_s: int | None = Field(default=None, ge=1, le=100_000)
    exchange: str = ""
    """Address of an exchange in a process of its own: the path of a Unix socket, or host:port."""


class EngineSettings(_Section):
    """Threads and watchdogs."""

    switch_interval_ms: float = Field(default=1.0, gt=0, le=100)
    stall_ms: int = Field(default=250, ge=50)
    freshness_ms: int = Field(default=5_000, ge=100)


class DesktopSettings(_Section):
    """Look and behaviour of the desktop."""

    theme: Literal["dark", "light", "high_contrast"] = "dark"
    density: Literal["compact", "normal", "relaxed"] = "compact"
    frame_hz: int = Field(default=30, ge=10, le=60)
    rising: Literal["green", "red", "blue"] = "green"
    disarm_after_s: int = Field(default=600, ge=10)


class OmsSettings(_Section):
    """Orders of scripts: with `confirm_warnings`, each needs the token of its preview."""

    confirm_warnings: bool = False


class EventsSettings(_Section):
    """How long events stay readable."""

    retention: float = Field(default=7.0, gt=0, description="days")


class IdempotencySettings(_Section):
    """How long answers to keyed calls are replayed."""

    retention: float = Field(default=24.0, gt=0, description="hours")


class LogSettings(_Section):
    """Log file."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(_Section):
    """Everything that can be set, one table a prefix."""

    api: ApiSettings = ApiSettings()
    sim: SimSettings = SimSettings()
    engine: EngineSettings = EngineSettings()
    desktop: DesktopSettings = DesktopSettings()
    oms: OmsSettings = OmsSettings()
    events: EventsSettings = EventsSettings()
    idempotency: IdempotencySettings = IdempotencySettings()
    log: LogSettings = LogSettings()


def load_settings(
    file: Path | None, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of all layers.

    overrides: `name=value` pairs of the command line, value in TOML syntax or bare text.

    Raises:
        errors.UserError: unreadable file (with line), unknown name or bad value, in one line.
    """
    values: dict[str, Any] = {}
    if file is not None and file.exists():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise errors.UserError(f"settings file {file.name}: {error}") from error
    for name, text in _from_environment(os.environ if environment is None else environment):
        _put(values, name, text, source=f"environment {name}")
    for override in overrides:
        name, separator, text = override.partition("=")
        if not separator:
            raise errors.UserError(f"--set {override}: expected NAME=VALUE")
        _put(values, name.strip(), text.strip(), source=f"--set {name}")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise errors.UserError(f"setting {where}: {first['msg']}") from error


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, text in sorted(environment.items()):
        short = name.removeprefix(ENVIRONMENT_PREFIX)
        if name.startswith(ENVIRONMENT_PREFIX) and short not in _RESERVED:
            found.append((short.lower().replace("__", "."), text))
    return found


def _put(values: dict[str, Any], name: str, text: str, *, source: str) -> None:
    section, point, key = name.partition(".")
    if not point or not key:
        raise errors.UserError(f"{source}: unknown setting {name!r}; names look like api.port")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    values.setdefault(section, {})[key] = value
