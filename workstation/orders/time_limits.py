"""Time limits that this program keeps: GTD and DAY where the venue lacks them, and for orders that wait here.

Order walk, beside the desk. Such an order goes to the venue as GTC and is cancelled from here when its time has come:
at `expire_time`, or at the close of the session in which it was given. Like an emulated stop the limit dies with this
program, which an alert says; after a restart what is overdue is cancelled at the first agreement. It decides nothing
about orders whose time the venue keeps. An order that compliance holds ends with its session, whatever its own time.
"""

from typing import NamedTuple

from workstation.domain.orders import FINAL_STATES, CancelOrder, OrderState, OrdStatus, Residence, TimeInForce
from workstation.kernel.clock import Timer
from workstation.kernel.fault_points import fault_point
from workstation.marketdata.calendar import Calendars
from workstation.orders.book import Change
from workstation.orders.cancels import Cancels
from workstation.orders.context import DeskContext
from workstation.orders.reports import BY_SYSTEM
from workstation.orders.results import Severity
from workstation.orders.routing import KEPT_HERE

_NEW = OrdStatus.NEW


class _Limit(NamedTuple):
    """When an order ends, UTC ns, and the timer that will see to it."""

    ends_at: int
    timer: Timer


class TimeLimits:
    """Timers of the orders whose time is kept here, one each."""

    def __init__(self, context: DeskContext, cancels: Cancels, calendars: Calendars) -> None:
        self._c = context
        self._cancels = cancels
        self._calendars = calendars
        self._limits: dict[str, _Limit] = {}

    @property
    def kept(self) -> dict[str, int]:
        """Client order ids and the times at which they end, UTC ns."""
        return {cl_ord_id: limit.ends_at for cl_ord_id, limit in self._limits.items()}

    def resume(self) -> None:
        """After a restart: keep the time of every open order again."""
        for order in self._c.book.open_orders():
            if self._is_kept_here(order):
                self._keep(order)

    def on_change(self, change: Change) -> None:
        """Begin, move or end the timer of an order that changed."""
        after = change.after
        if after is None:
            return
        if after.status not in FINAL_STATES and self._is_kept_here(after):
            if after.cl_ord_id not in self._limits and after.status is not OrdStatus.NEW:
                text = f"The venue takes no {after.terms.time_in_force}: this program ends it, and has to run then."
                self._c.alert("TIME_KEPT_HERE", after, text, severity=Severity.WARNING)
            self._keep(after)
        elif after.cl_ord_id in self._limits:
            self._limits.pop(after.cl_ord_id).timer.cancel()

    def _is_kept_here(self, order: OrderState) -> bool:
        is_timed = order.terms.time_in_force in KEPT_HERE
        if order.status is not _NEW:
            return is_timed and self._c.routes.keeps_time(order.terms)
        if order.held_for:
            return True
        # The usual order is here for an instant only, and has no limit of ours.
        waits = order.residence is Residence.PROGRAM or (order.link is not None and order.link.parent != "")
        return is_timed and waits

    def _keep(self, order: OrderState) -> None:
        ends_at = self._ends_at(order)
        limit = self._limits.get(order.cl_ord_id)
        if ends_at is None or (limit is not None and limit.ends_at == ends_at):
            return
        if limit is not None:
            limit.timer.cancel()
        self._schedule(order.cl_ord_id, ends_at)

    def _ends_at(self, order: OrderState) -> int | None:
        expires_at = order.terms.expire_time if order.terms.time_in_force is TimeInForce.GTD else None
        if expires_at is not None and not order.is_held:
            return expires_at
        calendar = self._calendars[self._c.instruments[order.terms.symbol].calendar]
        close = calendar.close_after(order.created_at)
        return min(close, expires_at) if close is not None and expires_at is not None else close or expires_at

    def _schedule(self, cl_ord_id: str, ends_at: int) -> None:
        delay = ends_at - self._c.clock.now_ns()
        timer = self._c.scheduler.call_later(delay, lambda: self._on_time(cl_ord_id))
        self._limits[cl_ord_id] = _Limit(ends_at, timer)

    def _on_time(self, cl_ord_id: str) -> None:
        limit, order = self._limits[cl_ord_id], self._c.book.get(cl_ord_id)
        known = None if order is None else self._ends_at(order)
        ends_at = limit.ends_at if known is None else max(known, limit.ends_at)
        if self._c.clock.now_ns() < ends_at:
            self._schedule(cl_ord_id, ends_at)  # wall time was set back meanwhile, or hours that end later came in
            return
        del self._limits[cl_ord_id]
        if order is not None and order.is_open:
            fault_point("orders.time_limit.before_cancel")
            reason = "held until its session ended" if order.is_held else f"{order.terms.time_in_force} ended"
            self._cancels.cancel(CancelOrder(cl_ord_id=cl_ord_id, origin=BY_SYSTEM, reason=reason))
