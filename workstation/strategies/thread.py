"""The thread of one run: takes news from its inbox, runs callbacks, and can be interrupted in the middle of one.

It never runs engine code and holds no engine lock: intents are handed to `send`, which only queues them. At most
INTENTS_AHEAD of them wait for the engine; beyond that the strategy waits, in slices, so that a flood stays its own.
"""

import threading
import traceback
from collections.abc import Callable
from typing import Protocol

from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.interrupting import interrupt_thread
from workstation.strategies.inbox import SLICE_S, Inbox
from workstation.strategies.messages import Faulted, Intent, Keep, News

INTENTS_AHEAD = 16
"""A hand's order waits behind those of each run at most: about a millisecond."""


class Served(Protocol):
    """What a thread serves: a host here, or one whose strategy runs in a process of its own."""

    over: bool
    orders_made: int

    def open(self) -> None:
        """Begin."""

    def deliver(self, news: News) -> None:
        """Hand one piece of news to the strategy."""

    def close(self) -> None:
        """Let go of everything; the run's thread."""

    def interrupt(self) -> bool:
        """Interrupt the callback that runs, any thread; False where the thread itself has to be interrupted."""

    def abandon(self) -> None:
        """End what runs, if that is possible; any thread."""

    def memory(self) -> tuple[int, int] | None:
        """Return the bytes that its process uses and maps, None where it has none of its own; any thread."""


class StrategyInterrupted(BaseException):
    """Raised into a run's thread when a callback does not return; no handler for Exception holds it up."""


class RunThread:
    """Runs one host. make: builds the host on the thread, given where to send intents.

    aside: called before it takes news and before it says anything; may hold it up for a moment.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Callable[[Intent], None]], Served],
        clock: Clock,
        aside: Callable[[], object] = lambda: None,
    ) -> None:
        self.name, self.inbox = name, Inbox()
        self._make, self._clock, self._aside = make, clock, aside
        self._send: Callable[[Intent], None] = _nowhere
        self._room = threading.Semaphore(INTENTS_AHEAD)
        self._since = self._used = 0
        self._host: Served | None = None
        self._revoked = threading.Event()
        self._guard = Bus(lambda _run, _error: None).guard  # the host has told of the error before it comes here
        self._thread = threading.Thread(target=self._run, name=f"strategy-{name}", daemon=True)

    def start(self, send: Callable[[Intent], None]) -> None:
        """Start. send: takes each intent, on this run's thread; call `taken` when the engine has dealt with it."""
        self._send = send
        self._thread.start()

    def taken(self) -> None:
        """Make room for one more intent; engine thread."""
        self._room.release()

    @property
    def alive(self) -> bool:
        """True while the thread runs, be it stuck."""
        return self._thread.is_alive()

    def busy_ns(self) -> int:
        """Return how long the callback that runs now has been running, 0 between callbacks; any thread."""
        since = self._since
        return self._clock.mono_ns() - since if since else 0

    def used_ns(self) -> int:
        """Return how long callbacks have been running altogether, the one that runs now included; any thread."""
        return self._used + self.busy_ns()

    def memory(self) -> tuple[int, int] | None:
        """Return the bytes that a process of its own uses and maps, None where it has none; any thread."""
        return None if self._host is None else self._host.memory()

    def revoke(self) -> None:
        """Take nothing more from this run: later intents are dropped, and the thread ends when its callback does."""
        self._revoked.set()
        self.inbox.clear_market()
        if self._host is not None:
            self._host.abandon()

    def interrupt(self) -> None:
        """Interrupt the callback: where it runs on this thread, by StrategyInterrupted at its next bytecode."""
        if self._host is not None and self._host.interrupt():
            return
        ident = self._thread.ident
        if ident is not None and self._thread.is_alive():
            interrupt_thread(ident, StrategyInterrupted)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when the thread is stuck."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._guard(self, self._serve)
        except (StrategyInterrupted, SystemExit, KeyboardInterrupt) as error:
            self._tell(error)
        self._since = 0

    def _serve(self) -> None:
        host = self._host = self._make(self._offer)
        try:
            self._since = self._clock.mono_ns()
            host.open()
            self._rest()
            while not (host.over or self._revoked.is_set()):
                news = self.inbox.take()
                self._aside()
                if news is not None:
                    self._since = self._clock.mono_ns()
                    before = host.orders_made
                    host.deliver(news)
                    if host.orders_made != before:
                        host.deliver(Keep())  # what it remembers of an order is on its way right behind it
                    self._rest()
        finally:
            host.close()

    def _rest(self) -> None:
        """Count the callback that has returned."""
        took = self._clock.mono_ns() - self._since
        self._since = 0
        self._used += took

    def _tell(self, error: BaseException) -> None:
        """Tell of an interruption and where it struck; one that was on its way here already only begins this again."""
        self._since = 0
        told = False
        while not told:
            try:
                where = "".join(traceback.format_exception(error))
                self._offer(Faulted("callback", f"{type(error).__name__}: {error}".rstrip(": "), where))
                told = True
            except StrategyInterrupted:
                continue

    def _offer(self, intent: Intent) -> None:
        self._aside()
        while not self._revoked.is_set():
            if self._room.acquire(timeout=SLICE_S):
                self._send(intent)
                return


def _nowhere(_intent: Intent) -> None:
    raise RuntimeError("the run has not been started")
