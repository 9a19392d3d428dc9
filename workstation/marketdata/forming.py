"""A bar while it can still change: ticks, or smaller bars, are merged into it one by one.

Inside the third step of `service.on_feed`; builders hold these, everyone else gets the frozen `Bar`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from workstation.domain.conditions import EXTREMES, LAST, VOLUME
from workstation.domain.market import Bar, BarType
from workstation.marketdata.grid import Interval


class Marked(NamedTuple):
    """One print. effect: what it counts for, bits of `domain/conditions.py`."""

    price: int
    size: int
    ts: int
    effect: int


class FormingBar:
    """Open and close follow the venue's time, not the order of arrival. empty: nothing has traded in it yet."""

    __slots__ = (
        "close",
        "close_ts",
        "count",
        "empty",
        "first_ts",
        "high",
        "last_ts",
        "low",
        "open",
        "open_ts",
        "partial",
        "volume",
    )

    def __init__(self, open_ts: int, close_ts: int, price: int, size: int, ts: int, *, partial: bool) -> None:
        self.open_ts, self.close_ts, self.partial = open_ts, close_ts, partial
        self.open = self.high = self.low = self.close = price
        self.first_ts = self.last_ts = ts
        self.volume, self.count, self.empty = size, 1, False

    @classmethod
    def silent(cls, open_ts: int, close_ts: int, price: int) -> "FormingBar":
        """Return a bar in which nothing has traded yet, at the close before it."""
        made = cls(open_ts, close_ts, price, 0, open_ts, partial=False)
        made.count, made.empty = 0, True
        return made

    @classmethod
    def of_bar(cls, bar: Bar, open_ts: int, close_ts: int) -> "FormingBar":
        """Return a bar over [open_ts, close_ts) that begins with a smaller one, or goes on from one of its own span."""
        made = cls(open_ts, close_ts, bar.open, bar.volume, bar.ts_open, partial=bar.partial)
        made.high, made.low, made.close, made.count = bar.high, bar.low, bar.close, bar.count
        made.empty = bar.empty
        return made

    def rebase(self, ratio: float) -> None:
        """Multiply prices and divide volume, each to the nearest unit: a split took force."""
        self.open, self.high, self.low, self.close = (
            round(price * ratio) for price in (self.open, self.high, self.low, self.close)
        )
        self.volume = round(self.volume / ratio)

    def add(self, price: int, size: int, ts: int) -> None:
        """Merge one tick."""
        if self.empty:
            self.open = self.high = self.low = self.close = price
            self.first_ts = self.last_ts = ts
            self.empty = False
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        if ts >= self.last_ts:
            self.close, self.last_ts = price, ts
        elif ts < self.first_ts:
            self.open, self.first_ts = price, ts
        self.volume += size
        self.count += 1

    def mark(self, price: int, size: int, effect: int) -> None:
        """Merge a print that is no last price. effect: what it counts for, bits of `domain/conditions.py`."""
        if effect & EXTREMES:
            self.high, self.low = max(self.high, price), min(self.low, price)
        if effect & VOLUME:
            self.volume += size
            self.count += 1
        self.empty = False

    def take_back(self, size: int) -> None:
        """Take the volume of a print out; prices stay, since what they were without it is not known."""
        self.volume -= size
        self.count -= 1
        self.empty = self.count <= 0 and self.volume <= 0

    def lay_anew(self, prints: Sequence[Marked]) -> None:
        """Build the bar again of all its prints, in order of arrival; of none it is empty, at its old open."""
        first = next((mark for mark in prints if mark.effect & LAST), None)
        if first is None:
            made = FormingBar.silent(self.open_ts, self.close_ts, self.open)
        else:
            size = first.size if first.effect & VOLUME else 0
            made = FormingBar(self.open_ts, self.close_ts, first.price, size, first.ts, partial=self.partial)
        for mark in prints:
            if mark is first:
                continue
            if mark.effect & LAST:
                made.add(mark.price, mark.size if mark.effect & VOLUME else 0, mark.ts)
            elif mark.effect:
                made.mark(mark.price, mark.size, mark.effect)
        for name in self.__slots__:
            setattr(self, name, getattr(made, name))

    def add_bar(self, bar: Bar) -> None:
        """Merge one smaller bar that follows the ones merged before."""
        if bar.empty:
            return
        if self.empty:
            self.open, self.high, self.low, self.empty = bar.open, bar.high, bar.low, False
        self.high, self.low = max(self.high, bar.high), min(self.low, bar.low)
        self.close = bar.close
        self.volume += bar.volume
        self.count += bar.count
        self.partial |= bar.partial

    def freeze(self, symbol: str, bar_type: BarType, *, revised: bool = False) -> Bar:
        """Return the bar as a value."""
        return Bar(
            symbol, bar_type, self.open, self.high, self.low, self.close, self.volume, self.count,
            self.open_ts, self.close_ts, self.partial, revised, self.empty,
        )  # fmt: skip


def laid_of(symbol: str, bar_type: BarType, span: Interval, bust: Marked, standing: Sequence[Marked]) -> Bar:
    """Return the closed bar of a span anew, of all prints that stand in it; of none it is empty, at the one gone."""
    bar = FormingBar.silent(span.open, span.close, bust.price)
    bar.lay_anew([mark for mark in standing if span.open <= mark.ts < span.close])
    return bar.freeze(symbol, bar_type, revised=True)


def rebased(bar: Bar, ratio: float) -> Bar:
    """Return a bar with its prices multiplied and its volume divided, each to the nearest unit."""
    opened, high, low, close = (round(price * ratio) for price in (bar.open, bar.high, bar.low, bar.close))
    volume = round(bar.volume / ratio)
    return msgspec.structs.replace(bar, open=opened, high=high, low=low, close=close, volume=volume)
