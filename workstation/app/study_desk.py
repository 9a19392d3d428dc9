"""What the desks of studies share: one study at a time, begun, run and read on threads of their own.

A study is a run over stored data: a backtest or a sweep. Beside both walks. What was read is kept by each desk until it
changes, so that a panel that asks every second costs the database nothing.
"""

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from workstation.app.view_only import Storage
from workstation.commands import outcomes
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.errors import StateConflict, StorageError, UserError, WorkstationError
from workstation.kernel.bus import Bus
from workstation.kernel.logs import get_logger
from workstation.ports.market_data import MarketHistory
from workstation.storage import Store, StoreView

_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_FIELDS = {"symbol": "symbols", "param": "parameters", "resume": "“Go on”"}
"""Names of options that screens and scripts know otherwise, beside the dashes."""

Post = Callable[[Callable[[], None]], None]
Reply = Callable[[CommandResult], None]
Kept = TypeVar("Kept")
"""The store of a kind of study."""


_NAMED = {"symbols": "symbol", "parameters": "param"}
"""Options whose fields are called otherwise."""


def words_of(asked: Mapping[str, Any]) -> list[str]:
    """Return fields of what was asked as words of the command line; the code itself stands apart there."""
    words = []
    for field, value in asked.items():
        option = f"--{_NAMED.get(field, field).replace('_', '-')}"
        if isinstance(value, tuple):
            words += [f"{option}={text}" for text in value]
        elif value is True:
            words.append(option)
        elif value is not None and value is not False and field != "entry_point":
            words.append(f"{option}={value}")
    return words


class StudyDesk(ABC, Generic[Kept]):
    """The commands of one kind of study. post: runs a call on the engine's thread. root: home whose strategies are run.

    what: the kind in one word; ends: what is said when the running one is stopped.
    """

    what: ClassVar[str]
    ends: ClassVar[str]

    def __init__(
        self, store: Kept | None, history: MarketHistory | None, post: Post, *, root: Path, is_writable: bool
    ) -> None:
        self._store, self._history, self._post, self._root = store, history, post, root
        self._is_writable = is_writable
        self._reading = ThreadPoolExecutor(1, f"{self.what}s")
        self._running = ThreadPoolExecutor(1, self.what)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._is_busy = False
        self._ended = ""  # why the last study ended, where nobody was told any more: it had begun
        self._log = get_logger(f"{self.what}s")
        self._guard = Bus(lambda what, error: self._log.info(f"{what}_ended_early", error=repr(error))).guard

    @classmethod
    def of(cls, store: Storage, folder: Path | None, post: Post, commands: CommandRegistry) -> Self:
        """Return the desk of a run, its commands declared. folder: of the user's strategies."""
        view = store if isinstance(store, StoreView) else None
        found = cls(
            None if view is None else cls.store_of(view),
            None if view is None else view.history,
            post,
            root=Path() if folder is None else folder.parent,
            is_writable=isinstance(store, Store),
        )
        found.register(commands)
        return found

    @classmethod
    @abstractmethod
    def store_of(cls, view: StoreView) -> Kept:
        """Return where this kind of study is kept."""

    @abstractmethod
    def register(self, commands: CommandRegistry) -> None:
        """Declare the commands."""

    def close(self) -> None:
        """Stop the running study and end the threads."""
        self._end_run()
        self._running.shutdown(wait=True, cancel_futures=True)
        self._reading.shutdown(wait=True, cancel_futures=True)

    def _answer(self, read: Callable[[], CommandResult], call: Invocation) -> None:
        """Answer a call by what a reading thread finds."""

        def work() -> None:
            try:
                result = read()
            except (UserError, StorageError) as error:
                result = CommandResult(
                    ok=False, code="NOT_READY", text=f"{self.what.capitalize()}s cannot be read: {error}."
                )
            self._post(lambda: call.reply(result))

        self._reading.submit(work)

    def _run_alone(self, drive: Callable[[Reply], None], call: Invocation) -> None:
        """Run a study on its thread. drive: replies when it has begun; the call is answered by that, or by why not."""
        self._written()
        if self._is_busy:
            raise StateConflict(f"A {self.what} is running; stop it or wait for its end.", state="RUNNING")
        self._is_busy = True
        self._stop.clear()
        answered: list[CommandResult] = []

        def reply(result: CommandResult) -> None:
            if not answered:
                answered.append(result)
                self._post(lambda: call.reply(result))

        def work() -> None:
            error = self._guard(self.what, lambda: drive(reply))
            words = f"The {self.what} ended." if error is None else _words(error)
            self._ended = "" if error is None or not answered else f"The {self.what} ended early: {words}."
            self._forget()
            self._is_busy = False
            told = CommandResult(ok=False, code="NOT_RUN", text=words)
            if isinstance(error, UserError):
                told = msgspec.structs.replace(outcomes.failed(error), text=words)
            reply(told)

        self._running.submit(work)

    def _end(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        """Stop the running study by a command."""
        if not self._is_busy:
            raise StateConflict(f"No {self.what} is running.", state="IDLE")
        self._end_run()
        call.reply(CommandResult(ok=True, text=self.ends))

    def _end_run(self) -> None:
        self._stop.set()

    @abstractmethod
    def _forget(self) -> None:
        """Read again what changed."""

    def _readable(self) -> Kept:
        if self._store is None:
            raise StorageError("the database cannot be read")
        return self._store

    def _past(self) -> MarketHistory:
        if self._history is None:
            raise StorageError("the database cannot be read")
        return self._history

    def _written(self) -> Kept:
        if self._store is None or not self._is_writable:
            raise StateConflict("This run writes nothing.", state="VIEW_ONLY")
        return self._store


def _words(error: BaseException) -> str:
    text = str(error) if isinstance(error, WorkstationError) else f"{type(error).__name__}: {error}"
    return _OPTION.sub(lambda found: _FIELDS.get(found[1], found[1]), text)
