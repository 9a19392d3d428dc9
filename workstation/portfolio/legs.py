"""Double entry: what an event moved, as legs that sum to zero per currency and per instrument (P10).

Built on demand from the figures before and after one event. Each leg comes from its own figure (cash, cost, realised,
fees, traded quantity), so a leg that is missing shows as a sum that is not zero.
"""

from collections.abc import Iterable

import msgspec

from workstation.portfolio.figures import Figures
from workstation.portfolio.holding import Holding


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One leg: `book` names the side of the account it falls on, `unit` a currency or an instrument.

    amount: money for a currency, quantity units for an instrument; + is what the account received or now carries.
    """

    account: str
    book: str
    unit: str
    amount: int


class Marks(msgspec.Struct, frozen=True):
    """Figures of one holding at an instant, to tell what an event changed."""

    qty: int
    cost: int
    realised: int
    settled: int
    traded: int
    issued: int
    fees: dict[str, int]
    cash: dict[str, int]

    @classmethod
    def of(cls, figures: Figures) -> "Marks":
        """Return the marks of `figures` now."""
        total = figures.total
        return cls(
            total.qty,
            total.cost,
            total.realised,
            figures.settled,
            figures.traded,
            figures.issued,
            total.fees.copy(),
            figures.cash.copy(),
        )


def holding_legs(holding: Holding, before: Marks) -> Iterable[Leg]:
    """Yield the legs of one holding's change since `before`; cost is a leg only where the principal moves."""
    account, contract, after = holding.account, holding.contract, Marks.of(holding.now)
    symbol, currency = contract.symbol, contract.currency
    yield Leg(account, "position", symbol, after.qty - before.qty)
    yield Leg(account, "market", symbol, before.traded - after.traded)
    yield Leg(account, "issuer", symbol, before.issued - after.issued)
    if contract.principal:
        yield Leg(account, "cost", currency, after.cost - before.cost)
    yield Leg(account, "realised", currency, before.realised - after.realised)
    yield Leg(account, "variation", currency, before.settled - after.settled)
    for unit in sorted({*before.cash, *after.cash}):
        yield Leg(account, "cash", unit, after.cash.get(unit, 0) - before.cash.get(unit, 0))
    for unit in sorted({*before.fees, *after.fees}):
        yield Leg(account, "fees", unit, after.fees.get(unit, 0) - before.fees.get(unit, 0))
