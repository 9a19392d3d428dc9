"""Orders per minute: the most orders and changes that a scope may send within a sliding minute."""

from workstation.risk.limits import Bound, LimitType
from workstation.risk.rules.base import CountRule
from workstation.risk.snapshot import Snapshot


class OrdersPerMinute(CountRule):
    """Orders of the last minute, this one included."""

    code = "ORDERS_PER_MINUTE"
    limit = LimitType.ORDERS_PER_MINUTE
    title = "orders per minute"
    advice = "Wait a minute or raise the limit."

    def count(self, snapshot: Snapshot, bound: Bound) -> int:
        """Return the orders of the bound's scope."""
        return snapshot.rates.minute((bound.scope, bound.key), snapshot.intent.mono_ns) + 1
