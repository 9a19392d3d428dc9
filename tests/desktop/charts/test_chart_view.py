"""The chart as a widget: it shows what it was given, moves as it is asked, and repaints no more than it must.

Long because one chart is tried with each gesture and each way of drawing.
"""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton

from workstation.desktop.charts import ChartView
from workstation.desktop.theme import apply_theme, current_theme, load_theme
from workstation.domain.errors import ValidationError
from workstation.viewmodels.chart_gaps import ChartGap
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_marks import FillMark, MarkSide
from workstation.viewmodels.chart_window import ChartType, PanelState

MINUTE_NS = 60_000_000_000


def last_bar(chart) -> dict[str, float]:
    names = ("open", "high", "low", "close", "volume")
    return dict(zip(names, chart.model.bars.columns[:, -1].tolist(), strict=True))


def last_time(chart) -> int:
    return int(chart.model.bars.times_ns[-1])


def test_bars_open_at_the_live_end(chart):
    assert chart.model.window.following
    assert chart.model.state is PanelState.READY
    assert {current_theme().colors.rise.name(), current_theme().colors.fall.name()} <= chart.colors_at(0, 840, 30, 380)


@pytest.mark.parametrize("chart_type", ChartType)
def test_every_type_draws_the_series(chart, chart_type):
    chart.view.set_chart_type(chart_type)
    chart.settle()
    colors = current_theme().colors
    expected = colors.accent if chart_type in {ChartType.LINE, ChartType.AREA} else colors.fall
    near = chart.colors_at(200, 700, 40, 380)
    assert expected.name() in near


def test_each_type_is_a_picture_of_its_own(chart):
    """Bricks and averaged candles are other bars, hollow candles other bodies: no two types look alike."""
    chart.view.show_range(1_380, 60)
    pictures = {}
    for chart_type in ChartType:
        chart.view.set_chart_type(chart_type)
        chart.settle()
        pictures[chart_type] = chart.viewport.grab().toImage()
    alike = [(a, b) for a, b in itertools.combinations(pictures, 2) if pictures[a] == pictures[b]]
    assert alike == []


def test_a_hollow_candle_shows_the_ground_inside_a_rise_and_bars_have_no_body(chart):
    chart.view.set_bars(
        [1, 2, 3], open=[10, 20, 30], high=[22, 32, 42], low=[8, 18, 28], close=[20, 30, 40], volume=[1, 1, 1]
    )
    chart.view.show_range(-3, 9)
    found = {}
    for chart_type in (ChartType.CANDLES, ChartType.HOLLOW, ChartType.BARS):
        chart.view.set_chart_type(chart_type)
        chart.settle()
        pane = chart.canvas.price_pane()
        found[chart_type] = chart.pixel(pane.x(1.5) + pane.bar_width / 5, pane.y(24.1))
    colors = current_theme().colors
    assert found[ChartType.CANDLES] == colors.rise.name()
    assert found[ChartType.HOLLOW] == found[ChartType.BARS] == colors.surface.name()


def test_columns_that_do_not_fit_are_refused_and_the_old_series_stays(chart):
    with pytest.raises(ValidationError):
        chart.view.set_bars([1, 2], open=[1], high=[1], low=[1], close=[1], volume=[1])
    assert len(chart.model.bars) == 1_440


def test_a_tick_changes_the_last_bar_and_a_later_one_appends(chart):
    bar = last_bar(chart)
    chart.view.append_or_update_last(last_time(chart), **(bar | {"close": bar["open"]}))
    assert len(chart.model.bars) == 1_440
    before = chart.model.window.first
    chart.view.append_or_update_last(last_time(chart) + MINUTE_NS, **bar)
    assert len(chart.model.bars) == 1_441
    assert chart.model.window.first == before + 1


def test_nothing_repaints_while_the_last_bar_is_out_of_sight(chart):
    chart.view.show_range(100, 120)
    chart.settle()
    drawn = []
    original = chart.canvas.bars.draw
    chart.canvas.bars.draw = lambda painter: (drawn.append(1), original(painter))
    chart.view.append_or_update_last(last_time(chart), **last_bar(chart))
    chart.view.append_or_update_last(last_time(chart) + MINUTE_NS, **last_bar(chart))
    chart.settle()
    assert drawn == []
    chart.view.go_live()
    chart.settle()
    assert drawn


def test_a_price_beyond_the_scale_widens_it(chart):
    bar = last_bar(chart)
    high = chart.model.window.high + 500
    chart.view.append_or_update_last(last_time(chart), **(bar | {"high": high, "close": high}))
    chart.settle()
    assert chart.model.window.high > high


def test_going_back_in_history_holds_the_view_and_end_returns_to_live(chart, qtbot):
    chart.view.show_range(100, 120)
    chart.settle()
    held = chart.model.window.first
    chart.view.append_or_update_last(last_time(chart) + MINUTE_NS, **last_bar(chart))
    assert chart.model.window.first == held
    with qtbot.waitSignal(chart.view.following_changed) as announced:
        chart.key(Qt.Key.Key_End)
    assert announced.args == [True]
    assert chart.model.window.last_bar_visible


@pytest.mark.parametrize(
    ("key", "moves"),
    [
        (Qt.Key.Key_Left, lambda before, after: after.first < before[0]),
        (Qt.Key.Key_Right, lambda before, after: after.first > before[0]),
        (Qt.Key.Key_PageUp, lambda before, after: after.first < before[0] - 80),
        (Qt.Key.Key_Plus, lambda before, after: after.span < before[1]),
        (Qt.Key.Key_Minus, lambda before, after: after.span > before[1]),
        (Qt.Key.Key_Home, lambda before, after: after.first == 0),
    ],
)
def test_keys_move_the_view(chart, key, moves):
    chart.view.show_range(700, 100)
    before = (chart.model.window.first, chart.model.window.span)
    chart.key(key)
    assert moves(before, chart.model.window)


def test_a_key_that_is_not_the_charts_is_left_to_the_panel(chart):
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_5, Qt.KeyboardModifier.NoModifier, "5")
    QApplication.sendEvent(chart.view, event)
    assert not event.isAccepted()


def test_the_wheel_zooms_at_the_pointer(chart):
    chart.view.show_range(500, 200)
    chart.settle()
    at = QPoint(400, 200)
    before = chart.canvas.price_pane().bar(400)
    chart.wheel(at, 2)
    assert chart.model.window.span < 200
    assert chart.canvas.price_pane().bar(400) == pytest.approx(before, abs=0.02)


def test_the_wheel_with_shift_pans_and_with_ctrl_scales_prices(chart):
    chart.view.show_range(500, 200)
    chart.settle()
    chart.wheel(QPoint(400, 200), -1, Qt.KeyboardModifier.ShiftModifier)
    assert (chart.model.window.first, chart.model.window.span) == (520, 200)
    reach = chart.model.window.high - chart.model.window.low
    chart.wheel(QPoint(400, 200), 1, Qt.KeyboardModifier.ControlModifier)
    assert chart.model.window.high - chart.model.window.low < reach
    assert not chart.model.window.auto_price


def test_a_drag_pans_by_what_the_pointer_moved(chart, qtbot):
    chart.view.show_range(500, 200)
    chart.settle()
    grabbed = chart.canvas.price_pane().bar(400)
    with qtbot.waitSignal(chart.view.view_changed):
        chart.drag(QPoint(400, 150), QPoint(520, 150))
    assert chart.canvas.price_pane().bar(520) == pytest.approx(grabbed, abs=0.05)


def test_axis_drags_scale_and_a_double_click_rescales(chart):
    reach = chart.model.window.high - chart.model.window.low
    chart.drag(QPoint(880, 100), QPoint(880, 200))
    assert chart.model.window.high - chart.model.window.low > reach * 1.5
    chart.double_click(QPoint(880, 100))
    assert chart.model.window.auto_price
    assert chart.model.window.high - chart.model.window.low == pytest.approx(reach)
    chart.drag(QPoint(300, 492), QPoint(500, 492))
    assert chart.model.window.span < chart.model.window.span_default
    chart.double_click(QPoint(300, 492))
    assert chart.model.window.span == chart.model.window.span_default


def test_a_double_click_in_the_plot_does_nothing(chart, qtbot):
    before = (chart.model.window.first, chart.model.window.span)
    with qtbot.assertNotEmitted(chart.view.order_line_dragged), qtbot.assertNotEmitted(chart.view.view_changed):
        chart.double_click(QPoint(400, 200))
    assert (chart.model.window.first, chart.model.window.span) == before


def test_the_crosshair_announces_time_and_price_on_ticks_and_leaves(chart, qtbot):
    with qtbot.waitSignal(chart.view.crosshair_moved) as moved:
        chart.move(QPoint(400, 200))
    time_ns, price = moved.args
    bar = int(chart.canvas.price_pane().bar(400))
    assert time_ns == int(chart.model.bars.times_ns[bar])
    assert price == pytest.approx(chart.canvas.price_pane().price(200), abs=0.06)
    assert abs(price * 10 - round(price * 10)) < 1e-6
    with qtbot.waitSignal(chart.view.crosshair_moved) as left:
        chart.move(QPoint(880, 200))
    assert left.args == [None, None]


def test_the_read_out_is_about_the_bar_under_the_pointer(chart):
    chart.move(QPoint(400, 200))
    bar = chart.model.bars.columns[:, int(chart.canvas.price_pane().bar(400))]
    assert f"C {bar[3]:,.1f}" in chart.view.readout_text()
    chart.move(QPoint(880, 200))
    assert f"C {chart.model.bars.columns[3, -1]:,.1f}" in chart.view.readout_text()


def test_a_read_out_of_merged_bars_says_so(chart):
    assert "a candle" not in chart.view.readout_text()
    chart.view.show_range(0, 1_440)
    chart.settle()
    assert "8 bars a candle" in chart.view.readout_text()
    chart.view.set_chart_type(ChartType.LINE)
    assert "a candle" not in chart.view.readout_text()


def test_a_linked_crosshair_shows_without_announcing(chart, qtbot):
    with qtbot.assertNotEmitted(chart.view.crosshair_moved):
        chart.view.set_linked_crosshair(int(chart.model.bars.times_ns[1_400]))
    assert int(chart.model.pointer.bar) == 1_400
    chart.view.set_linked_crosshair(None)
    assert chart.model.pointer is None


def test_shift_drag_measures_without_moving_the_view(chart):
    before = chart.model.window.first
    chart.press(QPoint(300, 250), Qt.KeyboardModifier.ShiftModifier)
    chart.move(QPoint(400, 150))
    measure = chart.model.measure
    assert measure.end[1] > measure.start[1]
    assert chart.model.window.first == before
    chart.release(QPoint(400, 150))
    chart.key(Qt.Key.Key_Escape)
    assert chart.model.measure is None


def tags_of(module: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a module of the chart writes on tags from now on."""
    said: list[str] = []
    place = f"workstation.desktop.charts.{module}.draw_tag"
    monkeypatch.setattr(place, lambda _painter, _rect, text, *_rest: said.append(text))
    return said


def test_a_measure_says_ticks_share_and_bars(chart, monkeypatch):
    said = tags_of("crosshair", monkeypatch)
    chart.press(QPoint(300, 250), Qt.KeyboardModifier.ShiftModifier)
    chart.move(QPoint(400, 150))
    chart.viewport.grab()
    (start_bar, start), (end_bar, end) = chart.model.measure.start, chart.model.measure.end
    change, bars = end - start, int(end_bar) - int(start_bar)
    words = f"{round(change * 10):+,d} ticks   {change / start * 100:+.2f} %   {bars:+d} bars"
    assert change > 0
    assert bars > 0
    assert words in said
    chart.release(QPoint(400, 150))


def test_a_fill_under_the_pointer_says_side_size_and_price(chart, monkeypatch):
    said, bar = tags_of("fills", monkeypatch), 1_380
    price = float(chart.model.bars.columns[2, bar])
    chart.view.set_fills([FillMark(int(chart.model.bars.times_ns[bar]) + 5, price, MarkSide.SELL, "2")])
    pane = chart.canvas.price_pane()
    chart.viewport.grab()
    assert said == []
    chart.move(QPoint(round(pane.x(bar + 0.5)), round(pane.y(price)) - 5))
    chart.viewport.grab()
    assert said[-1] == f"SELL 2 @ {price:,.1f}"


def test_indicators_follow_the_ticks(chart, qtbot):
    chart.view.set_indicators([choose("sma"), choose("rsi"), choose("macd")])
    assert chart.view.computing
    qtbot.waitUntil(lambda: not chart.view.computing)
    chart.view.append_or_update_last(last_time(chart) + MINUTE_NS, **last_bar(chart))
    chart.settle()
    sma, rsi, _ = chart.model.indicators
    assert sma.value(0, 1_440) == pytest.approx(chart.model.bars.columns[3, -20:].mean())
    assert 0 < rsi.value(0, 1_440) < 100


def test_a_fill_is_drawn_at_its_bar_and_named_under_the_pointer(chart):
    bar = 1_380
    price = float(chart.model.bars.columns[2, bar])
    chart.view.set_fills([FillMark(int(chart.model.bars.times_ns[bar]) + 5, price, MarkSide.BUY, "2")])
    pane = chart.canvas.price_pane()
    chart.move(QPoint(round(pane.x(bar + 0.5)), round(pane.y(price)) + 5))
    assert chart.model.hovered_fill == 0
    chart.move(QPoint(100, 200))
    assert chart.model.hovered_fill is None


def test_a_stale_price_hatches_the_right_edge_and_shows_its_age(chart):
    chart.view.set_last(float(chart.model.bars.columns[3, -1]), 0.2)
    chart.settle()
    fresh = chart.viewport.grab().toImage()
    chart.view.set_last(float(chart.model.bars.columns[3, -1]), 14.0, stale=True)
    chart.settle()
    stale = chart.viewport.grab().toImage()
    right = int(chart.canvas.price_rect.right())
    changed = sum(fresh.pixel(x, y) != stale.pixel(x, y) for x in range(right - 30, right - 2) for y in range(60, 120))
    assert changed > 200
    assert chart.canvas.price_axis.tags[0].second_line == "14 s"


@pytest.mark.parametrize("state", [PanelState.STALE, PanelState.DISCONNECTED])
def test_a_chart_that_is_cut_off_keeps_its_last_bar_and_marks_the_edge_after_it(chart, state):
    chart.view.set_last(float(chart.model.bars.columns[3, -1]), 0.2)
    chart.settle()
    before, bar = chart.viewport.grab().toImage(), last_bar(chart)
    chart.view.set_state(state, "the cause")
    chart.settle()
    after = chart.viewport.grab().toImage()
    assert (len(chart.model.bars), last_bar(chart)) == (1_440, bar)
    right, floor = int(chart.canvas.price_rect.right()), int(chart.canvas.price_rect.bottom())
    hatched = sum(before.pixel(x, y) != after.pixel(x, y) for x in range(right - 30, right - 2) for y in range(floor))
    assert hatched > floor * 28 / 4


def test_each_state_has_its_words_and_an_error_can_be_retried_and_copied(empty_chart, qtbot):
    view = empty_chart.view
    card = view.findChild(QFrame, "chart-state")
    assert card.isVisible()
    for state in (PanelState.LOADING, PanelState.STALE, PanelState.DISCONNECTED, PanelState.ERROR):
        view.set_state(state, "the cause")
        assert card.isVisible()
        assert card.accessibleName() == f"{state.value}: the cause"
    with qtbot.waitSignal(view.retry_requested):
        qtbot.mouseClick(view.findChild(QPushButton, "chart-state-retry"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.findChild(QPushButton, "chart-state-copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "the cause"
    view.set_state(PanelState.READY)
    assert not card.isVisible()


def test_an_empty_series_and_a_single_bar_are_drawn_without_fault(empty_chart):
    view = empty_chart.view
    nothing = np.empty(0)
    view.set_bars(nothing, open=nothing, high=nothing, low=nothing, close=nothing, volume=nothing)
    empty_chart.settle()
    assert view.model.state is PanelState.EMPTY
    view.append_or_update_last(1_000, open=5, high=5, low=5, close=5, volume=0)
    view.set_state(PanelState.READY)
    empty_chart.move(QPoint(300, 200))
    assert "C 5.0" in view.readout_text()


def test_any_size_is_drawn_without_fault(chart):
    for size in ((40, 30), (160, 100), (200, 900), (2_000, 60)):
        chart.view.resize(*size)
        chart.settle()
        chart.move(QPoint(10, 10))


def test_a_new_theme_repaints_the_ground(chart, qapp):
    apply_theme(qapp, load_theme("light"))
    chart.settle()
    assert chart.pixel(5, 200) != load_theme("dark").colors.surface.name()
    assert load_theme("light").colors.surface.name() in chart.colors_at(0, 30, 180, 220)


def test_a_closed_chart_leaves_nothing_behind(qtbot, chart, qapp):
    view = ChartView()
    view.show()
    with qtbot.waitSignal(view.destroyed):
        view.close()
        view.deleteLater()
    apply_theme(qapp, load_theme("dark"))


def test_labels_of_neighbouring_holes_stand_side_by_side_or_not_at_all(chart):
    pane = chart.canvas.price_pane()
    room = next(_labels(chart, [int(pane.bar(pane.width / 4))])).width()
    near = [int(pane.bar(pane.width / 4 + ahead)) for ahead in (0, room * 0.6, room * 0.7)]
    first, second, third = _labels(chart, near)
    assert first.right() <= second.left() <= pane.x(near[1])
    assert third.isEmpty()


def _labels(chart, bars):
    chart.view.set_gaps([ChartGap(bar, MINUTE_NS, 60 * MINUTE_NS) for bar in bars])
    return (label for _, _, label in chart.canvas.gaps._boxes())


def test_a_pointer_that_rests_points_at_what_is_under_it_when_keys_move_the_chart(chart, qtbot):
    at = QPoint(300, 120)
    chart.move(at)
    said = []
    chart.view.crosshair_moved.connect(lambda time_ns, price: said.append((time_ns, price)))
    chart.key(Qt.Key.Key_Home)
    pane, pointer = chart.canvas.price_pane(), chart.model.pointer
    assert pointer.bar == pytest.approx(pane.bar(at.x()))
    assert pointer.price == pytest.approx(pane.price(at.y()))
    bar = int(pointer.bar)
    assert said[-1] == (chart.model.bars.times_ns[bar], chart.model.to_tick(pointer.price))
