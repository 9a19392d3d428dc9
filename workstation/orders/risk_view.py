"""What the gate may read of the rest of the core: implements `risk.view.RiskView` over the fold, prices and P&L.

Order walk, beside the desk: built once by whoever composes the core. Reading only.
"""

from collections.abc import Callable
from typing import Protocol

from workstation.domain.accounts import Account, Environment
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import Origin, ReferencePrice
from workstation.orders.context import Prices
from workstation.orders.fold import CoreState


class Valuation(Protocol):
    """Worth of accounts, as money in the account's currency; None where something is unpriced."""

    def equity(self, account: str) -> int | None:
        """Return cash plus open profit."""

    def peak_equity(self, account: str) -> int | None:
        """Return the highest equity of the trading day."""

    def gross(self, account: str) -> int | None:
        """Return the sum of the absolute market values of all positions."""

    def day_net(self, account: str) -> int | None:
        """Return the day's profit after fees, open profit included."""

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        """Return `amount` of money in another currency, None without a rate."""


Permit = Callable[[Origin, str], bool]
"""Whether a person has permitted this origin and strategy to add exposure on LIVE accounts."""


def no_permits(_origin: Origin, _strategy_id: str) -> bool:
    """Permit nothing: what holds until a person grants a permit."""
    return False


class CoreRiskView:
    """The gate's view of one core."""

    def __init__(self, state: CoreState, prices: Prices, worth: Valuation, permit: Permit = no_permits) -> None:
        self._state = state
        self._prices = prices
        self._worth = worth
        self._permit = permit

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument, None when the symbol is not known."""
        return self._state.instruments.get(symbol)

    def account(self, account: str) -> Account | None:
        """Return the account, None when it is not known."""
        return self._state.accounts.get(account)

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the last good quote with its age."""
        return self._prices.reference(symbol)

    def phase(self, symbol: str) -> SessionPhase:
        """Return the trading phase."""
        return self._prices.phase(symbol)

    def qty(self, account: str, symbol: str) -> int:
        """Return the reconciled position of the account, signed, + long."""
        return self._state.ledger.qty(account, symbol)

    def equity(self, account: str) -> int | None:
        """Return cash plus open profit."""
        return self._worth.equity(account)

    def peak_equity(self, account: str) -> int | None:
        """Return the highest equity of the trading day."""
        return self._worth.peak_equity(account)

    def gross(self, account: str) -> int | None:
        """Return the sum of the absolute market values of all positions."""
        return self._worth.gross(account)

    def day_net(self, account: str) -> int | None:
        """Return the day's profit after fees, open profit included."""
        return self._worth.day_net(account)

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        """Return `amount` of money in another currency, None without a rate."""
        return self._worth.convert(amount, currency, to)

    def armed(self, environment: Environment) -> bool:
        """Tell whether entry by hand is armed for the environment."""
        return self._state.controls.arming.armed(environment)

    def live_permit(self, origin: Origin, strategy_id: str) -> bool:
        """Tell whether a person has permitted this origin to add exposure on LIVE accounts."""
        return self._permit(origin, strategy_id)
