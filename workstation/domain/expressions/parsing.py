"""From text to tree, by the grammar of the hotkey file. Types are another step; here only the shape is judged.

Grammar: or > and > not > comparison > sum > product > sign > atom. Values and conditions share one ladder, so that a
parenthesis may hold either; `typing` refuses a condition where a value belongs.
"""

from collections.abc import Callable
from decimal import Decimal

from workstation.domain.expressions.tokens import ExpressionError, Token, tokens
from workstation.domain.expressions.tree import (
    FUNCTIONS,
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
)

NESTING_MAX = 32
"""Parentheses, signs, `not`, functions and `if` inside one another."""

ARGUMENTS_MAX = 16

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_WORDS = frozenset({"and", "or", "not", "if"})


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: with the column of what is wrong and what was expected there.
    """
    reader = _Reader(list(tokens(text)))
    node = reader.either()
    reader.expect_end()
    return node


class _Reader:
    """Walks the tokens once, left to right."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _took(self, *texts: str) -> Token | None:
        token = self._next
        return self._take() if token.kind != "number" and token.text in texts and token.kind != "end" else None

    def _expect(self, text: str) -> Token:
        token = self._took(text)
        if token is None:
            raise self._unexpected(f"{text!r}")
        return token

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._next
        found = "the end" if token.kind == "end" else repr(token.text)
        return ExpressionError(token.column, f"expected {wanted}, found {found}")

    def expect_end(self) -> None:
        if self._next.kind == "end":
            return
        if self._next.text in _COMPARISONS:
            raise ExpressionError(self._next.column, "comparisons do not chain; join two with 'and'")
        raise self._unexpected("an operator or the end")

    def either(self) -> Node:
        node = self._all()
        while token := self._took("or"):
            node = Both("or", node, self._all(), token.column)
        return node

    def _all(self) -> Node:
        node = self._condition()
        while token := self._took("and"):
            node = Both("and", node, self._condition(), token.column)
        return node

    def _condition(self) -> Node:
        if token := self._took("not"):
            return Not(self._comparison(), token.column)
        return self._comparison()

    def _comparison(self) -> Node:
        node = self._sum()
        if token := self._took(*_COMPARISONS):
            return Comparison(token.text, node, self._sum(), token.column)
        return node

    def _sum(self) -> Node:
        node = self._product()
        while token := self._took("+", "-"):
            node = Arithmetic(token.text, node, self._product(), token.column)
        return node

    def _product(self) -> Node:
        node = self._signed()
        while token := self._took("*", "/"):
            node = Arithmetic(token.text, node, self._signed(), token.column)
        return node

    def _signed(self) -> Node:
        if token := self._took("-"):
            return Negative(self._atom(), token.column)
        return self._atom()

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._take()
            digits = token.text.rstrip("t%bpsR")
            return Number(Decimal(digits), token.text[len(digits) :], token.column)
        if token.text == "(":
            return self._nested(self._parenthesis)
        if token.text == "if":
            return self._nested(self._if)
        if token.kind == "name" and token.text not in _WORDS:
            self._take()
            if self._next.text != "(":
                return Name(token.text, token.column)
            if token.text not in FUNCTIONS:
                known = ", ".join((*FUNCTIONS, "if"))
                raise ExpressionError(token.column, f"{token.text!r} is no function; there are {known}")
            return self._nested(lambda: Function(token.text, self._arguments(), token.column))
        raise self._unexpected("a number, a name or '('")

    def _nested(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise ExpressionError(self._next.column, f"nested deeper than {NESTING_MAX}")
        node = read()
        self._depth -= 1
        return node

    def _parenthesis(self) -> Node:
        self._expect("(")
        node = self.either()
        self._expect(")")
        return node

    def _if(self) -> Node:
        column = self._take().column
        parts = self._arguments()
        if len(parts) != 3:
            raise ExpressionError(column, f"'if' takes a condition and two values, not {len(parts)} parts")
        return If(*parts, column)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        parts = [self.either()]
        while self._took(","):
            if len(parts) == ARGUMENTS_MAX:
                raise ExpressionError(self._next.column, f"more than {ARGUMENTS_MAX} arguments")
            parts.append(self.either())
        self._expect(")")
        return tuple(parts)
