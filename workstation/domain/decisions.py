"""What stood on the screen when an order was decided on: kept with the decision, so that it can be looked at later.

Order walk, beside the gate's verdict. Plain values; prices and quantities on the instrument's scales.
"""

import msgspec

from workstation.domain.market import Level, SessionPhase

LEVELS_KEPT = 5
"""Levels a side of the book that are kept with a decision."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Position, working orders, day and book at the instant of a decision.

    position: of the account in the instrument, signed, + long. buying, selling: worst case of the other live orders of
    each side. day_net: the account's day after fees, money, None where something is unpriced. bids, asks: best first,
    from the depth stream where `has_depth`, else the quote alone.
    """

    position: int = 0
    buying: int = 0
    selling: int = 0
    day_net: int | None = None
    phase: SessionPhase = SessionPhase.OPEN
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    has_depth: bool = False
