"""Composite bars: larger time bars out of smaller ones of the same symbol and source, wherever those came from.

Third step of `service.on_feed`, behind the small bars. Five 1-minute bars give the 5-minute bar.
"""

from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from workstation.domain.conditions import WHOLE
from workstation.domain.market import Bar, BarType
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.forming import FormingBar, Marked, laid_of, rebased
from workstation.marketdata.grid import Interval, TimeGrid

COMPOSED_KEPT = 2
"""Closed larger bars whose parts are kept, so that a part that is revised revises them."""


class _Parts:
    """A larger bar's span with the smaller bars in it, by their time. begun: what was before the first of them."""

    __slots__ = ("bars", "begun", "close_ts", "open_ts")

    def __init__(self, open_ts: int, close_ts: int, begun: Bar | None = None) -> None:
        self.open_ts, self.close_ts, self.begun = open_ts, close_ts, begun
        self.bars: list[Bar] = []

    def takes(self, bar: Bar) -> bool:
        """Tell whether a late bar can be put in: what was begun elsewhere has its parts in one."""
        return self.begun is None or (bool(self.bars) and bar.ts_open >= self.bars[0].ts_open)

    def put(self, bar: Bar) -> None:
        """Add a bar, or put a revised one in the place of what it revises."""
        at = bisect_left(self.bars, bar.ts_open, key=lambda part: part.ts_open)
        same = at < len(self.bars) and self.bars[at].ts_open == bar.ts_open
        self.bars[at : at + same] = [bar]

    def joined(self) -> FormingBar:
        """Return the larger bar, laid anew."""
        first, *others = self.bars if self.begun is None else (self.begun, *self.bars)
        made = FormingBar.of_bar(first, self.open_ts, self.close_ts)
        for bar in others:
            made.add_bar(bar)
        return made


class BarAggregator:
    """Builds time bars from smaller time bars. A bar closes with the small bar that ends it, or the first after it.

    since_ns: time from which every small bar is seen; a first bar that opened earlier is `partial`. None: unknown.

    Raises:
        ValidationError: the type is no time bar.
    """

    def __init__(
        self, symbol: str, bar_type: BarType, calendar: SessionCalendar, *, since_ns: int | None = None
    ) -> None:
        self.symbol = symbol
        self.bar_type = bar_type
        self._grid = TimeGrid(bar_type, calendar)
        self._since, self._first = since_ns, True
        self._forming: FormingBar | None = None
        self._last: FormingBar | None = None
        self._parts = _Parts(0, 0)
        self._closed: list[_Parts] = []
        self._gone_to = -(1 << 63)

    @property
    def current(self) -> Bar | None:
        """The bar that is forming, None between bars."""
        return self._forming.freeze(self.symbol, self.bar_type) if self._forming else None

    def seed(self, bar: Bar, forming: Bar | None) -> None:
        """Go on with an unfinished bar that another source began. forming: the small bar that is in it as far as it is.

        That one comes whole when it closes, so that its volume is not counted twice.
        """
        if forming is not None and bar.ts_open <= forming.ts_open < bar.ts_close:
            less = {"volume": max(bar.volume - forming.volume, 0), "count": max(bar.count - forming.count, 0)}
            bar = msgspec.structs.replace(bar, **less)
        bar = msgspec.structs.replace(bar, partial=False)
        self._forming, self._first = FormingBar.of_bar(bar, bar.ts_open, bar.ts_close), False
        self._parts = _Parts(bar.ts_open, bar.ts_close, bar)

    def on_bar(self, bar: Bar) -> list[Bar]:
        """Take the next smaller bar, or a revised one; returns the bars that it closed or revised, oldest first."""
        forming = self._forming
        if bar.revised or (forming is not None and bar.ts_open < forming.open_ts):
            return self._revise(bar)
        closed = []
        if forming is not None and bar.ts_open >= forming.close_ts:
            closed.append(self._finish(forming))
            forming = None
        if forming is None and self.bar_type.every and self._last is not None:
            spans, _ = self._grid.silent(self._last.close_ts, self._span_of(bar).open)
            for span in spans:
                self._parts = _Parts(span.open, span.close)
                closed.append(self._finish(FormingBar.silent(span.open, span.close, self._last.close)))
        if forming is not None:
            forming.add_bar(bar)
            self._parts.bars.append(bar)
        else:
            span = self._span_of(bar)
            if not span.inside:
                return closed
            forming = self._forming = FormingBar.of_bar(bar, span.open, span.close)
            if self._first and (bar.ts_open if self._since is None else self._since) > span.open:
                forming.partial = True
            self._first = False
            self._parts = _Parts(span.open, span.close)
            self._parts.bars.append(bar)
        if bar.ts_close >= forming.close_ts:
            closed.append(self._finish(forming))
        return closed

    def rebase(self, ts_open: int, ratio: float) -> None:
        """Bring what a bar has of its pieces so far to the prices of the piece that opens at `ts_open`: after a split.

        ratio: what their prices are multiplied by and their volume divided by. One that has ended is left alone.
        """
        if self._forming is not None and ts_open < self._forming.close_ts:
            self._forming.rebase(ratio)
            self._parts.bars = [rebased(part, ratio) for part in self._parts.bars]

    def flush(self) -> list[Bar]:
        """Close what is forming, at the end of the data."""
        return [self._finish(self._forming)] if self._forming else []

    def lay_old(self, bust: Marked, standing: Sequence[Marked], known_from: int | None) -> list[Bar]:
        """Lay a closed bar that is not kept any more anew of prints, where every print of it is known."""
        span = self._grid.interval(bust.ts)
        if not bust.effect or not span.inside or span.close > self._gone_to:
            return []
        known = known_from is not None and known_from <= span.open
        return [laid_of(self.symbol, self.bar_type, span, bust, standing)] if known else []

    def _span_of(self, bar: Bar) -> Interval:
        """Return where a small bar belongs: one that a session opens in belongs to that session."""
        span = self._grid.interval(bar.ts_open)
        return span if span.inside or bar.ts_close <= span.close else self._grid.interval(span.close)

    def _revise(self, bar: Bar) -> list[Bar]:
        """Lay the larger bar anew that a late small bar belongs to, unless it is older than what is kept."""
        span = self._span_of(bar)
        if not span.inside:
            return []
        if self._forming is not None and self._forming.open_ts == span.open:
            if self._parts.takes(bar):
                self._parts.put(bar)
                self._forming = self._parts.joined()
            return []
        found = next((parts for parts in self._closed if parts.open_ts == span.open), None)
        if found is None:
            if span.open < self._gone_to or not any(parts.open_ts < span.open for parts in self._closed):
                return []
            found = _Parts(span.open, span.close)
            self._keep(found)
        if not found.takes(bar):
            return []
        found.put(bar)
        return [found.joined().freeze(self.symbol, self.bar_type, revised=True)]

    def _finish(self, forming: FormingBar) -> Bar:
        self._forming, self._last = None, forming
        self._keep(self._parts)
        return forming.freeze(self.symbol, self.bar_type)

    def _keep(self, parts: _Parts) -> None:
        self._closed = sorted([*self._closed, parts], key=lambda kept: kept.open_ts)
        if len(self._closed) > COMPOSED_KEPT:
            self._gone_to = self._closed.pop(0).close_ts


class ComposedBuilder:
    """Builds composite bars from ticks, as a series and the one composed of it do; `put_signed` is that of ticks."""

    def __init__(self, symbol: str, bar_type: BarType, parts: BarType, calendar: SessionCalendar) -> None:
        self._small = BarBuilder(symbol, parts, calendar)
        self._large = BarAggregator(symbol, bar_type, calendar)

    def put_signed(self, price: int, size: int, ts: int, side: int) -> list[Bar]:
        """Take a price; returns the larger bars that it closed or revised, oldest first."""
        return self.put_marked(price, size, ts, side, WHOLE)

    def put_marked(self, price: int, size: int, ts: int, side: int, effect: int) -> list[Bar]:
        """Take a print that may count for a part. effect: bits of `domain/conditions.py`."""
        return self._joined(self._small.put_marked(price, size, ts, side, effect))

    def take_back(self, bust: Marked, standing: Sequence[Marked], known_from: int | None = None) -> list[Bar]:
        """Take a print out, as `BarBuilder.take_back` does; returns the larger bars that this revised."""
        revised = self._joined(self._small.take_back(bust, standing, known_from))
        return revised or self._large.lay_old(bust, standing, known_from)

    def on_time(self, now_ns: int) -> list[Bar]:
        """Close what ended at or before `now_ns`, venue time; returns the larger bars."""
        return self._joined(self._small.on_time(now_ns))

    def _joined(self, small: list[Bar]) -> list[Bar]:
        return [large for bar in small for large in self._large.on_bar(bar)]


def builder_of(symbol: str, bar_type: BarType, calendar: SessionCalendar) -> BarBuilder | ComposedBuilder:
    """Return what builds the bars of any type from ticks.

    Raises:
        ValidationError: no bar is built like that.
    """
    if bar_type.parts is None:
        return BarBuilder(symbol, bar_type, calendar)
    return ComposedBuilder(symbol, bar_type, bar_type.parts, calendar)
