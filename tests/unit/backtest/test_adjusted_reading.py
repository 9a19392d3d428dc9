"""What indicators of a backtest read of split and dividend: prices by both, volume by splits alone, history too."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import MINUTE, START, columns, options, plan
from workstation.backtest.columns import BarColumns
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.rows import DividendRow, SplitRow
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import encoded, job_of, loaded
from workstation.domain.numbers import MONEY_ONE
from workstation.strategies.api import Bar, Strategy
from workstation.strategies.loading import Code

SPLIT_AT = START + 6 * MINUTE


def bars(**changed: Any) -> BarColumns:
    """Return minutes of which six are before a 4:1 split, at 400, and six behind it, at 100."""
    close = np.array([40_000 + n * 4 for n in range(6)] + [10_006 + n for n in range(6)])
    data = columns(close, close, close, close, np.array([100] * 6 + [400] * 6))
    split = np.array([0.25] * 6 + [1.0] * 6)
    return msgspec.structs.replace(data, split=split, factor=split * np.array([0.9] * 6 + [1.0] * 6), **changed)


class Reading(Strategy):
    """Keeps the mean and the volume that its indicators read, and what the bars say."""

    last: Reading

    def on_start(self) -> None:
        Reading.last = self
        self.mean = self.indicator("ABC", "1m", "sma", bars=2, history=4)
        self.volume = self.indicator("ABC", "1m", "rvol", bars=2)
        self.seen: list[tuple[float, float, float]] = []

    def on_bar(self, bar: Bar) -> None:
        self.seen.append((bar.close, self.mean.value, self.volume.value))


def played(data: BarColumns, **parts: Any) -> BacktestPlan:
    rows = (
        SplitRow(ts=SPLIT_AT, symbol="ABC", numerator=4, denominator=1),
        DividendRow(ts=SPLIT_AT, symbol="ABC", amount=MONEY_ONE),
    )
    return plan(Reading, data, corporate=rows, **parts)


@pytest.mark.parametrize("fast", [True, False])
def test_prices_follow_both_and_volume_splits_alone_while_bars_stay_raw(fast: bool) -> None:
    run_backtest(played(bars(), options=options(fast=fast)))
    closes, means, volumes = zip(*Reading.last.seen, strict=True)
    assert closes[5:7] == (400.20, 100.06)
    assert means[5] == pytest.approx((400.16 + 400.20) / 2 * 0.225)
    assert means[6] == pytest.approx((400.20 * 0.225 + 100.06) / 2)
    assert volumes[2:] == (1.0,) * 10, "400 shares behind the split are as much as 100 before it"


def test_history_before_the_start_is_read_adjusted_as_well() -> None:
    run_backtest(played(bars(), start_ts=START + 5 * MINUTE))
    closes, means, volumes = zip(*Reading.last.seen, strict=True)
    assert closes[0] == 400.20
    assert means[0] == pytest.approx((400.16 + 400.20) / 2 * 0.225)
    assert volumes[0] == 1.0
    run_backtest(played(bars(), start_ts=SPLIT_AT))
    assert Reading.last.seen[0][1] == pytest.approx((400.20 * 0.225 + 100.06) / 2)


def test_a_job_of_a_sweep_brings_both_factors_along() -> None:
    whole = played(bars())
    job = job_of(whole, Code(strategy=Reading, entry_point="a:A", code_hash="h", source=SOURCE))
    swept = loaded(encoded(job)).plan({}, (START, START + 12 * MINUTE), warm=False)
    [chunk] = swept.sources[0]
    assert isinstance(chunk, BarColumns)
    assert chunk.split is not None
    assert chunk.split.tolist() == [0.25] * 6 + [1.0] * 6


SOURCE = "from workstation.strategies.api import Strategy\n\n\nclass A(Strategy):\n    pass\n"


@pytest.mark.parametrize(
    ("interval", "internal", "warned"), [("5m", False, True), ("5m", True, False), ("1m", False, False)]
)
def test_a_stored_bar_within_which_a_split_took_force_is_said(interval: str, internal: bool, warned: bool) -> None:
    length = 5 if interval == "5m" else 1
    data = columns(
        [40_000, 10_000], [40_000, 40_000], [10_000, 10_000], [10_000, 10_000], [5, 5], interval=interval,
        step=length * MINUTE, start=SPLIT_AT - MINUTE, internal=internal,
    )  # fmt: skip
    data = msgspec.structs.replace(data, factor=np.array([0.25, 1.0]), split=np.array([0.25, 1.0]))
    sources = (data, bars()) if internal else (data,)
    found = [words for words in run_backtest(plan(Still, *sources, corporate=SPLIT)).warnings if "split" in words]
    said = "ABC bars 5m: 1 bar holds prices of before and after a split; shorter bars would be put together."
    assert found == ([said] if warned else [])


SPLIT = (SplitRow(ts=SPLIT_AT, symbol="ABC", numerator=4, denominator=1),)


class Still(Strategy):
    """Does nothing."""
