"""What each event does to an order: the trigger it pulls, the fields it sets. Pure; the table has the last word.

Order walk, inside the book: `effect` reads one order and one event, and returns an `Effect`; `book.py` looks the
trigger up, applies the fields and keeps the indexes. Fills are computed here too, exactly, from cum and cost.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from workstation.domain.events import (
    CancelRejected,
    CancelRequested,
    CancelWithdrawn,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderDenied,
    OrderExpired,
    OrderHandedOver,
    OrderHeld,
    OrderIntended,
    OrderNoted,
    OrderRejected,
    OrderReplaced,
    OrderRouted,
    OrderSent,
    OrderTriggered,
    OrderWaits,
    OutcomeResolved,
    OutcomeUnknown,
    ReplaceDropped,
    ReplaceQueued,
    ReplaceRejected,
    ReplaceRequested,
    StopTrailed,
)
from workstation.domain.executions import Execution
from workstation.domain.orders import (
    FINAL_STATES,
    WAITS,
    WORKING_STATES,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    RequestKind,
    Residence,
    Side,
    TimeInForce,
)
from workstation.domain.verdicts import DenialKind
from workstation.orders.lifecycle import ENTERED, Trigger

VENUE = "venue"
ENGINE = "engine"

DENIALS = {
    DenialKind.COMPLIANCE: Trigger.DENY_COMPLIANCE,
    DenialKind.RISK: Trigger.DENY_RISK,
    DenialKind.FUNDS: Trigger.DENY_FUNDS,
}
"""Families of refusal that leave a stored order behind; the others refuse before an order exists."""


class Effect(msgspec.Struct, gc=False):
    """One event's effect. `trigger` None: the life cycle is not concerned. `settles`: outcomes it tells."""

    trigger: Trigger | None
    changes: dict[str, Any]
    actor: str = VENUE
    reason: str = ""
    ts_event: int | None = None
    settles: tuple[RequestKind, ...] = ()


_SUBMIT_KNOWN = (RequestKind.SUBMIT, RequestKind.STATUS)
_CANCEL_KNOWN = (RequestKind.CANCEL, RequestKind.STATUS)
_REPLACE_KNOWN = (RequestKind.REPLACE, RequestKind.STATUS)
_SUBMIT, _HERE, _AT_VENUE = RequestKind.SUBMIT, Residence.PROGRAM, Residence.EXCHANGE
_SEND, _ACCEPT, _FILL_PART, _FILL_ALL = Trigger.SEND, Trigger.ACCEPT, Trigger.FILL_PART, Trigger.FILL_ALL
(_UNANSWERED,) = ENTERED[OrdStatus.NEW, _SEND]
(_ACKNOWLEDGED,) = ENTERED[_UNANSWERED, _ACCEPT]
_NO_MORE_TRIGGERS = FINAL_STATES | {OrdStatus.NEW}
"""States that a fill does not move on: it is late, or came before the order was sent."""


_UNBORN = OrderState(
    cl_ord_id="", uid="", order_id="", status=OrdStatus.NEW, strategy_id="", link=None,
    terms=OrderTerms(
        symbol="", account="", side=Side.BUY, ord_type=OrdType.MARKET, order_qty=0, time_in_force=TimeInForce.DAY
    ),
    origin=Origin(OriginKind.EXTERNAL), residence=Residence.EXCHANGE,
    cum_qty=0, leaves_qty=0, cost=0, fees={}, created_at=0, updated_at=0, version=1,
)  # fmt: skip
"""What every order begins as; its fees are replaced as a whole, never changed.

Filling it in takes a third of the time of naming every field, as calls with more than 15 names do (CPython 3.11).
"""


def born(event: OrderCreated) -> OrderState:
    """Return the order that a creation makes: NEW, nothing filled."""
    return replace(_UNBORN, **_birth(event))


def begun(event: OrderCreated, intended: OrderIntended, accepted: OrderAccepted | None = None) -> OrderState:
    """Return what an order's first events come to together: `born`, then the effects of the others by the table."""
    fields = _birth(event)
    fields |= _intent(event.command.terms, event.residence, intended)
    fields["status"], fields["version"], fields["updated_at"] = _UNANSWERED, 2, intended.ts
    if accepted is not None:
        fields |= _acknowledgement(0, accepted)
        fields["status"], fields["version"], fields["updated_at"] = _ACKNOWLEDGED, 3, accepted.ts
    return replace(_UNBORN, **fields)


def _birth(event: OrderCreated) -> dict[str, Any]:
    command = event.command
    terms, ts = command.terms, event.ts
    return {
        "cl_ord_id": event.cl_ord_id,
        "uid": command.uid,
        "terms": terms,
        "origin": command.origin,
        "link": command.link,
        "strategy_id": command.strategy_id,
        "leaves_qty": terms.order_qty,
        "residence": event.residence,
        "created_at": ts,
        "updated_at": ts,
        "replaces": event.replaces,
        "notes": command.notes,
        "metadata": command.metadata,
    }


def working_prior(order: OrderState) -> OrdStatus:
    """Return the working state behind PENDING_*: PARTIALLY_FILLED once anything has filled."""
    if order.cum_qty > 0:
        return OrdStatus.PARTIALLY_FILLED
    return order.prior_status or (order.status if order.status in WORKING_STATES else OrdStatus.SUBMITTED)


def filled(order: OrderState, *, qty: int, cost: int, fee: int, currency: str, ts_event: int) -> Effect:
    """Return the effect of a booked fill, or of its taking back when `qty` and `cost` are negative."""
    cum = order.cum_qty + qty
    open_qty = order.terms.order_qty - cum
    changes: dict[str, Any] = {
        "cum_qty": cum,
        "leaves_qty": max(0, open_qty),
        "cost": order.cost + cost,
        "overfill_qty": -open_qty if open_qty < 0 else 0,
    }
    if fee:
        changes["fees"] = {**order.fees, currency: order.fees.get(currency, 0) + fee}
    if order.status in _NO_MORE_TRIGGERS:
        if qty > 0:
            changes["late_fill"] = True
        return Effect(None, changes, VENUE, "", ts_event)
    if qty <= 0:
        return Effect(None, changes, VENUE, "", ts_event)
    return Effect(_FILL_PART if open_qty > 0 else _FILL_ALL, changes, VENUE, "", ts_event, _SUBMIT_KNOWN)


def correction(original: Execution, execution: Execution | None) -> tuple[int, int, int]:
    """Return (quantity, cost, fee) that takes `original` back and, for a correction, books `execution` in its place."""
    qty, cost, fee = -original.last_qty, -original.last_qty * original.last_px, -original.fee
    if execution is None:
        return qty, cost, fee
    return qty + execution.last_qty, cost + execution.last_qty * execution.last_px, fee + execution.fee


def denied(event: OrderDenied) -> Effect:
    """Return the effect of a refusal of a family that DENIALS holds."""
    changes = {"text": event.rule.text, "reject_code": event.rule.code}
    return Effect(DENIALS[event.kind], changes, ENGINE, event.rule.text)


def _held(_: OrderState, event: OrderHeld) -> Effect:
    changes = {"held_for": event.rule.code, "text": event.rule.text}
    return Effect(Trigger.CHANGE, changes, ENGINE, event.rule.text)


def _intended(order: OrderState, event: OrderIntended) -> Effect:
    return Effect(_SEND, _intent(order.terms, order.residence, event), ENGINE)


def _intent(terms: OrderTerms, residence: Residence, event: OrderIntended) -> dict[str, Any]:
    changes: dict[str, Any] = {"reference": event.reference, "ts_intent": event.ts, "leaves_qty": event.qty}
    if residence is _HERE:
        changes["residence"] = _AT_VENUE
    if event.qty != terms.order_qty:
        changes["terms"] = resized(terms, event.qty)
    return changes


def _sent(order: OrderState, event: OrderSent) -> Effect:
    changes: dict[str, Any] = {}
    if order.text and order.text.startswith(WAITS) and not order.queued:
        changes["text"] = ""
    if event.request is _SUBMIT and not order.ts_sent:
        changes["ts_sent"], changes["ts_durable"] = event.ts, event.ts_durable
    return Effect(None, changes)


def _waits(_: OrderState, event: OrderWaits) -> Effect:
    return Effect(None, {"text": event.reason}, ENGINE, event.reason)


def _accepted(order: OrderState, event: OrderAccepted) -> Effect:
    return Effect(_ACCEPT, _acknowledgement(order.ts_acked, event), VENUE, "", event.ts_event, _SUBMIT_KNOWN)


def _acknowledgement(known_at: int, event: OrderAccepted) -> dict[str, Any]:
    changes: dict[str, Any] = {"order_id": event.order_id}
    if not known_at:
        changes["ts_acked"] = changes["submitted_at"] = event.ts
    return changes


def _routed(order: OrderState, event: OrderRouted) -> Effect:
    changes: dict[str, Any] = {"order_id": event.order_id or order.order_id}
    if not order.ts_acked:
        changes |= {"ts_acked": event.ts, "submitted_at": event.ts}
    if order.prior_status is OrdStatus.SUBMITTED:
        changes["prior_status"] = OrdStatus.ROUTED
    return Effect(Trigger.ROUTE, changes, ts_event=event.ts_event, settles=_SUBMIT_KNOWN)


def _rejected(_: OrderState, event: OrderRejected) -> Effect:
    changes = {"reject_code": event.code, "text": event.text}
    return Effect(Trigger.REJECT, changes, VENUE, event.text or event.code, event.ts_event or None)


def _triggered(order: OrderState, event: OrderTriggered) -> Effect:
    actor = ENGINE if order.residence is Residence.PROGRAM else VENUE
    return Effect(None, {"triggered": True}, actor, ts_event=event.ts_event)


def _trailed(order: OrderState, event: StopTrailed) -> Effect:
    actor = VENUE if event.ts_event else ENGINE
    price = order.terms.price if event.price is UNSET else event.price
    terms = replace(order.terms, stop_px=event.stop_px, price=price)
    return Effect(None, {"terms": terms}, actor, ts_event=event.ts_event or None)


def _cancel_requested(order: OrderState, event: CancelRequested) -> Effect:
    changes: dict[str, Any] = {"cancel_requested_at": order.cancel_requested_at or event.ts, "queued": None}
    if order.queued is not None:
        changes["text"] = ""
    trigger = None if event.kept else Trigger.REQUEST_CANCEL
    return Effect(trigger, changes, event.origin.actor, event.reason)


def _cancel_withdrawn(_: OrderState, event: CancelWithdrawn) -> Effect:
    return Effect(None, {"cancel_requested_at": None}, event.origin.actor)


def _cancelled(_: OrderState, event: OrderCancelled) -> Effect:
    changes = {"cancelled_at": event.ts, "text": event.reason}
    trigger = Trigger.WITHDRAW if event.unsent is True else Trigger.CANCEL
    return Effect(trigger, changes, VENUE if event.ts_event else ENGINE, event.reason, event.ts_event or None)


def _cancel_rejected(order: OrderState, event: CancelRejected) -> Effect:
    kept = order.cancel_requested_at if order.status is OrdStatus.PENDING_SUBMIT else None
    changes = {"cancel_requested_at": kept, "text": event.text}
    return Effect(Trigger.REFUSE_CANCEL, changes, VENUE, event.text or event.code, settles=_CANCEL_KNOWN)


def _replace_requested(_: OrderState, event: ReplaceRequested) -> Effect:
    return Effect(Trigger.REQUEST_REPLACE, {"pending_terms": event.terms, "queued": None}, event.origin.actor)


def _replace_queued(_: OrderState, event: ReplaceQueued) -> Effect:
    return Effect(None, {"queued": event.wish, "text": event.reason}, event.wish.origin.actor, event.reason)


def _replace_dropped(_: OrderState, event: ReplaceDropped) -> Effect:
    return Effect(None, {"queued": None, "text": event.reason}, ENGINE, event.reason)


def _changed(order: OrderState, event: OrderChanged) -> Effect:
    changes = {"terms": event.terms, "leaves_qty": max(event.terms.order_qty - order.cum_qty, 0), "text": event.reason}
    return Effect(Trigger.CHANGE, changes, ENGINE, event.reason)


def _replaced(order: OrderState, event: OrderReplaced) -> Effect:
    if event.new_cl_ord_id:
        changes: dict[str, Any] = {"replaced_by": event.new_cl_ord_id}
        return Effect(Trigger.REPLACE_BY_NEW, changes, ts_event=event.ts_event, settles=_REPLACE_KNOWN)
    changes = {
        "terms": event.terms,
        "order_id": event.order_id or order.order_id,
        "leaves_qty": max(event.terms.order_qty - order.cum_qty, 0),
        "pending_terms": None,
        "overfill_qty": max(order.cum_qty - event.terms.order_qty, 0),
    }
    done = order.cum_qty > 0 and event.terms.order_qty <= order.cum_qty
    trigger = Trigger.REPLACE_TO_FILLED if done else Trigger.REPLACE
    return Effect(trigger, changes, ts_event=event.ts_event, settles=_REPLACE_KNOWN)


def _replace_rejected(_: OrderState, event: ReplaceRejected) -> Effect:
    changes = {"pending_terms": None, "text": event.text}
    return Effect(Trigger.REFUSE_REPLACE, changes, VENUE, event.text or event.code, settles=_REPLACE_KNOWN)


def _expired(_: OrderState, event: OrderExpired) -> Effect:
    return Effect(Trigger.EXPIRE, {"text": event.reason}, VENUE, event.reason, event.ts_event)


def _outcome_unknown(order: OrderState, event: OutcomeUnknown) -> Effect:
    since = order.unknown_since if order.unknown is event.request else event.ts
    changes = {"unknown": event.request, "unknown_since": since, "unknown_cause": event.cause}
    return Effect(Trigger.OUTCOME, changes, ENGINE, event.cause)


def _outcome_resolved(_: OrderState, event: OutcomeResolved) -> Effect:
    return Effect(Trigger.OUTCOME, {}, ENGINE, event.how, settles=tuple(RequestKind))


def _noted(_: OrderState, event: OrderNoted) -> Effect:
    return Effect(None, {"notes": event.notes, "metadata": event.metadata}, ENGINE)


def _handed_over(_: OrderState, event: OrderHandedOver) -> Effect:
    return Effect(None, {"taken_by": event.owner}, event.origin.actor)


EFFECTS: dict[type, Callable[[OrderState, Any], Effect]] = {
    OrderHeld: _held,
    OrderIntended: _intended,
    OrderSent: _sent,
    OrderWaits: _waits,
    OrderAccepted: _accepted,
    OrderRouted: _routed,
    OrderRejected: _rejected,
    OrderTriggered: _triggered,
    StopTrailed: _trailed,
    CancelRequested: _cancel_requested,
    CancelWithdrawn: _cancel_withdrawn,
    OrderCancelled: _cancelled,
    CancelRejected: _cancel_rejected,
    ReplaceRequested: _replace_requested,
    OrderChanged: _changed,
    OrderReplaced: _replaced,
    ReplaceQueued: _replace_queued,
    ReplaceDropped: _replace_dropped,
    ReplaceRejected: _replace_rejected,
    OrderExpired: _expired,
    OutcomeUnknown: _outcome_unknown,
    OutcomeResolved: _outcome_resolved,
    OrderNoted: _noted,
    OrderHandedOver: _handed_over,
}
"""What each event does to an order; creations, refusals and fills have functions of their own."""

STILL = frozenset({OrderSent, OrderWaits, OrderNoted, OrderHandedOver})
"""Events that leave an order's state and all that it may still trade as they were."""


def resized(terms: OrderTerms, qty: int) -> OrderTerms:
    """Return the same terms for another quantity; what is displayed never exceeds it."""
    display = None if terms.display_qty is None else min(terms.display_qty, qty)
    return replace(terms, order_qty=qty, display_qty=display)
