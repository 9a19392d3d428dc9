"""The command registry. First stage of the order walk below every door.

A command names its parameters by a msgspec Struct, so that a ticket, a key, the palette and a script fill in the same
fields and hear the same refusals. Engine commands run on the engine's thread and answer through `reply` exactly once,
trading ones only after their effect is durable; desktop commands are bound by the desktop and never reach the engine.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.events import Event
from workstation.domain.orders import OrderState, Origin
from workstation.ports.store import Row

P = TypeVar("P", bound=msgspec.Struct)
Attach = Callable[[OrderState | None, Event], Sequence[Row]]
"""Rows for the transaction of an effect, made from its event and its order, None where it has none."""

Reply = Callable[["CommandResult"], None]
TRADING_SCOPES = frozenset({"orders:place", "orders:modify", "orders:cancel", "risk:kill"})
"""Scopes of commands that send to a venue: what else computes in this process waits until they are answered."""

Declaration = tuple[str, str, type[msgspec.Struct], str, Callable[..., None]]


class RunsOn(StrEnum):
    """Thread that runs a command."""

    ENGINE = "ENGINE"
    DESKTOP = "DESKTOP"


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a command. `text` is one sentence fit for a screen; `data` the object made or changed.

    code: "" when done, else a stable upper-case identifier. pending: accepted, final word comes as events.
    """

    ok: bool
    text: str
    code: str = ""
    data: Any = None
    pending: bool = False


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a command on its way to its thread.

    turn: counts the calls in the order in which they were handed over. withdrawn: why this order is to end unsent, a
    cancel given after it having overtaken it. overtaken: how many such orders this cancel ends.
    """

    command_id: str
    params: msgspec.Struct
    origin: Origin
    reply: Reply
    attach: Attach | None = None
    turn: int = 0
    withdrawn: str = ""
    overtaken: int = 0


class NoParams(msgspec.Struct, frozen=True):
    """For commands without parameters."""


class Command(msgspec.Struct, Generic[P], frozen=True, kw_only=True):
    """Declaration of a command. keys: default chords; scope: what a script's credential needs.

    urgent: cancels, exits and kill overtake everything else on the way to the engine.
    """

    id: str
    title: str
    category: str
    params: type[P]
    scope: str
    runs_on: RunsOn = RunsOn.ENGINE
    keys: tuple[str, ...] = ()
    urgent: bool = False
    help: str = ""


class Gateway(Protocol):
    """The one way into the engine for every door; safe from any thread."""

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, reply: Reply, attach: Attach | None = None
    ) -> None:
        """Hand a command over; `reply` is called once, on the engine's thread.

        Raises:
            MailboxFull: the engine is behind and the command is not urgent.
        """


class CommandRegistry:
    """All commands by id. Registering an id or a default key twice is refused."""

    def __init__(self) -> None:
        self._commands: dict[str, Command[Any]] = {}
        self._runs: dict[str, Callable[..., None]] = {}
        self._keys: dict[str, str] = {}

    def add(self, command: Command[Any], run: Callable[..., None] | None = None) -> None:
        """Register a command; `run(context, params, invocation)` for engine commands."""
        if command.id in self._commands:
            raise ValidationError("command", f"{command.id} is declared twice")
        for key in command.keys:
            if key in self._keys:
                raise ValidationError("command", f"key {key} belongs to {self._keys[key]} and {command.id}")
            self._keys[key] = command.id
        self._commands[command.id] = command
        if run is not None:
            self._runs[command.id] = run

    def declare(self, category: str, rows: Iterable[Declaration], *, urgent: bool = False) -> None:
        """Register engine commands given as rows of (id, title, parameters, scope, run)."""
        for command_id, title, params, scope, run in rows:
            command = Command(id=command_id, title=title, category=category, params=params, scope=scope, urgent=urgent)
            self.add(command, run)

    def get(self, command_id: str) -> Command[Any]:
        """Return a command.

        Raises:
            NotFound: no such id.
        """
        try:
            return self._commands[command_id]
        except KeyError:
            raise NotFound("command", command_id) from None

    def trades(self, command_id: str) -> bool:
        """Tell whether a command sends to a venue."""
        command = self._commands.get(command_id)
        return command is not None and command.scope in TRADING_SCOPES

    def run_of(self, command_id: str) -> Callable[..., None]:
        """Return what an engine command runs.

        Raises:
            NotFound: no such command, or one that the desktop runs.
        """
        try:
            return self._runs[command_id]
        except KeyError:
            raise NotFound("engine command", command_id) from None

    def run(self, context: Any, call: "Invocation") -> None:
        """Run an engine command on the engine's thread; what it records at once bears the trace of its call.

        Raises:
            UserError: there is no such command, or it refuses.
        """
        run = self.run_of(call.command_id)
        with context.desk.recorder.asked_by(call.origin.trace_id):
            run(context, call.params, call)

    def all(self) -> tuple[Command[Any], ...]:
        """Return every command, ordered by category and title."""
        return tuple(sorted(self._commands.values(), key=lambda command: (command.category, command.title)))

    def by_key(self, key: str) -> Command[Any] | None:
        """Return the command that a default key belongs to."""
        command_id = self._keys.get(key)
        return None if command_id is None else self._commands[command_id]
