"""A ticket's price that follows the quote until it is sent: to which price of it, and how many ticks away.

The order that goes out has the price that was read at the press; the venue moves nothing. Qt-free.
"""

from enum import StrEnum

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import Side
from workstation.viewmodels.frames import QuoteSnap

OFFSET_TICKS_MAX = 10_000


class PegTo(StrEnum):
    """What the price follows."""

    FIXED = "fixed"
    BID = "bid"
    MID = "mid"
    ASK = "ask"
    LAST = "last"


class Peg(msgspec.Struct, frozen=True):
    """A peg with its offset in ticks, + higher."""

    to: PegTo = PegTo.FIXED
    ticks: int = 0

    @property
    def is_on(self) -> bool:
        """True while the price follows the quote."""
        return self.to is not PegTo.FIXED

    @property
    def words(self) -> str:
        """Return the peg as it is typed in an order line: `bid`, `ask+2t`."""
        return f"{self.to.value}{self.ticks:+d}t" if self.ticks else self.to.value

    def moved(self, ticks: int) -> "Peg":
        """Return the peg with another offset."""
        return Peg(self.to, min(max(self.ticks + ticks, -OFFSET_TICKS_MAX), OFFSET_TICKS_MAX))

    def price(self, quote: QuoteSnap | None, instrument: Instrument, side: Side) -> int | None:
        """Return the price of now on the grid, a mid towards the passive side; None where the quote has none."""
        base = None if quote is None or quote.freshness == "ABSENT" else self._base(quote, instrument, side)
        return None if base is None else instrument.step(base, self.ticks)

    def _base(self, quote: QuoteSnap, instrument: Instrument, side: Side) -> int | None:
        if self.to is not PegTo.MID:
            price: int | None = getattr(quote, self.to.value)
            return price
        if quote.bid is None or quote.ask is None:
            return None
        total = quote.bid + quote.ask
        if side.sign > 0:
            return instrument.round_to_tick(total // 2, "down")
        return instrument.round_to_tick(-(-total // 2), "up")
