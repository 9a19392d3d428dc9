"""What pulling a trigger does to an order: the states it enters by the table, and the fields that go with them.

Order walk, inside the book, between `effects.py`, which names the trigger, and `lifecycle.py`, which has the table.
"""

from typing import Any

from workstation.domain.errors import InvariantError
from workstation.domain.orders import FINAL_STATES, WAITS, WORKING_STATES, OrderState, OrdStatus
from workstation.orders.effects import Effect, working_prior
from workstation.orders.lifecycle import ENTERED, Trigger, advance
from workstation.ports.store import OrderTransition, Row

_REQUESTED = frozenset({OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE})
_UNANSWERED, _SUBMITTED, _FILLED = OrdStatus.PENDING_SUBMIT, OrdStatus.SUBMITTED, OrdStatus.FILLED
_REJECT = Trigger.REJECT
_entered_by = ENTERED.get


class TransitionRefused(InvariantError):
    """The life cycle forbids what an event says; nothing was changed."""


def enter(order: OrderState, trigger: Trigger, changes: dict[str, Any], ts: int) -> tuple[OrdStatus, ...]:
    """Return the states that a live order enters by `trigger`, in order, and add to `changes` what goes with them.

    Raises:
        TransitionRefused: the life cycle has no such row, or a part-filled order would become REJECTED.
    """
    before = order.status
    entered = _entered_by((before, trigger))
    if entered is None:
        entered = advance(before, trigger, working_prior(order))
        if entered is None:
            raise TransitionRefused(f"{order.cl_ord_id}: {trigger} is not allowed in {before}")
    if not entered:
        return entered
    if trigger is _REJECT and order.cum_qty:
        raise TransitionRefused(f"{order.cl_ord_id}: cannot become REJECTED with {order.cum_qty} filled")
    if before is _UNANSWERED:
        if order.cancel_requested_at and entered[-1] in WORKING_STATES:
            entered = (*entered, OrdStatus.PENDING_CANCEL)  # the wish kept since before the acknowledgement
        if entered[0] is _SUBMITTED and not order.submitted_at:
            changes.setdefault("submitted_at", ts)
    if entered[-1] is not before:
        _set_status(order, entered, changes, ts)
    return entered


def _set_status(order: OrderState, entered: tuple[OrdStatus, ...], changes: dict[str, Any], ts: int) -> None:
    status = changes["status"] = entered[-1]
    if status in _REQUESTED:
        changes["prior_status"] = entered[-2] if len(entered) > 1 else working_prior(order)
    elif order.prior_status is not None:
        changes |= {"prior_status": None, "pending_terms": None}
    if status is _FILLED:
        changes["filled_at"] = ts
    if order.queued is not None and status in FINAL_STATES:
        changes["queued"] = None
    if order.text and order.text.startswith(WAITS) and changes.get("queued", order.queued) is None:
        changes.setdefault("text", "")


def history_of(order: OrderState, entered: tuple[OrdStatus, ...], step: Effect, ts: int) -> list[Row]:
    """Return the lines that an order's history gets as it enters states, one for each."""
    rows: list[Row] = []
    left = order.status
    for to in entered:
        rows.append(
            OrderTransition(
                cl_ord_id=order.cl_ord_id,
                from_status=left,
                to_status=to,
                trigger=step.trigger or "",
                actor=step.actor,
                reason=step.reason,
                ts=ts,
                ts_event=step.ts_event,
            )
        )
        left = to
    return rows
