"""Groups: brackets, OTO and OCO, managed here: children follow their parent's fills, siblings each other's.

Order walk, beside the desk. A group has no state of its own: `sync` reads its orders and does what is missing, so that
it can run after every change and after a restart alike. Legs wait in NEW until their parent fills, grow with each
fill (PARTIAL) or go out after the last one (FULL), shrink by what a sibling filled (OUO) and never exceed the position
that they protect; any fill of an OCO leg cancels the others. When one leg completes, the rest of the group ends.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from workstation.domain.errors import ValidationError
from workstation.domain.events import Event, OrderIntended, ReplaceRejected
from workstation.domain.orders import (
    Contingency,
    LegRole,
    OrderState,
    OrdStatus,
    Residence,
    RiskClass,
    SubmitGroup,
    SubmitOrder,
)
from workstation.domain.verdicts import RuleResult, Verdict
from workstation.kernel.fault_points import fault_point
from workstation.orders.amendment import Amendment
from workstation.orders.book import Change
from workstation.orders.cancels import Cancels
from workstation.orders.context import DeskContext
from workstation.orders.effects import resized
from workstation.orders.recorder import Attach
from workstation.orders.reports import BY_SYSTEM
from workstation.orders.results import GroupResult, refusal
from workstation.orders.submission import Submission
from workstation.orders.validation import unsupported

GROUP_ORDERS_MAX = 16
"""Orders in one group."""

RESIZES_REFUSED_MAX = 3
"""Refused resizes of a leg after which it is left to a person."""

_S = OrdStatus


class Parent(NamedTuple):
    """A parent as its children see it, over all orders that a venue made of it."""

    asked: int
    filled: int
    is_open: bool


class Groups:
    """Linked orders."""

    def __init__(
        self,
        context: DeskContext,
        submission: Submission,
        amendment: Amendment,
        cancels: Cancels,
        *,
        reserved: Callable[[str, str], int],
        watch: Callable[[OrderState], None],
    ) -> None:
        self._c = context
        self._submission = submission
        self._amendment = amendment
        self._cancels = cancels
        self._reserved = reserved
        self._watch = watch
        self._refused: dict[str, int] = {}

    def submit(self, command: SubmitGroup, *, attach: Attach | None = None, withdrawn: str = "") -> GroupResult:
        """Accept all orders of a group in one transaction, or none. withdrawn: why all are cancelled at once.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the group is not one, or terms are wrong in themselves.
        """
        orders = command.orders
        check_group(orders)
        known = self._submission.duplicate(orders[0])
        if known is not None:
            found = tuple(row for row in (self._c.book.get(order.cl_ord_id) for order in orders) if row is not None)
            return GroupResult(orders=found, seq=known.seq)
        events: list[Event] = []
        used: set[str] = set()
        released: list[tuple[SubmitOrder, RiskClass]] = []
        for order in orders:
            verdict, denial = self._judge(order, orders[0])
            denial = denial or _spent(verdict, used)
            used |= {*verdict.overrides}
            if denial is not None:
                refused = self._submission.deny(order, verdict, denial, attach)
                return GroupResult(orders=(refused.order,) if refused.order else (), denial=denial, seq=refused.seq)
            opening = self._submission.opening(order, verdict, withdrawn)
            events.extend(opening)
            if isinstance(opening[-1], OrderIntended):
                released.append((order, verdict.risk_class))
        fault_point("orders.group.before_record")
        seq = self._c.recorder.record(
            events,
            actor=orders[0].origin.actor,
            correlation=orders[0].uid,
            causation=orders[0].cl_ord_id,
            attach=attach,
        )
        fault_point("orders.group.after_record")
        for order, risk_class in released:
            self._c.gate.count(self._submission.asked(order))
            self._submission.await_release(order.cl_ord_id, seq, risk_class)
        group = orders[0].link
        return GroupResult(orders=tuple(self._c.book.group(group.group_id)) if group else (), seq=seq)

    def on_change(self, change: Change) -> None:
        """Bring the order's group up to date; after a fill or an end every group that protects the same position."""
        before, after = change.before, change.after
        if after is None:
            return
        if isinstance(change.event, ReplaceRejected):
            self._refused[after.cl_ord_id] = self._refused.get(after.cl_ord_id, 0) + 1
        if not after.is_open:
            self._refused.pop(after.cl_ord_id, None)
        if after.link is not None:
            self.sync(after.link.group_id)
        if before is not None and (after.cum_qty != before.cum_qty or before.is_open != after.is_open):
            self.sync_position(after.terms.account, after.terms.symbol)

    def sync_position(self, account: str, symbol: str) -> None:
        """Bring every group with open orders in an (account, symbol) up to date."""
        groups = {order.link.group_id: None for order in self._c.book.open_orders(account, symbol) if order.link}
        for group_id in groups:
            self.sync(group_id)

    def resume(self, account: str) -> None:
        """Do what a restart or a lost session left undone."""
        groups = {order.link.group_id: None for order in self._c.book.open_orders(account) if order.link}
        for group_id in groups:
            self.sync(group_id)

    def sync(self, group_id: str) -> None:
        """Do what the group's orders call for now; doing it again does nothing."""
        orders = self._c.book.group(group_id)
        if not orders or self._c.routes.live(orders[0].terms.account) is None:
            return
        ending = [order for order in orders if order.is_open and self._should_end(order, orders)]
        if ending:
            fault_point("orders.group.before_cancels")
            unasked = [order for order in ending if order.cancel_requested_at is None]
            self._cancels.cancel_orders(unasked, BY_SYSTEM, "its group ended")
            return
        for cl_ord_id in [order.cl_ord_id for order in orders if order.is_open and order.link and order.link.parent]:
            leg = self._c.book.get(cl_ord_id)  # fitting one leg may already have moved the others
            if leg is not None and leg.is_open:
                self._fit(leg, self._c.book.group(group_id))

    def is_released(self, order: OrderState) -> bool:
        """Tell whether a leg's parent has filled as far as the leg waits for."""
        parent = _parent(order, self._c.book.group(order.link.group_id)) if order.link else None
        return parent is not None and _releases(parent, order)

    # One order of a group

    def _should_end(self, order: OrderState, orders: list[OrderState]) -> bool:
        link = order.link
        if link is None:
            return False
        if link.contingency is Contingency.OCO and _sibling_filled(order, orders):
            return True
        if link.role is LegRole.ENTRY:
            return any(other.status is _S.FILLED and _is_exit(other) for other in orders)
        if not link.parent:
            return False
        parent = _parent(order, orders)
        if parent is None:
            return False
        if parent.filled == 0:
            return not parent.is_open
        return self._target(order, orders, parent) <= order.cum_qty and (
            order.cum_qty > 0 or self._spent(order, orders)
        )

    def _spent(self, order: OrderState, orders: list[OrderState]) -> bool:
        """Tell whether nothing is left to protect: a sibling filled, or the position is gone."""
        if _sibling_filled(order, orders):
            return True
        return order.status is not _S.NEW and order.terms.reduce_only and self._room(order) <= 0

    def _fit(self, order: OrderState, orders: list[OrderState]) -> None:
        """Release a leg whose parent has filled, or bring a live one to its size."""
        parent = _parent(order, orders)
        if parent is None or not _releases(parent, order):
            return
        target = self._target(order, orders, parent)
        if target <= order.cum_qty:
            return
        if order.status is _S.NEW:
            terms = resized(order.terms, target)
            if order.residence is Residence.PROGRAM:
                self._amendment.amend(order, terms, BY_SYSTEM, why="sized by its parent's fills")
                self._watch(self._c.book.get(order.cl_ord_id) or order)
            else:
                fault_point("orders.group.before_release")
                self._submission.release(order, terms, "its parent filled")
            return
        if not order.status.is_working or order.unknown is not None or order.terms.order_qty == target:
            return
        if self._refused.get(order.cl_ord_id, 0) >= RESIZES_REFUSED_MAX:
            return
        fault_point("orders.group.before_resize")
        self._amendment.amend(order, resized(order.terms, target), BY_SYSTEM)

    def _target(self, order: OrderState, orders: list[OrderState], parent: Parent) -> int:
        """Return the total quantity that a leg should have now, its own fills included."""
        asked = self._c.book.asked_qty(order)
        target = asked * parent.filled // parent.asked if parent.asked else 0
        if order.link is not None and order.link.contingency in (Contingency.OUO, Contingency.BRACKET):
            target -= sum(other.cum_qty for other in orders if other.cl_ord_id != order.cl_ord_id and _is_leg(other))
        if order.terms.reduce_only:
            target = min(target, order.cum_qty + self._room(order))
        lot = self._c.instruments[order.terms.symbol].lot
        return target // lot * lot

    def _room(self, order: OrderState) -> int:
        """Return how much of the position the leg may close, an exit under way coming first."""
        terms = order.terms
        position = self._c.state.ledger.qty(terms.account, terms.symbol)
        return max(-terms.side.sign * position - self._reserved(terms.account, terms.symbol), 0)

    def _judge(self, order: SubmitOrder, parent: SubmitOrder) -> tuple[Verdict, RuleResult | None]:
        """Judge a leg; one that can only close what its parent opens is covered by the parent's own verdict."""
        ours, theirs = order.terms, parent.terms
        covered = (
            order.link is not None
            and order.link.parent == parent.cl_ord_id
            and ours.reduce_only
            and (ours.account, ours.symbol) == (theirs.account, theirs.symbol)
            and ours.side.sign == -theirs.side.sign
            and ours.order_qty <= theirs.order_qty
        )
        if not covered:
            return self._submission.judge(self._submission.asked(order))
        broker = self._c.routes.broker(ours.account)
        card = None if broker is None else broker.capabilities
        denial = unsupported(ours, self._c.instruments[ours.symbol], card, now_ns=self._c.clock.now_ns())
        verdict = Verdict(risk_class=RiskClass.REDUCE, passed=denial is None, qty=ours.order_qty, results=())
        return verdict, denial


def _spent(verdict: Verdict, used: AbstractSet[str]) -> RuleResult | None:
    """Refuse a leg whose override another leg takes already."""
    if used.isdisjoint(verdict.overrides):
        return None
    return refusal("OVERRIDE_USED", "Refused: override. Another leg uses it up; each leg over a limit needs its own.")


_EXIT_ROLES = frozenset({LegRole.TAKE_PROFIT, LegRole.STOP_LOSS})


def check_group(orders: tuple[SubmitOrder, ...]) -> None:
    """Check that orders make one group: linked by one id, each parent before its children.

    Raises:
        ValidationError: naming what is wrong.
    """
    if not 2 <= len(orders) <= GROUP_ORDERS_MAX:
        raise ValidationError("legs", f"a group has 2 to {GROUP_ORDERS_MAX} orders")
    seen: set[str] = set()
    for order in orders:
        if order.link is None or order.link.group_id != (orders[0].link.group_id if orders[0].link else ""):
            raise ValidationError("legs", "every order of a group carries its group's id")
        if order.link.parent and order.link.parent not in seen:
            raise ValidationError("legs", "a parent stands before its children")
        if order.cl_ord_id in seen:
            raise ValidationError("legs", "a client order id appears twice")
        seen.add(order.cl_ord_id)


def _releases(parent: Parent, leg: OrderState) -> bool:
    """Tell whether a leg may go out: at the first fill, with FULL once no further fill is to come."""
    waits = leg.link is not None and leg.link.full and parent.is_open and parent.filled < parent.asked
    return parent.filled > 0 and not waits


def _is_leg(order: OrderState) -> bool:
    return order.link is not None and order.link.role is not LegRole.ENTRY


def _is_exit(order: OrderState) -> bool:
    return order.link is not None and order.link.role in _EXIT_ROLES


def _sibling_filled(order: OrderState, orders: list[OrderState]) -> bool:
    """Tell whether another leg has filled, orders that a venue made of this one aside."""
    return any(
        other.cum_qty > 0 and _is_leg(other) and other.cl_ord_id != order.cl_ord_id and not _same_chain(order, other)
        for other in orders
    )


def _same_chain(order: OrderState, other: OrderState) -> bool:
    return other.replaced_by == order.cl_ord_id or order.replaced_by == other.cl_ord_id


def _parent(order: OrderState, orders: list[OrderState]) -> Parent | None:
    """Return what a leg's parent has filled, over the chain of orders that a venue made of it, which follow it."""
    rows = iter(orders)
    found = next((row for row in rows if order.link and row.cl_ord_id == order.link.parent), None)
    if found is None:
        return None
    before = 0
    for row in rows:
        if row.cl_ord_id == found.replaced_by:
            before += found.cum_qty
            found = row
    filled = before + found.cum_qty
    return Parent(max(before + found.terms.order_qty, filled), filled, found.is_open)
