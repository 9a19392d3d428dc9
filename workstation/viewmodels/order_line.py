"""The typed order line: what `b 300 aapl 187.20 day br 20t/40t` says, as values, or which word is wrong and why.

Order walk, first stage for a hand on the palette and for scripts that send text. Only the words are judged here:
nothing is looked up, priced or guessed, and an order without a price stays without one. Sizes and prices become numbers
of an order where the ticket reads a snapshot.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from workstation.domain.expressions.parsing import parse
from workstation.domain.expressions.tokens import TEXT_MAX, ExpressionError
from workstation.domain.orders import Side, TimeInForce
from workstation.viewmodels.order_line_words import (
    Alert,
    All,
    AtMarket,
    AtPrice,
    AtQuote,
    AtTake,
    Bracket,
    BreakEven,
    BuyingPower,
    Cancel,
    Chart,
    Distance,
    Exit,
    Find,
    Go,
    Level,
    Lock,
    OrderLine,
    Preset,
    Price,
    Quantity,
    Reverse,
    Risk,
    Size,
    Undo,
    Units,
    Verb,
    Workspace,
)

LINE_MAX = TEXT_MAX
SIDES: Mapping[str, Side] = {"b": Side.BUY, "s": Side.SELL, "ss": Side.SELL_SHORT, "bc": Side.BUY_TO_COVER}
LIVES: Mapping[str, TimeInForce] = {
    "day": TimeInForce.DAY, "gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK,
}  # fmt: skip
CANCEL_SCOPES = ("bids", "asks", "entries", "all")
VERBS = ("x", "rev", "c", "be", "go", "chart", "ws", "size", "alert", "lock", "undo", "?")
OPTIONS = (*LIVES, "gtd", "stp", "trail", "sl", "tp", "br", "hold", "acct", "oco")
KEYWORDS = frozenset((*SIDES, *VERBS, *OPTIONS, *CANCEL_SCOPES, "bid", "ask", "mid", "last", "take", "mkt", "risk"))
"""Words that are no symbol unless quoted."""

_NUMBER = r"(?:\d{1,15}(?:\.\d{1,9})?|\.\d{1,9})"
_WORD = re.compile(r'"[^"]*"?|\S+')
_UNITS = re.compile(rf"({_NUMBER})([km]?)", re.ASCII | re.IGNORECASE)
_MONEY = re.compile(rf"({_NUMBER})", re.ASCII)
_PRICE = re.compile(rf"(-?{_NUMBER})", re.ASCII)
_DISTANCE = re.compile(rf"({_NUMBER})([t%])", re.ASCII)
_BRACKET = re.compile(rf"({_NUMBER})([t%])/({_NUMBER})([t%])", re.ASCII)
_TICKS = re.compile(rf"({_NUMBER})t", re.ASCII)
_PERCENT = re.compile(rf"({_NUMBER})%", re.ASCII)
_QUOTE = re.compile(rf"(bid|ask|mid|last)(?:([+-]{_NUMBER})t)?", re.ASCII | re.IGNORECASE)
_PRESET = re.compile(r"p([1-5])", re.IGNORECASE)
_DURATION = re.compile(r"([1-9]\d{0,3})([smh])", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z^$][\w./^:-]{0,31}", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000}

_START = f"an order ({' '.join(SIDES)}) or a verb ({' '.join(VERBS)})"
_A_PRICE = "a price, bid, ask, mid or last (with +1t), take 2t, mkt"


class LineError(ValueError):
    """A word that does not belong. start, end: its place in the line, from 0; expected: what would fit there."""

    def __init__(self, start: int, end: int, expected: str, found: str = "") -> None:
        super().__init__(f"expected {expected}, found {found!r}" if found else f"expected {expected}")
        self.start, self.end, self.expected = start, end, expected


class _Word(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.lower()


def parse_line(line: str) -> OrderLine | Verb:
    """Return what a line says.

    Raises:
        LineError: at the first word that does not fit, or at the end where something is missing.
    """
    if len(line) > LINE_MAX:
        raise LineError(LINE_MAX, len(line), f"at most {LINE_MAX} characters")
    return _Reader(line).read()


class _Reader:
    """Walks the words once, left to right."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._words = [_Word(found.group(), *found.span()) for found in _WORD.finditer(line)]
        self._at = 0
        self._verbs: Mapping[str, Callable[[], Verb]] = {
            "x": self._exit,
            "rev": lambda: Reverse(self._symbol_or_focus()),
            "c": self._cancel,
            "be": lambda: BreakEven(self._symbol_or_focus()),
            "go": lambda: Go(self._symbol()),
            "chart": lambda: Chart(self._matched(_NAME, "an interval such as 1m or 1h").group().lower()),
            "ws": lambda: Workspace(self._take("the name of a workspace").text.strip('"')),
            "size": self._size,
            "alert": self._alert,
            "lock": self._lock,
            "undo": Undo,
        }
        self._options: Mapping[str, Callable[[], dict[str, Any]]] = {
            **{name: lambda life=life: {"time_in_force": life} for name, life in LIVES.items()},  # type: ignore[misc]  # a default binds each life
            "gtd": lambda: {"time_in_force": TimeInForce.GTD, "expire_date": self._date()},
            "stp": lambda: {"stop": AtPrice(self._number(_PRICE, "a stop price"))},
            "trail": lambda: {"trail": self._distance()},
            "sl": lambda: {"stop_loss": self._level()},
            "tp": lambda: {"take_profit": self._level()},
            "br": lambda: {"bracket": self._bracket()},
            "hold": lambda: {"hold": True},
            "acct": lambda: {"account": self._matched(_NAME, "an account").group()},
            "oco": lambda: {"oco": self._pair()},
        }

    def read(self) -> OrderLine | Verb:
        first = self._take(_START)
        if first.text.startswith("?"):
            return Find(self._line[first.start + 1 :].strip())
        if first.low in SIDES:
            return self._order(SIDES[first.low])
        read = self._verbs.get(first.low)
        if read is None:
            raise _wrong(first, _START)
        verb = read()
        if (left := self._next) is not None:
            raise _wrong(left, "the end")
        return verb

    # Words

    @property
    def _next(self) -> _Word | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _take(self, expected: str) -> _Word:
        word = self._next
        if word is None:
            raise LineError(len(self._line), len(self._line), expected)
        self._at += 1
        return word

    def _matched(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        word = self._take(expected)
        found = pattern.fullmatch(word.text)
        if found is None:
            raise _wrong(word, expected)
        return found

    def _optional(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = None if self._next is None else pattern.fullmatch(self._next.text)
        self._at += found is not None
        return found

    def _said(self, *words: str) -> str | None:
        word = self._next
        if word is None or word.low not in words:
            return None
        self._at += 1
        return word.low

    def _number(self, pattern: re.Pattern[str], expected: str) -> Decimal:
        return Decimal(self._matched(pattern, expected).group(1))

    def _symbol(self) -> str:
        word = self._take("a symbol")
        if word.text.startswith('"'):
            name = word.text[1:-1].strip()
            if not word.text.endswith('"') or not name:
                raise _wrong(word, "a symbol between quotes")
            return name.upper()
        if word.low in KEYWORDS or not _SYMBOL.fullmatch(word.text):
            raise _wrong(word, f'a symbol (one that reads like a keyword or number is quoted: "{word.text.upper()}")')
        return word.text.upper()

    def _symbol_or_focus(self) -> str | None:
        return None if self._next is None else self._symbol()

    # Orders

    def _order(self, side: Side) -> OrderLine:
        qty, symbol, at = self._quantity(), self._symbol(), self._price()
        said: dict[str, Any] = {}
        while (word := self._next) is not None:
            read = self._options.get(word.low)
            if read is None:
                wanted = f"one of {' '.join(OPTIONS)}"
                raise _wrong(word, wanted if at or said else f"{_A_PRICE}, or {wanted}")
            self._at += 1
            found = read()
            if said.keys() & found:
                raise _wrong(word, "each of these once")
            if "bracket" in said.keys() | found and {"stop_loss", "take_profit"} & (said.keys() | found):
                raise _wrong(word, "either br, or sl and tp")
            said |= found
        return OrderLine(side=side, symbol=symbol, qty=qty, at=at, **said)

    def _quantity(self) -> Quantity | None:
        if self._said("all"):
            return All()
        if self._said("risk"):
            return Risk(self._number(_MONEY, "an amount of money to risk"))
        if found := self._optional(_PRESET):
            return Preset(int(found.group(1)))
        if found := self._optional(_PERCENT):
            return BuyingPower(Decimal(found.group(1)))
        found = self._optional(_UNITS)
        return None if found is None else _units(found)

    def _price(self) -> Price | None:
        if self._said("mkt"):
            return AtMarket()
        if self._said("take"):
            return AtTake(self._number(_TICKS, "ticks such as 2t"))
        if found := self._optional(_QUOTE):
            return AtQuote(found.group(1).lower(), Decimal(found.group(2) or 0))
        found = self._optional(_PRICE)
        return None if found is None else AtPrice(Decimal(found.group(1)))

    def _distance(self) -> Distance:
        found = self._matched(_DISTANCE, "a distance such as 20t or 1.5%")
        return Distance(Decimal(found.group(1)), found.group(2))

    def _level(self) -> Level:
        if found := self._optional(_DISTANCE):
            return Distance(Decimal(found.group(1)), found.group(2))
        return AtPrice(self._number(_PRICE, "a price, or a distance such as 20t or 1.5%"))

    def _bracket(self) -> Bracket:
        found = self._matched(_BRACKET, "stop and target such as 20t/40t")
        stop, stop_unit, target, target_unit = found.groups()
        return Bracket(Distance(Decimal(stop), stop_unit), Distance(Decimal(target), target_unit))

    def _pair(self) -> OrderLine | str:
        """Return the other order of a pair, which is the rest of the line, or the id of a working one."""
        word = self._next
        if word is not None and word.low in SIDES:
            self._at += 1
            return self._order(SIDES[word.low])
        return self._matched(_NAME, "the other order, such as s 100 aapl stp 180").group()

    def _date(self) -> dt.date:
        word = self._take("a date such as 2026-12-31")
        try:
            return dt.date.fromisoformat(word.text)
        except ValueError:
            raise _wrong(word, "a date such as 2026-12-31") from None

    # Verbs

    def _exit(self) -> Exit:
        found = self._optional(_PERCENT)
        percent = Decimal(100) if found is None else Decimal(found.group(1))
        if not 0 < percent <= 100:
            raise _wrong(self._words[self._at - 1], "a share above 0 % and up to 100 %")
        return Exit(percent, self._symbol_or_focus())

    def _cancel(self) -> Cancel:
        scope = self._said(*CANCEL_SCOPES)
        if scope is None and self._next is None:
            self._take(f"a symbol or one of {' '.join(CANCEL_SCOPES)}")
        return Cancel(scope, None if scope else self._symbol())

    def _size(self) -> Size:
        if found := self._optional(_PRESET):
            return Size(Preset(int(found.group(1))))
        return Size(_units(self._matched(_UNITS, "a number such as 300 or 2k, or p1 to p5")))

    def _alert(self) -> Alert:
        symbol = self._symbol()
        start = self._take("a condition such as last > 190").start
        self._at = len(self._words)
        condition = self._line[start:].rstrip()
        try:
            parse(condition)
        except ExpressionError as error:
            at = start + error.column - 1
            raise LineError(at, len(self._line), error.message) from None
        return Alert(symbol, condition)

    def _lock(self) -> Lock:
        found = self._matched(_DURATION, "a duration such as 30m or 2h")
        return Lock(int(found.group(1)) * _SECONDS[found.group(2).lower()])


def _units(found: re.Match[str]) -> Units:
    return Units(Decimal(found.group(1)) * _MULTIPLES[found.group(2).lower()])


def _wrong(word: _Word, expected: str) -> LineError:
    return LineError(word.start, word.end, expected, word.text)
