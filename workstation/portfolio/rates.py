"""Conversion between currencies: each rate with its time, no rate without saying so (P5).

Read by `pnl` and `accounts` where figures of several currencies become one. It holds the last rate of each pair;
nothing is inferred across a third currency, and an absent rate is None, never 1 or 0.
"""

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_ONE, div_half_even


class Rate(msgspec.Struct, frozen=True, gc=False):
    """One unit of `currency` is `numerator` / `denominator` units of `base`; ts: UTC ns of the price behind it."""

    currency: str
    base: str
    numerator: int
    denominator: int
    ts: int

    def convert(self, amount: int) -> int:
        """Return money of `currency` as money of `base`, rounded half to even once."""
        return div_half_even(amount * self.numerator, self.denominator)


class Rates:
    """The last rate of each currency pair; a pair serves both directions."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], Rate] = {}

    def set(self, currency: str, base: str, rate: int, ts: int) -> None:
        """Keep that one unit of `currency` is worth `rate` (money of `base`, above 0) since `ts`.

        Raises:
            ValidationError: the rate is not above 0.
        """
        if rate <= 0:
            raise ValidationError("rate", f"{currency}/{base} is not above 0", allowed="a price above 0")
        self._rates[currency, base] = Rate(currency, base, rate, MONEY_ONE, ts)
        self._rates[base, currency] = Rate(base, currency, MONEY_ONE, rate, ts)

    def get(self, currency: str, base: str) -> Rate | None:
        """Return the rate in force, None where there is none; a currency is worth one of itself."""
        if currency == base:
            return Rate(currency, base, 1, 1, 0)
        return self._rates.get((currency, base))

    def total(self, amounts: dict[str, int], base: str) -> tuple[int | None, tuple[str, ...]]:
        """Return the sum in `base`, and the currencies without a rate; with any of those the sum is None."""
        total, missing = 0, []
        for currency, amount in amounts.items():
            rate = self.get(currency, base)
            if rate is not None:
                total += rate.convert(amount)
            elif amount:
                missing.append(currency)
        return (None if missing else total), tuple(sorted(missing))
