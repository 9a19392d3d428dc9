"""A kill that waits for the next start: `workstation kill` leaves it where nothing runs, and the start obeys it first.

Beside the order walk; it asks for the kill switch by its command, as any door does.
"""

import threading
from pathlib import Path

import msgspec

from workstation.commands.params import Kill
from workstation.commands.registry import CommandResult, Gateway
from workstation.config.paths import Home
from workstation.config.whole_files import write_whole
from workstation.domain.accounts import KillScope
from workstation.domain.errors import UserError
from workstation.domain.orders import Origin, OriginKind

OBEYED_WITHIN_S = 10
_NOT_STORED = frozenset({"STORAGE_FULL", "NOT_READY"})


class KillMark(msgspec.Struct, frozen=True):
    """A kill that waits for the next start."""

    scope: KillScope
    key: str
    reason: str


def leave_mark(home: Home, scope: KillScope, key: str, reason: str) -> None:
    """Leave a kill for the next start, durable before this returns.

    Raises:
        UserError: the home cannot be written.
    """
    try:
        home.create()
        write_whole(home.kill_mark, msgspec.json.encode(KillMark(scope=scope, key=key, reason=reason)), durable=True)
    except OSError as error:
        raise UserError(f"kill mark in {home.root}: {error.strerror}") from error


def obey_mark(mark: Path, engine: Gateway, *, keep: bool = False) -> str:
    """Switch trading off where a mark was left; returns what is to be said of it, "" for nothing.

    One that cannot be read, or names what this run does not know, switches off everything. keep: leave the mark, since
    what this run stores is not what the next one begins with.
    """
    if not mark.exists():
        return ""
    try:
        wish = msgspec.json.decode(mark.read_bytes(), type=KillMark)
    except (msgspec.DecodeError, OSError):
        wish = KillMark(scope=KillScope.ALL, key="", reason="unreadable kill mark")
    result, said = _asked(engine, wish), ""
    if result is not None and result.code in _NOT_STORED:
        return f"The kill switch left for this start is not stored; its mark stays for the next one. {result.text}"
    if result is not None and not result.ok:
        said = f"The kill switch left for this start is of what is not known here ({result.text}): all trading is off."
        reason = f"{wish.reason} ({wish.scope.lower()} {wish.key}: {result.text})"
        result = _asked(engine, KillMark(scope=KillScope.ALL, key="", reason=reason))
    if result is None or not result.ok:
        return "The kill switch left for this start is NOT confirmed; its mark stays for the next one."
    try:
        if not keep:
            mark.unlink()
    except OSError as error:
        return f"The mark of the kill switch cannot be removed, and the next start obeys it again: {error.strerror}."
    return said


def _asked(engine: Gateway, wish: KillMark) -> CommandResult | None:
    """Ask for a kill and return its answer, None where none comes within OBEYED_WITHIN_S."""
    answers: list[CommandResult] = []
    done = threading.Event()

    def reply(result: CommandResult) -> None:
        answers.append(result)
        done.set()

    params = Kill(scope=wish.scope, key=wish.key, reason=wish.reason)
    engine.call("risk.kill", params, Origin(kind=OriginKind.COMMAND_LINE, detail="kill mark"), reply)
    return answers[0] if done.wait(OBEYED_WITHIN_S) else None
