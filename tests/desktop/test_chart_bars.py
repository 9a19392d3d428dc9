"""Bars that count and bricks on the chart panel: typed, told of when wrong, loading, empty, following the market."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, status
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.chart_panel_choice import ChoiceDialog
from workstation.domain.errors import ValidationError
from workstation.domain.market import Bar, BarKind, BarType
from workstation.marketdata.stored_bars import StoredPast
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_feed import read_interval
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_window import ChartType, PanelState
from workstation.viewmodels.frames import BarUpdate

VOLUME = BarType(BarKind.VOLUME, 5_000)
MINUTE = BarType(BarKind.MINUTE, 1)


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    made.show_symbol("AAPL")
    yield made
    made.release()


def answer(rig: DesktopRig, bar_type: BarType, closes: list[float]) -> None:
    """Answer what was asked with a bar a second."""
    close = np.array(closes, dtype=np.float64)
    times = START_NS + np.arange(len(closes), dtype=np.int64) * SECOND
    data = BarSeries("AAPL", bar_type, times, np.stack([close, close, close, close, np.full(len(close), 50.0)], axis=1))
    rig.gateway.answer("market.bars", CommandResult(ok=True, text="", data=data))
    rig.bridge._on_answered()


def live(rig: DesktopRig, bar_type: BarType, second: int, close: int) -> None:
    rig.clock.advance(SECOND)
    opened = START_NS + second * SECOND
    bar = Bar("AAPL", bar_type, close, close, close, close, 7, 3, opened, opened)
    rig.feed(bars=[BarUpdate("AAPL", bar_type, bar, closed=False)])


def type_in(panel: ChartPanel, text: str) -> ChoiceDialog:
    dialog = panel.findChild(ChoiceDialog)
    assert dialog is not None
    dialog.line.selectAll()
    QTest.keyClicks(dialog.line, text)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    return dialog


def bodies(panel: ChartPanel) -> list[tuple[float, float]]:
    return [(round(open_, 2), round(close, 2)) for open_, close in panel.chart.model.bars.columns[[0, 3]].T.tolist()]


def test_volume_bars_of_any_size_are_typed_load_start_empty_and_follow(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [187.0])
    panel.tools.other_interval.trigger()
    dialog = type_in(panel, "7m")
    assert (dialog.isVisible(), dialog.line.text(), panel.interval) == (True, "7m", "1m")
    assert "100t" in dialog.error.text()
    type_in(panel, "5kV")
    assert (panel.interval, panel.tools.counted.text()) == ("5kv", "5kv ▾")
    assert rig.gateway.of("market.bars")[-1].bar_type == VOLUME
    assert rig.gateway.of("market.watch")[-1].bars == (("AAPL", VOLUME),)
    assert panel.chart.model.state is PanelState.LOADING
    answer(rig, VOLUME, [])
    assert panel.chart.model.state is PanelState.EMPTY
    assert panel.chart.model.state_text == "No 5kv bars of AAPL yet. The first appears with a trade."
    for second, close in ((1, 18_700), (1, 18_710), (2, 18_720)):
        live(rig, VOLUME, second, close)
    assert panel.chart.model.state is PanelState.READY
    assert panel.chart.model.bars.columns[3].tolist() == [187.1, 187.2]
    assert panel.chart.model.bar_ns == SECOND


def test_a_hole_in_the_bars_is_marked_and_a_click_on_it_asks_again(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    opened = int(datetime(2024, 1, 3, 15, 0, tzinfo=UTC).timestamp()) * SECOND
    times = opened + np.array([*range(30), *range(60, 90)], dtype=np.int64) * 60 * SECOND
    data = BarSeries("AAPL", MINUTE, times, np.full((60, 5), 187.0))
    rig.gateway.answer("market.bars", CommandResult(ok=True, text="", data=data))
    rig.bridge._on_answered()
    (gap,) = panel.chart.model.gaps
    assert (gap.bar, gap.words(UTC)) == (30, "No bars 03 Jan 15:30 – 16:00 · fetch again")
    QApplication.processEvents()
    canvas, asked = panel.chart._canvas, len(rig.gateway.of("market.bars"))
    at = QPoint(round(canvas.price_pane().x(gap.bar)), 100)
    qtbot.mouseClick(canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert len(rig.gateway.of("market.bars")) == asked + 1
    assert panel.chart.model.gaps == []


def test_bars_of_a_range_count_the_tick_of_the_instrument(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [187.0])
    panel.tools.intervals["20r"].trigger()
    wanted = BarType(BarKind.RANGE, 20 * panel.context.instrument("AAPL").ticks[-1].tick)
    assert (panel.interval, rig.gateway.of("market.bars")[-1].bar_type) == ("20r", wanted)
    assert panel.tools.intervals["20r"].text() == "Range of 20 ticks a bar"
    answer(rig, wanted, [])
    live(rig, wanted, 1, 18_720)
    assert bodies(panel) == [(187.2, 187.2)]


def test_an_interval_that_there_is_not_is_said_and_the_chart_stays(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_interval("7m")
    assert panel.interval == "1m"
    assert "5kv" in rig.spoken[-1][1]


def test_an_interval_is_typed_on_the_chart_itself(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [187.0])
    QTest.keyClick(panel.chart, Qt.Key.Key_Comma)
    first = panel.findChild(ChoiceDialog)
    assert first.line.text() == "1m"
    type_in(panel, "3m")
    assert (panel.interval, panel.tools.counted.text()) == ("3m", "3m ▾")
    first.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QTest.keyClick(panel.chart, Qt.Key.Key_6)
    begun = panel.findChild(ChoiceDialog)
    QTest.keyClicks(begun.line, "h")
    QTest.keyClick(begun.line, Qt.Key.Key_Return)
    assert panel.interval == "6h"
    assert rig.gateway.of("market.bars")[-1].bar_type == BarType(BarKind.HOUR, 6)


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ("30S", "30s"),
        ("12m", "12m"),
        ("4h", "4h"),
        ("1w", "1w"),
        ("1mo", "1mo"),
        ("1Y", "1y"),
        ("250ms", "250ms"),
        ("45m@open", "45m@open"),
        ("1mn", "1mn"),
        ("20tr", "20tr"),
        ("10b", "10b"),
        ("5m:of-1m", "5m:of-1m"),
        ("7m", ""),
        ("300ms", ""),
        ("60m", ""),
        ("2d", ""),
    ],
)
def test_an_interval_of_time_divides_what_holds_it(typed: str, made: str) -> None:
    if made:
        assert read_interval(typed) == made
    else:
        with pytest.raises(ValidationError, match="no"):
            read_interval(typed)


def test_bricks_take_the_place_of_bars_follow_the_market_and_give_it_back(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [187.0, 187.11, 187.22, 187.23])
    panel.tools.brick_size.trigger()
    dialog = type_in(panel, "tall")
    assert "10t" in dialog.error.text()
    type_in(panel, "10t")
    model = panel.chart.model
    assert (model.chart_type, panel.tools.chart_type) == (ChartType.RENKO, "renko")
    assert bodies(panel) == [(187.0, 187.1), (187.1, 187.2), (187.2, 187.23)]
    assert "Brick 0.10" in panel.chart.readout_text()
    live(rig, MINUTE, 4, 18_735)
    assert bodies(panel)[-1] == (187.2, 187.35)  # grows: it is laid when its bar closes
    live(rig, MINUTE, 4, 18_725)
    assert bodies(panel)[-1] == (187.2, 187.25)
    live(rig, MINUTE, 5, 18_700)
    assert bodies(panel)[-1] == (187.1, 187.0)
    panel.tools.types["candles"].trigger()
    assert model.bars.columns[3].tolist() == [187.0, 187.11, 187.22, 187.23, 187.25, 187.0]
    live(rig, MINUTE, 6, 18_701)
    assert len(model.bars) == 7


def test_bricks_stay_bricks_with_another_interval(panel: ChartPanel, rig: DesktopRig) -> None:
    panel._take_brick_size("10t")
    answer(rig, MINUTE, [187.0, 187.11, 187.1])
    panel.show_interval("100t")
    answer(rig, BarType(BarKind.TICK, 100), [187.0, 186.89, 186.78, 186.79])
    assert bodies(panel) == [(187.0, 186.9), (186.9, 186.8), (186.8, 186.79)]


def test_indicators_are_computed_over_the_bricks(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    panel._take_brick_size("10t")
    panel.show_indicators([choose("sma", {"bars": 2})])
    answer(rig, MINUTE, [187.0, 187.11, 187.22, 187.23])
    qtbot.waitUntil(lambda: not panel.chart.computing)
    (lines,) = panel.chart.model.indicators
    assert lines.value(0, 1) == pytest.approx(187.15)


def told(rig: DesktopRig, command: str, data: object) -> None:
    rig.gateway.answer(command, CommandResult(ok=True, text="", data=data))
    rig.bridge._on_answered()


STORED = StoredPast(rows=12_345, first=START_NS, last=START_NS + 86_400 * SECOND, size=2_500_000)


def test_a_chart_without_history_offers_what_is_stored_with_its_size(panel: ChartPanel, rig: DesktopRig, qtbot) -> None:
    answer(rig, MINUTE, [])
    button = panel.chart.findChild(QPushButton, "chart-state-fetch")
    assert button.isHidden()
    told(rig, "market.stored", STORED)
    words = "No 1m bars of AAPL yet. 12,345 stored prints (2.5 MB) from 2024-01-02 to 2024-01-03 can fill it."
    assert (panel.chart.model.state_text, button.isVisible()) == (words, True)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (rig.gateway.of("market.build_bars")[-1].symbol, button.isHidden()) == ("AAPL", True)
    assert panel.chart.model.state_text.startswith("Laying 1m bars of AAPL from 12,345 stored prints")
    close = np.full((3, 5), 187.0)
    told(rig, "market.build_bars", BarSeries("AAPL", MINUTE, START_NS + np.arange(3) * 60 * SECOND, close))
    assert (panel.chart.model.state, len(panel.chart.model.bars)) == (PanelState.READY, 3)


def test_bars_that_count_are_filled_from_stored_prints_unasked(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [187.0])
    assert rig.gateway.of("market.stored") == [], "a chart with history asks nothing"
    panel.show_interval("5kv")
    answer(rig, VOLUME, [187.0])
    told(rig, "market.stored", STORED)
    assert rig.gateway.of("market.build_bars")[-1].bar_type == VOLUME
    told(rig, "market.build_bars", BarSeries("AAPL", VOLUME, START_NS + np.arange(9) * SECOND, np.full((9, 5), 187.0)))
    assert len(panel.chart.model.bars) == 9


def test_a_past_that_was_laid_asks_for_its_splits(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [])
    told(rig, "market.stored", STORED)
    panel.past.fetch()
    asked = len(rig.gateway.of("market.actions"))
    told(rig, "market.build_bars", BarSeries("AAPL", MINUTE, START_NS + np.arange(3) * SECOND, np.full((3, 5), 187.0)))
    assert len(rig.gateway.of("market.actions")) == asked + 1


def test_an_answer_about_the_past_of_another_series_is_dropped(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [])
    panel.show_interval("5m")
    told(rig, "market.stored", STORED)
    answer(rig, BarType(BarKind.MINUTE, 5), [])
    assert panel.chart.model.state_text == "No 5m bars of AAPL yet. The first appears with a trade."


def test_a_past_that_cannot_be_laid_is_said(panel: ChartPanel, rig: DesktopRig) -> None:
    answer(rig, MINUTE, [])
    told(rig, "market.stored", STORED)
    panel.past.fetch()
    rig.gateway.answer("market.build_bars", CommandResult(ok=False, code="NOT_FOUND", text="Nothing makes a bar."))
    rig.bridge._on_answered()
    assert rig.spoken[-1] == ("warning", "Nothing makes a bar.")
    assert panel.chart.model.state_text == "No 1m bars of AAPL yet. The first appears with a trade."
