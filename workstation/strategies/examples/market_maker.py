"""Quotes both sides around the middle, leans against its position, and stands aside when the market is thin or wide."""

from workstation.strategies.api import Field, Order, Quote, Side, Strategy, StrategyParameters


class MarketMaker(Strategy):
    """One bid and one ask, post-only; each is moved when the wanted price is more than a tick away.

    A side whose order has ended rests for a moment: who is hit at once again was quoting at an old price.
    """

    class Parameters(StrategyParameters):
        """Where to quote and how far to go."""

        symbol: str = "SPY"
        quantity: int = Field(100, ge=1)
        half_spread_ticks: int = Field(2, ge=1, le=1_000)
        position_max: int = Field(500, ge=1)
        lean_ticks: float = Field(1.0, ge=0, le=100)
        spread_ticks_max: int = Field(50, ge=1)
        rest_s: float = Field(0.5, ge=0, le=60)

    def on_start(self) -> None:
        """Listen to quotes."""
        self.bid_id = self.ask_id = ""
        self.rests_until = {Side.BUY: 0, Side.SELL: 0}
        self.quotes(self.parameters.symbol)

    def on_order(self, order: Order) -> None:
        """Let a side rest whose order has filled, or was refused or cancelled."""
        if not order.is_open:
            self.rests_until[order.side] = self.now + round(self.parameters.rest_s * 1e9)

    def on_quote(self, quote: Quote) -> None:
        """Bring both quotes to where they should be."""
        p, tick = self.parameters, float(self.tick(quote.symbol))
        mid = quote.mid
        if mid is None or quote.ask is None or quote.bid is None or quote.ask - quote.bid > p.spread_ticks_max * tick:
            self.cancel_all(p.symbol)
            return
        held = float(self.position(p.symbol))
        fair = mid - p.lean_ticks * tick * held / p.quantity
        away = p.half_spread_ticks * tick
        self.bid_id = self._place(self.bid_id, min(fair - away, quote.ask - tick), held, buys=True)
        self.ask_id = self._place(self.ask_id, max(fair + away, quote.bid + tick), -held, buys=False)

    def _place(self, order_id: str, price: float, held: float, *, buys: bool) -> str:
        """Return the id of the quote that now stands on a side, "" where none should; held: + in the quote's way."""
        p = self.parameters
        standing = next((order for order in self.orders(p.symbol) if order.id == order_id), None)
        if held >= p.position_max:
            if standing is not None:
                self.cancel(order_id)
            return ""
        if standing is None:
            if self.now < self.rests_until[Side.BUY if buys else Side.SELL]:
                return ""
            send = self.buy if buys else self.sell
            return send(p.symbol, p.quantity, limit=price, post_only=True)
        if standing.price is not None and abs(float(standing.price) - price) > float(self.tick(p.symbol)):
            self.replace(order_id, limit=price)
        return order_id
