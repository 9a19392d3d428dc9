"""A worker of a sweep: tasks come in by standard input, outcomes go out by what was standard output.

Started by `sweep_workers.py`, several on a machine. The job comes once, before the first task. A thread of its own
reads, so that a worker whose sweep is gone ends at once, whatever its trial is doing. What a strategy prints goes to
standard error.
"""

import os
import queue
import sys
import threading
from typing import IO

from workstation.backtest.sweep_trial import evaluated

LENGTH_BYTES = 8
NICE = 10
"""A sweep waits where anything else of the machine, such as the desk, wants a core."""


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Write a body with its length before it."""
    stream.write(len(body).to_bytes(LENGTH_BYTES, "big"))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Return the next body, None where the other end is gone."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    return body if len(body) == size else None


def main() -> int:
    """Run tasks until nobody sends any more."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    source, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        while (frame := read_frame(source)) is not None:
            frames.put(frame)
        os._exit(0)  # at once, in the middle of a trial too: nobody waits for it

    threading.Thread(target=listen, name="tasks", daemon=True).start()
    job = frames.get()
    while True:
        write_frame(out, evaluated(job, frames.get()))


if __name__ == "__main__":
    sys.exit(main())
