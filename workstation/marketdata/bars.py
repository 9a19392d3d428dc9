"""Bars: ticks of one instrument become bars of one type, and small bars become larger ones.

Third step of `service.on_feed`. A bar covers [open, close): a tick on the boundary belongs to the next bar. Empty
intervals are skipped. A late tick within the tolerance revises its closed bar; a later one is counted and left out.
"""

from collections import deque
from collections.abc import Callable

from workstation.domain.errors import ValidationError
from workstation.domain.market import COUNTED_KINDS, Bar, BarKind, BarSource, BarType, Quote, Trade
from workstation.domain.numbers import div_half_even
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.grid import Anchor, TimeGrid
from workstation.marketdata.quality import Defect, Quality

RECENT_BARS_MAX = 16
"""Closed bars kept for revision by late ticks."""

LATE_TOLERANCE_NS = 5_000_000_000
"""Default lateness, in venue time, up to which a tick revises its closed bar."""


class FormingBar:
    """A bar while it can still change. Open and close follow the venue's time, not the order of arrival."""

    __slots__ = (
        "close",
        "close_ts",
        "count",
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
        self.volume, self.count = size, 1

    def add(self, price: int, size: int, ts: int) -> None:
        """Merge one tick."""
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

    def add_bar(self, bar: Bar) -> None:
        """Merge one smaller bar that follows the ones merged before."""
        self.high, self.low = max(self.high, bar.high), min(self.low, bar.low)
        self.close = bar.close
        self.volume += bar.volume
        self.count += bar.count
        self.partial |= bar.partial

    def freeze(self, symbol: str, bar_type: BarType, *, revised: bool = False) -> Bar:
        """Return the bar as a value."""
        return Bar(
            symbol, bar_type, self.open, self.high, self.low, self.close, self.volume, self.count,
            self.open_ts, self.close_ts, self.partial, revised,
        )  # fmt: skip


class BarBuilder:
    """Builds the bars of one (symbol, bar type) from ticks.

    since_ns: venue time from which every tick is seen; a first bar that opened earlier is `partial`. None: unknown.
    `put` takes one price with its size (0 for quotes) and time, and returns the bars that it closed or revised.

    Raises:
        ValidationError: a step below 1, a step too large for the grid, or volume bars from quotes.
    """

    def __init__(
        self,
        symbol: str,
        bar_type: BarType,
        calendar: SessionCalendar,
        *,
        since_ns: int | None = None,
        tolerance_ns: int = LATE_TOLERANCE_NS,
        anchor: Anchor = Anchor.MIDNIGHT,
        quality: Quality | None = None,
    ) -> None:
        self.symbol = symbol
        self.bar_type = bar_type
        self.put: Callable[[int, int, int], list[Bar]]
        self._since = since_ns
        self._tolerance = tolerance_ns
        self._quality = quality or Quality()
        self._forming: FormingBar | None = None
        self._recent: deque[FormingBar] = deque(maxlen=RECENT_BARS_MAX)
        self._closed_to = self._latest = self._opened_ts = -(1 << 63)
        self._skip = (0, 0)
        self._first = True
        if bar_type.step < 1:
            raise ValidationError("step", f"{bar_type.step} is below 1", allowed="1 or more")
        if bar_type.kind is BarKind.TICK:
            self.put = self._put_counted
        elif bar_type.kind is BarKind.VOLUME:
            if bar_type.source is not BarSource.LAST:
                raise ValidationError("source", "volume bars need trades", allowed="LAST")
            self.put = self._put_volume
        elif bar_type.kind is BarKind.RANGE:
            self.put = self._put_range
        else:
            self._grid = TimeGrid(bar_type, calendar, anchor)
            self.put = self._put_timed

    @property
    def current(self) -> Bar | None:
        """The bar that is forming, None between bars."""
        return self._forming.freeze(self.symbol, self.bar_type) if self._forming else None

    def seed(self, bar: Bar) -> None:
        """Go on with a time bar that another source began, such as the last, unfinished one of a history."""
        forming = FormingBar(bar.ts_open, bar.ts_close, bar.open, bar.volume, bar.ts_open, partial=bar.partial)
        forming.high, forming.low, forming.close, forming.count = bar.high, bar.low, bar.close, bar.count
        self._forming, self._first = forming, False

    def on_bar(self, bar: Bar) -> list[Bar]:
        """Take the open, high and low of a bar from outside; the trade that repeats its close brings the volume.

        Time bars only: without trades an interval's extremes are in its bars alone.
        """
        if self.bar_type.kind in COUNTED_KINDS:
            return []
        made = []
        for after, price in enumerate((bar.open, bar.high, bar.low)):
            made += self.put(price, 0, bar.ts_open + after)
        return made

    def on_trade(self, trade: Trade) -> list[Bar]:
        """Take a trade; returns the bars that it closed or revised, oldest first."""
        return self.put(trade.price, trade.size, trade.ts_event)

    def on_quote(self, quote: Quote) -> list[Bar]:
        """Take a quote, where the source is BID, ASK or MID (half to even); a missing side is no tick."""
        price = quote_price(quote, self.bar_type.source)
        return [] if price is None else self.put(price, 0, quote.ts_event)

    def on_time(self, now_ns: int) -> list[Bar]:
        """Close the time bar whose end is at or before `now_ns`, venue time; a caller allows for the build delay."""
        forming = self._forming
        if forming is None or self.put != self._put_timed or forming.close_ts > now_ns:
            return []
        return [self._finish(forming)]

    def _put_timed(self, price: int, size: int, ts: int) -> list[Bar]:
        forming = self._forming
        if forming is not None and forming.open_ts <= ts < forming.close_ts:
            if price > forming.high:  # `FormingBar.add` written out: this is the path of nearly every tick
                forming.high = price
            elif price < forming.low:
                forming.low = price
            if ts >= forming.last_ts:
                forming.close, forming.last_ts = price, ts
            elif ts < forming.first_ts:
                forming.open, forming.first_ts = price, ts
            forming.volume += size
            forming.count += 1
            return []
        return self._put_across(price, size, ts)

    def _put_across(self, price: int, size: int, ts: int) -> list[Bar]:
        forming = self._forming
        if ts < self._closed_to or (forming is not None and ts < forming.open_ts):
            return self._put_late(price, size, ts)
        closed = [self._finish(forming)] if forming is not None else []
        if self._skip[0] <= ts < self._skip[1]:
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return closed
        span = self._grid.interval(ts)
        if not span.inside:
            self._skip = (span.open, span.close)
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return closed
        self._forming = FormingBar(span.open, span.close, price, size, ts, partial=self._begins_partial(span.open, ts))
        return closed

    def _begins_partial(self, open_ts: int, ts: int) -> bool:
        first, self._first = self._first, False
        return first and (self._since > open_ts if self._since is not None else ts > open_ts)

    def _put_late(self, price: int, size: int, ts: int) -> list[Bar]:
        newest = self._forming.last_ts if self._forming is not None else self._latest
        span = self._grid.interval(ts)
        if not span.inside:
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return []
        if newest - ts > self._tolerance:
            self._quality.count(self.symbol, Defect.TOO_LATE)
            return []
        self._quality.count(self.symbol, Defect.LATE)
        for bar in self._recent:
            if bar.open_ts == span.open:
                bar.add(price, size, ts)
                return [bar.freeze(self.symbol, self.bar_type, revised=True)]
        bar = FormingBar(span.open, span.close, price, size, ts, partial=False)
        self._recent.append(bar)
        return [bar.freeze(self.symbol, self.bar_type, revised=True)]

    def _put_counted(self, price: int, size: int, ts: int) -> list[Bar]:
        forming = self._forming
        if forming is None:
            forming = self._forming = self._opened(price, size, ts)
        else:
            forming.add(price, size, ts)
        return [self._finish(forming, ts)] if forming.count >= self.bar_type.step else []

    def _put_volume(self, price: int, size: int, ts: int) -> list[Bar]:
        """Fill bars up to the step; what a trade has left over opens the next bar. A split trade counts in each."""
        step, closed = self.bar_type.step, []
        while size > 0:
            forming = self._forming
            part = min(size, step - forming.volume if forming is not None else step)
            if forming is None:
                forming = self._forming = self._opened(price, part, ts)
            else:
                forming.add(price, part, ts)
            size -= part
            if forming.volume >= step:
                closed.append(self._finish(forming, ts))
        return closed

    def _put_range(self, price: int, size: int, ts: int) -> list[Bar]:
        """Keep low to high within the step: a price beyond it closes the bar and opens the next, at that price."""
        forming, closed = self._forming, []
        if forming is not None and max(forming.high, price) - min(forming.low, price) > self.bar_type.step:
            closed, forming = [self._finish(forming, forming.last_ts)], None
        if forming is None:
            self._forming = self._opened(price, size, ts)
        else:
            forming.add(price, size, ts)
        return closed

    def _opened(self, price: int, size: int, ts: int) -> FormingBar:
        """Return the next counted bar: it opens after the one before, also where one trade fills several."""
        open_ts = self._opened_ts = max(ts, self._opened_ts + 1)
        return FormingBar(open_ts, open_ts, price, size, ts, partial=False)

    def _finish(self, forming: FormingBar, close_ts: int | None = None) -> Bar:
        if close_ts is not None:
            forming.close_ts = max(close_ts, forming.open_ts)
        self._forming = None
        self._closed_to, self._latest = forming.close_ts, forming.last_ts
        self._recent.append(forming)
        return forming.freeze(self.symbol, self.bar_type)


class BarAggregator:
    """Builds time bars from smaller time bars of the same symbol and source: five 1-minute bars give the 5-minute bar.

    A bar closes with the small bar that ends it, or with the first small bar after it.
    """

    def __init__(
        self, symbol: str, bar_type: BarType, calendar: SessionCalendar, anchor: Anchor = Anchor.MIDNIGHT
    ) -> None:
        self.symbol = symbol
        self.bar_type = bar_type
        self._grid = TimeGrid(bar_type, calendar, anchor)
        self._forming: FormingBar | None = None

    @property
    def current(self) -> Bar | None:
        """The bar that is forming, None between bars."""
        return self._forming.freeze(self.symbol, self.bar_type) if self._forming else None

    def on_bar(self, bar: Bar) -> list[Bar]:
        """Take the next smaller bar; returns the bars that it closed, oldest first. Revised bars are left out."""
        forming = self._forming
        if bar.revised or (forming is not None and bar.ts_open < forming.open_ts):
            return []
        closed = []
        if forming is not None and bar.ts_open >= forming.close_ts:
            closed.append(self._finish(forming))
            forming = None
        if forming is not None:
            forming.add_bar(bar)
        else:
            span = self._grid.interval(bar.ts_open)
            if not span.inside:
                return closed
            forming = self._forming = _opening(bar, span.open, span.close)
        if bar.ts_close >= forming.close_ts:
            closed.append(self._finish(forming))
        return closed

    def flush(self) -> list[Bar]:
        """Close what is forming, at the end of the data."""
        return [self._finish(self._forming)] if self._forming else []

    def _finish(self, forming: FormingBar) -> Bar:
        self._forming = None
        return forming.freeze(self.symbol, self.bar_type)


def _opening(bar: Bar, open_ts: int, close_ts: int) -> FormingBar:
    forming = FormingBar(open_ts, close_ts, bar.open, bar.volume, bar.ts_open, partial=bar.partial)
    forming.high, forming.low, forming.close, forming.count = bar.high, bar.low, bar.close, bar.count
    return forming


def quote_price(quote: Quote, source: BarSource) -> int | None:
    """Return the price of a quote that `source` names, MID rounded half to even; None where a side is missing."""
    bid, ask = quote.bid, quote.ask
    if source is BarSource.BID:
        return bid
    if source is BarSource.ASK:
        return ask
    if source is BarSource.MID and bid is not None and ask is not None:
        return div_half_even(bid + ask, 2)
    return None
