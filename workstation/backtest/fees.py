"""Named fee models of backtests: what a fill costs. A run has one, if only `ZeroFees`, so that nobody forgets it.

Asked by `charges.py` for each fill; pure. Money is exact, + is paid and - is a rebate.
"""

from typing import ClassVar

import msgspec

from workstation.backtest.fees_by_value import PercentFees, TieredFees
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even

RATE_ONE = 1_000_000
"""Rates are hundredths of a basis point."""


class ZeroFees(msgspec.Struct, frozen=True, tag="zero"):
    """No fees at all."""

    name: ClassVar[str] = "zero"


class PerUnitFees(msgspec.Struct, frozen=True, tag="per_unit", kw_only=True):
    """Money for each whole share or contract, with a minimum and a cap an order (0: none)."""

    per_unit: int
    minimum: int = 0
    cap: int = 0

    def due(self, instrument: Instrument, qty: int, filled_before: int) -> int:
        """Return what the order owes after the fill less what it owed before."""
        before = self._owed(instrument, filled_before) if filled_before else 0
        return self._owed(instrument, filled_before + qty) - before

    def _owed(self, instrument: Instrument, qty: int) -> int:
        owed = max(div_half_even(qty * self.per_unit, 10**instrument.qty_decimals), self.minimum)
        return min(owed, self.cap) if self.cap else owed


class MakerTakerFees(msgspec.Struct, frozen=True, tag="maker_taker", kw_only=True):
    """A share of the traded value, hundredths of a basis point, by side of the fill; a maker's may be a rebate."""

    maker: int
    taker: int

    def due(self, value: int, liquidity: Liquidity) -> int:
        """Return the share of the fill's value."""
        return div_half_even(value * (self.maker if liquidity is Liquidity.MAKER else self.taker), RATE_ONE)


class CoinFees(msgspec.Struct, frozen=True, tag="coin", kw_only=True):
    """Shares as of `MakerTakerFees`, taken out of what a fill of a spot pair brings in: coins, or money.

    A fee in coins is a whole number of the pair's smallest units, and lessens the position.
    """

    maker: int
    taker: int

    def due(self, amount: int, liquidity: Liquidity) -> int:
        """Return the share of an amount, be it money or quantity units."""
        return div_half_even(amount * (self.maker if liquidity is Liquidity.MAKER else self.taker), RATE_ONE)


FeeModel = ZeroFees | PerUnitFees | MakerTakerFees | CoinFees | PercentFees | TieredFees
