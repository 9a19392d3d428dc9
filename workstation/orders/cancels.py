"""Cancels: one order, a scope, or everything under a kill switch; the only bytes that may precede their record.

Order walk, the way down for what takes risk away. A cancel is journaled first too, but waits for the disk at most
`cancel_wait_ns`, then goes out and the record follows: recovery adopts a cancelled order without harm. It passes no
gate. An order is never called cancelled without the venue's word.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import BrokerError, NotConnected, NotFound, StateConflict
from workstation.domain.events import (
    CancelRejected,
    CancelRequested,
    CancelWithdrawn,
    KillChanged,
    OrderCancelled,
    OutcomeUnknown,
)
from workstation.domain.orders import CancelOrder, CancelScope, LegRole, OrderState, OrdStatus, Origin, RequestKind
from workstation.kernel.fault_points import fault_point
from workstation.orders.book import Change
from workstation.orders.context import DeskContext
from workstation.orders.pacing import Urgency
from workstation.orders.recorder import Attach
from workstation.orders.reports import BY_SYSTEM, NOT_SENT
from workstation.orders.results import ChangeResult, ScopeResult, refusal

_S = OrdStatus
_EXIT_LEGS = (LegRole.TAKE_PROFIT, LegRole.STOP_LOSS)


class Cancels:
    """Ends orders: those that wait here at once, those at a venue by asking."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context

    def cancel(self, command: CancelOrder, *, attach: Attach | None = None) -> ChangeResult:
        """Cancel one order; cancelling a cancelled order changes nothing. Without a session the cancel is kept.

        Raises:
            NotFound: no such order.
            StateConflict: it ended otherwise.
        """
        order = self._c.book.get(command.cl_ord_id)
        if order is None:
            raise NotFound("order", command.cl_ord_id)
        if order.status is _S.CANCELLED:
            return ChangeResult(order=order)
        if order.status.is_final:
            raise StateConflict(f"order is {order.status}", state=order.status, allowed=("open",))
        result = self.cancel_orders([order], command.origin, command.reason, attach=attach)
        if result.refused and order.status is not _S.PENDING_CANCEL:
            return self._keep(order, command, attach)
        now = self._c.book.get(order.cl_ord_id)
        if result.refused:
            text = f"NOT SENT: no session with the venue of account {order.terms.account}."
            return ChangeResult(order=now, denial=refusal("BROKER_UNAVAILABLE", text))
        return ChangeResult(order=now, seq=result.seq)

    def _keep(self, order: OrderState, command: CancelOrder, attach: Attach | None) -> ChangeResult:
        """Keep a cancel for the next session; it is listed on the order."""
        if order.cancel_requested_at is not None:
            return ChangeResult(order=order, kept=True)
        kept = CancelRequested(
            cl_ord_id=order.cl_ord_id,
            ts=self._c.clock.now_ns(),
            origin=command.origin,
            reason=command.reason,
            kept=True,
        )
        fault_point("orders.cancel.kept")
        seq = self._record(order, kept, command.origin, attach)
        return ChangeResult(order=self._c.book.get(order.cl_ord_id), seq=seq, kept=True)

    def withdraw(self, cl_ord_id: str, origin: Origin) -> ChangeResult:
        """Take back a cancel that is kept for the next session.

        Raises:
            NotFound: no such order.
            StateConflict: no cancel of it is kept.
        """
        order = self._c.book.get(cl_ord_id)
        if order is None:
            raise NotFound("order", cl_ord_id)
        if not _is_kept(order):
            raise StateConflict("no cancel of the order is kept", state=order.status, allowed=("cancel kept",))
        withdrawn = CancelWithdrawn(cl_ord_id=cl_ord_id, ts=self._c.clock.now_ns(), origin=origin)
        seq = self._record(order, withdrawn, origin, None)
        return ChangeResult(order=self._c.book.get(cl_ord_id), seq=seq)

    def resume(self, account: str) -> None:
        """Send the cancels that were kept, now that book and venue agree."""
        self.cancel_orders(
            [order for order in self._c.book.open_orders(account) if _is_kept(order)], BY_SYSTEM, "cancel on reconnect"
        )

    def _record(
        self, order: OrderState, event: CancelRequested | CancelWithdrawn, origin: Origin, attach: Attach | None
    ) -> int:
        return self._c.recorder.record(
            [event], actor=origin.actor, correlation=order.uid, causation=order.cl_ord_id, attach=attach
        )

    def cancel_scope(self, command: CancelScope) -> ScopeResult:
        """Cancel all live orders that match; protective stops stay unless asked for."""
        found = [order for order in self._c.book.open_orders(command.account, command.symbol) if _in(order, command)]
        chosen = [order for order in found if self._is_entry(order)] if command.entries_only else found
        return self.cancel_orders(chosen, command.origin, command.reason)

    def _is_entry(self, order: OrderState) -> bool:
        """Tell whether an order opens a position or adds to one: no leg, not reduce-only, not against what is held."""
        terms = order.terms
        if terms.reduce_only or (order.link is not None and order.link.role in _EXIT_LEGS):
            return False
        return self._c.state.ledger.qty(terms.account, terms.symbol) * terms.side.sign >= 0

    def kill(self, state: KillState, *, attach: Attach | None = None) -> ScopeResult:
        """Set a kill switch: block first, then end its scope. Repeating it asks again for what is left."""
        kills = self._c.state.controls.kills
        known = kills.find(state.scope, state.key)
        if state.on != (known is not None) or (known is not None and known.reason != state.reason):
            fault_point("orders.kill.before_record")
            changed = KillChanged(state=state, ts=self._c.clock.now_ns())
            self._c.recorder.record([changed], actor=state.actor, attach=attach)
            fault_point("orders.kill.after_record")
        return self.enforce(state) if state.on and state.cancel_orders else ScopeResult()

    def enforce(self, state: KillState, *, within: str | None = None) -> ScopeResult:
        """Cancel what lives in the scope of a kill switch that is on; `within`: in this account alone."""
        account = state.key if state.scope is KillScope.ACCOUNT else within
        if within is not None and account != within:
            return ScopeResult()
        symbol = state.key if state.scope is KillScope.SYMBOL else None
        strategy_id = state.key if state.scope is KillScope.STRATEGY else None
        scope = CancelScope(
            origin=msgspec.structs.replace(BY_SYSTEM, trace=self._c.recorder.trace or msgspec.UNSET),
            account=account,
            symbol=symbol,
            strategy_id=strategy_id,
            include_protective=not state.keep_protective,
            reason=f"kill switch {state.scope} {state.key}".strip(),
        )
        return self.cancel_scope(scope)

    def cancel_orders(
        self, orders: Iterable[OrderState], origin: Origin, reason: str, *, attach: Attach | None = None
    ) -> ScopeResult:
        """Cancel these orders as one transaction; those whose venue has no session are refused."""
        now = self._c.clock.now_ns()
        events: list[OrderCancelled | CancelRequested] = []
        ended: list[OrderState] = []
        asked: list[OrderState] = []
        refused: list[OrderState] = []
        sends: list[str] = []
        for order in orders:
            if order.status is _S.NEW:
                ended.append(order)
                why, trace = reason or "cancelled", origin.trace
                events.append(OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason=why, trace=trace))
                continue
            doubtful = order.status is _S.PENDING_SUBMIT and order.unknown is not None
            if order.status is not _S.PENDING_SUBMIT and self._c.routes.live(order.terms.account) is None:
                refused.append(order)
                continue
            asked.append(order)
            if _asked_already(order):
                continue
            events.append(CancelRequested(cl_ord_id=order.cl_ord_id, ts=now, origin=origin, reason=reason))
            if order.status is not _S.PENDING_SUBMIT or doubtful:
                sends.append(order.cl_ord_id)
        if not events:
            return ScopeResult(asked=tuple(asked), refused=tuple(refused))
        fault_point("orders.cancel.before_record")
        seq = self._c.recorder.record(events, actor=origin.actor, causation=events[0].cl_ord_id, attach=attach)
        fault_point("orders.cancel.after_record")
        for order in asked:
            if order.status is _S.PENDING_SUBMIT:
                self._c.pacing.settle(order.cl_ord_id)
        if sends:
            self._send_soon(seq, sends)
        return ScopeResult(ended=self._fresh(ended), asked=self._fresh(asked), refused=tuple(refused), seq=seq)

    def on_change(self, change: Change) -> None:
        """Send the cancel that waited for the acknowledgement."""
        before, after = change.before, change.after
        if after is None or after.status is not _S.PENDING_CANCEL:
            return
        if before is not None and before.status is _S.PENDING_SUBMIT:
            fault_point("orders.cancel.wish_due")
            self._send_soon(self._c.journal.last_seq, [after.cl_ord_id])

    def _fresh(self, orders: Sequence[OrderState]) -> tuple[OrderState, ...]:
        return tuple(self._c.book.get(order.cl_ord_id) or order for order in orders)

    def _send_soon(self, seq: int, cl_ord_ids: list[str]) -> None:
        """Send once `seq` is durable or the disk has had its time, whichever comes first."""
        waiting = list(cl_ord_ids)

        def send(_durable: bool = True) -> None:
            due, waiting[:] = list(waiting), []
            for cl_ord_id in due:
                order = self._c.book.get(cl_ord_id)
                if order is not None:
                    self._c.pacing.send(order.terms.account, Urgency.CANCEL, cl_ord_id, partial(self._send, cl_ord_id))

        self._c.journal.when_durable(seq, send)
        if waiting:
            self._c.scheduler.call_later(self._c.settings.cancel_wait_ns, send)

    def _send(self, cl_ord_id: str, _why_not: str) -> bool:
        """Send a cancel that is still wanted; True when its bytes may have left."""
        c = self._c
        order = c.book.get(cl_ord_id)
        if order is None or order.status.is_final or order.cancel_requested_at is None:
            return False  # while it waited it ended, or the cancel was told as refused
        broker = c.routes.live(order.terms.account)
        now = c.clock.now_ns()
        if broker is None:
            refused = CancelRejected(cl_ord_id=cl_ord_id, ts=now, code=NOT_SENT, text="no session with the venue")
            c.recorder.record([refused], causation=cl_ord_id)
            return False
        fault_point("orders.cancel.before_send")
        try:
            broker.cancel(cl_ord_id, order.order_id)
        except NotConnected as error:
            refused = CancelRejected(cl_ord_id=cl_ord_id, ts=now, code=NOT_SENT, text=str(error))
            c.recorder.record([refused], causation=cl_ord_id)
            return False
        except BrokerError as error:
            unknown = OutcomeUnknown(cl_ord_id=cl_ord_id, ts=now, request=RequestKind.CANCEL, cause=str(error))
            c.recorder.record([unknown], causation=cl_ord_id)
        fault_point("orders.cancel.after_send")
        return True


def _is_kept(order: OrderState) -> bool:
    return order.cancel_requested_at is not None and (order.status.is_working or order.status is _S.PENDING_REPLACE)


def _asked_already(order: OrderState) -> bool:
    """Tell whether asking again would say nothing new; after an unknown outcome a person may ask again."""
    if order.status is _S.PENDING_CANCEL:
        return order.unknown is None
    return order.status is _S.PENDING_SUBMIT and order.cancel_requested_at is not None and order.unknown is None


def _in(order: OrderState, scope: CancelScope) -> bool:
    if scope.strategy_id is not None and order.strategy_id != scope.strategy_id:
        return False
    if scope.but_taken and order.taken_by:
        return False
    if scope.side_sign is not None and order.terms.side.sign != scope.side_sign:
        return False
    return scope.include_protective or not order.is_protective
