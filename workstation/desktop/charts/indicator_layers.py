"""The lines of indicators: over the prices, or in a pane of their own with levels, histogram and legend.

Values are drawn one a candle, the last of the bars that share it. An indicator that is still being computed shows its
name alone. Nothing here computes an indicator.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from workstation.desktop.charts.layers import Layer, antialiased
from workstation.desktop.charts.primitives import LineArray, RectArray, device_pixels
from workstation.desktop.charts.series import columns_of, device_y, rects, shown_bins
from workstation.desktop.charts.tags import tag_height
from workstation.desktop.charts.texts import figures, words
from workstation.desktop.colors import blend, with_alpha
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_axes import level_text, price_marks
from workstation.viewmodels.chart_indicators import HISTOGRAM, IndicatorLines
from workstation.viewmodels.chart_window import PaneScale

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor, QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel
    from workstation.desktop.charts.panes import PaneView

LINE_WIDTH: Final = 1.0
PADDING_SHARE: Final = 0.1
MARK_GAP_PX: Final = 30.0
STEP_MIN: Final = 1e-8
LEGEND_LEFT_PX: Final = 8.0
LEGEND_TOP_PX: Final = 3.0
LEGEND_GAP_PX: Final = 7.0
VEIL_OPACITY: Final = 0.78
HISTOGRAM_SHARE: Final = 0.6
SERIES_COLORS: Final = ("series_1", "series_2", "series_3", "series_4")


def series_color(number: int) -> QColor:
    """Return the colour of a line by its number."""
    color: QColor = getattr(current_theme().colors, SERIES_COLORS[number % len(SERIES_COLORS)])
    return color


def line_pen(color: QColor) -> QPen:
    """Return the pen of a data line."""
    return QPen(color, LINE_WIDTH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)


class IndicatorLayer(Layer):
    """The lines of some indicators of one pane, rebuilt when window, bars or indicators change."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._lines: list[tuple[int, LineArray]] = []
        self._built: tuple[object, ...] = ()

    def shown(self) -> list[IndicatorLines]:
        """Return the indicators drawn here that have values."""
        return [lines for lines in self.model.indicators_over_prices() if lines.ready]

    def draw(self, painter: QPainter) -> None:
        """Draw every line."""
        if not self.model.indicators:
            return
        key = (self.pane, self.model.bars.revision, self.model.indicator_revision)
        if key != self._built:
            self.build()
            self._built = key
        with antialiased(painter):
            for color, line in self._lines:
                painter.setPen(line_pen(series_color(color)))
                line.draw(painter)

    def build(self) -> None:
        """Lay the lines out for the window."""
        ends, x = self.places()
        self._lines = []
        for lines in self.shown():
            for number, name in enumerate(lines.chosen.indicator.lines):
                if name != HISTOGRAM:
                    made = LineArray()
                    made.fill_path(x, self.pane.ys(lines.line(number)[ends]))
                    self._lines.append((lines.chosen.line_color(number), made))

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the bar that ends each candle in view, and where the candle's middle is."""
        bins = shown_bins(self.model, self.pane)
        return bins.ends, (bins.centers - self.pane.first) * self.pane.bar_width


class OwnPaneLayer(IndicatorLayer):
    """One indicator in a pane of its own: levels, histogram, lines, and the legend with its values."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float, lines: IndicatorLines) -> None:
        super().__init__(parent, model, z)
        self.lines = lines
        self._columns = RectArray()

    def shown(self) -> list[IndicatorLines]:
        """Return the one indicator, once it has values."""
        return [self.lines] if self.lines.ready else []

    def fitted(self, window: PaneScale) -> PaneScale:
        """Return the scale that holds all values in view and the levels."""
        self.pane = window
        found = [float(level) for level in self.lines.chosen.indicator.levels]
        if self.lines.ready:
            ends, _ = self.places()
            for number in range(len(self.lines.chosen.indicator.lines)):
                values = self.lines.line(number)[ends]
                values = values[np.isfinite(values)]
                if len(values):
                    found += [float(values.min()), float(values.max())]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        padding = (high - low) * PADDING_SHARE or abs(high) * PADDING_SHARE or 1.0
        return PaneScale(
            window.first, window.span, low - padding, high + padding, window.width, window.height, window.ratio
        )

    def draw(self, painter: QPainter) -> None:
        """Draw levels, then the histogram under the lines, then the legend over all."""
        pane, colors = self.pane, current_theme().colors
        for level in self.lines.chosen.indicator.levels:
            painter.fillRect(QRectF(0, pane.pixel(pane.y(level)), pane.width, pane.hair), colors.line)
        key = (self.pane, self.model.bars.revision, self.model.indicator_revision)
        if key != self._built and self.lines.ready and HISTOGRAM in self.lines.chosen.indicator.lines:
            self._build_histogram()
        with device_pixels(painter, pane.ratio):
            painter.setBrush(blend(colors.text_muted, colors.surface, HISTOGRAM_SHARE))
            self._columns.draw(painter)
        super().draw(painter)
        self._draw_legend(painter)

    def legend(self) -> list[tuple[str, QColor]]:
        """Return name, what is wrong or still awaited, and the values at the pointer, with their colours."""
        return [(self.lines.chosen.label, current_theme().colors.text), *legend_values(self.model, self.lines)]

    def _draw_legend(self, painter: QPainter) -> None:
        face = figures()
        x, height = LEGEND_LEFT_PX, tag_height(face)
        legend = self.legend()
        width = sum(face.width(text) + LEGEND_GAP_PX for text, _ in legend)
        veil = QRectF(LEGEND_LEFT_PX - 2, LEGEND_TOP_PX, width, height)
        painter.fillRect(veil, with_alpha(current_theme().colors.surface, VEIL_OPACITY))
        for number, (text, color) in enumerate(legend):
            painter.setPen(color)
            (words(Weight.Medium) if number == 0 else face).draw_left(painter, x, LEGEND_TOP_PX + height / 2, text)
            x += (words(Weight.Medium) if number == 0 else face).width(text) + LEGEND_GAP_PX

    def _build_histogram(self) -> None:
        number = self.lines.chosen.indicator.lines.index(HISTOGRAM)
        at = columns_of(shown_bins(self.model, self.pane), self.pane)
        ends, _ = self.places()
        values = np.nan_to_num(self.lines.line(number)[ends])
        y, zero = device_y(self.pane, values), device_y(self.pane, np.zeros(1))[0]
        self._columns.take(rects(at.left, np.minimum(y, zero), at.body, np.maximum(y, zero)))


class OwnPane:
    """A pane below the prices: its clip and its indicator."""

    def __init__(self, view: PaneView, model: ChartModel, lines: IndicatorLines) -> None:
        self.box = view.add_pane()
        self.layer = OwnPaneLayer(self.box, model, 10, lines)
        self.rect = QRectF()

    def place(self, rect: QRectF, window: PaneScale) -> None:
        """Cover a rectangle of the view; `window` says which bars are shown."""
        self.rect = rect
        size = PaneScale(window.first, window.span, 0.0, 1.0, window.width, max(1.0, rect.height()), window.ratio)
        self.box.place(rect)
        scale = self.layer.fitted(size)
        self.layer.place(scale)

    def axis_texts(self) -> list[tuple[float, str]]:
        """Return (y in the view, text) of the values to mark."""
        pane = self.layer.pane
        marks = price_marks(pane.low, pane.high, max(2, int(pane.height // MARK_GAP_PX)), STEP_MIN)
        step = marks[1] - marks[0] if len(marks) > 1 else pane.high - pane.low
        edge = figures().height / 2
        inside = [mark for mark in marks if edge <= pane.y(mark) <= pane.height - edge]
        return [(self.rect.top() + pane.y(mark), level_text(mark, step)) for mark in inside]

    def value_text(self, y: float) -> str:
        """Return the value at a height of the view, to the thousandth of what is shown."""
        pane = self.layer.pane
        return level_text(pane.price(y - self.rect.top()), (pane.high - pane.low) / 1_000)


def legend_values(model: ChartModel, lines: IndicatorLines) -> list[tuple[str, QColor]]:
    """Return an indicator's values at the bar of the read-out, with their colours, or why there are none."""
    bar, chosen, colors = model.readout_bar(), lines.chosen, current_theme().colors
    if lines.error:
        return [(lines.error, colors.danger)]
    if not lines.ready:
        return [("computing…", colors.text_muted)]
    texts = []
    for number in range(len(chosen.indicator.lines)):
        value = lines.value(number, bar)
        text = model.indicator_text(lines, value) if isfinite(value) else "—"
        histogram = chosen.indicator.lines[number] == HISTOGRAM
        color = colors.text_muted if histogram else series_color(chosen.line_color(number))
        texts.append((text, color))
    return texts
