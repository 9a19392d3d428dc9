"""A process with one strategy in it: news come in by standard input, intents go out by what was standard output.

Started by `isolation.py` with an empty environment and a folder of its own. It gives up memory, processor time and
files before the strategy's code is looked at, and knows nothing of engine, database or keys. What the code prints goes
to standard error, so that it cannot be taken for an intent.
"""

import faulthandler
import os
import signal
import sys
import traceback
from functools import partial
from typing import BinaryIO

from workstation.app.confinement import confine
from workstation.kernel.bus import Bus
from workstation.strategies import messages as m
from workstation.strategies.api import parameters_of
from workstation.strategies.describing import describe
from workstation.strategies.host import Host
from workstation.strategies.importing import own_of, strategy_of, trouble_of
from workstation.strategies.loading import MEMORY_MB_MIN, Code
from workstation.strategies.wire import (
    LENGTH_BYTES,
    Begin,
    Describe,
    Handled,
    Message,
    NotLoaded,
    decoded,
    encoded,
    length_of,
)

DESCRIBE_CPU_S = 5


class _Pipes:
    """Standard input and what was standard output, of which nothing else knows any more."""

    def __init__(self) -> None:
        self._in: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

    def read(self) -> Message | None:
        """Return the next message, None once the other end is gone."""
        head = self._in.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            return None
        return decoded(self._in.read(length_of(int.from_bytes(head, "big"))))

    def write(self, message: Message) -> None:
        """Write one message."""
        left = memoryview(encoded(message))
        while left:
            left = left[self._out.write(left) or 0 :]


def main() -> int:
    """Run the strategy that comes first down the pipe, until it is over or nobody listens, or say what it offers.

    Returns the exit code.
    """
    pipes = _Pipes()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=False)
    pipes.write(Handled(over=False))
    begin = pipes.read()
    if isinstance(begin, Describe):
        return _describe(begin, pipes)
    if not isinstance(begin, Begin):
        return 2
    guard = Bus(lambda _run, _error: None).guard  # the host has told of the error before it comes here
    made: list[Host] = []
    for text in confine(begin.memory_mb, begin.cpu_s):
        pipes.write(m.Log("WARNING", text))
    error = guard(begin, lambda: made.append(_host(begin, pipes)))
    if error is not None:
        words = trouble_of(error, begin.entry_point)
        pipes.write(m.Faulted("load", words, "".join(traceback.format_exception(error))))
    else:
        pipes.write(m.Declared(made[0].strategy.policy))
    pipes.write(Handled(over=not made))
    while made and not made[0].over:
        news = pipes.read()
        if not isinstance(news, m.News):
            break
        guard(begin, partial(made[0].deliver, news))
        pipes.write(Handled(over=made[0].over))
    return 0


def _describe(asked: Describe, pipes: _Pipes) -> int:
    confine(MEMORY_MB_MIN, DESCRIBE_CPU_S)
    entry_point, source, code_hash = asked.entry_point, asked.source, asked.code_hash

    def work() -> None:
        kind = strategy_of(entry_point, source, code_hash)
        pipes.write(describe(Code(strategy=kind, entry_point=entry_point, code_hash=code_hash, source=source)))

    error = Bus(lambda _asked, _error: None).guard(asked, work)
    if error is not None:
        pipes.write(NotLoaded(trouble_of(error, entry_point)))
    return 0


def _host(begin: Begin, pipes: _Pipes) -> Host:
    kind = strategy_of(begin.entry_point, begin.source, begin.code_hash)
    parameters = parameters_of(kind, begin.parameters)
    return Host(
        lambda door: kind(door, parameters),
        run_id=begin.run_id,
        account=begin.account,
        instruments={instrument.symbol: instrument for instrument in begin.instruments},
        send=pipes.write,
        own=own_of(begin.source),
    )


if __name__ == "__main__":
    sys.exit(main())
