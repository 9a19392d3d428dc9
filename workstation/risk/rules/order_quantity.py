"""Order quantity: the most units that one order may ask for."""

from workstation.domain.numbers import MONEY_DECIMALS
from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule, quantity_text
from workstation.risk.snapshot import Snapshot


class OrderQuantity(LimitRule):
    """Unfilled quantity of the order."""

    code = "ORDER_QUANTITY"
    limit = LimitType.ORDER_QUANTITY
    title = "order quantity"
    advice = "Lower the quantity or raise the limit."

    def measure(self, snapshot: Snapshot) -> int:
        """Return the quantity on the limits' scale."""
        return int(snapshot.leaves * 10 ** (MONEY_DECIMALS - snapshot.instrument.qty_decimals))

    def value_text(self, snapshot: Snapshot, value: int) -> str:  # noqa: ARG002 -- units are the instrument's own
        """Return the quantity in units."""
        return quantity_text(value)
