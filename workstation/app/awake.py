"""Notices that the program stood still: the machine slept, the process was stopped, or the wall clock was set forward.

Beside the order walk, on the engine's thread. What happened at the venue meanwhile is not known, so it counts as a
reconnect: hand entry disarms and every account is compared with its venue before it may add risk again.
"""

from collections.abc import Callable

from workstation.app.core import Core
from workstation.domain.accounts import Environment
from workstation.domain.events import ArmChanged
from workstation.kernel.clock import Clock

STOOD_STILL_NS = 30_000_000_000
"""A pause from which on the program counts as having stood still; the longest stall of a busy machine is shorter."""

LOOK_NS = 1_000_000_000
ACTOR = "system"

Notice = Callable[[str, str], None]


class Awake:
    """Compares each look with the one before. notice(level, text) tells every screen."""

    def __init__(self, core: Core, clock: Clock, environment: Environment, notice: Notice) -> None:
        self._core, self._clock, self._environment, self._notice = core, clock, environment, notice
        self._wall, self._mono = clock.now_ns(), clock.mono_ns()

    def look(self) -> None:
        """Look at both clocks; monotonic time stands still while some machines sleep, wall time may be set."""
        wall, mono = self._clock.now_ns(), self._clock.mono_ns()
        gone_ns = max(wall - self._wall, mono - self._mono)
        self._wall, self._mono = wall, mono
        if gone_ns >= STOOD_STILL_NS:
            self._on_woken(gone_ns)

    def _on_woken(self, gone_ns: int) -> None:
        reason = f"stood still for {gone_ns // 1_000_000_000:,} s"
        state = self._core.state
        if state.controls.arming.environment is not None:
            disarmed = ArmChanged(
                armed=False, environment=self._environment, actor=ACTOR, reason=reason, ts=self._clock.now_ns()
            )
            self._core.desk.recorder.record([disarmed], actor=ACTOR)
        self._notice(
            "warning", f"The program {reason}: hand entry is disarmed, each account is compared with its venue."
        )
        for account in tuple(state.accounts):
            self._core.desk.reconcile(account, reason)
