"""Gross exposure: the most money that all positions of an account and its live orders may come to."""

from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule
from workstation.risk.snapshot import Snapshot


class GrossExposure(LimitRule):
    """Sum of absolute position values, of what live orders could open, and of what this order would."""

    code = "GROSS_EXPOSURE"
    limit = LimitType.GROSS_EXPOSURE
    title = "gross exposure"
    advice = "Close positions, cancel working orders or raise the limit."
    unmeasured = "a position or order has no price; wait for a quote"

    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the sum in the account's currency."""
        return exposure_after(snapshot)


def exposure_after(snapshot: Snapshot) -> int | None:
    """Return the account's exposure once this and all live orders filled, in its currency; None when unknown."""
    gross = snapshot.view.gross(snapshot.terms.account)
    orders = snapshot.opening_orders()
    order = snapshot.notional(snapshot.opening_qty())
    if gross is None or orders is None or order is None:
        return None
    if not snapshot.is_new:
        own = snapshot.in_account(snapshot.own_notional, snapshot.instrument.currency)
        order = max(order - (own or 0), 0)
    return gross + orders + order
