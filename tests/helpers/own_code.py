"""A home with a strategy that follows an indicator of its author's own, as files."""

from __future__ import annotations

from pathlib import Path

from workstation.app.strategies import CodeFolder
from workstation.strategies.loading import Code

SPAN = '''"""Spans."""
from collections import deque

from workstation.marketdata.indicators.own import OwnIndicator, figure


class Span(OwnIndicator):
    """Highest and lowest of so many bars."""

    lines = ("high", "low")
    bars: int = figure(3, low=1, high=50)

    def begin(self):
        self.seen = deque(maxlen=self.bars)

    def on_bar(self, bar):
        self.seen.append(bar)
        if len(self.seen) < self.bars:
            return None
        return max(b.high for b in self.seen), min(b.low + bar.volume / 1e6 for b in self.seen)
'''
CROSSING = '''
from workstation.strategies.api import Strategy, StrategyParameters


class Crossing(Strategy):
    """Buys above the span before this bar, sells below it."""

    class Parameters(StrategyParameters):
        symbol: str = "ABC"
        interval: str = "1m"
        bars: int = 3

    def on_start(self):
        p = self.parameters
        self.high, self.low = (
            self.indicator(p.symbol, p.interval, "own.span.Span", line=line, bars=p.bars, history=p.bars)
            for line in ("high", "low")
        )
        self.seen = []

    def on_bar(self, bar):
        self.seen.append((bar.ts_open, self.high.value, self.low.value))
        held = self.position(bar.symbol)
        if not held and bar.close >= self.high.previous:
            self.buy(bar.symbol, 10)
        elif held and bar.close <= self.low.previous:
            self.sell(bar.symbol, held)
'''
FAILS = SPAN.replace(
    "        self.seen.append(bar)\n", "        self.seen.append(bar)\n        1 / (bar.close - 103)\n"
)
"""Fails at a bar that closes at 103."""


class OwnHome:
    """A home's folders of code."""

    def __init__(self, path: Path, strategy: str = CROSSING, own: str = SPAN) -> None:
        self.path = path
        self.kept: dict[str, str] = {}
        (path / "strategies").mkdir(parents=True, exist_ok=True)
        (path / "indicators").mkdir(exist_ok=True)
        self.strategy(strategy)
        self.own(own)

    def strategy(self, text: str) -> None:
        (self.path / "strategies" / "crossing.py").write_text(text, encoding="utf-8")

    def own(self, text: str, name: str = "span.py") -> None:
        (self.path / "indicators" / name).write_text(text, encoding="utf-8")

    def forget_own(self) -> None:
        (self.path / "indicators" / "span.py").unlink()

    def read(self, code_hash: str = "", *, runs: bool = True) -> Code:
        """Return the code as a start would get it."""
        folder = CodeFolder(self.path / "strategies", lambda call: call(), self.kept.get)
        try:
            return folder.read("crossing:Crossing", code_hash, runs=runs)
        finally:
            folder.close()
