"""What customers hold at the venue: positions and cash, from executions alone.

The venue's own memory, which reconciliation is held against. Futures move no principal: cash changes by what a
closing fill realises against the average price (variation margin); everything else is paid for. Money and
quantities are exact.
"""

from collections import defaultdict

import msgspec

from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import OrderTerms

HoldingKey = tuple[str, str]
"""(account, symbol)."""


class Holding(msgspec.Struct):
    """A position: signed quantity, and the money its open quantity cost (signed like it)."""

    qty: int = 0
    cost: int = 0


class Holdings:
    """Positions and cash of every account."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self._instruments = instruments
        self.positions: dict[HoldingKey, Holding] = defaultdict(Holding)
        self.cash: dict[tuple[str, str], int] = defaultdict(int)

    def qty(self, account: str, symbol: str) -> int:
        """Return a signed position."""
        holding = self.positions.get((account, symbol))
        return holding.qty if holding is not None else 0

    def only_reduces(self, terms: OrderTerms, old_qty: int) -> bool:
        """Tell whether an order, grown from `old_qty` (0 for a new one), adds nothing to what could be held."""
        position = self.qty(terms.account, terms.symbol)
        return terms.order_qty <= old_qty or (position * terms.side.sign < 0 and terms.order_qty <= abs(position))

    def deposit(self, account: str, currency: str, amount: int) -> None:
        """Add money."""
        self.cash[account, currency] += amount

    def apply(self, execution: Execution) -> None:
        """Book a fill; a bust books its opposite at the same price and gives the fee back."""
        undo = -1 if execution.kind is ExecKind.BUST else 1
        self._trade(execution, undo * execution.signed_qty)
        self.cash[execution.account, execution.fee_currency] -= undo * execution.fee

    def split(self, symbol: str, numerator: int, denominator: int, price: int) -> None:
        """Turn `denominator` units into `numerator`, whole ones towards zero; pay the fraction at `price`."""
        instrument = self._instruments[symbol]
        for (account, held), holding in self.positions.items():
            if held == symbol and holding.qty:
                sign = 1 if holding.qty > 0 else -1
                whole, over = divmod(abs(holding.qty) * numerator, denominator)
                paid = div_half_even(instrument.notional(price, sign * over), denominator)
                holding.qty = sign * whole
                holding.cost -= paid
                self.cash[account, instrument.currency] += paid

    def _trade(self, execution: Execution, signed: int) -> None:
        instrument = self._instruments[execution.symbol]
        holding = self.positions[execution.account, execution.symbol]
        closed = min(abs(signed), abs(holding.qty)) if signed * holding.qty < 0 else 0
        value = instrument.notional(execution.last_px, signed)
        if closed:
            part = div_half_even(holding.cost * closed, abs(holding.qty))
            proceeds = -div_half_even(value * closed, abs(signed))
            realised = proceeds - part
            holding.cost -= part
            holding.cost += value + proceeds
        else:
            realised = 0
            holding.cost += value
        holding.qty += signed
        paid = realised if instrument.asset_class is AssetClass.FUTURE else -value
        self.cash[execution.account, instrument.currency] += paid
