"""The special symbols SIM-FILL, SIM-PARTIAL, SIM-REJECT, SIM-SLOW and SIM-DOWN: behaviour by rule.

Each has a steady quote around 100.00. MARKET and LIMIT orders follow the symbol's rule; stops and trailing stops
wait in the book like anywhere else, so that the protective legs of a bracket do not fill with its entry.
"""

from collections.abc import Callable

from workstation.brokers.sim.book import RestingOrder
from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.matching import EndReason, MarketOrder, Print
from workstation.brokers.sim.orders import VenueOrderState
from workstation.brokers.sim.universe import SIM_FILL, SIM_PARTIAL, SIM_SLOW, SPECIAL_SYMBOLS
from workstation.domain.executions import Liquidity
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.kernel.clock import Scheduler

SPECIAL_BID = 99_99
SPECIAL_ASK = 100_01
SPECIAL_SIZE = 1_000
SPECIAL_DEPTH = 10
"""Levels of a special symbol's book, each larger than the one before."""

PARTIAL_PARTS = 3
PARTIAL_EVERY_NS = 200_000_000
SLOW_NS = 2_000_000_000

_BY_RULE = frozenset({OrdType.MARKET, OrdType.LIMIT})


class SpecialSymbols:
    """Applies the rules; the exchange asks `binds` for each accepted order."""

    def __init__(self, exchange: Exchange, scheduler: Scheduler) -> None:
        self._exchange = exchange
        self._scheduler = scheduler
        exchange.rule_bound = self.binds
        for symbol in SPECIAL_SYMBOLS:
            book = exchange.matchers[symbol].book
            for depth in range(SPECIAL_DEPTH):
                size = SPECIAL_SIZE * (depth + 1)
                book.bids.add(RestingOrder[MarketOrder](1, SPECIAL_BID - depth, size))
                book.asks.add(RestingOrder[MarketOrder](-1, SPECIAL_ASK + depth, size))

    def binds(self, state: VenueOrderState) -> bool:
        """Take an accepted order over when a rule governs it; False leaves it to the market."""
        terms = state.terms
        if terms.symbol not in SPECIAL_SYMBOLS or terms.ord_type not in _BY_RULE:
            return False
        if terms.symbol == SIM_FILL:
            self._fill(state, state.order.leaves)
        elif terms.symbol == SIM_SLOW:
            self._scheduler.call_later(SLOW_NS, lambda: self._wake(state))
        elif terms.symbol == SIM_PARTIAL:
            self._fill_in_parts(state)
        # An order of SIM-DOWN rests where nothing trades; its silence ends when somebody asks.
        return True

    def _wake(self, state: VenueOrderState) -> None:
        """Acknowledge a slow order, or tell how it ended meanwhile, then fill it."""
        self._exchange.speak(state)
        self._fill(state, state.order.leaves)

    def _fill_in_parts(self, state: VenueOrderState) -> None:
        lot = self._exchange.instruments[state.terms.symbol].lot
        if state.terms.time_in_force is TimeInForce.FOK:
            self._fill(state, state.order.leaves)
            return
        part = max(state.order.leaves // lot // PARTIAL_PARTS, 1) * lot
        self._fill(state, part)
        if state.terms.time_in_force is TimeInForce.IOC:
            self._exchange.end(state, EndReason.IMMEDIATE)
            return
        for number in range(1, PARTIAL_PARTS):
            last = number == PARTIAL_PARTS - 1
            self._scheduler.call_later(number * PARTIAL_EVERY_NS, self._part(state, None if last else part))

    def _part(self, state: VenueOrderState, qty: int | None) -> Callable[[], None]:
        return lambda: self._fill(state, state.order.leaves if qty is None else qty)

    def _fill(self, state: VenueOrderState, qty: int) -> None:
        qty = min(qty, state.order.leaves)
        if not state.is_open or qty <= 0:
            return
        price = rule_price(state.terms)
        matcher = self._exchange.matchers[state.terms.symbol]
        matcher.prints.append(Print(price, qty, state.terms.side.sign, self._exchange.now_ns()))
        matcher.last = price
        self._exchange.execute(state, qty, price, Liquidity.TAKER, booked_qty=False)


def is_slow(terms: OrderTerms) -> bool:
    """Return whether the venue takes its time to say anything about an order."""
    return terms.symbol == SIM_SLOW and terms.ord_type in _BY_RULE


def rule_price(terms: OrderTerms) -> int:
    """Return where a special symbol fills: at the quote, or at the order's limit where that is worse than the quote."""
    quote = SPECIAL_ASK if terms.side.sign > 0 else SPECIAL_BID
    if terms.price is None:
        return quote
    return min(quote, terms.price) if terms.side.sign > 0 else max(quote, terms.price)
