"""How many requests the simulated venue takes: none refused without a limit, else at most so many within any span.

Beside the order walk. The limit is the plan's, or an armed `request_limit` fault's until that is disarmed; the venue
states it on its card, counts what reaches it, and refuses what is beyond (HTTP 429).
"""

from collections import deque

from workstation.brokers.sim.faults import FaultKind, FaultSwitch, SimPlan
from workstation.kernel.clock import Clock
from workstation.ports.broker import RequestLimit


class RequestCount:
    """Counts the requests of one session. refused: those that were beyond the limit."""

    def __init__(self, clock: Clock, faults: FaultSwitch, plan: SimPlan | None = None) -> None:
        self._clock = clock
        self._faults = faults
        limited = plan is not None and plan.request_limit > 0
        self._planned = RequestLimit(plan.request_limit, int(plan.request_span_s * 1e9)) if plan and limited else None
        self._taken: deque[int] = deque()
        self.refused = 0

    def limit(self) -> RequestLimit | None:
        """Return the limit that holds now, None for none."""
        fault = self._faults.standing(FaultKind.REQUEST_LIMIT)
        if fault is None:
            return self._planned
        return RequestLimit(max(fault.count, 1), max(int(fault.for_s * 1e9), 1))

    def left(self) -> int | None:
        """Return how many requests it would take at once, None without a limit."""
        limit = self.limit()
        if limit is None:
            return None
        self._forget(limit)
        return max(limit.requests - len(self._taken), 0)

    def takes(self) -> bool:
        """Count one request; False when it is one too many, which is not counted."""
        left = self.left()
        if left is None:
            return True
        if left == 0:
            self.refused += 1
            return False
        self._taken.append(self._clock.mono_ns())
        return True

    def _forget(self, limit: RequestLimit) -> None:
        oldest = self._clock.mono_ns() - limit.per_ns
        while self._taken and self._taken[0] <= oldest:
            self._taken.popleft()
