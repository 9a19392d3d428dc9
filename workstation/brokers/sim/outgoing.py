"""Faults on the way up: what the venue said is dropped, delayed, doubled, reordered, garbled, or followed by more.

Second half of the order walk at the simulated venue. The venue's own books stay right (except where a fault is
about them): a question to it always tells the truth.
"""

from msgspec.structs import replace as _with

from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.faults import FaultKind, FaultSwitch, PlannedFault
from workstation.domain.executions import Liquidity
from workstation.kernel.clock import Scheduler
from workstation.ports.broker import BrokerReport, ExecType, FillReport, OrderReport, UnreadableReport

Outgoing = list[tuple[int, BrokerReport]]
"""Reports with an extra delay in ns."""

_ACK = frozenset(
    {FaultKind.DROP_ACK, FaultKind.DELAY_ACK, FaultKind.DUPLICATE_ACK, FaultKind.UNKNOWN_STATUS, FaultKind.REORDER}
)
_CANCEL_ACK = frozenset(
    {FaultKind.DROP_CANCEL_ACK, FaultKind.DELAY_CANCEL_ACK, FaultKind.DUPLICATE_CANCEL_ACK, FaultKind.FILL_AFTER_CANCEL}
)
_FILL = frozenset(
    {
        FaultKind.DROP_FILL,
        FaultKind.DELAY_FILL,
        FaultKind.DUPLICATE_FILL,
        FaultKind.PARTIAL_THEN_SILENCE,
        FaultKind.OVERFILL,
        FaultKind.SECOND_CHANNEL,
    }
)
_DROPS = frozenset({FaultKind.DROP_ACK, FaultKind.DROP_CANCEL_ACK, FaultKind.DROP_FILL})
_DELAYS = frozenset({FaultKind.DELAY_ACK, FaultKind.DELAY_CANCEL_ACK, FaultKind.DELAY_FILL})
_DOUBLES = frozenset({FaultKind.DUPLICATE_ACK, FaultKind.DUPLICATE_CANCEL_ACK, FaultKind.DUPLICATE_FILL})


class OutgoingFaults:
    """Passes reports through the switch. Holds at most one report, for a reorder."""

    def __init__(self, faults: FaultSwitch, exchange: Exchange, scheduler: Scheduler) -> None:
        self._faults = faults
        self._exchange = exchange
        self._scheduler = scheduler
        self._held: BrokerReport | None = None

    def send(self, report: BrokerReport) -> Outgoing:
        """Return what leaves instead of `report`."""
        outgoing = self._strike(report)
        if self._held is not None and self._held is not report:
            outgoing.append((0, self._held))
            self._held = None
        return outgoing

    def _strike(self, report: BrokerReport) -> Outgoing:
        kinds, symbol = self._kinds(report)
        fault = self._faults.take(kinds, symbol) if kinds else None
        if fault is None:
            return [(0, report)]
        if fault.kind in _DROPS:
            return []
        if fault.kind in _DELAYS:
            return [(int(fault.delay_ms * 1e6), report)]
        if fault.kind in _DOUBLES:
            return [(0, report), (0, report)]
        if fault.kind is FaultKind.REORDER:
            self._held = report
            return []
        if isinstance(report, FillReport):
            return self._strike_fill(fault, report)
        if isinstance(report, OrderReport):
            return self._strike_order(fault, report)
        return [(0, report)]

    @staticmethod
    def _kinds(report: BrokerReport) -> tuple[frozenset[FaultKind], str]:
        if isinstance(report, FillReport):
            return _FILL, report.execution.symbol
        if isinstance(report, OrderReport):
            symbol = report.terms.symbol if report.terms is not None else ""
            if report.exec_type is ExecType.ACCEPTED:
                return _ACK, symbol
            if report.exec_type is ExecType.CANCELLED:
                return _CANCEL_ACK, symbol
        return frozenset(), ""

    def _strike_fill(self, fault: PlannedFault, report: FillReport) -> Outgoing:
        execution = report.execution
        state = self._exchange.orders.by_id.get(execution.order_id)
        if state is None:  # a fill that no order here led to has no rest to fall silent or to fill beyond
            return [(0, report)]
        if fault.kind is FaultKind.PARTIAL_THEN_SILENCE:
            state.silent = True
        elif fault.kind is FaultKind.SECOND_CHANNEL:
            other = f"B-{execution.exec_id}"
            return [(0, report), (0, FillReport(execution=_with(execution, exec_id=other, exec_key=other)))]
        elif fault.kind is FaultKind.OVERFILL:
            extra = fault.qty or self._exchange.instruments[execution.symbol].lot
            self._scheduler.call_soon(lambda: self._overfill(execution.order_id, extra, execution.last_px))
        return [(0, report)]

    def _overfill(self, order_id: str, extra: int, price: int) -> None:
        state = self._exchange.orders.by_id[order_id]
        leaves = max(state.order.leaves, 0)
        if state.is_open:
            self._exchange.withdraw(state)
        self._exchange.execute(state, leaves + extra, price, Liquidity.TAKER, booked_qty=False)

    def _strike_order(self, fault: PlannedFault, report: OrderReport) -> Outgoing:
        if fault.kind is FaultKind.UNKNOWN_STATUS:
            raw = f'{{"exec_type":"PENDING_REVIEW","cl_ord_id":"{report.cl_ord_id}"}}'
            return [
                (
                    0,
                    UnreadableReport(
                        venue="SIM", raw=raw, reason="unknown status PENDING_REVIEW", cl_ord_id=report.cl_ord_id
                    ),
                )
            ]
        if fault.kind is FaultKind.FILL_AFTER_CANCEL:
            self._scheduler.call_soon(lambda: self._late_fill(report.order_id, fault.qty))
        return [(0, report)]

    def _late_fill(self, order_id: str, qty: int) -> None:
        state = self._exchange.orders.by_id[order_id]
        price = state.terms.price
        if price is None:
            price = self._exchange.matchers[state.terms.symbol].last
        qty = min(qty or state.order.leaves, state.order.leaves)
        if price is not None and qty > 0:
            self._exchange.execute(state, qty, price, Liquidity.MAKER, booked_qty=False)
