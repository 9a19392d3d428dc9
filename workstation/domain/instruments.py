"""Instruments: what can be traded, on which grid of prices and quantities, and what one unit is worth.

Prices and quantities elsewhere are integers on the scales that the instrument states; this module is the only place
that turns them into text and money. Tick tables follow exchange practice: a band's tick applies from its price upward.
"""

import bisect
import re
from enum import StrEnum
from typing import Literal

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled

_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", re.ASCII)


class AssetClass(StrEnum):
    """Kind of contract."""

    STOCK = "STOCK"
    ETF = "ETF"
    OPTION = "OPTION"
    FUTURE = "FUTURE"
    FOREX = "FOREX"
    CRYPTO = "CRYPTO"
    BOND = "BOND"


class OptionRight(StrEnum):
    """Right of an option."""

    CALL = "CALL"
    PUT = "PUT"


class TickBand(msgspec.Struct, frozen=True, gc=False):
    """Tick size from a price upward, both in price units."""

    from_price: int
    tick: int


class OptionTerms(msgspec.Struct, frozen=True, gc=False):
    """Terms of an option: strike in price units of the option's own scale, expiry as YYYY-MM-DD."""

    underlying: str
    strike: int
    expiry: str
    right: OptionRight


def is_isin(text: str) -> bool:
    """Tell whether a text is a number by ISO 6166: country, nine letters or digits, and the right check digit."""
    if not _ISIN.fullmatch(text):
        return False
    digits = [int(digit) for letter in text for digit in str(int(letter, 36))]
    doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable contract. `symbol` is its key everywhere in the core.

    price_decimals, qty_decimals: digits after the point of price and quantity units.
    ticks: tick bands, ascending by from_price; the first band also serves every price below it.
    lot, min_qty, max_qty: in quantity units; orders are multiples of `lot`.
    multiplier: money per whole price point and whole unit, scaled by 10 ** multiplier_decimals.
    calendar: id of the session calendar; inverse: settled in the base currency (realised with 1/price).
    isin: the contract's number by ISO 6166, "" where it has none or none is known.
    """

    symbol: str
    asset_class: AssetClass
    currency: str
    price_decimals: int
    qty_decimals: int
    ticks: tuple[TickBand, ...]
    lot: int = 1
    min_qty: int = 1
    max_qty: int | None = None
    multiplier: int = 1
    multiplier_decimals: int = 0
    name: str = ""
    exchange: str = ""
    calendar: str = "ALWAYS"
    option: OptionTerms | None = None
    expiry: str | None = None
    price_may_be_negative: bool = False
    inverse: bool = False
    tradable: bool = True
    isin: str = ""

    def __post_init__(self) -> None:
        if self.price_decimals + self.qty_decimals + self.multiplier_decimals > MONEY_DECIMALS:
            raise ValidationError(
                "instrument", f"{self.symbol}: more than {MONEY_DECIMALS} decimals in price, quantity and multiplier"
            )
        if not self.ticks or any(band.tick <= 0 for band in self.ticks) or self.lot <= 0 or self.multiplier <= 0:
            raise ValidationError("instrument", f"{self.symbol}: ticks, lot and multiplier must be above 0")
        if (self.asset_class is AssetClass.OPTION) != (self.option is not None):
            raise ValidationError("instrument", f"{self.symbol}: option terms go with options, and only with them")
        if self.isin and not is_isin(self.isin):
            raise ValidationError("instrument", f"{self.symbol}: {self.isin!r} is no ISIN")

    @property
    def moves_principal(self) -> bool:
        """True when a trade moves its whole worth in cash; futures and inverse contracts bind margin alone."""
        return not self.inverse and self.asset_class is not AssetClass.FUTURE

    def tick_at(self, price: int) -> int:
        """Return the tick in force at `price`, in price units."""
        if len(self.ticks) == 1:
            return self.ticks[0].tick
        index = bisect.bisect_right(self.ticks, price, key=lambda band: band.from_price) - 1
        return self.ticks[max(index, 0)].tick

    def on_tick(self, price: int) -> bool:
        """Tell whether `price` lies on the instrument's grid."""
        return price % self.tick_at(price) == 0

    def round_to_tick(self, price: int, direction: Literal["down", "up"]) -> int:
        """Return the nearest grid price at or below (`down`), at or above (`up`) `price`."""
        tick = self.tick_at(price)
        return price // tick * tick if direction == "down" else -(-price // tick) * tick

    def step(self, price: int, ticks: int) -> int:
        """Return the price `ticks` grid steps away (signed); the tick is that of the band being entered."""
        if len(self.ticks) == 1:
            return price + ticks * self.ticks[0].tick
        for _ in range(abs(ticks)):
            price += self.tick_at(price) if ticks > 0 else -self.tick_at(price - 1)
        return price

    def ticks_between(self, low: int, high: int) -> int:
        """Return the signed count of ticks from `low` to `high`, at the tick in force at `low`, rounded towards 0."""
        span = abs(high - low) // self.tick_at(low)
        return span if high >= low else -span

    def notional(self, price: int, qty: int) -> int:
        """Return the signed money value of `qty` units at `price`, multiplier included."""
        spare = MONEY_DECIMALS - self.price_decimals - self.qty_decimals - self.multiplier_decimals
        return int(price * qty * self.multiplier * 10**spare)

    def price_from(self, value: str | int, *, field: str = "price") -> int:
        """Parse decimal text to price units; the grid is not checked here."""
        return parse_scaled(value, self.price_decimals, field=field)

    def qty_from(self, value: str | int, *, field: str = "quantity") -> int:
        """Parse decimal text to quantity units; the lot is not checked here."""
        return parse_scaled(value, self.qty_decimals, field=field)

    def price_text(self, price: int) -> str:
        """Return a price as exact text, with the decimals that its tick needs, more only where it lies off the grid."""
        return format_scaled(price, self.price_decimals, keep=self.decimals_at(price))

    def decimals_at(self, price: int) -> int:
        """Return how many decimals the grid at `price` needs."""
        tick, decimals = self.tick_at(price), self.price_decimals
        while decimals and tick % 10 == 0:
            tick, decimals = tick // 10, decimals - 1
        return decimals

    def qty_text(self, qty: int) -> str:
        """Return a quantity as text without trailing zeros."""
        return format_scaled(qty, self.qty_decimals)
