"""A bound on how long code of a user's may take; what does not end is interrupted where it stands."""

import threading
from collections.abc import Callable
from typing import TypeVar

from workstation.kernel.interrupting import interrupt_thread

_Made = TypeVar("_Made")


class ImportTookTooLong(Exception):
    """Raised into the import of a file that does not end; an Exception, so that it is told of as any that fails."""


class StepsTookTooLong(Exception):
    """Raised into an own indicator that does not come to an end with its bars."""


def within(seconds: float, call: Callable[[], _Made], late: type[Exception] = ImportTookTooLong) -> _Made:
    """Return what a call returns; where it takes longer it is interrupted.

    Raises:
        Exception: `late`, where it was.
    """
    caller, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

    def interrupt() -> None:
        with lock:
            if not over.is_set():
                interrupt_thread(caller, late)

    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        return call()
    finally:
        with lock:
            over.set()
        timer.cancel()
        timer.join()
