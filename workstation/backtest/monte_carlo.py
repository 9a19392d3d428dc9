"""What the order and the choice of a run's round trips owe to luck: its trades drawn anew many times.

After a run, for summary and report. Two methods, both seeded. Bootstrap: as many trades as there were, drawn with
replacement, which asks what other trades of the same kind would have made (Efron 1979). Shuffle: the same trades in
another order, which ends where the run did and asks how deep it could have fallen on the way. Profit of a trade is
after fees and in money, added to the initial cash; trades that overlapped or grew with the account are taken as they
were. Pure.
"""

from collections.abc import Callable, Sequence
from random import Random

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.backtest.result import BacktestResult
from workstation.backtest.trade_metrics import net
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.ids import sub_stream

PATHS = 1_000
PATHS_MIN = 100
DRAWS_MAX = 10_000_000
"""Trades drawn over all paths of a method; a run with very many trades has fewer paths."""

TRADES_MIN = 10
"""With fewer trades nothing is drawn."""

LEVELS = (5, 25, 50, 75, 95)
"""Percentiles of the bands, linear between neighbours."""

_BATCH = 1 << 18
_WORD = 4

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


class Bands(msgspec.Struct, frozen=True):
    """Percentiles LEVELS over all paths. final: value of the account; drawdown: largest fall / its peak.

    below_start: share of paths that end with less than they began with.
    """

    final: tuple[float, ...]
    drawdown: tuple[float, ...]
    below_start: float


class MonteCarlo(msgspec.Struct, frozen=True, kw_only=True):
    """Both methods over the same trades. start: value of the account before the first, in whole units."""

    trades: int
    paths: int
    seed: int
    start: float
    levels: tuple[int, ...]
    bootstrap: Bands
    shuffle: Bands


def monte_carlo(result: BacktestResult) -> MonteCarlo | None:
    """Return the bands of a run; None for fewer trades than TRADES_MIN, or for profits in several currencies."""
    if len(result.trades) < TRADES_MIN or len({instrument.currency for instrument in result.instruments}) > 1:
        return None
    gains = np.array([net(trade) / MONEY_ONE for trade in result.trades])
    start = result.initial_cash / MONEY_ONE
    paths = max(PATHS_MIN, min(PATHS, DRAWS_MAX // len(gains)))
    return MonteCarlo(
        trades=len(gains),
        paths=paths,
        seed=result.seed,
        start=start,
        levels=LEVELS,
        bootstrap=_bands(gains, start, paths, _drawn(sub_stream(result.seed, "bootstrap"), len(gains))),
        shuffle=_bands(gains, start, paths, _shuffled(sub_stream(result.seed, "shuffle"), len(gains))),
    )


def _bands(gains: Floats, start: float, paths: int, places: Callable[[int], Places]) -> Bands:
    finals, falls = [], []
    at_once = max(1, _BATCH // len(gains))
    for begin in range(0, paths, at_once):
        values = start + np.cumsum(gains[places(min(at_once, paths - begin))], axis=1)
        peaks = np.maximum(np.maximum.accumulate(values, axis=1), start)
        shares = np.divide(peaks - values, peaks, out=np.zeros_like(peaks), where=peaks > 0)
        finals.append(values[:, -1])
        falls.append(shares.max(axis=1))
    final = np.concatenate(finals)
    below = float((final < start).mean())
    return Bands(_percentiles(final), _percentiles(np.concatenate(falls)), below)


def _percentiles(values: Floats) -> tuple[float, ...]:
    found: Sequence[float] = np.percentile(values, LEVELS).tolist()
    return tuple(found)


def _words(random: Random, count: int) -> npt.NDArray[np.uint64]:
    return np.frombuffer(random.randbytes(count * _WORD), dtype="<u4").astype(np.uint64)


def _drawn(random: Random, size: int) -> Callable[[int], Places]:
    def places(paths: int) -> Places:
        words = _words(random, paths * size)
        return (words * np.uint64(size) >> np.uint64(32)).astype(np.int64).reshape(paths, size)

    return places


def _shuffled(random: Random, size: int) -> Callable[[int], Places]:
    def places(paths: int) -> Places:
        keys = _words(random, paths * size).reshape(paths, size)
        found: Places = np.argsort(keys, axis=1, kind="stable")
        return found

    return places
