"""A kill that waits for the next start: `workstation kill` leaves it where nothing runs, and the start obeys it first.

Beside the order walk; it asks for the kill switch by its command, as any door does.
"""

import os
import threading
from pathlib import Path

import msgspec

from workstation.commands.params import Kill
from workstation.commands.registry import Gateway
from workstation.config.paths import Home
from workstation.domain.accounts import KillScope
from workstation.domain.errors import UserError
from workstation.domain.orders import Origin, OriginKind

OBEYED_WITHIN_S = 10


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
        temporary = home.kill_mark.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(KillMark(scope=scope, key=key, reason=reason)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(home.kill_mark)
    except OSError as error:
        raise UserError(f"kill mark in {home.root}: {error.strerror}") from error


def obey_mark(mark: Path, engine: Gateway) -> None:
    """Switch trading off where a mark was left; one that cannot be read switches off everything."""
    if not mark.exists():
        return
    try:
        wish = msgspec.json.decode(mark.read_bytes(), type=KillMark)
    except msgspec.DecodeError:
        wish = KillMark(scope=KillScope.ALL, key="", reason="unreadable kill mark")
    done = threading.Event()
    engine.call(
        "risk.kill",
        Kill(scope=wish.scope, key=wish.key, reason=wish.reason),
        Origin(kind=OriginKind.COMMAND_LINE, detail="kill mark"),
        lambda _result: done.set(),
    )
    if done.wait(OBEYED_WITHIN_S):
        mark.unlink()
