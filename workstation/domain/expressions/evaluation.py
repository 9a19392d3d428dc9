"""An expression made ready: typed once at load, then read against one snapshot, exactly.

The table of operations is the whole arithmetic of the language: what the two sides are, what comes of them, and where
the point value turns a price difference into money. Values are fractions, so nothing is rounded before a field does it.
A missing input makes the whole expression absent, both arms of an `if` included: what is not known decides nothing.
"""

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

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
    Node,
    Not,
    Number,
    text_of,
)
from workstation.domain.expressions.vocabulary import TRADING, UNITS, Kind, Vocabulary

Value = Fraction | bool


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What an expression reads, at one instant. values: by name, an absent one left out; prices in currency units.

    tick: the price step; lot: the quantity step; point_value: money of the account for one whole price unit of one
    whole quantity unit, None while the currency rate is not known. why: by name, why one is left out, where that is
    known.
    """

    values: Mapping[str, Value]
    tick: Fraction
    lot: Fraction
    point_value: Fraction | None
    why: Mapping[str, str] = {}


class Absent(msgspec.Struct, frozen=True):
    """No value: `reason` names the input that is missing, or the arithmetic that has no result."""

    reason: str


class _NoValue(Exception):
    """Carries the reason out of a nested evaluation; never leaves this module."""


Read = Callable[[Snapshot], Any]
Operation = Callable[[Snapshot, Fraction, Fraction], Fraction]


class Expression:
    """A typed expression. `kind` is the type of its value; `names` what it reads."""

    def __init__(self, tree: Node, kind: Kind, names: frozenset[str], read: Read) -> None:
        self.tree, self.kind, self.names = tree, kind, names
        self._read = read

    def __str__(self) -> str:
        return text_of(self.tree)

    def value(self, snapshot: Snapshot) -> Value | Absent:
        """Return the value on a snapshot, or why there is none."""
        try:
            found: Value = self._read(snapshot)
        except _NoValue as missing:
            return Absent(str(missing))
        return found


def compiled(text: str, want: Kind | None = None, vocabulary: Vocabulary = TRADING) -> Expression:
    """Return a text's expression, of type `want` where one is wanted.

    Raises:
        ExpressionError: with the column of the part that does not fit, and what would.
    """
    tree = parse(text)
    maker = _Maker(vocabulary)
    if want is not None and maker.is_bare(tree):
        if want in {Kind.DISTANCE, Kind.BOOL}:
            raise ExpressionError(1, _needs_unit() if want is Kind.DISTANCE else "expected a condition, found a number")
        _, bare = maker.make(tree)
        return Expression(tree, want, frozenset(maker.names), bare)
    kind, read = maker.make(tree)
    if want is not None and kind is not want:
        raise ExpressionError(1, f"expected a {want}, this is a {kind}")
    return Expression(tree, kind, frozenset(maker.names), read)


def _product(_snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    return left * right


def _to_money(snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    return left * right * _point_value(snapshot)


def _from_money(snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    if right <= 0:
        raise _NoValue("the distance to divide by is not above zero")
    return left / (right * _point_value(snapshot))


def _quotient(_snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    if right == 0:
        raise _NoValue("division by zero")
    return left / right


def _sum(_snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    return left + right


def _difference(_snapshot: Snapshot, left: Fraction, right: Fraction) -> Fraction:
    return left - right


def _point_value(snapshot: Snapshot) -> Fraction:
    if snapshot.point_value is None:
        raise _NoValue("currency rate is missing")
    return snapshot.point_value


_AMOUNTS = (Kind.DISTANCE, Kind.QTY, Kind.MONEY, Kind.RATIO)

_OPERATIONS: dict[tuple[str, Kind, Kind], tuple[Kind, Operation]] = {
    ("-", Kind.PRICE, Kind.PRICE): (Kind.DISTANCE, _difference),
    ("+", Kind.PRICE, Kind.DISTANCE): (Kind.PRICE, _sum),
    ("-", Kind.PRICE, Kind.DISTANCE): (Kind.PRICE, _difference),
    ("*", Kind.PRICE, Kind.RATIO): (Kind.DISTANCE, _product),
    ("*", Kind.RATIO, Kind.PRICE): (Kind.DISTANCE, _product),
    ("/", Kind.MONEY, Kind.DISTANCE): (Kind.QTY, _from_money),
    ("/", Kind.MONEY, Kind.PRICE): (Kind.QTY, _from_money),
    ("*", Kind.QTY, Kind.PRICE): (Kind.MONEY, _to_money),
    ("*", Kind.PRICE, Kind.QTY): (Kind.MONEY, _to_money),
    ("*", Kind.QTY, Kind.DISTANCE): (Kind.MONEY, _to_money),
    ("*", Kind.DISTANCE, Kind.QTY): (Kind.MONEY, _to_money),
    **{("+", kind, kind): (kind, _sum) for kind in _AMOUNTS},
    **{("-", kind, kind): (kind, _difference) for kind in _AMOUNTS},
    **{("*", kind, Kind.RATIO): (kind, _product) for kind in _AMOUNTS},
    **{("*", Kind.RATIO, kind): (kind, _product) for kind in _AMOUNTS},
    **{("/", kind, Kind.RATIO): (kind, _quotient) for kind in _AMOUNTS},
    **{("/", kind, kind): (Kind.RATIO, _quotient) for kind in (*_AMOUNTS, Kind.PRICE)},
}
"""(operator, left, right) -> (type of the result, arithmetic). What is not here does not exist."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_TAKES_TYPE_OF_OTHER = frozenset({Kind.QTY, Kind.PRICE, Kind.MONEY})


class _Maker:
    """Types a tree from the leaves up, and makes what reads it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names: set[str] = set()
        self._vocabulary = vocabulary

    def is_bare(self, node: Node) -> bool:
        """Tell a number without unit, which takes its type from where it stands; so does what is made of such alone."""
        match node:
            case Number():
                return not node.unit
            case Name():
                return self._vocabulary.get(node.name) is Kind.PLAIN
            case Negative():
                return self.is_bare(node.part)
            case Arithmetic(_, left, right):
                return self._names_plain(node) and self.is_bare(left) and self.is_bare(right)
            case Function(_, arguments):
                return self._names_plain(node) and all(map(self.is_bare, arguments))
        return False

    def _names_plain(self, node: Node) -> bool:
        """Tell whether a plain name is in it; numbers alone are a ratio once they are computed with."""
        match node:
            case Name():
                return self._vocabulary.get(node.name) is Kind.PLAIN
            case Negative():
                return self._names_plain(node.part)
            case Arithmetic(_, left, right):
                return self._names_plain(left) or self._names_plain(right)
            case Function(_, arguments):
                return any(map(self._names_plain, arguments))
        return False

    def _hint(self, node: Arithmetic | Comparison) -> str:
        return f"; {_needs_unit()}" if self.is_bare(node.left) or self.is_bare(node.right) else ""

    def make(self, node: Node) -> tuple[Kind, Read]:
        match node:
            case Number():
                return UNITS.get(node.unit, Kind.RATIO), _literal(node)
            case Name():
                return self._name(node)
            case Negative():
                return self._negative(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Comparison():
                return Kind.BOOL, self._comparison(node)
            case Not():
                part = self._condition(node.part, node.column)
                return Kind.BOOL, lambda snapshot: not part(snapshot)
            case Both():
                return Kind.BOOL, self._both(node)
            case If():
                return self._if(node)
            case Function():
                return self._function(node)
        raise TypeError(f"no part of an expression: {type(node).__name__}")

    def _name(self, node: Name) -> tuple[Kind, Read]:
        kind, name = self._vocabulary.get(node.name), node.name
        if kind is None:
            raise ExpressionError(node.column, f"{name!r} is not known here; known: {' '.join(self._vocabulary)}")
        self.names.add(name)

        def read(snapshot: Snapshot) -> Value:
            found = snapshot.values.get(name)
            if found is None:
                raise _NoValue(snapshot.why.get(name) or f"{name} is missing")
            return found

        return Kind.RATIO if kind is Kind.PLAIN else kind, read

    def _negative(self, node: Negative) -> tuple[Kind, Read]:
        kind, read = self.make(node.part)
        if kind in {Kind.PRICE, Kind.BOOL}:
            raise ExpressionError(node.column, f"a {kind} has no negative")
        return kind, lambda snapshot: -read(snapshot)

    def _arithmetic(self, node: Arithmetic) -> tuple[Kind, Read]:
        left_kind, left = self.make(node.left)
        right_kind, right = self.make(node.right)
        found = _OPERATIONS.get((node.op, left_kind, right_kind))
        if found is None:
            raise ExpressionError(node.column, f"there is no {left_kind} {node.op} {right_kind}{self._hint(node)}")
        kind, operation = found
        return kind, lambda snapshot: operation(snapshot, left(snapshot), right(snapshot))

    def _comparison(self, node: Comparison) -> Read:
        left_kind, left = self.make(node.left)
        right_kind, right = self.make(node.right)
        adapted = (self.is_bare(node.left) and right_kind in _TAKES_TYPE_OF_OTHER) or (
            self.is_bare(node.right) and left_kind in _TAKES_TYPE_OF_OTHER
        )
        if left_kind is not right_kind and not adapted:
            raise ExpressionError(node.column, f"a {left_kind} is not compared with a {right_kind}{self._hint(node)}")
        if left_kind is Kind.BOOL:
            raise ExpressionError(node.column, "conditions are joined by 'and' and 'or', not compared")
        compare = _COMPARE[node.op]
        return lambda snapshot: compare(left(snapshot), right(snapshot))

    def _condition(self, node: Node, column: int) -> Read:
        kind, read = self.make(node)
        if kind is not Kind.BOOL:
            raise ExpressionError(column, f"expected a condition, found a {kind}")
        return read

    def _both(self, node: Both) -> Read:
        left, right = self._condition(node.left, node.column), self._condition(node.right, node.column)
        join = operator.and_ if node.op == "and" else operator.or_
        return lambda snapshot: join(left(snapshot), right(snapshot))

    def _if(self, node: If) -> tuple[Kind, Read]:
        condition = self._condition(node.condition, node.column)
        kind, then = self.make(node.then)
        other_kind, otherwise = self.make(node.otherwise)
        if kind is not other_kind:
            raise ExpressionError(node.column, f"the arms of 'if' are a {kind} and a {other_kind}")

        def read(snapshot: Snapshot) -> Value:
            arms: tuple[Value, Value] = (otherwise(snapshot), then(snapshot))
            return arms[condition(snapshot)]

        return kind, read

    def _function(self, node: Function) -> tuple[Kind, Read]:
        made = [self.make(part) for part in node.arguments]
        kinds, reads = [kind for kind, _ in made], [read for _, read in made]
        least, most, allowed, call = _FUNCTIONS[node.name]
        if not least <= len(made) <= most:
            raise ExpressionError(node.column, f"{node.name} takes {_count(least, most)}, not {len(made)}")
        if len(set(kinds)) > 1:
            raise ExpressionError(node.column, f"{node.name} needs one type, these are {', '.join(kinds)}")
        if kinds[0] not in allowed:
            raise ExpressionError(node.column, f"{node.name} takes no {kinds[0]}")
        return kinds[0], lambda snapshot: call(snapshot, [read(snapshot) for read in reads])


Call = Callable[[Snapshot, list[Fraction]], Fraction]

_VALUES = frozenset(Kind) - {Kind.BOOL}
_MANY = 16


def _clamp(_snapshot: Snapshot, parts: list[Fraction]) -> Fraction:
    value, low, high = parts
    if low > high:
        raise _NoValue("clamp's lower bound is above its upper bound")
    return min(max(value, low), high)


def _step(size: Fraction, name: str) -> Fraction:
    if size <= 0:
        raise _NoValue(f"{name} is missing")
    return size


_FUNCTIONS: Mapping[str, tuple[int, int, frozenset[Kind], Call]] = {
    "min": (2, _MANY, _VALUES, lambda _snapshot, parts: min(parts)),
    "max": (2, _MANY, _VALUES, lambda _snapshot, parts: max(parts)),
    "abs": (1, 1, _VALUES - {Kind.PRICE}, lambda _snapshot, parts: abs(parts[0])),
    "clamp": (3, 3, _VALUES, _clamp),
    "round_tick": (
        1,
        1,
        frozenset({Kind.PRICE, Kind.DISTANCE}),
        lambda snapshot, parts: round(parts[0] / _step(snapshot.tick, "tick")) * snapshot.tick,
    ),
    "round_lot": (
        1,
        1,
        frozenset({Kind.QTY}),
        lambda snapshot, parts: Fraction(int(parts[0] / _step(snapshot.lot, "lot"))) * snapshot.lot,
    ),
}
"""name: (fewest arguments, most, types it takes, what it gives). Lots round towards zero, ticks to the nearest."""


def _literal(node: Number) -> Read:
    value = Fraction(node.value)
    match node.unit:
        case "t":
            return lambda snapshot: value * _step(snapshot.tick, "tick")
        case "%":
            return lambda _snapshot: value / 100
        case "bps":
            return lambda _snapshot: value / 10_000
        case "R":
            return lambda snapshot: value * _open_risk(snapshot)
    return lambda _snapshot: value


def _open_risk(snapshot: Snapshot) -> Fraction:
    found = snapshot.values.get("open_risk")
    if found is None:
        raise _NoValue("open_risk is missing")
    return Fraction(found)


def _needs_unit() -> str:
    return "a distance needs its unit, such as 3t"


def _count(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} or more"
