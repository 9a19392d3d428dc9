"""Unknown outcomes: requests that were not answered in time, and the proof that an order never existed.

Order walk, beside the way up. A request without an answer becomes UNKNOWN, never REJECTED, and the venue is asked until
it settles. Absence is proven only by repeated complete negative answers over enough time of a healthy session; a timer
alone decides nothing. Only orders with something in flight are walked, never all open ones.
"""

from collections.abc import Callable

import msgspec

from workstation.domain.events import Event, OrderCancelled, OrderRejected, OutcomeUnknown
from workstation.domain.orders import OrderState, OrdStatus, RequestKind, Residence
from workstation.domain.times import NS_PER_S
from workstation.kernel.fault_points import fault_point
from workstation.orders.book import Change
from workstation.orders.context import DeskContext
from workstation.orders.reports import NOT_SENT
from workstation.orders.results import Severity

_S = OrdStatus
_HERE = Residence.PROGRAM
PENDING_REQUEST = {
    _S.PENDING_SUBMIT: RequestKind.SUBMIT,
    _S.PENDING_CANCEL: RequestKind.CANCEL,
    _S.PENDING_REPLACE: RequestKind.REPLACE,
}
"""The request that each pending state waits for."""


class Absence(msgspec.Struct):
    """Negative answers about one order: how many, and when the first came (monotonic ns)."""

    rounds: int
    first_at: int


class Unknowns:
    """Watches requests in flight and unknown outcomes."""

    def __init__(
        self,
        context: DeskContext,
        waits_here: Callable[[str], bool],
        change_waits: Callable[[str], bool],
        *,
        look: Callable[[str, str], None],
    ) -> None:
        self._c = context
        self._waits_here, self._change_waits = waits_here, change_waits
        self._look = look
        self._in_flight: dict[str, int] = {}
        self._unknown: dict[str, int] = {}
        self._absence: dict[str, Absence] = {}
        self._scheduled = False

    @property
    def unknown_count(self) -> int:
        """How many orders have an unknown outcome now."""
        return len(self._unknown)

    def unknown_for_ns(self, cl_ord_id: str) -> int | None:
        """Return for how long an order's outcome is unknown, in monotonic ns of this run; None when it is known."""
        since = self._unknown.get(cl_ord_id)
        return None if since is None else self._c.clock.mono_ns() - since

    def on_change(self, change: Change) -> None:
        """Keep the lists of what is in flight and what is unknown."""
        before, after = change.before, change.after
        if after is None:
            return
        cl_ord_id = after.cl_ord_id
        if after.unknown is None:
            if before is not None and before.unknown is not None:
                self._absence.pop(cl_ord_id, None)
                self._unknown.pop(cl_ord_id, None)
            if after.status not in PENDING_REQUEST:
                self._in_flight.pop(cl_ord_id, None)
            elif before is None or before.status is not after.status or before.unknown is not None:
                self._in_flight[cl_ord_id] = self._c.clock.mono_ns()
        else:
            self._in_flight.pop(cl_ord_id, None)
            if cl_ord_id not in self._unknown:
                self._unknown[cl_ord_id] = self._c.clock.mono_ns()
                text = f"Outcome of {after.unknown} is not known: {after.unknown_cause}."
                self._c.alert("OUTCOME_UNKNOWN", after, text, severity=Severity.WARNING)
        if not self._scheduled and (self._in_flight or self._unknown):
            self._schedule()

    def resume(self) -> None:
        """After a restart: what was in flight is unknown, what never left and waits for nothing is cancelled."""
        now = self._c.clock.now_ns()
        events: list[Event] = []
        for order in self._c.book.open_orders():
            if order.unknown is not None:
                self._unknown[order.cl_ord_id] = self._c.clock.mono_ns()
            elif order.status in PENDING_REQUEST:
                request = PENDING_REQUEST[order.status]
                events.append(OutcomeUnknown(cl_ord_id=order.cl_ord_id, ts=now, request=request, cause="restart"))
            elif order.status is _S.NEW and not waits_here(order):
                events.append(OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason="unsent at restart"))
        fault_point("orders.resume.before_record")
        self._c.recorder.record(events)
        if self._unknown:
            self._schedule()

    def on_session_lost(self, account: str, cause: str) -> None:
        """Mark what the venue holds: requests in flight by their kind, the others unknown of status."""
        now = self._c.clock.now_ns()
        events: list[Event] = []
        for order in self._c.book.open_orders(account):
            waits = order.status is _S.NEW or self._waits_here(order.cl_ord_id)
            if waits or order.unknown is not None:
                continue
            request = PENDING_REQUEST.get(order.status, RequestKind.STATUS)
            events.append(OutcomeUnknown(cl_ord_id=order.cl_ord_id, ts=now, request=request, cause=cause))
        fault_point("orders.session_lost.before_record")
        self._c.recorder.record(events)

    def absent(self, order: OrderState) -> list[Event]:
        """Count one complete negative answer about an order that was never acknowledged, a cancel of it or not.

        Returns its end as NOT_SENT once absence is proven.
        """
        c, settings = self._c, self._c.settings
        broker, healthy = c.routes.live(order.terms.account), c.routes.healthy_since(order.terms.account)
        if broker is None or healthy is None or order.unknown is None:
            return []
        now = c.clock.mono_ns()
        seen = self._absence.get(order.cl_ord_id)
        if seen is None or seen.first_at < healthy:
            seen = self._absence[order.cl_ord_id] = Absence(0, now)
        seen.rounds += 1
        proven = seen.rounds >= settings.absent_rounds and now - seen.first_at >= settings.absent_span_ns
        if not proven or not broker.capabilities.query_complete:
            return []
        fault_point("orders.unknown.proven_absent")
        text = f"the venue denied it {seen.rounds} times over {(now - seen.first_at) // NS_PER_S} s"
        c.alert("NEVER_ARRIVED", order, f"Closed as NOT SENT: {text}.")
        return [OrderRejected(cl_ord_id=order.cl_ord_id, ts=c.clock.now_ns(), code=NOT_SENT, text=text)]

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._c.scheduler.call_later(self._c.settings.in_flight_look_ns, self._tick)

    def _tick(self) -> None:
        self._scheduled = False
        c = self._c
        now, late_before = c.clock.now_ns(), c.clock.mono_ns() - c.settings.in_flight_limit_ns
        events: list[Event] = []
        for cl_ord_id, since in tuple(self._in_flight.items()):
            order = c.book.get(cl_ord_id)
            if order is None or order.status not in PENDING_REQUEST:
                del self._in_flight[cl_ord_id]
            elif self._waits_here(cl_ord_id) or (order.status is _S.PENDING_REPLACE and self._change_waits(cl_ord_id)):
                self._in_flight[cl_ord_id] = c.clock.mono_ns()
            elif since <= late_before:
                request = PENDING_REQUEST[order.status]
                cause = f"no answer within {c.settings.in_flight_limit_ns // NS_PER_S} s"
                events.append(OutcomeUnknown(cl_ord_id=cl_ord_id, ts=now, request=request, cause=cause))
        fault_point("orders.in_flight.before_record")
        c.recorder.record(events)
        accounts = {order.terms.account: None for key in self._unknown if (order := c.book.get(key)) is not None}
        for account in accounts:
            self._look(account, "unknown outcome")
        if self._in_flight or self._unknown:
            self._schedule()


def waits_here(order: OrderState) -> bool:
    """Tell whether an order in NEW waits for something: its trigger, its parent or a person."""
    has_parent = order.link is not None and order.link.parent != ""
    return has_parent or order.held_for != "" or order.residence is _HERE
