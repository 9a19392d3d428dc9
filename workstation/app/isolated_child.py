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
from workstation.strategies.host import Host
from workstation.strategies.importing import strategy_of
from workstation.strategies.wire import LENGTH_BYTES, Begin, Handled, Message, decoded, encoded, length_of


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
    """Run the strategy that comes first down the pipe, until it is over or nobody listens. Returns the exit code."""
    pipes = _Pipes()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=False)
    pipes.write(Handled(over=False))
    begin = pipes.read()
    if not isinstance(begin, Begin):
        return 2
    guard = Bus(lambda _run, _error: None).guard  # the host has told of the error before it comes here
    made: list[Host] = []
    for text in confine(begin.memory_mb, begin.cpu_s):
        pipes.write(m.Log("WARNING", text))
    error = guard(begin, lambda: made.append(_host(begin, pipes)))
    if error is not None:
        words = f"{type(error).__name__}: {error}"
        pipes.write(m.Faulted("load", words, "".join(traceback.format_exception(error))))
    pipes.write(Handled(over=not made))
    while made and not made[0].over:
        news = pipes.read()
        if not isinstance(news, m.News):
            break
        guard(begin, partial(made[0].deliver, news))
        pipes.write(Handled(over=made[0].over))
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
    )


if __name__ == "__main__":
    sys.exit(main())
