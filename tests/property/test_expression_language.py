"""Whatever is typed, the language answers: a tree whose text gives the same tree, or a refusal within the text."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.expressions.evaluation import Absent, Snapshot, compiled
from workstation.domain.expressions.parsing import parse
from workstation.domain.expressions.tokens import ExpressionError
from workstation.domain.expressions.tree import (
    Arithmetic,
    Both,
    Comparison,
    Function,
    If,
    Name,
    Negative,
    Not,
    Number,
    text_of,
)
from workstation.domain.expressions.vocabulary import TRADING, Kind

_numbers = st.builds(
    Number,
    st.integers(0, 10**9).map(lambda digits: Decimal(digits) / 1000),
    st.sampled_from(["", "t", "%", "bps", "R"]),
)
_leaves = _numbers | st.sampled_from(sorted(TRADING)).map(Name)
_trees = st.recursive(
    _leaves,
    lambda part: st.one_of(
        st.builds(Negative, part),
        st.builds(Not, part),
        st.builds(Arithmetic, st.sampled_from("+-*/"), part, part),
        st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), part, part),
        st.builds(Both, st.sampled_from(["and", "or"]), part, part),
        st.builds(If, part, part, part),
        st.builds(Function, st.just("min"), st.tuples(part, part)),
    ),
    max_leaves=8,
)
_words = st.sampled_from(
    [
        *sorted(TRADING),
        "and",
        "or",
        "not",
        "if",
        "min",
        "abs",
        "(",
        ")",
        ",",
        "<",
        "==",
        "+",
        "-",
        "*",
        "/",
        "1",
        "2.5t",
        "3%",
    ]
)


def _bare(tree):
    """Return the tree without its columns."""
    fields = {name: _bare_part(getattr(tree, name)) for name in tree.__struct_fields__ if name != "column"}
    return (type(tree).__name__, *fields.values())


def _bare_part(part):
    if isinstance(part, tuple):
        return tuple(_bare(item) for item in part)
    return _bare(part) if hasattr(part, "__struct_fields__") else part


@given(_trees)
def test_the_text_of_a_tree_parses_to_the_same_tree(tree):
    text = text_of(tree)
    if len(text) <= 512:
        assert _bare(parse(text)) == _bare(tree)


@given(st.text(max_size=60) | st.lists(_words, max_size=25).map(" ".join))
def test_any_text_is_typed_or_refused_within_it(text):
    refusal = _refusal(text)
    if refusal is not None:
        assert refusal.message
        assert 1 <= refusal.column <= len(text) + 1


def _refusal(text):
    try:
        compiled(text)
    except ExpressionError as refused:
        return refused
    return None


@given(
    st.lists(_words, max_size=25).map(" ".join) | _trees.map(text_of),
    st.dictionaries(st.sampled_from(sorted(TRADING)), st.integers(-1000, 1000)),
    st.booleans(),
)
def test_a_typed_expression_yields_its_type_or_says_what_is_absent(text, numbers, rate):
    try:
        expression = compiled(text)
    except ExpressionError:
        return
    values = {name: number > 0 if TRADING[name] is Kind.BOOL else Fraction(number) for name, number in numbers.items()}
    snapshot = Snapshot(
        values=values, tick=Fraction(1, 100), lot=Fraction(1), point_value=Fraction(2) if rate else None
    )
    found = expression.value(snapshot)
    if isinstance(found, Absent):
        assert found.reason
    else:
        assert isinstance(found, bool) == (expression.kind is Kind.BOOL)
        assert expression.names <= values.keys() | set()
