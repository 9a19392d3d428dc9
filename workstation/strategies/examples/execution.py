"""Works one large order in small pieces: by time, by volume profile, by share of the market, or behind a small front.

TWAP slices evenly over a time, VWAP by the volume of past days at that time of day, POV follows the traded volume, and
an iceberg shows one small piece after the other at a limit. Each ends by itself when the whole quantity is filled.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from workstation.strategies.api import (
    Bar,
    Field,
    Fill,
    Order,
    Quote,
    Strategy,
    StrategyParameters,
    Trade,
)

DAY_NS = 86_400_000_000_000


class Work(StrategyParameters):
    """What to do: the order that is worked."""

    symbol: str = "AAPL"
    side: Literal["BUY", "SELL"] = "BUY"
    quantity: int = Field(1_000, ge=1)


class WorkedOrder(Strategy):
    """Base of the four: counts what is filled and what is on its way, and ends when all is done."""

    def on_start(self) -> None:
        """Begin with nothing filled."""
        self.filled = Decimal(0)
        self.quote: Quote | None = None
        self.quotes(self.parameters.symbol)

    def on_quote(self, quote: Quote) -> None:
        """Remember the market."""
        self.quote = quote

    def on_fill(self, fill: Fill) -> None:
        """Count, and end when the whole is filled."""
        self.filled += fill.quantity
        self.show(filled=self.filled, of=self.parameters.quantity)
        if self.filled >= self.parameters.quantity:
            self.done()

    @property
    def left(self) -> Decimal:
        """Quantity that is neither filled nor on its way."""
        whole = Decimal(self.parameters.quantity)
        return whole - self.filled - sum((order.left for order in self.orders()), Decimal(0))

    def piece(self, quantity: float, **terms: object) -> str:
        """Send one piece, at most what is left; "" when there is nothing to send."""
        p = self.parameters
        size = min(int(quantity), int(self.left))
        if size <= 0:
            return ""
        return self.buy(p.symbol, size, **terms) if p.side == "BUY" else self.sell(p.symbol, size, **terms)

    def touch(self) -> float | None:
        """Return the price on the far side of the market, at which a piece fills at once."""
        if self.quote is None:
            return None
        return self.quote.ask if self.parameters.side == "BUY" else self.quote.bid


class Twap(WorkedOrder):
    """Equal pieces at equal times; a piece that did not fill is taken along by the next."""

    class Parameters(Work):
        """How long, in how many pieces."""

        minutes: float = Field(30, gt=0, le=1_440)
        pieces: int = Field(30, ge=1, le=1_000)

    def on_start(self) -> None:
        """Start the clock."""
        super().on_start()
        p = self.parameters
        self.sent = 0
        self.every(p.minutes * 60 / p.pieces, "piece")

    def on_timer(self, name: str) -> None:  # noqa: ARG002  # there is one timer
        """Send what is due by now."""
        p = self.parameters
        self.sent = min(self.sent + 1, p.pieces)
        due = p.quantity * self.sent / p.pieces - float(p.quantity - self.left)
        price = self.touch()
        self.cancel_all(p.symbol)
        if price is not None:
            self.piece(round(due), limit=price, tif="IOC")


class Vwap(WorkedOrder):
    """Pieces in the proportions in which the past days traded over the same stretch of the day."""

    class Parameters(Work):
        """How long, from how many past bars the profile is made."""

        minutes: int = Field(30, ge=1, le=1_440)
        history: int = Field(2_000, ge=10, le=5_000)

    def on_start(self) -> None:
        """Ask for the past that makes the profile."""
        super().on_start()
        self.profile: dict[int, float] = {}
        self.began = self.now
        self.bars(self.parameters.symbol, "1m", history=self.parameters.history)

    def on_history(self, bars: Sequence[Bar]) -> None:
        """Add up volume by minute of the day."""
        for bar in bars:
            minute = bar.ts_open % DAY_NS
            self.profile[minute] = self.profile.get(minute, 0.0) + bar.volume

    def on_bar(self, bar: Bar) -> None:
        """Send what the profile wants done by the end of this minute."""
        minute_ns = bar.ts_close - bar.ts_open
        first = self.began - self.began % minute_ns
        minutes = [(first + k * minute_ns) % DAY_NS for k in range(self.parameters.minutes)]
        weights = [self.profile.get(minute, 0.0) or 1.0 for minute in minutes]
        passed = min(int((bar.ts_close - self.began) // minute_ns) + 1, len(weights))
        wanted = self.parameters.quantity * sum(weights[:passed]) / sum(weights)
        due = wanted - float(self.parameters.quantity - self.left)
        price = self.touch()
        if price is not None:
            self.piece(round(due), limit=price, tif="IOC")


class Pov(WorkedOrder):
    """A share of what the market trades; its own fills do not count."""

    class Parameters(Work):
        """The share in percent, and the smallest piece that is worth sending."""

        percent: float = Field(10, gt=0, le=50)
        piece_min: int = Field(10, ge=1)

    def on_start(self) -> None:
        """Listen to prints."""
        super().on_start()
        self.traded = 0.0
        self.trades(self.parameters.symbol)

    def on_trade(self, trade: Trade) -> None:
        """Follow the volume."""
        p = self.parameters
        self.traded += trade.size
        others = max(self.traded - float(self.filled), 0.0)
        due = others * p.percent / 100 - float(p.quantity - self.left)
        price = self.touch()
        if due >= p.piece_min and price is not None:
            self.piece(due, limit=price, tif="IOC")


class Iceberg(WorkedOrder):
    """One small piece at a limit; when it is filled, the next."""

    class Parameters(Work):
        """The limit, and how much is shown at a time."""

        limit: Decimal = Field(Decimal(100), gt=0)
        shown: int = Field(100, ge=1)

    def on_start(self) -> None:
        """Show the first piece."""
        super().on_start()
        self.piece(self.parameters.shown, limit=self.parameters.limit)

    def on_order(self, order: Order) -> None:
        """Show the next piece when one has ended with a fill; a refused one ends the run."""
        if order.is_open:
            return
        if not order.filled:
            self.log(f"piece ended {order.state}: {order.reason}", "WARNING")
            self.done()
        elif not self.orders():
            self.piece(self.parameters.shown, limit=self.parameters.limit)
