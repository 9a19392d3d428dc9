"""What the account is worth as prices move: exact totals, brought up to date by what changed alone.

Beside the ledger, whose positions it values. The curve's figures are floating: a price of one instrument at a
time moves them, by the terms that all else leaves.
"""

from collections.abc import Mapping

from workstation.backtest.options import BPS
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE
from workstation.portfolio.contracts import Contract
from workstation.portfolio.ledger import Ledger


class _Line:
    __slots__ = ("contract", "cost", "exposure", "price", "qty", "value")

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.qty = self.cost = self.value = self.exposure = self.price = 0


Terms = tuple[float, float, float, float]
"""The account over one instrument's price, (fixed, net, unit, cash): equity fixed + unit * price, exposure net + it."""


class Valuation:
    """Worth of one account. rates: for each other currency, the pair whose price is what one unit of it is worth."""

    def __init__(
        self,
        ledger: Ledger,
        account: str,
        currency: str,
        *,
        instruments: Mapping[str, Instrument],
        rates: Mapping[str, str],
    ) -> None:
        self._ledger, self._account, self._currency = ledger, account, currency
        self._instruments, self._rates = instruments, rates
        self._rate_symbols = frozenset(rates.values())
        self._rate_px: dict[str, int] = {}
        self._contracts = {symbol: Contract(instrument) for symbol, instrument in instruments.items()}
        self._lines: dict[str, _Line] = {}
        self._value = self._gross = self._net = self._cash = 0
        self.recount_cash()

    # Changes

    def mark(self, symbol: str, price: int) -> None:
        """Take a price."""
        line = self._lines.get(symbol)
        if line is not None and line.price != price:
            line.price = price
            if line.qty:
                self._value_anew(line)
        if self._rate_symbols and symbol in self._rate_symbols and self._rate_px.get(symbol) != price:
            self._rate_px[symbol] = price
            for other in self._lines.values():
                if other.qty and other.contract.currency != self._currency:
                    self._value_anew(other)
            self.recount_cash()

    def moved(self, symbol: str, price: int) -> None:
        """Take a position and the cash from the ledger after they changed; price: to value the position by."""
        line = self._lines.get(symbol)
        if line is None:
            line = self._lines[symbol] = _Line(self._contracts[symbol])
        held = self._ledger.holding(self._account, symbol)
        if held is not None:
            total = held.now.total
            line.qty, line.cost = total.qty, total.cost
        line.price = price
        self._value_anew(line)
        self.recount_cash()

    def recount_cash(self) -> None:
        """Take the account's cash from the ledger."""
        own, cash = self._currency, self._ledger.purse(self._account).cash
        total = cash.get(own, 0)
        if len(cash) > 1 or own not in cash:
            for currency, amount in cash.items():
                if amount and currency != own:
                    total += self.converted(amount, currency)
        self._cash = total

    def _value_anew(self, line: _Line) -> None:
        contract, qty = line.contract, line.qty
        value = worth = 0
        if qty:
            worth = contract.worth(line.price, qty)
            value = worth if contract.principal else contract.sense * (worth - line.cost)
            if contract.currency != self._currency:
                value, worth = self.converted(value, contract.currency), self.converted(worth, contract.currency)
        exposure = line.exposure
        self._value += value - line.value
        self._net += worth - exposure
        self._gross += abs(worth) - abs(exposure)
        line.value, line.exposure = value, worth

    # Answers

    def converted(self, amount: int, currency: str) -> int:
        """Return money in the account's currency.

        Raises:
            ValidationError: the plan names no pair for the currency, or it has no price yet.
        """
        if currency == self._currency:
            return amount
        symbol = self._rates.get(currency)
        price = None if symbol is None else self._rate_px.get(symbol)
        if symbol is None or price is None:
            raise ValidationError("rates", f"no price says what {currency} is worth in {self._currency}")
        scale: int = 10 ** self._instruments[symbol].price_decimals
        return amount * price // scale

    def converts(self, currency: str) -> bool:
        """Tell whether money of the currency can be converted by now."""
        return currency == self._currency or self._rates.get(currency, "") in self._rate_px

    @property
    def equity(self) -> int:
        """Cash and the value of all positions, money."""
        return self._cash + self._value

    @property
    def gross(self) -> int:
        """Absolute worth of all positions, money."""
        return self._gross

    @property
    def cash(self) -> int:
        """Cash of all currencies, money."""
        return self._cash

    def carries(self, symbol: str, qty: int, price: int, *, margin_bps: int, reserved: int = 0) -> bool:
        """Tell whether the account carries a position of `qty` in the instrument, with worth reserved elsewhere."""
        line = self._lines.get(symbol)
        gross = self._gross + self.worth(symbol, price, qty)
        if line is not None:
            gross -= abs(line.exposure)
        return (self._cash + self._value) * BPS >= (gross + reserved) * margin_bps

    def worth(self, symbol: str, price: int, qty: int) -> int:
        """Return the absolute worth of a quantity, in the account's currency."""
        contract = self._contracts[symbol]
        worth = contract.worth(price, qty)
        return abs(worth if contract.currency == self._currency else self.converted(worth, contract.currency))

    def worth_now(self, symbol: str, qty: int) -> int | None:
        """Return the absolute worth of a quantity at the last price, None before the first."""
        line = self._lines.get(symbol)
        return None if line is None else self.worth(symbol, line.price, qty)

    def terms(self, symbol: str) -> Terms:
        """Return what the account comes to at any price of the instrument, all else as it stands."""
        line, cash = self._lines.get(symbol), self._cash / MONEY_ONE
        if line is None or not line.qty or line.contract.inverse:
            return self.equity / MONEY_ONE, self._net / MONEY_ONE, 0.0, cash
        contract, fixed = line.contract, self._cash + self._value - line.value
        unit = line.qty * contract.factor / MONEY_ONE
        if contract.currency != self._currency:
            unit *= self.converted(MONEY_ONE, contract.currency) / MONEY_ONE
        if not contract.principal:
            fixed -= self.converted(line.cost, contract.currency)
        return fixed / MONEY_ONE, (self._net - line.exposure) / MONEY_ONE, unit, cash
