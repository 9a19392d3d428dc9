"""What a test may not leave behind: threads that go on, windows that stay, warnings that nobody expected."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
import threading
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

THREAD_END_S = 2.0  # what a thread that was told to stop may still take
WARNINGS = {"warning", "error", "critical", "exception"}
TESTS_PER_FREEZE = 16
"""How many tests share one walk of the garbage collector over all that the process has come to keep."""


class ThreadWatch:
    """The threads that ran before a test; afterwards no others may."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def leaked(self, within_s: float = THREAD_END_S) -> list[str]:
        """Return the names of new threads that do not end within the time allowed, waiting only for those."""
        deadline = time.monotonic() + within_s
        threads = [thread for thread in threading.enumerate() if thread not in self._before]
        for thread in threads:
            with contextlib.suppress(RuntimeError):  # another thread is just about to start it
                thread.join(max(0.0, deadline - time.monotonic()))
        return [f"thread {thread.name} still runs" for thread in threads if thread.is_alive()]


class WindowWatch:
    """The windows that stood before a test; a test that does not use Qt never loads it here."""

    def __init__(self) -> None:
        self._before = {id(window) for window in self._windows()}

    def leaked(self) -> list[str]:
        """Return the new windows that neither deletion that is due nor a garbage collection takes away."""
        if not self._new():
            return []
        gc.collect()
        core = sys.modules["PySide6.QtCore"]
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
        gc.collect()
        return [f"window {type(window).__name__} {window.objectName()!r} stays" for window in self._new()]

    def _new(self) -> list[Any]:
        return [window for window in self._windows() if id(window) not in self._before]

    @staticmethod
    def _windows() -> list[Any]:
        """Return the windows that nothing owns; pop-ups belong to their parents and go with them."""
        widgets = sys.modules.get("PySide6.QtWidgets")
        if widgets is None or widgets.QApplication.instance() is None:
            return []
        return [window for window in widgets.QApplication.topLevelWidgets() if window.parent() is None]


class Heap:
    """What the process keeps for good, left out of the many garbage collections at the ends of later tests.

    It is frozen between two tests only: what is frozen while a test still holds its fixtures is never given back.
    """

    def __init__(self) -> None:
        self._ended = 0

    def count_test(self) -> None:
        """Count one test, after all that it held is let go; at each TESTS_PER_FREEZE leave what stays out."""
        self._ended += 1
        if self._ended % TESTS_PER_FREEZE == 0:
            gc.collect()
            gc.freeze()


class WarningWatch(logging.Handler):
    """Every log event of a test at warning level or above, from structlog and from the standard library."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.events: list[dict[str, Any]] = []

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Take one event as a processor of structlog, and let it go no further."""
        if method in WARNINGS:
            self.events.append({**event, "level": method})
        raise structlog.DropEvent

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record of the standard library's logging."""
        self.events.append({"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name})
