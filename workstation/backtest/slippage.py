"""How much worse than its price a market order or a stop trades, on the instrument's grid.

Asked by the markets for each aggressive fill. Slippage that ends between two grid prices is drawn: the worse one comes
with the probability that makes the mean exact, from a stream of its own.
"""

import math
from random import Random

from workstation.backtest.options import BPS, Slippage, SlippageKind
from workstation.domain.instruments import Instrument


class Slip:
    """Slippage of one instrument."""

    def __init__(self, slippage: Slippage, instrument: Instrument, random: Random) -> None:
        self._kind, self._amount = slippage.kind, slippage.amount
        self._instrument, self._random = instrument, random

    def worse(self, price: int, sign: int, share: float = 0.0) -> int:
        """Return what an order of `sign` (+ buys) pays for `price`; share: part of the volume that it takes."""
        if self._kind is SlippageKind.NONE:
            return price
        instrument = self._instrument
        ticks = self._ticks(price, instrument.tick_at(price), share)
        whole = math.floor(ticks)
        if ticks > whole and self._random.random() < ticks - whole:
            whole += 1
        moved = instrument.step(price, whole * sign)
        return moved if moved > 0 or instrument.price_may_be_negative else price

    def _ticks(self, price: int, tick: int, share: float) -> float:
        if self._kind is SlippageKind.HALF_TICK:
            # Half of the smallest tick: where the grid is finer than the tick it is a price of its own.
            return min(band.tick for band in self._instrument.ticks) / tick / 2
        if self._kind is SlippageKind.TICKS:
            return self._amount
        bps = self._amount * share if self._kind is SlippageKind.VOLUME else self._amount
        return abs(price) * bps / BPS / tick
