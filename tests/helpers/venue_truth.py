"""What the venue knows, told from its own books or its own log, and how a recovered core compares with it.

The venue is the truth for orders, fills and positions: whatever a fault did on the way, the core has to arrive here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.records import Executed, OrderClosed, OrderTaken, TermsChanged
from workstation.brokers.sim.venue_log import read_records
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import OrderTerms, OrdStatus
from workstation.orders.fold import CoreState

Place = tuple[str, str]
"""(account, symbol)."""


class Difference(NamedTuple):
    """One difference between the core and the venue."""

    place: Place
    text: str


@dataclass
class TrueOrder:
    """One order as the venue keeps it."""

    cl_ord_id: str
    order_id: str
    terms: OrderTerms
    status: OrdStatus = OrdStatus.SUBMITTED
    cum_qty: int = 0

    @property
    def is_open(self) -> bool:
        return not self.status.is_final


class VenueTruth:
    """Orders by the venue's id, the fills that stand by execution key, and positions."""

    def __init__(self) -> None:
        self.orders: dict[str, TrueOrder] = {}
        self.fills: dict[str, Execution] = {}
        self.positions: dict[Place, int] = defaultdict(int)

    @classmethod
    def of_exchange(cls, exchange: Exchange) -> VenueTruth:
        """Read the books of a venue in this process."""
        truth = cls()
        for state in exchange.orders.by_id.values():
            truth.orders[state.order_id] = TrueOrder(
                state.cl_ord_id, state.order_id, state.terms, state.status, state.reported_qty
            )
        truth.book(exchange.executions.all)
        truth.positions.update((place, holding.qty) for place, holding in exchange.holdings.positions.items())
        return truth

    @classmethod
    def of_log(cls, path: Path) -> VenueTruth:
        """Read the log of a venue in any process."""
        truth = cls()
        executions = []
        for record, _ in read_records(path):
            if isinstance(record, OrderTaken):
                truth.orders[record.order_id] = TrueOrder(record.cl_ord_id, record.order_id, record.terms)
            elif isinstance(record, TermsChanged):
                truth.orders[record.order_id].terms = record.terms
            elif isinstance(record, OrderClosed):
                truth.orders[record.order_id].status = record.status
            elif isinstance(record, Executed):
                executions.append(record.execution)
                order = truth.orders.get(record.execution.order_id)
                if order is not None and record.execution.kind is ExecKind.TRADE:
                    order.cum_qty += record.execution.last_qty
        truth.book(executions)
        return truth

    def book(self, executions: Iterable[Execution]) -> None:
        """Fold executions: a bust takes its fill back, a correction takes its place."""
        for execution in executions:
            if execution.kind is not ExecKind.TRADE:
                self.fills.pop(execution.corrects, None)
            if execution.kind is not ExecKind.BUST:
                self.fills[execution.exec_key] = execution
        for fill in self.fills.values():
            self.positions[fill.account, fill.symbol] += fill.signed_qty

    def differences(self, state: CoreState) -> list[Difference]:
        """Return where a core's fills and positions differ; [] when it agrees to the last fill."""
        found = self._fill_differences(state)
        places = {(row.account, row.symbol) for row in state.ledger.positions()} | set(self.positions)
        for place in sorted(places):
            here, there = state.ledger.qty(*place), self.positions.get(place, 0)
            if here != there:
                found.append(Difference(place, f"position: {' '.join(place)} is {here} here, {there} there"))
        return found

    def _fill_differences(self, state: CoreState) -> list[Difference]:
        ours: dict[str, Execution] = {}
        found = []
        for order in state.book.recent():
            for fill in state.book.fills(order.cl_ord_id):
                if fill.exec_key in ours:
                    found.append(Difference(_place(fill), f"doubled: fill {fill.exec_key} stands twice"))
                ours[fill.exec_key] = fill
        for key, fill in self.fills.items():
            mine = ours.get(key)
            if mine is None:
                found.append(Difference(_place(fill), f"lost: {_told(fill)}"))
            elif (mine.signed_qty, mine.last_px, mine.symbol) != (fill.signed_qty, fill.last_px, fill.symbol):
                found.append(Difference(_place(fill), f"changed: {_told(mine)} is {_told(fill)} there"))
        found += [
            Difference(_place(fill), f"invented: {_told(fill)}") for key, fill in ours.items() if key not in self.fills
        ]
        return found

    def standing(self, state: CoreState) -> list[Difference]:
        """Return each order that one side holds open and the other does not, or on other terms."""
        found = []
        ours = {order.order_id: order for order in state.book.open_orders() if order.order_id}
        for order_id, order in self.orders.items():
            place = (order.terms.account, order.terms.symbol)
            mine = ours.pop(order_id, None)
            if order.is_open and mine is None:
                found.append(Difference(place, f"{order.cl_ord_id} is open at the venue and not here"))
            elif not order.is_open and mine is not None:
                found.append(Difference(place, f"{order.cl_ord_id} is {mine.status} here, {order.status} there"))
            elif mine is not None and mine.terms.order_qty != order.terms.order_qty and not mine.replaces:
                text = f"{order.cl_ord_id} is for {mine.terms.order_qty} here, {order.terms.order_qty} there"
                found.append(Difference(place, text))
        found += [
            Difference((order.terms.account, order.terms.symbol), f"{order.cl_ord_id} ({order_id}) is open here alone")
            for order_id, order in ours.items()
        ]
        return found


def _place(fill: Execution) -> Place:
    return fill.account, fill.symbol


def _told(fill: Execution) -> str:
    made = ", synthetic" if fill.synthetic else ""
    return f"fill {fill.exec_key} of {fill.cl_ord_id} ({fill.symbol} {fill.signed_qty} @ {fill.last_px}{made})"
