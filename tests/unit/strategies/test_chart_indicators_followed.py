"""A strategy has every indicator of the chart, brought along bar by bar, with the values that the chart draws."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.backtests import START, gapped_bars
from tests.helpers.market import instrument
from tests.helpers.strategy_rig import TYPE
from workstation.domain.market import Bar
from workstation.marketdata.indicators.catalogue import INDICATORS
from workstation.strategies import messages as m
from workstation.strategies.api import Strategy
from workstation.strategies.host import Host
from workstation.viewmodels.chart_indicators import calculate, choose, closed_bars
from workstation.viewmodels.level_of_detail import BarPyramid

BARS = 1_600
HISTORY = 40
"""Bars in all, more than a day of them, and those from before the run began."""


class Following(Strategy):
    """Follows each line of one indicator and keeps what each bar made of it."""

    name = ""

    def on_start(self) -> None:
        self.lines = [
            self.indicator("ABC", "1m", self.name, line=line, history=HISTORY) for line in INDICATORS[self.name].lines
        ]
        self.seen: list[list[float]] = []

    def on_bar(self, bar) -> None:
        self.seen.append([line.value for line in self.lines])


def drawn(name: str) -> np.ndarray:
    """Return what a chart of the bars draws, (lines, n)."""
    data, bars = gapped_bars(BARS), BarPyramid()
    prices = {column: getattr(data, column) / 100 for column in ("open", "high", "low", "close")}
    times = [*data.ts_open, int(data.ts_close[-1])]  # a chart's last bar forms; its closed ones are those here
    bars.replace(
        times,
        **{column: [*values, values[-1]] for column, values in prices.items()},
        volume=[*data.volume.astype(float), 0.0],
    )
    made = calculate(choose(name), closed_bars(bars), lambda: True)
    assert made is not None
    return made.values


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_every_indicator_of_the_chart_follows_a_run_with_the_charts_values(name: str) -> None:
    kind = type("Of", (Following,), {"name": name})
    host = Host(
        lambda door: kind(door, kind.Parameters()),
        run_id="R1",
        account="SIM",
        instruments={"ABC": instrument("ABC")},
        send=lambda _intent: None,
    )
    host.deliver(m.Started(START, {}, ()))
    rows = [
        Bar("ABC", TYPE, *row[2:], 0, *row[:2])
        for row in zip(*(column.tolist() for column in gapped_bars(BARS).columns), strict=True)
    ]
    host.deliver(m.PastBars("1m", tuple(rows[:HISTORY])))
    for row in rows[HISTORY:]:
        host.deliver(m.BarClosed("1m", row))
    seen, expected = np.array(host.strategy.seen).T, drawn(name)[:, HISTORY:]
    np.testing.assert_allclose(seen, expected, rtol=1e-9, atol=1e-7)
    assert np.isfinite(expected).any(), "too few bars to see a value of it"
