"""Position quantity: the most units that may stand once this and every other live order of its side filled."""

from workstation.domain.numbers import MONEY_DECIMALS
from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule, quantity_text
from workstation.risk.snapshot import Snapshot


class PositionQuantity(LimitRule):
    """Worst-case position of the account in the instrument; limits of every scope are held against it."""

    code = "POSITION_QUANTITY"
    limit = LimitType.POSITION_QUANTITY
    title = "position after working orders"
    advice = "Lower the quantity, cancel working orders or raise the limit."

    def measure(self, snapshot: Snapshot) -> int:
        """Return the quantity on the limits' scale."""
        return int(snapshot.position_after * 10 ** (MONEY_DECIMALS - snapshot.instrument.qty_decimals))

    def value_text(self, snapshot: Snapshot, value: int) -> str:  # noqa: ARG002 -- units are the instrument's own
        """Return the quantity in units."""
        return quantity_text(value)
