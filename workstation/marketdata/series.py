"""Bar series: which bars are being built, from which ticks, and where their history is kept.

Third step of `service.on_feed`. A series that ticks or outside bars feed is asked for by (symbol, bar type) and shared
by all who ask. Closed bars are put into the batch just before the tick that closed them. Long because every way in
which a tick, a bar or a split reaches a series stands here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from workstation.domain.conditions import WHOLE, counts_for
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    BAR_CONDITION,
    COUNTED_KINDS,
    Bar,
    BarRevised,
    BarSource,
    BarType,
    MarketEvent,
    Quote,
    Trade,
    TradeBust,
)
from workstation.marketdata.bars import SIDES, BarBuilder
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import BarAggregator
from workstation.marketdata.forming import Marked
from workstation.marketdata.grid import TimeGrid
from workstation.marketdata.history import BarHistory
from workstation.marketdata.kept_trades import KeptTrades
from workstation.marketdata.old_bars import are_all_of, lighter, of_counted_prints, of_prints_over_time, without
from workstation.marketdata.quality import Defect, Quality
from workstation.ports.market_data import TakenBack

BAR_SERIES_MAX = 500
"""Most series at once."""

BARS_KEPT = 100_000
"""Default bars of history kept for each series."""

RECUT_LOOKED = 2_000
"""Newest bars of a series that are looked at for whether other trading hours cut them otherwise."""

SeriesKey = tuple[str, BarType]
Made = tuple[int, list[MarketEvent]]
"""Bars, and the place in the batch of the event that they came of."""


class BarSeriesSet:
    """All series. `apply` is on the hot path: one dictionary lookup for a tick without a series."""

    def __init__(self, instruments: Mapping[str, Instrument], calendars: Calendars, quality: Quality) -> None:
        self._instruments = instruments
        self._calendars = calendars
        self._quality = quality
        self._builders: dict[SeriesKey, BarBuilder] = {}
        self._histories: dict[SeriesKey, BarHistory] = {}
        self._by_trade: dict[str, list[BarBuilder]] = {}
        self._by_side: dict[str, list[BarBuilder]] = {}
        self._by_quote: dict[str, list[BarBuilder]] = {}
        self._aggregators: dict[SeriesKey, list[BarAggregator]] = {}
        self._for_others: set[SeriesKey] = set()
        self._kept = KeptTrades()
        self._listeners: list[Callable[[Bar], None]] = []
        self.on_unknown_bust: Callable[[TradeBust], None] = lambda _bust: None
        """Called with the bust of a print that is not kept, which may be stored."""

    def listen(self, listener: Callable[[Bar], None]) -> None:
        """Hand every bar to `listener` as it closes or is revised."""
        self._listeners.append(listener)

    def open(self, symbol: str, bar_type: BarType, *, since_ns: int | None = None, keep: int = BARS_KEPT) -> BarHistory:
        """Return the history of a series, beginning to build it from ticks unless its bars come from outside.

        Raises:
            NotFound: no such instrument.
            ValidationError: BAR_SERIES_MAX series are open, or no bar is built like that.
        """
        self._for_others.discard((symbol, bar_type))
        return self._open(symbol, bar_type, since_ns, keep)

    def _open(self, symbol: str, bar_type: BarType, since_ns: int | None, keep: int) -> BarHistory:
        key = (symbol, bar_type)
        if key in self._histories:
            return self._histories[key]
        if bar_type.parts is not None:
            return self.compose(symbol, bar_type.parts, bar_type, keep=keep)
        instrument = self._instrument(symbol)
        if not bar_type.external:
            self._build(key, instrument, since_ns)
        return self._keep(key, instrument, keep)

    def is_open(self, symbol: str, bar_type: BarType) -> bool:
        """Tell whether a series is kept."""
        return (symbol, bar_type) in self._histories

    def histories(self) -> Iterable[BarHistory]:
        """Return the history of every series that is kept."""
        return self._histories.values()

    def seed(self, symbol: str, bar_type: BarType, bars: Sequence[Bar]) -> BarHistory:
        """Open a series on a history given from outside: closed bars are kept, a last partial one goes on forming.

        A series that is open already stays as it is. What comes late for a bar of that history changes nothing.

        Raises:
            NotFound, ValidationError: as `open`.
        """
        if (symbol, bar_type) in self._histories:
            return self._histories[symbol, bar_type]
        history = self.open(symbol, bar_type)
        closed = [bar for bar in bars if not bar.partial]
        history.extend(closed)
        builder = self._builders.get((symbol, bar_type))
        if bars and builder is not None and bar_type.kind not in COUNTED_KINDS:
            builder.seed(bars[-1])
        source = bar_type.parts or bar_type
        for aggregator in self._aggregators.get((symbol, source), ()):
            if aggregator.bar_type == bar_type and bars and bars[-1].partial:
                aggregator.seed(bars[-1], self.current(symbol, source))
        return history

    def miscut(self) -> list[SeriesKey]:
        """Return the series with a bar that the trading hours of now cut otherwise, parts before what is made of them.

        Of a long history the newest RECUT_LOOKED bars are looked at.
        """
        found = []
        for (symbol, bar_type), history in self._histories.items():
            if bar_type.external or bar_type.kind in COUNTED_KINDS:
                continue
            grid = TimeGrid(bar_type, self._calendars[self._instrument(symbol).calendar])
            forming = self.current(symbol, bar_type)
            spans = history.ts_open_close()[-RECUT_LOOKED:].tolist()
            spans += [(forming.ts_open, forming.ts_close)] if forming is not None else []
            if not all(grid.cuts(*span) for span in spans):
                found.append((symbol, bar_type))
        made = {key for aggregators in self._aggregators.values() for key in _keys(aggregators)}
        return sorted(found, key=made.__contains__)

    def recut(self, symbol: str, bar_type: BarType, bars: Sequence[Bar]) -> Bar | None:
        """Lay an open series anew, whose trading hours have changed; returns its newest bar.

        None where nothing is known that it could be laid of.

        bars: as of `seed`. Without any it is laid of its parts, or of the trades that are kept; what is older than
        those stays as it was cut.
        """
        key, history = (symbol, bar_type), self._histories[symbol, bar_type]
        since, made = (bars[0].ts_open, list(bars)) if bars else self._laid_anew(key)
        if not made:
            return None
        older = int(((history.ts_open < since) & (history.ts_close <= made[0].ts_open)).sum())
        history.load(history.ts_open_close()[:older], history.values[:older])
        history.extend(bar for bar in made if not bar.partial)
        calendar = self._calendars[self._instrument(symbol).calendar]
        old = self._builders.get(key)
        if old is not None:
            fresh = self._builders[key] = BarBuilder(symbol, bar_type, calendar, quality=self._quality)
            fresh.seed(made[-1])
            for routes in (self._by_trade, self._by_side, self._by_quote):
                routes[symbol] = [fresh if kept is old else kept for kept in routes.get(symbol, ())]
        for source, found in self._aggregators.items():
            for place, kept in enumerate(found):
                if (kept.symbol, kept.bar_type) == key:
                    found[place] = BarAggregator(symbol, bar_type, calendar)
                    if made[-1].partial:
                        found[place].seed(made[-1], self.current(*source))
        return made[-1]

    def _laid_anew(self, key: SeriesKey) -> tuple[int, list[Bar]]:
        """Return the bars, the last of which forms, of a series' parts or the trades that are kept, and since when.

        What began before those is left out.
        """
        symbol, bar_type = key
        calendar = self._calendars[self._instrument(symbol).calendar]
        source = next((of for of, found in self._aggregators.items() if key in _keys(found)), None)
        made: dict[int, Bar] = {}
        if source is not None:
            forming = self.current(*source)
            parts = (*self._histories[source].bars(), *([forming] if forming is not None else []))
            since = parts[0].ts_open if parts else 0
            larger = BarAggregator(symbol, bar_type, calendar, since_ns=since)
            for part in parts:
                made |= {bar.ts_open: bar for bar in larger.on_bar(part)}
            last = larger.current
        elif bar_type.source is BarSource.LAST:
            trades = self._kept.standing(symbol)
            since = min((trade.ts_event for trade in trades), default=0)
            builder = BarBuilder(symbol, bar_type, calendar, since_ns=since)
            for trade in trades:
                price, size, ts, effect = self._marked(trade)
                bars = builder.put_marked(price, size, ts, SIDES.get(trade.aggressor, 0), effect)
                made |= {bar.ts_open: bar for bar in bars}
            last = builder.current
        else:
            return 0, []
        found = [msgspec.structs.replace(made[ts], revised=False) for ts in sorted(made) if not made[ts].partial]
        if last is not None and not last.partial:
            found.append(msgspec.structs.replace(last, partial=True))
        return since, found

    def laid(self, symbol: str, bar_type: BarType, bars: Sequence[Bar]) -> BarHistory:
        """Return the closed ones of bars given from outside as a history that is not kept and does not go on.

        Raises:
            NotFound: no such instrument.
        """
        history = _empty((symbol, bar_type), self._instrument(symbol), max(len(bars), 1))
        history.extend(bar for bar in bars if not bar.partial)
        return history

    def compose(self, symbol: str, source: BarType, bar_type: BarType, *, keep: int = BARS_KEPT) -> BarHistory:
        """Return the history of a series built from the bars of a smaller one, which may come from outside.

        Raises:
            NotFound, ValidationError: as `open`.
        """
        key = (symbol, bar_type)
        if key not in self._histories:
            instrument = self._instrument(symbol)
            aggregator = BarAggregator(symbol, bar_type, self._calendars[instrument.calendar])
            if (symbol, source) not in self._histories:
                self._for_others.add((symbol, source))
                self._open(symbol, source, None, keep)
            history = self._keep(key, instrument, keep)
            self._aggregators.setdefault((symbol, source), []).append(aggregator)
            return history
        return self._histories[key]

    def close(self, symbol: str, bar_type: BarType) -> None:
        """Stop building a series and forget its history; one that others are composed of goes on without it."""
        key = (symbol, bar_type)
        if self._aggregators.get(key):
            self._for_others.add(key)
            return
        self._for_others.discard(key)
        self._histories.pop(key, None)
        builder = self._builders.pop(key, None)
        for routes in (self._by_trade, self._by_side, self._by_quote):
            routes[symbol] = [kept for kept in routes.get(symbol, ()) if kept is not builder]
        for source, found in list(self._aggregators.items()):
            self._aggregators[source] = [
                kept for kept in found if not (kept.symbol == symbol and kept.bar_type == bar_type)
            ]
            if source in self._for_others and not self._aggregators[source]:
                self.close(*source)

    def current(self, symbol: str, bar_type: BarType) -> Bar | None:
        """Return the bar that is forming, None between bars and for series that are not open."""
        builder = self._builders.get((symbol, bar_type))
        if builder is not None:
            return builder.current
        return next((larger.current for larger in self._larger(symbol) if larger.bar_type == bar_type), None)

    def rebase(self, symbol: str, ratio: float, now_ns: int) -> None:
        """Multiply the prices of what forms of an instrument's time bars: a split takes force now, venue time."""
        for (name, _), builder in self._builders.items():
            if name == symbol:
                builder.rebase(ratio)
        for larger in self._larger(symbol):
            larger.rebase(now_ns, ratio)

    def opened_at(self, symbol: str, bar_type: BarType, ts: int) -> int:
        """Return when the bar of time opened that holds a moment, both UTC ns."""
        return TimeGrid(bar_type, self._calendars[self._instrument(symbol).calendar]).interval(ts).open

    def _larger(self, symbol: str) -> list[BarAggregator]:
        return [larger for found in self._aggregators.values() for larger in found if larger.symbol == symbol]

    def apply(self, events: list[MarketEvent]) -> list[MarketEvent]:
        """Take a batch; returns it with every closed or revised bar standing before the tick that caused it."""
        by_trade, by_quote, by_side, nothing = self._by_trade, self._by_quote, self._by_side, ()
        made: list[Made] = []
        for index, event in enumerate(events):
            if type(event) is Trade:
                if event.conditions:
                    self._put_marked(index, event, made)
                    continue
                for builder in by_trade.get(event.symbol, nothing):
                    if bars := builder.put(event.price, event.size, event.ts_event):
                        made.append((index, self._record(bars)))  # noqa: PERF401  bars are rare, ticks are not
                if by_side:
                    self._put_signed(index, event, made)
            elif type(event) is Quote:
                for builder in by_quote.get(event.symbol, nothing):
                    if bars := builder.on_quote(event):
                        made.append((index, self._record(bars)))  # noqa: PERF401  bars are rare, ticks are not
            elif type(event) is Bar:
                self._put_outside(index, event, events, made)
            elif type(event) is TradeBust:
                self._take_back(index, event, events, made)
        self._kept.add(events)
        return _splice(events, made) if made else events

    def _take_back(self, index: int, bust: TradeBust, events: list[MarketEvent], made: list[Made]) -> None:
        """Take a trade out of its bars, where it is kept; of this delivery those before the bust are."""
        self._quality.count(bust.symbol, Defect.BUST)
        found = self._kept.take_back(bust.symbol, bust.trade_id, events[:index])
        if found is None:
            if bust.trade_id and not self._kept.was_taken_back(bust.symbol, bust.trade_id):
                self.on_unknown_bust(bust)
            return
        standing = self._kept.standing(bust.symbol, events[:index])
        if told := self._taken_out(found, standing, self._kept.known_from):
            made.append((index, told))

    def take_back_stored(self, found: TakenBack) -> list[MarketEvent]:
        """Take a print that is stored but not kept out of its bars, once; returns what this revised."""
        if not self._kept.take_back_stored(found.trade):
            return []
        return self._taken_out(found.trade, self._kept.joined(found.standing), None)

    def _taken_out(self, found: Trade, known: Sequence[Trade], since: int | None) -> list[MarketEvent]:
        """Return the bars that are revised as a print goes.

        known: prints that stand. since: when these begin to be all of them, None where that is not known.
        """
        symbol, gone, standing = found.symbol, self._marked(found), [self._marked(trade) for trade in known]
        builders = (*self._by_trade.get(symbol, ()), *self._by_side.get(symbol, ()))
        told = self._record([bar for builder in builders for bar in builder.take_back(gone, standing, since)])
        done = {each.bar.bar_type for each in told if type(each) is BarRevised}
        return told + self._record_old(symbol, gone, standing, since, done)

    def _record_old(
        self, symbol: str, gone: Marked, standing: Sequence[Marked], since: int | None, done: set[BarType]
    ) -> list[MarketEvent]:
        """Take a print out of closed bars that nothing builds any more: laid anew, else its volume alone."""
        told: list[MarketEvent] = []
        calendar = self._calendars[self._instrument(symbol).calendar]
        for (name, bar_type), history in list(self._histories.items()):
            if name == symbol and bar_type not in done and of_prints_over_time(bar_type):
                span = TimeGrid(bar_type, calendar).interval(gone.ts)
                whole = since <= span.open if since is not None else are_all_of(history, span, (gone, *standing))
                found = without(history, span, gone, standing if whole else None)
            elif name == symbol and bar_type not in done and self._counted_before(symbol, bar_type, gone.ts):
                found = lighter(history, gone)
            else:
                continue
            told += self._record([found] if found is not None else [])
            done |= {each.bar.bar_type for each in told if type(each) is BarRevised}
        return told

    def _counted_before(self, symbol: str, bar_type: BarType, ts: int) -> bool:
        """Tell whether bars that prints close are older, at a time, than all that is still built of their series."""
        if not of_counted_prints(bar_type):
            return False
        built = (*self._by_trade.get(symbol, ()), *self._by_side.get(symbol, ()))
        kept = [each.kept_from for each in built if each.bar_type == bar_type]
        return all(since is None or ts < since for since in kept)

    def _marked(self, trade: Trade) -> Marked:
        instrument = self._instruments.get(trade.symbol)
        whole = not trade.conditions or instrument is None
        effect = WHOLE if whole or instrument is None else counts_for(trade.conditions, instrument.exchange)
        return Marked(trade.price, trade.size, trade.ts_event, effect)

    def _put_signed(self, index: int, trade: Trade, made: list[Made]) -> None:
        """Hand a trade to the series for which its side matters."""
        closed = [bar for builder in self._by_side.get(trade.symbol, ()) for bar in builder.on_trade(trade)]
        if closed:
            made.append((index, self._record(closed)))

    def _put_marked(self, index: int, trade: Trade, made: list[Made]) -> None:
        """Hand a print with conditions to its series: by the venue's table it may count for a part."""
        price, size, ts, effect = self._marked(trade)
        side = SIDES.get(trade.aggressor, 0)
        builders = (*self._by_trade.get(trade.symbol, ()), *self._by_side.get(trade.symbol, ()))
        closed = [bar for builder in builders for bar in builder.put_marked(price, size, ts, side, effect)]
        if closed:
            made.append((index, self._record(closed)))

    def _put_outside(self, index: int, bar: Bar, events: list[MarketEvent], made: list[Made]) -> None:
        """Take a bar from outside, which stands for its trades where the next event repeats its close."""
        if _is_played(bar, events[index + 1 : index + 2]):
            closed = [built for builder in self._by_trade.get(bar.symbol, ()) for built in builder.on_bar(bar)]
            if closed:
                made.append((index, self._record(closed)))
        made.append((index, self._record([bar])))

    def on_time(self, now_ns: int) -> list[MarketEvent]:
        """Close every time bar that ended at or before `now_ns`, venue time."""
        closed: list[MarketEvent] = []
        for builder in self._builders.values():
            closed += self._record(builder.on_time(now_ns))
        return closed

    def _record(self, bars: list[Bar]) -> list[MarketEvent]:
        """Put bars into their histories; returns them, each followed by the larger bars that it closed."""
        recorded: list[MarketEvent] = []
        for bar in bars:
            key = (bar.symbol, bar.bar_type)
            history = self._histories.get(key)
            if history is not None:
                history.append(bar)
            recorded.append(BarRevised(bar) if bar.revised else bar)
            for listener in self._listeners:
                listener(bar)
            for aggregator in self._aggregators.get(key, ()):
                recorded += self._record(aggregator.on_bar(bar))
        return recorded

    def _build(self, key: SeriesKey, instrument: Instrument, since_ns: int | None) -> None:
        symbol, bar_type = key
        calendar = self._calendars[instrument.calendar]
        builder = BarBuilder(symbol, bar_type, calendar, since_ns=since_ns, quality=self._quality)
        self._check_room()
        self._builders[key] = builder
        if bar_type.source is not BarSource.LAST:
            routes = self._by_quote
        else:
            routes = self._by_side if builder.signed else self._by_trade
        routes.setdefault(symbol, []).append(builder)

    def _keep(self, key: SeriesKey, instrument: Instrument, keep: int) -> BarHistory:
        self._check_room()
        history = self._histories[key] = _empty(key, instrument, keep)
        return history

    def _check_room(self) -> None:
        if len(self._histories) >= BAR_SERIES_MAX:
            raise ValidationError("series", "one series too many", allowed=f"{BAR_SERIES_MAX}")

    def _instrument(self, symbol: str) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise NotFound("instrument", symbol)
        return instrument


def _keys(aggregators: Iterable[BarAggregator]) -> set[SeriesKey]:
    return {(one.symbol, one.bar_type) for one in aggregators}


def _empty(key: SeriesKey, instrument: Instrument, keep: int) -> BarHistory:
    price_scale, qty_scale = 10.0**-instrument.price_decimals, 10.0**-instrument.qty_decimals
    return BarHistory(*key, capacity=keep, price_scale=price_scale, qty_scale=qty_scale)


def _is_played(bar: Bar, following: list[MarketEvent]) -> bool:
    """Tell whether a bar from outside stands for its trades: the one that follows repeats its close."""
    return any(
        type(event) is Trade and event.conditions == BAR_CONDITION and event.symbol == bar.symbol for event in following
    )


def _splice(events: list[MarketEvent], made: list[Made]) -> list[MarketEvent]:
    """Return the batch with bars inserted before the event of that index; a bar from outside stands once."""
    out: list[MarketEvent] = []
    done = 0
    for index, bars in made:
        out += events[done:index]
        out += bars
        done = index + 1 if events[index] is bars[0] else index
    out += events[done:]
    return out
