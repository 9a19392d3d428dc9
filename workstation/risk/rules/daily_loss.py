"""Daily loss: once the day's result falls this low, nothing may be added until the next trading day.

The first crossing is recorded as a LOCKOUT (see `gate.breach`), so that a recovering price does not unlock.
"""

from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule
from workstation.risk.snapshot import Snapshot


class DailyLoss(LimitRule):
    """Loss of the trading day after fees, open profit included."""

    code = "DAILY_LOSS"
    limit = LimitType.DAILY_LOSS
    title = "daily loss"
    advice = "Only exits are taken until the next trading day."
    unmeasured = "the day's result has no price; wait for a quote"

    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the loss in the account's currency, 0 in profit."""
        net = snapshot.view.day_net(snapshot.terms.account)
        return None if net is None else max(-net, 0)
