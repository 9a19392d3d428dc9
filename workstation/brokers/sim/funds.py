"""Buying power at the venue: a new order must be covered by the account's free equity at its margin rate.

Checked when an order arrives and when its terms grow. What reduces a position needs no funds. Rates between
currencies come from the venue's own pairs; without a pair the currency counts as nothing, never as one to one.
"""

from typing import TYPE_CHECKING

from workstation.domain.instruments import AssetClass
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import OrderTerms

if TYPE_CHECKING:
    from workstation.brokers.sim.exchange import Exchange


class Funds:
    """Reads the exchange's holdings and last prices."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange

    def refusal(self, terms: OrderTerms, old_qty: int) -> tuple[str, str] | None:
        """Return why an order (or its growth over `old_qty`) is not covered, None when it is."""
        if self._exchange.holdings.only_reduces(terms, old_qty):
            return None
        added = terms.order_qty - old_qty
        price = terms.price if terms.price is not None else self._mark(terms.symbol)
        if price is None:
            return None
        account = self._exchange.accounts[terms.account]
        instrument = self._exchange.instruments[terms.symbol]
        notional = abs(instrument.notional(price, added))
        needed = div_half_even(
            self._in_base(notional, instrument.currency, account.currency) * account.margin_rate_bps, 10_000
        )
        if needed > self.free(terms.account):
            return "INSUFFICIENT_FUNDS", "free equity does not cover the order"
        return None

    def free(self, account_id: str) -> int:
        """Return equity less the margin of open positions, money of the account's currency."""
        account = self._exchange.accounts[account_id]
        equity = margin = 0
        for (owner, currency), cash in self._exchange.holdings.cash.items():
            if owner == account_id:
                equity += self._in_base(cash, currency, account.currency)
        for (owner, symbol), holding in self._exchange.holdings.positions.items():
            if owner != account_id or not holding.qty:
                continue
            instrument = self._exchange.instruments[symbol]
            mark = self._mark(symbol)
            value = instrument.notional(mark, holding.qty) if mark is not None else holding.cost
            worth = value - holding.cost if instrument.asset_class is AssetClass.FUTURE else value
            equity += self._in_base(worth, instrument.currency, account.currency)
            margin += div_half_even(
                abs(self._in_base(value, instrument.currency, account.currency)) * account.margin_rate_bps, 10_000
            )
        return equity - margin

    def _mark(self, symbol: str) -> int | None:
        matcher = self._exchange.matchers[symbol]
        bid, ask = matcher.book.bids.best, matcher.book.asks.best
        return (bid + ask) // 2 if bid is not None and ask is not None else matcher.last

    def _in_base(self, amount: int, currency: str, base: str) -> int:
        if currency == base:
            return amount
        for symbol, inverse in ((f"{currency}/{base}", False), (f"{base}/{currency}", True)):
            if symbol in self._exchange.instruments and (rate := self._mark(symbol)):
                one = 10 ** self._exchange.instruments[symbol].price_decimals
                return div_half_even(amount * one, rate) if inverse else div_half_even(amount * rate, one)
        return 0
