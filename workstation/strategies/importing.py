"""From a strategy's text to its class: the module is made anew for each start, under a name of its own."""

import importlib.util
import sys
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from workstation.domain.errors import ValidationError

if TYPE_CHECKING:
    from workstation.strategies.api import Strategy


class _Source(InspectLoader):
    """Runs a module from its text, as it would be from its file."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:  # noqa: ARG002  one loader a module
        """Return the text."""
        return self._source


def imported(module: str, source: str, code_hash: str) -> ModuleType:
    """Return the module of a source under a name of its own, so that two versions of one file stand side by side."""
    name = f"workstation_strategy_{module}_{code_hash[:12]}"
    loader = _Source(source)
    made = importlib.util.module_from_spec(ModuleSpec(name, loader))
    sys.modules[name] = made  # annotations of its classes are looked up there
    loader.exec_module(made)
    return made


def strategy_of(entry_point: str, source: str, code_hash: str) -> "type[Strategy]":
    """Return the class that `module:Class` names, made of the module's text.

    Raises:
        ValidationError: the module has no such strategy.
        Exception: whatever the module raises on import.
    """
    from workstation.strategies.api import Strategy  # noqa: PLC0415  the window stands before it is loaded

    module, _, name = entry_point.partition(":")
    kind = getattr(imported(module, source, code_hash), name, None)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise ValidationError("entry_point", f"{module} has no strategy {name}")
    return kind
