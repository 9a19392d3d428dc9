"""Trades the break of a channel: a stop above the highest high, its stop-loss and target set by the true range."""

from workstation.strategies.api import Bar, Field, Strategy, StrategyParameters


class Breakout(Strategy):
    """Long only. The entry waits at the channel's top and follows it; a bracket protects whatever fills."""

    class Parameters(StrategyParameters):
        """What to trade, the channel, and the bracket in average true ranges."""

        symbol: str = "AAPL"
        interval: str = "5m"
        channel: int = Field(20, ge=2, le=1_000)
        range_bars: int = Field(14, ge=2, le=1_000)
        stop_ranges: float = Field(1.5, gt=0, le=20)
        target_ranges: float = Field(3.0, gt=0, le=50)
        quantity: int = Field(100, ge=1)

    def on_start(self) -> None:
        """Follow channel and range."""
        p = self.parameters
        self.top = self.indicator(p.symbol, p.interval, "donchian", line="upper", bars=p.channel, history=p.channel)
        self.span = self.indicator(p.symbol, p.interval, "atr", bars=p.range_bars)
        self.entry = ""

    def on_bar(self, bar: Bar) -> None:
        """Renew the waiting entry while there is neither position nor bracket."""
        p = self.parameters
        if not (self.top.ready and self.span.ready) or self.position(bar.symbol):
            return
        if self.entry:
            self.cancel(self.entry)
        trigger = max(self.top.value, bar.close + float(self.tick(bar.symbol)))
        self.entry = self.buy(
            bar.symbol,
            p.quantity,
            stop=trigger,
            stop_loss=trigger - p.stop_ranges * self.span.value,
            take_profit=trigger + p.target_ranges * self.span.value,
        )
