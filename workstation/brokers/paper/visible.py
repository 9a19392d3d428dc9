"""What the public market shows, standing in the matcher's book: one anonymous order for each visible level.

Below `market.py`. What paper orders take from a level is gone until the venue shows the level again. Levels come from a
book in sequence, from best quotes, or stand for the size of one trade on either side of its price.
"""

from collections.abc import Callable

from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.replay.levels import LevelBook
from workstation.brokers.sim.book import LimitBook, RestingOrder
from workstation.brokers.sim.matching import MarketOrder
from workstation.domain.instruments import Instrument
from workstation.domain.market import BookChange, BookSnapshot, Quote

Tell = Callable[[int, int, int, int], None]
"""Hears that the visible size at (sign, price) went from one size to another."""


class VisibleLevels:
    """Public levels of one instrument. sign: +1 bids, -1 asks. `depth` is the book in sequence, where there is one."""

    def __init__(self, book: LimitBook[MarketOrder], instrument: Instrument, options: PaperOptions, tell: Tell) -> None:
        self.depth = LevelBook()
        self._book = book
        self._instrument = instrument
        self._options = options
        self._tell = tell
        self._levels: dict[tuple[int, int], RestingOrder[MarketOrder]] = {}
        self._quote: Quote | None = None

    def size_at(self, sign: int, price: int) -> int:
        """Return what is left to take of a level."""
        level = self._levels.get((sign, price))
        return level.leaves if level is not None else 0

    def clear(self) -> None:
        """Show nothing."""
        for (sign, _), order in self._levels.items():
            self._book.side(sign).remove(order)
        self._levels.clear()
        self._quote = None

    def on_depth(self, event: BookSnapshot | BookChange) -> bool:
        """Take a message of the book; returns whether it came into force."""
        before = self._sizes_before(event) if type(event) is BookChange else {}
        applied = self.depth.apply(event)
        for message in applied:
            if type(message) is BookSnapshot:
                self._show_all()
                continue
            for sign, levels in ((1, message.bids), (-1, message.asks)):
                for level in levels:
                    self._put(sign, level.price, level.size)
                    self._tell(sign, level.price, before.get((sign, level.price), level.size), level.size)
        return bool(applied)

    def on_quote(self, quote: Quote) -> None:
        """Take best prices; a side that did not change shows nothing new."""
        held = self._quote
        if held is None:
            self.clear()
        self._quote = quote
        if held is None or (held.bid, held.bid_size) != (quote.bid, quote.bid_size):
            self._show_side(1, quote.bid, quote.bid_size)
        if held is None or (held.ask, held.ask_size) != (quote.ask, quote.ask_size):
            self._show_side(-1, quote.ask, quote.ask_size)

    def on_trade(self, price: int, size: int) -> None:
        """Let a trade's size stand half a spread away on both sides, for want of a quote."""
        self.clear()
        for sign in (1, -1):
            self._put(sign, self._instrument.step(price, -sign * self._options.half_spread_ticks), size)

    def spend(self, sign: int, size: int) -> None:
        """Take from the other side what was taken from one, where both stand for the same trade."""
        for side, price in [key for key in self._levels if key[0] == sign]:
            self._put(side, price, max(self._levels[side, price].leaves - size, 0))

    def _show_side(self, sign: int, price: int | None, size: int) -> None:
        """Put the best quote of a side in place of the one before, with the levels assumed behind it."""
        old = {gone: level.leaves for (side, gone), level in self._levels.items() if side == sign}
        for gone, left in old.items():
            self._put(sign, gone, 0)
            if price is None or (gone - price) * sign > 0:  # a better level is gone; a worse one is only out of sight
                self._tell(sign, gone, left, 0)
        if price is None:
            return
        self._put(sign, price, size)
        self._tell(sign, price, old.get(price, size), size)
        for distance in range(1, self._options.assumed_levels + 1):
            self._put(sign, self._instrument.step(price, -sign * distance), size)

    def _show_all(self) -> None:
        self.clear()
        for sign in (1, -1):
            for level in self.depth.side(sign).levels():
                self._put(sign, level.price, level.size)

    def _sizes_before(self, change: BookChange) -> dict[tuple[int, int], int]:
        sides = ((1, change.bids), (-1, change.asks))
        return {
            (sign, level.price): self.depth.side(sign).sizes.get(level.price, 0)
            for sign, levels in sides
            for level in levels
        }

    def _put(self, sign: int, price: int, size: int) -> None:
        """Put a level's size in place of what stood there; what paper orders took from it is forgotten."""
        old = self._levels.pop((sign, price), None)
        if old is not None:
            self._book.side(sign).remove(old)
        if size:
            order: RestingOrder[MarketOrder] = RestingOrder(sign, price, size)
            self._levels[sign, price] = order
            self._book.side(sign).add(order)
