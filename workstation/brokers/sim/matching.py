"""The matching engine of one instrument: every order type and time in force, reduced to rest, take and wait.

Second half of the way down of the order walk, and the source of the tick walk: what trades here becomes the tape.
Order of work within one instant: match the incoming order, report its fills, then look at the triggers, and again
until nothing fires. It keeps no accounts and sends no message; a `MatchListener` hears what happened.
Deterministic.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple, Protocol

from workstation.brokers.sim.book import LimitBook, RestingOrder
from workstation.brokers.sim.conditional import Conditional, TriggerBook, Watched
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce, TriggerSource
from workstation.domain.trailing import retrailed

TRIGGER_ROUNDS_MAX = 1_000
"""Rounds of stops setting off stops within one instant."""

PRINTS_MAX = 20_000
"""Trades kept for the feed between two of its batches; beyond that the oldest are dropped and counted."""

IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
AUCTION = frozenset({TimeInForce.OPG, TimeInForce.CLS})
TRIGGERED_AS = {
    OrdType.STOP: OrdType.MARKET,
    OrdType.TRAILING_STOP: OrdType.MARKET,
    OrdType.STOP_LIMIT: OrdType.LIMIT,
    OrdType.TRAILING_STOP_LIMIT: OrdType.LIMIT,
}


class EndReason(Enum):
    """Why an order left the market unfilled."""

    REQUEST = auto()
    IMMEDIATE = auto()
    NO_LIQUIDITY = auto()
    REDUCE_ONLY = auto()
    TIME = auto()
    POST_ONLY = auto()


class MarketOrder:
    """One customer order inside the market. `arrival` orders equals; `resting` is its place in the book, if any."""

    __slots__ = (
        "activated",
        "arrival",
        "cl_ord_id",
        "cum_qty",
        "held",
        "known_px",
        "limit_px",
        "order_id",
        "parked",
        "resting",
        "stop_px",
        "terms",
        "triggered",
        "type",
    )

    def __init__(self, order_id: str, cl_ord_id: str, terms: OrderTerms, arrival: int) -> None:
        self.order_id = order_id
        self.cl_ord_id = cl_ord_id
        self.terms = terms
        self.arrival = arrival
        self.type = terms.ord_type
        self.stop_px = terms.stop_px
        self.limit_px = self.known_px = terms.price
        self.cum_qty = 0
        self.triggered = False
        self.activated = False
        self.parked = False
        self.held = False
        self.resting: RestingOrder[MarketOrder] | None = None

    def change_terms(self, terms: OrderTerms, instrument: Instrument) -> None:
        """Put new terms in force; a trigger that has not fired follows them, and one that has trailed stays.

        A trail of another distance goes on from the best price that it has seen.
        """
        stop_px = self.trigger_under(terms, instrument)
        self.limit_px = self.limit_under(terms, stop_px)
        self.stop_px, self.terms, self.known_px = stop_px, terms, terms.price

    def limit_under(self, terms: OrderTerms, stop_px: int | None) -> int | None:
        """Return where the limit would stand under new terms and that trigger; one left alone keeps its distance."""
        old = self.terms
        if terms.price != self.known_px:
            return terms.price
        if self.limit_px is None or self.stop_px is None or stop_px is None or old.trail is None:
            return self.limit_px
        return self.limit_px + (stop_px - self.stop_px if terms.stop_px in (None, old.stop_px) else 0)

    def tell_limit(self) -> int | None:
        """Return the limit as its owner knows it from now on: one that moved along is not the one that was named."""
        self.known_px = self.limit_px
        return self.limit_px

    def trigger_under(self, terms: OrderTerms, instrument: Instrument) -> int | None:
        """Return where the trigger would stand under new terms; they may name it, and leave it where they do not."""
        old, stop_px = self.terms, self.stop_px
        if self.triggered:
            return stop_px
        if terms.stop_px is not None and terms.stop_px != old.stop_px:
            return terms.stop_px
        if stop_px is None or old.trail is None or terms.trail is None or not self.activated:
            return stop_px
        return retrailed(stop_px, terms.side.sign, old.trail, terms.trail, instrument)

    def trailed(self, stop_px: int | None, limit_px: int | None, *, activated: bool) -> None:
        """Take a trigger that had followed the market."""
        self.stop_px, self.limit_px, self.activated = stop_px, limit_px, activated
        self.tell_limit()

    def trigger(self, stop_px: int | None) -> None:
        """Become the ordinary order that a conditional one turns into."""
        self.triggered = True
        self.stop_px = stop_px
        self.type = TRIGGERED_AS[self.terms.ord_type]

    @property
    def leaves(self) -> int:
        """Quantity still wanted."""
        return self.terms.order_qty - self.cum_qty

    @property
    def limit(self) -> int | None:
        """Limit in force, None for an order at any price."""
        return self.limit_px if self.type is OrdType.LIMIT else None


class Print(NamedTuple):
    """One trade for the tape; sign is the taker's side."""

    price: int
    size: int
    sign: int
    ts: int


class MatchListener(Protocol):
    """Hears what the matcher did, in order."""

    def on_fill(self, order: MarketOrder, qty: int, price: int, *, maker: bool) -> None:
        """`qty` of an order traded at `price`; cum_qty is already up to date."""

    def on_triggered(self, order: MarketOrder) -> None:
        """Hear that a conditional order fired."""

    def on_trailed(self, order: MarketOrder) -> None:
        """Hear that the trigger of a waiting order has moved, or begun to trail."""

    def on_ended(self, order: MarketOrder, reason: EndReason) -> None:
        """Hear that an order left with quantity unfilled."""

    def reducible(self, order: MarketOrder) -> int:
        """Return how much of the position a reduce-only order may still close."""


class Matcher:
    """One instrument's market: book, waiting orders, tape."""

    def __init__(self, instrument: Instrument, listener: MatchListener, now_ns: Callable[[], int]) -> None:
        self.instrument = instrument
        self.book: LimitBook[MarketOrder] = LimitBook()
        self.phase = SessionPhase.OPEN
        self.last: int | None = None
        self.prints: list[Print] = []
        self.prints_dropped = 0
        self._listener = listener
        self._now_ns = now_ns
        self._triggers = TriggerBook(instrument)
        self._held: dict[int, MarketOrder] = {}
        self._low: int | None = None
        self._high: int | None = None

    def enter(self, order: MarketOrder) -> None:
        """Take in an accepted order: match it, rest it, park it, or hold it until the session opens."""
        if self.phase is not SessionPhase.OPEN or order.terms.time_in_force in AUCTION:
            order.held = True
            self._held[order.arrival] = order
            return
        self._work(order)
        self.settle()

    def cancel(self, order: MarketOrder, reason: EndReason = EndReason.REQUEST) -> None:
        """Take an order out of wherever it stands and say that it ended."""
        self.withdraw(order)
        self._listener.on_ended(order, reason)

    def replace(self, order: MarketOrder, terms: OrderTerms, arrival: int) -> None:
        """Change an order's terms in place. Only a decrease of quantity at the same price keeps its place in the queue.

        The caller has checked the terms; a quantity at or below what is filled ends the order without a word here.
        """
        old, limit_px = order.terms, order.limit_px
        order.change_terms(terms, self.instrument)
        if order.leaves <= 0:
            self.withdraw(order)
            return
        resting = order.resting
        same_queue = order.limit_px == limit_px and terms.display_qty == old.display_qty
        if resting is not None and same_queue and terms.order_qty <= old.order_qty:
            if order.leaves < resting.leaves:
                self.book.side(resting.sign).reduce(resting, order.leaves)
            return
        self.withdraw(order)
        order.arrival = arrival
        self.enter(order)

    def trim(self, order: MarketOrder) -> None:
        """Shrink a resting reduce-only order to what the position leaves for it, or end it."""
        resting = order.resting
        if resting is None:
            return
        most = self._listener.reducible(order)
        if most <= 0:
            self.cancel(order, EndReason.REDUCE_ONLY)
        elif most < resting.leaves:
            self.book.side(resting.sign).reduce(resting, most)

    def trade(self, sign: int, qty: int, limit: int | None) -> int:
        """Let the synthetic market take up to `qty`; returns the quantity that traded. The caller settles."""
        return self._take(sign, qty, limit)

    def set_phase(self, phase: SessionPhase) -> None:
        """Change the session; what was held enters in order of arrival once the market opens."""
        self.phase = phase
        if phase is SessionPhase.OPEN:
            self._release(lambda order: order.terms.time_in_force is not TimeInForce.CLS)

    def close_auction(self) -> None:
        """Execute the market- and limit-on-close orders against the book as it stands."""
        self._release(lambda order: order.terms.time_in_force is TimeInForce.CLS)

    def open_auction(self) -> None:
        """Execute the market- and limit-on-open orders against the book as it stands."""
        self._release(lambda order: order.terms.time_in_force is TimeInForce.OPG)

    def settle(self) -> None:
        """Fire what recent prices have triggered, until nothing fires."""
        for _ in range(TRIGGER_ROUNDS_MAX):
            if not self._triggers.waiting:
                break
            fired = self._fire()
            if not fired:
                break
            for order in fired:
                order.trigger(order.stop_px)
                self._listener.on_triggered(order)
                self._work(order)
        self._low = self._high = self.last

    @property
    def has_conditionals(self) -> bool:
        """True when a stop waits, so that prices must be looked at after each trade."""
        return self._triggers.waiting > 0

    def _fire(self) -> list[MarketOrder]:
        bid, ask = self.book.bids.best, self.book.asks.best
        mid = None if bid is None or ask is None else (bid + ask) // 2
        traded, middle = Watched(self._low, self._high), Watched(mid, mid)
        fired: list[Conditional] = []
        for sign, touch in ((1, Watched(ask, ask)), (-1, Watched(bid, bid))):
            fired += self._triggers.fire(TriggerSource.LAST, sign, traded)
            fired += self._triggers.fire(TriggerSource.BID_ASK, sign, touch)
            fired += self._triggers.fire(TriggerSource.MID, sign, middle)
        self._low = self._high = self.last
        for order in self._triggers.trailed():
            if isinstance(order, MarketOrder):
                self._listener.on_trailed(order)
        return [order for order in fired if isinstance(order, MarketOrder)]

    def _work(self, order: MarketOrder) -> None:
        terms, sign = order.terms, order.terms.side.sign
        if order.type in TRIGGERED_AS:
            self._triggers.add(order)
            return
        qty = order.leaves
        if terms.reduce_only:
            qty = min(qty, self._listener.reducible(order))
            if qty <= 0:
                self._listener.on_ended(order, EndReason.REDUCE_ONLY)
                return
        limit = order.limit
        if terms.post_only and limit is not None and self.book.crosses(sign, limit):
            self._listener.on_ended(order, EndReason.POST_ONLY)
            return
        if terms.time_in_force is TimeInForce.FOK and self.book.opposite(sign).available(limit, qty) < qty:
            self._listener.on_ended(order, EndReason.IMMEDIATE)
            return
        qty -= self._take(sign, qty, limit, order)
        if qty <= 0 or order.leaves <= 0:
            self._end_reduced(order)
        elif limit is None or terms.time_in_force in IMMEDIATE or terms.time_in_force in AUCTION:
            immediate = terms.time_in_force in IMMEDIATE
            self._listener.on_ended(order, EndReason.IMMEDIATE if immediate else EndReason.NO_LIQUIDITY)
        else:
            order.resting = RestingOrder(sign, limit, qty, order, terms.display_qty)
            self.book.side(sign).add(order.resting)

    def _end_reduced(self, order: MarketOrder) -> None:
        """End a reduce-only order that has closed the position with quantity to spare."""
        if order.leaves > 0:
            self._listener.on_ended(order, EndReason.REDUCE_ONLY)

    def _take(self, sign: int, qty: int, limit: int | None, taker: MarketOrder | None = None) -> int:
        fills = self.book.opposite(sign).take(qty, limit)
        if not fills:
            return 0
        now, filled = self._now_ns(), 0
        for maker, size, price in fills:
            filled += size
            self.prints.append(Print(price, size, sign, now))
            self._low = price if self._low is None else min(self._low, price)
            self._high = price if self._high is None else max(self._high, price)
            self.last = price
            if taker is not None:
                taker.cum_qty += size
            owner = maker.owner
            if owner is not None:
                owner.cum_qty += size
                if not maker.leaves:
                    owner.resting = None
        if len(self.prints) > PRINTS_MAX:
            self.prints_dropped += len(self.prints) - PRINTS_MAX
            del self.prints[:-PRINTS_MAX]
        self._report(fills_of(fills, taker))
        return filled

    def _report(self, reports: list[tuple[MarketOrder, int, int, bool]]) -> None:
        for order, size, price, maker in reports:
            self._listener.on_fill(order, size, price, maker=maker)
        for order, _, _, maker in reports:
            if maker and order.resting is None:
                self._end_reduced(order)

    def withdraw(self, order: MarketOrder) -> None:
        """Take an order out of the book, the waiting stops or the held ones, without a word."""
        if order.resting is not None:
            self.book.side(order.resting.sign).remove(order.resting)
            order.resting = None
        self._triggers.remove(order)
        if order.held:
            order.held = False
            self._held.pop(order.arrival, None)

    def _release(self, wanted: Callable[[MarketOrder], bool]) -> None:
        for order in [held for held in self._held.values() if wanted(held)]:
            order.held = False
            del self._held[order.arrival]
            self._work(order)
        self.settle()


def fills_of(
    fills: list[tuple[RestingOrder[MarketOrder], int, int]], taker: MarketOrder | None
) -> list[tuple[MarketOrder, int, int, bool]]:
    """Return the customers' share of a sweep as (order, qty, price, is maker), per fill maker before taker."""
    reports: list[tuple[MarketOrder, int, int, bool]] = []
    for maker, size, price in fills:
        if maker.owner is not None:
            reports.append((maker.owner, size, price, True))
        if taker is not None:
            reports.append((taker, size, price, False))
    return reports
