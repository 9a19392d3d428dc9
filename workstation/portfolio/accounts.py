"""What an account is worth and what it may still buy.

Read by the risk gate and the screens, from the ledger's cash and the totals of `pnl`; O(currencies) an answer. It
books and reserves nothing: what working orders hold is asked of `reserved`, which the composition root points at the
exposure.

- equity = cash + cost of what was bought + unrealised - variation margin received in advance, in the base currency.
- margin used = absolute worth of open positions * margin rate. A rate of 10,000 basis points or more is a cash account.
- buying power: cash account `min(cash, equity) - reserved`; margin account `(equity - margin used) / rate - reserved`;
  rounded down and never below 0.
- Not priced, no answer: with a position unmarked or a rate missing the figures that need it are None.
"""

from collections.abc import Callable

import msgspec

from workstation.domain.executions import BalanceState
from workstation.domain.numbers import div_half_even
from workstation.portfolio.ledger import Ledger
from workstation.portfolio.pnl import Pnl

FULL_RATE_BPS = 10_000
"""Margin rate of a cash account, which pays in full."""


class AccountFunds(msgspec.Struct, frozen=True, kw_only=True):
    """Funds of one account in its base currency, as money; None where something is not priced."""

    account: str
    currency: str
    cash: int | None
    equity: int | None
    margin_used: int | None
    reserved: int
    buying_power: int | None
    unmarked: tuple[str, ...]
    missing_rates: tuple[str, ...]


def _nothing_reserved(_account: str) -> int:
    return 0


class Accounts:
    """Funds over a ledger and its profit and loss; `reserved(account)` is money of the base currency held by orders."""

    def __init__(self, ledger: Ledger, pnl: Pnl, reserved: Callable[[str], int] = _nothing_reserved) -> None:
        self._ledger = ledger
        self._pnl = pnl
        self._reserved = reserved

    def equity(self, account: str) -> int | None:
        """Return what the account is worth, None when not priced."""
        if self._pnl.unmarked(account):
            return None
        return self._in_base(account, self._pnl.equity_by_currency(account))[0]

    def margin_used(self, account: str) -> int | None:
        """Return the margin that open positions bind, None when not priced."""
        terms = self._ledger.purse(account).terms
        if terms is None or self._pnl.unmarked(account):
            return None
        totals = self._pnl.open_totals(account)
        gross = {currency: div_half_even(total.gross_twice, 2) for currency, total in totals.items()}
        worth = self._in_base(account, gross)[0]
        return None if worth is None else div_half_even(worth * terms.margin_rate_bps, FULL_RATE_BPS)

    def margin_of(self, account: str, symbol: str) -> int | None:
        """Return the margin that one position binds, as money of its own currency; None when not priced."""
        terms, gross = self._ledger.purse(account).terms, self._pnl.gross(account, symbol)
        if terms is None or gross is None:
            return None
        return div_half_even(gross * terms.margin_rate_bps, FULL_RATE_BPS)

    def buying_power(self, account: str) -> int | None:
        """Return the notional that may still be bought, None when not priced or the account was never opened."""
        return self.funds(account).buying_power

    def drawdown_bps(self, account: str) -> int | None:
        """Return how far equity lies below the day's peak, in basis points of it, rounded up; None when not priced."""
        equity, drawdown = self.equity(account), self._pnl.day(account).drawdown
        if equity is None or drawdown is None:
            return None
        peak = equity + drawdown
        return -(-drawdown * FULL_RATE_BPS // peak) if peak > 0 else FULL_RATE_BPS

    def funds(self, account: str) -> AccountFunds:
        """Return all funds of an account at once."""
        terms = self._ledger.purse(account).terms
        cash, _ = self._in_base(account, dict(self._ledger.cash(account)))
        _, missing = self._in_base(account, self._pnl.equity_by_currency(account))
        equity, margin_used, reserved = self.equity(account), self.margin_used(account), self._reserved(account)
        power = None
        if terms is not None and cash is not None and equity is not None and margin_used is not None:
            if terms.margin_rate_bps >= FULL_RATE_BPS:
                power = min(cash, equity)
            else:
                power = (equity - margin_used) * FULL_RATE_BPS // terms.margin_rate_bps
            power = max(power - reserved, 0)
        return AccountFunds(
            account=account,
            currency=self._pnl.base_currency(account),
            cash=cash,
            equity=equity,
            margin_used=margin_used,
            reserved=reserved,
            buying_power=power,
            unmarked=self._pnl.unmarked(account),
            missing_rates=missing,
        )

    def balances(self, account: str) -> tuple[BalanceState, ...]:
        """Return cash per currency; what is reserved stands with the base currency."""
        purse, base = self._ledger.purse(account), self._pnl.base_currency(account)
        return tuple(
            BalanceState(
                account=account,
                currency=currency,
                cash=amount,
                reserved=self._reserved(account) if currency == base else 0,
                updated_at=purse.updated_at.get(currency, 0),
            )
            for currency, amount in sorted(purse.cash.items())
        )

    def _in_base(self, account: str, amounts: dict[str, int]) -> tuple[int | None, tuple[str, ...]]:
        return self._pnl.rates.total(amounts, self._pnl.base_currency(account))
