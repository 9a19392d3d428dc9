"""Fills: an execution report becomes booked events, once, whatever order state it finds.

Order walk, the way up. New keys are booked, exact replays are skipped and counted, contradictions are kept aside and
alert. A real fill takes the place of a synthetic one that recovery had to invent; an unknown order's fill is adopted.
"""

from msgspec.structs import replace

from workstation.domain.accounts import KillScope, KillState
from workstation.domain.events import Event, ExecutionSetAside, KillChanged, OrderFilled
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import OrderState, OrdStatus
from workstation.kernel.ids import stable_uid
from workstation.orders.adoption import adopted, order_of
from workstation.orders.book import Booking
from workstation.orders.context import DeskContext


class Fills:
    """Booking of executions. `replays` counts exact repetitions, which change nothing."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context
        self.replays = 0

    def events(self, execution: Execution) -> list[Event]:
        """Return the events that book an execution report; [] for a replay."""
        c = self._c
        booking = c.book.booking(execution)
        if booking is Booking.REPLAY:
            self.replays += 1
            return []
        order = self._order(execution)
        if booking is Booking.CONFLICT:
            return [self._set_aside(execution, order)]
        opening: list[Event] = []
        if order is None or order.status is OrdStatus.NEW:
            cl_ord_id, opening = self._adopt(execution, order)
            owner, strategy_id = cl_ord_id, "" if order is None else order.strategy_id
        else:
            owner, strategy_id = order.cl_ord_id, order.strategy_id
            opening = self._replaced_synthetic(order, execution)
        booked = replace(
            execution,
            cl_ord_id=owner,
            strategy_id=strategy_id,
            uid=execution.uid or stable_uid("execution", execution.account, execution.exec_key),
        )
        return [*opening, OrderFilled(cl_ord_id=owner, ts=c.clock.now_ns(), execution=booked)]

    def watch(self, before: OrderState | None, after: OrderState) -> None:
        """Alert about fills that came late or beyond the quantity."""
        if before is None or after.cum_qty <= before.cum_qty:
            return
        if before.status.is_final:
            self._c.alert("LATE_FILL", after, f"Filled after {before.status}: booked, the order keeps its state.")
        if after.overfill_qty > before.overfill_qty:
            instrument = self._c.instruments.get(after.terms.symbol)
            excess = str(after.overfill_qty) if instrument is None else instrument.qty_text(after.overfill_qty)
            self._c.alert("OVERFILL", after, f"Filled {excess} beyond its quantity: booked as reported.")

    def _order(self, execution: Execution) -> OrderState | None:
        return self._c.book.find(execution.account, execution.cl_ord_id, execution.order_id)

    def _set_aside(self, execution: Execution, order: OrderState | None) -> ExecutionSetAside:
        known = execution.kind is ExecKind.TRADE
        reason = "its key was booked with other numbers" if known else f"no fill {execution.corrects!r} stands"
        if order is not None:
            self._c.alert("EXECUTION_SET_ASIDE", order, f"Execution {execution.exec_key} not booked: {reason}.")
        owner = execution.cl_ord_id if order is None else order.cl_ord_id
        return ExecutionSetAside(cl_ord_id=owner, ts=self._c.clock.now_ns(), execution=execution, reason=reason)

    def _adopt(self, execution: Execution, order: OrderState | None) -> tuple[str, list[Event]]:
        """Open an EXTERNAL order for a fill that no sent order explains, and stop the strategy that it names."""
        c = self._c
        key = execution.order_id or execution.cl_ord_id or execution.exec_key
        linked = "" if order is None else order.cl_ord_id
        cl_ord_id, events = adopted(
            c, order_of(execution), key, execution.order_id, execution.ts_event, linked_to=linked
        )
        strategy_id = "" if order is None else order.strategy_id
        if strategy_id:
            kill = KillState(
                scope=KillScope.STRATEGY,
                key=strategy_id,
                on=True,
                reason=f"fill {execution.exec_key} for an order that was never sent",
                actor="engine",
                ts=c.clock.now_ns(),
                cancel_orders=False,
            )
            events.append(KillChanged(state=kill, ts=kill.ts))
        return cl_ord_id, events

    def _replaced_synthetic(self, order: OrderState, execution: Execution) -> list[Event]:
        """Take back an invented fill when the real one arrives, and invent what of it is still missing."""
        if execution.synthetic or execution.kind is not ExecKind.TRADE:
            return []
        invented = next((fill for fill in self._c.book.fills(order.cl_ord_id) if fill.synthetic), None)
        if invented is None:
            return []
        now = self._c.clock.now_ns()
        bust_key = stable_uid("bust", invented.exec_key, execution.exec_key)
        bust = replace(
            invented, exec_key=bust_key, exec_id=bust_key, uid=stable_uid("execution", bust_key), kind=ExecKind.BUST,
            corrects=invented.exec_key, ts_init=now,
        )  # fmt: skip
        events: list[Event] = [OrderFilled(cl_ord_id=order.cl_ord_id, ts=now, execution=bust)]
        rest = invented.last_qty - execution.last_qty
        if rest > 0:
            key = stable_uid("synthetic", invented.exec_key, execution.exec_key)
            again = replace(
                invented, exec_key=key, exec_id=key, uid=stable_uid("execution", key), last_qty=rest, ts_init=now
            )
            events.append(OrderFilled(cl_ord_id=order.cl_ord_id, ts=now, execution=again))
        return events
