"""Mailboxes between threads: any number of senders, one reader, one wake-up per batch.

The way into the engine, and the lossless way out of it. A sender appends and wakes the reader only when the box was
idle, so that a burst of messages costs one wake-up.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MailboxFull(Exception):
    """The bounded box has no room; the sender decides what to shed."""


class Mailbox(Generic[T]):
    """A bounded, thread-safe queue. `wake` is called from the sender's thread when an idle box gets a message."""

    def __init__(self, capacity: int, wake: Callable[[], None]) -> None:
        self._items: deque[T] = deque()
        self._urgent: deque[T] = deque()
        self._capacity = capacity
        self._wake = wake
        self._lock = threading.Lock()
        self._awake = False

    def __len__(self) -> int:
        return len(self._items) + len(self._urgent)

    def put(self, item: T, *, urgent: bool = False) -> None:
        """Append one message; urgent ones (cancels, exits, kill) overtake the others and ignore the bound.

        Raises:
            MailboxFull: the box holds `capacity` messages.
        """
        with self._lock:
            if urgent:
                self._urgent.append(item)
            elif len(self._items) >= self._capacity:
                raise MailboxFull
            else:
                self._items.append(item)
            wake, self._awake = not self._awake, True
        if wake:
            self._wake()

    def drain(self, most: int) -> list[T]:
        """Take up to `most` messages in order, urgent ones first. When some remain, the reader is woken again."""
        with self._lock:
            batch = [self._urgent.popleft() for _ in range(min(most, len(self._urgent)))]
            batch += [self._items.popleft() for _ in range(min(most - len(batch), len(self._items)))]
            self._awake = bool(self._items or self._urgent)
            again = self._awake
        if again:
            self._wake()
        return batch
