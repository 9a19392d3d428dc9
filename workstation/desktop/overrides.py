"""Errors that leave an override of a Qt method, made whole before the binding sees them.

Up to Python 3.11 an error that C code raises (a division by zero, a number that cannot be read, an object of Qt that is
gone) is a type and a text until some handler takes it. The binding adds the name of the override to the error, takes
the text for an exception, and ends the process: a fault of one panel would take the window down, orders and all. A
handler in between makes it whole; it then goes where every error of the desktop goes. Cause: shiboken 6.11,
`Errors::storePythonOverrideErrorOrPrint` and `prependToExceptionMessage`. This module must not know a widget.
"""

import sys
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, Final

from shiboken6 import Shiboken

ARE_WHOLE: Final = sys.version_info >= (3, 12)
"""Newer interpreters make each error whole as it is raised."""

_BASE: Final[Any] = Shiboken.Object
"""What every class of the binding is derived from."""


def keep_errors_whole() -> None:
    """Wrap the overrides of every class of Qt's that is derived from here on; once, before the first. Idempotent."""
    if not ARE_WHOLE:
        _BASE.__init_subclass__ = classmethod(_on_derived)


def _on_derived(cls: type, /, **keywords: Any) -> None:
    super(_BASE, cls).__init_subclass__(**keywords)
    for name, found in tuple(vars(cls).items()):
        if isinstance(found, FunctionType) and not name.startswith("__") and _overrides(cls, name):
            setattr(cls, name, _whole(found))


def _overrides(cls: type, name: str) -> bool:
    """Tell whether the nearest class above that has such a method is one of the binding's, directly or through ours."""
    return any(name in vars(base) for base in cls.__mro__[1:] if base.__module__.startswith("PySide6"))


def _whole(override: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(override)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return override(*arguments, **keywords)
        except BaseException:  # noqa: TRY203  the handler is what makes the error whole
            raise

    return call
