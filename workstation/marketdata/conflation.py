"""Conflation: consumers at frame rate get the newest state of each instrument, never a queue of ticks.

Last step of the tick walk before the frames of a screen. `service.py` marks the instruments that a batch spoke of, at
the cost of one set union; snapshots are made when a frame is taken, on the engine's thread.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from workstation.domain.market import BarSource, Level, MarketEvent, Quote, SessionPhase, StreamState, Trade
from workstation.marketdata.books import BookSet
from workstation.marketdata.cache import MarketCache
from workstation.marketdata.day_statistics import DayStats
from workstation.marketdata.freshness import StampedPrice

TAPE_TRADES_MAX = 2_000
"""Trades kept for a tape between two frames; the oldest are let go and counted."""

DEPTH_LEVELS_MAX = 1_000
"""Most levels of a side in one snapshot."""


class MarketSnapshot(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything shown of one instrument, from one moment. `price`: the last price, or the mid where nothing traded."""

    symbol: str
    quote: Quote | None
    trade: Trade | None
    price: StampedPrice
    quoted: StampedPrice
    stats: DayStats
    phase: SessionPhase


class DepthSnapshot(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Levels of one book from one moment, best first. An UNSYNCED book is shown as it was, and says so."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    seq: int
    state: StreamState
    crossed: bool
    ts_event: int


def snapshot(cache: MarketCache, symbol: str) -> MarketSnapshot:
    """Return what is known of one instrument now."""
    last, mid = cache.price(symbol), cache.price(symbol, BarSource.MID)
    return MarketSnapshot(
        symbol=symbol,
        quote=cache.quote(symbol),
        trade=cache.last_trade(symbol),
        price=mid if last.value is None else last,
        quoted=mid,
        stats=cache.stats(symbol),
        phase=cache.phase(symbol),
    )


def depth_snapshot(books: BookSet, symbol: str, levels: int) -> DepthSnapshot:
    """Return the best `levels` of both sides now, at most DEPTH_LEVELS_MAX."""
    book = books[symbol]
    bids, asks = book.levels(min(levels, DEPTH_LEVELS_MAX))
    return DepthSnapshot(
        symbol=symbol,
        bids=bids,
        asks=asks,
        seq=book.seq,
        state=book.state,
        crossed=book.crossed,
        ts_event=book.ts_event,
    )


class Conflator:
    """What changed for one consumer since its last frame. `symbols` None: every instrument."""

    def __init__(self, cache: MarketCache, books: BookSet, symbols: Iterable[str] | None = None) -> None:
        self._cache = cache
        self._books = books
        self._wanted = None if symbols is None else frozenset(symbols)
        self._dirty: set[str] = set()

    def want(self, symbols: Iterable[str] | None) -> None:
        """Replace the wish; every wanted instrument that is known comes with the next frame."""
        self._wanted = None if symbols is None else frozenset(symbols)
        self._dirty = set(self._cache.symbols() if self._wanted is None else self._wanted)

    def touch(self, symbols: set[str]) -> None:
        """Mark instruments as changed; hot path, once for each batch."""
        self._dirty |= symbols if self._wanted is None else symbols & self._wanted

    def take(self) -> dict[str, MarketSnapshot]:
        """Return the newest state of each instrument that changed, and begin anew. Engine's thread."""
        return {symbol: snapshot(self._cache, symbol) for symbol in self.drain()}

    def drain(self) -> set[str]:
        """Return which instruments changed, and begin anew."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def take_depth(self, symbols: Iterable[str], levels: int) -> dict[str, DepthSnapshot]:
        """Return the books of the given instruments. Engine's thread."""
        return {symbol: depth_snapshot(self._books, symbol, levels) for symbol in symbols if symbol in self._books}


class Tape:
    """The trades of chosen instruments between two frames, in order of arrival; a batch listener."""

    def __init__(self, symbols: Iterable[str], most: int = TAPE_TRADES_MAX) -> None:
        self._wanted = frozenset(symbols)
        self._trades: deque[Trade] = deque(maxlen=most)
        self.lost = 0

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Keep the trades of a batch."""
        wanted, trades = self._wanted, self._trades
        found = [event for event in events if type(event) is Trade and event.symbol in wanted]
        room = (trades.maxlen or 0) - len(trades)
        self.lost += max(len(found) - room, 0)
        trades.extend(found)

    def take(self) -> list[Trade]:
        """Return the trades since the last call, oldest first."""
        taken = list(self._trades)
        self._trades.clear()
        return taken
