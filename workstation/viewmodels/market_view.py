"""What screens see of the market: quotes, books and live bars of the instruments that somebody watches.

Engine thread. A wish of one panel replaces its earlier one; streams are subscribed while at least one panel wants them.
"""

from collections import defaultdict, deque
from collections.abc import Callable

import msgspec

from workstation.domain.market import BAR_CONDITION, Aggressor, Bar, BarRevised, BarType, MarketEvent, StreamKind, Trade
from workstation.marketdata.conflation import MarketSnapshot, depth_snapshot
from workstation.marketdata.service import MarketData
from workstation.viewmodels.frames import BarUpdate, DepthSnap, QuoteSnap
from workstation.viewmodels.queue_estimate import QueueEstimate

DEPTH_LEVELS = 200
TRADED_PRICES_MAX = 4_000
PRINTS_MAX = 20_000
"""Prints between two frames; beyond, the oldest are left out."""

NS_PER_MS = 1_000_000

HOLDERS_SHOWN = 3
"""Panels that are named where there is no room."""

Series = tuple[str, BarType]
Pair = tuple[str, StreamKind]


class Wish(msgspec.Struct, frozen=True):
    """Streams that one panel shows."""

    quotes: frozenset[str]
    depths: frozenset[str]
    bars: tuple[Series, ...]
    tapes: frozenset[str] = frozenset()


class NoRoom(msgspec.Struct, frozen=True):
    """Instruments of a wish that got no stream, the most streams that may be open, and how many each panel holds."""

    symbols: frozenset[str] = frozenset()
    most: int = 0
    holders: tuple[tuple[str, int], ...] = ()

    @property
    def words(self) -> str:
        """The limit and who uses it, in a sentence."""
        count = len(self.symbols)
        what = f"{count} instruments have" if count != 1 else f"{next(iter(self.symbols))} has"
        holders = ", ".join(f"{name} {number:,}" for name, number in self.holders)
        return f"{what} no prices: at most {self.most:,} streams are open at once. They are held by {holders}."


class MarketView:
    """Snapshots for screens. `queue` estimates what stands before own orders; it hears of them from the bus."""

    def __init__(self, market: MarketData) -> None:
        self.queue = QueueEstimate(self._size_at)
        self._market = market
        self._wishes: dict[str, Wish] = {}
        self._held: dict[str, list[Callable[[], None]]] = {}
        self._conflator = market.conflate(())
        self._depth_seen: dict[str, tuple[int, int]] = {}
        self._depths: frozenset[str] = frozenset()
        self._series: frozenset[Series] = frozenset()
        self._closed: list[BarUpdate] = []
        self._tapes: frozenset[str] = frozenset()
        self._prints: deque[Trade] = deque(maxlen=PRINTS_MAX)
        self._traded: dict[str, dict[int, list[int]]] = defaultdict(dict)

    def watch(self, consumer: str, wish: Wish) -> NoRoom:
        """Take a panel's wish; an empty one gives its streams up. Returns what there was no room for."""
        held, lacking = self._acquired(sorted(_pairs(wish)))
        for release in self._held.pop(consumer, ()):
            release()
        more, lacking = self._acquired(lacking)  # what the panel gave up makes room
        held += more
        self._wishes.pop(consumer, None)
        if held or wish.bars:
            self._held[consumer], self._wishes[consumer] = held, wish
        quotes: frozenset[str] = frozenset().union(*(w.quotes | w.depths for w in self._wishes.values()))
        self._depths = frozenset().union(*(w.depths for w in self._wishes.values()))
        self._tapes = frozenset().union(*(w.tapes for w in self._wishes.values()))
        self._series = frozenset(series for w in self._wishes.values() for series in w.bars)
        self._conflator.want(tuple(quotes))
        self._depth_seen.clear()
        return self._no_room(frozenset(symbol for symbol, _ in lacking)) if lacking else NoRoom()

    def _acquired(self, wanted: list[Pair]) -> tuple[list[Callable[[], None]], list[Pair]]:
        """Acquire what there is room for; return the calls that give it up, and what is left."""
        subscriptions = self._market.subscriptions
        held: list[Callable[[], None]] = []
        lacking: list[Pair] = []
        for pair in wanted:
            if subscriptions.lacking([pair]):
                lacking.append(pair)
            else:
                held.append(subscriptions.acquire(*pair))
        return held, lacking

    def _no_room(self, symbols: frozenset[str]) -> NoRoom:
        subscriptions = self._market.subscriptions
        counts = sorted(((name, len(held)) for name, held in self._held.items() if held), key=lambda row: -row[1])
        screens = {pair for wish in self._wishes.values() for pair in _pairs(wish)}
        others = len(set(subscriptions.active()) - screens)
        shown = [*counts[:HOLDERS_SHOWN], *([("scripts, strategies and alerts", others)] if others else [])]
        return NoRoom(symbols, subscriptions.most, tuple(shown))

    def refresh_all(self) -> None:
        """Send everything watched again, so that ages of quiet instruments stay true."""
        self._conflator.want(tuple(frozenset().union(*(w.quotes | w.depths for w in self._wishes.values()))))
        self._depth_seen.clear()

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Note closed bars and traded volume by price; hot path."""
        depths, series, tapes = self._depths, self._series, self._tapes
        for event in events:
            if isinstance(event, Trade):
                self.queue.on_trade(event)
                if event.symbol in depths:
                    self._note_trade(event)
                if event.symbol in tapes and event.conditions != BAR_CONDITION:
                    self._prints.append(event)
            elif isinstance(event, Bar) and (event.symbol, event.bar_type) in series:
                self._closed.append(BarUpdate(event.symbol, event.bar_type, event, closed=True))
            elif isinstance(event, BarRevised) and (event.symbol, event.bar.bar_type) in series:
                self._closed.append(BarUpdate(event.symbol, event.bar.bar_type, event.bar, closed=True))

    def recut(self, newest: Bar) -> None:
        """Tell whoever shows a series that its bars up to this one were laid anew."""
        if (newest.symbol, newest.bar_type) in self._series:
            self._closed.append(BarUpdate(newest.symbol, newest.bar_type, newest, closed=True, anew=True))

    def split(self, symbol: str) -> None:
        """Tell whoever shows bars of an instrument that a split took force."""
        for name, bar_type in self._series:
            forming = self._market.current_bar(name, bar_type) if name == symbol else None
            last = self._last_closed(name, bar_type) if name == symbol and forming is None else forming
            if last is not None:
                self._closed.append(BarUpdate(name, bar_type, last, closed=forming is None, split=True))

    def _last_closed(self, symbol: str, bar_type: BarType) -> Bar | None:
        history = self._market.series.open(symbol, bar_type)
        return history.bars(len(history) - 1)[0] if len(history) else None

    def take(self) -> tuple[list[QuoteSnap], list[DepthSnap], list[BarUpdate]]:
        """Return what is new since the last frame."""
        quotes = [self._quote(snap) for snap in self._conflator.take().values()]
        depths = [snap for symbol in self._depths if (snap := self._depth(symbol)) is not None]
        bars, self._closed = self._closed, []
        for symbol, bar_type in self._series:
            forming = self._market.current_bar(symbol, bar_type)
            if forming is not None:
                bars.append(BarUpdate(symbol, bar_type, forming, closed=False))
        return quotes, depths, bars

    def take_prints(self) -> list[Trade]:
        """Return every print of the watched tapes since the last frame, oldest first."""
        prints = list(self._prints)
        self._prints.clear()
        return prints

    def _size_at(self, symbol: str, side: int, price: int) -> int:
        if symbol not in self._market.books:
            return 0
        book = self._market.books[symbol]
        return (book.bids if side > 0 else book.asks).sizes.get(price, 0)

    def _note_trade(self, trade: Trade) -> None:
        prices = self._traded[trade.symbol]
        cell = prices.get(trade.price)
        if cell is None:
            if len(prices) >= TRADED_PRICES_MAX:
                del prices[next(iter(prices))]
            cell = prices[trade.price] = [0, 0]
        cell[0 if trade.aggressor is Aggressor.SELL else 1] += trade.size

    def _quote(self, snap: MarketSnapshot) -> QuoteSnap:
        quote, trade, stats = snap.quote, snap.trade, snap.stats
        shown = snap.quoted if quote is not None else snap.price
        return QuoteSnap(
            symbol=snap.symbol,
            bid=quote.bid if quote else None,
            bid_size=quote.bid_size if quote else 0,
            ask=quote.ask if quote else None,
            ask_size=quote.ask_size if quote else 0,
            last=trade.price if trade else None,
            last_size=trade.size if trade else 0,
            open=stats.open,
            high=stats.high,
            low=stats.low,
            prev_close=stats.prev_close,
            volume=stats.volume,
            vwap=stats.vwap,
            freshness=shown.freshness,
            age_ms=shown.age_ns // NS_PER_MS,
            phase=snap.phase,
            flags=tuple(sorted(shown.flags)),
            reason=shown.reason,
        )

    def _depth(self, symbol: str) -> DepthSnap | None:
        if symbol not in self._market.books:
            return None
        book = depth_snapshot(self._market.books, symbol, DEPTH_LEVELS)
        trade = self._market.cache.last_trade(symbol)
        seen = (book.seq, trade.ts_init if trade else 0)
        if self._depth_seen.get(symbol) == seen:
            return None
        self._depth_seen[symbol] = seen
        reading = self._market.cache.reading(symbol, StreamKind.DEPTH)
        prices = self._traded.get(symbol, {})
        return DepthSnap(
            symbol=symbol,
            bids=book.bids,
            asks=book.asks,
            synced=book.state == "UP",
            age_ms=reading.age_ns // NS_PER_MS,
            freshness=reading.freshness,
            seq=book.seq,
            last=trade.price if trade else None,
            last_size=trade.size if trade else 0,
            traded=tuple((p, cell[0], cell[1]) for p, cell in prices.items()),
            queue_ahead=self.queue.ahead(symbol),
        )


def _pairs(wish: Wish) -> set[Pair]:
    """Return the streams that a wish needs."""
    quoted = wish.quotes | wish.depths
    return (
        {(symbol, StreamKind.QUOTES) for symbol in quoted}
        | {(symbol, StreamKind.TRADES) for symbol in quoted | wish.tapes}
        | {(symbol, StreamKind.DEPTH) for symbol in wish.depths}
    )
