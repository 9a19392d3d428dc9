"""Signals of strategies on the chart: a mark at time and price, its words on hover, hidden by a switch."""

from PySide6.QtCore import QPoint

from tests.desktop.charts.conftest import MINUTE_NS, START_NS
from workstation.viewmodels.chart_marks import MarkSide, SignalMark


def mark(chart, side, price):
    """Return a mark in a bar that is in view, at a share of the price scale."""
    pane = chart.canvas.price_pane()
    bar = int(pane.first + pane.span * 0.5)
    level = None if price is None else pane.low + (pane.high - pane.low) * price
    return SignalMark(START_NS + bar * MINUTE_NS + 5, level, side, "BUY  80%  Cross"), bar


def test_a_signal_stands_at_its_time_and_price_and_answers_the_pointer(chart):
    said, bar = mark(chart, MarkSide.BUY, 0.5)
    before = chart.viewport.grab().toImage()
    chart.view.set_signals([said])
    chart.settle()
    assert chart.viewport.grab().toImage() != before
    pane = chart.canvas.price_pane()
    at = QPoint(round(pane.x(bar + 0.5)), round(pane.y(said.price)))
    chart.move(at)
    assert chart.model.hovered_signal == 0
    hovered = chart.viewport.grab().toImage()
    chart.move(at + QPoint(150, -100))
    assert chart.model.hovered_signal is None
    assert chart.viewport.grab().toImage() != hovered


def test_one_without_a_price_stands_at_the_close_of_its_bar(chart):
    said, bar = mark(chart, None, None)
    chart.view.set_signals([said])
    chart.settle()
    pane = chart.canvas.price_pane()
    tip = chart.canvas.signals._tip(0)
    assert abs(tip.y() - pane.y(chart.model.bars.columns[3, bar])) < 1


def test_hidden_signals_answer_nothing_and_bars_laid_anew_keep_the_others_in_place(chart):
    said, bar = mark(chart, MarkSide.SELL, 0.4)
    chart.view.set_signals([said])
    chart.view.set_signals_shown(False)
    chart.settle()
    pane = chart.canvas.price_pane()
    at = QPoint(round(pane.x(bar + 0.5)), round(pane.y(said.price)))
    assert chart.canvas.signals.signal_at(at.toPointF()) is None
    chart.view.set_signals_shown(True)
    assert chart.canvas.signals.signal_at(at.toPointF()) == 0
    assert chart.model.signal_places == [(bar, 1.0)]
