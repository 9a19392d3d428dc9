"""A million bars on one chart: few shapes whatever is in view, exact extremes, and a tick that costs as on a short one.

Shapes, calls and memory are counted and no time is taken: `tests/bench` measures that.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, QTimer
from shiboken6 import Shiboken

from tests.desktop.charts.conftest import Chart
from tests.helpers.effort import calls_of
from workstation.desktop.charts import ChartView
from workstation.desktop.charts.benchmark import random_walk
from workstation.desktop.theme import apply_theme, load_theme
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_window import ChartType

MILLION = 1_000_000
NAMES = ("open", "high", "low", "close", "volume")
SMALL = 1_000_000
"""Bytes: an eighth of one column of a million numbers."""


def fill(chart: Chart, bars: int) -> None:
    times, columns = random_walk(bars)
    chart.view.set_indicators([choose("sma"), choose("ema", {"bars": 50}, 1)])
    chart.view.set_bars(times, **dict(zip(NAMES, columns, strict=True)))
    wait_for(lambda: not chart.view.computing)
    chart.settle()


def wait_for(is_so: Callable[[], bool]) -> None:
    loop, look = QEventLoop(), QTimer(interval=20)
    look.timeout.connect(lambda: loop.quit() if is_so() else None)
    QTimer.singleShot(120_000, loop.quit)
    look.start()
    loop.exec()
    assert is_so()


@pytest.fixture(scope="module")
def long_chart(qapp) -> Iterator[Chart]:
    """Fill one chart for all tests of this page; they change its type, what is in view and its last bar."""
    apply_theme(qapp, load_theme("dark"))
    view = ChartView()
    view.resize(900, 500)
    view.show()
    chart = Chart(view)
    fill(chart, MILLION)
    yield chart
    view.close()
    Shiboken.delete(view)


def tick(chart, way: float) -> None:
    opened, high, low, close, volume = chart.model.bars.columns[:, -1].tolist()
    close = min(max(close + way, low), high)
    chart.view.append_or_update_last(
        int(chart.model.bars.times_ns[-1]), open=opened, high=high, low=low, close=close, volume=volume + 1
    )


def taken_by(act: Callable[[], None]) -> int:
    """Return how many bytes an act takes at most beyond what there was."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("span", [300, 20_000, MILLION])
def test_no_more_is_drawn_than_the_screen_has_columns(long_chart, span):
    long_chart.view.set_chart_type(ChartType.CANDLES)
    long_chart.view.show_range(MILLION - span, span)
    long_chart.settle()
    long_chart.viewport.grab()
    layer, pane = long_chart.canvas.bars, long_chart.canvas.price_pane()
    shapes = len(layer._rising._memory) + len(layer._falling._memory)
    assert 50 < shapes <= pane.width
    long_chart.view.set_chart_type(ChartType.LINE)
    long_chart.settle()
    long_chart.viewport.grab()
    assert 50 < len(layer._line._memory) <= 2 * pane.width
    columns = long_chart.model.bars.columns[:, MILLION - span :]
    assert pane.low <= columns[2].min()
    assert pane.high >= columns[1].max(), "and no spike is lost"


def test_a_step_aside_takes_no_memory_by_the_length_of_the_series(long_chart):
    def step(at: int) -> None:
        long_chart.view.show_range(at, 300.0)
        long_chart.settle()
        long_chart.viewport.repaint()

    step(500_000)
    assert taken_by(lambda: [step(500_000 + 3 * number) for number in range(1, 6)]) < SMALL


def test_a_tick_makes_as_many_calls_and_takes_as_little_memory_as_on_a_short_chart(empty_chart, long_chart):
    fill(empty_chart, 1_000)
    made = {}
    for bars, chart in ((1_000, empty_chart), (MILLION, long_chart)):
        chart.view.go_live()
        chart.settle()
        tick(chart, 0.1)
        made[bars] = calls_of(partial(tick, chart, -0.1))
        assert taken_by(partial(tick, chart, 0.1)) < SMALL / 10
    levels = np.log2(MILLION / 1_000)
    assert made[MILLION] - made[1_000] <= 20 * levels, "a level more for each doubling, and nothing by the bar"
