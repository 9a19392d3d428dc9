"""A chart that got its past page by page is the chart that was given all at once, and its view stands still meanwhile.

Whatever the sizes of pages, and with live bars between them: candles, averaged candles, bricks, indicators, volume by
price, and where marks and drawings are.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from tests.desktop.charts.conftest import COLUMN_NAMES, MINUTE_NS, START_NS, Chart, minute_bars
from workstation.desktop.charts import ChartView
from workstation.desktop.charts.bars import BRICKS_AT_ONCE
from workstation.desktop.charts.benchmark import random_walk
from workstation.desktop.theme import apply_theme, load_theme
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_marks import FillMark, MarkSide
from workstation.viewmodels.chart_older import PAGE_BARS
from workstation.viewmodels.chart_renko import BrickSize
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.drawings import Drawing, DrawingBook, DrawingKind, Point
from workstation.viewmodels.level_of_detail import PAGED_BARS_MAX

BARS = 3_000
LIVE = 12
"""Of them the last so many come live."""
CHOSEN = [
    choose("sma"),
    choose("ema", {"bars": 200}),
    choose("macd"),
    choose("obv"),
    choose("vwap"),
    choose("rsi", minutes=15),
]


def rows(first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    times, columns = minute_bars(BARS)
    return times[first:stop], np.array([columns[name][first:stop] for name in COLUMN_NAMES])


def show(view: ChartView, first: int, stop: int) -> None:
    times, columns = rows(first, stop)
    view.set_bars(times, **dict(zip(COLUMN_NAMES, columns, strict=True)))


def live(view: ChartView, number: int) -> None:
    times, columns = rows(number, number + 1)
    view.append_or_update_last(int(times[0]), **{n: float(c[0]) for n, c in zip(COLUMN_NAMES, columns, strict=True)})


def page(view: ChartView, sizes: list[int], oldest: int, *, with_live: bool) -> None:
    """Put the bars before `oldest` in front, a page of each size in turn; between pages a live bar comes."""
    coming = iter(range(BARS - LIVE, BARS))
    while oldest:
        size = min(sizes[oldest % len(sizes)], oldest)
        view.prepend_bars(*rows(oldest - size, oldest))
        oldest -= size
        if with_live and (number := next(coming, None)) is not None:
            live(view, number)
    for number in coming:
        live(view, number)


def settled(chart, qtbot) -> None:
    qtbot.waitUntil(lambda: not chart.view.computing and not chart.view.laying, timeout=120_000)
    chart.settle()


def whole(make_chart, qtbot, chart_type: ChartType) -> object:
    chart = make_chart()
    chart.view.set_chart_type(chart_type)
    chart.view.set_indicators(CHOSEN)
    show(chart.view, 0, BARS)
    settled(chart, qtbot)
    return chart


@pytest.fixture
def make_chart(qtbot, qapp):
    apply_theme(qapp, load_theme("dark"))

    def make() -> Chart:
        view = ChartView()
        qtbot.addWidget(view)
        view.resize(900, 600)
        view.show()
        view.set_brick_size(BrickSize(120, from_range=False))
        made = Chart(view)
        made.settle()
        return made

    return make


@pytest.mark.parametrize(("sizes", "with_live"), [([1_000], False), ([7, 400, 129], True), ([BARS], True)])
@pytest.mark.parametrize("chart_type", [ChartType.CANDLES, ChartType.HEIKIN_ASHI, ChartType.RENKO])
def test_a_paged_chart_is_the_one_that_was_given_all_at_once(make_chart, qtbot, chart_type, sizes, with_live):
    paged = make_chart()
    paged.view.set_chart_type(chart_type)
    paged.view.set_indicators(CHOSEN)
    first = BARS - LIVE - 700
    show(paged.view, first, BARS - LIVE)
    settled(paged, qtbot)
    page(paged.view, sizes, first, with_live=with_live)
    settled(paged, qtbot)
    all_at_once = whole(make_chart, qtbot, chart_type)
    one, other = paged.model, all_at_once.model
    np.testing.assert_array_equal(one.bars.times_ns, other.bars.times_ns)
    np.testing.assert_array_equal(one.bars.columns, other.bars.columns)
    np.testing.assert_array_equal(one.fed.columns, other.fed.columns)
    np.testing.assert_array_equal(one.drawn.columns, other.drawn.columns)
    count = len(one.bars)
    for mine, theirs in zip(one.indicators, other.indicators, strict=True):
        for line in range(len(mine.chosen.indicator.lines)):
            np.testing.assert_array_equal(mine.line(line)[:count], theirs.line(line)[:count], mine.chosen.label)
    for chart in (paged, all_at_once):
        chart.view.set_profile_shown(True)
        chart.view.show_range(count - 100.0, 100.0)
        chart.settle()
        chart.viewport.grab()
    mine, theirs = paged.canvas.profile.profile, all_at_once.canvas.profile.profile
    np.testing.assert_array_equal(mine.edges, theirs.edges)
    np.testing.assert_array_equal(mine.volumes, theirs.volumes)
    assert (one.window.low, one.window.high) == (other.window.low, other.window.high)


def test_indicators_keep_their_values_until_those_of_the_longer_past_are_there(make_chart, qtbot):
    chart = make_chart()
    chart.view.set_indicators([choose("ema", {"bars": 200})])
    show(chart.view, 2_000, BARS)
    settled(chart, qtbot)
    (lines,) = chart.model.indicators
    before = lines.line(0)[:1_000].copy()
    chart.view.prepend_bars(*rows(1_000, 2_000))
    np.testing.assert_array_equal(lines.line(0)[1_000:2_000], before)
    assert np.isnan(lines.line(0)[:1_000]).all()
    assert chart.view.computing
    settled(chart, qtbot)
    assert np.isfinite(lines.line(0)[200:2_000]).all()
    assert lines.line(0)[1_250] != before[250], "an average of all that was before it"


@pytest.mark.parametrize("where", [(40.0, 100.0), (-60.0, 200.0), (650.0, 300.0)])
def test_what_is_looked_at_stays_where_it_is(make_chart, where):
    chart = make_chart()
    show(chart.view, 2_000, BARS)
    chart.view.set_fills([FillMark(START_NS + 2_050 * MINUTE_NS, 40_000.0, MarkSide.BUY, "1")])
    line = Drawing(1, DrawingKind.TREND_LINE, tuple(Point(START_NS + n * MINUTE_NS, 40_000.0) for n in (2_060, 2_090)))
    chart.view.set_drawings(DrawingBook([line]))
    chart.view.show_range(*where)
    chart.move(chart.at_price(sum((chart.model.window.low, chart.model.window.high)) / 2))
    chart.settle()

    def seen() -> tuple[object, ...]:
        pane, model = chart.canvas.price_pane(), chart.model
        ((bar, _),) = model.fill_places
        ground = model.ground(pane)
        places = [ground.place(point) for point in line.points]
        pointed = model.pointer.bar - model.window.first
        shown = model.bars.columns[:, max(round(model.window.first), 0) :][:, :100].tolist()
        return pane.x(bar), places, pointed, shown if where[0] >= 0 else None, pane.low, pane.high

    before, drawn = seen(), chart.viewport.grab().toImage()
    chart.view.prepend_bars(*rows(1_000, 2_000))
    chart.settle()
    after = seen()
    assert after[0] == pytest.approx(before[0])
    np.testing.assert_allclose(after[1], before[1])
    assert after[2] == pytest.approx(before[2])
    assert after[3] == before[3]
    if where[0] >= 0:
        assert chart.viewport.grab().toImage() == drawn, "to the pixel"


def test_who_follows_the_market_goes_on_following(make_chart):
    chart = make_chart()
    show(chart.view, 2_000, BARS - 1)
    chart.view.prepend_bars(*rows(1_000, 2_000))
    live(chart.view, BARS - 1)
    chart.settle()
    assert chart.model.window.following
    assert chart.model.window.last_bar_visible


def test_a_measure_stays_on_its_bars(make_chart):
    chart = make_chart()
    show(chart.view, 2_000, BARS)
    chart.view.show_range(100.0, 200.0)
    chart.settle()
    chart.press(QPoint(200, 100), Qt.KeyboardModifier.ShiftModifier)
    chart.move(QPoint(400, 150))
    before = chart.model.measure.start[0], chart.model.measure.end[0]
    chart.view.prepend_bars(*rows(1_500, 2_000))
    assert (chart.model.measure.start[0], chart.model.measure.end[0]) == (before[0] + 500, before[1] + 500)


def test_bricks_of_a_long_series_begin_with_the_newest_and_end_with_all(make_chart, qtbot):
    chart = make_chart()
    times, columns = random_walk(BRICKS_AT_ONCE + 30_000)
    chart.view.set_brick_size(BrickSize(5_000, from_range=False))
    chart.view.set_bars(times, **dict(zip(COLUMN_NAMES, columns, strict=True)))
    chart.view.set_chart_type(ChartType.RENKO)
    at_first = len(chart.model.bars)
    assert at_first > 1
    assert chart.model.bars.times_ns[0] == times[-BRICKS_AT_ONCE - 1]
    settled(chart, qtbot)
    assert len(chart.model.bars) > at_first
    assert chart.model.bars.times_ns[0] == times[0]
    assert chart.model.bars.columns[4].sum() == pytest.approx(columns[4].sum())


def test_where_bars_that_trades_close_were_counted_anew_a_line_says_so(make_chart):
    chart = make_chart()
    show(chart.view, 2_000, BARS)
    chart.view.show_range(-60.0, 200.0)
    chart.settle()
    plain = chart.viewport.grab().toImage()
    chart.view.prepend_bars(*rows(1_900, 2_000), counted_anew=True)
    chart.view.show_range(0.0, 300.0)
    chart.settle()
    with_line = chart.viewport.grab().toImage()
    assert chart.model.counted_anew == [START_NS + 2_000 * MINUTE_NS]
    x = round(chart.canvas.price_pane().x(100))
    chart.model.counted_anew = []
    chart.canvas.older.update()
    chart.settle()
    without = chart.viewport.grab().toImage()
    assert without != with_line
    changed = [at for at in range(with_line.width()) if any(
        with_line.pixel(at, y) != without.pixel(at, y) for y in range(0, with_line.height(), 3)
    )]  # fmt: skip
    assert min(changed) in (x - 1, x, x + 1)
    assert plain.size() == with_line.size()
    show(chart.view, 0, BARS)
    assert chart.model.counted_anew == [], "another series has its own"


def taken_by(act: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def calls_of(act: Callable[[], None]) -> int:
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return made


def test_a_page_costs_what_it_is_and_not_what_there_is_already(make_chart, qtbot):
    """Memory is counted in bytes and work in calls: a page before a million bars takes what one before few does."""
    times, columns = random_walk(PAGED_BARS_MAX)
    cost = {}
    for bars in (2 * PAGE_BARS, PAGED_BARS_MAX - 2 * PAGE_BARS):
        chart = make_chart()
        chart.view.set_indicators([choose("sma")])
        at = PAGED_BARS_MAX - 5_000
        newest = columns[:, at:]
        chart.view.set_bars(times[at:], **dict(zip(COLUMN_NAMES, newest, strict=True)))
        while PAGED_BARS_MAX - at < bars:
            size = min(PAGE_BARS, bars - (PAGED_BARS_MAX - at))
            chart.view.prepend_bars(times[at - size : at], columns[:, at - size : at])
            at -= size
        settled(chart, qtbot)
        older = times[at - PAGE_BARS : at], columns[:, at - PAGE_BARS : at]
        memory = taken_by(lambda: chart.view.prepend_bars(*older))  # noqa: B023  called at once
        older = times[at - 2 * PAGE_BARS : at - PAGE_BARS], columns[:, at - 2 * PAGE_BARS : at - PAGE_BARS]
        cost[bars] = memory, calls_of(lambda: chart.view.prepend_bars(*older))  # noqa: B023  called at once
        chart.view.set_indicators([])
    (memory_few, calls_few), (memory_many, calls_many) = cost.values()
    assert memory_many < memory_few + 200_000
    assert calls_many < calls_few + 200
