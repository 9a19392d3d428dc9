"""Queued changes: a second change of an order, asked for while the first is not settled, goes out after it.

Order walk, beside amendment. One wish an order, the newest; it is journaled, so that a kill leaves it; a cancel drops
it. It is judged when it is asked for, and once more when it is sent, on the terms in force by then: what adds risk is
given up after a restart, which disarms hand entry. While its account is locked it waits on. A person's wishes alone: a
script is told the conflict and asks anew.
"""

from msgspec.structs import replace

from workstation.domain.errors import ValidationError
from workstation.domain.events import ReplaceDropped, ReplaceQueued
from workstation.domain.instruments import Instrument
from workstation.domain.orders import WAITS, OrderState, OrderTerms, OrdStatus, ReplaceOrder
from workstation.kernel.fault_points import fault_point
from workstation.orders.amendment import Amendment, changed_terms, check_version
from workstation.orders.book import Change
from workstation.orders.context import DeskContext
from workstation.orders.recorder import Attach
from workstation.orders.results import ChangeResult, Severity

_S = OrdStatus


class QueuedChanges:
    """Keeps changes behind changes, and sends them."""

    def __init__(self, context: DeskContext, amendment: Amendment) -> None:
        self._c, self._amendment = context, amendment

    def takes(self, command: ReplaceOrder) -> bool:
        """Tell whether a change is a person's, of an order whose last change is not settled."""
        order = self._c.book.get(command.cl_ord_id)
        return order is not None and order.status is _S.PENDING_REPLACE and command.origin.kind.is_hand

    def ask(self, command: ReplaceOrder, *, attach: Attach | None = None) -> ChangeResult:
        """Queue a change that `takes` it; one that was queued before is given up for it.

        Raises:
            StateConflict: the order is no longer at the version that the caller saw.
            ValidationError: the new terms are wrong in themselves.
        """
        c, order = self._c, self._c.book.get(command.cl_ord_id)
        if order is None:
            return ChangeResult()
        check_version(order, command)
        now = order.pending_terms or order.terms
        terms = changed_terms(now, command)
        if terms.order_qty < order.cum_qty:
            raise ValidationError("quantity", "is below what has filled", allowed=f"at least {order.cum_qty}")
        denial = self._amendment.objection(order, terms, command.origin)
        if denial is not None:
            return self._amendment.deny(order, terms, command.origin, denial, attach)
        instrument = c.instruments[order.terms.symbol]
        reason = f"{WAITS}the change before it is not settled; then {_words(now, terms, instrument)}"
        if order.queued is not None:
            reason += ", instead of the change that waited before"
        wish = replace(command, version=None)
        queued = ReplaceQueued(cl_ord_id=order.cl_ord_id, ts=c.clock.now_ns(), wish=wish, reason=reason)
        fault_point("orders.queued_change.before_record")
        seq = c.recorder.record(
            [queued], actor=command.origin.actor, correlation=order.uid, causation=order.cl_ord_id, attach=attach
        )
        return ChangeResult(order=c.book.get(order.cl_ord_id), seq=seq)

    def on_change(self, change: Change) -> None:
        """Send what waited for the change that has just been settled, to the order that the venue made of it too."""
        before, after = change.before, change.after
        if before is None or after is None or before.queued is None or before.status is not _S.PENDING_REPLACE:
            return
        if after.status.is_working:
            self._send(after.cl_ord_id)
        elif after.status is _S.REPLACED:
            self._hand_on(before, after)

    def resume(self, account: str) -> None:
        """Send what waited for the account, now that book and venue agree."""
        for order in self._c.book.open_orders(account):
            if order.queued is not None:
                self._send(order.cl_ord_id)

    def _hand_on(self, before: OrderState, ended: OrderState) -> None:
        """Give a wish to the order that goes on, which is for what the ended one has not filled."""
        heir, wish = self._c.book.get(ended.replaced_by), before.queued
        if heir is None or wish is None or not heir.status.is_working:
            return
        left = None if wish.order_qty is None else max(wish.order_qty - ended.cum_qty, 0)
        wish = replace(wish, cl_ord_id=heir.cl_ord_id, order_qty=left)
        queued = ReplaceQueued(cl_ord_id=heir.cl_ord_id, ts=self._c.clock.now_ns(), wish=wish, reason=before.text)
        self._c.recorder.record([queued], causation=ended.cl_ord_id)
        self._send(heir.cl_ord_id)

    def _send(self, cl_ord_id: str) -> None:
        order = self._c.book.get(cl_ord_id)
        if order is None or not order.status.is_working or order.queued is None:
            return
        if self._c.locked(order.terms.account):
            return
        terms = changed_terms(order.terms, order.queued)
        if terms.order_qty <= order.cum_qty:
            self._drop(order, "its quantity has filled meanwhile")
            return
        fault_point("orders.queued_change.before_amend")
        result = self._amendment.amend(order, terms, order.queued.origin)
        if result.denial is not None:
            self._drop(order, result.denial.text)
        elif terms == order.terms:
            self._drop(order, "")

    def _drop(self, order: OrderState, why: str) -> None:
        """Give a wish up; it is told where it was not in force already."""
        text = f"The change that waited was not sent: {why}" if why else ""
        dropped = ReplaceDropped(cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), reason=text)
        self._c.recorder.record([dropped], causation=order.cl_ord_id)
        if why:
            self._c.alert("CHANGE_DROPPED", order, text, severity=Severity.WARNING)


def _words(now: OrderTerms, then: OrderTerms, instrument: Instrument) -> str:
    """Return what would change, in words."""
    parts = []
    if then.order_qty != now.order_qty:
        parts.append(f"quantity {instrument.qty_text(then.order_qty)}")
    if then.price is not None and then.price != now.price:
        parts.append(f"price {instrument.price_text(then.price)}")
    if then.stop_px is not None and then.stop_px != now.stop_px:
        parts.append(f"stop {instrument.price_text(then.stop_px)}")
    if then.time_in_force is not now.time_in_force or then.expire_time != now.expire_time:
        parts.append(f"life {then.time_in_force}")
    if then.trail != now.trail:
        parts.append("the trail")
    return ", ".join(parts) or "nothing else"
