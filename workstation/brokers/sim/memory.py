"""Remembering: the fold of the venue's log into the exchange at a start. Recovery of the venue, not of the workstation.

Orders that were open go back into the market in their old order of arrival, behind what the book opens with;
everything else is kept for the questions that will come.
"""

import datetime as dt
from pathlib import Path

from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.orders import VenueOrderState
from workstation.brokers.sim.records import (
    AccountListed,
    Executed,
    OrderClosed,
    OrderTaken,
    SplitDone,
    TermsChanged,
    Trailed,
    TriggerFired,
    VenueOpened,
    VenueRecord,
)
from workstation.brokers.sim.venue_log import read_records
from workstation.domain.executions import ExecKind
from workstation.domain.orders import OrdStatus

Changed = TermsChanged | Trailed | TriggerFired | OrderClosed
"""Records of what became of an order."""


class Remembered:
    """What a log says. day: of the first start, None for a new log; sound_to: end of the last whole record."""

    def __init__(self) -> None:
        self.records: list[VenueRecord] = []
        self.day: dt.date | None = None
        self.sound_to = 0

    def restore(self, exchange: Exchange) -> None:
        """Fold the records into a fresh exchange, then put open orders back to work."""
        for record in self.records:
            self._apply(exchange, record)
        for state in exchange.orders.all_open():
            exchange.resume(state)
        self.records.clear()

    def _apply(self, exchange: Exchange, record: VenueRecord) -> None:
        if isinstance(record, VenueOpened):
            return
        if isinstance(record, AccountListed):
            exchange.list_account(record.account)
        elif isinstance(record, OrderTaken):
            exchange.orders.open(record.cl_ord_id, record.terms, record.ts, record.order_id)
        elif isinstance(record, SplitDone):
            exchange.apply_split(record)
        elif isinstance(record, Executed):
            exchange.count_amended(record.execution)
            exchange.executions.remember(record.execution)
            state = exchange.orders.by_id.get(record.execution.order_id)
            if state is not None and record.execution.kind is ExecKind.TRADE:
                _count_fill(state, record)
        else:
            self._change(exchange, exchange.orders.by_id[record.order_id], record)

    @staticmethod
    def _change(exchange: Exchange, state: VenueOrderState, record: Changed) -> None:
        if isinstance(record, TermsChanged):
            state.order.change_terms(record.terms, exchange.instruments[record.terms.symbol])
            state.order.tell_limit()
            exchange.orders.index(state)
        elif isinstance(record, Trailed):
            state.order.trailed(record.stop_px, record.limit_px, activated=record.activated)
        elif isinstance(record, TriggerFired):
            state.order.trigger(record.stop_px)
        else:
            exchange.orders.close(state, record.status, record.text, record.ts)


def _count_fill(state: VenueOrderState, record: Executed) -> None:
    execution = record.execution
    state.order.cum_qty += execution.last_qty
    state.reported_qty += execution.last_qty
    state.fee += execution.fee
    state.cost += execution.last_qty * execution.last_px
    state.ts_event = execution.ts_event
    if state.is_open:
        state.status = OrdStatus.PARTIALLY_FILLED


def remember(path: Path | None) -> Remembered:
    """Read a log; no path or no file means nothing to remember."""
    memory = Remembered()
    if path is not None:
        for record, end in read_records(path):
            memory.records.append(record)
            memory.sound_to = end
            if isinstance(record, VenueOpened):
                memory.day = dt.date.fromisoformat(record.day)
    return memory
