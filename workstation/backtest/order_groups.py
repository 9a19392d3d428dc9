"""Groups of orders at a backtest's venue: legs grow with their entry's fills, shrink with each other's; pairs end.

Beside `order_desk`, which tells of each fill and each end, and books what comes of it. The venue holds the groups.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from workstation.backtest.agenda import Agenda
from workstation.backtest.booking import ORIGIN, Booking
from workstation.backtest.market import Market
from workstation.backtest.working import Working
from workstation.domain.events import OrderCancelled, OrderChanged, OrderIntended, ReplaceRequested
from workstation.domain.orders import Contingency, GroupLink, OrderState, OrderTerms, OrdStatus, RiskClass
from workstation.domain.verdicts import Verdict


class Legs(Protocol):
    """What the desk does with a leg."""

    def arrive(self, cl_ord_id: str) -> None:
        """Let a leg come to the venue."""

    def change(self, market: Market, working: Working, terms: OrderTerms) -> None:
        """Give a working leg new terms."""

    def drop(self, order: OrderState, reason: str) -> None:
        """End an order at once, one on its way as it arrives."""

    def end(self, event: OrderCancelled) -> None:
        """Book the end of a leg."""


class OrderGroups:
    """Follows the groups of one run."""

    def __init__(self, desk: Legs, booking: Booking, agenda: Agenda, markets: Mapping[str, Market]) -> None:
        self._desk, self._booking, self._agenda, self._markets = desk, booking, agenda, markets
        self._fold_order: Callable[[Any], OrderState] = booking.fold_order

    def follow_fill(self, order: OrderState, link: GroupLink, qty: int) -> None:
        """Let legs grow with their entry's fills and shrink with each other's, and end the other of a pair."""
        for other in self._booking.state.book.group(link.group_id):
            if other.cl_ord_id == order.cl_ord_id or not other.is_open:
                continue
            if link.contingency is Contingency.OCO:
                self._desk.drop(other, "the other of the pair filled")
            elif not link.parent:
                self._grow(other, qty)
            elif other.link is not None and other.link.parent:
                self._shrink(other, qty)

    def _grow(self, leg: OrderState, qty: int) -> None:
        if leg.status is OrdStatus.NEW:
            terms = msgspec.structs.replace(leg.terms, order_qty=qty)
            self._fold_order(
                OrderChanged(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, terms=terms, reason="entry filled")
            )
            verdict = msgspec.structs.replace(_PASSED, qty=qty)
            self._fold_order(
                OrderIntended(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, verdict=verdict, qty=qty, epoch=1)
            )
            self._desk.arrive(leg.cl_ord_id)
        else:
            self._resize(leg, leg.terms.order_qty + qty)

    def _shrink(self, leg: OrderState, qty: int) -> None:
        left = leg.terms.order_qty - qty
        if leg.status is OrdStatus.NEW or left <= leg.cum_qty:
            self._markets[leg.terms.symbol].cancel(leg.cl_ord_id, "the other leg filled")
        else:
            self._resize(leg, left)

    def _resize(self, leg: OrderState, qty: int) -> None:
        market = self._markets[leg.terms.symbol]
        working = market.orders.get(leg.cl_ord_id)
        if working is None or not leg.status.is_working:
            return
        terms = msgspec.structs.replace(leg.terms, order_qty=qty)
        self._fold_order(ReplaceRequested(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, terms=terms, origin=ORIGIN))
        self._desk.change(market, working, terms)

    def follow_end(self, order: OrderState, link: GroupLink) -> None:
        """Let the legs of an entry that ended without a fill end too."""
        if link.parent or order.cum_qty or link.contingency is Contingency.OCO:
            return
        for leg in self._booking.state.book.group(link.group_id):
            if leg.status is OrdStatus.NEW:
                self._desk.end(
                    OrderCancelled(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, reason="its entry ended unfilled")
                )


_PASSED = Verdict(risk_class=RiskClass.REDUCE, passed=True, qty=0, results=())
