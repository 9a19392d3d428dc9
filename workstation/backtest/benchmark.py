"""The backtest benchmark: bars with orders, bars without, and quotes, each per second of processor time.

Behind `workstation bench` and `tests/bench`. The bars with orders are the parity workload: an average cross that trades
on every 26th bar. Reads no time and draws nothing by itself: the caller hands over a processor-time clock and a
generator. Measures, never judges.
"""

from collections.abc import Callable

import numpy as np

from workstation.backtest.columns import BarColumns, Chunk, QuoteColumns
from workstation.backtest.fees import ZeroFees
from workstation.backtest.options import BacktestOptions, Slippage, SlippageKind
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.run import run_backtest
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.strategies.api import Strategy, StrategyParameters

MINUTE_NS = 60 * 10**9
START_NS = 1_577_836_800 * 10**9
ROUNDS = 3
CALIBRATION_ROUNDS = 1_000_000
TIE = 1e-9

Generator = Callable[[int], np.random.Generator]

STOCK = Instrument(
    symbol="SYM",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
)


class Cross(Strategy):
    """Long while the average of 10 closes stands above that of 30, flat otherwise."""

    Parameters = StrategyParameters

    def on_start(self) -> None:
        """Follow both averages."""
        self.fast, self.slow = (self.indicator("SYM", "1m", "sma", bars=bars) for bars in (10, 30))
        self.above: bool | None = None

    def on_bar(self, bar: object) -> None:  # noqa: ARG002  the averages say it all
        """Act on a change only."""
        if not self.slow.ready:
            return
        above = self.fast.value > self.slow.value + TIE
        before, self.above = self.above, above
        if before is None or above is before:
            return
        held = self.position("SYM")
        if above and not held:
            self.buy("SYM", 100)
        elif not above and held:
            self.sell("SYM", 100)


class Watcher(Strategy):
    """Takes every bar and does nothing."""

    def on_start(self) -> None:
        """Ask for bars."""
        self.bars("SYM", "1m")


class Quoter(Strategy):
    """Takes every quote, trades now and then."""

    def on_start(self) -> None:
        """Ask for quotes."""
        self.count = 0
        self.quotes("SYM")

    def on_quote(self, quote: object) -> None:  # noqa: ARG002  only their number matters
        """Turn the position at every thousandth quote."""
        self.count += 1
        if self.count % 1_000 == 0:
            (self.sell if self.position("SYM") else self.buy)("SYM", 1)


def parity_bars(count: int, generator: Generator) -> BarColumns:
    """Return the bars of the parity workload: one minute each, the open is the close before."""
    rng = generator(7)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.0005, count))), 2)
    opened = np.r_[100.0, close[:-1]]
    up, down = (np.abs(rng.normal(0, 0.0003, count)) for _ in range(2))
    high = np.round(np.maximum(opened, close) * (1 + up), 2)
    low = np.round(np.minimum(opened, close) * (1 - down), 2)
    times = START_NS + MINUTE_NS * np.arange(count, dtype=np.int64)
    prices = (np.round(column * 100).astype(np.int64) for column in (opened, high, low, close))
    o, h, lowest, c = prices
    return BarColumns(
        symbol="SYM",
        interval="1m",
        ts_open=times,
        ts_close=times + MINUTE_NS,
        open=o,
        high=h,
        low=lowest,
        close=c,
        volume=rng.integers(10_000, 100_000, count),
    )


def random_quotes(count: int, generator: Generator) -> QuoteColumns:
    """Return quotes of a random walk, ten a second."""
    rng = generator(7)
    bid = 10_000 + np.cumsum(rng.integers(-1, 2, count)).clip(-5_000, 5_000)
    sizes = rng.integers(1, 900, (2, count))
    times = START_NS + 100_000_000 * np.arange(count, dtype=np.int64)
    return QuoteColumns(symbol="SYM", ts=times, bid=bid, bid_size=sizes[0], ask=bid + 1, ask_size=sizes[1])


def run(
    cpu_ns: Callable[[], int], generator: Generator, *, bars: int = 100_000, quotes: int = 100_000
) -> dict[str, float]:
    """Run each kind a few times and return the best rates, with their ratio to an empty calibration loop.

    cpu_ns: processor time of this process or thread, ns. generator: makes numpy's default generator from a seed.
    """
    rate = _calibrate(cpu_ns)
    data, ticks = parity_bars(bars, generator), random_quotes(quotes, generator)
    crossed, fills = _best(cpu_ns, Cross, data, bars)
    watched, _none = _best(cpu_ns, Watcher, data, bars)
    quoted, _some = _best(cpu_ns, Quoter, ticks, quotes)
    return {
        "bars": float(bars),
        "fills": float(fills),
        "bars_with_orders_per_cpu_s": crossed,
        "bars_without_orders_per_cpu_s": watched,
        "quotes_per_cpu_s": quoted,
        "calibration_per_cpu_s": rate,
        "ratio": crossed / rate,
    }


def _best(cpu_ns: Callable[[], int], strategy: type[Strategy], data: Chunk, rows: int) -> tuple[float, int]:
    options = BacktestOptions(fees=ZeroFees(), slippage=Slippage(SlippageKind.NONE), bar_share_bps=None)
    plan = BacktestPlan(strategy=strategy, parameters={}, instruments=(STOCK,), sources=((data,),), options=options)
    best, fills = 0.0, 0
    for _ in range(ROUNDS):
        began = cpu_ns()
        fills = len(run_backtest(plan).fills)
        best = max(best, rows / (max(cpu_ns() - began, 1) / 1e9))
    return best, fills


def _calibrate(cpu_ns: Callable[[], int]) -> float:
    began = cpu_ns()
    total = 0
    for number in range(CALIBRATION_ROUNDS):
        total += number
    return CALIBRATION_ROUNDS / (max(cpu_ns() - began, 1) / 1e9)
