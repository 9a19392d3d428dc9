"""What a market looks like in numbers: sampled from a running venue for the tests of the order flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import BATCH_NS, SimVenue
from workstation.kernel.clock import VirtualClock

START_NS = 1_795_000_000 * 10**9
SAMPLE_BATCHES = 50  # once a second


@dataclass
class MarketSample:
    """One market sampled once a second: spread in ticks, middle, mean visible size by distance from the touch."""

    spreads: np.ndarray
    mids: np.ndarray
    depth: np.ndarray
    trades: int

    def returns(self, seconds: int) -> np.ndarray:
        """Return log returns of the middle over `seconds`."""
        return np.diff(np.log(self.mids[::seconds]))

    @property
    def kurtosis(self) -> float:
        """Return the kurtosis of one-second returns; a normal law has 3."""
        r = self.returns(1)
        return float(np.mean((r - r.mean()) ** 4) / np.var(r) ** 2)

    @staticmethod
    def autocorrelation(series: np.ndarray, lag: int) -> float:
        """Return the autocorrelation of a series at a lag."""
        return float(np.corrcoef(series[:-lag], series[lag:])[0, 1])


def sample(seconds: int, rate: int, seed: int = 5) -> dict[str, MarketSample]:
    """Run a venue on virtual time and sample every market with traders."""
    clock = VirtualClock(START_NS)
    venue = SimVenue(clock, clock, seed, SimPlan(ticks_per_s=rate))
    trades: dict[str, int] = dict.fromkeys(venue.flow.symbols, 0)

    def count(symbol: str, prints: list) -> None:
        trades[symbol] = trades.get(symbol, 0) + len(prints)

    venue.feed.tape = count
    venue.start()
    rows = {symbol: ([], [], []) for symbol in venue.flow.symbols}
    for _ in range(seconds):
        clock.advance(SAMPLE_BATCHES * BATCH_NS)
        for symbol, (spreads, mids, depths) in rows.items():
            book = venue.exchange.matchers[symbol].book
            if book.bids.best is None or book.asks.best is None:
                spreads.append(np.nan)
                mids.append(mids[-1] if mids else np.nan)
                continue
            spreads.append(
                (book.asks.best - book.bids.best) / venue.exchange.instruments[symbol].tick_at(book.bids.best)
            )
            mids.append((book.asks.best + book.bids.best) / 2)
            levels = book.bids.top(6)
            if len(levels) == 6:
                depths.append([level.size for level in levels])
    venue.stop()
    return {
        s: MarketSample(np.array(a), np.array(m), np.mean(np.array(d), axis=0), trades[s])
        for s, (a, m, d) in rows.items()
    }
