"""How often the venue tells where the triggers of trailing stops stand: at once, then at most once a second an order.

Inside the venue. A trigger that moves more often is told of with the newest place alone, so that a fast market floods
nobody's journal; what an order does beside that is told at once, with the trigger as it stands then.
"""

from collections.abc import Callable

from workstation.kernel.clock import Scheduler, Timer

TOLD_EVERY_NS = 1_000_000_000
"""Least time between two reports of one order's trigger."""


class TrailReports:
    """Tells of triggers that moved. tell: reports where the order's trigger stands, if it still waits."""

    def __init__(self, scheduler: Scheduler, now_ns: Callable[[], int], tell: Callable[[str], None]) -> None:
        self._scheduler, self._now_ns, self._tell = scheduler, now_ns, tell
        self._told: dict[str, int] = {}
        self._waiting: dict[str, Timer] = {}

    def moved(self, order_id: str) -> None:
        """Hear that an order's trigger has moved."""
        if order_id in self._waiting:
            return
        told = self._told.get(order_id)
        wait = 0 if told is None else told + TOLD_EVERY_NS - self._now_ns()
        if wait > 0:
            self._waiting[order_id] = self._scheduler.call_later(wait, lambda: self._due(order_id))
        else:
            self._due(order_id)

    def forget(self, order_id: str) -> None:
        """Hear that an order's trigger moves no more: it has fired, or the order ended."""
        self._told.pop(order_id, None)
        timer = self._waiting.pop(order_id, None)
        if timer is not None:
            timer.cancel()

    def _due(self, order_id: str) -> None:
        self._waiting.pop(order_id, None)
        self._told[order_id] = self._now_ns()
        self._tell(order_id)
