"""Settings: one schema, four layers, strongest last: defaults, `config.toml`, environment, command line.

A file has one table per prefix (`[api] port = 8710`); the environment uses `WORKSTATION_API__PORT`; the command line
`--set api.port=8710` with the value in TOML syntax. An unknown name or a bad value is one readable line.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from workstation.domain import errors

ENVIRONMENT_PREFIX = "WORKSTATION_"
_RESERVED = frozenset({"HOME", "TEST_POSTGRES_URL", "TEST_DATA", "SIM_SEED", "SIM_SEEDS"})

_SECRETS = "SECRET_"
"""Beginning of variables that stand for the key store: see `secrets`."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file; an unknown name in it is refused."""


class ApiSettings(_Section, frozen=True):
    """The local REST interface."""

    enabled: Annotated[bool, Meta(description="whether scripts may reach this program over REST")] = True
    port: Annotated[int, Meta(ge=0, le=65535, description="port on this machine; 0 takes a free one")] = 8710
    pin_token: Annotated[bool, Meta(description="keep the local token over a restart instead of a new one")] = False
    allowed_origins: Annotated[list[str], Meta(description="web pages that may call, beside this machine's own")] = []
    rate_limit: Annotated[
        int, Meta(ge=1, description="requests of an API key in 60 s; the local token has 10 times")
    ] = 600
    max_body: Annotated[int, Meta(ge=1024, description="bytes that a request may have")] = 10 * 1024 * 1024
    engine_timeout: Annotated[float, Meta(gt=0, description="seconds a request waits for the engine")] = 5.0
    venue_wait: Annotated[float, Meta(ge=0, description="seconds an order waits for its venue before 202")] = 0.3
    share: Annotated[
        float, Meta(ge=0.05, le=1, description="of one processor for requests that come in a flood; 1: no bound")
    ] = 0.3


class SimSettings(_Section, frozen=True):
    """The built-in simulated exchange."""

    seed: Annotated[int, Meta(ge=0, description="the same seed makes the same simulated market")] = 20_240_808
    plan: Annotated[str, Meta(description="file with the faults that the simulated exchange plays")] = ""
    ticks_per_s: Annotated[int, Meta(ge=1, le=100_000, description="speed of the simulated market")] | None = None
    exchange: Annotated[
        str, Meta(description="an exchange in a process of its own: path of a Unix socket, or host:port")
    ] = ""


class EngineSettings(_Section, frozen=True):
    """Threads and watchdogs."""

    switch_interval_ms: Annotated[float, Meta(gt=0, le=100, description="how often threads take turns")] = 1.0
    stall_ms: Annotated[int, Meta(ge=50, description="a thread that stands still so long is logged")] = 250
    freshness_ms: Annotated[int, Meta(ge=100, description="a price of this age is stale: new risk is refused")] = 5_000


class DesktopSettings(_Section, frozen=True):
    """Look and behaviour of the desktop."""

    theme: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_ -]{0,63}$",
            description="colours of every window: dark, light, high_contrast, or the name of a file in themes",
        ),
    ] = "dark"
    density: Annotated[
        Literal["compact", "normal", "relaxed"], Meta(description="how far rows and controls stand apart")
    ] = "compact"
    text_scale: Annotated[float, Meta(ge=0.85, le=1.7, description="size of all text, rows with it")] = 1.0
    screens: Annotated[
        list[
            Annotated[
                str,
                Meta(pattern=r"^[^:]+: ?((0\.8[5-9]\d*|0\.9\d*|1|1\.[0-6]\d*|1\.70*)( |$))?(compact|normal|relaxed)?$"),
            ]
        ],
        Meta(description="size of text and density while the window is on a screen, such as DP-1: 1.25 relaxed"),
    ] = []
    frame_hz: Annotated[int, Meta(ge=10, le=60, description="how often a second the screen follows the market")] = 60
    rising: Annotated[
        Literal["green", "red", "blue", "orange"],
        Meta(description="colour of buy and up; blue and orange do without red and green"),
    ] = "green"
    flashing: Annotated[bool, Meta(description="whether a ring, and a ladder about to move, flash")] = True
    sound: Annotated[bool, Meta(description="whether notes are heard")] = True
    sound_files: Annotated[
        list[Annotated[str, Meta(pattern=r"^[a-z_]+=[^/\\]+\.wav$")]],
        Meta(description="sounds of one's own in the folder sounds, such as fill=ding.wav; else a built-in tone"),
    ] = []
    speech: Annotated[bool, Meta(description="whether notes, and what is read aloud on a key, are spoken")] = False
    hold_to_confirm_ms: Annotated[
        Literal[0, 600, 1_000, 2_000],
        Meta(description="what asks for a second press acts as well when held so long; 0: on the second press alone"),
    ] = 0
    bracket_key: Annotated[
        Literal["alt", "ctrl", "meta"],
        Meta(description="held with the mouse it attaches a bracket, and drags all its legs"),
    ] = "alt"
    disarm_after_s: Annotated[int, Meta(ge=10, description="hand entry disarms after so long without input")] = 600


class OmsSettings(_Section, frozen=True):
    """Orders of scripts: with `confirm_warnings`, each needs the token of its preview."""

    confirm_warnings: Annotated[bool, Meta(description="an order of a script needs its preview's token")] = False


class RiskSettings(_Section, frozen=True):
    """What follows a breach: with `flatten_at_lockout`, every position of the account is exited; no price is sure."""

    flatten_at_lockout: Annotated[bool, Meta(description="exit every position when a loss limit locks")] = False


class MarketdataSettings(_Section, frozen=True):
    """Market data: what scripts may follow, and what is kept for how long."""

    max_subscriptions: Annotated[int, Meta(ge=1, le=1_000, description="streams that scripts may follow")] = 100
    store_ticks: Annotated[bool, Meta(description="keep every trade and quote, not bars alone")] = False
    snapshot_interval: Annotated[float, Meta(ge=1, description="seconds from one feed quality to the next")] = 300.0
    bar_retention: Annotated[float, Meta(ge=0, description="days that recorded bars are kept; 0 keeps all")] = 1_825.0
    tick_retention: Annotated[
        float, Meta(ge=0, description="days that recorded trades and quotes are kept; 0 keeps all")
    ] = 30.0
    snapshot_retention: Annotated[
        float, Meta(ge=0, description="how long feed quality is kept, in days; 0 keeps all")
    ] = 90.0


class StrategiesSettings(_Section, frozen=True):
    """Strategies: how many runs at once, how long one takes and on what accounts, where a strategy does not say."""

    max_concurrent_runs: Annotated[int, Meta(ge=1, le=50, description="strategies that run at once")] = 5
    run_timeout: Annotated[int, Meta(ge=0, description="a run ends after so many seconds; 0 for ever")] = 3_600
    paper_only: Annotated[bool, Meta(description="what paper_trading_only of a new strategy is")] = True


class WebhooksSettings(_Section, frozen=True):
    """Webhooks: which `host:port` may be private or plain http, and what an endpoint begins with."""

    allowed_hosts: Annotated[list[str], Meta(description="host:port that may be private or plain http")] = []
    max_retries: Annotated[int, Meta(ge=0, le=10, description="tries after the first before a delivery is dead")] = 3
    retry_delay: Annotated[int, Meta(ge=1, le=3_600, description="seconds to the first retry")] = 60
    timeout: Annotated[int, Meta(ge=1, le=30, description="seconds that an endpoint has to answer")] = 30


class MailSettings(_Section, frozen=True):
    """Mail of alerts; its password is kept in the key store by `workstation mail password`, never in this file."""

    host: Annotated[str, Meta(description="SMTP server that takes mail of alerts; empty for none")] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="its port")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="how the connection is encrypted; none for this machine")
    ] = "starttls"
    user: Annotated[str, Meta(description="name to log in with; empty for no log-in")] = ""
    sender: Annotated[str, Meta(description="address that mail comes from")] = ""
    to: Annotated[list[str], Meta(description="addresses that mail goes to")] = []


class EventsSettings(_Section, frozen=True):
    """How long events stay readable."""

    retention: Annotated[float, Meta(gt=0, description="how long events stay readable, in days")] = 7.0


class IdempotencySettings(_Section, frozen=True):
    """How long answers to keyed calls are replayed."""

    retention: Annotated[float, Meta(gt=0, description="how long answers to keyed calls are replayed, in hours")] = 24.0


class AuditSettings(_Section, frozen=True):
    """How long the audit is kept; what goes leaves an anchor from which the rest verifies."""

    retention: Annotated[float, Meta(ge=0, description="how long the audit is kept, in days; 0 keeps all")] = 2_555.0


class StorageSettings(_Section, frozen=True):
    """How long what grows without end is kept."""

    journal_retention: Annotated[
        float, Meta(ge=0, description="how long the journal is kept, in days; 0 keeps all")
    ] = 0.0
    execution_retention: Annotated[
        float, Meta(ge=0, description="how long executions are kept, in days; 0 keeps all")
    ] = 0.0
    delivery_retention: Annotated[
        float, Meta(ge=0, description="how long webhook deliveries are kept, in days; 0 keeps all")
    ] = 90.0
    connection_log_retention: Annotated[
        float, Meta(ge=0, description="how long the log of connections is kept, in days; 0 keeps all")
    ] = 90.0
    run_log_retention: Annotated[
        float, Meta(ge=0, description="how long the logs of runs are kept, in days; 0 keeps all")
    ] = 90.0
    signal_retention: Annotated[
        float, Meta(ge=0, description="how long signals of runs are kept, in days; 0 keeps all")
    ] = 0.0


class LogSettings(_Section, frozen=True):
    """Log file."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="the least that the log file keeps")
    ] = "INFO"


class Settings(_Section, frozen=True):
    """Everything that can be set, one table a prefix."""

    api: ApiSettings = ApiSettings()
    sim: SimSettings = SimSettings()
    engine: EngineSettings = EngineSettings()
    desktop: DesktopSettings = DesktopSettings()
    oms: OmsSettings = OmsSettings()
    risk: RiskSettings = RiskSettings()
    marketdata: MarketdataSettings = MarketdataSettings()
    strategies: StrategiesSettings = StrategiesSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    mail: MailSettings = MailSettings()
    events: EventsSettings = EventsSettings()
    idempotency: IdempotencySettings = IdempotencySettings()
    audit: AuditSettings = AuditSettings()
    storage: StorageSettings = StorageSettings()
    log: LogSettings = LogSettings()


def load_settings(
    file: Path | None, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of all layers. What a file names beyond the schema is left to `unknown_names`.

    overrides: `name=value` pairs of the command line, value in TOML syntax or bare text.

    Raises:
        errors.UserError: unreadable file (with line), unknown name or bad value, in one line.
    """
    values = {} if file is None else _only_known(_filed(file))
    for name, text in _from_environment(os.environ if environment is None else environment):
        _put(values, name, text, source=f"environment {name}")
    for override in overrides:
        name, separator, text = override.partition("=")
        if not separator:
            raise errors.UserError(f"--set {override}: expected NAME=VALUE")
        _put(values, name.strip(), text.strip(), source=f"--set {name}")
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise errors.UserError(_in_words(str(error))) from error


def unknown_names(file: Path) -> list[str]:
    """Return what a file names that is no setting: kept in the file, and without effect.

    Raises:
        errors.UserError: the file cannot be read.
    """
    values = _filed(file)
    known = _only_known(values)
    found = [section for section in values if section not in known]
    for section, table in known.items():
        if isinstance(table, Mapping):
            found += [f"{section}.{name}" for name in values[section] if name not in table]
    return found


def is_setting(name: str) -> bool:
    """Tell whether there is a setting of this name, such as `api.port`."""
    section, _, key = name.partition(".")
    return key in _names().get(section, ())


def _names() -> Mapping[str, tuple[str, ...]]:
    sections = msgspec.structs.fields(Settings)
    return {section.name: type(section.default).__struct_fields__ for section in sections}


def _filed(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.UserError(f"settings file {file.name}: {error}") from error


def _only_known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's values without names that are no settings; a table that is none is left to be refused."""
    names = _names()
    return {
        section: {key: value for key, value in table.items() if key in names[section]}
        if isinstance(table, Mapping)
        else table
        for section, table in values.items()
        if section in names
    }


def _in_words(problem: str) -> str:
    """Return a validation problem with the setting's name first: `setting api.port: expected ...`."""
    what, _, where = problem.removesuffix("`").partition(" - at `$.")
    unknown = re.fullmatch(r"Object contains unknown field `([^`]+)`?", what)
    if unknown is not None:
        return f"setting {'.'.join(filter(None, (where, unknown[1])))}: unknown name"
    return f"setting {where}: {what[0].lower()}{what[1:]}"


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, text in sorted(environment.items()):
        short = name.removeprefix(ENVIRONMENT_PREFIX)
        if name.startswith(ENVIRONMENT_PREFIX) and short not in _RESERVED and not short.startswith(_SECRETS):
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
