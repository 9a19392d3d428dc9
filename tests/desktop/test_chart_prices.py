"""Raw and adjusted prices of a chart: chosen in its header, said there, kept; orders and live prices stay real ones."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from tests.helpers.desktop_rig import ACCOUNT, SECOND, DesktopRig, quote, status
from tests.unit.viewmodels.test_chart_adjustment import DAYS, FOUR_FOR_ONE, ONE_IN_A_HUNDRED, opened, split
from workstation.commands.registry import CommandResult
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.chart_panel_tools import ARROW
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.accounts import Environment
from workstation.domain.executions import Execution
from workstation.domain.market import Bar, BarKind, BarType
from workstation.domain.orders import Side
from workstation.ports.market_data import CorporateAction
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_adjustment import PriceKind
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.frames import BarUpdate

DAILY = BarType(BarKind.DAY, 1)
RAW = [740.0, 744.0, 185.0, 186.0, 187.0]
ADJUSTED = [185.0, 186.0, 185.0, 186.0, 187.0]


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    qtbot.addWidget(made.header_widget())
    made.resize(900, 420)
    made.tools.resize(900, 28)
    made.show()
    made.show_interval("1d")
    rig.feed(status=status(now_ns=opened(DAYS[-1])), quotes=[quote()])
    made.show_symbol("AAPL")
    answer(rig)
    yield made
    made.release()


def answer(rig: DesktopRig, symbol: str = "AAPL", raw: list[float] = RAW) -> None:
    close = np.array(raw)
    times = np.array([opened(day) for day in DAYS], np.int64)
    columns = np.column_stack((close, close + 1, close - 1, close, np.full(len(close), 1_000.0)))
    data = BarSeries(symbol, DAILY, times, columns)
    rig.gateway.answer("market.bars", CommandResult(ok=True, text="", data=data))
    rig.bridge._on_answered()


def know(rig: DesktopRig, *actions: CorporateAction) -> None:
    rig.gateway.answer("market.actions", CommandResult(ok=True, text="", data=actions))
    rig.bridge._on_answered()


def closes(panel: ChartPanel) -> list[float]:
    return panel.chart.model.bars.columns[3].round(6).tolist()


def worded(button: QToolButton) -> str:
    """Return a button's words, whatever of them a row without room has given up."""
    return button.text().removeprefix("Adj. ").removesuffix(ARROW)


def live(rig: DesktopRig, day: str, close: int) -> None:
    rig.clock.advance(SECOND)
    bar = Bar("AAPL", DAILY, close, close, close, close, 7, 3, opened(day), opened(day))
    rig.feed(bars=[BarUpdate("AAPL", DAILY, bar, closed=False)])


def test_bars_are_adjusted_for_splits_unasked_and_the_header_says_so(panel: ChartPanel, rig: DesktopRig) -> None:
    button = panel.tools.prices_button
    assert (closes(panel), button.isHidden()) == (RAW, True), "nothing is known yet"
    assert rig.gateway.of("market.actions")[-1].symbol == "AAPL"
    know(rig, FOUR_FOR_ONE, ONE_IN_A_HUNDRED)
    assert closes(panel) == ADJUSTED
    assert panel.chart.model.bars.columns[4].tolist() == [4_000, 4_000, 1_000, 1_000, 1_000]
    assert (worded(button), button.isHidden()) == ("splits", False)
    assert button.toolTip() == "Adjusted for 1 split, not adjusted for 1 dividend."


def test_an_instrument_without_splits_says_nothing(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig)
    assert (closes(panel), panel.tools.prices_button.isHidden()) == (RAW, True)


def test_the_menu_of_the_header_chooses_and_the_bars_in_view_stay(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig, FOUR_FOR_ONE, ONE_IN_A_HUNDRED)
    panel.chart.show_range(-5.0, 9.0)
    panel.tools.prices[PriceKind.RAW].trigger()
    assert closes(panel) == RAW
    assert worded(panel.tools.prices_button) == "Raw"
    assert panel.tools.prices_button.toolTip() == "Raw prices, not adjusted for 1 split and 1 dividend."
    panel.tools.prices[PriceKind.TOTAL].trigger()
    assert closes(panel) == [183.15, 184.14, 183.15, 186.0, 187.0]
    window = panel.chart.model.window
    assert (window.first, window.span, window.following) == (-5.0, 9.0, False)


def test_the_choice_is_kept_with_the_chart_and_holds_for_the_next_instrument(
    panel: ChartPanel, rig: DesktopRig, qtbot
) -> None:
    know(rig, FOUR_FOR_ONE)
    panel.tools.prices[PriceKind.RAW].trigger()
    assert panel.save_settings()["prices"] == "raw"
    other = ChartPanel(rig.context, "chart-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert (other.save_settings(), other.tools.prices[PriceKind.RAW].isChecked()) == (panel.save_settings(), True)
    answer(rig)
    know(rig, FOUR_FOR_ONE)
    assert closes(other) == RAW
    other.restore_settings({**panel.save_settings(), "prices": "nonsense"})
    assert other.save_settings()["prices"] == "raw"
    other.release()


def test_a_live_bar_is_what_it_is_and_a_split_in_force_lays_the_past_anew(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig, FOUR_FOR_ONE, split("2024-01-09", 2))
    live(rig, "2024-01-08", 18_750)
    assert closes(panel) == [*ADJUSTED[:-1], 187.5]
    live(rig, "2024-01-09", 9_400)
    assert closes(panel) == [92.5, 93.0, 92.5, 93.0, 93.75, 94.0]
    assert panel.tools.prices_button.toolTip() == "Adjusted for 2 splits."


def test_a_bar_that_changes_after_its_close_is_drawn_anew_in_its_place(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig, FOUR_FOR_ONE)
    before, window = closes(panel), panel.chart.model.window
    seen = (window.first, window.span)
    live(rig, DAYS[0], 80_000)
    assert closes(panel) == [200.0, *before[1:]]
    assert (window.first, window.span) == seen
    live(rig, "1999-01-04", 1)
    assert closes(panel) == [200.0, *before[1:]], "no bar of that time is shown"


def test_an_order_at_an_old_adjusted_bar_is_one_at_the_price_of_today_as_its_button_says(
    panel: ChartPanel, rig: DesktopRig, qtbot
) -> None:
    know(rig, FOUR_FOR_ONE, ONE_IN_A_HUNDRED)
    rig.arm(Environment.SIM)
    panel.tools.prices[PriceKind.TOTAL].trigger()
    panel.tools.padlock.click()
    QApplication.processEvents()
    canvas, model = panel.chart._canvas, panel.chart.model
    low = float(model.bars.columns[2, 0])
    assert low == pytest.approx(182.9025), "739 before the split, between two ticks"
    pane = canvas.price_pane()
    at = QPoint(round(pane.x(0.5)), round(pane.y(low)))
    QTest.mouseMove(canvas.view.viewport(), at)
    QTest.mouseMove(canvas.view.viewport(), at + QPoint(1, 0))
    tag = panel.chart._trade_tag
    qtbot.waitUntil(tag.isVisible)
    buy = tag.findChild(QPushButton, "chart-trade-buy")
    said = buy.text()
    assert said.startswith("Buy limit 1 @ 18"), said
    QTest.mouseClick(buy, Qt.MouseButton.LeftButton)
    terms = rig.gateway.of("order.submit")[-1].terms
    assert terms.price is not None
    assert f"Buy limit 1 @ {terms.price / 100:.2f}" == said, "a whole tick, in today's prices"
    assert abs(terms.price / 100 - pane.price(at.y())) <= 0.01, "the price at the pointer, not 739"


def test_other_prices_take_away_the_buttons_that_were_offered_at_the_old_ones(
    panel: ChartPanel, rig: DesktopRig, qtbot
) -> None:
    know(rig, FOUR_FOR_ONE)
    panel.tools.padlock.click()
    QApplication.processEvents()
    canvas = panel.chart._canvas
    for step in (0, 1):
        QTest.mouseMove(canvas.view.viewport(), QPoint(300 + step, 150))
    qtbot.waitUntil(panel.chart._trade_tag.isVisible)
    panel.tools.prices[PriceKind.RAW].trigger()
    assert not panel.chart._trade_tag.isVisible()


def fill(day: str, px: int, key: str) -> Execution:
    at = opened(day) + 3_600 * SECOND
    return Execution(
        exec_key=key, exec_id=key, uid=key, cl_ord_id="c", order_id="o", account=ACCOUNT, symbol="AAPL",
        side=Side.BUY, last_qty=1, last_px=px, fee=0, fee_currency="USD", ts_event=at, ts_init=at, venue_seq=1,
    )  # fmt: skip


def test_a_fill_before_a_split_stands_at_its_bar_and_keeps_the_price_that_was_paid(
    panel: ChartPanel, rig: DesktopRig
) -> None:
    rig.feed(fill(DAYS[0], 74_000, "f1"), fill(DAYS[-1], 18_700, "f2"))
    know(rig, FOUR_FOR_ONE)
    QApplication.processEvents()
    layer, model = panel.chart._canvas.fills, panel.chart.model
    pane = panel.chart._canvas.price_pane()
    drawn = [pane.price(layer._tip(number).y()) for number in range(2)]
    assert drawn == [pytest.approx(185.0), pytest.approx(187.0)]
    assert [mark.price for mark in model.fills] == [740.0, 187.0]


def test_lines_of_today_are_not_adjusted(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig, FOUR_FOR_ONE)
    last, orders = panel.chart.model.last, [line.price for line in panel.chart.model.orders]
    panel.tools.prices[PriceKind.RAW].trigger()
    assert (panel.chart.model.last, [line.price for line in panel.chart.model.orders]) == (last, orders)
    assert last is not None
    assert last.price == pytest.approx(187.20, abs=0.5)


def test_indicators_and_averaged_candles_are_of_the_prices_shown(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    panel.show_indicators([choose("sma", {"bars": 2})])
    panel.tools.types[ChartType.HEIKIN_ASHI.value].trigger()
    know(rig, FOUR_FOR_ONE)
    (lines,) = panel.chart.model.indicators
    qtbot.waitUntil(lambda: lines.ready and not panel.chart.computing)
    assert lines.line(0)[1:5].tolist() == [185.5, 185.5, 185.5, 186.5]
    assert panel.chart.model.drawn.columns[3, 0] == 185.0


def test_what_a_chart_is_compared_with_is_adjusted_by_its_own_splits(panel: ChartPanel, rig: DesktopRig) -> None:
    know(rig, FOUR_FOR_ONE)
    panel.compare_with("MSFT")
    answer(rig, "MSFT", [800.0, 800.0, 800.0, 400.0, 400.0])
    know(rig, split("2024-01-05", 2))
    comparison = panel.chart.model.comparison
    assert comparison is not None
    assert comparison.bars.columns[3].tolist() == [400.0] * 5
    panel.tools.prices[PriceKind.RAW].trigger()
    assert comparison.bars.columns[3].tolist() == [800.0, 800.0, 800.0, 400.0, 400.0]


def test_splits_of_another_series_find_nobody(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_interval("1h")
    know(rig, FOUR_FOR_ONE)
    assert panel.tools.prices_button.isHidden()


def test_splits_that_cannot_be_read_are_told_and_prices_stay_raw(panel: ChartPanel, rig: DesktopRig) -> None:
    words = "What is stored cannot be read: disk."
    rig.gateway.answer("market.actions", CommandResult(ok=False, code="NOT_READY", text=words))
    rig.bridge._on_answered()
    assert closes(panel) == RAW
    assert rig.spoken[-1] == ("warning", f"Prices of AAPL stay raw. {words}")


def test_in_a_header_of_the_shipped_width_no_word_is_cut(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    holder, tools = QWidget(), panel.tools
    qtbot.addWidget(holder)
    tools.setParent(holder)
    holder.resize(700, 40)
    tools.setGeometry(0, 0, 680, 32)
    holder.show()
    tools.show()
    QApplication.processEvents()
    know(rig, FOUR_FOR_ONE)
    QApplication.processEvents()
    buttons = [button for button in tools.findChildren(QToolButton) if button.isVisible()]
    assert panel.tools.prices_button in buttons
    cut = [button.text() for button in buttons if button.width() < button.sizeHint().width()]
    assert cut == []
    assert buttons[-1].geometry().right() <= tools.width()
    tools.setParent(None)


def test_in_a_header_of_the_least_window_every_word_is_read(qapp: QApplication, panel: ChartPanel, qtbot) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("dark"))
    holder, tools = QWidget(), panel.tools
    qtbot.addWidget(holder)
    tools.setParent(holder)
    holder.resize(500, 40)
    tools.setGeometry(0, 0, 455, 32)
    holder.show()
    tools.show()
    QApplication.processEvents()
    buttons = [button for button in tools.findChildren(QToolButton) if button.isVisible() and button.text()]
    assert len(buttons) > 10
    for button in buttons:
        room = button.width() - (4 if button.property("tight") else 10)
        assert room >= button.fontMetrics().horizontalAdvance(button.text()), button.text()
    assert tools.rect().contains(tools.padlock.geometry())
    tools.setParent(None)


def test_a_split_that_the_venue_does_adjusts_the_bars_of_an_open_chart_and_leaves_its_view(
    panel: ChartPanel, rig: DesktopRig
) -> None:
    know(rig)
    panel.chart.show_range(-5.0, 9.0)
    asked = len(rig.gateway.of("market.actions"))
    rig.clock.advance(SECOND)
    bar = Bar("AAPL", DAILY, 18_600, 18_600, 18_600, 18_600, 7, 3, opened(DAYS[-1]), opened(DAYS[-1]))
    rig.feed(bars=[BarUpdate("AAPL", DAILY, bar, closed=False, split=True)])
    assert len(rig.gateway.of("market.actions")) == asked + 1
    know(rig, msgspec.structs.replace(FOUR_FOR_ONE, ex_date="2024-01-02", at=opened(DAYS[-1])))
    assert closes(panel) == [185.0, 186.0, 46.25, 46.5, 186.0]
    assert panel.tools.prices_button.toolTip() == "Adjusted for 1 split."
    window = panel.chart.model.window
    assert (window.first, window.span, window.following) == (-5.0, 9.0, False)
    panel.tools.prices[PriceKind.RAW].trigger()
    assert closes(panel) == [740.0, 744.0, 185.0, 186.0, 186.0]
