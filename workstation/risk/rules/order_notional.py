"""Order notional: the most money that one order may move, at its worst price."""

from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule
from workstation.risk.snapshot import Snapshot


class OrderNotional(LimitRule):
    """Worst-case value of the unfilled quantity; a market order counts its slippage."""

    code = "ORDER_NOTIONAL"
    limit = LimitType.ORDER_NOTIONAL
    title = "order notional"
    advice = "Lower the quantity or raise the limit."

    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the value in the account's currency."""
        return snapshot.notional(snapshot.leaves)
