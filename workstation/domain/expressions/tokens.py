"""Words of the language: a text becomes tokens with their columns. Belongs to no walk; reads nothing but the text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TEXT_MAX = 512
"""Characters of one expression."""

_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?P<unit>bps|[t%R])?(?![\w.]))"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<mark><=|>=|==|!=|[-+*/(),<>])",
    re.ASCII,
)
_SPACE = re.compile(r"[ \t]*")


class ExpressionError(ValueError):
    """A text that is no expression, or whose parts do not fit together.

    column: of the first character that is wrong, from 1; `message` says what was expected there.
    """

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.message = message


class Token(NamedTuple):
    """One word. kind: number, name, mark or end; column from 1."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, `end` last.

    Raises:
        ExpressionError: the text is too long, or a character belongs to no word.
    """
    if len(text) > TEXT_MAX:
        raise ExpressionError(TEXT_MAX + 1, f"an expression has at most {TEXT_MAX} characters, this one {len(text)}")
    at = _after_space(text, 0)
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(at + 1, _unreadable(text, at))
        yield Token(str(found.lastgroup), found.group(), at + 1)
        at = _after_space(text, found.end())
    yield Token("end", "", len(text) + 1)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _unreadable(text: str, at: int) -> str:
    if text[at].isascii() and (text[at].isdigit() or text[at] == "."):
        word = re.match(r"[\w.]*", text[at:])
        return f"{word.group() if word else text[at]!r} is no number; a number ends in a digit, t, %, bps or R"
    return f"{text[at]!r} is no part of an expression"
