"""What must be true of orders, computed the slow and obvious way from the reports that were delivered."""

from __future__ import annotations

from collections import defaultdict

from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import OrderState, OrdStatus


class OrderOracle:
    """Standing executions by order, as a list that is summed anew at every look."""

    def __init__(self) -> None:
        self.standing: dict[str, dict[str, Execution]] = defaultdict(dict)
        self.keys: set[str] = set()
        self.ends: dict[str, OrdStatus] = {}

    def deliver(self, execution: Execution) -> None:
        """Take one execution report: new keys count, repeated ones do not, busts take back what stands."""
        if execution.exec_key in self.keys:
            return
        fills = self.standing[execution.cl_ord_id]
        if execution.kind is ExecKind.BUST:
            if execution.corrects not in fills:
                return
            del fills[execution.corrects]
        else:
            fills[execution.exec_key] = execution
        self.keys.add(execution.exec_key)

    def qty(self, cl_ord_id: str) -> int:
        return sum(fill.last_qty for fill in self.standing[cl_ord_id].values())

    def cost(self, cl_ord_id: str) -> int:
        return sum(fill.last_qty * fill.last_px for fill in self.standing[cl_ord_id].values())

    def position(self) -> int:
        return sum(fill.signed_qty for fills in self.standing.values() for fill in fills.values())

    def check(self, order: OrderState) -> None:
        """Compare one order with what was delivered, and its end with the end it had before."""
        assert order.cum_qty == self.qty(order.cl_ord_id)
        assert order.cost == self.cost(order.cl_ord_id)
        assert order.overfill_qty == max(order.cum_qty - order.terms.order_qty, 0)
        expected = max(order.terms.order_qty - order.cum_qty, 0) if order.is_open else 0
        assert order.leaves_qty == expected
        if order.status.is_final:
            assert self.ends.setdefault(order.cl_ord_id, order.status) is order.status
        else:
            assert order.cl_ord_id not in self.ends
        if order.status is OrdStatus.FILLED and not order.late_fill:
            assert order.cum_qty >= 0
