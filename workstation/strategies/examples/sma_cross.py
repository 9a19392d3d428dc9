"""Follows the trend: long while a fast average of closes stands above a slow one, flat otherwise."""

from workstation.strategies.api import Bar, Field, Strategy, StrategyParameters

TIE = 1e-9
"""Averages that differ by less are equal: float noise must not decide."""


class SmaCross(Strategy):
    """Buys when the fast average rises above the slow one, sells when it falls back."""

    class Parameters(StrategyParameters):
        """What to trade, and the two lengths."""

        symbol: str = "AAPL"
        interval: str = "1m"
        fast: int = Field(10, ge=1, le=500)
        slow: int = Field(30, ge=2, le=1_000)
        quantity: int = Field(100, ge=1)

    def on_start(self) -> None:
        """Follow both averages."""
        p = self.parameters
        self.fast = self.indicator(p.symbol, p.interval, "sma", bars=p.fast, history=p.slow)
        self.slow = self.indicator(p.symbol, p.interval, "sma", bars=p.slow)
        self.above: bool | None = None

    def on_bar(self, bar: Bar) -> None:
        """Act on a change only; the first evaluation records."""
        if not self.slow.ready:
            return
        above = self.fast.value > self.slow.value + TIE
        before, self.above = self.above, above
        if before is None or above is before:
            return
        held = self.position(bar.symbol)
        if above and held <= 0:
            self.buy(bar.symbol, self.parameters.quantity)
        elif not above and held > 0:
            self.sell(bar.symbol, held)
