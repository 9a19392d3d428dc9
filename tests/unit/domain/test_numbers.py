"""Exact numbers: what is accepted, what is refused, how it is rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import PrecisionLoss
from workstation.domain.numbers import (
    MONEY_ONE,
    div_half_even,
    format_money,
    format_scaled,
    parse_scaled,
    rescale,
    to_decimal,
)


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [("0", 2, 0), ("1", 2, 100), ("-1.5", 2, -150), ("187.20", 4, 1_872_000), ("1.2300", 2, 123), ("007.5"[2:], 1, 75)],
)
def test_plain_decimals_are_read_exactly(text: str, decimals: int, value: int) -> None:
    assert parse_scaled(text, decimals) == value


@pytest.mark.parametrize(
    "text", ["", " 1", "+1", "01", "1.", ".5", "1e3", "NaN", "Infinity", "-", "1,000", "１２", "1_000", "0x10", "1\n"]
)
def test_anything_but_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(PrecisionLoss):
        parse_scaled(text, 4)


def test_a_digit_too_many_is_refused_and_never_rounded() -> None:
    with pytest.raises(PrecisionLoss, match="at most 2 decimals"):
        parse_scaled("1.005", 2, field="price")


def test_a_decimal_with_an_exponent_is_read_by_its_value() -> None:
    assert parse_scaled(Decimal("1E+3"), 0) == 1000
    with pytest.raises(PrecisionLoss):
        parse_scaled(Decimal("NaN"), 2)


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_text_and_back_gives_the_same_number(value: int, decimals: int) -> None:
    assert parse_scaled(format_scaled(value, decimals), decimals) == value
    assert Fraction(to_decimal(value, decimals)) * 10**decimals == value


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_division_rounds_to_the_nearest_and_ties_to_even(numerator: int, denominator: int) -> None:
    assert div_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def test_rescaling_up_is_exact_and_down_rounds_half_to_even() -> None:
    assert rescale(125, 2, 4) == 12_500
    assert rescale(125, 1, 0) == 12
    assert rescale(135, 1, 0) == 14


def test_money_is_shown_with_grouping_and_sign() -> None:
    assert format_money(-1_234_567 * MONEY_ONE // 100, grouping=True) == "-12,345.67"
    assert format_money(0) == "0.00"
