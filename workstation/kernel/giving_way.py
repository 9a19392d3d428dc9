"""Whose turn the interpreter is: while a screen shows a frame, market data waits, for some milliseconds at most.

Threads of one process share the interpreter, and two that both want it hand it to and fro: see decision 0012. The
engine waits for no screen, it does everything else meanwhile; and a screen that hangs holds nothing back beyond the
bound.
"""

from collections import deque
from collections.abc import Callable

from workstation.kernel.clock import Scheduler, Timer

FRAME_FIRST_NS = 12_000_000
"""How long at most market data waits for one frame."""

REST_SHARE = 4
"""After a turn there is none for a fourth of the time that it took, or market data would wait all the time."""

WAITING_MAX = 64
"""Calls that wait at most: when one more does, they wait for no frame."""

WayGiver = Callable[[Callable[[], None]], None]
"""Runs a call at once, or when the screen has its frame; on the engine's thread."""


def at_once(call: Callable[[], None]) -> None:
    """Give way to nothing: the WayGiver where there is no screen."""
    call()


class ScreenTurn:
    """The turns of one screen, which begins and ends them on its thread; `left_ns` is read on the engine's.

    on_end: called on the screen's thread as a turn ends before its time.
    """

    def __init__(self, mono_ns: Callable[[], int]) -> None:
        self._mono_ns = mono_ns
        self._began = self._until = self._rests_until = 0
        self.on_end: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Let market data wait from now on, unless it has just waited."""
        now = self._mono_ns()
        if now >= self._rests_until:
            self._began, self._until = now, now + FRAME_FIRST_NS
            self._rests_until = self._until + FRAME_FIRST_NS // REST_SHARE

    def end(self) -> None:
        """Let market data go on: the frame is shown. Ending again changes nothing."""
        now = self._mono_ns()
        if now < self._until:
            self._until, self._rests_until = now, now + (now - self._began) // REST_SHARE
            self.on_end()

    def left_ns(self) -> int:
        """Return how long market data still waits, 0 when it is its turn."""
        return max(self._until - self._mono_ns(), 0)


class GivingWay:
    """A WayGiver of one screen. wake: runs a call on the engine's thread, from any other."""

    def __init__(self, turn: ScreenTurn, scheduler: Scheduler, wake: Callable[[Callable[[], None]], object]) -> None:
        self._turn, self._scheduler, self._wake_engine = turn, scheduler, wake
        self._waiting: deque[Callable[[], None]] = deque()
        self._timer: Timer | None = None
        turn.on_end = self._wake

    def __call__(self, call: Callable[[], None]) -> None:
        """Run a call now, or after those that wait already."""
        if not self._waiting and not self._turn.left_ns():
            call()
            return
        self._waiting.append(call)
        if self._timer is None:
            self._look_in(self._turn.left_ns())

    def _look_in(self, delay_ns: int) -> None:
        self._timer = self._scheduler.call_later(delay_ns, self._go_on)

    def _wake(self) -> None:
        if self._waiting:
            self._wake_engine(self._look_now)

    def _look_now(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._go_on()

    def _go_on(self) -> None:
        """Run what has waited longest; the next comes after whatever else waits for the engine."""
        self._timer = None
        left = self._turn.left_ns()
        if left and len(self._waiting) <= WAITING_MAX:
            self._look_in(left)
            return
        call = self._waiting.popleft()
        if self._waiting:
            self._look_in(0)
        call()
