"""The last-value cache: what is known of each instrument now, and how old it is.

Second step of `service.on_feed`. Per tick it only remembers; freshness, flags and day statistics are judged when
somebody asks, or once for each batch. Prices leave as `StampedPrice` or `ReferencePrice`, never as bare numbers.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from workstation.domain.conditions import LAST, WHOLE, counts_for
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    BAR_CONDITION,
    Bar,
    BarSource,
    BookChange,
    BookSnapshot,
    MarketEvent,
    PhaseChange,
    Quote,
    SessionPhase,
    StreamChange,
    StreamKind,
    StreamState,
    Trade,
    TradeBust,
)
from workstation.domain.orders import ReferencePrice
from workstation.domain.times import NS_PER_S
from workstation.kernel.clock import Clock
from workstation.marketdata.bars import quote_price
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.day_statistics import DayStats, Line, Print
from workstation.marketdata.freshness import NS_PER_MS, Flag, Freshness, FreshnessLimits, StampedPrice, StreamHealth
from workstation.marketdata.kept_trades import KeptTrades
from workstation.marketdata.quality import Defect, Quality
from workstation.ports.market_data import TakenBack

_HOUR_NS = 3_600 * NS_PER_S


class StreamReading(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Freshness of one (instrument, stream) at one moment; reason: one phrase, why it is not FRESH."""

    age_ns: int
    state: StreamState
    freshness: Freshness
    reason: str


class StreamSummary(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Health of a whole stream: its stalest instrument ("" while all are fresh) and the age behind that.

    usual_ns: how far apart that instrument's updates usually are at this hour, 0 where that is not known.
    """

    symbol: str
    age_ns: int
    state: StreamState
    seen: bool
    usual_ns: int = 0


class MarketCache:
    """Last values of all instruments. One writer: `apply`, on the engine's thread."""

    def __init__(
        self,
        clock: Clock,
        limits: FreshnessLimits,
        instruments: Mapping[str, Instrument],
        *,
        calendars: Calendars | None = None,
        quality: Quality | None = None,
    ) -> None:
        self._clock, self._limits, self._instruments = clock, limits, instruments
        self._calendars = calendars or Calendars()
        self._quality = quality or Quality()
        self._lines: dict[str, Line] = {}
        self._channel_at: dict[StreamKind, int] = {}
        self.feed_state = StreamState.UP  # of its link as a whole, beside its streams
        self._kept = KeptTrades()
        self._bar: Bar | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            PhaseChange: self._on_phase,
            StreamChange: self._on_stream,
            Bar: self._on_bar,
        }

    def apply(self, events: list[MarketEvent]) -> set[str]:
        """Remember the last values of a batch; returns the symbols that it spoke of."""
        lines = self._lines
        beside: set[str] = set()
        quotes: set[str] = set()
        trades: set[str] = set()
        depth: set[str] = set()
        for event in events:
            if type(event) is Quote:
                symbol = event.symbol
                line = lines.get(symbol) or self._line(symbol)
                held = line.quote
                if held is not None and event.ts_event < held.ts_event:
                    self._quality.count(symbol, Defect.OUT_OF_ORDER)
                line.quote = event
                quotes.add(symbol)
            elif type(event) is Trade:
                symbol = event.symbol
                line = lines.get(symbol) or self._line(symbol)
                if event.conditions:
                    (trades if self._on_marked(line, event) else beside).add(symbol)
                    continue
                if not line.add(event):
                    self._quality.count(symbol, Defect.OUT_OF_ORDER)
                trades.add(symbol)
            elif type(event) is BookChange or type(event) is BookSnapshot:
                depth.add(event.symbol)
            elif type(event) is TradeBust:
                self._take_back(event, events[: events.index(event)])
                beside.add(event.symbol)
            else:
                self._handlers[type(event)](event)
        self._kept.add(events)
        self._touch(StreamKind.QUOTES, quotes)
        self._touch(StreamKind.TRADES, trades)
        self._touch(StreamKind.DEPTH, depth)
        if beside:
            self._channel_at[StreamKind.TRADES] = self._clock.mono_ns()
        return quotes | trades | depth | beside

    def begin_day(self, days: Sequence[Bar]) -> None:
        """Take the day so far and the close before it from daily bars, oldest first, the last one unfinished.

        An instrument that has traded already keeps what it knows.
        """
        line = self._line(days[-1].symbol)
        if not line.trades:
            line.begin_day(days)

    def put_book_quote(self, quote: Quote) -> None:
        """Take the best levels of a book as the quote of an instrument that has no quote stream."""
        line = self._line(quote.symbol)
        line.quote, line.book_quote = quote, True
        self._touch(StreamKind.QUOTES, {quote.symbol})

    def lacks_quotes(self, symbol: str) -> bool:
        """Tell whether no quote stream ever spoke of this instrument, so that its book has to."""
        line = self._line(symbol)
        return line.quote is None or line.book_quote

    def set_depth_state(self, symbol: str, state: StreamState) -> None:
        """Note whether the instrument's book is in sequence."""
        self._line(symbol).depth_state = state

    def set_delayed(self, symbol: str, *, delayed: bool) -> None:
        """Note that an instrument's data is delayed by contract."""
        self._line(symbol).delayed = delayed

    def confirm(self, symbol: str) -> None:
        """Note that a polled snapshot showed the same values."""
        for health in self._line(symbol).health.values():
            health.confirm(self._clock.mono_ns())

    def symbols(self) -> Iterable[str]:
        """Return the instruments that were spoken of."""
        return self._lines.keys()

    def quote(self, symbol: str) -> Quote | None:
        """Return the last quote, with its own times; ask `price` whether it may be used."""
        return self._line(symbol).quote

    def last_trade(self, symbol: str) -> Trade | None:
        """Return the last trade by venue time, of those that count for the last price and stand."""
        return self._line(symbol).trade

    def phase(self, symbol: str) -> SessionPhase:
        """Return the venue's last word on the trading phase."""
        return self._line(symbol).phase

    def stats(self, symbol: str) -> DayStats:
        """Return the statistics of the trading day."""
        return self._line(symbol).stats()

    def price(self, symbol: str, source: BarSource = BarSource.LAST) -> StampedPrice:
        """Return one price with its age, stream state, freshness and flags."""
        line = self._line(symbol)
        stream = StreamKind.TRADES if source is BarSource.LAST else StreamKind.QUOTES
        held = line.trade if source is BarSource.LAST else line.quote
        value = _value(line, source)
        freshness, reason = self._judge(line, stream) if value is not None else (Freshness.ABSENT, "no price")
        health = line.health[stream]
        return StampedPrice(
            symbol=symbol,
            source=source,
            value=value,
            age_ns=self._clock.mono_ns() - health.at if health.at is not None else 0,
            ts_event=held.ts_event if held is not None else 0,
            stream=stream,
            state=health.state,
            freshness=freshness,
            flags=self._flags(line),
            reason=reason,
        )

    def reading(self, symbol: str, stream: StreamKind) -> StreamReading:
        """Return how fresh one stream of an instrument is."""
        line = self._line(symbol)
        health = line.health[stream]
        freshness, reason = self._judge(line, stream)
        age = self._clock.mono_ns() - health.at if health.at is not None else 0
        return StreamReading(age_ns=age, state=health.state, freshness=freshness, reason=reason)

    def worst(self, stream: StreamKind, wanted: Collection[str] | None = None) -> StreamSummary:
        """Return the stalest instrument of a stream; while all are fresh, the time since anything came at all.

        wanted: the instruments that somebody asks this stream for, None for all: what nobody asks for any more is not
        late, and where nobody asks for anything the whole stream is not.
        Prints of a quiet instrument may lie far apart while its quotes live, so trades count as one channel.
        """
        mono, worst, oldest = self._clock.mono_ns(), "", -1
        state = StreamState.UP
        for symbol, line in self._lines.items():
            health = line.health[stream]
            if health.at is None or (wanted is not None and symbol not in wanted):
                continue
            if health.state is not StreamState.UP:
                state = health.state
            if (
                stream is not StreamKind.TRADES
                and mono - health.at > oldest
                and self._judge(line, stream)[0] is Freshness.STALE
            ):
                worst, oldest = symbol, mono - health.at
        channel_at = self._channel_at.get(stream)
        is_asked = wanted is None or bool(wanted)
        quiet = mono - channel_at if channel_at is not None and is_asked else 0
        usual = self._lines[worst].health[stream].usual[self._hour()] if worst else 0
        seen = channel_at is not None
        return StreamSummary(symbol=worst, age_ns=max(oldest, quiet), state=state, seen=seen, usual_ns=usual)

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the prices that a decision uses; `fresh` by the quote, or by trades where no quote exists."""
        line = self._line(symbol)
        quote, trade = line.quote, line.trade
        stream = StreamKind.QUOTES if quote is not None else StreamKind.TRADES
        freshness, reason = self._judge(line, stream)
        at = line.health[stream].at
        return ReferencePrice(
            bid=quote.bid if quote is not None else None,
            ask=quote.ask if quote is not None else None,
            last=trade.price if trade is not None else None,
            age_ms=(self._clock.mono_ns() - at) // NS_PER_MS if at is not None else 0,
            fresh=freshness is Freshness.FRESH,
            reason=reason,
        )

    def _on_marked(self, line: Line, trade: Trade) -> bool:
        """Take a print with conditions; returns whether it may be the last price."""
        if trade.conditions == BAR_CONDITION and self._bar is not None and self._bar.symbol == line.symbol:
            line.add_bar(self._bar)
        effect = self._effect(trade)
        if not line.add_marked(trade, effect):
            self._quality.count(line.symbol, Defect.OUT_OF_ORDER)
        return bool(effect & LAST)

    def _effect(self, trade: Trade) -> int:
        instrument = self._instruments.get(trade.symbol)
        if not trade.conditions or instrument is None:
            return WHOLE
        return counts_for(trade.conditions, instrument.exchange)

    def _take_back(self, bust: TradeBust, before: Sequence[MarketEvent]) -> None:
        """Take a print out of what it has set, where it is kept, or among those before the bust in its delivery."""
        trade = self._kept.take_back(bust.symbol, bust.trade_id, before)
        if trade is None:
            return
        symbol, kept = bust.symbol, self._kept

        def standing() -> list[Print]:
            return [Print(row, self._effect(row)) for row in kept.standing(symbol, before)]

        behind = [Print(row, self._effect(row)) for row in kept.behind(trade, before)]
        self._line(symbol).take_back(Print(trade, self._effect(trade)), behind, standing)

    def take_back_stored(self, found: TakenBack) -> None:
        """Take a print that is stored but not kept out of what is known of its instrument, once."""
        trade = found.trade
        if self._kept.take_back_stored(trade):
            standing = [Print(row, self._effect(row)) for row in self._kept.joined(found.standing)]
            self._line(trade.symbol).take_back_stored(Print(trade, self._effect(trade)), standing)

    def _on_phase(self, change: PhaseChange) -> None:
        self._line(change.symbol).phase = change.phase

    def _on_stream(self, change: StreamChange) -> None:
        kinds = tuple(StreamKind) if change.stream is None else (change.stream,)
        self.feed_state = self.feed_state if change.stream or change.symbol else change.state
        lines = [self._line(change.symbol)] if change.symbol else self._lines.values()
        for line in lines:
            for kind in kinds:
                line.health[kind].state = change.state

    def _on_bar(self, bar: Bar) -> None:
        """Confirm the last price: a bar from outside says that it held at its close, and reaches from low to high."""
        self._bar = bar
        if bar.bar_type.external and bar.symbol in self._lines:
            self._lines[bar.symbol].health[StreamKind.TRADES].confirm(self._clock.mono_ns())

    def _touch(self, stream: StreamKind, symbols: set[str]) -> None:
        if not symbols:
            return
        mono, hour = self._clock.mono_ns(), self._hour()
        self._channel_at[stream] = mono
        for symbol in symbols:
            health = self._line(symbol).health[stream]
            if health.at is not None and mono - health.at > self._limits.own_max:
                self._quality.count(symbol, Defect.STALE)  # one stretch of silence, counted when it ends
            health.touch(mono, hour)

    def _judge(self, line: Line, stream: StreamKind) -> tuple[Freshness, str]:
        channel_at = self._channel_at.get(stream)
        found, reason = line.health[stream].judge(self._clock.mono_ns(), self._hour(), channel_at, self._limits)
        if found is not Freshness.FRESH:
            return found, reason
        quote = line.quote
        if quote is not None and quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
            return Freshness.STALE, "quote is crossed"
        if line.book_quote and line.depth_state is not StreamState.UP and stream is StreamKind.QUOTES:
            return Freshness.STALE, "book is out of sequence"
        if _disagrees(line, self._limits.disagree_after):
            return Freshness.STALE, "last trade lies outside an older quote"
        return found, ""

    def _flags(self, line: Line) -> frozenset[Flag]:
        quote, flags = line.quote, set()
        if line.delayed:
            flags.add(Flag.DELAYED)
        if line.depth_state is not StreamState.UP or line.health[StreamKind.DEPTH].state is StreamState.UNSYNCED:
            flags.add(Flag.UNSYNCED)
        if line.phase is SessionPhase.HALTED:
            flags.add(Flag.HALTED)
        if quote is not None and quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
            flags.add(Flag.CROSSED)
        if line.phase is SessionPhase.CLOSED:
            flags.add(Flag.CLOSED)
        return frozenset(flags)

    def _hour(self) -> int:
        return self._clock.now_ns() // _HOUR_NS % StreamHealth.HOURS

    def _line(self, symbol: str) -> Line:
        line = self._lines.get(symbol)
        if line is None:
            instrument = self._instruments.get(symbol)
            calendar = self._calendars[instrument.calendar if instrument is not None else "ALWAYS"]
            line = self._lines[symbol] = Line(symbol, calendar)
        return line


def _value(line: Line, source: BarSource) -> int | None:
    if source is BarSource.LAST:
        return line.trade.price if line.trade is not None else None
    return quote_price(line.quote, source) if line.quote is not None else None


def _disagrees(line: Line, after_ns: int) -> bool:
    """Tell whether a trade much younger than the quote lies outside of it; streams that disagree are stale."""
    quote, trade = line.quote, line.trade
    if quote is None or trade is None or quote.bid is None or quote.ask is None:
        return False
    return trade.ts_event - quote.ts_event > after_ns and not quote.bid <= trade.price <= quote.ask
