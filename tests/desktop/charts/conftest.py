"""A chart on screen with a day of minutes, and the gestures of a real mouse."""

from decimal import Decimal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from workstation.desktop.charts import ChartView
from workstation.desktop.theme import apply_theme, load_theme

MINUTE_NS = 60_000_000_000
START_NS = 1_641_168_000_000_000_000  # Mon 3 Jan 2022 00:00 UTC
COLUMN_NAMES = ("open", "high", "low", "close", "volume")


def minute_bars(count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(5)
    close = np.round(40_000 + np.cumsum(rng.normal(0, 8, count)), 1)
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) + 5, np.minimum(open_, close) - 5
    times = START_NS + np.arange(count, dtype=np.int64) * MINUTE_NS
    return times, dict(zip(COLUMN_NAMES, (open_, high, low, close, rng.random(count) * 100), strict=True))


class Chart:
    """The widget, and a pointer that acts on its canvas in logical pixels."""

    def __init__(self, view: ChartView) -> None:
        self.view = view
        self.model = view.model
        self.canvas = view._canvas
        self.viewport = self.canvas.view.viewport()

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()

    def at_price(self, price: float, x: int = 300) -> QPoint:
        return QPoint(x, round(self.canvas.price_pane().y(price)))

    def press(self, at: QPoint, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mousePress(self.viewport, Qt.MouseButton.LeftButton, modifiers, at)

    def move(self, at: QPoint) -> None:
        QTest.mouseMove(self.viewport, at + QPoint(1, 0))  # a move to where the pointer is already is none
        QTest.mouseMove(self.viewport, at)
        self.settle()

    def release(self, at: QPoint) -> None:
        QTest.mouseRelease(self.viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        self.settle()

    def drag(self, start: QPoint, end: QPoint) -> None:
        self.press(start)
        self.move(start + (end - start) / 2)
        self.move(end)
        self.release(end)

    def double_click(self, at: QPoint) -> None:
        QTest.mouseDClick(self.viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        self.settle()

    def wheel(self, at: QPoint, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        event = QWheelEvent(
            QPointF(at),
            QPointF(self.viewport.mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.viewport, event)
        self.settle()

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.view, key)
        self.settle()

    def pixel(self, x: float, y: float) -> str:
        return self.viewport.grab().toImage().pixelColor(int(x), int(y)).name()

    def colors_at(self, x0: int, x1: int, y0: int, y1: int) -> set[str]:
        image = self.viewport.grab().toImage()
        return {image.pixelColor(x, y).name() for x in range(x0, x1) for y in range(y0, y1)}


@pytest.fixture
def empty_chart(qtbot, qapp):
    apply_theme(qapp, load_theme("dark"))
    view = ChartView()
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.set_price_format(lambda price: f"{Decimal(price).quantize(Decimal('0.1')):,}", 0.1)
    view.show()
    chart = Chart(view)
    chart.settle()
    return chart


@pytest.fixture
def chart(empty_chart):
    times, columns = minute_bars(1_440)
    empty_chart.view.set_bars(times, **columns)
    empty_chart.settle()
    return empty_chart
