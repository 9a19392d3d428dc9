"""What a figure of profit is counted by: the method that picks the cost of what closes, and the price that marks.

Beside the P&L panel's rows. The books keep one method and one mark; any other choice is a view of the same fills, and
nothing is booked by it. Where a view is not known (a price is missing, older fills are sealed) it answers None, never
the books' figure in its place. Qt-free.
"""

import msgspec

from workstation.domain.executions import CostMethod
from workstation.domain.numbers import div_half_even
from workstation.portfolio.contracts import Contract
from workstation.portfolio.pnl import MarkKind
from workstation.viewmodels.frames import AccountSnap, PositionSnap

METHOD_WORDS = {CostMethod.AVERAGE: "average cost", CostMethod.FIFO: "FIFO"}
MARK_WORDS = {MarkKind.MID: "mid", MarkKind.LAST: "last", MarkKind.EXIT: "exit side"}


class Basis(msgspec.Struct, frozen=True):
    """Method and mark of a figure."""

    method: CostMethod = CostMethod.AVERAGE
    mark: MarkKind = MarkKind.MID

    @property
    def is_books(self) -> bool:
        """True for what the books themselves are kept by."""
        return self == BOOKS

    @property
    def words(self) -> str:
        """Both in words."""
        return f"{METHOD_WORDS[self.method]} · marked at {MARK_WORDS[self.mark]}"


BOOKS = Basis()


class Shift(msgspec.Struct, frozen=True):
    """What a view changes of an account's figures, in its currency; left_out: symbols that it cannot value."""

    realised: int = 0
    open: int = 0
    left_out: tuple[str, ...] = ()


def realised_by(snap: PositionSnap, basis: Basis) -> int | None:
    """Return what the day realised, before fees."""
    if basis.method is snap.position.method:
        return snap.day_realised
    return None if snap.fifo is None else snap.fifo.realised


def open_by(snap: PositionSnap, basis: Basis, contract: Contract | None) -> int | None:
    """Return open profit; 0 when flat, None where price or method is not known."""
    position = snap.position
    if not position.qty:
        return 0
    cost = position.cost
    if basis.method is not position.method:
        if snap.fifo is None:
            return None
        cost = snap.fifo.cost
    if basis.mark is MarkKind.MID:
        sense = 1 if contract is None else contract.sense
        return None if snap.unrealised is None else snap.unrealised + sense * (position.cost - cost)
    price = snap.last if basis.mark is MarkKind.LAST else snap.exit_px
    if price is None or contract is None or (contract.inverse and price <= 0):
        return None
    return div_half_even(contract.sense * (contract.worth_twice(2 * price, position.qty) - 2 * cost), 2)


def shift_of(snap: PositionSnap, basis: Basis, contract: Contract | None, account: AccountSnap) -> Shift:
    """Return what a view changes of the account's figures by one position; what it cannot value is left out."""
    position = snap.position
    realised, opened = realised_by(snap, basis), open_by(snap, basis, contract)
    changes = [(realised or 0) - snap.day_realised, (opened or 0) - (snap.unrealised or 0)]
    unknown = realised is None or opened is None
    if position.currency != account.currency:
        rate = account.rates.get(position.currency)
        unknown = unknown or (rate is None and any(changes))
        changes = [0 if rate is None else rate.convert(change) for change in changes]
    return Shift(changes[0], changes[1], (position.symbol,) if unknown else ())
