"""Market data as one service: a feed's list goes in, admitted, remembered, built into bars, and on to the listeners.

The tick walk from the feed to the marks: border -> cache -> books -> bars -> listeners -> conflated frames. `on_feed`
is the hot path: lists at every step, one lookup by type for a message, no call for a listener that gets nothing.
"""

from collections.abc import Callable, Mapping

from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarType, Level, MarketEvent, Quote, StreamState, TradeBust
from workstation.domain.orders import ReferencePrice
from workstation.kernel.bus import Bus, FaultHandler
from workstation.kernel.clock import Clock
from workstation.marketdata.books import BookSet
from workstation.marketdata.cache import MarketCache
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.conflation import Conflator
from workstation.marketdata.freshness import FreshnessLimits, StampedPrice
from workstation.marketdata.history import BarHistory
from workstation.marketdata.live_splits import LiveSplits
from workstation.marketdata.quality import Border, Quality
from workstation.marketdata.series import BARS_KEPT, BarSeriesSet
from workstation.marketdata.subscriptions import Request, Subscriptions
from workstation.ports.market_data import TakenBack

BatchListener = Callable[[list[MarketEvent]], None]


def _nothing(*_arguments: object) -> None:
    """Stand in for a feed that needs no asking."""


class MarketData:
    """Everything known of the market. All calls on the engine's thread.

    resync: asks the feed for a snapshot after a gap. subscribe, unsubscribe: the feed's calls. on_fault hears of a
    listener's exception; the other listeners still run.
    """

    def __init__(
        self,
        clock: Clock,
        instruments: Mapping[str, Instrument],
        *,
        on_fault: FaultHandler,
        limits: FreshnessLimits | None = None,
        calendars: Calendars | None = None,
        resync: Callable[[str], None] = _nothing,
        subscribe: Request = _nothing,
        unsubscribe: Request = _nothing,
    ) -> None:
        calendars = calendars or Calendars()
        self.instruments = instruments
        self.quality = Quality()
        limits = limits or FreshnessLimits()
        self.cache = MarketCache(clock, limits, instruments, calendars=calendars, quality=self.quality)
        self.books = BookSet(self.quality, resync)
        self.series = BarSeriesSet(instruments, calendars, self.quality)
        self.splits = LiveSplits(self.series)
        self.subscriptions = Subscriptions(subscribe, unsubscribe)
        self._border = Border(instruments, self.quality)
        self._bus = Bus(on_fault)
        self._conflators: list[Conflator] = []
        self._kept: set[tuple[str, BarType]] = set()

    def listen(self, listener: BatchListener) -> Callable[[], None]:
        """Hand every batch to `listener`, bars before the tick that closed them; returns the call that ends it."""
        return self._bus.subscribe(list, listener)

    def on_feed(self, events: list[MarketEvent]) -> None:
        """Take one delivery of a feed: at most FEED_SLICE_MAX events, in order of arrival. The hot path."""
        admitted = self._border.admit(events)
        if not admitted:
            return
        touched = self.cache.apply(admitted)
        if moved := self._apply_books(admitted):
            touched |= moved
            admitted = admitted + self._book_quotes(moved)
        if self.splits.expected:
            self.splits.look(admitted[-1])
        batch = self.series.apply(admitted)
        for conflator in self._conflators:
            conflator.touch(touched)
        self._bus.publish(batch)

    def on_unknown_bust(self, look: Callable[[TradeBust], None]) -> None:
        """Have `look` look for a print that is taken back and not kept; what it finds goes to `take_back`."""
        self.series.on_unknown_bust = look

    def take_back(self, found: TakenBack) -> None:
        """Take a stored print back that is not kept: one from before this run, or too old for memory."""
        self.cache.take_back_stored(found)
        if revised := self.series.take_back_stored(found):
            self._bus.publish(revised)
        for conflator in self._conflators:
            conflator.touch({found.trade.symbol})

    def close_bars(self, now_ns: int) -> None:
        """Close the time bars that ended at or before `now_ns`, venue time less the build delay, and tell listeners."""
        if closed := self.series.on_time(now_ns):
            self._bus.publish(closed)
        self.splits.on_time(now_ns)

    def conflate(self, symbols: tuple[str, ...] | None = None) -> Conflator:
        """Return a new consumer at frame rate; give it back with `forget`."""
        conflator = Conflator(self.cache, self.books, symbols)
        conflator.want(symbols)
        self._conflators.append(conflator)
        return conflator

    def forget(self, conflator: Conflator) -> None:
        """End a consumer made by `conflate`."""
        self._conflators = [kept for kept in self._conflators if kept is not conflator]

    def bars(self, symbol: str, bar_type: BarType, *, since_ns: int | None = None, keep: int = BARS_KEPT) -> BarHistory:
        """Return the history of a bar series, which is built from now on, also where a screen gives it up.

        Raises:
            NotFound: no such instrument.
            ValidationError: too many series, or no bar is built like that.
        """
        history = self.series.open(symbol, bar_type, since_ns=since_ns, keep=keep)
        self._kept.add((symbol, bar_type))
        return history

    def give_up(self, symbol: str, bar_type: BarType) -> None:
        """End a series that was opened for a screen, unless `bars` was asked for it."""
        if (symbol, bar_type) not in self._kept:
            self.series.close(symbol, bar_type)

    def current_bar(self, symbol: str, bar_type: BarType) -> Bar | None:
        """Return the forming bar of an open series, None between bars."""
        return self.series.current(symbol, bar_type)

    def price(self, symbol: str) -> StampedPrice:
        """Return the last price with its age, stream state and freshness."""
        return self.cache.price(symbol)

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the prices that a decision on this instrument uses."""
        return self.cache.reference(symbol)

    def quote(self, symbol: str) -> Quote | None:
        """Return the newest quote."""
        return self.cache.quote(symbol)

    def depth(self, symbol: str, most: int) -> tuple[tuple[Level, ...], tuple[Level, ...]] | None:
        """Return up to `most` bids and asks, best first; None while the book is not in sequence."""
        if symbol not in self.books or self.books[symbol].state is not StreamState.UP:
            return None
        return self.books[symbol].levels(most)

    def on_instrument(self, symbol: str) -> None:
        """Take note that an instrument's grid may have changed."""
        self._border.forget(symbol)

    def _apply_books(self, events: list[MarketEvent]) -> set[str]:
        moved = self.books.apply(events)
        for symbol in moved:
            self.cache.set_depth_state(symbol, self.books[symbol].state)
        return moved

    def _book_quotes(self, symbols: set[str]) -> list[MarketEvent]:
        """Make quotes of the best levels, for instruments whose venue sends depth alone."""
        made: list[MarketEvent] = []
        for symbol in sorted(symbols):
            if not self.cache.lacks_quotes(symbol):
                continue
            book = self.books[symbol]
            bid, ask = book.best_bid, book.best_ask
            quote = Quote(
                symbol,
                bid.price if bid else None,
                bid.size if bid else 0,
                ask.price if ask else None,
                ask.size if ask else 0,
                book.ts_event,
                book.ts_init,
            )
            self.cache.put_book_quote(quote)
            made.append(quote)
        return made
