"""The chart panel: bars asked and shown, live bars, marks, and trading only with the padlock open.

Long because every choice of the header and every gesture that sends is tried on one panel.
"""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QToolButton

from tests.helpers.desktop_rig import ACCOUNT, SECOND, START_NS, DesktopRig, limit, order, position, quote, status
from workstation.commands.params import CancelOne
from workstation.commands.registry import CommandResult
from workstation.desktop.chart_links import PAINT_EVERY_NS, PAINT_WAIT_NS, TURN_NS, ChartLinks, PaintTurn
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.chart_panel_compare import CompareDialog
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.accounts import Environment
from workstation.domain.market import Bar, BarKind, BarType
from workstation.domain.orders import OrdType, OriginKind, Side
from workstation.kernel.clock import VirtualClock
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_marks import BracketZone, LineState, MarkSide
from workstation.viewmodels.chart_window import PanelState
from workstation.viewmodels.frames import BarUpdate

MINUTE = BarType(BarKind.MINUTE, 1)


def series(count: int = 50) -> BarSeries:
    times = START_NS + np.arange(count, dtype=np.int64) * 60 * SECOND
    close = 187 + np.sin(np.arange(count) / 5)
    ohlcv = np.stack([close, close + 0.1, close - 0.1, close, np.full(count, 100.0)], axis=1)
    return BarSeries("AAPL", MINUTE, times, ohlcv)


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def answer(rig: DesktopRig, result: CommandResult | None = None) -> None:
    rig.gateway.answer("market.bars", result or CommandResult(ok=True, text="", data=series()))
    rig.bridge._on_answered()


def state(panel: ChartPanel) -> PanelState:
    return panel.chart.model.state


def test_an_instrument_asks_for_its_bars_and_streams(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    assert state(panel) is PanelState.LOADING
    (request,) = rig.gateway.of("market.bars")
    assert (request.symbol, request.bar_type) == ("AAPL", MINUTE)
    wish = rig.gateway.of("market.watch")[-1]
    assert (wish.quotes, wish.bars) == ({"AAPL"}, (("AAPL", MINUTE),))
    answer(rig)
    assert (state(panel), len(panel.chart.model.bars)) == (PanelState.READY, 50)


def test_an_answer_that_was_overtaken_is_dropped(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    panel.show_interval("5m")
    answer(rig)
    assert state(panel) is PanelState.LOADING
    answer(rig)
    assert state(panel) is PanelState.READY


def test_live_bars_move_the_last_and_append(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    last = int(series().ts_open[-1])
    for opened in (last, last + 60 * SECOND, last - 60 * SECOND):
        rig.clock.advance(SECOND)
        bar = Bar("AAPL", MINUTE, 18_700, 18_900, 18_650, 18_800, 7, 3, opened, opened + 60 * SECOND)
        rig.feed(bars=[BarUpdate("AAPL", MINUTE, bar, closed=False)])
    bars = panel.chart.model.bars
    assert (len(bars), bars.columns[3, -1], bars.columns[4, -2]) == (51, 188.0, 7.0)


def test_bars_that_were_laid_anew_are_asked_for_again(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    bar = Bar("AAPL", MINUTE, 18_700, 18_900, 18_650, 18_800, 7, 3, START_NS, START_NS + 60 * SECOND)
    rig.feed(bars=[BarUpdate("AAPL", BarType(BarKind.MINUTE, 5), bar, closed=True, anew=True)])
    assert state(panel) is PanelState.READY
    rig.feed(bars=[BarUpdate("AAPL", MINUTE, bar, closed=True, anew=True)])
    assert state(panel) is PanelState.LOADING
    assert len(rig.gateway.of("market.bars")) == 2
    answer(rig, CommandResult(ok=True, text="", data=series(7)))
    assert len(panel.chart.model.bars) == 7


def test_states_are_said_in_words(panel: ChartPanel, rig: DesktopRig) -> None:
    assert state(panel) is PanelState.EMPTY
    panel.show_symbol("AAPL")
    answer(rig, CommandResult(ok=False, code="X", text="No such series."))
    assert (state(panel), panel.chart.model.state_text) == (PanelState.ERROR, "No such series.")
    panel.chart.retry_requested.emit()
    answer(rig, CommandResult(ok=True, text="", data=series(0)))
    assert state(panel) is PanelState.EMPTY
    assert panel.chart.model.state_text.startswith("No 1m bars of AAPL yet")
    panel.load()
    answer(rig)
    rig.feed(quotes=[quote(freshness="STALE", age_ms=12_000, reason="quotes are silent")])
    assert panel.chart.model.state_text == "AAPL is stale, 12 s: quotes are silent"
    rig.feed(status=status(feed_state="DOWN", now_ns=START_NS))
    assert state(panel) is PanelState.DISCONNECTED
    rig.feed(status=status(feed_state="DOWN", venue_state="DOWN", now_ns=START_NS))
    assert "Order lines read UNKNOWN" in panel.chart.model.state_text
    assert panel.note.isHidden(), "the card says both"
    rig.feed(status=status(venue_state="DOWN", now_ns=START_NS))
    assert (state(panel), panel.note.isHidden()) == (PanelState.STALE, False)


def test_orders_position_and_last_price_stand_on_the_chart(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    stop = order("OMS-S", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600))
    rig.feed(order("OMS-1"), stop, quotes=[quote()], positions=[position(300)])
    model = panel.chart.model
    assert {(line.cl_ord_id, line.price) for line in model.orders} == {("OMS-1", 187.15), ("OMS-S", 186.0)}
    assert model.position is not None
    assert model.position.text == "Long 300  +57.00"
    assert [order.label for order in model.orders if order.cl_ord_id == "OMS-S"] == ["SELL 100 STP EX −100"]
    assert model.zones == [BracketZone(187.0, 186.0, gains=False)]
    assert model.last is not None
    assert model.last.price == 187.19
    rig.feed(status=status(venue_state="DOWN", now_ns=START_NS))
    panel._show_marks()
    assert {line.state for line in model.orders} == {LineState.UNKNOWN}


def test_a_dragged_line_amends_by_version_on_the_tick(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    rig.feed(order("OMS-1", version=4), order("OMS-S", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600)))
    panel.chart.order_line_dragged.emit("OMS-1", 187.2049)
    panel.chart.order_line_dragged.emit("OMS-S", 185.5)
    panel.chart.order_line_dragged.emit("OMS-1", 187.15)
    first, second = rig.gateway.of("order.replace")
    assert (first.cl_ord_id, first.version, first.price, first.stop_px) == ("OMS-1", 4, 18_720, None)
    assert (second.stop_px, second.price) == (18_550, None)
    assert rig.gateway.calls[-1].origin.kind is OriginKind.CHART


def at(panel: ChartPanel, price: float) -> QPoint:
    """Return the pixel of a price, a quarter into the pane."""
    QApplication.processEvents()
    pane = panel.chart._canvas.price_pane()
    return QPoint(round(pane.width / 4), round(pane.y(price)))


def drag(panel: ChartPanel, start: float, end: float) -> None:
    """Press at one price and move to another, with real events."""
    port, button = panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton
    places = [at(panel, price) for price in (start, (start + end) / 2, end)]
    QTest.mousePress(port, button, pos=places[0])
    for place in places[1:]:
        where, none = QPointF(port.mapToGlobal(place)), Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, Qt.MouseButton.NoButton, button, none)
        QApplication.sendEvent(port, move)


def drop(panel: ChartPanel, price: float) -> None:
    QTest.mouseRelease(panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=at(panel, price))


def test_a_line_dragged_by_hand_is_worded_before_the_release_and_amends(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    rig.feed(order("OMS-1", limit(price=18_660), version=4), quotes=[quote()])
    drag(panel, 186.60, 186.80)
    assert panel.chart.model.drag is None  # the padlock is closed
    drop(panel, 186.80)
    panel.tools.padlock.setChecked(True)
    drag(panel, 186.60, 186.80)
    assert rig.gateway.of("order.replace") == []
    moved = panel.chart.model.drag
    assert moved is not None
    ticks = round(moved.price * 100) - 18_660
    assert panel.chart.model.dragged_words() == f"Buy limit 100 @ {moved.price:.2f}  {ticks:+d}t, loses queue place"
    drop(panel, moved.price)
    (sent,) = rig.gateway.of("order.replace")
    assert (sent.cl_ord_id, sent.version, sent.price) == ("OMS-1", 4, round(moved.price * 100))


@pytest.mark.parametrize(
    ("qty", "end", "side", "ord_type"),
    [
        (100, 187.40, Side.SELL, OrdType.LIMIT),
        (100, 186.50, Side.SELL, OrdType.STOP),
        (-100, 187.40, Side.BUY, OrdType.STOP),
        (-100, 186.50, Side.BUY, OrdType.LIMIT),
    ],
)
def test_a_stop_or_target_pulled_from_the_position_is_capped_and_works_locked_and_disarmed(
    panel: ChartPanel, rig: DesktopRig, *, qty: int, end: float, side: Side, ord_type: OrdType
) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    rig.feed(quotes=[quote()], positions=[position(qty, price=18_700)])
    drag(panel, 187.00, end)
    said = panel.chart.model.dragged_words()
    assert rig.gateway.of("order.submit") == []
    drop(panel, end)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.side, sent.terms.ord_type, sent.terms.order_qty) == (side, ord_type, 100)
    assert sent.terms.reduce_only
    assert rig.spoken[-1] == ("info", f"Pending: {said}")


def test_drags_during_an_amend_coalesce_to_the_last_price(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    rig.feed(order("OMS-1", version=4))
    for price in (187.20, 187.22, 187.25):
        panel.chart.order_line_dragged.emit("OMS-1", price)
    assert [change.price for change in rig.gateway.of("order.replace")] == [18_720]
    rig.gateway.answer("order.replace", CommandResult(ok=True, text=""))
    rig.bridge._on_answered()
    rig.feed(order("OMS-1", limit(price=18_720), version=5))
    assert [change.price for change in rig.gateway.of("order.replace")] == [18_720, 18_725]


def test_alt_attaches_the_bracket_that_the_tag_names(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    rig.feed(quotes=[quote()])
    hint = panel.chart.findChild(QLabel, "chart-trade-hint")
    assert hint.text() == "Alt: stop 20t, target 40t"
    rig.arm(Environment.SIM)
    panel.chart.order_chosen.emit(MarkSide.BUY, 187.10, "Buy limit 1 @ 187.10", True)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.stop_loss_px, sent.take_profit_px) == (18_690, 18_750)


def test_volume_gives_its_room_to_the_prices(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    QApplication.processEvents()
    before = panel.chart._canvas.price_rect.height()
    panel.tools.views["volume"].trigger()
    QApplication.processEvents()
    assert panel.chart._canvas.price_rect.height() > before
    assert panel.save_settings()["volume"] is False


def test_a_cross_on_a_line_cancels(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    panel.chart.order_cancel_requested.emit("OMS-1")
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id="OMS-1")]


def test_what_is_sent_is_what_the_button_said(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    rig.feed(quotes=[quote()])
    rig.arm(Environment.SIM)
    labels = panel.trading.labels(187.10)
    assert labels == ("Buy limit 1 @ 187.10", "Sell stop 1 @ 187.10")
    panel.chart.order_chosen.emit(MarkSide.SELL, 187.10, labels[1], False)
    (sent,) = rig.gateway.of("order.submit")
    assert (sent.terms.ord_type, sent.terms.stop_px, sent.terms.account) == (OrdType.STOP, 18_710, ACCOUNT)
    rig.feed(quotes=[quote(bid=18_700)])
    panel.chart.order_chosen.emit(MarkSide.SELL, 187.10, labels[1], False)
    assert len(rig.gateway.of("order.submit")) == 1
    assert "market moved" in rig.spoken[-1][1]
    rig.feed(quotes=[quote(freshness="STALE")])
    assert panel.trading.labels(187.10) is None


def test_the_padlock_closes_with_another_instrument(panel: ChartPanel) -> None:
    panel.show_symbol("AAPL")
    panel.tools.padlock.setChecked(True)
    assert panel.chart.model.trading
    panel.show_symbol("MSFT")
    assert not panel.chart.model.trading


def test_interval_type_and_indicators_come_back(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    panel.show_symbol("AAPL")
    panel.show_interval("15m")
    panel._take_brick_size("25t")
    panel.tools.types["area"].trigger()
    panel.show_indicators([choose("sma"), choose("macd", {"fast": 8}, 2)])
    panel.tools.views["log"].trigger()
    other = ChartPanel(rig.context, "chart-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert (other.interval, other.symbol) == ("15m", "AAPL")
    assert other.save_settings() == panel.save_settings()
    assert [lines.chosen.label for lines in other.chart.model.indicators] == ["SMA 20", "MACD 8 26 9"]
    other.restore_settings({"interval": "7m", "type": "pie", "brick": "tall", "indicators": "none"})
    assert (other.interval, other.chart.model.brick_size.text) == ("15m", "25t")
    other.release()


@pytest.fixture
def second(rig: DesktopRig, qtbot, panel: ChartPanel):
    made = ChartPanel(rig.context, "chart-2")
    qtbot.addWidget(made)
    for chart in (panel, made):
        chart.set_link_group("A")
        chart.show_symbol("AAPL")
    for _ in range(2):
        answer(rig)
    yield made
    made.release()


def test_charts_take_turns_so_that_no_frame_paints_two_of_them(
    panel: ChartPanel, rig: DesktopRig, second: ChartPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    second.show()
    painted: list[str] = []
    for chart in (panel, second):
        monkeypatch.setattr(chart, "_take_bars", lambda _frame, name=chart.panel_id: painted.append(name))
    frames = []
    for _ in range(60):
        painted.clear()
        rig.clock.advance(SECOND // 60)
        rig.feed(quotes=[quote()])
        frames.append(tuple(painted))
    settled = frames[1:]
    assert all(len(frame) <= 1 for frame in settled)
    for chart in (panel, second):
        assert sum(chart.panel_id in frame for frame in settled) >= 14, "each still paints every 60 ms or so"


def test_a_chart_among_many_waits_no_longer_than_its_most() -> None:
    links, clock = ChartLinks(), VirtualClock(START_NS)
    first, second = PaintTurn(links, clock.mono_ns), PaintTurn(links, clock.mono_ns)
    clock.advance(SECOND)
    assert second.take(news=False, seen=True)
    clock.advance(PAINT_EVERY_NS - 1)
    assert not second.take(news=False, seen=True)
    clock.advance(1)
    for _ in range(PAINT_EVERY_NS, PAINT_WAIT_NS, TURN_NS // 2):
        assert first.take(news=True, seen=True)
        assert not second.take(news=False, seen=True)
        clock.advance(TURN_NS // 2)
    assert first.take(news=True, seen=True)
    assert second.take(news=False, seen=True)


def test_the_crosshair_goes_to_the_charts_of_its_group(panel: ChartPanel, rig: DesktopRig, second: ChartPanel) -> None:
    panel.resize(600, 400)
    QApplication.processEvents()
    viewport = panel.chart._canvas.view.viewport()
    QTest.mouseMove(viewport, QPoint(401, 100))
    QTest.mouseMove(viewport, QPoint(400, 100))
    QApplication.processEvents()
    bar = int(panel.chart.model.pointer.bar // 1)
    linked = second.chart.model.pointer
    assert linked is not None
    assert linked.linked
    assert int(linked.bar // 1) == bar
    assert rig.context.cursor.price("AAPL") is not None
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    assert second.chart.model.pointer is None
    assert rig.context.cursor.price("AAPL") is None
    second.set_link_group("B")
    panel.chart.crosshair_moved.emit(START_NS, None)
    assert second.chart.model.pointer is None


def test_a_drawing_belongs_to_its_instrument_and_shows_on_all_its_charts(
    panel: ChartPanel, rig: DesktopRig, second: ChartPanel
) -> None:
    panel.tools.drawing["horizontal"].trigger()
    assert panel.tools.drawing["horizontal"].isChecked()
    QApplication.processEvents()
    QTest.mouseClick(panel.chart._canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert not panel.tools.drawing["horizontal"].isChecked()
    assert len(second.chart.model.book.drawings) == 1
    panel.show_symbol("MSFT")
    assert panel.chart.model.book.drawings == ()
    second.tools.drawing["clear"].trigger()
    assert rig.context.charts.book("AAPL").drawings == ()
    second.tools.drawing["undo"].trigger()
    assert len(rig.context.charts.book("AAPL").drawings) == 1


def test_another_instrument_is_compared_by_its_symbol(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    panel.tools.compare.trigger()
    dialog = panel.findChild(CompareDialog)
    QTest.keyClicks(dialog.line, "nosuch")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert "nosuch" in dialog.error.text()
    assert panel.compared.symbol == ""
    dialog.line.setText("msft")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert panel.compared.symbol == "MSFT"
    assert rig.gateway.of("market.bars")[-1].symbol == "MSFT"
    assert ("MSFT", MINUTE) in rig.gateway.of("market.watch")[-1].bars
    answer(rig)
    QApplication.processEvents()
    assert len(panel.chart.model.comparison.bars) == 50
    assert panel.save_settings()["compared"] == "MSFT"
    panel.show_symbol("MSFT")
    assert panel.chart.model.comparison is None, "nothing is compared with itself"


def test_live_bars_of_the_compared_instrument_go_on(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    panel.compare_with("MSFT")
    answer(rig)
    opened = int(panel.chart.model.comparison.bars.times_ns[-1]) + 60 * SECOND
    bar = Bar(
        symbol="MSFT",
        bar_type=MINUTE,
        open=40_000,
        high=40_100,
        low=39_900,
        close=40_050,
        volume=1,
        count=1,
        ts_open=opened,
        ts_close=opened + 60 * SECOND,
    )
    rig.feed(bars=[BarUpdate("MSFT", MINUTE, bar, closed=True)])
    assert panel.chart.model.comparison.closes_at(np.array([opened]))[0] == 400.5


def test_a_comparison_without_bars_is_told_of_and_ends(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    panel.compare_with("MSFT")
    answer(rig, CommandResult(ok=False, text="no such history"))
    assert rig.spoken[-1] == ("warning", "no such history")
    assert panel.chart.model.comparison is None


def test_hours_without_trading_are_shaded_where_bars_are_shorter_than_a_day(panel: ChartPanel) -> None:
    panel.show_symbol("AAPL")
    assert panel.chart.model.calendar is not None
    panel.show_interval("1d")
    assert panel.chart.model.calendar is None
    panel.show_interval("1m")
    panel.tools.views["hours"].trigger()
    assert panel.chart.model.calendar is None


def test_a_logarithmic_scale_is_refused_where_prices_are_not_positive(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("AAPL")
    answer(rig)
    panel.tools.views["log"].trigger()
    QApplication.processEvents()
    assert panel.chart.model.window.logarithmic
    panel.tools.views["log"].trigger()
    panel.chart.set_bars([1, 2], open=[-1, 2], high=[3, 3], low=[-2, 1], close=[2, 2], volume=[1, 1])
    panel.tools.views["log"].trigger()
    assert not panel.tools.views["log"].isChecked()
    assert "no logarithm" in rig.spoken[-1][1]


def test_bars_of_ticks_are_asked_for_and_opened_in_one_nanosecond_are_kept_apart(
    panel: ChartPanel, rig: DesktopRig
) -> None:
    panel.show_symbol("AAPL")
    panel.tools.intervals["100t"].trigger()
    assert rig.gateway.of("market.bars")[-1].bar_type == BarType(BarKind.TICK, 100)
    assert panel.tools.counted.text() == "100t ▾"
    assert not panel.tools.intervals["1m"].isChecked()
    answer(rig)
    ticks = series(4)
    times = np.array([5, 5, 5, 9]) + START_NS
    answer(rig, CommandResult(ok=True, text="", data=BarSeries("AAPL", ticks.bar_type, times, ticks.ohlcv)))
    assert (panel.chart.model.bars.times_ns - START_NS).tolist() == [5, 6, 7, 9]
    QTest.mouseClick(panel.tools.intervals["1m"], Qt.MouseButton.LeftButton)
    assert panel.interval == "1m"
    QTest.mouseClick(panel.tools.intervals["1m"], Qt.MouseButton.LeftButton)
    assert panel.tools.intervals["1m"].isChecked()


def test_every_tool_has_a_name(panel: ChartPanel) -> None:
    for button in panel.tools.findChildren(QToolButton):
        assert button.objectName().startswith("chart-1_")
        assert button.accessibleName()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_the_empty_line_of_the_comparison_is_read_whole(qapp: QApplication, qtbot, scale: float) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("light", text_scale=scale))
    parent = QDialog()
    qtbot.addWidget(parent)
    dialog = CompareDialog(["MSFT"], "", parent)
    dialog.show()
    QApplication.processEvents()
    words = dialog.line.fontMetrics().horizontalAdvance(dialog.line.placeholderText())
    room = dialog.line.width()
    dialog.close()
    apply_theme(qapp, load_theme("dark"))
    assert room >= words + 20, "frame and padding come on top"
