"""Share splits in live trading: booked once as the venue reports them; open orders of the symbol are called out.

Order walk, the way up. A split moves quantity and price together, so that cash and worth stay (P4); the fraction of a
share is paid at the venue's price. Orders given before it name the old price: those at the venue are asked about anew,
and those watched here wait for a person, so that a price that merely halved fires nothing.
"""

from collections.abc import Callable

from workstation.domain.events import Event, OutcomeUnknown, SplitApplied
from workstation.domain.orders import OrderState, RequestKind
from workstation.orders.context import DeskContext
from workstation.orders.results import Severity
from workstation.portfolio.entries import Split
from workstation.ports.broker import SplitReport


class Splits:
    """Books splits. hold: keep what is watched here of a symbol for a person; look: ask a venue about an account."""

    def __init__(
        self, context: DeskContext, *, hold: Callable[[str, str], None], look: Callable[[str, str], None]
    ) -> None:
        self._c = context
        self._hold = hold
        self._look = look

    def on_report(self, report: SplitReport) -> None:
        """Book a split that is not known yet; told again it changes nothing."""
        c = self._c
        split = Split(report.ts_event, report.numerator, report.denominator, report.cash_in_lieu_px)
        meaningless = report.numerator <= 0 or report.denominator <= 0 or report.symbol not in c.instruments
        if meaningless or split in c.state.ledger.splits.get(report.symbol, ()):
            return
        words = f"{report.symbol} split {report.numerator} for {report.denominator}"
        orders = [order for order in c.book.open_orders(symbol=report.symbol) if order.created_at <= report.ts_event]
        now = c.clock.now_ns()
        events: list[Event] = [
            SplitApplied(
                symbol=report.symbol,
                numerator=report.numerator,
                denominator=report.denominator,
                cash_in_lieu_px=report.cash_in_lieu_px,
                ts=report.ts_event,
            )
        ]
        cause = f"{words}; its terms at the venue may have changed"
        events += [
            OutcomeUnknown(cl_ord_id=order.cl_ord_id, ts=now, request=RequestKind.STATUS, cause=cause)
            for order in orders
            if order.status.is_working and order.unknown is None
        ]
        c.recorder.record(events, actor="venue")
        self._hold(report.symbol, words)
        for order in orders:
            c.alert("SPLIT_OPEN_ORDER", order, _text(order, words), severity=Severity.CRITICAL)
        for account in {order.terms.account: None for order in orders}:
            self._look(account, words)


def _text(order: OrderState, words: str) -> str:
    terms = order.terms
    side = "buy" if terms.side.sign > 0 else "sell"
    return f"{words}: this order to {side} {terms.order_qty} was given at prices from before it; change or cancel it."
