"""Caps of a live permit by name, how one is read, and what its holder has used. Values; the gate's rule enforces."""

import msgspec

from workstation.domain.errors import UserError
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled

ORDER, POSITION, DAY = "order_notional", "position_notional", "day_notional"
CAPS = {
    ORDER: "order value",
    POSITION: "position value after working orders",
    DAY: "value traded and working in the day",
}
"""Names of caps, and what each is about, in words."""


class PermitUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a permit's holder has used of it. Money of `currency`; None where something has no price or no rate.

    day: traded and working in the trading day; position: the largest of one instrument on the accounts it trades.
    """

    holder: str
    currency: str
    day: int | None
    position: int | None

    def of(self, cap: str) -> int | None:
        """Return what is used of a cap by its name; of one that bounds each order by itself nothing ever is."""
        return {DAY: self.day, POSITION: self.position}.get(cap, 0)


def cap_of(name: str, amount: str) -> int | None:
    """Return a cap as money, None for one that nobody knows or that is no amount above 0."""
    try:
        cap = parse_scaled(amount, MONEY_DECIMALS)
    except UserError:
        return None
    return cap if name in CAPS and cap > 0 else None
