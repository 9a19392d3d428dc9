"""What a venue charges, as its card states it: for an estimate before an order goes; what is due comes with each fill.

Beside the order walk; it decides nothing.
"""

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even

_BPS_HUNDREDTHS = 1_000_000


class FeeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of an order in one kind of instrument, as if it took liquidity.

    per_unit: money for a whole share or contract; taker: hundredths of a basis point of the notional; minimum, cap:
    money an order, a cap of 0 for none.
    """

    per_unit: int = 0
    taker: int = 0
    minimum: int = 0
    cap: int = 0

    def due(self, instrument: Instrument, price: int, qty: int) -> int:
        """Return what an order of `qty` quantity units filled at `price` price units owes: money, above or equal 0."""
        by_unit = div_half_even(qty * self.per_unit, 10**instrument.qty_decimals)
        by_worth = div_half_even(abs(instrument.notional(price, qty)) * self.taker, _BPS_HUNDREDTHS)
        owed = max(by_unit + by_worth, self.minimum)
        return min(owed, self.cap) if self.cap else owed
