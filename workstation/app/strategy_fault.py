"""What a person reads of a strategy that raised in a backtest: its own lines and the error, nothing of this program.

Between the engine, which lets such an error pass, and the command line. A failure of this program itself is none of
these, and stays what it is.
"""

import traceback
from collections.abc import Callable
from typing import TypeVar

from workstation.kernel.bus import Bus
from workstation.strategies.importing import own_frames

FRAMES_MAX = 20
"""Lines of the strategy that are shown, the innermost."""

Result = TypeVar("Result")


def run_or_fault(entry_point: str, call: Callable[[], Result]) -> Result | list[str]:
    """Return what `call` returns or, where the strategy of `module:Class` raised, a report of that in lines.

    Raises:
        BaseException: what `call` raised without a line of the strategy in it.
    """
    found: list[Result] = []
    error = Bus(lambda _what, _error: None).guard(entry_point, lambda: found.append(call()))
    if error is None:
        return found[0]
    words = fault_words(entry_point, error)
    if not words:
        raise error
    return words


def fault_words(entry_point: str, error: BaseException) -> list[str]:
    """Return the report of an error that a strategy, or an own indicator of it, raised or let pass.

    Empty where none of their lines is in it.
    """
    frames = own_frames(error)
    if not frames:
        return []
    lines = [f"the strategy {entry_point} failed, and with it the run:"]
    for frame in frames[-FRAMES_MAX:]:
        lines += [f"  {frame.filename}, line {frame.lineno}, in {frame.name}", f"    {frame.line}"]
    said = "".join(traceback.format_exception_only(error)).rstrip()
    return [*lines, *(f"  {line}" for line in said.splitlines())]
