"""The back door of the venue for tests and the developer panel: set a market, print a trade, arm a fault.

Works on the real books by the same matching core; it never touches an order of a customer. Not reachable through
the broker port.
"""

from workstation.brokers.sim.book import BookSide, RestingOrder
from workstation.brokers.sim.matching import MarketOrder
from workstation.brokers.sim.venue import SimVenue
from workstation.domain.market import SessionPhase


class VenueControl:
    """Acts on a venue as the rest of the market, the exchange's operator, or bad luck would."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue

    def set_market(self, symbol: str, bid: int, ask: int, size: int) -> None:
        """Replace a book's synthetic orders by one level on each side; customers' orders stay, and trade if crossed."""
        matcher = self._venue.exchange.matchers[symbol]
        _clear(matcher.book.bids)
        _clear(matcher.book.asks)
        for sign, price in ((1, bid), (-1, ask)):
            left = size - matcher.trade(sign, size, price)
            if left:
                matcher.book.side(sign).add(RestingOrder[MarketOrder](sign, price, left))
        matcher.settle()

    def trade(self, symbol: str, sign: int, qty: int, limit: int | None = None) -> int:
        """Let someone take up to `qty`; returns what traded."""
        matcher = self._venue.exchange.matchers[symbol]
        traded = matcher.trade(sign, qty, limit)
        matcher.settle()
        return traded

    def set_phase(self, symbol: str, phase: SessionPhase) -> None:
        """Open, close or halt a market."""
        self._venue.set_phase(symbol, phase)

    def arm(self, kind: str, **args: str | float) -> None:
        """Arm a fault by its name and fields."""
        self._venue.faults.arm(kind, **args)

    def trade_elsewhere(self, account: str, symbol: str, qty: int) -> None:
        """Trade for an account outside of this program, as by hand at the broker: signed quantity at the market."""
        self._venue.faults.arm("unknown_order", account=account, symbol=symbol, qty=qty)


def _clear(side: BookSide[MarketOrder]) -> None:
    for level in list(side.levels.values()):
        for order in list(level.queue):
            if order.owner is None and order.leaves:
                side.remove(order)
