"""Adoption: orders and fills at the venue that are not ours become EXTERNAL orders, counted like any other.

Order walk, the way up: called by `inbound.py` for a fill that no order here explains, and by `reconciliation.py` for
orders that only the venue knows. Ids are hashes of what the venue said, so that seeing it twice adds nothing.
"""

from msgspec.structs import replace

from workstation.domain.events import Event, OrderAccepted, OrderCreated, OrderIntended
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState, OrderTerms, OrdType, RiskClass, SubmitOrder, TimeInForce
from workstation.domain.verdicts import Verdict
from workstation.kernel.ids import stable_uid
from workstation.orders.context import DeskContext
from workstation.orders.effects import resized
from workstation.orders.reports import BY_VENUE
from workstation.ports.broker import VenueOrder


def external_id(account: str, venue_key: str) -> str:
    """Return the client order id of an adopted order: the same for the same order of the venue."""
    return "EXT-" + stable_uid("external", account, venue_key).replace("-", "")


def adopted(
    context: DeskContext, terms: OrderTerms, venue_key: str, order_id: str, ts_event: int, *, linked_to: str = ""
) -> tuple[str, list[Event]]:
    """Return the client order id and the events of an adopted order: created, intended and accepted at one instant.

    linked_to: the order of ours that is final here and still lives at the venue. No events when it was adopted before.
    """
    cl_ord_id = external_id(terms.account, venue_key)
    if context.book.knows(cl_ord_id):
        return cl_ord_id, []
    now = context.clock.now_ns()
    command = SubmitOrder(
        cl_ord_id=cl_ord_id, uid=stable_uid("order", cl_ord_id), terms=terms, origin=BY_VENUE, notes="adopted"
    )
    verdict = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=terms.order_qty, results=())
    return cl_ord_id, [
        OrderCreated(cl_ord_id=cl_ord_id, ts=now, command=command, replaces=linked_to),
        OrderIntended(cl_ord_id=cl_ord_id, ts=now, verdict=verdict, qty=terms.order_qty, epoch=context.journal.epoch),
        OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=order_id, ts_event=ts_event),
    ]


def order_of(execution: Execution) -> OrderTerms:
    """Return terms that explain a fill of an order nobody here knows: a market order of just that quantity."""
    return OrderTerms(
        symbol=execution.symbol,
        account=execution.account,
        side=execution.side,
        ord_type=OrdType.MARKET,
        order_qty=execution.last_qty,
        time_in_force=TimeInForce.IOC,
    )


def adopt_order(context: DeskContext, found: VenueOrder, ours: OrderState | None = None) -> tuple[str, list[Event]]:
    """Return the client order id and events of an order that lives at the venue alone.

    ours: the final order of ours that it continues; the adopted one stands for what that one has not filled.
    """
    key = found.order_id or found.cl_ord_id
    continued = found if ours is None else beyond(ours, found)
    linked_to = "" if ours is None else ours.cl_ord_id
    return adopted(context, continued.terms, key, found.order_id, found.ts_event, linked_to=linked_to)


def beyond(ours: OrderState, found: VenueOrder) -> VenueOrder:
    """Return a venue's order less what `ours`, an ended order under the same venue id, has booked of it."""
    return replace(
        found,
        terms=resized(found.terms, max(found.terms.order_qty - ours.cum_qty, 0)),
        cum_qty=found.cum_qty - ours.cum_qty,
        cost=None if found.cost is None else found.cost - ours.cost,
    )
