"""Indicators on a chart: panes below the prices, legends, a failing one, and the price scale."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from workstation.desktop.charts.backdrop import comparison_points
from workstation.desktop.charts.indicator_layers import series_color
from workstation.desktop.theme import current_theme
from workstation.marketdata.calendar import us_equities
from workstation.marketdata.indicators.catalogue import Pane
from workstation.viewmodels.chart_comparison import Comparison
from workstation.viewmodels.chart_indicators import ChosenIndicator, choose
from workstation.viewmodels.chart_window import ChartType


def show(chart, qtbot, *chosen: ChosenIndicator) -> None:
    chart.view.set_indicators(chosen)
    qtbot.waitUntil(lambda: not chart.view.computing)
    chart.settle()


def test_oscillators_have_panes_below_the_prices(chart, qtbot):
    before = chart.canvas.price_rect.height()
    show(chart, qtbot, choose("rsi"), choose("sma"), choose("macd"))
    rsi, macd = chart.canvas.panes
    assert chart.canvas.price_rect.height() < before
    assert chart.canvas.price_rect.bottom() < rsi.rect.top() < macd.rect.top()
    assert rsi.layer.pane.low < 30
    assert rsi.layer.pane.high > 70
    middle = round(macd.rect.center().y())
    found = chart.colors_at(100, 800, middle - 30, middle + 30)
    assert {series_color(0).name(), series_color(1).name()} & found
    show(chart, qtbot)
    assert chart.canvas.panes == []
    assert chart.canvas.price_rect.height() == before


def test_prices_keep_their_share_however_many_panes_there_are(chart, qtbot):
    show(chart, qtbot, *[choose("rsi", {"bars": bars}) for bars in range(2, 12)])
    assert chart.canvas.price_rect.height() > 0.35 * chart.viewport.height()
    assert len(chart.canvas.panes) == 10


def test_the_pointer_reads_a_panes_values_and_its_axis(chart, qtbot):
    show(chart, qtbot, choose("rsi"))
    (pane,) = chart.canvas.panes
    y = round(pane.rect.top() + pane.layer.pane.y(50.0))
    chart.move(QPoint(400, y))
    assert chart.model.pointer.below_price
    assert float(chart.canvas.price_axis.pointer_tag.text) == pytest.approx(50, abs=2)
    bar = chart.model.readout_bar()
    value = chart.model.indicators[0].value(0, bar)
    assert pane.layer.legend()[1][0] == chart.model.indicator_text(chart.model.indicators[0], value)


def test_an_indicator_shows_its_name_until_it_is_computed(chart, qtbot):
    chart.view.set_indicators([choose("rsi")])
    chart.settle()
    assert chart.canvas.panes[0].layer.legend()[0][0] == "RSI 14"
    assert "computing" in chart.canvas.panes[0].layer.legend()[1][0] or not chart.view.computing
    qtbot.waitUntil(lambda: not chart.view.computing)
    assert "computing" not in chart.canvas.panes[0].layer.legend()[1][0]


def test_a_formula_that_fails_is_told_of_in_its_pane_and_the_chart_lives_on(chart, qtbot):
    def broken(_bars: float):
        raise ZeroDivisionError("no range")

    good = choose("rsi").indicator
    bad = type(good)(
        id="bad", title="Bad", group="", pane=Pane.OWN, parameters=good.parameters, lines=("bad",), formula=broken
    )
    show(chart, qtbot, ChosenIndicator(bad, (("bars", 14),)), choose("rsi"))
    first, second = chart.canvas.panes
    assert "no range" in first.layer.legend()[1][0]
    assert second.layer.lines.ready


def test_one_that_takes_too_long_is_suspended_with_a_word_and_the_others_go_on(chart, qtbot):
    let_go = threading.Event()

    def endless(_bars: float):
        let_go.wait(30)
        raise ZeroDivisionError("never told: it was given up")

    good = choose("rsi").indicator
    slow = type(good)(
        id="slow", title="Slow", group="", pane=Pane.OWN, parameters=good.parameters, lines=("slow",), formula=endless
    )
    chart.view._bars.calculations.budget_ms = 5
    show(chart, qtbot, ChosenIndicator(slow, (("bars", 14),)))
    let_go.set()
    assert chart.canvas.panes[0].layer.legend()[1][0] == "Slow 14: suspended, it took over 0.005 s"
    chart.view._bars.calculations.budget_ms = 30_000
    show(chart, qtbot, choose("rsi"))
    assert chart.canvas.panes[0].layer.lines.ready


def test_a_new_series_computes_the_indicators_again(chart, qtbot):
    show(chart, qtbot, choose("sma", {"bars": 3}))
    chart.view.set_bars(
        [1, 2, 3, 4], open=[1, 2, 3, 4], high=[2, 3, 4, 5], low=[1, 1, 2, 3], close=[2, 3, 4, 5], volume=[1, 1, 1, 1]
    )
    qtbot.waitUntil(lambda: not chart.view.computing)
    assert chart.model.indicators[0].value(0, 3) == pytest.approx(4.0)


def test_equal_heights_are_equal_ratios_on_a_logarithmic_scale(chart):
    assert chart.view.set_logarithmic(wanted=True)
    chart.settle()
    pane = chart.canvas.price_pane()
    middle = (pane.low * pane.high) ** 0.5
    assert pane.y(middle) == pytest.approx(pane.height / 2)
    assert pane.price(pane.y(middle)) == pytest.approx(middle)
    np.testing.assert_allclose(pane.ys(np.array([pane.high, middle, pane.low])), [0, pane.height / 2, pane.height])


def test_a_logarithmic_scale_chosen_without_bars_waits_for_them(empty_chart):
    assert empty_chart.view.set_logarithmic(wanted=True)
    empty_chart.settle()
    assert not empty_chart.model.window.logarithmic
    empty_chart.view.set_bars([1, 2], open=[1, 2], high=[3, 3], low=[1, 1], close=[2, 2], volume=[1, 1])
    empty_chart.settle()
    assert empty_chart.model.window.logarithmic


def test_prices_below_zero_keep_the_scale_linear(chart):
    chart.view.set_bars([1, 2], open=[-1, 2], high=[3, 3], low=[-2, 1], close=[2, 2], volume=[1, 1])
    assert not chart.view.set_logarithmic(wanted=True)
    assert not chart.model.window.logarithmic


def test_averaged_candles_are_drawn_and_the_read_out_stays_real(chart):
    before = chart.view.readout_text()
    chart.view.set_chart_type(ChartType.HEIKIN_ASHI)
    chart.settle()
    assert chart.model.drawn is not chart.model.bars
    assert chart.view.readout_text() == before
    chart.view.append_or_update_last(
        int(chart.model.bars.times_ns[-1]) + 60_000_000_000, open=1, high=4, low=1, close=2, volume=1
    )
    assert len(chart.model.drawn) == 1_441
    assert chart.model.drawn.columns[3, -1] == 2.0
    chart.view.set_chart_type(ChartType.CANDLES)
    assert chart.model.drawn is chart.model.bars


def test_volume_by_price_is_of_what_is_in_view(chart):
    chart.view.set_profile_shown(True)
    chart.settle()
    chart.viewport.grab()
    profile = chart.canvas.profile.profile
    pane = chart.canvas.price_pane()
    first, stop = pane.bar_range
    shown = chart.model.bars.columns[:, first:stop]
    assert profile.volumes.sum() == pytest.approx(shown[4].sum())
    assert (profile.edges[0], profile.edges[-1]) == (shown[2].min(), shown[1].max())
    chart.view.show_range(100, 50)
    chart.settle()
    chart.viewport.grab()
    assert chart.canvas.profile.profile.volumes.sum() < profile.volumes.sum()


def test_a_compared_instrument_starts_where_the_view_starts_and_is_read_in_percent(chart):
    compared = Comparison("MSFT")
    times, closes = chart.model.bars.times_ns, np.linspace(50, 100, 1_440)
    compared.bars.replace(times, open=closes, high=closes, low=closes, close=closes, volume=closes)
    chart.view.set_comparison(compared)
    chart.settle()
    pane = chart.canvas.price_pane()
    x, prices = comparison_points(chart.model, pane)
    first = pane.bar_range[0]
    assert prices[0] == chart.model.bars.columns[3, first]
    assert prices[-1] / prices[0] == pytest.approx(100 / closes[first])
    assert pane.high > prices.max(), "the price range holds the line"
    assert x[0] < x[-1] <= pane.width
    chart.view.set_comparison(None)
    chart.settle()
    assert chart.canvas.price_pane().high < pane.high


def test_the_compared_instrument_is_seen_as_a_line_among_the_bars(chart):
    chart.view.set_chart_type(ChartType.LINE)
    chart.settle()
    before, pane = chart.viewport.grab().toImage(), chart.canvas.price_pane()
    chart.model.window.auto_price = False
    compared = Comparison("MSFT")
    closes = 100 * (1 + 0.0004 * np.sin(np.arange(1_440) / 9))
    compared.bars.replace(chart.model.bars.times_ns, open=closes, high=closes, low=closes, close=closes, volume=closes)
    chart.view.set_comparison(compared)
    chart.settle()
    after = chart.viewport.grab().toImage()
    assert chart.canvas.price_pane() == pane
    places = zip(*comparison_points(chart.model, pane), strict=True)
    inside = [(int(x), int(pane.y(price))) for x, price in places if 2 < x < pane.width - 2]
    seen = [any(before.pixel(x, y + down) != after.pixel(x, y + down) for down in (-1, 0, 1)) for x, y in inside]
    assert len(seen) > 50
    assert np.mean(seen) > 0.9


def test_hours_without_trading_are_darker(chart):
    chart.view.set_calendar(us_equities())
    chart.settle()
    sunken = current_theme().colors.surface_sunken.name()
    assert sunken in chart.colors_at(2, 60, 60, 200)
    calendar, times = us_equities(), chart.model.bars.times_ns.tolist()
    opened = [calendar.session_at(at) is not None for at in times]
    first = opened.index(True)
    chart.view.show_range(first - 20, 40)
    chart.settle()
    pane = chart.canvas.price_pane()
    before, within = (round(pane.x(first + bars)) for bars in (-10, 10))
    assert sunken in chart.colors_at(before - 20, before + 20, 60, 200)
    assert sunken not in chart.colors_at(within - 20, within + 20, 60, 200), "the session itself is not shaded"
