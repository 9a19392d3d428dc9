"""Orders at the simulated venue, and what the venue says of them.

Below the markets, which fill them, and above nothing: a working order is the venue's own view, the book of the core
keeps the truth.
"""

from typing import Protocol

from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.domain.trailing import follows, is_reached, retrailed, trailed_stop

STOP_TYPES = frozenset(
    {OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT}
)  # fmt: skip
AUCTIONS = frozenset({TimeInForce.OPG, TimeInForce.CLS})
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Working:
    """One order. sign: + buys. leaves: what may still fill. arrived: market time at the venue, UTC ns.

    activated: a trailing stop has come to its activation price. stop: trigger price of a stop that has not fired, None
    otherwise. limit: price, None for a market order. fresh: not
    yet held against a price. ahead: other people's size before it, None while its price is not visible. traded: printed
    at its price since the level was last shown. lucky: drawn to fill by a touch in this bar. expires: UTC ns. worst:
    price beyond which an order without a limit takes nothing, None where it takes any. opening: from when on
    a session may open in whose opening auction the order takes part. closing: when one for the close trades, UTC ns.
    is_stop: True until a stop has fired; a trailing one may have no trigger yet.
    """

    __slots__ = (
        "activated", "ahead", "arrived", "cl_ord_id", "closing", "expires", "fresh", "is_stop", "label", "leaves",
        "limit", "lucky", "opening", "seen", "sequence", "sign", "stop", "terms", "traded", "worst",
    )  # fmt: skip

    def __init__(self, cl_ord_id: str, terms: OrderTerms, *, leaves: int, arrived: int, sequence: int) -> None:
        self.cl_ord_id, self.terms, self.leaves = cl_ord_id, terms, leaves
        self.arrived, self.sequence = arrived, sequence
        self.sign = terms.side.sign
        self.limit = terms.price
        self.activated = terms.trail is None or terms.trail.activation_px is None
        self.is_stop = terms.ord_type in STOP_TYPES
        self.stop = terms.stop_px if self.is_stop and self.activated else None
        self.expires: int | None = None
        self.ahead: int | None = 0
        self.traded = 0
        self.fresh = True
        self.lucky = False
        self.label = ""
        self.worst: int | None = None
        self.opening = arrived
        self.closing: int | None = None

    def fire(self) -> None:
        """Become the market or limit order that the stop stands for."""
        self.label, self.stop, self.is_stop = "stop", None, False

    def retrail(self, old: OrderTerms, instrument: Instrument) -> None:
        """Move a trigger that trails to where its new distance has it; a limit that the change leaves follows."""
        if self.stop is None or old.trail is None or self.terms.trail is None or not self.is_stop:
            return
        stop = retrailed(self.stop, self.sign, old.trail, self.terms.trail, instrument)
        if self.limit is not None and self.terms.price == old.price:
            self.limit += stop - self.stop
        self.stop = stop

    def trail_to(self, price: int, instrument: Instrument) -> None:
        """Follow the price, one way only, once it has come to the activation price; a limit keeps its distance."""
        trail = self.terms.trail
        if trail is None:
            return
        if not self.activated:
            if not is_reached(trail.activation_px, price, self.sign):
                return
            self.activated, self.stop = True, self.terms.stop_px
        stop = trailed_stop(price, self.sign, trail, instrument)
        if follows(self.stop, stop, self.sign):
            if self.limit is not None and self.stop is not None:
                self.limit += stop - self.stop
            self.stop = stop


class Floor(Protocol):
    """Where the venue's words go: the engine, which books them."""

    def on_fill(self, order: Working, qty: int, price: int, liquidity: Liquidity, *, sensitive: bool = False) -> None:
        """Book a fill; `order.leaves` counts it already."""

    def on_ended(self, order: Working, reason: str, *, expired: bool = False) -> None:
        """Book the end of an order that is no longer at the venue."""

    def on_triggered(self, order: Working, price: int) -> None:
        """Book that a stop fired."""

    def room(self, order: Working, price: int) -> tuple[int, str]:
        """Return how much of the order may trade at `price` and, where it is nothing, why the order ends."""
