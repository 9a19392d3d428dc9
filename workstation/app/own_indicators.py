"""A user's own indicators: the files of the folder `indicators`, loaded as strategies' files are, anew when edited.

A chart asks for them from time to time, an alert at each bar. Files are read and imported on a thread of their own, so
that a module that takes long, or fails, holds nothing up; a file that fails is answered with its error in words.
"""

import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workstation.app.chart_history import ENDING
from workstation.app.code_files import SourceText, classes_in, own_files, read_source
from workstation.app.time_limit import within
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.errors import ValidationError
from workstation.kernel.bus import Bus
from workstation.kernel.logs import get_logger
from workstation.marketdata.indicators.own import OwnFile, OwnIndicator, catalogued
from workstation.strategies.code_text import FOLDER
from workstation.strategies.importing import imported, trouble_of

FILES_MAX = 100
"""Files of a folder that are loaded, the first by name."""

IMPORT_S = 5.0
"""Longest that a file may take to be imported."""

_log = get_logger("own_indicators")


class OwnFolder:
    """Loads the files of a folder, on the caller's thread; one that is as it was is not run again."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, OwnFile] = {}
        self._guard = Bus(lambda file, error: _log.warning("indicator_not_loaded", file=file, error=repr(error))).guard

    def load(self) -> tuple[OwnFile, ...]:
        """Return the files as they stand."""
        found = [self._loaded(file) for file in own_files(self._folder)[:FILES_MAX]]
        self._known = {file.module: file for file in found}
        return tuple(found)

    def one(self, module: str) -> OwnFile:
        """Return one file as it stands."""
        file = None if self._folder is None else self._folder / f"{module}.py"
        if file is None or not file.is_file():
            return OwnFile(module=module, code_hash="", error=f"there is no {FOLDER}/{module}.py")
        found = self._known[module] = self._loaded(file)
        return found

    def _loaded(self, file: Path) -> OwnFile:
        module, known = file.stem, self._known.get(file.stem)
        source: list[SourceText] = []
        made: list[OwnFile] = []
        error = self._guard(module, lambda: source.append(read_source(file)))
        if error is None:
            if known is not None and known.code_hash == source[0].code_hash:
                return known
            error = self._guard(module, lambda: made.append(_own_file(module, source[0])))
        if error is None:
            return made[0]
        return OwnFile(module=module, code_hash=source[0].code_hash if source else "", error=trouble_of(error, module))


class OwnIndicators:
    """The command that answers what the folder holds. post: runs a call on the engine's thread."""

    def __init__(self, folder: Path, post: Callable[[Callable[[], None]], None], commands: CommandRegistry) -> None:
        self._files, self._post = OwnFolder(folder), post
        self._pool = ThreadPoolExecutor(1, "own-indicators")
        rows: tuple[Declaration, ...] = (
            ("market.indicators", "Own indicators", NoParams, "marketdata:view", self._tell),
        )
        commands.declare("Market", rows)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        def work() -> None:
            files = self._files.load()
            self._post(lambda: call.reply(CommandResult(ok=True, text="", data=files)))

        try:
            self._pool.submit(work)
        except RuntimeError:  # its thread has ended with the program
            call.reply(CommandResult(ok=False, code="NOT_READY", text=ENDING))


def _own_file(module: str, source: SourceText) -> OwnFile:
    """Return what a file offers.

    Raises:
        ValidationError: it has no indicator, or one that cannot be shown.
        Exception: whatever the module raises on import.
    """
    names = classes_in(ast.parse(source.text, f"{module}.py"), OwnIndicator.__name__)
    if not names:
        raise ValidationError(f"{module}.py", "it has no class that derives from OwnIndicator")
    found = within(IMPORT_S, lambda: imported(module, source.text, source.code_hash))
    kinds: list[type[OwnIndicator]] = [getattr(found, name) for name in names]
    return OwnFile(
        module=module, code_hash=source.code_hash, indicators=tuple(catalogued(module, kind) for kind in kinds)
    )
