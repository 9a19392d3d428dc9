"""Settlement: one order of ours beside what the venue says of it, by the table of recovery. Pure but for alerts.

Order walk, the way up: `reconciliation.py` has asked and merged the executions; here each order is brought to what the
venue holds, by ordinary events. A fill that the venue counts but cannot list is invented once, marked synthetic, under
an id that a second recovery finds again. Nothing is invented beyond that, least of all a cancel.
"""

from workstation.domain.events import (
    CancelRejected,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OutcomeResolved,
    OutcomeUnknown,
    ReplaceRejected,
)
from workstation.domain.executions import Execution
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, RequestKind
from workstation.kernel.ids import stable_uid
from workstation.orders.context import DeskContext
from workstation.orders.reports import BROKER_REJECT, adopt_terms, may_be_rejected
from workstation.ports.broker import VenueOrder

_S = OrdStatus


class Settlement:
    """Brings single orders into agreement with the venue."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context

    def missing_fill(self, order: OrderState, found: VenueOrder) -> list[Event]:
        """Return one synthetic fill for what the venue counts beyond the executions that it could list.

        It is priced so that the venue's average holds; where the venue names no cost, at the order's own price.
        """
        qty = found.cum_qty - order.cum_qty
        if qty <= 0:
            return []
        price = self._price(order, found, qty)
        key = stable_uid("synthetic", order.terms.account, order.cl_ord_id, str(found.cum_qty))
        execution = Execution(
            exec_key=key,
            exec_id=key,
            uid=stable_uid("execution", key),
            cl_ord_id=order.cl_ord_id,
            order_id=found.order_id,
            account=order.terms.account,
            symbol=order.terms.symbol,
            side=order.terms.side,
            last_qty=qty,
            last_px=price,
            fee=0,
            fee_currency=self._c.instruments[order.terms.symbol].currency,
            ts_event=found.ts_event,
            ts_init=self._c.clock.now_ns(),
            venue_seq=0,
            strategy_id=order.strategy_id,
            synthetic=True,
        )
        self._c.alert(
            "SYNTHETIC_FILL", order, f"The venue counts {qty} more filled than it lists: booked as synthetic."
        )
        return [OrderFilled(cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), execution=execution)]

    def live(self, order: OrderState, found: VenueOrder) -> list[Event]:
        """Return the events for an order that is open at the venue.

        It refuses a cancel or a change only where that request itself is unknown: another may not have left yet.
        """
        now, cl_ord_id = self._c.clock.now_ns(), order.cl_ord_id
        if order.status is _S.PENDING_SUBMIT:
            accepted = OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=found.order_id, ts_event=found.ts_event)
            return [accepted] if same_terms(order.terms, found.terms) else self._adopt(order, found, now)
        if order.status is _S.PENDING_CANCEL and order.unknown is RequestKind.CANCEL:
            text = "the venue still shows it working"
            return [CancelRejected(cl_ord_id=cl_ord_id, ts=now, code="STILL_LIVE", text=text)]
        if order.status is _S.PENDING_REPLACE and order.unknown is RequestKind.REPLACE:
            if not same_terms(order.terms, found.terms):
                return adopt_terms(order, found.terms, found.order_id, found.ts_event, now)
            text = "the venue still shows the old terms"
            return [ReplaceRejected(cl_ord_id=cl_ord_id, ts=now, code="NOT_CHANGED", text=text)]
        if order.status.is_working and not same_terms(order.terms, found.terms):
            return self._adopt(order, found, now)
        if order.unknown is not None:
            return [OutcomeResolved(cl_ord_id=cl_ord_id, ts=now, how="open at the venue")]
        return []

    def ended(self, order: OrderState, found: VenueOrder) -> list[Event]:
        """Return the events for an order that is final at the venue, its fills being booked."""
        now, cl_ord_id, at = self._c.clock.now_ns(), order.cl_ord_id, found.ts_event
        text = found.text or f"{found.status} at the venue"
        match found.status:
            case _S.EXPIRED:
                return [OrderExpired(cl_ord_id=cl_ord_id, ts=now, reason=text, ts_event=at)]
            case _S.REJECTED if may_be_rejected(order):
                return [OrderRejected(cl_ord_id=cl_ord_id, ts=now, code=BROKER_REJECT, text=text, ts_event=at)]
            case _S.FILLED if order.cum_qty >= order.terms.order_qty:
                return []
            case _S.FILLED if found.terms.order_qty <= order.cum_qty:
                return adopt_terms(order, found.terms, found.order_id, at, now)
            case _S.FILLED if found.cum_qty < order.cum_qty:
                return []  # a fill of ours that the venue took back is still under way
            case _S.FILLED:
                rest = "filled at the venue, and partly taken back"
                return [OrderCancelled(cl_ord_id=cl_ord_id, ts=now, reason=rest, ts_event=at)]
            case _:
                return [OrderCancelled(cl_ord_id=cl_ord_id, ts=now, reason=text, ts_event=at)]

    def vanished(self, order: OrderState) -> list[Event]:
        """Return the events for a working order that the venue does not list: unknown, never a cancel."""
        if order.unknown is not None:
            return []
        cause = "the venue does not list it"
        now = self._c.clock.now_ns()
        return [OutcomeUnknown(cl_ord_id=order.cl_ord_id, ts=now, request=RequestKind.STATUS, cause=cause)]

    def _adopt(self, order: OrderState, found: VenueOrder, now: int) -> list[Event]:
        self._c.alert("TERMS_ADOPTED", order, "The venue works it on other terms: the venue's stand.")
        return adopt_terms(order, found.terms, found.order_id, found.ts_event, now)

    def _price(self, order: OrderState, found: VenueOrder, qty: int) -> int:
        if found.cost is not None:
            return div_half_even(found.cost - order.cost, qty)
        if order.terms.price is not None:
            return order.terms.price
        reference = self._c.prices.reference(order.terms.symbol)
        known = (order.terms.stop_px, reference.last, reference.bid, reference.ask)
        return next((price for price in known if price is not None), 0)


def same_terms(ours: OrderTerms, theirs: OrderTerms) -> bool:
    """Compare what a venue can change: quantity, prices, trail, time in force; a trail moves its prices by itself."""
    trails = ours.trail is not None
    return (
        ours.order_qty == theirs.order_qty
        and (trails or (ours.price, ours.stop_px) == (theirs.price, theirs.stop_px))
        and ours.trail == theirs.trail
        and ours.time_in_force is theirs.time_in_force
    )
