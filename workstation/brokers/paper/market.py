"""One instrument's market in paper trading: the simulated matcher, with the real market's levels as its liquidity.

Below `exchange.py`. The matcher's book holds what the public shows (`visible.py`); what paper orders take from it is an
overlay, the recording itself never changes. Resting paper orders stay outside of that book and fill by queue position
(`queue.py`), or when the opposite side reaches them. One trade's size is spent once over all of them. No order fills at
a price that is too old, and none by a print that may not be the last price.

Liquidity is the finest that was seen: levels in sequence, else best quotes, else trades, else outside bars.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from workstation.brokers.paper.options import PaperOptions, QueueModel
from workstation.brokers.paper.queue import Rest, shown, spend_at
from workstation.brokers.paper.visible import VisibleLevels
from workstation.brokers.sim.matching import (
    AUCTION,
    IMMEDIATE,
    TRIGGERED_AS,
    EndReason,
    MarketOrder,
    Matcher,
    MatchListener,
)
from workstation.domain.conditions import is_last
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    BAR_CONDITION,
    Aggressor,
    Bar,
    BarSource,
    BookChange,
    BookSnapshot,
    MarketEvent,
    Quote,
    StreamChange,
    StreamState,
    Trade,
)
from workstation.domain.orders import OrderTerms, OrdType


class Source(IntEnum):
    """Liquidity, from the coarsest to the finest."""

    NOTHING = 0
    BARS = 1
    TRADES = 2
    QUOTES = 3
    LEVELS = 4


class PaperMarket(Matcher):
    """Fills paper orders against market events. `now_ns` is market time, UTC ns."""

    def __init__(
        self, instrument: Instrument, listener: MatchListener, now_ns: Callable[[], int], options: PaperOptions
    ) -> None:
        super().__init__(instrument, listener, now_ns)
        self.source = Source.NOTHING
        self._options = options
        self._visible = VisibleLevels(self.book, instrument, options, self._tell)
        self._rests: dict[tuple[int, int], list[Rest]] = {}
        self._by_order: dict[str, Rest] = {}
        self._pending: dict[int, MarketOrder] = {}
        self._parked_at: dict[str, int] = {}
        self._seen: int | None = None
        self._bar_open: int | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            Quote: self._on_quote,
            Trade: self._on_trade,
            BookSnapshot: self._on_depth,
            BookChange: self._on_depth,
            Bar: self._on_bar,
            StreamChange: self._on_stream,
        }

    def on_event(self, event: MarketEvent) -> None:
        """Take a market event at its time: resting orders first, then triggers, then orders that waited for a price."""
        handler = self._handlers.get(type(event))
        if handler is None:
            return
        handler(event)
        if self._seen is None:
            return
        if self._by_order and self.source >= Source.QUOTES:
            self._fill_reached()
        self.settle()
        if self._pending:
            waiting, self._pending = self._pending, {}
            for order in waiting.values():
                self._work(order)
            self.settle()
        self.prints.clear()
        self.book.bids.dirty.clear()
        self.book.asks.dirty.clear()

    def withdraw(self, order: MarketOrder) -> None:
        """Take an order out of wherever it stands, without a word."""
        super().withdraw(order)
        self._pending.pop(order.arrival, None)
        self._parked_at.pop(order.order_id, None)
        rest = self._by_order.get(order.order_id)
        if rest is not None:
            self._forget(rest)

    def replace(self, order: MarketOrder, terms: OrderTerms, arrival: int) -> None:
        """Change terms in place; only a decrease of quantity at the same price keeps its place in the queue."""
        rest = self._by_order.get(order.order_id)
        smaller = order.cum_qty < terms.order_qty <= order.terms.order_qty
        if rest is not None and smaller and terms.price == order.terms.price:
            order.change_terms(terms, self.instrument)
            rest.leaves = min(rest.leaves, order.leaves)
            return
        super().replace(order, terms, arrival)

    def trim(self, order: MarketOrder) -> None:
        """Shrink a resting reduce-only order to what the position leaves for it, or end it."""
        rest = self._by_order.get(order.order_id)
        if rest is None:
            return
        most = self._listener.reducible(order)
        if most <= 0:
            self.cancel(order, EndReason.REDUCE_ONLY)
        else:
            rest.leaves = min(rest.leaves, most)

    def _work(self, order: MarketOrder) -> None:
        if order.type in TRIGGERED_AS:
            self._parked_at[order.order_id] = self._now_ns()
            self._triggers.add(order)
        elif not self._is_fresh():
            self._pending[order.arrival] = order
        elif order.type is OrdType.MARKET and order.terms.time_in_force not in IMMEDIATE | AUCTION:
            self._work_market(order)
        else:
            super()._work(order)
            self._move_out(order)

    def _work_market(self, order: MarketOrder) -> None:
        """Take what is visible; the residue waits for what the market shows next."""
        qty, sign = order.leaves, order.terms.side.sign
        if order.terms.reduce_only:
            qty = min(qty, self._listener.reducible(order))
            if qty <= 0:
                self._listener.on_ended(order, EndReason.REDUCE_ONLY)
                return
        filled = self._take(sign, qty, None, order)
        if order.leaves and filled < qty:
            self._pending[order.arrival] = order
        elif order.leaves:
            self._end_reduced(order)

    def _move_out(self, order: MarketOrder) -> None:
        """Take an order that came to rest out of the public book and give it its place behind the visible size."""
        resting = order.resting
        if resting is None:
            return
        price = resting.price
        leaves = self.book.side(resting.sign).remove(resting)
        order.resting = None
        rest = Rest(order, price, leaves, self._public_ahead(resting.sign, price), self._now_ns())
        self._by_order[order.order_id] = rest
        self._rests.setdefault((rest.sign, price), []).append(rest)

    def _public_ahead(self, sign: int, price: int) -> int | None:
        if self._options.queue is QueueModel.NONE or self.source <= Source.TRADES:
            return 0
        if self.source is Source.LEVELS:
            return self._visible.depth.side(sign).sizes.get(price, 0)
        best = self.book.side(sign).best
        if best is None or (price - best) * sign > 0:
            return 0
        return self._visible.size_at(sign, price) if price == best else None

    def _is_fresh(self) -> bool:
        return self._seen is not None and self._now_ns() - self._seen <= self._options.price_age_max

    def _take(self, sign: int, qty: int, limit: int | None, taker: MarketOrder | None = None) -> int:
        market = self.last, self._low, self._high
        filled = super()._take(sign, qty, limit, taker)
        self.last, self._low, self._high = market  # a paper fill is no trade of the market and sets off no stop
        if filled and self.source <= Source.TRADES:  # both sides stand for the size of one trade
            self._visible.spend(sign, filled)
        return filled

    def _fire(self) -> list[MarketOrder]:
        fired = super()._fire()
        if self._bar_open is not None:  # an order cannot be set off by what a bar did before the order was there
            young = [order for order in fired if self._parked_at.get(order.order_id, 0) > self._bar_open]
            for order in young:
                self._triggers.add(order)
            fired = [order for order in fired if order not in young]
        for order in fired:
            self._parked_at.pop(order.order_id, None)
        return fired

    def _on_depth(self, event: BookSnapshot | BookChange) -> None:
        was_synced = self._visible.depth.synced
        if self._visible.on_depth(event):
            self._see(Source.LEVELS)
        if type(event) is BookSnapshot:
            for sign, price in self._rests:
                size = self._visible.depth.side(sign).sizes.get(price, 0)
                self._tell(sign, price, size, size)
        if was_synced and not self._visible.depth.synced:
            self._visible.clear()
            self._seen, self.source = None, Source.NOTHING

    def _on_quote(self, quote: Quote) -> None:
        if self.source is not Source.LEVELS:
            self._visible.on_quote(quote)
            self._see(Source.QUOTES)

    def _on_trade(self, trade: Trade) -> None:
        if trade.conditions == BAR_CONDITION or not is_last(trade.conditions, self.instrument.exchange):
            return  # as no stop that is watched here goes by an odd lot or an average price, and no backtest
        if self.source <= Source.TRADES:  # a trade says nothing of how old a quote is
            self._see(Source.TRADES)
        self._print(trade.price, trade.size, trade.aggressor)

    def _on_bar(self, bar: Bar) -> None:
        """Play a bar's prices as four trades of equal size, the nearer extreme first; only where nothing finer exists.

        What precedes the close counts for orders that stood when the bar opened. A limit fills when passed through.
        """
        if self.source > Source.BARS or not bar.bar_type.external or bar.bar_type.source is not BarSource.LAST:
            return
        size = bar.volume * self._options.bar_share_pct // 400
        up_first = bar.high - bar.open <= bar.open - bar.low
        path = (bar.open, bar.high, bar.low) if up_first else (bar.open, bar.low, bar.high)
        self._bar_open = bar.ts_open
        held, self._pending = self._pending, {}
        for price in path:
            self._see(Source.BARS)
            self._print(price, size, Aggressor.UNKNOWN)
            self.settle()
        self._bar_open = self._low = self._high = None
        self._pending = held | self._pending
        self._print(bar.close, size, Aggressor.UNKNOWN)

    def _on_stream(self, change: StreamChange) -> None:
        if change.state is not StreamState.UP:
            self._seen = None

    def _print(self, price: int, size: int, aggressor: Aggressor) -> None:
        """Spend one trade on resting orders at or through its price; on trades and bars the rest is what takers get."""
        left = size
        if aggressor is not Aggressor.BUY:
            left -= self._spend(1, price, left)
        if aggressor is not Aggressor.SELL:
            left -= self._spend(-1, price, left)
        self.last = price
        self._low = price if self._low is None else min(self._low, price)
        self._high = price if self._high is None else max(self._high, price)
        if self.source <= Source.TRADES:
            self._visible.on_trade(price, left)

    def _spend(self, sign: int, price: int, size: int) -> int:
        left = size
        reached = [key for key in self._rests if key[0] == sign and (key[1] - price) * sign >= 0]
        for key in sorted(reached, key=lambda key: -key[1] * sign):
            rests = [rest for rest in self._rests.get(key, ()) if self._may_fill(rest)]
            if key[1] == price and self.source is Source.BARS:
                continue
            fills = spend_at(rests, left) if key[1] == price else _in_turn(rests, left)
            left -= sum(part for _, part in fills)
            for rest, part in fills:
                self._fill(rest, part)
            if left <= 0:
                break
        return size - left

    def _may_fill(self, rest: Rest) -> bool:
        return self._bar_open is None or rest.since <= self._bar_open

    def _fill_reached(self) -> None:
        """Fill resting orders that the opposite side has come to, up to the size shown there."""
        for sign in (1, -1):
            best = self.book.opposite(sign).best
            if best is None:
                continue
            reached = [key for key in self._rests if key[0] == sign and (key[1] - best) * sign >= 0]
            for key in sorted(reached, key=lambda key: -key[1] * sign):
                for rest in tuple(self._rests.get(key, ())):
                    taken = self.book.opposite(sign).take(rest.leaves, rest.price)
                    if part := sum(size for _, size, _ in taken):
                        self._fill(rest, part)

    def _fill(self, rest: Rest, qty: int) -> None:
        part = min(qty, rest.leaves)
        if part <= 0:
            return  # an earlier fill of this instant has closed the position that it was to reduce
        rest.leaves -= part
        rest.order.cum_qty += part
        if not rest.leaves:
            self._forget(rest)
        self._listener.on_fill(rest.order, part, rest.price, maker=True)
        if not rest.leaves:
            self._end_reduced(rest.order)

    def _forget(self, rest: Rest) -> None:
        rest.leaves = 0
        self._by_order.pop(rest.order.order_id, None)
        queue = self._rests.get((rest.sign, rest.price), [])
        if rest in queue:
            queue.remove(rest)
        if not queue:
            self._rests.pop((rest.sign, rest.price), None)

    def _see(self, source: Source) -> None:
        self.source = source
        self._seen = self._now_ns()

    def _tell(self, sign: int, price: int, before: int, after: int) -> None:
        """Let the orders resting at a price know that its visible size changed."""
        for rest in self._rests.get((sign, price), ()):
            shown(rest, before, after, self._options.queue)


def _in_turn(rests: list[Rest], size: int) -> list[tuple[Rest, int]]:
    """Spend a trade that went through the price of these orders: their queue is gone."""
    fills = []
    for rest in rests:
        part = min(rest.leaves, size)
        size -= part
        if part:
            fills.append((rest, part))
    return fills
