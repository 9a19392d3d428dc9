"""A whole run, headless or with the desktop: start, serve, end; and start again where a full disk has room again.

Last stage of `main`. It decides nothing about what runs; `bootstrap` does.
"""

import json
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from workstation.api.token_file import known_accounts
from workstation.app.bootstrap import Options, Program, shown_desktop, started
from workstation.app.data_hours import adopt_hours_of
from workstation.app.picture_options import PictureOptions
from workstation.app.start_order import wake_collector
from workstation.domain.errors import UserError

if TYPE_CHECKING:
    from workstation.app.scenes import SceneThread
    from workstation.desktop.eventloop import Desktop


SIGNAL_HEARD_S = 0.5
"""Longest until a signal is heard that came in the instant before the wait."""


class Turn(Enum):
    """What comes after a run: the end, or the same again with room on the disk."""

    END = auto()
    AGAIN = auto()


def run_headless(options: Options) -> int:
    """Run engine and REST until a signal; prints one JSON line at each start. Returns the exit code."""
    turns: SimpleQueue[Turn] = SimpleQueue()
    _ask_for_vault(options)
    _on_signals(lambda: turns.put(Turn.END))
    while True:
        program = _started(options)
        program.when_there_is_room(lambda: turns.put(Turn.AGAIN))
        _announce(program, options)
        wake_collector()
        turn = _next(turns)
        options = _going_on(program, options)
        program.stop()
        if turn is Turn.END:
            return 0


def _ask_for_vault(options: Options) -> None:
    """Ask for the passphrase of a vault that stands in for a key store of the system; without one nothing loads."""
    if not options.home.vault.exists():
        return
    from workstation.app.vault_commands import place_vault, unlock_on_terminal  # noqa: PLC0415  most homes have none

    locked = place_vault(options.home)
    if locked is not None:
        unlock_on_terminal(locked)


def _next(turns: SimpleQueue[Turn]) -> Turn:
    """Wait for what comes next. A signal that comes just as a wait begins does not end it: the next look hears it."""
    while True:
        with suppress(Empty):
            return turns.get(timeout=SIGNAL_HEARD_S)


def _started(options: Options, *, rest_later: bool = False) -> Program:
    if options.store_folder != options.home.root:
        adopt_hours_of(options.database, options.home.root)
    return started(options, rest_later=rest_later)


def _announce(program: Program, options: Options) -> None:
    ready = {
        "event": "ready",
        "api": program.engine.api_url or None,
        "token_file": str(program.own_home.token_file) if program.engine.api_url else None,
        "home": str(options.home.root),
        "accounts": msgspec.to_builtins(known_accounts(program.engine.session.accounts)),
    }
    if program.view_only is not None:
        ready["view_only"] = program.view_only.reason
    print(json.dumps(ready), flush=True)


def _going_on(program: Program, options: Options) -> Options:
    """Return the options of a start that follows `program` in this process: the REST interface keeps its port."""
    port = urlsplit(program.engine.api_url).port
    return options if port is None else msgspec.structs.replace(options, api_port=port)


def run_desktop(options: Options, *, shot: PictureOptions | None = None) -> int:
    """Show the desktop; with `shot`, save a picture once its scene stands, and exit. Returns the exit code."""
    again = threading.Event()
    while True:
        again.clear()
        program = _started(options, rest_later=True)
        desktop = shown_desktop(program, options)
        _on_signals(desktop.app.quit)
        program.when_there_is_room(partial(_start_again, again, desktop))
        scene = None if shot is None else _play(shot, program, desktop)
        code = desktop.run()
        options = _going_on(program, options)
        program.stop()
        if not again.is_set():
            break
    if scene is not None and scene.failure:
        raise UserError(f"--shot-scene: {scene.failure}")
    return code


def _start_again(again: threading.Event, desktop: "Desktop") -> None:
    """End this desktop so that the next follows; `quit` may be called from any thread."""
    again.set()
    desktop.app.quit()


def _play(shot: PictureOptions, program: Program, desktop: "Desktop") -> "SceneThread":
    """Play a scene and have its picture taken once it stands."""
    from workstation.app.scenes import SceneThread  # noqa: PLC0415  for pictures alone
    from workstation.desktop.picture import take_picture  # noqa: PLC0415  headless runs need no Qt

    playing = SceneThread(shot.scene, program.engine.session, program.engine)
    scene = playing.scene
    take_picture(
        desktop,
        shot.file,
        shot.size,
        ready=playing.done,
        workspace=scene.workspace,
        front=scene.front,
        press=scene.press,
        first=scene.first,
        last=scene.last,
        chosen=scene.chosen,
        alone=scene.alone,
        priced=scene.priced,
    )
    playing.start()
    return playing


def _on_signals(end: Callable[[], object]) -> None:
    """Call `end` on SIGINT, SIGTERM and SIGHUP. Qt lets Python hear them because a timer runs every few ms."""
    numbers = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    for number in numbers:
        signal.signal(number, lambda *_: end())
