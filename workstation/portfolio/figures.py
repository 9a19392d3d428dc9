"""The fold of one account in one instrument: its total, its strategies' parts and the cash that trading it moved.

`Figures` know no history and no order of arrival; `holding` feeds them entries in time order, again from a checkpoint
where one comes late.

- Cash instruments move their whole worth. Futures and inverse contracts move profit only: variation margin received is
  `settled` until closing realises it, then closing pays the rest, so that cash = realised + settled at any time.
- A fee in the base coin of a spot pair reduces the position: it is a sale of those units at the fill's own price whose
  proceeds pay the fee, so realised stays gross and the fee is counted in the pair's currency. Digits below one quantity
  unit stay a debit in the coin.
- A split is decided on the account's quantity, truncated towards zero; strategies get their own whole part and share
  the left-over units by largest fraction, then by name, so that the parts always sum to the total.
"""

from typing import Self

from workstation.domain.numbers import div_half_even
from workstation.portfolio.contracts import Contract
from workstation.portfolio.entries import Fill, HoldingEntry, Split
from workstation.portfolio.positions import Position


class Figures:
    """Positions and cash of one account in one instrument.

    total: the account's position, folded over all fills. parts: strategy id to its position, "" for the hand.
    fees_in_basis: a broker's view that nets fees of the contract's currency into cost and realised.
    cash: money moved per currency, fees included. settled: variation margin not yet realised.
    traded, issued: signed quantity from trades and from splits; they sum to the position (P1).
    """

    __slots__ = ("cash", "fees_in_basis", "issued", "parts", "settled", "total", "traded")

    def __init__(self, *, fifo: bool, fees_in_basis: bool = False) -> None:
        self.fees_in_basis = fees_in_basis
        self.total = Position(fifo=fifo)
        self.parts: dict[str, Position] = {}
        self.cash: dict[str, int] = {}
        self.settled = 0
        self.traded = 0
        self.issued = 0

    def copy(self) -> Self:
        """Return an independent copy."""
        twin = type(self)(fifo=self.total.lots is not None, fees_in_basis=self.fees_in_basis)
        twin.total = self.total.copy()
        twin.parts = {name: part.copy() for name, part in self.parts.items()}
        twin.cash = dict(self.cash)
        twin.settled, twin.traded, twin.issued = self.settled, self.traded, self.issued
        return twin

    def day_start(self) -> dict[str, tuple[int, dict[str, int]]]:
        """Return what each position has realised and paid so far, by strategy, "*" the total."""
        named = (("*", self.total), *sorted(self.parts.items()))
        return {name: (position.realised, position.fees.copy()) for name, position in named}

    def apply(self, entry: HoldingEntry, contract: Contract) -> None:
        """Fold one entry; a voided fill leaves no trace."""
        if isinstance(entry, Fill):
            if not entry.voided:
                self.fill(entry, contract)
        elif isinstance(entry, Split):
            self._split(entry, contract)
        else:
            self.settled += entry.amount
            self._move(contract.currency, entry.amount)

    def fill(self, fill: Fill, contract: Contract) -> None:
        """Fold one fill with its fee."""
        part = self.parts.get(fill.strategy_id)
        if part is None:
            part = self.parts[fill.strategy_id] = Position(fifo=self.total.lots is not None)
        fee, currency = fill.fee, fill.fee_currency
        netted = contract.sense * fee if self.fees_in_basis and currency == contract.currency else 0
        self._trade(part, fill.qty, fill.px, contract, netted)
        if not fee:
            return
        if currency == contract.coin:
            units = fee // contract.coin_unit if fee > 0 else -(-fee // contract.coin_unit)
            fee -= units * contract.coin_unit
            if units:
                self._trade(part, -units, fill.px, contract)
                self._charge(part, contract.currency, contract.worth(fill.px, units))
        if fee:
            self._charge(part, currency, fee)

    def broken_invariant(self, contract: Contract) -> str:
        """Return which invariant does not hold, in words, "" when all do."""
        total = self.total
        if total.qty != self.traded + self.issued:
            return f"P1: position {total.qty} is not the sum of its trades {self.traded} and splits {self.issued}"
        cash = self.cash.get(contract.currency, 0) + total.fees.get(contract.currency, 0)
        if cash != (total.realised - total.cost if contract.principal else total.realised + self.settled):
            return "P2: realised profit and cost do not add up to the cash that moved"
        if sum(part.qty for part in self.parts.values()) != total.qty:
            return "P8: the strategies' positions do not sum to the account's"
        if any(position.cost and not position.qty for position in (total, *self.parts.values())):
            return "P13: a flat position has a cost"
        return ""

    def _trade(self, part: Position, qty: int, price: int, contract: Contract, netted: int = 0) -> None:
        worth, sense = contract.worth(price, qty), contract.sense
        held = self.total.qty
        gain = self.total.trade(qty, worth + netted, sense)
        part.trade(qty, worth + netted, sense)
        self.traded += qty
        if contract.principal:
            self._move(contract.currency, -worth)
            return
        released = 0
        if self.settled and held and (held > 0) is not (qty > 0):
            released = div_half_even(self.settled * min(abs(qty), abs(held)), abs(held))
            self.settled -= released
        self._move(contract.currency, gain - released)

    def _charge(self, part: Position, currency: str, fee: int) -> None:
        self.total.charge(currency, fee)
        part.charge(currency, fee)
        self._move(currency, -fee)

    def _move(self, currency: str, amount: int) -> None:
        self.cash[currency] = self.cash.get(currency, 0) + amount

    def _split(self, split: Split, contract: Contract) -> None:
        over, under = split.numerator, split.denominator
        total = self.total
        target = _towards_zero(total.qty * over, under)
        shares = _allocate({name: part.qty for name, part in self.parts.items()}, target, over, under)
        for name, part in self.parts.items():
            part.split(split, shares[name], contract)
        before, realised, cost = total.qty, total.realised, total.cost
        total.split(split, target, contract)
        self.issued += target - before
        gain = total.realised - realised
        self._move(contract.currency, gain - (total.cost - cost) if contract.principal else gain)
        if not contract.principal and not target and self.settled:
            self._move(contract.currency, -self.settled)
            self.settled = 0


def _towards_zero(numerator: int, denominator: int) -> int:
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


def _allocate(quantities: dict[str, int], target: int, numerator: int, denominator: int) -> dict[str, int]:
    """Return each strategy's whole units after a split, summing to `target`."""
    shares = {name: _towards_zero(qty * numerator, denominator) for name, qty in quantities.items()}
    left = target - sum(shares.values())
    sign = 1 if left > 0 else -1
    fractions = {name: sign * (qty * numerator - shares[name] * denominator) for name, qty in quantities.items()}
    for name in sorted(fractions, key=lambda name: (-fractions[name], name))[: abs(left)]:
        shares[name] += sign
    return shares
