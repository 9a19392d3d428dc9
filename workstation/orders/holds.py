"""Holds: orders that a compliance rule keeps here until a person releases or refuses them.

Order walk, the way down, between the gate and the venue. A held order is NEW, counts for nothing and survives a
restart; it ends with its session, by a cancel or under a kill switch. Released, it passes the whole gate anew, but for
the rule that held it. What forbids sending only for now (a lock, a halt, no session) leaves it held; this module never
releases anything by itself.
"""

from collections.abc import Sequence

from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import Event, OrderChanged, OrderDenied
from workstation.domain.orders import OrderState, Origin
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.orders.context import DeskContext
from workstation.orders.effects import DENIALS
from workstation.orders.recorder import Attach
from workstation.orders.results import ChangeResult
from workstation.orders.submission import Submission


class Holds:
    """A person's word on orders that wait for it."""

    def __init__(self, context: DeskContext, submission: Submission) -> None:
        self._c = context
        self._submission = submission

    def release(self, cl_ord_id: str, origin: Origin, reason: str, *, attach: Attach | None = None) -> ChangeResult:
        """Send a held order after a second check; a refusal ends it, unless it holds only for now.

        Raises:
            NotFound: no such order.
            StateConflict: it is not held.
        """
        c, order = self._c, self._held(cl_ord_id)
        asked = c.intent(
            order.terms,
            order.origin,
            strategy_id=order.strategy_id,
            cl_ord_id=cl_ord_id,
            link=order.link,
            allow_duplicate=True,
            released=True,
        )
        verdict, denial = self._submission.judge(asked)
        if denial is not None:
            return self._refused(order, denial, origin, attach)
        now = c.clock.now_ns()
        released = OrderChanged(
            cl_ord_id=cl_ord_id, ts=now, terms=order.terms, reason=_said("released", origin, reason)
        )
        used = c.state.controls.overrides.used(verdict.overrides, order.uid, now)
        intended = self._submission.intended(cl_ord_id, order.terms, verdict, now, order.link)
        seq = self._record(order, [released, *used, intended], origin, attach)
        c.gate.count(asked)
        self._submission.await_release(cl_ord_id, seq, verdict.risk_class)
        return ChangeResult(order=c.book.get(cl_ord_id), seq=seq)

    def refuse(self, cl_ord_id: str, origin: Origin, reason: str, *, attach: Attach | None = None) -> ChangeResult:
        """End a held order as COMPLIANCE_REJECTED.

        Raises:
            NotFound: no such order.
            StateConflict: it is not held.
        """
        order = self._held(cl_ord_id)
        text = _said("Refused", origin, reason)
        rule = RuleResult(code=order.held_for, passed=False, kind=DenialKind.COMPLIANCE, text=text)
        denied = OrderDenied(cl_ord_id=cl_ord_id, ts=self._c.clock.now_ns(), kind=rule.kind, rule=rule)
        seq = self._record(order, [denied], origin, attach)
        return ChangeResult(order=self._c.book.get(cl_ord_id), seq=seq)

    def _held(self, cl_ord_id: str) -> OrderState:
        order = self._c.book.get(cl_ord_id)
        if order is None:
            raise NotFound("order", cl_ord_id)
        if not order.is_held:
            raise StateConflict("the order is not held", state=order.status, allowed=("held",))
        return order

    def _refused(self, order: OrderState, denial: RuleResult, origin: Origin, attach: Attach | None) -> ChangeResult:
        """End the order where the gate refuses it for good; what may pass leaves it as it is."""
        if denial.kind not in DENIALS or denial.code == order.held_for:
            return ChangeResult(order=order, denial=denial)
        denied = OrderDenied(cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), kind=denial.kind, rule=denial)
        seq = self._record(order, [denied], origin, attach)
        return ChangeResult(order=self._c.book.get(order.cl_ord_id), denial=denial, seq=seq)

    def _record(self, order: OrderState, events: Sequence[Event], origin: Origin, attach: Attach | None) -> int:
        return self._c.recorder.record(
            list(events), actor=origin.actor, correlation=order.uid, causation=order.cl_ord_id, attach=attach
        )


def _said(what: str, origin: Origin, reason: str) -> str:
    return f"{what} by {origin.user}: {reason}" if reason else f"{what} by {origin.user}"
