"""The tree of an expression, and its text again. A parse of the text gives an equal tree."""

from decimal import Decimal

import msgspec

FUNCTIONS = ("min", "max", "abs", "clamp", "round_tick", "round_lot")


class Node(msgspec.Struct, frozen=True):
    """A part of an expression. column: where it stands in the text, from 1; 0 where there is none."""


class Number(Node, frozen=True):
    """A literal. unit: "", t (ticks), %, bps or R (open risk)."""

    value: Decimal
    unit: str
    column: int = 0


class Name(Node, frozen=True):
    """A value or flag of the snapshot."""

    name: str
    column: int = 0


class Negative(Node, frozen=True):
    """The value with its sign turned."""

    part: Node
    column: int = 0


class Arithmetic(Node, frozen=True):
    """left op right, with op one of + - * /."""

    op: str
    left: Node
    right: Node
    column: int = 0


class Comparison(Node, frozen=True):
    """left op right, with op one of < <= > >= == !=."""

    op: str
    left: Node
    right: Node
    column: int = 0


class Not(Node, frozen=True):
    """The condition turned."""

    part: Node
    column: int = 0


class Both(Node, frozen=True):
    """left and right; op is "and" or "or"."""

    op: str
    left: Node
    right: Node
    column: int = 0


class Function(Node, frozen=True):
    """One of FUNCTIONS on its arguments."""

    name: str
    arguments: tuple[Node, ...]
    column: int = 0


class If(Node, frozen=True):
    """`then` where the condition holds, else `otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    column: int = 0


_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _UNARY, _ATOM = range(8)
_STRENGTH = {"or": _OR, "and": _AND, "+": _ADD, "-": _ADD, "*": _MULTIPLY, "/": _MULTIPLY}


def text_of(node: Node) -> str:
    """Return the shortest text that parses to an equal tree, columns aside."""
    return _text(node, _OR)


def _text(node: Node, least: int) -> str:
    """Return the text of a part, in parentheses where it binds less than `least`."""
    written, strength = _written(node)
    return f"({written})" if strength < least else written


def _written(node: Node) -> tuple[str, int]:
    match node:
        case Number(value, unit):
            return f"{value:f}{unit}", _ATOM
        case Name(name):
            return name, _ATOM
        case Negative(part):
            return f"-{_text(part, _ATOM)}", _UNARY
        case Arithmetic(op, left, right) | Both(op, left, right):
            strength = _STRENGTH[op]
            return f"{_text(left, strength)} {op} {_text(right, strength + 1)}", strength
        case Comparison(op, left, right):
            return f"{_text(left, _ADD)} {op} {_text(right, _ADD)}", _COMPARE
        case Not(part):
            return f"not {_text(part, _COMPARE)}", _NOT
        case If(condition, then, otherwise):
            return f"if({text_of(condition)}, {text_of(then)}, {text_of(otherwise)})", _ATOM
        case Function(name, arguments):
            return f"{name}({', '.join(text_of(part) for part in arguments)})", _ATOM
    raise TypeError(f"no part of an expression: {type(node).__name__}")
