"""The account over time, recorded within a bound: when it is full, every second point is let go.

Fed by the engine, one observation or many at once; both give the same curve.
"""

import numpy as np

from workstation.backtest.result import Amounts, EquityCurve, Times
from workstation.backtest.valuation import Terms

POINTS_MAX = 65_536
"""Points kept; an even number, so that halving keeps the first of each pair."""


class CurveRecorder:
    """Collects observations. Amounts in whole units of the account's currency."""

    def __init__(self, points_max: int = POINTS_MAX) -> None:
        self._most = points_max
        self._rows = np.zeros((points_max, 3))
        self._times = np.zeros(points_max, dtype=np.int64)
        self._kept = 0
        self._seen = 0
        self._stride = 1
        self._peak = -np.inf
        self._drawdown = self._share = 0.0
        self._last: tuple[int, float, float, float] | None = None
        self._batch: tuple[Times, Amounts] | None = None
        self._held: list[tuple[int, int, Terms]] = []

    def hold(self, ts: Times, prices: Amounts, first: int, *, stop: int, terms: Terms) -> None:
        """Take rows `first` to `stop` of a batch, during which the account's terms were these.

        ts, prices: of the whole batch, (n,), the same objects as long as it is played. The figures are worked out when
        another batch or an `add` comes: by then they are those of `add` row by row, to the digit.
        """
        if self._batch is None or self._batch[0] is not ts or self._held[-1][1] != first:
            self._work_out()
            self._batch = ts, prices
        self._held.append((first, stop, terms))

    def _work_out(self) -> None:
        if self._batch is None:
            return
        (ts, prices), held = self._batch, self._held
        self._batch, self._held = None, []
        rows = slice(held[0][0], held[-1][1])
        counts = [stop - first for first, stop, _terms in held]
        fixed, net, unit, cash = np.repeat(np.array([terms for _a, _b, terms in held]), counts, axis=0).T
        moved = prices[rows] * unit
        self.extend(ts[rows], fixed + moved, net + moved, cash)

    def add(self, ts: int, equity: float, exposure: float, cash: float) -> None:
        """Take one observation; times never go back."""
        self._work_out()
        self._peak = max(self._peak, equity)
        fall = self._peak - equity
        self._drawdown = max(self._drawdown, fall)
        if self._peak > 0:
            self._share = max(self._share, fall / self._peak)
        self._last = ts, equity, exposure, cash
        if self._seen % self._stride == 0:
            if self._kept == self._most:
                self._halve()
            if self._seen % self._stride == 0:
                self._times[self._kept] = ts
                self._rows[self._kept] = equity, exposure, cash
                self._kept += 1
        self._seen += 1

    def extend(self, ts: Times, equity: Amounts, exposure: Amounts, cash: Amounts) -> None:
        """Take observations, each (n,), as `add` would one by one."""
        if not len(ts):
            return
        peaks = np.maximum.accumulate(np.maximum(equity, self._peak))
        self._peak = float(peaks[-1])
        falls = peaks - equity
        shares = np.divide(falls, peaks, out=np.zeros_like(falls), where=peaks > 0)
        self._drawdown = max(self._drawdown, float(falls.max()))
        self._share = max(self._share, float(shares.max()))
        self._last = int(ts[-1]), float(equity[-1]), float(exposure[-1]), float(cash[-1])
        begin = self._seen
        self._seen += len(ts)
        at = -begin % self._stride
        while at < len(ts):
            if self._kept == self._most:
                self._halve()
                at += -(begin + at) % self._stride
                continue
            count = min(self._most - self._kept, (len(ts) - at - 1) // self._stride + 1)
            taken = slice(at, at + (count - 1) * self._stride + 1, self._stride)
            rows = slice(self._kept, self._kept + count)
            self._times[rows] = ts[taken]
            self._rows[rows, 0], self._rows[rows, 1], self._rows[rows, 2] = equity[taken], exposure[taken], cash[taken]
            self._kept += count
            at += count * self._stride

    def _halve(self) -> None:
        half = self._most // 2
        self._times[:half], self._rows[:half] = self._times[::2].copy(), self._rows[::2].copy()
        self._kept, self._stride = half, self._stride * 2

    def curve(self) -> EquityCurve:
        """Return the curve; its last point is the last observation."""
        self._work_out()
        times, rows = self._times[: self._kept].copy(), self._rows[: self._kept].copy()
        if self._last is not None and (self._seen - 1) % self._stride:
            times, rows = np.append(times, self._last[0]), np.vstack((rows, self._last[1:]))
        return EquityCurve(
            ts=times,
            equity=rows[:, 0].copy(),
            exposure=rows[:, 1].copy(),
            cash=rows[:, 2].copy(),
            stride=self._stride,
            drawdown_max=self._drawdown,
            drawdown_share=self._share,
        )
