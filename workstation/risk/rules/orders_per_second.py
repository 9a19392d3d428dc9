"""Orders per second: the most orders and changes that a scope may send within a sliding second."""

from workstation.risk.limits import Bound, LimitType
from workstation.risk.rules.base import CountRule
from workstation.risk.snapshot import Snapshot


class OrdersPerSecond(CountRule):
    """Orders of the last second, this one included."""

    code = "ORDERS_PER_SECOND"
    limit = LimitType.ORDERS_PER_SECOND
    title = "orders per second"
    advice = "Wait a second or raise the limit."

    def count(self, snapshot: Snapshot, bound: Bound) -> int:
        """Return the orders of the bound's scope."""
        return snapshot.rates.second((bound.scope, bound.key), snapshot.intent.mono_ns) + 1
