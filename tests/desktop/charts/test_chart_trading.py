"""Orders on the chart: dragged, given back, cancelled; never moved where the padlock is shut."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QPushButton

from workstation.desktop.charts.order_lines import Part
from workstation.viewmodels.chart_marks import AlertLine, BracketZone, LineState, MarkSide, OrderLine, Residence


@pytest.fixture
def order(chart):
    pane = chart.canvas.price_pane()
    price = round(pane.low + (pane.high - pane.low) * 0.3, 1)
    return OrderLine("c-1", MarkSide.BUY, price, "2", "LMT")


@pytest.fixture
def trading_chart(chart, order):
    chart.view.set_order_lines([order])
    chart.view.set_trading_enabled(True)
    chart.settle()
    return chart


def test_a_dragged_line_announces_its_order_and_a_price_on_the_tick(trading_chart, order, qtbot):
    chart = trading_chart
    start = chart.at_price(order.price)
    end = start - QPoint(0, 60)
    with qtbot.waitSignal(chart.view.order_line_dragged) as dragged:
        chart.drag(start, end)
    cl_ord_id, price = dragged.args
    assert cl_ord_id == "c-1"
    assert price == pytest.approx(chart.canvas.price_pane().price(end.y()), abs=0.06)
    assert abs(price * 10 - round(price * 10)) < 1e-6
    assert chart.model.drag is None


def test_a_locked_chart_pans_instead_of_moving_an_order(trading_chart, order, qtbot):
    chart = trading_chart
    chart.view.set_trading_enabled(False)
    first = chart.model.window.first
    with qtbot.assertNotEmitted(chart.view.order_line_dragged):
        chart.drag(chart.at_price(order.price), chart.at_price(order.price) + QPoint(80, 40))
    assert chart.model.window.first < first


def test_escape_gives_the_line_back(trading_chart, order, qtbot):
    chart = trading_chart
    start = chart.at_price(order.price)
    chart.press(start)
    chart.move(start - QPoint(0, 50))
    assert chart.model.drag is not None
    with qtbot.assertNotEmitted(chart.view.order_line_dragged):
        chart.key(Qt.Key.Key_Escape)
        chart.release(start - QPoint(0, 50))
    assert chart.model.drag is None


@pytest.mark.parametrize("end", [QPoint(300, 494), QPoint(880, 200), QPoint(300, 440)])
def test_a_drop_outside_the_price_pane_returns_the_line(trading_chart, order, qtbot, end):
    with qtbot.assertNotEmitted(trading_chart.view.order_line_dragged):
        trading_chart.drag(trading_chart.at_price(order.price), end)


def test_a_drop_at_the_same_price_sends_nothing(trading_chart, order, qtbot):
    chart = trading_chart
    start = chart.at_price(order.price)
    y = round(chart.canvas.price_pane().y(order.price))
    exact = OrderLine("c-1", MarkSide.BUY, chart.model.to_tick(chart.canvas.price_pane().price(y)), "2", "LMT")
    chart.view.set_order_lines([exact])
    chart.press(start)
    chart.move(start - QPoint(0, 30))
    chart.move(start)
    with qtbot.assertNotEmitted(chart.view.order_line_dragged):
        chart.release(start)


def test_an_order_that_changes_while_dragged_ends_the_drag(trading_chart, order, qtbot):
    chart = trading_chart
    start = chart.at_price(order.price)
    chart.press(start)
    chart.move(start - QPoint(0, 50))
    with qtbot.assertNotEmitted(chart.view.order_line_dragged):
        chart.view.set_order_lines([OrderLine("c-1", MarkSide.BUY, order.price, "1", "LMT", LineState.PARTIAL)])
        assert chart.model.drag is None
        chart.release(start - QPoint(0, 50))


def test_a_drag_survives_news_of_other_orders(trading_chart, order):
    chart = trading_chart
    start = chart.at_price(order.price)
    chart.press(start)
    chart.move(start - QPoint(0, 50))
    chart.view.set_order_lines([order, OrderLine("c-2", MarkSide.SELL, order.price + 30, "1", "LMT")])
    assert chart.model.drag is not None
    chart.key(Qt.Key.Key_Escape)
    chart.release(start)


def test_the_cross_cancels_also_on_a_locked_chart(trading_chart, order, qtbot):
    chart = trading_chart
    chart.view.set_trading_enabled(False)
    placed = chart.canvas.orders._placed()[0]
    at = placed.cancel.center().toPoint()
    assert chart.canvas.orders.grip_at(at.toPointF()).part is Part.CANCEL
    with qtbot.waitSignal(chart.view.order_cancel_requested) as cancelled:
        chart.press(at)
        chart.release(at)
    assert cancelled.args == ["c-1"]


def test_a_cross_left_before_the_release_cancels_nothing(trading_chart, qtbot):
    chart = trading_chart
    at = chart.canvas.orders._placed()[0].cancel.center().toPoint()
    with qtbot.assertNotEmitted(chart.view.order_cancel_requested):
        chart.drag(at, at - QPoint(200, 100))


def test_a_stop_or_target_is_pulled_from_the_position_also_on_a_locked_chart(chart, qtbot):
    pane = chart.canvas.price_pane()
    average = round((pane.low + pane.high) / 2, 1)
    chart.view.set_position(average, 2, "Long 2")
    chart.settle()
    start = chart.at_price(average)
    with qtbot.waitSignal(chart.view.position_line_dragged) as pulled:
        chart.drag(start, start + QPoint(0, 70))
    assert pulled.args[0] < average
    chart.view.set_position(None)
    assert chart.canvas.orders.grip_at(start.toPointF()) is None


def test_tags_of_near_orders_do_not_cover_each_other(chart, order):
    near = [OrderLine(f"c-{number}", MarkSide.BUY, order.price + number * 0.1, "1", "LMT") for number in range(5)]
    chart.view.set_order_lines(near)
    chart.settle()
    rects = [tag.rect for tag in chart.canvas.orders._placed()]
    assert not any(one.intersects(other) for number, one in enumerate(rects) for other in rects[:number])


def test_an_order_beyond_the_scale_is_still_shown_with_its_direction(chart):
    far = OrderLine("c-9", MarkSide.SELL, chart.model.window.high * 2, "1", "LMT")
    chart.view.set_order_lines([far])
    chart.settle()
    tag = chart.canvas.orders._placed()[0]
    assert tag.text.startswith("▲")
    assert 0 <= tag.rect.top() < 5


def test_every_state_is_drawn_differently_and_named(chart, order):
    pictures = set()
    for state in LineState:
        line = OrderLine("c-1", MarkSide.BUY, order.price, "2", "LMT", state, Residence.LOCAL)
        chart.view.set_order_lines([line])
        chart.settle()
        image = chart.viewport.grab().toImage()
        y = int(chart.canvas.price_pane().y(order.price))
        pictures.add(tuple(image.pixelColor(x, y).name() for x in range(2, 60)))
        assert state is LineState.WORKING or state.value.upper() in line.label
    assert len(pictures) >= 4


def test_alerts_and_position_are_drawn_with_their_words(chart, order):
    before = chart.viewport.grab().toImage()
    chart.view.set_alert_lines([AlertLine("a", order.price, "prior low")])
    chart.view.set_position(order.price + 20, -1, "Short 1")
    chart.settle()
    assert chart.viewport.grab().toImage() != before
    assert len(chart.canvas.price_axis.tags) == 1


def test_a_bracket_shades_what_it_gains_and_loses(chart):
    pane = chart.canvas.price_pane()
    entry = (pane.low + pane.high) / 2
    reach = (pane.high - pane.low) / 4
    before = [chart.pixel(3, pane.y(entry) + offset) for offset in (-20, 20)]
    chart.view.set_bracket_zones([BracketZone(entry, entry + reach, True), BracketZone(entry, entry - reach, False)])
    chart.settle()
    after = [chart.pixel(3, pane.y(entry) + offset) for offset in (-20, 20)]
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[0] != after[1]


@pytest.fixture
def offering_chart(trading_chart):
    trading_chart.view.set_trade_labels(lambda price: (f"Buy limit 2 @ {price:.1f}", f"Sell stop 2 @ {price:.1f}"))
    return trading_chart


def test_a_resting_pointer_is_offered_two_orders_and_a_click_chooses_one(offering_chart, qtbot):
    chart = offering_chart
    chart.move(QPoint(300, 120))
    tag = chart.view.findChild(QFrame, "chart-trade-tag")
    qtbot.waitUntil(tag.isVisible)
    price = chart.model.to_tick(chart.canvas.price_pane().price(120))
    buy = chart.view.findChild(QPushButton, "chart-trade-buy")
    assert buy.text() == f"Buy limit 2 @ {price:.1f}"
    with qtbot.waitSignal(chart.view.order_chosen) as chosen:
        qtbot.mouseClick(buy, Qt.MouseButton.LeftButton)
    assert chosen.args == [MarkSide.BUY, price, buy.text(), False]
    assert not tag.isVisible()


def test_the_offer_holds_its_price_on_the_way_to_a_button_and_leaves_beyond(offering_chart, qtbot):
    chart = offering_chart
    chart.move(QPoint(300, 120))
    tag = chart.view.findChild(QFrame, "chart-trade-tag")
    qtbot.waitUntil(tag.isVisible)
    label = chart.view.findChild(QPushButton, "chart-trade-sell").text()
    chart.move(QPoint(308, 124))
    assert tag.isVisible()
    assert chart.view.findChild(QPushButton, "chart-trade-sell").text() == label
    chart.move(QPoint(60, 300))
    assert not tag.isVisible()


def test_a_locked_chart_offers_nothing(offering_chart, qtbot):
    chart = offering_chart
    chart.view.set_trading_enabled(False)
    chart.move(QPoint(300, 120))
    assert not chart.view._trade_tag._rest.isActive()
    assert not chart.view.findChild(QFrame, "chart-trade-tag").isVisible()


def test_no_offer_stands_over_an_order_that_can_be_dragged(offering_chart, order):
    chart = offering_chart
    chart.move(chart.at_price(order.price))
    assert not chart.view._trade_tag._rest.isActive()
