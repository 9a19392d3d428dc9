"""The engine's thread: one asyncio loop that owns feeds, books, desk, gate, ledger and broker sessions.

Messages come in through a bounded mailbox drained by one coalesced wake-up; timers run on the loop. Nothing blocks.
What strategies ask for comes in through a second one, a call at a time, whenever the first is empty; market data gives
way to the screen.
"""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from workstation.kernel.clock import SystemClock, Timer
from workstation.kernel.giving_way import GivingWay, ScreenTurn
from workstation.kernel.logs import get_logger
from workstation.kernel.mailbox import Mailbox

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    import uvloop

    new_event_loop, _slower_because = uvloop.new_event_loop, ""
except ImportError as error:  # not on every system, or built for another Python
    new_event_loop, _slower_because = asyncio.new_event_loop, str(error)

_log = get_logger("engine")

INBOX_CAPACITY = 20_000
DRAIN_MOST = 256
STOP_TIMEOUT_S = 10.0
HOLD_S, HOLDS_MAX = 0.001, 20
"""How long, and how often in a row, a strategy's call is held for what is under way."""


class EngineLoop:
    """Runs calls on the engine's thread; the core's Scheduler in the product.

    holds_behind: whether what strategies ask for waits a moment longer; asked on the engine's thread.
    """

    def __init__(self, on_fault: Callable[[object, BaseException], None]) -> None:
        self._on_fault = on_fault
        self._inbox: Mailbox[Callable[[], None]] = Mailbox(INBOX_CAPACITY, self._wake)
        self.holds_behind: Callable[[], bool] = lambda: False
        self._held = 0
        self._behind: Mailbox[Callable[[], None]] = Mailbox(INBOX_CAPACITY, self._wake_behind)
        self.loop: asyncio.AbstractEventLoop = new_event_loop()
        self.screen = ScreenTurn(SystemClock().mono_ns)
        self.give_way = GivingWay(self.screen, self, self.loop.call_soon_threadsafe)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the thread; returns when its loop runs."""
        if _slower_because and sys.platform != "win32":
            _log.warning("uvloop_missing", reason=_slower_because, effect="the engine runs on Python's slower loop")
        ready = threading.Event()
        self.loop.call_soon(ready.set)
        self._thread.start()
        ready.wait()

    def _run(self) -> None:
        self.loop.set_exception_handler(lambda _loop, context: self._on_fault("loop", _error_of(context)))
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    def stop(self) -> None:
        """End the loop and the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(STOP_TIMEOUT_S)

    @property
    def thread_id(self) -> int:
        """Identifier of the engine's thread, for the stall watchdog; 0 before it runs."""
        return self._thread.ident or 0

    def post(self, call: Callable[[], None], *, urgent: bool = False) -> None:
        """Run `call` on the engine's thread; from any thread.

        Raises:
            MailboxFull: the engine is far behind and the call is not urgent.
        """
        self._inbox.put(call, urgent=urgent)

    def post_behind(self, call: Callable[[], None]) -> None:
        """Run `call` on the engine's thread once nothing else waits; from any thread.

        Raises:
            MailboxFull: the engine is far behind.
        """
        self._behind.put(call)

    def ask(self, call: Callable[[], object], timeout_s: float) -> object:
        """Run `call` on the engine's thread and return its result; only for start and stop, never for a screen."""
        future: Future[object] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

        self.post(run, urgent=True)
        return future.result(timeout_s)

    def _wake(self) -> None:
        self.loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._run_each(deque(self._inbox.drain(DRAIN_MOST)))

    def _run_each(self, calls: deque[Callable[[], None]]) -> None:
        """Run calls in turn; where one fails, which the loop reports, those behind it run all the same, next."""
        try:
            while calls:
                calls.popleft()()
        finally:
            if calls:
                self.loop.call_soon(self._run_each, calls)

    def _wake_behind(self) -> None:
        self.loop.call_soon_threadsafe(self._drain_behind)

    def _drain_behind(self) -> None:
        self._drain()
        if self.holds_behind() and self._held < HOLDS_MAX:
            self._held += 1
            self.loop.call_later(HOLD_S, self._drain_behind)
            return
        self._held = 0
        for call in self._behind.drain(1):
            call()

    def call_later(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Run `call` once after `delay_ns`; engine thread only."""
        return self.loop.call_later(max(delay_ns, 0) / 1e9, call)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run `call` after what is running now; engine thread only."""
        self.loop.call_soon(call)


def _error_of(context: dict[str, object]) -> BaseException:
    error = context.get("exception")
    return error if isinstance(error, BaseException) else RuntimeError(str(context.get("message", "")))
