"""Older bars come to a chart by themselves: as its left edge comes near, one page at a time, until there are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, status
from workstation.commands.params import OlderBars
from workstation.commands.registry import CommandResult
from workstation.desktop.chart_links import PAINT_WAIT_NS
from workstation.desktop.panels import chart_panel_older
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.domain.market import Bar, BarKind, BarType
from workstation.ports.market_data import ActionKind, CorporateAction
from workstation.viewmodels import chart_older
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_older import PAGE_BARS, OlderState
from workstation.viewmodels.chart_renko import BrickSize
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.frames import BarUpdate

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MINUTE = 60 * SECOND
MINUTES = BarType(BarKind.MINUTE, 1)
NEWEST = 2_000
"""Bars that the chart begins with; `TIMES` has PAGE_BARS and some more before them."""
COUNT = NEWEST + PAGE_BARS + 4_000
TIMES = START_NS + (np.arange(COUNT, dtype=np.int64) - COUNT) * MINUTE
CLOSES = np.round(187 + 3 * np.sin(np.arange(COUNT) / 70), 2)


def series(first: int, stop: int, symbol: str = "AAPL", bar_type: BarType = MINUTES) -> BarSeries:
    close = CLOSES[first:stop]
    rows = np.stack([close, close + 0.05, close - 0.05, close, np.full(len(close), 10.0)], axis=1)
    return BarSeries(symbol, bar_type, TIMES[first:stop], rows)


def answer(rig: DesktopRig, command_id: str, data: object, *, text: str = "") -> None:
    rig.gateway.answer(command_id, CommandResult(ok=not text, text=text, data=data))
    rig.bridge._on_answered()
    QApplication.processEvents()


def asked(rig: DesktopRig) -> list[OlderBars]:
    return rig.gateway.of("market.older_bars")


def page(rig: DesktopRig, symbol: str = "AAPL") -> None:
    """Answer the last request from all there is."""
    request = asked(rig)[-1]
    stop = int(np.searchsorted(TIMES, request.before))
    answer(rig, "market.older_bars", series(max(stop - request.count, 0), stop, symbol, request.bar_type))


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[ChartPanel]:
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    made.show_symbol("AAPL")
    answer(rig, "market.bars", series(COUNT - NEWEST, COUNT))
    QApplication.processEvents()
    yield made
    made.release()


def port(panel: ChartPanel) -> QWidget:
    return panel.chart._canvas.view.viewport()


def key(panel: ChartPanel, pressed: Qt.Key) -> None:
    QTest.keyClick(panel.chart, pressed)
    QApplication.processEvents()


def pull(panel: ChartPanel, start: QPoint, end: QPoint) -> None:
    """Pull with the mouse from a place to another."""
    viewport = port(panel)
    QTest.mousePress(viewport, LEFT, NONE, start)
    for at in (start + (end - start) / 2, end):
        place = QPointF(viewport.mapToGlobal(at))
        QApplication.sendEvent(
            viewport, QMouseEvent(QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, LEFT, NONE)
        )
    QTest.mouseRelease(viewport, LEFT, NONE, end)
    QApplication.processEvents()


def seen_times(panel: ChartPanel) -> list[int]:
    """Return the times of the bars in view."""
    window = panel.chart.model.window
    first = max(int(window.first), 0)
    return panel.chart.model.bars.times_ns[first : int(window.stop)].tolist()


def said(panel: ChartPanel) -> str:
    return panel.chart._canvas.older.words()


def test_the_newest_bars_are_drawn_first_and_no_older_ones_asked_for(panel: ChartPanel, rig: DesktopRig) -> None:
    assert len(panel.chart.model.bars) == NEWEST
    assert asked(rig) == []
    key(panel, Qt.Key.Key_Left)
    assert asked(rig) == []


def test_at_home_the_next_older_page_is_asked_for_once_and_put_before_without_moving(
    panel: ChartPanel, rig: DesktopRig
) -> None:
    key(panel, Qt.Key.Key_Home)
    (request,) = asked(rig)
    assert (request.symbol, request.bar_type, request.interval) == ("AAPL", MINUTES, "1m")
    assert (request.before, request.count) == (int(TIMES[COUNT - NEWEST]), PAGE_BARS)
    key(panel, Qt.Key.Key_Right)
    key(panel, Qt.Key.Key_Home)
    assert len(asked(rig)) == 1, "one request is in the air"
    before, seen = port(panel).grab().toImage(), seen_times(panel)
    page(rig)
    assert len(panel.chart.model.bars) == NEWEST + PAGE_BARS
    assert panel.chart.model.bars.times_ns.tolist() == TIMES[COUNT - NEWEST - PAGE_BARS :].tolist()
    assert seen_times(panel) == seen
    assert port(panel).grab().toImage() == before
    assert len(asked(rig)) == 1, "more than a screen of older ones is at hand"
    key(panel, Qt.Key.Key_PageUp)
    assert seen_times(panel)[-1] < seen[-1]


def test_a_pull_with_the_mouse_to_the_left_edge_brings_older_bars(panel: ChartPanel, rig: DesktopRig) -> None:
    pulls = 0
    while not asked(rig):
        assert (pulls := pulls + 1) < 40
        pull(panel, QPoint(60, 150), QPoint(800, 150))
    assert panel.chart.model.window.first < panel.chart.model.window.span, "within a screen of it"
    page(rig)
    first = panel.chart.model.window.first
    for _ in range(5):
        pull(panel, QPoint(60, 150), QPoint(800, 150))
    assert panel.chart.model.window.first < first
    assert seen_times(panel)[0] < TIMES[COUNT - NEWEST]


def test_a_wheel_that_zooms_out_to_the_left_edge_brings_older_bars(panel: ChartPanel, rig: DesktopRig) -> None:
    at = QPoint(400, 150)
    for _ in range(30):
        event = QWheelEvent(
            QPointF(at), QPointF(port(panel).mapToGlobal(at)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(port(panel), event)
    assert len(asked(rig)) == 1


def test_pages_come_until_there_are_none_and_where_they_begin_is_said(panel: ChartPanel, rig: DesktopRig) -> None:
    for _ in range(3):
        key(panel, Qt.Key.Key_Home)
        page(rig)
    assert len(panel.chart.model.bars) == COUNT
    assert [request.count for request in asked(rig)] == [PAGE_BARS] * 3
    assert panel.chart.model.older is OlderState.ENDED
    key(panel, Qt.Key.Key_Home)
    begun = datetime.fromtimestamp(int(TIMES[0]) // SECOND, UTC)
    assert said(panel) == f"No older bars than {begun:%d %b %Y}"
    assert len(asked(rig)) == 3
    key(panel, Qt.Key.Key_End)
    assert said(panel) == "", "out of sight"


def test_a_page_that_takes_long_is_said_at_the_left_edge(panel: ChartPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    key(panel, Qt.Key.Key_Home)
    assert said(panel) == "", "a page that comes at once needs no word"
    qtbot.waitUntil(lambda: said(panel) == "Loading older bars…")
    page(rig)
    assert panel.chart.model.older is OlderState.UNKNOWN


@pytest.mark.parametrize("by", ["click", "home"])
def test_a_page_that_does_not_come_is_said_and_asked_for_again_only_by_hand(
    panel: ChartPanel, rig: DesktopRig, by: str
) -> None:
    told: list[str] = []
    rig.context.announcer.spoken.connect(lambda _level, text, _id: told.append(text))
    key(panel, Qt.Key.Key_Home)
    answer(rig, "market.older_bars", None, text="What is stored cannot be read: the disk is gone.")
    assert said(panel) == "Older bars were not loaded · try again"
    assert told == ["Older bars were not loaded. What is stored cannot be read: the disk is gone."]
    key(panel, Qt.Key.Key_Right)
    key(panel, Qt.Key.Key_Left)
    assert len(asked(rig)) == 1
    if by == "home":
        key(panel, Qt.Key.Key_Home)
    else:
        QTest.mouseClick(port(panel), LEFT, NONE, panel.chart._canvas.older.rect().center().toPoint())
    assert len(asked(rig)) == 2
    assert said(panel) == ""
    page(rig)
    assert len(panel.chart.model.bars) == NEWEST + PAGE_BARS


@pytest.mark.parametrize("change", ["symbol", "interval"])
def test_what_was_asked_of_another_series_finds_nobody(panel: ChartPanel, rig: DesktopRig, change: str) -> None:
    key(panel, Qt.Key.Key_Home)
    late = asked(rig)[-1]
    if change == "symbol":
        panel.show_symbol("MSFT")
    else:
        panel.show_interval("5m")
    answer(rig, "market.bars", series(COUNT - 500, COUNT))
    stop = int(np.searchsorted(TIMES, late.before))
    answer(rig, "market.older_bars", series(stop - 100, stop))
    assert len(panel.chart.model.bars) == 500
    key(panel, Qt.Key.Key_Home)
    assert len(asked(rig)) == 2, "the new series pages on its own"
    assert asked(rig)[-1].symbol == panel.symbol
    assert asked(rig)[-1].interval == panel.interval


def test_a_chart_of_few_bars_asks_for_older_ones_by_itself(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.show_symbol("MSFT")
    answer(rig, "market.bars", series(COUNT - 30, COUNT, "MSFT"))
    assert [request.symbol for request in asked(rig)] == ["MSFT"]


def test_a_chart_holds_so_many_bars_and_says_so(
    panel: ChartPanel, rig: DesktopRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_older, "PAGED_BARS_MAX", NEWEST + 3_000)
    key(panel, Qt.Key.Key_Home)
    assert asked(rig)[-1].count == 3_000
    page(rig)
    assert panel.chart.model.older is OlderState.FULL
    key(panel, Qt.Key.Key_Home)
    assert said(panel) == "A chart holds 5,000 bars: no older ones are shown"
    assert len(asked(rig)) == 1


def test_live_bars_go_on_while_older_ones_come(panel: ChartPanel, rig: DesktopRig) -> None:
    key(panel, Qt.Key.Key_Home)
    opened = START_NS
    bar = Bar("AAPL", MINUTES, 18_700, 18_710, 18_690, 18_705, 7, 3, opened, opened + MINUTE)
    rig.clock.advance(PAINT_WAIT_NS)
    rig.feed(bars=[BarUpdate("AAPL", MINUTES, bar, closed=False)])
    page(rig)
    times = panel.chart.model.bars.times_ns
    assert (len(times), times[-1]) == (NEWEST + PAGE_BARS + 1, opened)


def test_older_bars_are_in_the_prices_of_now_where_a_split_lies_between(panel: ChartPanel, rig: DesktopRig) -> None:
    key(panel, Qt.Key.Key_Home)
    page(rig)
    day = np.datetime_as_string(np.datetime64(int(TIMES[COUNT - NEWEST - 5_000]), "ns").astype("datetime64[D]"))
    split = CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_date=str(day), numerator=2, denominator=1)
    answer(rig, "market.actions", (split,))
    adjusted = panel.prices.series.factors(panel.chart.model.bars.times_ns)
    assert set(adjusted.tolist()) == {0.5, 1.0}
    key(panel, Qt.Key.Key_Home)
    page(rig)
    assert len(panel.chart.model.bars) == COUNT
    closes = panel.chart.model.bars.columns[3]
    np.testing.assert_allclose(closes, CLOSES * panel.prices.series.factors(TIMES))
    np.testing.assert_allclose(closes[:4_000], CLOSES[:4_000] / 2)


def test_bricks_page_on_until_there_are_enough_of_them(panel: ChartPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.tools.types[ChartType.RENKO.value].trigger()
    key(panel, Qt.Key.Key_Home)
    assert len(asked(rig)) == 1
    page(rig)
    qtbot.waitUntil(lambda: not panel.chart.laying)
    QApplication.processEvents()
    assert panel.chart.model.bars.times_ns[0] == TIMES[COUNT - NEWEST - PAGE_BARS]
    assert len(panel.chart.model.fed) == NEWEST + PAGE_BARS


def test_tall_bricks_that_fill_no_screen_bring_no_endless_pages(
    panel: ChartPanel, rig: DesktopRig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_panel_older, "BRICKS_OF_MAX", NEWEST + PAGE_BARS)
    panel.chart.set_brick_size(BrickSize(400, from_range=False))
    panel.tools.types[ChartType.RENKO.value].trigger()
    QApplication.processEvents()
    panel.older.look()
    page(rig)
    qtbot.waitUntil(lambda: not panel.chart.laying)
    QApplication.processEvents()
    assert len(panel.chart.model.bars) < panel.chart.model.window.span
    assert len(asked(rig)) == 1, "unasked"
    key(panel, Qt.Key.Key_Home)
    assert len(asked(rig)) == 2, "but by hand"


def test_what_is_compared_reaches_as_far_back(panel: ChartPanel, rig: DesktopRig) -> None:
    panel.compare_with("MSFT")
    answer(rig, "market.bars", series(COUNT - 600, COUNT, "MSFT"))
    assert [request.symbol for request in asked(rig)] == ["MSFT"], "as far as the chart reaches now"
    page(rig, "MSFT")
    comparison = panel.chart.model.comparison
    assert comparison is not None
    assert comparison.bars.times_ns[0] == TIMES[COUNT - 600 - PAGE_BARS]
    key(panel, Qt.Key.Key_Home)
    page(rig)
    assert [request.symbol for request in asked(rig)] == ["MSFT", "AAPL", "MSFT"]
    assert asked(rig)[-1].before == TIMES[COUNT - 600 - PAGE_BARS]
    page(rig, "MSFT")
    assert comparison.bars.times_ns[0] <= panel.chart.model.bars.times_ns[0]
    assert len(asked(rig)) == 3
