"""Open orders: the most live orders that a scope may have."""

from workstation.risk.limits import Bound, LimitType
from workstation.risk.rules.base import CountRule
from workstation.risk.snapshot import Snapshot


class OpenOrders(CountRule):
    """Live orders of the scope, this one included."""

    code = "OPEN_ORDERS"
    limit = LimitType.OPEN_ORDERS
    title = "open orders"
    advice = "Cancel working orders or raise the limit."

    def count(self, snapshot: Snapshot, bound: Bound) -> int:
        """Return the live orders of the bound's scope after this one."""
        scopes = snapshot.controls.runs.counters(bound.scope, bound.key)
        return sum(map(snapshot.exposure.open_orders, scopes)) + snapshot.is_new
