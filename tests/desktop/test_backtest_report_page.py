"""The report's charts and script outside a browser: Qt draws the one and runs the other."""

from __future__ import annotations

import re

import numpy as np
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtQml import QJSEngine
from PySide6.QtSvg import QSvgRenderer

from tests.helpers.backtests import columns, plan
from workstation.backtest import report_svg as svg
from workstation.backtest.price_trace import Traces
from workstation.backtest.report_page import Look, Report, page
from workstation.backtest.run import run_backtest
from workstation.config.resources import resource_text
from workstation.strategies.examples.sma_cross import SmaCross

SCRIPT = resource_text("report", "report.js")


def charts() -> list[str]:
    close = (10_000 + 300 * np.sin(np.arange(300) / 9)).astype(np.int64)
    data = columns(close - 40, close + 5, close - 45, close)
    traces = Traces()
    parameters = {"symbol": "ABC", "fast": 3, "slow": 8, "quantity": 100}
    result = run_backtest(plan(SmaCross, list(traces.watch([data])), parameters=parameters))
    text = page(Report(result=result, prices=traces.bars()), Look("", ""))
    return re.findall(r"<svg.*?</svg>", text, re.DOTALL)


def test_each_chart_draws_its_line_its_candles_and_its_marks(qapp) -> None:
    wanted = {"equity": [svg.LINE], "drawdown": [svg.DOWN], "prices-0": [svg.LINE, svg.UP, svg.DOWN]}
    seen = set()
    for text in charts():
        renderer = QSvgRenderer(QByteArray(text.encode()))
        assert renderer.isValid()
        image = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        pixels = np.unique(np.frombuffer(image.constBits(), dtype=np.uint32) & 0xFFFFFF).tolist()
        found = {f"#{pixel:06x}" for pixel in pixels}
        name = re.search(r'id="([^"]+)"', text)
        assert name is not None
        assert found >= set(wanted[name[1]])
        seen.add(name[1])
    assert seen == set(wanted)


def test_the_script_finds_the_nearest_point_the_extremes_and_the_zoomed_part(qapp) -> None:
    engine = QJSEngine()
    loaded = engine.evaluate(SCRIPT)
    assert not loaded.isError(), loaded.toString()

    def value(expression: str) -> object:
        found = engine.evaluate(expression)
        assert not found.isError(), found.toString()
        return found.toVariant()

    points = "[[10,5],[20,1],[30,9]]"
    assert [value(f"nearest({points}, {x})") for x in (0, 14, 16, 29, 99)] == [0, 0, 1, 2, 2]
    assert value(f"extent({points}, 15, 35)") == [1, 9]
    assert value(f"extent({points}, 40, 50)") is None
    assert value("zoomed([10, 1108], 10, 0.5)") == [10, 559]
    assert value("zoomed([10, 1108], 559, 4)") == [10, 1108]
    assert value("dragged(500, 100)") == [100, 500]
    assert value("dragged(500, 500)") is None
    assert value("timeText(0, 9 * 86400000) + timeText(0, 3600000) + timeText(0, 1000)") == (
        "1970-01-0101-01 00:0000:00:00.000"
    )
    assert value('sorted(["1,000", "9", "-3"], (r) => r, true)') == ["-3", "9", "1,000"]
    assert value('sorted(["b", "a"], (r) => r, false)') == ["b", "a"]


def test_script_and_charts_agree_on_where_the_frame_is() -> None:
    frame = f"LEFT = {svg.LEFT}, RIGHT = {svg.LEFT + svg.INNER}, TOP = {svg.TOP}, BOTTOM = {svg.BOTTOM};"
    assert f"const {frame}" in SCRIPT
    assert f"/ box.width * {svg.WIDTH}," in SCRIPT
