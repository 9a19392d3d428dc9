"""Fills from quotes and books: levels that are visible are taken, resting limits wait in their queue.

History is never changed: what own orders take is an overlay on the recorded sizes, let go when the level is shown anew.
A resting limit fills when the opposite side reaches its price, or by trades once the size before it is gone. An order
that arrives at a price too old waits for the next.
"""

import math
from collections.abc import Iterable, Sequence

from workstation.backtest.market import BEYOND, Surroundings
from workstation.backtest.options import Queue
from workstation.backtest.row_market import RowMarket
from workstation.backtest.working import AUCTIONS, Working
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.market import BookChange, BookSnapshot, Level, Quote
from workstation.domain.orders import TimeInForce, TriggerSource
from workstation.marketdata.books import Applied, Book

LEVELS_MAX = 200
"""Levels of a book that one order may walk."""


class LevelMarket(RowMarket):
    """Matches against best quotes, or against a book with its changes."""

    def __init__(self, instrument: Instrument, around: Surroundings) -> None:
        super().__init__(instrument, around)
        self._book = Book(instrument.symbol)
        self._has_book = False
        self._quote: Quote | None = None
        self._levels: dict[int, list[tuple[int, int]]] = {1: [], -1: []}
        self._spent: dict[tuple[int, int], int] = {}
        self._seen: int | None = None
        self._printed: int | None = None

    # Events

    def on_quote(self, quote: Quote) -> None:
        """Take a quote; every quote shows its sizes anew. Where there is a book, quotes are not matched."""
        if self._has_book:
            return
        before, self._quote = self._quote, quote
        self._levels[1] = self._assumed(quote.ask, quote.ask_size, 1)
        self._levels[-1] = self._assumed(quote.bid, quote.bid_size, -1)
        self._spent.clear()
        if self.orders and before is not None:
            self._shift_queues(before, quote)
        self._moved(quote.bid, quote.ask, quote.ts_event)

    def on_book(self, event: BookSnapshot | BookChange) -> None:
        """Take a snapshot or a change; a book that missed one is blind until the next snapshot."""
        self._has_book = True
        resting = [(order, self._size_at(order)) for order in self.orders.values()]
        if isinstance(event, BookSnapshot):
            self._book.on_snapshot(event)
            self._spent.clear()
        elif self._book.on_change(event) is Applied.GAP:
            self._seen = None
            return
        for level in event.bids:
            self._spent.pop((-1, level.price), None)
        for level in event.asks:
            self._spent.pop((1, level.price), None)
        bids, asks = self._book.levels(LEVELS_MAX)
        self._levels[1], self._levels[-1] = _pairs(asks), _pairs(bids)
        for order, before in resting:
            self._shift(order, before, self._size_at(order))
        self._moved(bids[0].price if bids else None, asks[0].price if asks else None, event.ts_event)

    def on_trade(self, price: int, size: int, aggressor: int, ts: int) -> None:
        """Take a print: it shortens the queues at its price, and its excess fills them; its size is spent once."""
        self.last, self._printed, self.last_ts = price, price, ts
        if self.orders and not self._is_open(ts):
            return
        left, public = size, 0
        for order in self._by_price(aggressor, price):
            limit = order.limit or 0
            if limit == price:
                if order.ahead is None:
                    continue
                used = min(max(order.ahead - public, 0), left)
                public, left = public + used, left - used
                order.ahead -= min(order.ahead, public)
                order.traded += size
                if order.ahead:
                    continue
            if left:
                left -= self._trade(order, left, limit, Liquidity.MAKER)
        self._fire_stops(price, price)

    def snapshot(self, ts: int) -> BookSnapshot | None:
        """Return the book as it stands, None while it is not whole."""
        if self._seen is None:
            return None
        bids, asks = self._book.levels(LEVELS_MAX)
        return BookSnapshot(self.instrument.symbol, bids, asks, self._book.seq, ts, ts)

    # Orders

    def _work(self, order: Working) -> None:
        if order.terms.time_in_force in AUCTIONS:
            self._await_auction(order)
            return
        if order.is_stop:
            return
        if self._seen is None or order.arrived - self._seen > self._options.price_age_max:
            return  # the next price will do
        if self._is_open(order.arrived):
            self._aggress(order)

    def _aggress(self, order: Working) -> None:
        """Take what is visible within the limit; what is left rests, waits or ends."""
        levels = self._within(order)
        if order.limit is not None and order.terms.post_only and levels:
            self._end(order, "post-only would have taken")
            return
        if order.terms.time_in_force is TimeInForce.FOK and sum(size for _price, size in levels) < order.leaves:
            self._end(order, "cannot be filled whole")
            return
        for price, size in levels:
            if not order.leaves or order.cl_ord_id not in self.orders:
                break
            filled = self._trade(order, size, price, Liquidity.TAKER)
            key = order.sign, price
            self._spent[key] = self._spent.get(key, 0) + filled
        order.fresh = False
        if order.leaves and self._is_kept_off(order):
            self._end(order, BEYOND)
        self._end_immediate(order)
        if order.limit is not None and order.leaves:
            order.ahead = self._queue_before(order)

    def _within(self, order: Working) -> list[tuple[int, int]]:
        sign, limit = order.sign, order.worst if order.limit is None else order.limit
        found = []
        for price, size in self._levels[sign]:
            if limit is not None and (price - limit) * sign > 0:
                break
            left = size - self._spent.get((sign, price), 0)
            if left > 0:
                found.append((price, left))
        return found

    def _is_kept_off(self, order: Working) -> bool:
        """Tell whether an order has prices before it that it is protected from."""
        worst, side = order.worst, self._levels[order.sign]
        if worst is None or not side or order.cl_ord_id not in self.orders or self._within(order):
            return False
        return (side[-1][0] - worst) * order.sign > 0

    def _queue_before(self, order: Working) -> int | None:
        if self._options.queue is Queue.NONE:
            return 0
        own_side = self._levels[-order.sign]
        if not own_side or ((order.limit or 0) - own_side[0][0]) * order.sign > 0:
            return 0
        at = self._size_at(order)
        return at if at or self._has_book else None

    def _size_at(self, order: Working) -> int:
        """Return the visible size on the order's own side at its price."""
        return next((size for price, size in self._own_levels(order) if price == order.limit), 0)

    def _own_levels(self, order: Working) -> Sequence[tuple[int, int]]:
        side = self._levels[-order.sign]
        return side if self._has_book else side[:1]

    # Moves

    def _moved(self, bid: int | None, ask: int | None, ts: int) -> None:
        self._seen = ts
        if self._printed is None and bid is not None and ask is not None:
            self.last = (bid + ask) // 2
        self.last_ts = ts
        if not self.orders:
            return
        self._expire(ts)
        if not self._is_open(ts):
            return
        for order in tuple(self.orders.values()):
            if order.is_stop or order.arrived > ts or order.cl_ord_id not in self.orders or self._waits(order, ts):
                continue
            if order.fresh or order.limit is None:
                self._aggress(order)
            else:
                self._fill_reached(order)
        self._fire_stops(ask, bid)

    def _fill_reached(self, order: Working) -> None:
        """Fill a resting limit as far as the opposite side has come to it, at its own price."""
        for price, size in self._within(order):
            if order.cl_ord_id not in self.orders:
                break
            filled = self._trade(order, size, order.limit or 0, Liquidity.MAKER)
            key = order.sign, price
            self._spent[key] = self._spent.get(key, 0) + filled

    def _fire_stops(self, for_buys: int | None, for_sells: int | None) -> None:
        """Fire stops by the last trade, by the opposite side where they watch it or nothing was traded yet."""
        for order in tuple(self.orders.values()):
            if not order.is_stop:
                continue
            price = self._watched(order, for_buys if order.sign > 0 else for_sells)
            if price is None:
                continue
            order.trail_to(price, self.instrument)
            if order.stop is not None and (price - order.stop) * order.sign >= 0:
                self._fire(order, price)
                self._aggress(order)

    def _watched(self, order: Working, opposite: int | None) -> int | None:
        source = order.terms.trigger
        if source is TriggerSource.LAST:
            return self._printed if self._printed is not None else opposite
        sides = self._levels[1], self._levels[-1]
        if not all(sides):
            return None
        ask, bid = sides[0][0][0], sides[1][0][0]
        if source is TriggerSource.MID:
            return (ask + bid) // 2
        return ask if order.sign > 0 else bid

    def _by_price(self, aggressor: int, price: int) -> Iterable[Working]:
        """Return the resting limits that a print may fill, the best price first, then by arrival."""
        found = [
            order
            for order in self.orders.values()
            if order.limit is not None
            and not order.is_stop
            and not order.fresh
            and aggressor != order.sign
            and (order.limit - price) * order.sign >= 0
        ]
        return sorted(found, key=lambda order: (-(order.limit or 0) * order.sign, order.sequence))

    # Queues

    def _shift_queues(self, before: Quote, after: Quote) -> None:
        for order in self.orders.values():
            if order.limit is None or order.fresh:
                continue
            was, now = (before.bid, after.bid) if order.sign > 0 else (before.ask, after.ask)
            sizes = (before.bid_size, after.bid_size) if order.sign > 0 else (before.ask_size, after.ask_size)
            if now == order.limit:
                self._shift(order, sizes[0] if was == now else sizes[1], sizes[1])

    def _shift(self, order: Working, before: int, after: int) -> None:
        """Take note that the size at a resting order's price went from `before` to `after`."""
        if order.limit is None or order.fresh or self._options.queue is Queue.NONE:
            return
        if order.ahead is None:
            order.ahead = after
            return
        cancelled = max(before - after - order.traded, 0)
        order.traded = 0
        if self._options.queue is Queue.PROBABILISTIC and cancelled:
            front, back = math.log1p(order.ahead), math.log1p(max(before - order.ahead, 0))
            order.ahead -= int(cancelled * front / (front + back)) if front + back else 0
        order.ahead = max(min(order.ahead, after), 0)

    def _assumed(self, price: int | None, size: int, sign: int) -> list[tuple[int, int]]:
        if price is None or size <= 0:
            return []
        if not self._options.assumed_levels:
            return [(price, size)]
        return [(self.instrument.step(price, sign * n), size) for n in range(self._options.assumed_levels + 1)]


def _pairs(levels: Sequence[Level]) -> list[tuple[int, int]]:
    return [(level.price, level.size) for level in levels]
