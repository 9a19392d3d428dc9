"""From a strategy's text to its class: the module is made anew for each start, under a name of its own.

Its lines are known to tracebacks, so that an error names file and line as its author sees them.
"""

import importlib.util
import linecache
import sys
import traceback
from collections.abc import Callable
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from workstation.domain.errors import UserError, ValidationError
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


def imported(module: str, source: str, code_hash: str, aside: Aside | None = None) -> ModuleType:
    """Return the module of a source under a name of its own, so that two versions of one file stand side by side.

    aside: called at every turn of its loops.

    Raises:
        UserError: it asks the program to end.
        Exception: whatever it raises.
    """
    name = f"workstation_strategy_{module}_{code_hash[:12]}"
    file = file_of(module)
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


def file_of(module: str) -> str:
    """Return the name of a module's file, as errors give it."""
    return f"{module}.py"


def trouble_of(error: BaseException, entry_point: str) -> str:
    """Return in one sentence why code could not be loaded, with the line of its file where it struck."""
    if isinstance(error, UserError):
        return str(error)
    file = file_of(entry_point.partition(":")[0])
    if isinstance(error, SyntaxError):
        return f"{file}, line {error.lineno or 1}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"{file}, line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"


def strategy_of(entry_point: str, source: str, code_hash: str, aside: Aside | None = None) -> "type[Strategy]":
    """Return the class that `module:Class` names, made of the module's text; aside: as for `imported`.

    Raises:
        ValidationError: the module has no such strategy.
        Exception: whatever the module raises on import.
    """
    from workstation.strategies.api import Strategy  # noqa: PLC0415  the window stands before it is loaded

    module, _, name = entry_point.partition(":")
    kind = getattr(imported(module, source, code_hash, aside), name, None)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise ValidationError("entry_point", f"{module} has no strategy {name}")
    declared: object = kind.policy
    if not isinstance(declared, Policy):
        allowed = ", ".join(f"Policy.{policy.name}" for policy in Policy)
        raise ValidationError("policy", f"{name}.policy is {declared!r}", allowed=allowed)
    return kind
