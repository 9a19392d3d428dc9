"""What a worker process and the program that started it share: frames on pipes, and how a worker takes its place.

Under `sweep_worker.py` and `backtest_worker.py`. A thread of its own reads, so that a worker whose program is gone ends
at once, whatever it is doing. What a strategy prints goes to standard error.
"""

import os
import queue
import threading
from typing import IO

LENGTH_BYTES = 8
NICE = 19
"""A worker waits where anything else of the machine, such as the desk, wants a core: the lowest that there is."""


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


def take_place() -> tuple[queue.SimpleQueue[bytes], IO[bytes]]:
    """Become a worker: give way to others; return the frames that come in, and where answers go out."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    source, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        while (frame := read_frame(source)) is not None:
            frames.put(frame)
        os._exit(0)  # at once, in the middle of its work too: nobody waits for it

    threading.Thread(target=listen, name="tasks", daemon=True).start()
    return frames, out
