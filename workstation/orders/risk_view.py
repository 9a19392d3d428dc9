"""What the gate may read of the rest of the core: implements `risk.view.RiskView` over the fold, prices and P&L.

Order walk, beside the desk: built once by whoever composes the core. Reading only.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import LOCAL_TENANT, ApiKey, LivePermit, StrategyDefinition, StrategyRun
from workstation.orders.context import Prices
from workstation.orders.fold import CoreState
from workstation.portfolio.run_symbols import RunSymbols
from workstation.risk.day_values import holder_of
from workstation.risk.view import RunHolding


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

    def run_made(self, account: str, run_id: str) -> int | None:
        """Return what a run has made net of fees, open profit included."""

    def worth_of(self, account: str, symbol: str, qty: int) -> int | None:
        """Return the absolute market value of a quantity at the mark of its position."""


class CoreRiskView:
    """The gate's view of one core; see `risk.view.RiskView`. Bound once, since every order asks for most of it."""

    def __init__(self, state: CoreState, prices: Prices, worth: Valuation) -> None:
        self.instrument: Callable[[str], Instrument | None] = state.instruments.get
        self.account: Callable[[str], Account | None] = state.accounts.get
        self.reference = prices.reference
        self.phase = prices.phase
        self.qty = state.ledger.qty
        self.equity = worth.equity
        self.peak_equity = worth.peak_equity
        self.gross = worth.gross
        self.day_net = worth.day_net
        self.convert = worth.convert
        self.run_made = worth.run_made
        self._worth_of, self._traded = worth.worth_of, RunSymbols(state.ledger)
        self.armed = state.controls.arming.armed
        self._records, self._ledger = state.records, state.ledger

    def run_qty(self, account: str, symbol: str, run_id: str) -> int:
        """Return what of the account's position is a run's own, signed, + long."""
        row = self._ledger.position(account, symbol, run_id)
        return 0 if row is None else row.qty

    def run_holdings(self, account: str, run_id: str) -> Iterator[RunHolding]:
        """Yield a run's own open positions, worth as money of the account's currency."""
        for symbol in self._traded.of(account, run_id):
            qty = self.run_qty(account, symbol, run_id)
            if qty:
                yield RunHolding(symbol, qty, self._worth_of(account, symbol, qty))

    def live_permit(self, origin: Origin, strategy_id: str) -> LivePermit | None:
        """Return the permit of the API key or of the run's strategy that asks, run out or not; None for all others.

        A strategy's is for the code that was approved: a run that has another has none.
        """
        if origin.kind is OriginKind.STRATEGY:
            run = self._records.find(StrategyRun, LOCAL_TENANT, strategy_id)
            strategy = None if run is None else self._records.find(StrategyDefinition, LOCAL_TENANT, run.strategy_id)
            if run is None or strategy is None or not strategy.is_approved or run.code_hash != strategy.approved_code:
                return None
            return strategy.live_permit
        if origin.kind is not OriginKind.REST:
            return None
        key = self._records.find(ApiKey, LOCAL_TENANT, origin.detail)
        return None if key is None else key.live_permit

    def permit_holder(self, origin: Origin, strategy_id: str) -> str:
        """Return the id of the API key or of the run's strategy; "" for all others."""
        return holder_of(self._records, origin, strategy_id)

    def order_cap(self, origin: Origin) -> int | None:
        """Return the cap of the API key that asks, as money; None for other credentials and keys without one."""
        key = self._records.find(ApiKey, LOCAL_TENANT, origin.detail)
        if key is None or key.max_order_notional is None:
            return None
        return parse_scaled(key.max_order_notional, MONEY_DECIMALS)
