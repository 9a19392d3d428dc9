"""Position notional: the most money that may stand once this and every other live order of its side filled."""

from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule
from workstation.risk.snapshot import Snapshot


class PositionNotional(LimitRule):
    """Worst-case position of the account in the instrument, valued at this order's worst price."""

    code = "POSITION_NOTIONAL"
    limit = LimitType.POSITION_NOTIONAL
    title = "position value after working orders"
    advice = "Lower the quantity, cancel working orders or raise the limit."

    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the value in the account's currency."""
        return snapshot.notional(snapshot.position_after)
