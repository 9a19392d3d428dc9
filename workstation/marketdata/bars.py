"""Bars: ticks of one instrument become bars of one type.

Third step of `service.on_feed`. A bar covers [open, close): a tick on the boundary belongs to the next bar. Intervals
without a tick are skipped, or told of as empty where the type says so. A tick that comes after its bar was closed
revises it. Bars that trades close are those of `counted_bars.py`.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from workstation.domain.conditions import LAST, VOLUME
from workstation.domain.errors import ValidationError
from workstation.domain.market import COUNTED_KINDS, SIGNED_KINDS, Bar, BarSource, BarType, Quote, Trade
from workstation.domain.numbers import div_half_even
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.counted_bars import RECENT_BARS_MAX, CountedBars, counted_bars
from workstation.marketdata.forming import FormingBar, Marked, laid_of
from workstation.marketdata.grid import TimeGrid
from workstation.marketdata.quality import Defect, Quality

LATE_TOLERANCE_NS = 5_000_000_000
"""Default lateness, in venue time, up to which a tick is counted as LATE, and beyond which as TOO_LATE."""

BAR_DELAY_NS = 250_000_000
"""How long after its end a time bar is closed where no tick closes it, for ticks that are still on their way."""

SIDES: Mapping[str, int] = {"BUY": 1, "SELL": -1}
"""Signs of who took liquidity."""


class BarBuilder:
    """Builds the bars of one (symbol, bar type) from ticks.

    since_ns: venue time from which every tick is seen; a first bar that opened earlier is `partial`. None: unknown.
    `put` takes one price with its size (0 for quotes) and time, and returns the bars that it closed or revised; where
    `signed` is True it has to know the side too, as `put_signed` does.

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
        quality: Quality | None = None,
    ) -> None:
        self.symbol = symbol
        self.bar_type = bar_type
        self.signed = bar_type.kind in SIGNED_KINDS
        self.put: Callable[[int, int, int], list[Bar]]
        self._since = since_ns
        self._tolerance = tolerance_ns
        self._quality = quality or Quality()
        self._forming: FormingBar | None = None
        self._recent: deque[FormingBar] = deque()
        self._known_from = since_ns
        self._closed_to = self._latest = self._silent_to = -(1 << 63)
        self._price: int | None = None
        self._beside: tuple[FormingBar, list[tuple[int, int, int]]] | None = None
        self._skip = (0, 0, 0)
        self._first = True
        self._counted: CountedBars | None = None
        if bar_type.step < 1:
            raise ValidationError("step", f"{bar_type.step} is below 1", allowed="1 or more")
        if bar_type.kind in COUNTED_KINDS:
            self._counted = counted_bars(symbol, bar_type)
            self.put = self._counted.put
        else:
            self._grid = TimeGrid(bar_type, calendar)
            self.put = self._put_timed

    @property
    def current(self) -> Bar | None:
        """The bar that is forming, None between bars."""
        if self._counted is not None:
            return self._counted.current
        return self._forming.freeze(self.symbol, self.bar_type) if self._forming else None

    def seed(self, bar: Bar) -> None:
        """Go on behind the last time bar of a history, or with it where it is unfinished."""
        if bar.partial:
            self._forming, self._first = FormingBar.of_bar(bar, bar.ts_open, bar.ts_close), False
        else:
            self._closed_to, self._price = bar.ts_close, bar.close
        self._known_from = bar.ts_open if bar.partial else bar.ts_close

    def rebase(self, ratio: float) -> None:
        """Multiply the prices of what forms and divide its volume: a split takes force. Bars of time only."""
        if self._forming is not None:
            self._forming.rebase(ratio)
        if self._price is not None:
            self._price = round(self._price * ratio)

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
        if self._counted is not None:
            side = SIDES.get(trade.aggressor, 0)
            return self._counted.put(trade.price, trade.size, trade.ts_event, side)
        return self.put(trade.price, trade.size, trade.ts_event)

    def put_marked(self, price: int, size: int, ts: int, side: int, effect: int) -> list[Bar]:
        """Take a print as `put_signed` does. effect: what it counts for, bits of `domain/conditions.py`."""
        if effect & LAST:
            return self.put_signed(price, size if effect & VOLUME else 0, ts, side)
        if not effect:
            return []
        if self._counted is not None:
            return self._counted.put_volume(size) if effect & VOLUME else []
        return self._put_beside(price, size, ts, effect)

    def take_back(self, bust: Marked, standing: Sequence[Marked], known_from: int | None = None) -> list[Bar]:
        """Take a print out of its bar; returns the closed bars that this revised.

        standing: the prints that are known beside it, in order of arrival. Where they are all of its bar, that is laid
        anew; else its volume alone is taken out, since prices without it are not known. known_from: since when they
        are all, by which a bar is laid that is older than those kept.
        """
        if self._counted is not None:
            return self._counted.take_back(bust.price, bust.size, bust.ts) if bust.effect & VOLUME else []
        held = [*([self._forming] if self._forming is not None else []), *self._recent]
        bar = next((bar for bar in held if bar.open_ts <= bust.ts < bar.close_ts), None)
        if bar is None or not bust.effect:
            return self._lay_old(bust, standing, known_from) if bar is None else []
        if bar.partial and bust.ts < bar.first_ts:
            return []  # it came before we listened
        inside = [mark for mark in standing if bar.open_ts <= mark.ts < bar.close_ts]
        if sum(mark.effect & (LAST | VOLUME) != 0 for mark in inside) == bar.count - 1:
            bar.lay_anew(inside)
        elif bust.effect & VOLUME:
            bar.take_back(bust.size)
        if bar is self._forming:
            self._forming = None if bar.empty else bar
            return []
        if bar.close_ts == self._closed_to:
            self._price = bar.close
        return [bar.freeze(self.symbol, self.bar_type, revised=True)]

    @property
    def kept_from(self) -> int | None:
        """Since when bars that prints close are kept for revision, UTC ns; None for none, and for bars of time."""
        return None if self._counted is None else self._counted.kept_from

    def _lay_old(self, bust: Marked, standing: Sequence[Marked], known_from: int | None) -> list[Bar]:
        """Lay a bar anew that is not kept any more, where every print of it is known."""
        span = self._grid.interval(bust.ts)
        if not bust.effect or not span.inside or span.close > self._closed_to:
            return []
        known = known_from is not None and known_from <= span.open
        return [laid_of(self.symbol, self.bar_type, span, bust, standing)] if known else []

    def put_signed(self, price: int, size: int, ts: int, side: int) -> list[Bar]:
        """Take a price as `put` does. side: +1 bought, -1 sold, 0 not known."""
        return self.put(price, size, ts) if self._counted is None else self._counted.put(price, size, ts, side)

    def on_quote(self, quote: Quote) -> list[Bar]:
        """Take a quote, where the source is BID, ASK or MID (half to even); a missing side is no tick."""
        price = quote_price(quote, self.bar_type.source)
        return [] if price is None else self.put(price, 0, quote.ts_event)

    def on_time(self, now_ns: int) -> list[Bar]:
        """Close what ended at or before `now_ns`, venue time; a caller allows for the build delay."""
        if self._counted is not None:
            return []
        forming, closed = self._forming, []
        if forming is not None and forming.close_ts <= now_ns:
            closed.append(self._finish(forming))
        if self._beside and self._beside[0].close_ts <= now_ns:
            closed += self._let_stand()
        return closed + self._empties(now_ns) if self._forming is None and self.bar_type.every else closed

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
        if self._beside and ts >= self._beside[0].close_ts:
            closed += self._let_stand()
        if self._skip[0] <= ts < self._skip[1] and self._skip[2] == self._grid.generation:
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return closed
        span = self._grid.interval(ts)
        if not span.inside:
            self._skip = (span.open, span.close, self._grid.generation)
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return closed
        if self.bar_type.every:
            closed += self._empties(span.open)
        begun = self._forming = FormingBar(
            span.open, span.close, price, size, ts, partial=self._begins_partial(span.open, ts)
        )
        if self._known_from is None:
            self._known_from = span.open
        if self._beside and self._beside[0].open_ts == span.open:
            for beside, volume, effect in self._beside[1]:
                begun.mark(beside, volume, effect)
            self._beside = None
        return closed

    def _put_beside(self, price: int, size: int, ts: int, effect: int) -> list[Bar]:
        """Take a print that is no last price: it opens no bar, and waits for the first that is one within its span."""
        forming = self._forming
        if forming is not None and forming.open_ts <= ts < forming.close_ts:
            forming.mark(price, size, effect)
            return []
        if ts < self._closed_to or (forming is not None and ts < forming.open_ts):
            return self._revise_beside(price, size, ts, effect)
        closed = [self._finish(forming)] if forming is not None else []
        if self._beside and ts >= self._beside[0].close_ts:
            closed += self._let_stand()
        span = self._grid.interval(ts)
        if not span.inside:
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return closed
        if self.bar_type.every:
            closed += self._empties(span.open)
        if self._beside is None:
            before = price if self._price is None else self._price
            self._beside = (FormingBar.silent(span.open, span.close, before), [])
        self._beside[1].append((price, size, effect))
        return closed

    def _revise_beside(self, price: int, size: int, ts: int, effect: int) -> list[Bar]:
        self._quality.count(self.symbol, Defect.LATE)
        for bar in self._recent:
            if bar.open_ts <= ts < bar.close_ts:
                bar.mark(price, size, effect)
                return [bar.freeze(self.symbol, self.bar_type, revised=True)]
        return []

    def _let_stand(self) -> list[Bar]:
        """Close a span that had no last price: it stands at the close before it."""
        beside, self._beside = self._beside, None
        if beside is None:
            return []
        bar, prints = beside
        for price, size, effect in prints:
            bar.mark(price, size, effect)
        bar.partial = self._begins_partial(bar.open_ts, bar.open_ts + 1)
        return [self._finish(bar)]

    def _empties(self, to: int) -> list[Bar]:
        """Return a bar for each interval of a session between the last bar and `to` in which nothing traded."""
        if self._price is None:
            return []
        spans, self._silent_to = self._grid.silent(max(self._closed_to, self._silent_to), to)
        return [self._finish(FormingBar.silent(span.open, span.close, self._price)) for span in spans]

    def _begins_partial(self, open_ts: int, ts: int) -> bool:
        first, self._first = self._first, False
        return first and (self._since > open_ts if self._since is not None else ts > open_ts)

    def _put_late(self, price: int, size: int, ts: int) -> list[Bar]:
        newest = self._forming.last_ts if self._forming is not None else self._latest
        span = self._grid.interval(ts)
        if not span.inside:
            self._quality.count(self.symbol, Defect.OUTSIDE_SESSION)
            return []
        too_late = newest - ts > self._tolerance
        self._quality.count(self.symbol, Defect.TOO_LATE if too_late else Defect.LATE)
        for bar in self._recent:
            if bar.open_ts == span.open:
                bar.add(price, size, ts)
                if bar.close_ts == self._closed_to:
                    self._price = bar.close
                return [bar.freeze(self.symbol, self.bar_type, revised=True)]
        if self._known_from is None or span.open < self._known_from:
            return []  # older than what is kept: it is counted, and what else traded in its bar is not known
        bar = FormingBar(span.open, span.close, price, size, ts, partial=False)
        self._keep(bar)
        return [bar.freeze(self.symbol, self.bar_type, revised=True)]

    def _finish(self, forming: FormingBar) -> Bar:
        self._forming = None
        self._closed_to = forming.close_ts
        self._price = forming.close
        if not forming.empty:
            self._latest = forming.last_ts
        self._keep(forming)
        return forming.freeze(self.symbol, self.bar_type)

    def _keep(self, bar: FormingBar) -> None:
        """Keep a closed bar for revision, by time: of an interval since `_known_from` without a bar, none was told."""
        self._recent.append(bar)
        if len(self._recent) > 1 and bar.open_ts < self._recent[-2].open_ts:
            self._recent = deque(sorted(self._recent, key=lambda kept: kept.open_ts))
        if len(self._recent) > RECENT_BARS_MAX:
            gone = self._recent.popleft().close_ts
            self._known_from = gone if self._known_from is None else max(gone, self._known_from)


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
