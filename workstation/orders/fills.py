"""Fills: an execution report becomes booked events, once, whatever order state it finds.

Order walk, the way up. New keys are booked, exact replays are skipped and counted. Contradictions, impossible fills and
fills of another contract than their order's are kept aside and alert. A real fill takes the place of a synthetic one
that recovery had to invent; an unknown order's fill is adopted. A fill beyond its order's quantity is booked and stops
the strategy.
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
from workstation.orders.results import OrderAlert, Severity

TIME_END = 1 << 63
"""UTC ns that no time of a venue reaches: 64 bits hold every time, in the book and in the database."""

ASIDE_KEPT_MAX = 1_000
"""Executions that were set aside and are remembered, so that each is told once."""


class Fills:
    """Booking of executions. `replays` counts exact repetitions, which change nothing."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context
        self.replays = 0
        self._aside: dict[tuple[str, str], str] = {}

    def events(self, execution: Execution) -> list[Event]:
        """Return the events that book an execution report; [] for a replay."""
        c = self._c
        booking = c.book.booking(execution)
        if booking is Booking.REPLAY:
            self.replays += 1
            return []
        order = self._order(execution)
        wrong = self._conflict(execution) if booking is Booking.CONFLICT else self._other_contract(execution, order)
        if wrong:
            return self._set_aside(execution, order, wrong)
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
        filled = OrderFilled(cl_ord_id=owner, ts=c.clock.now_ns(), execution=booked)
        return [*opening, filled, *self._stopped_by_excess(order, execution, strategy_id)]

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

    def _conflict(self, execution: Execution) -> str:
        known = execution.kind is ExecKind.TRADE
        return "its key was booked with other numbers" if known else f"no fill {execution.corrects!r} stands"

    def _other_contract(self, execution: Execution, order: OrderState | None) -> str:
        """Return why a fill cannot be of the contract that it names, "" where it can: such a one must not be booked."""
        if not 0 <= execution.ts_event < TIME_END:
            return f"its time is {execution.ts_event}"
        if execution.account not in self._c.state.accounts:
            return f"it names account {execution.account}, which is none of ours"
        instrument = self._c.instruments.get(execution.symbol)
        if instrument is None:
            return f"it names {execution.symbol}, which is no instrument known here"
        if execution.last_qty <= 0:
            return f"its quantity is {execution.last_qty}"
        if execution.last_px < 0 and not instrument.price_may_be_negative:
            return f"its price is below 0, which {execution.symbol} does not permit"
        if order is None or order.status is OrdStatus.NEW:
            return ""
        if execution.account != order.terms.account:
            return f"it names account {execution.account}, its order {order.terms.account}"
        if execution.symbol != order.terms.symbol:
            return f"it names {execution.symbol}, its order {order.terms.symbol}"
        return "" if execution.side.sign == order.terms.side.sign else "it is of the other side than its order"

    def _set_aside(self, execution: Execution, order: OrderState | None, reason: str) -> list[Event]:
        """Keep an execution without booking it and tell people, once: the venue lists it again at every look."""
        key, now = (execution.account, execution.exec_key), self._c.clock.now_ns()
        if self._aside.get(key) == reason:
            self.replays += 1
            return []
        if len(self._aside) >= ASIDE_KEPT_MAX:
            del self._aside[next(iter(self._aside))]
        self._aside[key] = reason
        owner = execution.cl_ord_id if order is None else order.cl_ord_id
        told = OrderAlert(
            severity=Severity.CRITICAL, code="EXECUTION_SET_ASIDE", account=execution.account,
            text=f"Execution {execution.exec_key} not booked: {reason}.", ts=now, cl_ord_id=owner,
            symbol=execution.symbol,
        )  # fmt: skip
        self._c.bus.publish(told)
        return [ExecutionSetAside(cl_ord_id=owner, ts=now, execution=execution, reason=reason)]

    def _stopped_by_excess(self, order: OrderState | None, execution: Execution, strategy_id: str) -> list[Event]:
        """Stop the strategy whose order fills beyond its quantity, the first time that it does."""
        if order is None or not strategy_id or execution.kind is not ExecKind.TRADE:
            return []
        asked = order.terms.order_qty
        if order.cum_qty > asked or order.cum_qty + execution.last_qty <= asked:
            return []
        return [self._stop(strategy_id, f"fill {execution.exec_key} goes beyond the quantity of its order")]

    def _stop(self, strategy_id: str, reason: str) -> KillChanged:
        now = self._c.clock.now_ns()
        kill = KillState(
            scope=KillScope.STRATEGY, key=strategy_id, on=True, reason=reason, actor="engine", ts=now,
            cancel_orders=False,
        )  # fmt: skip
        return KillChanged(state=kill, ts=now)

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
            events.append(self._stop(strategy_id, f"fill {execution.exec_key} for an order that was never sent"))
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
