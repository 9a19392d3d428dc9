"""What must hold after every event of a simulation, checked by plain recounting. Each breach is one readable line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tests.helpers.simulation_journal import GroupJournal
from workstation.app.core import Core
from workstation.domain.errors import InvariantError
from workstation.domain.events import InvariantViolated, OrderFilled, OrderIntended, ReplaceRequested
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, TimeInForce
from workstation.orders.exits import EXIT_MARK
from workstation.ports.store import Entry
from workstation.risk.exposure import exclusive_group

RECOUNT_EVERY = 64
"""Events between two recounts of everything."""

CANCEL_WAIT_NS = 50_000_000


EVENTS_MAX = 20_000
"""Far beyond what a seed needs: something runs away."""


class Breach(BaseException):
    """The first violation, where a run shall end there."""


class Checks:
    """Watches one simulation over all lives of the program. `fail_fast`: end the run at the first violation.

    kept_here: times in force that the venue lacks, so that such an order goes to it until cancelled.
    """

    def __init__(self) -> None:
        self.fail_fast = False
        self.violations: list[str] = []
        self.events = 0
        self.fills = 0
        self.exits = 0
        self.overridden: set[str] = set()
        self.overriding: Callable[[], bool] = lambda: False
        self.kept_here: frozenset[TimeInForce] = frozenset()
        self.sent: set[str] = set()
        self._intent_seq: dict[str, int] = {}
        self._replace: dict[str, tuple[int, OrderTerms]] = {}

    def fail(self, text: str) -> None:
        self.violations.append(text)
        if self.fail_fast:
            raise Breach

    # Events

    def on_append(self, core: Core, journal: GroupJournal, entries: Sequence[Entry]) -> None:
        """Check the core after one transaction was folded and queued."""
        seq = journal.last_seq
        if self.events > EVENTS_MAX:
            self.fail_fast = True
            self.fail(f"more than {EVENTS_MAX} events")
        for entry in entries:
            self.events += 1
            event = entry.event
            if isinstance(event, InvariantViolated):
                self.fail(f"violated: {event.where}: {event.text}")
            elif isinstance(event, OrderIntended):
                self._intent_seq[event.cl_ord_id] = seq
                self._check_exit(core, event)
            elif isinstance(event, ReplaceRequested):
                self._replace[event.cl_ord_id] = (seq, event.terms)
            elif isinstance(event, OrderFilled):
                self.fills += 1
                self._check_ledger(core, event)
        for entry in entries:
            for row in entry.rows:
                if isinstance(row, OrderState):
                    self._check_order(core, row.cl_ord_id)
        if self.events % RECOUNT_EVERY < len(entries):
            self.recount(core)

    def _check_ledger(self, core: Core, event: OrderFilled) -> None:
        execution = event.execution
        holding = core.state.ledger.holding(execution.account, execution.symbol)
        broken = "no holding" if holding is None else holding.now.broken_invariant(holding.contract)
        if broken:
            self.fail(f"ledger: {execution.account} {execution.symbol}: {broken}")

    def _check_order(self, core: Core, cl_ord_id: str) -> None:
        order = core.state.book.get(cl_ord_id)
        if order is None:
            return
        fills = core.state.book.fills(cl_ord_id)
        cum, cost = sum(fill.last_qty for fill in fills), sum(fill.last_qty * fill.last_px for fill in fills)
        if (order.cum_qty, order.cost) != (cum, cost):
            self.fail(f"{cl_ord_id}: cum {order.cum_qty} cost {order.cost}, its fills sum to {cum} and {cost}")
        leaves = 0 if order.status.is_final else max(order.terms.order_qty - cum, 0)
        if order.leaves_qty != leaves:
            self.fail(f"{cl_ord_id}: leaves {order.leaves_qty}, should be {leaves} in {order.status}")
        if cum > order.terms.order_qty and order.overfill_qty != cum - order.terms.order_qty:
            self.fail(f"{cl_ord_id}: {cum} filled of {order.terms.order_qty} and not flagged")

    def _check_exit(self, core: Core, event: OrderIntended) -> None:
        order = core.state.book.get(event.cl_ord_id)
        if order is None or not order.metadata.get(EXIT_MARK):
            return
        self.exits += 1
        if self.overriding():  # a person typed it: both may fill
            self.overridden.add(event.cl_ord_id)
            return
        account, symbol = order.terms.account, order.terms.symbol
        position = core.state.ledger.qty(account, symbol)
        if event.qty > abs(position) or order.terms.side.sign * position >= 0:
            self.fail(f"exit {event.cl_ord_id} of {order.terms.side} {event.qty} against a position of {position}")
        others = [
            other.cl_ord_id
            for other in core.state.book.open_orders(account, symbol)
            if other.metadata.get(EXIT_MARK) and other.cl_ord_id not in (event.cl_ord_id, *self.overridden)
        ]
        if others:
            self.fail(f"a second exit of {account} {symbol}: {event.cl_ord_id} beside {others}")

    # Totals

    def recount(self, core: Core) -> None:
        """Compare the running totals with a recount of all open orders, and the ledger with its own law."""
        try:
            core.state.ledger.check()
        except InvariantError as error:
            self.fail(f"ledger: {error}")
        places: dict[tuple[str, str], list[OrderState]] = {}
        for order in core.state.book.open_orders():
            places.setdefault((order.terms.account, order.terms.symbol), []).append(order)
        for (account, symbol), orders in places.items():
            working = core.state.exposure.working(account, symbol)
            for sign in (1, -1):
                counted, expected = working.side(sign).qty, _worst(orders, sign)
                if counted != expected:
                    self.fail(f"exposure of {account} {symbol} side {sign}: {counted}, recounted {expected}")
        total = sum(order.status is not OrdStatus.NEW for orders in places.values() for order in orders)
        if core.state.exposure.open_orders(("TENANT", "")) != total:
            self.fail(
                f"exposure counts {core.state.exposure.open_orders(('TENANT', ''))} open orders, there are {total}"
            )

    # Bytes

    def on_submit(self, journal: GroupJournal, order: OrderState | None, cl_ord_id: str, terms: OrderTerms) -> None:
        """Check an order that is about to leave."""
        if cl_ord_id in self.sent:
            self.fail(f"{cl_ord_id} was sent twice")
        self.sent.add(cl_ord_id)
        if self._intent_seq.get(cl_ord_id, 1 << 62) > journal.durable_seq:
            self.fail(f"{cl_ord_id} was sent before its intent was durable")
        if order is None or self._as_sent(order.terms) != terms:
            self.fail(f"{cl_ord_id} was sent on other terms than were intended")

    def on_replace(self, journal: GroupJournal, order: OrderState | None, cl_ord_id: str, terms: OrderTerms) -> None:
        """Check a change that is about to leave, with a trail's trigger and limit only where another is asked for."""
        seq, intended = self._replace.get(cl_ord_id, (1 << 62, None))
        if seq > journal.durable_seq:
            self.fail(f"a change of {cl_ord_id} was sent before it was durable")
        if intended is not None and intended.trail is not None and order:
            left = {name for name in ("stop_px", "price") if getattr(order.terms, name) == getattr(intended, name)}
            intended = replace(intended, **dict.fromkeys(left))
        if intended is None or self._as_sent(intended) != terms:
            self.fail(f"a change of {cl_ord_id} was sent on other terms than were intended")

    def _as_sent(self, terms: OrderTerms) -> OrderTerms:
        if terms.time_in_force not in self.kept_here:
            return terms
        return replace(terms, time_in_force=TimeInForce.GTC, expire_time=None)

    def on_cancel(self, order: OrderState | None, cl_ord_id: str) -> None:
        """Check a cancel that is about to leave: somebody asked for it."""
        if order is None or order.cancel_requested_at is None:
            self.fail(f"a cancel of {cl_ord_id} was sent that nobody asked for")


def _worst(orders: list[OrderState], sign: int) -> int:
    """Return what one side's live orders can still fill, exclusive legs counted once."""
    alone, groups = 0, {}
    for order in orders:
        if order.terms.side.sign != sign or order.status is OrdStatus.NEW:
            continue
        qty = order.leaves_qty
        if order.pending_terms is not None:
            qty = max(qty, order.pending_terms.order_qty - order.cum_qty)
        group = exclusive_group(order.link)
        if group:
            groups[group] = max(groups.get(group, 0), qty)
        else:
            alone += qty
    return alone + sum(groups.values())
