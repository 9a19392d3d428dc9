"""Arithmetic of one position: open, add, close, flip through zero, split; by average cost or first in, first out.

The innermost fold of the ledger. All money is exact: `cost` is the sum of what was paid for the open quantity, kept as
the pair (cost, qty); an average price exists for display only. Where a part of a lot closes, its cost is
`div_half_even(cost * closed, |qty|)` and the rest keeps the remainder, so that

    sense * realised - cost = - sum of worth of all trades          (P2, exactly, in integers)

holds after every trade whatever the rounding. `cost` carries the sign of the quantity where prices are positive.
"""

from collections import deque
from typing import Self

from workstation.domain.numbers import div_half_even
from workstation.portfolio.contracts import Contract
from workstation.portfolio.entries import Split


class Position:
    """Open quantity (signed, + long), its cost and what closing earned so far (gross of fees, money).

    lots: open lots oldest first as [qty, cost], for FIFO only; their number is bounded by the open quantity, since
    neighbours bought at one price are one lot. fees: money per currency.
    """

    __slots__ = ("cost", "fees", "lots", "qty", "realised", "updated_at", "version")

    def __init__(self, *, fifo: bool) -> None:
        self.qty = 0
        self.cost = 0
        self.realised = 0
        self.fees: dict[str, int] = {}
        self.lots: deque[list[int]] | None = deque() if fifo else None
        self.updated_at = 0
        self.version = 0

    def copy(self) -> Self:
        """Return an independent copy."""
        twin = type(self)(fifo=self.lots is not None)
        twin.qty, twin.cost, twin.realised = self.qty, self.cost, self.realised
        twin.fees = dict(self.fees)
        twin.updated_at, twin.version = self.updated_at, self.version
        if self.lots is not None:
            twin.lots = deque(lot[:] for lot in self.lots)
        return twin

    @property
    def figures(self) -> tuple[int, int, int, dict[str, int]]:
        """Quantity, cost, realised and fees: what must not depend on the order of arrival."""
        return self.qty, self.cost, self.realised, self.fees

    def trade(self, qty: int, worth: int, sense: int) -> int:
        """Book `qty` (signed, not 0) with its `worth` (signed alike); return the profit it realised."""
        held = self.qty
        if held == 0 or (held > 0) is (qty > 0):
            self.qty = held + qty
            self.cost += worth
            if self.lots is not None:
                _open_lot(self.lots, qty, worth)
            return 0
        rest = held + qty
        if not rest and self.lots is None:  # closed as a whole: its cost goes with it
            gain = -sense * (worth + self.cost)
            self.qty = self.cost = 0
            self.realised += gain
            return gain
        flips = rest != 0 and (rest > 0) is (qty > 0)
        # Through zero the part that closes takes its share of the worth: exact where the contract is linear.
        closing = div_half_even(worth * abs(held), abs(qty)) if flips else worth
        gain = -sense * (closing + self._close(min(abs(qty), abs(held)), abs(held)))
        self.realised += gain
        self.qty = rest
        if flips:
            self.cost += worth - closing
            if self.lots is not None:
                _open_lot(self.lots, rest, worth - closing)
        return gain

    def charge(self, currency: str, fee: int) -> None:
        """Add a fee, + paid, - rebate."""
        self.fees[currency] = self.fees.get(currency, 0) + fee

    def split(self, split: Split, target: int, contract: Contract) -> None:
        """Scale to `target` whole units; the fraction is closed at the split's price, oldest cost first.

        Without a price the fraction's cost stays in the whole units and nothing is realised, unless nothing remains.
        A target beyond the exact quantity (an allocation among strategies) buys the fraction at the same price.
        """
        numerator, denominator, cash_in_lieu_px = split.numerator, split.denominator, split.cash_in_lieu_px
        exact = self.qty * numerator  # in units of 1 / denominator
        over = exact - target * denominator
        lots = self.lots if self.lots is not None else deque([[self.qty, self.cost]] if self.qty else [])
        scaled = deque([qty * numerator, cost] for qty, cost in lots)
        worth = 0
        if over and cash_in_lieu_px is not None:
            worth = div_half_even(contract.worth(cash_in_lieu_px, over), denominator)
        if over and (over > 0) is (exact > 0):
            taken = _take(scaled, abs(over))
            if cash_in_lieu_px is not None or not scaled:
                self.realised += contract.sense * (worth - taken)
                self.cost -= taken
            else:
                scaled[0][1] += taken
        elif over:
            scaled[-1][0] -= over
            scaled[-1][1] -= worth
            self.cost -= worth
        self.qty = target
        if self.lots is not None:
            self.lots = _whole_lots(scaled, denominator)

    def _close(self, closed: int, held: int) -> int:
        """Take `closed` units out of the cost; return the cost they had."""
        if self.lots is not None:
            taken = _take(self.lots, closed)
        else:
            taken = self.cost if closed == held else div_half_even(self.cost * closed, held)
        self.cost -= taken
        return taken


def _open_lot(lots: deque[list[int]], qty: int, worth: int) -> None:
    """Add the youngest lot; at the price of the one before it, it is the same lot."""
    if lots and lots[-1][1] * qty == worth * lots[-1][0]:
        lots[-1][0] += qty
        lots[-1][1] += worth
    else:
        lots.append([qty, worth])


def _take(lots: deque[list[int]], quantity: int) -> int:
    """Remove `quantity` units (unsigned) from the oldest lots; return their cost."""
    taken = 0
    while quantity:
        lot = lots[0]
        size = abs(lot[0])
        if size <= quantity:
            taken += lot[1]
            quantity -= size
            lots.popleft()
            continue
        part = div_half_even(lot[1] * quantity, size)
        lot[0] -= quantity if lot[0] > 0 else -quantity
        lot[1] -= part
        taken += part
        quantity = 0
    return taken


def _whole_lots(scaled: deque[list[int]], denominator: int) -> deque[list[int]]:
    """Turn lots counted in fractions into whole units, rounding the running total towards zero.

    A lot too small for a whole unit passes its cost to the next younger one; the total is whole, so the last lot is.
    """
    whole: deque[list[int]] = deque()
    running, given, carried = 0, 0, 0
    for qty, cost in scaled:
        running += qty
        units = (abs(running) // denominator) * (1 if running > 0 else -1) - given
        carried += cost
        if units:
            whole.append([units, carried])
            given, carried = given + units, 0
    return whole
