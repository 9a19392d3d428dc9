"""Exact numbers: prices, quantities and money as scaled integers.

A price is an integer count of the instrument's smallest price unit (10 ** -price_decimals), a quantity likewise
(10 ** -qty_decimals), money an integer count of 10 ** -MONEY_DECIMALS of its currency. `Decimal` and text exist at the
edges only. NaN, infinity, exponents and lost digits are refused here, at the border.
"""

import re
from decimal import Decimal

from workstation.domain.errors import PrecisionLoss

MONEY_DECIMALS = 18
"""Digits after the point of every money amount; price, quantity and multiplier decimals may add up to this."""

MONEY_ONE = 10**MONEY_DECIMALS
"""One unit of a currency, as money."""

_DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_DIGITS_MAX = 40


def parse_scaled(value: str | int | Decimal, decimals: int, *, field: str = "number") -> int:
    """Return `value` times 10 ** decimals, exactly.

    Raises:
        PrecisionLoss: not a plain finite decimal, or more digits after the point than `decimals`.
    """
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if len(text) > _DIGITS_MAX or not _DECIMAL_TEXT.fullmatch(text):
        raise PrecisionLoss(field, "is not a plain decimal number", allowed="digits with an optional point")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > decimals:
        raise PrecisionLoss(field, f"{text} has more than {decimals} decimals", allowed=f"at most {decimals} decimals")
    magnitude = int(whole.lstrip("-") + fraction.ljust(decimals, "0"))
    return -magnitude if text.startswith("-") else magnitude


def format_scaled(value: int, decimals: int, *, keep: int = 0) -> str:
    """Return the plain decimal text of `value` / 10 ** decimals, trailing zeros cut down to `keep` decimals."""
    if decimals == 0:
        return str(value) + ("." + "0" * keep if keep else "")
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = digits[:-decimals], digits[-decimals:].rstrip("0").ljust(keep, "0")
    return ("-" if value < 0 else "") + whole + ("." + fraction if fraction else "")


def to_decimal(value: int, decimals: int) -> Decimal:
    """Return `value` / 10 ** decimals as an exact Decimal with `decimals` digits after the point."""
    return Decimal(f"{value}e{-decimals}") if decimals else Decimal(value)


def div_half_even(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded to the nearest integer, ties to even; denominator is above 0."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def rescale(value: int, from_decimals: int, to_decimals: int) -> int:
    """Return `value` at another scale; digits are lost half to even when the scale shrinks."""
    if to_decimals >= from_decimals:
        return int(value * 10 ** (to_decimals - from_decimals))
    return div_half_even(value, 10 ** (from_decimals - to_decimals))


def format_money(amount: int, places: int = 2, *, grouping: bool = False) -> str:
    """Return money as text with exactly `places` decimals, rounded half to even."""
    text = format_scaled(rescale(amount, MONEY_DECIMALS, places), places, keep=places)
    if not grouping:
        return text
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = text.partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"
