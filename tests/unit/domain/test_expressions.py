"""The expression language: its types, its arithmetic and what it refuses, each by the smallest text."""

from fractions import Fraction

import pytest

from workstation.domain.expressions.evaluation import Absent, Snapshot, compiled
from workstation.domain.expressions.tokens import TEXT_MAX, ExpressionError
from workstation.domain.expressions.vocabulary import Kind

NUMBERS = {
    "bid": "99.98", "ask": "100.00", "last": "99.99", "cursor": "99.50", "avg": "98", "spread": "0.02", "tick": "0.01",
    "lot": "1", "pos": "-300", "preset": "100", "max_qty": "5000", "open_risk": "250", "risk_cash": "200",
    "bp": "40000", "equity": "10000",
}  # fmt: skip
FLAGS = {"armed": True, "live": False, "flat": False, "short": True, "fresh": True}
SNAPSHOT = Snapshot(
    values={name: Fraction(text) for name, text in NUMBERS.items()} | FLAGS,
    tick=Fraction("0.01"),
    lot=Fraction(1),
    point_value=Fraction(1),
)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("ask + 2t", Kind.PRICE, Fraction("100.02")),
        ("ask - bid", Kind.DISTANCE, Fraction("0.02")),
        ("ask * 1%", Kind.DISTANCE, Fraction(1)),
        ("ask - ask * 50 bps".replace(" bps", "bps"), Kind.PRICE, Fraction("99.5")),
        ("ask + 2 * (ask - cursor)", Kind.PRICE, Fraction(101)),
        ("risk_cash / (ask - cursor + 3t)", Kind.QTY, Fraction(200) / Fraction("0.53")),
        ("bp * 25% / ask", Kind.QTY, Fraction(100)),
        ("min(risk_cash / (ask - cursor + 3t), bp * 25% / ask, max_qty)", Kind.QTY, Fraction(100)),
        ("pos * avg", Kind.MONEY, Fraction(-29_400)),
        ("-pos", Kind.QTY, Fraction(300)),
        ("abs(pos) - preset", Kind.QTY, Fraction(200)),
        ("0.5R", Kind.MONEY, Fraction(125)),
        ("ask / bid", Kind.RATIO, Fraction(100) / Fraction("99.98")),
        ("clamp(preset * 100, lot, max_qty)", Kind.QTY, Fraction(5000)),
        ("round_tick(ask * 0.333)", Kind.DISTANCE, Fraction("33.3")),
        ("round_lot(risk_cash / 3t)", Kind.QTY, Fraction(6666)),
        ("if(short, abs(pos), preset)", Kind.QTY, Fraction(300)),
        ("1 + 2 * 3 - 4 / 2", Kind.RATIO, Fraction(5)),
        ("(1 + 2) * 3", Kind.RATIO, Fraction(9)),
        ("spread < 3t and not live", Kind.BOOL, True),
        ("armed and cursor < ask", Kind.BOOL, True),
        ("live or flat or pos <= -300", Kind.BOOL, True),
        ("bid == 99.98", Kind.BOOL, True),
        ("not (armed and fresh)", Kind.BOOL, False),
    ],
)
def test_an_expression_has_its_type_and_its_exact_value(text, kind, value):
    expression = compiled(text)
    assert (expression.kind, expression.value(SNAPSHOT)) == (kind, value)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("bid + ask", 5, "there is no price + price"),
        ("ask + 2", 5, "a distance needs its unit, such as 3t"),
        ("spread < 3", 8, "a distance needs its unit, such as 3t"),
        ("pos + ask", 5, "there is no qty + price"),
        ("min(pos, ask)", 1, "min needs one type, these are qty, price"),
        ("clamp(pos, lot)", 1, "clamp takes 3, not 2"),
        ("abs(ask)", 1, "abs takes no price"),
        ("-ask", 1, "a price has no negative"),
        ("armed + 1", 7, "there is no condition + ratio"),
        ("armed == live", 7, "conditions are joined by 'and' and 'or'"),
        ("pos and armed", 5, "expected a condition, found a qty"),
        ("if(pos, 1, 2)", 1, "expected a condition, found a qty"),
        ("if(armed, 1, ask)", 1, "the arms of 'if' are a ratio and a price"),
        ("bid < ask < last", 11, "comparisons do not chain"),
        ("foo + 1", 1, "'foo' is not known here"),
        ("foo(1)", 1, "'foo' is no function"),
        ("ask +", 6, "expected a number, a name or '(', found the end"),
        ("(ask", 5, "expected ')', found the end"),
        ("ask ; bid", 5, "';' is no part of an expression"),
        ("1.2.3", 1, "'1.2.3' is no number"),
        ("3x", 1, "'3x' is no number"),
        ("1e9", 1, "'1e9' is no number"),
        ("٣", 1, "is no part of an expression"),
        ("", 1, "expected a number, a name or '(', found the end"),
        ("(" * 33 + "1" + ")" * 33, 33, "nested deeper than 32"),
        ("1" * (TEXT_MAX + 1), TEXT_MAX + 1, "at most 512 characters"),
        ("ask bid", 5, "expected an operator or the end, found 'bid'"),
        ("1 and", 6, "found the end"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(text, column, words):
    with pytest.raises(ExpressionError) as refused:
        compiled(text)
    assert words in str(refused.value)
    assert refused.value.column == column


def test_a_number_alone_takes_its_fields_type():
    assert compiled("187.20", Kind.PRICE).value(SNAPSHOT) == Fraction("187.2")
    assert compiled("-1.5", Kind.PRICE).value(SNAPSHOT) == Fraction("-1.5")
    assert compiled("300", Kind.QTY).value(SNAPSHOT) == 300


def test_a_number_alone_is_no_distance_and_no_condition():
    for want in (Kind.DISTANCE, Kind.BOOL):
        with pytest.raises(ExpressionError):
            compiled("2", want)


def test_another_type_than_the_fields_is_refused():
    with pytest.raises(ExpressionError, match="expected a price, this is a qty"):
        compiled("preset", Kind.PRICE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("vwap + 1t", "vwap is missing"),
        ("if(armed, bid, vwap)", "vwap is missing"),
        ("armed or synced", "synced is missing"),
        ("1 / (2 - 2)", "division by zero"),
        ("risk_cash / (cursor - ask)", "the distance to divide by is not above zero"),
        ("clamp(pos, max_qty, lot)", "clamp's lower bound is above its upper bound"),
    ],
)
def test_a_missing_input_makes_the_whole_absent_by_its_name(text, reason):
    assert compiled(text).value(SNAPSHOT) == Absent(reason)


def test_money_and_quantity_meet_through_the_point_value():
    future = Snapshot(values=SNAPSHOT.values, tick=Fraction("0.25"), lot=Fraction(1), point_value=Fraction(50))
    assert compiled("risk_cash / (ask - cursor)").value(future) == Fraction(8)
    assert compiled("2 * lot * (ask - cursor)").value(future) == Fraction(50)


def test_without_a_currency_rate_money_has_no_quantity():
    foreign = Snapshot(values=SNAPSHOT.values, tick=Fraction("0.01"), lot=Fraction(1), point_value=None)
    assert compiled("bp / ask").value(foreign) == Absent("currency rate is missing")


def test_an_expression_names_what_it_reads():
    assert compiled("min(bp / ask, preset) + lot").names == {"bp", "ask", "preset", "lot"}


def test_the_longest_text_is_read_and_written_without_end():
    text = "+".join(["1"] * 256)
    expression = compiled(text)
    assert (expression.value(SNAPSHOT), str(expression).replace(" ", "")) == (256, text)


NUMBERED = {"last": Kind.PRICE, "pos": Kind.QTY, "spread": Kind.DISTANCE, "ratio": Kind.RATIO, "own.a.B": Kind.PLAIN}
READ = Snapshot(
    values={"last": Fraction(100), "pos": Fraction(3), "ratio": Fraction(2), "own.a.B": Fraction(50)},
    tick=Fraction(1),
    lot=Fraction(1),
    point_value=None,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("last > own.a.B", True),
        ("own.a.B < 51", True),
        ("last < own.a.B * 2.01", True),
        ("last < max(own.a.B, 101)", True),
        ("pos > -own.a.B", True),
        ("ratio == own.a.B / 25", True),
    ],
)
def test_a_plain_number_takes_the_type_of_what_it_is_compared_with(text, value):
    expression = compiled(text, Kind.BOOL, NUMBERED)
    assert (expression.value(READ), "own.a.B" in expression.names) == (value, True)
    assert str(compiled(str(expression), Kind.BOOL, NUMBERED)) == str(expression) == text


def test_a_plain_number_alone_is_read_as_what_is_wanted():
    assert compiled("own.a.B + 1", Kind.PRICE, NUMBERED).value(READ) == 51
    assert compiled("own.a.B + 1", Kind.PRICE, NUMBERED).names == {"own.a.B"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("last + own.a.B > 3", "column 6: there is no price . ratio; a distance needs its unit"),
        ("spread < own.a.B", "column 8: a distance is not compared with a ratio; a distance needs its unit"),
        ("last > 2 * 3", "column 6: a price is not compared with a ratio"),
        ("own.a.C > 3", "column 1: 'own.a.C' is not known here"),
        ("own.a. > 3", "column 6: '.' is no number"),
    ],
)
def test_what_a_plain_number_does_not_fit_is_refused(text, words):
    with pytest.raises(ExpressionError, match=words):
        compiled(text, Kind.BOOL, NUMBERED)


def test_a_missing_value_is_explained_where_that_is_known():
    snapshot = Snapshot(values={}, tick=Fraction(1), lot=Fraction(1), point_value=None, why={"own.a.B": "no file a.py"})
    assert compiled("own.a.B > 3", Kind.BOOL, NUMBERED).value(snapshot) == Absent("no file a.py")
