"""Trades two instruments against each other: when their price ratio strays from its average, it bets on the return."""

from collections import deque
from statistics import fmean, pstdev

from workstation.strategies.api import Bar, Field, Strategy, StrategyParameters


class Pairs(Strategy):
    """Long one leg and short the other beyond `enter` deviations, out again within `leave`."""

    class Parameters(StrategyParameters):
        """Both legs, the look-back, and the thresholds in standard deviations."""

        first: str = "KO"
        second: str = "XOM"
        interval: str = "1m"
        bars: int = Field(60, ge=10, le=5_000)
        enter: float = Field(2.0, gt=0, le=10)
        leave: float = Field(0.5, ge=0, le=5)
        money: float = Field(10_000, gt=0)

    def on_start(self) -> None:
        """Ask for both series."""
        p = self.parameters
        self.ratios: deque[float] = deque(maxlen=p.bars)
        self.last: dict[str, Bar] = {}
        for symbol in (p.first, p.second):
            self.bars(symbol, p.interval)

    def on_bar(self, bar: Bar) -> None:
        """Compare as soon as both legs have a bar of the same time."""
        p = self.parameters
        self.last[bar.symbol] = bar
        first, second = self.last.get(p.first), self.last.get(p.second)
        if first is None or second is None or first.ts_close != second.ts_close:
            return
        ratio = first.close / second.close
        if len(self.ratios) == p.bars and (spread := pstdev(self.ratios)):
            self._act((ratio - fmean(self.ratios)) / spread, first, second)
        self.ratios.append(ratio)

    def _act(self, score: float, first: Bar, second: Bar) -> None:
        p = self.parameters
        self.show(score=f"{score:.2f}")
        if self.position(p.first) or self.position(p.second):
            if abs(score) <= p.leave:
                self.flatten(p.first)
                self.flatten(p.second)
        elif abs(score) >= p.enter and not self.orders():
            rich, cheap = (first, second) if score > 0 else (second, first)
            self.signal(cheap.symbol, "BUY", min(abs(score) / (2 * p.enter), 1.0), reason=f"score {score:.2f}")
            self.sell(rich.symbol, p.money / rich.close)
            self.buy(cheap.symbol, p.money / cheap.close)
