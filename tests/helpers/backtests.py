"""Plans and data of backtests for tests: the workload of the parity pins, small markets, and strategies that act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from tests.helpers.market import instrument
from workstation.backtest.columns import BarColumns, QuoteColumns, TradeColumns
from workstation.backtest.fees import ZeroFees
from workstation.backtest.options import BacktestOptions, Slippage, SlippageKind
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE
from workstation.strategies.api import Bar, Fill, Order, Quote, Strategy, StrategyParameters, Trade
from workstation.strategies.examples.sma_cross import SmaCross

MINUTE = 60 * 10**9
START = 1_577_836_800 * 10**9
"""2020-01-01T00:00:00Z."""

PLAIN = {"fees": ZeroFees(), "slippage": Slippage(SlippageKind.NONE), "bar_share_bps": None, "check_funds": False}
"""Options without cost or bound, so that a test sees what it is about alone."""


def options(**changed: Any) -> BacktestOptions:
    return BacktestOptions(**{**PLAIN, **changed})


def parity_bars(count: int) -> BarColumns:
    """Return the parity workload: one-minute bars whose open is the close before. The order of draws matters."""
    rng = np.random.default_rng(7)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.0005, count))), 2)
    opened = np.r_[100.0, close[:-1]]
    up, down = (np.abs(rng.normal(0, 0.0003, count)) for _ in range(2))
    high = np.round(np.maximum(opened, close) * (1 + up), 2)
    low = np.round(np.minimum(opened, close) * (1 - down), 2)
    return columns(cents(opened), cents(high), cents(low), cents(close), rng.integers(10_000, 100_000, count))


def gapped_bars(count: int) -> BarColumns:
    """Return the second workload: the same closes, and opens that leave them."""
    bars = parity_bars(count)
    moved = np.exp(np.random.default_rng(11).normal(0, 0.0005, count))
    opened = bars.open.copy()
    opened[1:] = cents(np.round(bars.close[:-1] / 100 * moved[1:], 2))
    return columns(opened, np.maximum(bars.high, opened), np.minimum(bars.low, opened), bars.close, bars.volume)


def cents(prices: Any) -> Any:
    return np.round(np.asarray(prices) * 100).astype(np.int64)


def columns(
    opened: Any,
    high: Any,
    low: Any,
    close: Any,
    volume: Any = None,
    *,
    symbol: str = "ABC",
    interval: str = "1m",
    start: int = START,
    step: int = MINUTE,
    internal: bool = False,
) -> BarColumns:
    """Return bars, one after another without a gap; prices in price units."""
    times = start + step * np.arange(len(close), dtype=np.int64)
    return BarColumns(
        symbol=symbol,
        interval=interval,
        ts_open=times,
        ts_close=times + step,
        open=np.asarray(opened, dtype=np.int64),
        high=np.asarray(high, dtype=np.int64),
        low=np.asarray(low, dtype=np.int64),
        close=np.asarray(close, dtype=np.int64),
        volume=None if volume is None else np.asarray(volume, dtype=np.int64),
        internal=internal,
    )


def bars(*rows: Sequence[int], volume: Sequence[int] | None = None, **parts: Any) -> BarColumns:
    """Return bars from (open, high, low, close) rows."""
    opened, high, low, close = zip(*rows, strict=True)
    return columns(opened, high, low, close, volume, **parts)


def quotes(*rows: Sequence[int], symbol: str = "ABC") -> QuoteColumns:
    """Return quotes from (seconds, bid, bid size, ask, ask size) rows."""
    ts, bid, bid_size, ask, ask_size = (np.asarray(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return QuoteColumns(symbol=symbol, ts=START + ts * 10**9, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)


def trades(*rows: Sequence[int], symbol: str = "ABC") -> TradeColumns:
    """Return prints from (seconds, price, size, aggressor) rows."""
    ts, price, size, aggressor = (np.asarray(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return TradeColumns(symbol=symbol, ts=START + ts * 10**9, price=price, size=size, aggressor=aggressor)


def plan(
    strategy: type[Strategy],
    *sources: Any,
    instruments: Iterable[Instrument] | None = None,
    parameters: dict[str, Any] | None = None,
    **parts: Any,
) -> BacktestPlan:
    """Return a plan; a source that is one chunk is wrapped."""
    wrapped = tuple(source if isinstance(source, list | tuple) else [source] for source in sources)
    symbols = sorted({chunk.symbol for source in wrapped for chunk in source})
    found = tuple(instruments) if instruments is not None else tuple(instrument(symbol) for symbol in symbols)
    choices = {"options": options(), "initial_cash": 10_000_000 * MONEY_ONE, **parts}
    return BacktestPlan(strategy=strategy, parameters=parameters or {}, instruments=found, sources=wrapped, **choices)


def sma_cross(source: Any, **parts: Any) -> BacktestResult:
    """Run the cross of the parity pins."""
    return run_backtest(
        plan(SmaCross, source, parameters={"symbol": "ABC", "fast": 10, "slow": 30, "quantity": 100}, **parts)
    )


class Scripted(Strategy):
    """Does what a test tells it at the bars, quotes and prints that it counts; keeps what it heard."""

    class Parameters(StrategyParameters):
        """None."""

    script: ClassVar[dict[int, Callable[[Scripted], Any]]] = {}
    wants: ClassVar[Sequence[tuple[str, str]]] = (("ABC", "1m"),)
    streams: ClassVar[Sequence[str]] = ()
    last: ClassVar[Scripted]

    def on_start(self) -> None:
        self.seen: list[Any] = []
        self.heard: list[Any] = []
        Scripted.last = self
        for symbol, interval in self.wants:
            self.bars(symbol, interval)
        for stream in self.streams:
            getattr(self, stream)("ABC")

    def on_bar(self, bar: Bar) -> None:
        self._take(bar)

    def on_quote(self, quote: Quote) -> None:
        self._take(quote)

    def on_trade(self, trade: Trade) -> None:
        self._take(trade)

    def _take(self, row: Any) -> None:
        self.seen.append(row)
        act = self.script.get(len(self.seen) - 1)
        if act is not None:
            act(self)

    def on_order(self, order: Order) -> None:
        self.heard.append(order)

    def on_fill(self, fill: Fill) -> None:
        self.heard.append(fill)


def scripted(
    script: dict[int, Callable[[Scripted], Any]],
    *,
    wants: Sequence[tuple[str, str]] = (("ABC", "1m"),),
    streams: Sequence[str] = (),
) -> type[Scripted]:
    """Return a strategy that acts at the rows of `script`, counted from 0."""
    return type("Scripted", (Scripted,), {"script": script, "wants": wants, "streams": streams})
