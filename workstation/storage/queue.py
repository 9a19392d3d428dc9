"""The way from the engine to the journal thread: a bounded queue, counted in events."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from workstation.domain.errors import InvariantError
from workstation.domain.events import OrderIntended, ReplaceRequested
from workstation.domain.orders import RiskClass
from workstation.ports.store import Entry, Snapshot
from workstation.storage.driver import Parameters, Statement

QUEUE_EVENTS_MAX = 20_000
"""Events at which the queue counts as full: the desk refuses new risk."""

QUEUE_EVENTS_CAP = 4 * QUEUE_EVENTS_MAX
"""Events at which the queue takes no more at all: fills and cancels have room above full, but not without end."""


class Batch(NamedTuple):
    """Entries of one append: they become durable together. Times: UTC ns and monotonic ns of the append."""

    first_seq: int
    entries: tuple[Entry, ...]
    ts_wall: int
    ts_mono: int

    @property
    def last_seq(self) -> int:
        """Sequence of the last entry."""
        return self.first_seq + len(self.entries) - 1

    @property
    def raises_exposure(self) -> bool:
        """True when it intends an INCREASE, which must not go out while storage is in trouble."""
        return any(_raises_exposure(entry) for entry in self.entries)


def _raises_exposure(entry: Entry) -> bool:
    event = entry.event
    if not isinstance(event, (OrderIntended, ReplaceRequested)):
        return False
    return event.verdict is not None and event.verdict.risk_class is RiskClass.INCREASE


class Ping(NamedTuple):
    """Asks for one committed no-op write; `done` is set after it."""

    done: threading.Event


class Aside(NamedTuple):
    """Rows that no event stands behind, such as market data: a transaction of their own, given up when it fails.

    done: called on the journal thread, True once the rows are durable.
    """

    work: Sequence[tuple[Statement, Sequence[Parameters]]]
    done: Callable[[bool], None]


class Stop(NamedTuple):
    """Ends the journal thread after everything before it."""


Work = Batch | Snapshot | Ping | Aside | Stop


class WorkQueue:
    """First in, first out; any thread may put, one takes.

    Whoever waits is woken by the library's own queue: a condition would have it wait a second time, for the lock of the
    thread that woke it, while others compute.
    """

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._putting = threading.Lock()
        self._put = self._taken = 0

    @property
    def fill_ratio(self) -> float:
        """Events waiting against QUEUE_EVENTS_MAX, 0 to 1."""
        return min(1.0, (self._put - self._taken) / QUEUE_EVENTS_MAX)

    def put(self, item: Work) -> None:
        """Append one item.

        Raises:
            InvariantError: QUEUE_EVENTS_CAP events wait, so whoever appends has ignored `fill_ratio`.
        """
        with self._putting:
            if (waiting := self._put - self._taken) >= QUEUE_EVENTS_CAP:
                raise InvariantError(f"the journal queue holds {waiting} events and takes no more")
            self._put += _weight(item)
            self._items.put(item)

    def get(self, timeout_s: float) -> Work | None:
        """Take the oldest item, waiting for one at most `timeout_s`; None when there is none."""
        try:
            item = self._items.get(timeout_s > 0, timeout_s)
        except queue.Empty:
            return None
        self._taken += _weight(item)
        return item


def _weight(item: Work) -> int:
    return len(item.entries) if isinstance(item, Batch) else 1
