"""A long real history behind a chart: it opens at its newest bars, older ones come as its left edge is scrolled to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.market import real_data
from tests.helpers.market_imports import DataHome
from tests.helpers.product_rig import CALM, Product, running
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_older import OlderState

CAPTURE, MINUTES = "usdm_btcusdt_20240808.gz", "btc_perp_1m_202201.csv.gz"
STORED = 45_018
AS_BTC = (
    *("--symbol", "BTCUSDT", "--new", "crypto", "--currency", "USDT", "--zone", "UTC"),
    *("--interval", "1m", "--stamp", "open", "--price-decimals", "3", "--qty-decimals", "4", "--calendar", "ALWAYS"),
)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def chart(product: Product) -> ChartPanel:
    panel = product.window.add_panel("chart")
    assert isinstance(panel, ChartPanel)
    return panel


def pull(panel: ChartPanel) -> None:
    """Pull the bars to the right with the mouse, as far as the chart is wide."""
    viewport = panel.chart._canvas.view.viewport()
    y, width = 90, viewport.width() - 140
    QTest.mousePress(viewport, LEFT, NONE, QPoint(20, y))
    for x in (width // 2, width):
        at = QPointF(x, y)
        moved = QMouseEvent(
            QEvent.Type.MouseMove, at, QPointF(viewport.mapToGlobal(at.toPoint())), Qt.MouseButton.NoButton, LEFT, NONE
        )
        QApplication.sendEvent(viewport, moved)
    QTest.mouseRelease(viewport, LEFT, NONE, QPoint(width, y))
    QApplication.processEvents()


def home_key(panel: ChartPanel) -> None:
    QTest.keyClick(panel.chart, Qt.Key.Key_Home)
    QApplication.processEvents()


def test_an_imported_month_of_minutes_pages_in_behind_a_replay_to_its_first_bar(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = DataHome(tmp_path / "home", capsys)
    assert home.call("import", str(real_data(MINUTES)), *AS_BTC) == 0, home.errors
    replay = ("--feed", f"replay:{real_data(CAPTURE)}", "--speed", "20")
    with running(qtbot, home.root, "--no-api", *replay) as product:
        product.quoting("BTCUSDT")
        panel = chart(product)
        panel.show_symbol("BTCUSDT")
        panel.show_indicators([choose("ema", {"bars": 200})])
        model = panel.chart.model
        product.wait(lambda: len(model.bars) > 1_000, "a page of the stored past before what is replayed")
        newest = model.bars.times_ns[-1]
        near = 1.5 * model.window.span
        panel.chart.show_range(near, model.window.span)
        held = len(model.bars)
        while len(model.bars) == held:
            assert model.window.first <= near
            pull(panel)
            product.wait(lambda: not panel.older.busy, "the page that the pull asked for")
        while model.older is not OlderState.ENDED:
            home_key(panel)
            product.wait(lambda: not panel.older.busy, "the page before the first bar")
        assert model.older is OlderState.ENDED
        assert len(model.bars) >= STORED
        assert model.bars.times_ns[-1] >= newest, "and live bars went on"
        home_key(panel)
        assert panel.chart._canvas.older.words() == "No older bars than 31 Dec 2021"
        product.wait(lambda: not panel.chart.computing, "the average over all of it")
        line, closes = model.indicators[0].line(0), model.bars.columns[3]
        assert np.isnan(line[:199]).all()
        assert line[199] == pytest.approx(closes[:200].mean())
        alpha = 2 / 201
        wanted = closes[:200].mean()
        for close in closes[200:3_000]:
            wanted += alpha * (close - wanted)
        assert line[2_999] == pytest.approx(wanted, rel=1e-9)


def test_the_past_of_the_simulated_venue_pages_in_too(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path, "--no-api", *CALM) as product:
        panel = chart(product)
        panel.show_symbol("AAPL")
        model = panel.chart.model
        product.wait(lambda: len(model.bars) > 1_000, "the newest bars")
        first, held = int(model.bars.times_ns[0]), len(model.bars)
        home_key(panel)
        product.wait(lambda: len(model.bars) > held + 1_000, "an older page")
        assert model.bars.times_ns[0] < first
        at = model.bars.index_at(first)
        assert model.bars.times_ns[at] == first
        assert model.bars.columns[0, at] == model.bars.columns[3, at - 1], "without a seam"
        assert len(set(np.diff(model.bars.times_ns[: at + 1]).tolist())) == 1
