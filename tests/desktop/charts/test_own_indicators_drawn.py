"""A user's own indicators on a chart: off the thread that draws, told of when they fail, suspended when they hang."""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np
import pytest

from workstation.desktop.theme import current_theme
from workstation.marketdata.indicators.own import IndicatorBar, OwnIndicator, catalogued, figure
from workstation.viewmodels.chart_indicators import ChosenIndicator, choose, chosen_of

NEXT_NS = 60_000_000_000


class Middle(OwnIndicator):
    over_prices = True
    share: float = figure(0.5, low=0, high=1)

    def on_bar(self, bar: IndicatorBar) -> float:
        return bar.low + self.share * (bar.high - bar.low)


class Counting(OwnIndicator):
    threads: ClassVar[set[int]] = set()

    def begin(self) -> None:
        self.count = 0

    def on_bar(self, bar: IndicatorBar) -> float:
        self.threads.add(threading.get_ident())
        self.count += 1
        return float(self.count)


class Failing(OwnIndicator):
    def begin(self) -> None:
        self.count = 0

    def on_bar(self, bar: IndicatorBar) -> float:
        self.count += 1
        return 1 / (1_441 - self.count)  # at the second live bar


class Odd(OwnIndicator):
    over_prices = True

    def on_bar(self, bar: IndicatorBar) -> float:
        raise KeyError("no such level")


class Leaving(OwnIndicator):
    def on_bar(self, bar: IndicatorBar) -> float:
        raise SystemExit


class Endless(OwnIndicator):
    begun: ClassVar[threading.Event] = threading.Event()

    def on_bar(self, bar: IndicatorBar) -> float:
        self.begun.set()
        while True:
            pass


class EndlessLive(OwnIndicator):
    def begin(self) -> None:
        self.count = 0

    def on_bar(self, bar: IndicatorBar) -> float:
        self.count += 1
        while self.count >= 1_440:
            pass
        return 1.0


def own(kind: type[OwnIndicator]) -> ChosenIndicator:
    return chosen_of(catalogued("mine", kind))


def show(chart, qtbot, *chosen: ChosenIndicator) -> None:
    chart.view.set_indicators(chosen)
    qtbot.waitUntil(lambda: not chart.view.computing, timeout=20_000)
    chart.settle()


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "own-indicator"]


def append(chart, close: float = 100.0) -> None:
    at = int(chart.model.bars.times_ns[-1]) + NEXT_NS
    chart.view.append_or_update_last(at, open=close, high=close + 1, low=close - 1, close=close, volume=1.0)


def legend(chart, pane: int = 0) -> list[str]:
    return [text for text, _ in chart.canvas.panes[pane].layer.legend()]


def test_an_own_indicator_shows_its_values_at_every_bar(chart, qtbot):
    show(chart, qtbot, own(Middle))
    columns = chart.model.bars.columns
    line = chart.model.indicators[0].line(0)[: len(chart.model.bars)]
    np.testing.assert_allclose(line, (columns[1] + columns[2]) / 2)


def test_live_bars_are_stepped_once_each_and_never_on_the_thread_that_draws(chart, qtbot):
    Counting.threads.clear()
    show(chart, qtbot, own(Counting))
    (lines,) = chart.model.indicators
    assert lines.value(0, 1_439) == 1_440
    for close in (101.0, 102.0):
        append(chart, close)
        at = int(chart.model.bars.times_ns[-1])
        chart.view.append_or_update_last(at, open=close, high=200, low=1, close=close, volume=2.0)
    qtbot.waitUntil(lambda: not chart.view.computing)
    assert [lines.value(0, bar) for bar in (1_438, 1_439, 1_440, 1_441)] == [1_439, 1_440, 1_441, 1_442]
    assert threading.get_ident() not in Counting.threads


def test_an_error_says_where_in_its_pane_and_the_chart_and_the_others_live_on(chart, qtbot):
    show(chart, qtbot, own(Failing), choose("rsi"))
    assert chart.model.indicators[0].ready
    append(chart)
    append(chart)
    qtbot.waitUntil(lambda: not chart.view.computing)
    chart.settle()
    assert (
        legend(chart)[1].endswith("ZeroDivisionError: float division by zero") or "division by zero" in legend(chart)[1]
    )
    assert chart.model.indicators[1].ready
    append(chart)
    assert len(chart.model.bars) == 1_443


def test_an_error_of_one_over_the_prices_is_in_the_read_out(chart, qtbot):
    show(chart, qtbot, own(Odd))
    assert "KeyError" in chart.view.readout_text()
    chart.viewport.grab()
    assert current_theme().colors.danger.name() in chart.colors_at(60, 500, 18, 44)


def test_one_that_asks_the_program_to_end_is_an_error_like_any_other(chart, qtbot):
    show(chart, qtbot, own(Leaving))
    assert "SystemExit is not for an indicator" in legend(chart)[1]


def test_one_that_never_returns_is_suspended_and_its_thread_ends(chart, qtbot):
    chart.view._bars.calculations.budget_ms = 50
    show(chart, qtbot, own(Endless))
    assert legend(chart)[1] == "Endless: suspended, it took over 0.05 s"
    qtbot.waitUntil(lambda: not own_threads())


def test_one_that_hangs_at_a_live_bar_is_suspended_too(chart, qtbot):
    chart.view._bars.calculations.step_budget_ms = 50
    show(chart, qtbot, own(EndlessLive))
    assert legend(chart)[1] == "EndlessLive: suspended, it took over 0.05 s"
    append(chart)
    qtbot.waitUntil(lambda: not chart.view.computing)
    assert legend(chart)[1].endswith("took over 0.05 s"), "it is not begun again"
    qtbot.waitUntil(lambda: not own_threads())


def test_one_that_is_taken_away_while_it_hangs_lets_go(chart, qtbot):
    Endless.begun.clear()
    chart.view.set_indicators([own(Endless)])
    assert Endless.begun.wait(20)
    chart.view.set_indicators([])
    qtbot.waitUntil(lambda: not own_threads())
    assert not chart.view.computing


def test_it_can_be_read_from_larger_bars(chart, qtbot):
    show(chart, qtbot, chosen_of(catalogued("mine", Middle), minutes=5))
    columns = chart.model.bars.columns
    line = chart.model.indicators[0].line(0)
    times = chart.model.bars.times_ns
    first = int(np.flatnonzero(times % (5 * NEXT_NS) == 0)[1])
    span = slice(first, first + 5)
    assert line[first + 4] == pytest.approx((columns[1, span].max() + columns[2, span].min()) / 2)
