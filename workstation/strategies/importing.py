"""From a code's text to its classes, the strategy's and its own indicators': modules are made anew for each start.

Each has a name of its own, and its lines are known to tracebacks, so that an error names file and line as its author
sees them.
"""

import importlib.util
import linecache
import sys
import traceback
from collections.abc import Callable
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from pathlib import PurePath
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from workstation.domain.errors import UserError, ValidationError
from workstation.marketdata.indicators.catalogue import Indicator
from workstation.marketdata.indicators.own import OwnIndicator, catalogued
from workstation.strategies.code_text import FOLDER, own_names, parts_of
from workstation.strategies.turns import ASIDE, with_turns
from workstation.strategies.views import Policy

if TYPE_CHECKING:
    from workstation.strategies.api import Strategy


Aside = Callable[[], bool]
"""Called where code may be held up for a moment; returns True."""


class _Source(InspectLoader):
    """Runs a module from its text, as it would be from its file."""

    def __init__(self, source: str, file: str, *, turns: bool) -> None:
        self._source, self._file, self._turns = source, file, turns

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  one loader a module
        """Return the text as code that knows its file."""
        if not self._turns:
            return self.source_to_code(self._source, self._file)
        made: CodeType = compile(with_turns(self._source, self._file), self._file, "exec", dont_inherit=True)
        return made

    def get_source(self, fullname: str) -> str:  # noqa: ARG002  one loader a module
        """Return the text."""
        return self._source


def imported(module: str, source: str, code_hash: str, aside: Aside | None = None, *, folder: str = "") -> ModuleType:
    """Return the module of a source under a name of its own, so that two versions of one file stand side by side.

    aside: called at every turn of its loops. folder: named before its file in errors.

    Raises:
        UserError: it asks the program to end.
        Exception: whatever it raises.
    """
    name = f"workstation_{folder or 'strategy'}_{module}_{code_hash[:12]}"
    file = file_of(module, folder)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    loader = _Source(source, file, turns=aside is not None)
    made = importlib.util.module_from_spec(ModuleSpec(name, loader))
    if aside is not None:
        setattr(made, ASIDE, aside)
    sys.modules[name] = made  # annotations of its classes are looked up there
    try:
        loader.exec_module(made)
    except SystemExit as end:
        raise UserError(f"{file} ends the program when it is imported, which code of a user's may not") from end
    return made


def file_of(module: str, folder: str = "") -> str:
    """Return the name of a module's file, as errors give it."""
    return f"{folder}/{module}.py" if folder else f"{module}.py"


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return where an error passed through files of a user's, innermost last: those that were made of a code's text."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename.endswith(".py") and not PurePath(frame.filename).is_absolute()]


def struck_at(error: BaseException) -> str:
    """Return file and line of a user's where an error struck, such as `band.py, line 7`; "" where in none of them."""
    found = own_frames(error)
    return f"{found[-1].filename}, line {found[-1].lineno}" if found else ""


def trouble_of(error: BaseException, entry_point: str) -> str:
    """Return in one sentence why code could not be loaded, with the line of its file where it struck."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, SyntaxError):
        own, named = file_of(entry_point.partition(":")[0]), error.filename or ""
        file = named if named in linecache.cache and not PurePath(named).is_absolute() else own
        return f"{file}, line {error.lineno or 1}: {error.msg}"
    where = struck_at(error)
    return f"{where}: {type(error).__name__}: {error}" if where else f"{type(error).__name__}: {error}"


def own_of(text: str, aside: Aside | None = None) -> dict[str, Indicator]:
    """Return the own indicators of a code's text by id, imported anew; aside: as for `imported`.

    Raises:
        ValidationError: a file lacks a class that the strategy names, or one that cannot be used.
        Exception: whatever a file raises on import.
    """
    strategy, parts = parts_of(text)
    found: dict[str, Indicator] = {}
    modules = {part.module: imported(part.module, part.source, part.code_hash, aside, folder=FOLDER) for part in parts}
    for name in own_names(strategy) if modules else ():
        kind = getattr(modules.get(name.module), name.kind, None)
        if not (isinstance(kind, type) and issubclass(kind, OwnIndicator)):
            raise ValidationError("indicator", f"{file_of(name.module, FOLDER)} has no own indicator {name.kind}")
        found[name.id] = catalogued(name.module, kind)
    return found


def strategy_of(entry_point: str, source: str, code_hash: str, aside: Aside | None = None) -> "type[Strategy]":
    """Return the class that `module:Class` names, made of a code's text; aside: as for `imported`.

    Raises:
        ValidationError: the module has no such strategy.
        Exception: whatever the module raises on import.
    """
    from workstation.strategies.api import Strategy  # noqa: PLC0415  the window stands before it is loaded

    module, _, name = entry_point.partition(":")
    kind = getattr(imported(module, parts_of(source).strategy, code_hash, aside), name, None)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise ValidationError("entry_point", f"{module} has no strategy {name}")
    declared: object = kind.policy
    if not isinstance(declared, Policy):
        allowed = ", ".join(f"Policy.{policy.name}" for policy in Policy)
        raise ValidationError("policy", f"{name}.policy is {declared!r}", allowed=allowed)
    return kind
