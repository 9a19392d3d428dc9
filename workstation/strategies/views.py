"""What a strategy sees: market values as floats for arithmetic, orders and fills exact. Frozen, never the core's own.

Prices are in units of the instrument's currency, quantities in shares, contracts or units, times UTC nanoseconds.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar as MarketBar
from workstation.domain.market import BookSnapshot, Level
from workstation.domain.market import Quote as MarketQuote
from workstation.domain.market import Trade as MarketTrade
from workstation.domain.numbers import to_decimal
from workstation.domain.orders import OrderState, OrdStatus, OrdType, Side


class Bar(msgspec.Struct, frozen=True, gc=False):
    """One closed bar of [ts_open, ts_close).

    empty: nothing traded in it; partial: it began before anybody listened; revised: it stands in place of one told of.
    """

    symbol: str
    interval: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    ts_open: int
    ts_close: int
    empty: bool = False
    partial: bool = False
    revised: bool = False


class Quote(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask; a side without a price is None with size 0."""

    symbol: str
    bid: float | None
    ask: float | None
    bid_size: float
    ask_size: float
    ts: int

    @property
    def mid(self) -> float | None:
        """Middle of bid and ask, None while a side is missing."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One print of the market. aggressor: BUY, SELL or UNKNOWN."""

    symbol: str
    price: float
    size: float
    aggressor: str
    ts: int


class Book(msgspec.Struct, frozen=True):
    """Levels (price, size): bids descending, asks ascending."""

    symbol: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    ts: int


class Order(msgspec.Struct, frozen=True):
    """One order of the run. state: the fifteen stored states; reason: why it was refused or rejected.

    taken_by: the person who took it over, "" while it is the run's own: what the run asks of it is left undone.
    """

    id: str
    symbol: str
    side: Side
    type: OrdType
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    state: OrdStatus
    reason: str = ""
    taken_by: str = ""

    @property
    def left(self) -> Decimal:
        """Quantity that may still fill; 0 once the order has ended."""
        return self.quantity - self.filled if self.is_open else Decimal(0)

    @property
    def is_open(self) -> bool:
        """True while the order may still trade."""
        return not self.state.is_final


class Fill(msgspec.Struct, frozen=True):
    """One execution of the run's. fee: + paid, in the instrument's currency, or in its coin where fees are paid so."""

    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    ts: int


class Policy(StrEnum):
    """What becomes of a run's orders and position when it ends."""

    KEEP = "KEEP"
    CANCEL = "CANCEL"
    FLATTEN = "FLATTEN"


class Scales:
    """Turns one instrument's integers into what a strategy sees; made once for each."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._price_divisor: int = 10**instrument.price_decimals
        self._qty_divisor: int = 10**instrument.qty_decimals

    def price(self, value: int) -> float:
        """Return a price as the nearest float: one division, so that equal prices are equal floats."""
        return value / self._price_divisor

    def size(self, value: int) -> float:
        """Return a quantity as a float."""
        return value / self._qty_divisor

    def bar(self, bar: MarketBar, interval: str) -> Bar:
        """Return a bar."""
        price = self._price_divisor
        return Bar(
            bar.symbol,
            interval,
            bar.open / price,
            bar.high / price,
            bar.low / price,
            bar.close / price,
            bar.volume / self._qty_divisor,
            bar.ts_open,
            bar.ts_close,
            bar.empty,
            bar.partial,
            bar.revised,
        )

    def quote(self, quote: MarketQuote) -> Quote:
        """Return a quote."""
        return Quote(
            quote.symbol,
            None if quote.bid is None else self.price(quote.bid),
            None if quote.ask is None else self.price(quote.ask),
            self.size(quote.bid_size),
            self.size(quote.ask_size),
            quote.ts_event,
        )

    def trade(self, trade: MarketTrade) -> Trade:
        """Return a print."""
        return Trade(
            trade.symbol, self.price(trade.price), self.size(trade.size), trade.aggressor.value, trade.ts_event
        )

    def book(self, book: BookSnapshot) -> Book:
        """Return a book."""
        return Book(book.symbol, self._levels(book.bids), self._levels(book.asks), book.ts_event)

    def _levels(self, levels: tuple[Level, ...]) -> tuple[tuple[float, float], ...]:
        return tuple((self.price(level.price), self.size(level.size)) for level in levels)

    def order(self, order: OrderState) -> Order:
        """Return an order."""
        terms, places = order.terms, self.instrument.price_decimals
        return Order(
            order.cl_ord_id,
            terms.symbol,
            terms.side,
            terms.ord_type,
            self.quantity(terms.order_qty),
            self.quantity(order.cum_qty),
            None if terms.price is None else to_decimal(terms.price, places),
            None if terms.stop_px is None else to_decimal(terms.stop_px, places),
            order.status,
            order.text,
            order.taken_by,
        )

    def quantity(self, value: int) -> Decimal:
        """Return an exact quantity."""
        return to_decimal(value, self.instrument.qty_decimals)

    def exact_price(self, value: int) -> Decimal:
        """Return an exact price."""
        return to_decimal(value, self.instrument.price_decimals)
