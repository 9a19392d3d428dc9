"""A venue's word on one order, turned into events: pure, and blind to anything but the order and the report.

Order walk, the way up: `inbound.py` finds the order and asks here. A report that says nothing new gives no event, so
that repeated, late and out-of-order reports move nothing; one that the life cycle forbids is put into the form that
says the same and is allowed (a refused rest of a part-filled order is a cancel that keeps its fills).
"""

from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from workstation.domain.events import (
    CancelRejected,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderRouted,
    OrderSent,
    OrderTriggered,
    OutcomeResolved,
    OutcomeUnknown,
    ReplaceRejected,
    ReplaceRequested,
    StopTrailed,
)
from workstation.domain.orders import FINAL_STATES, OrderState, OrderTerms, OrdStatus, Origin, OriginKind, RequestKind
from workstation.ports.broker import ExecType, OrderReport, SendOutcome, SendReport

BROKER_REJECT = "BROKER_REJECT"
"""Code of a venue's refusal that came without one."""

NOT_SENT = "NOT_SENT"
"""Code of a refusal that means: provably no byte left."""

BY_SYSTEM = Origin(kind=OriginKind.SYSTEM, user="engine")
BY_VENUE = Origin(kind=OriginKind.EXTERNAL, user="venue")

_S = OrdStatus
_UNANSWERED, _NOT_AT_VENUE = _S.PENDING_SUBMIT, FINAL_STATES | {_S.NEW}
_SENT: Final = SendOutcome.SENT
_STATUS = ExecType.STATUS
_STATUS_AS = {
    _S.SUBMITTED: ExecType.ACCEPTED,
    _S.PENDING_SUBMIT: ExecType.ACCEPTED,
    _S.ROUTED: ExecType.ROUTED,
    _S.PARTIALLY_FILLED: ExecType.ROUTED,
    _S.CANCELLED: ExecType.CANCELLED,
    _S.EXPIRED: ExecType.EXPIRED,
    _S.REJECTED: ExecType.REJECTED,
}


def sent_events(order: OrderState, report: SendReport, now: int, durable_at: int) -> list[Event]:
    """Return the events of a request's outcome at the transport."""
    cl_ord_id = order.cl_ord_id
    if order.status in FINAL_STATES:
        return []
    if report.outcome is _SENT:
        return [OrderSent(cl_ord_id=cl_ord_id, ts=now, request=report.request, ts_durable=durable_at)]
    match report.outcome:
        case SendOutcome.UNKNOWN:
            return [OutcomeUnknown(cl_ord_id=cl_ord_id, ts=now, request=report.request, cause=report.text)]
        case SendOutcome.NOT_SENT:
            return _refused(order, report.request, NOT_SENT, report.text, now)
        case SendOutcome.REJECTED:
            return _refused(order, report.request, report.code or BROKER_REJECT, report.text, now)


def _refused(order: OrderState, request: RequestKind, code: str, text: str, now: int) -> list[Event]:
    cl_ord_id = order.cl_ord_id
    if request is RequestKind.CANCEL:
        wished = order.status is _S.PENDING_SUBMIT and order.cancel_requested_at is not None
        if order.status is _S.PENDING_CANCEL or wished:
            return [CancelRejected(cl_ord_id=cl_ord_id, ts=now, code=code, text=text)]
        return []
    if request is RequestKind.REPLACE:
        if order.pending_terms is not None:
            return [ReplaceRejected(cl_ord_id=cl_ord_id, ts=now, code=code, text=text)]
        return []
    return _rejected(order, code, text, now, 0)


def _rejected(order: OrderState, code: str, text: str, now: int, ts_event: int) -> list[Event]:
    if order.status is _S.NEW:
        return []
    if not may_be_rejected(order):
        reason = text or code
        return [OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason=reason, ts_event=ts_event or now)]
    return [OrderRejected(cl_ord_id=order.cl_ord_id, ts=now, code=code, text=text, ts_event=ts_event)]


def may_be_rejected(order: OrderState) -> bool:
    """Tell whether a refusal is a rejection; once anything filled, busted since or not, it is the end of the rest."""
    return order.cum_qty == 0 and order.status is not _S.PARTIALLY_FILLED


def order_events(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    """Return the events of an order report; a chain by a new id is `inbound.py`'s, since it makes a second order."""
    exec_type = report.exec_type
    if exec_type is _STATUS and report.status is not None:
        exec_type = _STATUS_AS.get(report.status, _STATUS)
    if order.status in _NOT_AT_VENUE:
        return []
    events = _READERS[exec_type](order, report, now)
    if report.exec_type is not _STATUS:
        return events
    if order.unknown is RequestKind.STATUS and not events:
        events = [OutcomeResolved(cl_ord_id=order.cl_ord_id, ts=now, how="the venue's status report")]
    return events if exec_type in _ENDS else [*events, *_trailed(order, report, now)]


def _on_rejected(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    return _rejected(order, report.code or BROKER_REJECT, report.text, now, report.ts_event)


def _on_cancelled(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    return [OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason=report.text, ts_event=report.ts_event)]


def _on_expired(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    return [OrderExpired(cl_ord_id=order.cl_ord_id, ts=now, reason=report.text, ts_event=report.ts_event)]


def _on_cancel_rejected(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    return _refused(order, RequestKind.CANCEL, report.code or BROKER_REJECT, report.text, now)


def _on_replace_rejected(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    return _refused(order, RequestKind.REPLACE, report.code or BROKER_REJECT, report.text, now)


def _on_triggered(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    if order.triggered:
        return []
    told = report.terms.stop_px if report.terms is not None and order.terms.trail is not None else None
    stop_px = order.terms.stop_px if told is None else told
    triggered = OrderTriggered(cl_ord_id=order.cl_ord_id, ts=now, stop_px=stop_px, ts_event=report.ts_event)
    has_limit = order.terms.price is not None  # which may have moved since it was told of, and works from now on
    return [*(_trailed(order, report, now) if has_limit else ()), triggered]


def _accepted(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    if order.status is not _UNANSWERED and order.order_id and order.unknown is None:
        return []
    order_id = report.order_id or order.order_id
    return [OrderAccepted(cl_ord_id=order.cl_ord_id, ts=now, order_id=order_id, ts_event=report.ts_event)]


def _routed(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    lower = order.status in (_S.PENDING_SUBMIT, _S.SUBMITTED) or order.prior_status is _S.SUBMITTED
    if not lower and order.unknown is None:
        return []
    return [OrderRouted(cl_ord_id=order.cl_ord_id, ts=now, order_id=report.order_id, ts_event=report.ts_event)]


def _replaced(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    terms = report.terms or order.pending_terms
    if terms is None:
        return []
    return adopt_terms(order, terms, report.order_id, report.ts_event, now)


def _trailed(order: OrderState, report: OrderReport, now: int) -> list[Event]:
    terms, ours = report.terms, order.terms
    if terms is None or terms.stop_px is None or ours.trail is None:
        return []
    limit = UNSET if terms.price is None or ours.price is None else terms.price
    if terms.stop_px == ours.stop_px and limit in (UNSET, ours.price):
        return []
    return [
        StopTrailed(cl_ord_id=order.cl_ord_id, ts=now, stop_px=terms.stop_px, ts_event=report.ts_event, price=limit)
    ]


_READERS: dict[ExecType, Callable[[OrderState, OrderReport, int], list[Event]]] = {
    ExecType.ACCEPTED: _accepted,
    ExecType.ROUTED: _routed,
    ExecType.REJECTED: _on_rejected,
    ExecType.CANCELLED: _on_cancelled,
    ExecType.EXPIRED: _on_expired,
    ExecType.CANCEL_REJECTED: _on_cancel_rejected,
    ExecType.REPLACED: _replaced,
    ExecType.REPLACE_REJECTED: _on_replace_rejected,
    ExecType.TRIGGERED: _on_triggered,
    ExecType.STATUS: lambda _order, _report, _now: [],
}
_ENDS = frozenset({ExecType.CANCELLED, ExecType.EXPIRED, ExecType.REJECTED})


def adopt_terms(order: OrderState, terms: OrderTerms, order_id: str, ts_event: int, now: int) -> list[Event]:
    """Return the events that bring the venue's terms into force, asked for by us or not."""
    cl_ord_id = order.cl_ord_id
    events: list[Event] = []
    if order.status is _S.PENDING_SUBMIT:
        events.append(OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=order_id, ts_event=ts_event))
    if order.status not in (_S.PENDING_REPLACE, _S.PENDING_CANCEL):
        if terms == order.terms:
            return events
        if order.status is not _S.PENDING_SUBMIT or order.cancel_requested_at is None:
            events.append(ReplaceRequested(cl_ord_id=cl_ord_id, ts=now, terms=terms, origin=BY_VENUE))
    replaced = OrderReplaced(cl_ord_id=cl_ord_id, ts=now, terms=terms, order_id=order_id, ts_event=ts_event)
    return [*events, replaced]
