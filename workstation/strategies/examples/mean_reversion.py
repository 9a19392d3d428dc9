"""Trades against excursions: buys below the lower Bollinger band, sells above the upper, and leaves at the middle."""

from workstation.strategies.api import Bar, Field, Strategy, StrategyParameters


class MeanReversion(Strategy):
    """One position at a time, entered by a limit at the close that crossed the band."""

    class Parameters(StrategyParameters):
        """What to trade, and the bands."""

        symbol: str = "AAPL"
        interval: str = "1m"
        bars: int = Field(20, ge=2, le=1_000)
        width: float = Field(2.0, gt=0, le=10)
        quantity: int = Field(100, ge=1)

    def on_start(self) -> None:
        """Follow the three lines."""
        p = self.parameters
        upper, middle, lower = (
            self.indicator(p.symbol, p.interval, "bollinger", line=line, bars=p.bars, width=p.width, history=p.bars)
            for line in ("upper", "middle", "lower")
        )
        self.upper, self.middle, self.lower = upper, middle, lower

    def on_bar(self, bar: Bar) -> None:
        """Leave first, then look for an entry."""
        if not self.middle.ready:
            return
        self.show(upper=f"{self.upper.value:.2f}", middle=f"{self.middle.value:.2f}", lower=f"{self.lower.value:.2f}")
        held = self.position(bar.symbol)
        if held:
            if (held > 0) is (bar.close >= self.middle.value):
                self.flatten(bar.symbol)
            return
        self.cancel_all(bar.symbol)
        if bar.close < self.lower.value:
            self.buy(bar.symbol, self.parameters.quantity, limit=bar.close)
        elif bar.close > self.upper.value:
            self.sell(bar.symbol, self.parameters.quantity, limit=bar.close)
