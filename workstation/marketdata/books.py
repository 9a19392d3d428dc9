"""Order books by price level (L2): snapshot, changes in sequence, gap detection and resync.

Second step of `service.on_feed`. A book that missed a change says UNSYNCED until a snapshot bridges the gap; it never
pretends. Changes that arrive before the snapshot are kept, bounded, and applied after it when they connect.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from workstation.domain.market import (
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    StreamChange,
    StreamKind,
    StreamState,
)
from workstation.marketdata.quality import Defect, Quality

PENDING_CHANGES_MAX = 10_000
"""Changes kept for each book while it waits for a snapshot; beyond it the oldest are let go, and the gap shows."""


class Applied(StrEnum):
    """What became of a message."""

    CHANGED = "CHANGED"
    OLD = "OLD"
    KEPT = "KEPT"
    GAP = "GAP"


class BookSide:
    """One side: sizes by price, and the prices in ascending order."""

    __slots__ = ("prices", "sizes")

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self.prices: list[int] = []

    def replace(self, levels: Iterable[Level]) -> None:
        """Take these levels and forget all others."""
        self.sizes = {level.price: level.size for level in levels if level.size}
        self.prices = sorted(self.sizes)

    def update(self, levels: Iterable[Level]) -> None:
        """Set each level to its new size; 0 removes it."""
        sizes, prices = self.sizes, self.prices
        for level in levels:
            price, size = level.price, level.size
            if size:
                if price not in sizes:
                    insort(prices, price)
                sizes[price] = size
            elif price in sizes:
                del sizes[price]
                del prices[bisect_left(prices, price)]


class Book:
    """Bids and asks of one instrument.

    `prev_seq` of a change must be the `last_seq` of the change before it. The first change after a snapshot may begin
    inside it (`prev_seq` at or below the snapshot's sequence), as venues deliver the two on separate channels.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bids = BookSide()
        self.asks = BookSide()
        self.seq = 0
        self.ts_event = 0
        self.ts_init = 0
        self.version = 0
        self.state = StreamState.UNSYNCED
        self._bridging = False
        self._pending: list[BookChange] = []

    @property
    def best_bid(self) -> Level | None:
        """Highest bid."""
        return Level(price := self.bids.prices[-1], self.bids.sizes[price]) if self.bids.prices else None

    @property
    def best_ask(self) -> Level | None:
        """Lowest ask."""
        return Level(price := self.asks.prices[0], self.asks.sizes[price]) if self.asks.prices else None

    @property
    def crossed(self) -> bool:
        """True when the best bid is at or above the best ask."""
        return bool(self.bids.prices and self.asks.prices) and self.bids.prices[-1] >= self.asks.prices[0]

    def levels(self, most: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return up to `most` bids and asks, best first."""
        bids = tuple(Level(price, self.bids.sizes[price]) for price in self.bids.prices[: -most - 1 : -1])
        asks = tuple(Level(price, self.asks.sizes[price]) for price in self.asks.prices[:most])
        return bids, asks

    def on_snapshot(self, snapshot: BookSnapshot) -> Applied:
        """Take the whole book, then every kept change that connects to it. GAP: a kept change did not connect."""
        self.bids.replace(snapshot.bids)
        self.asks.replace(snapshot.asks)
        self.seq, self.ts_event, self.ts_init = snapshot.seq, snapshot.ts_event, snapshot.ts_init
        self.state, self._bridging = StreamState.UP, True
        self.version += 1
        pending, self._pending = self._pending, []
        for index, change in enumerate(pending):
            if self.on_change(change) is Applied.GAP:
                self._keep(pending[index + 1 :])
                return Applied.GAP
        return Applied.CHANGED

    def on_change(self, change: BookChange) -> Applied:
        """Apply a change, or keep it while unsynced. GAP: a change is missing before it, the book is now UNSYNCED."""
        if self.state is not StreamState.UP:
            self._keep((change,))
            return Applied.KEPT
        if change.last_seq <= self.seq and change.prev_seq != self.seq:
            return Applied.OLD
        if change.prev_seq != self.seq and not (self._bridging and change.prev_seq < self.seq):
            self.state = StreamState.UNSYNCED
            self._keep((change,))
            return Applied.GAP
        self.bids.update(change.bids)
        self.asks.update(change.asks)
        self.seq, self.ts_event, self.ts_init = change.last_seq, change.ts_event, change.ts_init
        self._bridging = False
        self.version += 1
        return Applied.CHANGED

    def desync(self) -> None:
        """Mark the book as unreliable until the next snapshot, after a lost connection."""
        self.state = StreamState.UNSYNCED

    def _keep(self, changes: Sequence[BookChange]) -> None:
        self._pending.extend(changes)
        if len(self._pending) > PENDING_CHANGES_MAX:
            del self._pending[:-PENDING_CHANGES_MAX]


class BookSet:
    """All books. `resync` is called once for each gap with the symbol that needs a snapshot."""

    def __init__(self, quality: Quality, resync: Callable[[str], None] = lambda _symbol: None) -> None:
        self._books: dict[str, Book] = {}
        self._quality = quality
        self.resync = resync

    def __getitem__(self, symbol: str) -> Book:
        """Return the book of a symbol, an empty UNSYNCED one when nothing came yet."""
        book = self._books.get(symbol)
        if book is None:
            book = self._books[symbol] = Book(symbol)
        return book

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._books

    def apply(self, events: Sequence[MarketEvent]) -> set[str]:
        """Apply the book messages of a batch; returns the symbols whose book changed or lost its sequence."""
        touched: set[str] = set()
        for event in events:
            if type(event) is BookChange:
                applied = self[event.symbol].on_change(event)
            elif type(event) is BookSnapshot:
                applied = self[event.symbol].on_snapshot(event)
            else:
                if type(event) is StreamChange:
                    self._on_stream(event)
                continue
            if applied is Applied.CHANGED or applied is Applied.GAP:
                touched.add(event.symbol)
            if applied is Applied.GAP:
                self._quality.count(event.symbol, Defect.GAP)
                self.resync(event.symbol)
        for symbol in touched:
            if self._books[symbol].crossed:
                self._quality.count(symbol, Defect.CROSSED)
        return touched

    def _on_stream(self, change: StreamChange) -> None:
        if change.state is StreamState.UP or change.stream not in (None, StreamKind.DEPTH):
            return
        for book in [self[change.symbol]] if change.symbol else self._books.values():
            book.desync()
