"""What the run desk needs to know of a strategy's code, and the port that brings it: files are read elsewhere."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from workstation.domain.errors import UserError, ValidationError
from workstation.domain.records.strategies import ORDERS_PER_SECOND
from workstation.marketdata.indicators.catalogue import Indicator
from workstation.strategies.views import Policy

if TYPE_CHECKING:
    from workstation.strategies.api import Strategy, StrategyParameters
    from workstation.strategies.describing import CodeShape

ORDERS_PER_S_MAX = 100
MEMORY_MB_MIN, MEMORY_MB_MAX = 512, 65_536


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """Code that was loaded. source: its text, own indicators included; code_hash: SHA-256 of that, hex.

    own: the own indicators that it names, by id. is_read_only: it was read and not run; `strategy` is the base of all
    then, `own` is empty, and a process of its own finds the classes.
    """

    strategy: "type[Strategy]"
    entry_point: str
    code_hash: str
    source: str
    own: Mapping[str, Indicator] = {}
    is_read_only: bool = False

    def fit(self, values: dict[str, Any]) -> "StrategyParameters":
        """Return the strategy's parameters made of plain values.

        Raises:
            ValidationError: one of them is unknown or out of its bounds.
        """
        from workstation.strategies.api import parameters_of  # noqa: PLC0415  the window stands before it is loaded

        return parameters_of(self.strategy, {} if self.is_read_only else values)


Loaded = Callable[[Code | None, str], None]
"""Takes the code, or None and one sentence that says why there is none."""


Described = Callable[["CodeShape | None", str], None]
"""Takes what code offers, or None and one sentence that says why it offers nothing."""


class Loader(Protocol):
    """Reads and imports strategies, off the engine's thread."""

    def describe(self, entry_point: str, done: Described) -> None:
        """Say what `module:Class` offers, without running it here; `done` is called once, on the engine's thread."""

    def load(self, entry_point: str, code_hash: str, done: Loaded, *, runs: bool = True) -> None:
        """Load `module:Class`; `done` is called once, on the engine's thread. runs: False to read it only.

        code_hash: "" for the file as it is, else the code of that hash, from the file or from what was kept of it.
        """

    def look(self, done: Callable[[tuple[str, ...]], None]) -> None:
        """Look what can be loaded; `done` is called once with each `module:Class`, on the engine's thread."""


class StrategyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What of a definition's `config` the program itself reads; the rest is its maker's.

    on_stop: overrides the class's policy. on_restart: what a run does after the program, or the link, was gone.
    run_timeout: seconds after which a run is ended, 0 for never, None for what the program is set to.
    isolated: run in a process of its own, which has so much memory and processor time.
    """

    entry_point: str = ""
    on_stop: Policy | None = None
    on_restart: Literal["PAUSE", "RESUME", "STOP"] = "PAUSE"
    orders_per_second: int = ORDERS_PER_SECOND
    run_timeout: int | None = None
    isolated: bool = False
    memory_mb: int = 1_024
    cpu_seconds: int = 3_600


def config_of(config: dict[str, object]) -> StrategyConfig:
    """Return what the program reads of a config.

    Raises:
        ValidationError: a value that it cannot go by.
    """
    try:
        found = msgspec.convert(config, StrategyConfig)
    except msgspec.ValidationError as error:
        raise ValidationError("config", str(error)) from error
    if not 1 <= found.orders_per_second <= ORDERS_PER_S_MAX:
        raise ValidationError("config", "orders_per_second is out of range", allowed=f"1 to {ORDERS_PER_S_MAX}")
    if not MEMORY_MB_MIN <= found.memory_mb <= MEMORY_MB_MAX:
        allowed = f"{MEMORY_MB_MIN} to {MEMORY_MB_MAX}"
        raise ValidationError("config", "memory_mb is out of range", allowed=allowed)
    if found.cpu_seconds < 1:
        raise ValidationError("config", "cpu_seconds is below 1", allowed="1 or more")
    if found.run_timeout is not None and found.run_timeout < 0:
        raise ValidationError("config", "run_timeout is below 0", allowed="seconds, or 0 for never")
    return found


class RunRefused(UserError):
    """A run may not be started as asked. code: a stable identifier, such as NOT_APPROVED."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
