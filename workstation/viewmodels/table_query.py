"""The filter line of tables: words, fields and comparisons become a test of rows, or one message where they do not.

`aapl sell`, `qty>=100 price<230`, `state:working or state=unknown`, `-origin:strategy`, `time>10:30 ("sim" or acct)`,
`age>5m`, `reason:"price collar"`.
Words side by side must all hold. Qt-free; it tests columns as arrays, never row by row.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any, NamedTuple

import msgspec
import numpy as np

from workstation.viewmodels.column_arrays import Mask
from workstation.viewmodels.columns import Accepts, ColumnKind, ColumnTable, Selection
from workstation.viewmodels.formats import DAY_NS

QUERY_MAX = 500
NESTING_MAX = 16
TIME_COLUMNS = frozenset({"time", "updated"})
AGE_COLUMNS = frozenset({"age"})
"""Columns that hold when something began, UTC ns, and are asked about by how long ago that is."""

_TOKEN = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<test>-?(?:"[^"]*"|[^\s()"])+)|(?P<quote>"))')
_FIELD = re.compile(r"(?P<name>[a-z_]+)(?P<op><=|>=|!=|[:=<>])(?P<value>.*)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)([km]?)", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|min|h|d|)", re.ASCII)
_SPAN_NS = {"ms": 1e6, "": 1e9, "s": 1e9, "m": 60e9, "min": 60e9, "h": 3_600e9, "d": 86_400e9}
_MULTIPLES = {"": 1.0, "k": 1e3, "m": 1e6}
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, ":": np.equal,
    "!=": np.not_equal,
}  # fmt: skip


class QueryError(ValueError):
    """A filter line that cannot be read. start, end: the place of what is wrong, from 0."""

    def __init__(self, start: int, end: int, message: str) -> None:
        super().__init__(message)
        self.start, self.end = start, end


class Word(msgspec.Struct, frozen=True):
    """A text that must occur in one of the searched columns, or in the id."""

    text: str


class Test(msgspec.Struct, frozen=True):
    """A column compared with a value: a text, or a number where the column holds numbers."""

    column: str
    op: str
    value: str | float


class Joined(msgspec.Struct, frozen=True):
    """Parts of which all must hold, or any."""

    parts: tuple["Part", ...]
    every: bool


class Without(msgspec.Struct, frozen=True):
    """A part that must not hold."""

    part: "Part"


Part = Word | Test | Joined | Without


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class TableQuery:
    """Reads filter lines for one table. searched: CODE columns in which plain words are looked for; ids: the ID column.

    names: other words for columns, such as `acct` for `account`; unasked: columns that mean nothing to a reader.
    """

    def __init__(
        self,
        table: ColumnTable[Any],
        searched: Sequence[str],
        ids: str,
        names: Mapping[str, str] | None = None,
        unasked: Collection[str] = (),
    ) -> None:
        self._table, self._searched, self._ids = table, tuple(searched), ids
        self._kinds = {column.name: column.kind for column in table.columns if column.kind is not ColumnKind.TEXT}
        self._names = {name.lower(): name for name in self._kinds if name not in unasked} | dict(names or {})

        self.columns = tuple(name for name in self._kinds if name not in unasked)
        """Every column that a line can ask about, by its own name."""

    def read(self, line: str) -> Part | None:
        """Return what a line asks for, None when it is empty.

        Raises:
            QueryError: at the first thing that cannot be read.
        """
        if len(line) > QUERY_MAX:
            raise QueryError(QUERY_MAX, len(line), f"A filter has at most {QUERY_MAX} characters.")
        tokens = _tokens(line)
        if not tokens:
            return None
        reader = _Reader(tokens, self._test, len(line))
        return reader.whole()

    def accepts(self, part: Part, *, now_ns: int = 0) -> Accepts:
        """Return the test of rows for what a line asks. now_ns: today for times of day, UTC, and the end of ages."""
        return lambda rows: self._mask(part, rows, now_ns)

    def accepts_line(self, line: str, symbol: str = "", *, now_ns: int = 0) -> Accepts | None:
        """Return the test of rows for a line, of one instrument where one is given; None shows everything.

        Raises:
            QueryError: at the first thing that cannot be read.
        """
        asked = self.read(line)
        if asked is None and not symbol:
            return None

        def accepted(rows: Selection) -> Mask:
            tests = [] if asked is None else [self.accepts(asked, now_ns=now_ns)(rows)]
            if symbol:
                tests.append(self._table.matching("symbol", rows, symbol.__eq__))
            return reduce(np.logical_and, tests)

        return accepted

    def _mask(self, part: Part, rows: Selection, now_ns: int) -> Mask:
        match part:
            case Word(text):
                return self._found(text, rows)
            case Test(column, op, value):
                return self._tested(column, op, value, rows, now_ns)
            case Without(inner):
                return ~self._mask(inner, rows, now_ns)
            case Joined(parts, every):
                join = np.logical_and if every else np.logical_or
                return reduce(join, (self._mask(inner, rows, now_ns) for inner in parts))

    def _found(self, text: str, rows: Selection) -> Mask:
        found = self._table.matching_any(self._searched, rows, lambda shown: text in shown.lower())
        return self._table.containing(self._ids, rows, text) if found is None else found

    def _tested(self, column: str, op: str, value: str | float, rows: Selection, now_ns: int) -> Mask:
        if isinstance(value, str):
            if self._kinds[column] is ColumnKind.ID:
                found = self._table.containing(column, rows, value)
            elif op in (":", "!="):
                found = self._table.matching(column, rows, lambda shown: value in shown.lower())
            else:
                found = self._table.matching(column, rows, lambda shown: value == shown.lower())
            return ~found if op == "!=" else found
        numbers = self._table.numbers(column, rows)
        if column in AGE_COLUMNS:
            numbers = now_ns - numbers
        if column in TIME_COLUMNS and value < DAY_NS:
            value += now_ns - now_ns % DAY_NS
        elif column in TIME_COLUMNS and op in (":", "=") and value % DAY_NS == 0:
            on_that_day: Mask = (numbers >= value) & (numbers < value + DAY_NS)
            return on_that_day
        mask: Mask = _COMPARE[op](numbers, value)
        return mask & ~np.isnan(numbers)

    def _test(self, token: _Token) -> Part:
        found = _FIELD.fullmatch(token.text)
        name = None if found is None else self._names.get(found.group("name").lower())
        if found is None:
            return Word(token.text.replace('"', "").lower())
        start = token.start + found.start("value")
        if name is None:
            known = ", ".join(sorted(self._names))
            raise QueryError(token.start, token.end, f"There is no column {found.group('name')!r}; there are {known}.")
        op, text = found.group("op"), found.group("value").replace('"', "").lower()
        if not text:
            raise QueryError(token.end, token.end, f"{name}{op} needs a value.")
        if name in AGE_COLUMNS and op in (":", "=", "!="):
            at = start - len(op)
            raise QueryError(at, start, f"{name} runs on; it is compared by < <= > or >=, such as {name}>5m.")
        if self._kinds[name] is ColumnKind.NUMBER:
            return Test(name, op, _number(name, text, start, token.end))
        if op in ("<", "<=", ">", ">="):
            raise QueryError(start - len(op), start, f"{name} holds texts; they are compared by : = or !=.")
        return Test(name, op, text)


def runs_on(part: Part | None) -> bool:
    """Tell whether what a line asks comes to another answer by time alone: it asks for an age."""
    match part:
        case Test(column, _, _):
            return column in AGE_COLUMNS
        case Joined(parts, _):
            return any(map(runs_on, parts))
        case Without(inner):
            return runs_on(inner)
        case _:
            return False


class _Reader:
    """Joins tests by words side by side, `or`, `not` and parentheses."""

    def __init__(self, tokens: Sequence[_Token], test: Callable[[_Token], Part], length: int) -> None:
        self._tokens, self._test, self._length = tokens, test, length
        self._at = self._depth = 0

    def whole(self) -> Part:
        part = self._either()
        token = self._next
        if token is not None:
            raise QueryError(token.start, token.end, "A ) without its (.")
        return part

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _said(self, word: str) -> bool:
        token = self._next
        found = token is not None and token.kind == "test" and token.text.lower() == word
        self._at += found
        return found

    def _either(self) -> Part:
        parts = [self._all()]
        while self._said("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), every=False)

    def _all(self) -> Part:
        parts = [self._one()]
        while (token := self._next) is not None and token.kind != "close" and token.text.lower() != "or":
            if not self._said("and"):
                parts.append(self._one())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), every=True)

    def _one(self) -> Part:
        if self._said("not"):
            return Without(self._one())
        token = self._next
        if token is None or token.kind == "close" or token.text.lower() in ("or", "and"):
            at = self._length if token is None else token.start
            raise QueryError(at, at, "A word or a test such as qty>100 is missing here.")
        self._at += 1
        if token.kind == "open":
            return self._parenthesis(token)
        if token.text.startswith("-") and len(token.text) > 1:
            return Without(self._test(token._replace(text=token.text[1:], start=token.start + 1)))
        return self._test(token)

    def _parenthesis(self, opened: _Token) -> Part:
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise QueryError(opened.start, opened.end, f"Nested deeper than {NESTING_MAX}.")
        part = self._either()
        if self._next is None:
            raise QueryError(opened.start, opened.end, "A ( without its ).")
        self._at += 1
        self._depth -= 1
        return part


def _tokens(line: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(line):
        kind = str(match.lastgroup)
        start, end = match.span(kind)
        if kind == "quote":
            raise QueryError(start, len(line), 'A " without its other one.')
        found.append(_Token(kind, match.group(kind), start, end))
    return found


def _time(text: str) -> float | None:
    """Return a time of day as ns since midnight, or a day, alone or with a time, as ns since 1970, UTC."""
    if _CLOCK.fullmatch(text):
        text = f"1970-01-01t{'0' * (text[1] == ':')}{text}"
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp() * 1e9
    except (ValueError, OverflowError):
        return None


def _number(name: str, text: str, start: int, end: int) -> float:
    if name in TIME_COLUMNS:
        found_time = _time(text)
        if found_time is None:
            example = "10:30, or with a day such as 2026-11-25 or 2026-11-25T10:30"
            raise QueryError(start, end, f"{name} is compared with a time of day such as {example} (UTC).")
        return found_time
    if name in AGE_COLUMNS:
        span = _SPAN.fullmatch(text)
        if span is None:
            raise QueryError(start, end, f"{name} is compared with a span such as 30s, 5m, 2h or 1d.")
        return float(span.group(1)) * _SPAN_NS[span.group(2)]
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise QueryError(start, end, f"{name} is compared with a number such as 100 or 2.5k.")
    return float(found.group(1)) * _MULTIPLES[found.group(2)]
