"""History of a live run: bars from before it began come first, also where their past has to be read aside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.core_rig import SYMBOL
from tests.helpers.runner_rig import RunnerRig, RunStatus
from workstation.domain.market import Bar, BarType
from workstation.strategies.api import Strategy

MINUTE = 60 * 10**9


class Remembering(Strategy):
    """Shows what came before its first bar, and what its indicator makes of that."""

    def on_start(self):
        self.mean = self.indicator(SYMBOL, "1m", "sma", bars=2, history=3)

    def on_history(self, bars):
        self.show(past=[bar.close for bar in bars], mean=self.mean.value)

    def on_bar(self, bar):
        self.show(first=bar.close, mean=self.mean.value)


class Rig(RunnerRig):
    """Brings five minutes of the past, at once or when the test says so."""

    def __init__(self):
        super().__init__()
        self.waiting: list[Callable[[], None]] = []
        self.asked: list[tuple[str, BarType, int]] = []
        self.aside = False
        self.runner._open_past = self.open_past

    def open_past(self, symbol: str, bar_type: BarType, count: int, then: Callable[[], None]) -> None:
        self.asked.append((symbol, bar_type, count))
        begin = self.clock.now_ns() // MINUTE * MINUTE - 5 * MINUTE
        rows = [Bar(symbol, bar_type, p, p, p, p, 1, 1, begin + n * MINUTE, begin + (n + 1) * MINUTE)
                for n, p in enumerate((10_000, 10_100, 10_200, 10_300, 10_400))]  # fmt: skip

        def opened() -> None:
            self.market.series.seed(symbol, bar_type, rows)
            then()

        if self.aside:
            self.waiting.append(opened)
        else:
            opened()


@pytest.fixture
def rig():
    made = Rig()
    yield made
    assert made.close() == []
    assert made.faults == []


def test_a_run_gets_the_newest_bars_from_before_it_and_its_indicators_know_them(rig):
    run = rig.run(Remembering)
    rig.until(lambda: "past" in run.view.values)
    assert run.view.values == {"past": "[102.0, 103.0, 104.0]", "mean": "103.5"}
    assert [count for _symbol, _bar_type, count in rig.asked] == [3]


def test_a_past_that_is_read_aside_comes_when_it_is_there(rig):
    rig.aside = True
    run = rig.run(Remembering)
    rig.until(lambda: rig.waiting)
    assert run.view.values == {}
    rig.waiting.pop()()
    rig.until(lambda: "past" in run.view.values)
    assert run.view.values["mean"] == "103.5"


def test_a_run_that_has_ended_meanwhile_gets_and_holds_nothing(rig):
    rig.aside = True
    run = rig.run(Remembering)
    rig.until(lambda: rig.waiting)
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    rig.waiting.pop()()
    assert (run.view.values, dict(rig.runner._series), dict(rig.runner._held)) == ({}, {}, {})
