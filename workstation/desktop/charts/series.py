"""The bars themselves, their volume and the lines over them, drawn from the level that suits the zoom.

Where bars grow narrower than a body and a gap, neighbours are merged into one wider candle with their exact
extremes, so a chart of a million bars stays as legible, and as cheap, as one of three hundred. Merged sizes are
powers of two at fixed bar numbers: nothing shimmers while panning. Edges are put on device pixels; no antialiasing is
needed or used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from workstation.desktop.charts.layers import NO_PEN, Layer, antialiased
from workstation.desktop.charts.primitives import LineArray, RectArray, polygon
from workstation.desktop.colors import blend, with_alpha
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_window import ChartType, PaneScale
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN, VOLUME, BarBins

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor, QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel

CANDLE_DEVICE_PX_MIN = 4.0  # body of three, gap of one
CANDLE_PX_MIN = 3.0
LINE_WIDTH = 1.5
AREA_OPACITY = 0.14
VOLUME_SHARE = 0.45  # of the rise or fall colour over the panel
BODY_SHARE = 0.78  # of a bar's width
SERIES_COLORS = ("series_1", "series_2", "series_3", "series_4")

# Left, top, width and height of a set of rectangles.
_Part = tuple[
    "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64] | float", "NDArray[np.float64] | float"
]


def bars_per_bin(pane: PaneScale) -> float:
    """Return how many bars must share one candle at this zoom."""
    narrowest = max(CANDLE_DEVICE_PX_MIN, CANDLE_PX_MIN * pane.ratio)
    return narrowest / (pane.bar_width * pane.ratio)


def shown_bins(model: ChartModel, pane: PaneScale) -> BarBins:
    """Return the bins in view."""
    first, stop = pane.bar_range
    return model.bars.bins(first, stop, bars_per_bin(pane))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where candles stand, in logical pixels on device-pixel edges: body and wick, left edge and width."""

    body_left: NDArray[np.float64]
    body_width: float
    wick_left: NDArray[np.float64]
    wick_width: float


def columns_of(bins: BarBins, pane: PaneScale) -> Columns:
    """Return columns whose wick is centred in its body to the device pixel."""
    ratio = pane.ratio
    wick = max(1, int(ratio))
    body = max(wick, int(bins.size * pane.bar_width * ratio * BODY_SHARE))
    body -= (body - wick) % 2
    centers = (bins.centers - pane.first) * (pane.bar_width * ratio)
    left = np.rint(centers - body / 2)
    return Columns(left / ratio, body / ratio, (left + (body - wick) // 2) / ratio, wick / ratio)


def snapped_y(pane: PaneScale, prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest device-pixel edges of prices."""
    per_price = pane.height * pane.ratio / (pane.high - pane.low)
    edges: NDArray[np.float64] = np.rint((pane.high - prices) * per_price) / pane.ratio
    return edges


class BarsLayer(Layer):
    """Candles, hollow candles, bars, a line or an area."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._rising, self._falling, self._inner = RectArray(), RectArray(), RectArray()
        self._line = LineArray()
        self._built: tuple[object, ...] = ()

    def draw(self, painter: QPainter) -> None:
        """Draw bars of the chosen type."""
        model = self.model
        if model.chart_type in {ChartType.LINE, ChartType.AREA}:
            self._draw_line(painter)
            return
        key = (self.pane, model.bars.revision, model.chart_type)
        if key != self._built:
            self._build(shown_bins(model, self.pane))
            self._built = key
        colors = current_theme().colors
        painter.setPen(NO_PEN)
        for rects, color in ((self._falling, colors.fall), (self._rising, colors.rise)):
            painter.setBrush(color)
            rects.draw(painter)
        if model.chart_type is ChartType.HOLLOW:
            painter.setBrush(colors.surface)
            self._inner.draw(painter)

    def last_bar_rect(self) -> QRectF:
        """Return the strip that a live tick can change."""
        pane = self.pane
        size = 1 << self.model.bars.level_for(bars_per_bin(pane))
        left = pane.x((len(self.model.bars) - 1) // size * size)
        return QRectF(left - 2, 0, size * pane.bar_width + 4, pane.height)

    def _build(self, bins: BarBins) -> None:
        pane, at = self.pane, columns_of(bins, self.pane)
        device = 1 / pane.ratio
        open_, close = snapped_y(pane, bins.columns[OPEN]), snapped_y(pane, bins.columns[CLOSE])
        top, bottom = snapped_y(pane, bins.columns[HIGH]), snapped_y(pane, bins.columns[LOW])
        wick_height = np.maximum(bottom - top, at.wick_width)
        rising = bins.columns[CLOSE] >= bins.columns[OPEN]
        for rects, chosen in ((self._rising, rising), (self._falling, ~rising)):
            wick = (at.wick_left[chosen], top[chosen], at.wick_width, wick_height[chosen])
            if self.model.chart_type is ChartType.BARS:
                middle, reach = at.wick_left[chosen], (at.body_width - at.wick_width) / 2
                ticks = [
                    (middle - reach, open_[chosen] - at.wick_width / 2, reach, at.wick_width),
                    (middle + at.wick_width, close[chosen] - at.wick_width / 2, reach, at.wick_width),
                ]
                _fill_all(rects, [wick, *ticks])
                continue
            upper = np.minimum(open_, close)[chosen]
            height = np.maximum(np.abs(open_ - close)[chosen], max(device, at.wick_width))
            _fill_all(rects, [wick, (at.body_left[chosen], upper, at.body_width, height)])
            if rects is self._rising:
                frame = at.wick_width
                self._inner.fill(
                    at.body_left[chosen] + frame,
                    upper + frame,
                    max(0.0, at.body_width - 2 * frame),
                    np.maximum(0.0, height - 2 * frame),
                )

    def _draw_line(self, painter: QPainter) -> None:
        model, pane, colors = self.model, self.pane, current_theme().colors
        bins = shown_bins(model, pane)
        if not len(bins):
            return
        x, prices = _line_points(bins, pane)
        y = (pane.high - prices) * (pane.height / (pane.high - pane.low))
        if model.chart_type is ChartType.AREA:
            painter.setPen(NO_PEN)
            painter.setBrush(with_alpha(colors.accent, AREA_OPACITY))
            painter.drawPolygon(
                polygon(np.concatenate((x[:1], x, x[-1:])), np.concatenate(([pane.height], y, [pane.height])))
            )
        painter.setPen(_line_pen(colors.accent))
        self._line.fill_path(x, y)
        with antialiased(painter):
            self._line.draw(painter)


class VolumeLayer(Layer):
    """Volume as columns from the floor of its pane. The pane's `high` is the largest volume in view."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._rising, self._falling = RectArray(), RectArray()
        self._built: tuple[object, ...] = ()

    def draw(self, painter: QPainter) -> None:
        """Draw one column per candle."""
        key = (self.pane, self.model.bars.revision)
        if key != self._built:
            self._build(shown_bins(self.model, self.pane))
            self._built = key
        colors = current_theme().colors
        painter.setPen(NO_PEN)
        for rects, color in ((self._falling, colors.fall), (self._rising, colors.rise)):
            painter.setBrush(blend(color, colors.surface, VOLUME_SHARE))
            rects.draw(painter)

    def _build(self, bins: BarBins) -> None:
        at, pane = columns_of(bins, self.pane), self.pane
        top = snapped_y(pane, bins.columns[VOLUME])
        rising = bins.columns[CLOSE] >= bins.columns[OPEN]
        for rects, chosen in ((self._rising, rising), (self._falling, ~rising)):
            rects.fill(at.body_left[chosen], top[chosen], at.body_width, pane.height - top[chosen])


class OverlayLayer(Layer):
    """Averages and VWAP as lines, one colour each in the order given."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._lines: list[LineArray] = []
        self._built: tuple[object, ...] = ()

    def draw(self, painter: QPainter) -> None:
        """Draw every overlay."""
        model = self.model
        if not model.overlays:
            return
        key = (self.pane, model.bars.revision, model.overlay_revision)
        if key != self._built:
            self._build()
            self._built = key
        with antialiased(painter):
            for number, line in enumerate(self._lines):
                painter.setPen(_line_pen(overlay_color(number)))
                line.draw(painter)

    def _build(self) -> None:
        model, pane = self.model, self.pane
        bins = shown_bins(model, pane)
        ends = np.minimum((np.arange(bins.first, bins.first + len(bins)) + 1) * bins.size, len(model.bars)) - 1
        x = (bins.centers - pane.first) * pane.bar_width
        self._lines = [LineArray() for _ in model.overlays]
        for line, overlay in zip(self._lines, model.overlays, strict=True):
            line.fill_path(x, (pane.high - overlay.values[ends]) * (pane.height / (pane.high - pane.low)))


def overlay_color(number: int) -> QColor:
    """Return the colour of the overlay at a place in the list."""
    color: QColor = getattr(current_theme().colors, SERIES_COLORS[number % len(SERIES_COLORS)])
    return color


def _line_pen(color: QColor) -> QPen:
    return QPen(color, LINE_WIDTH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)


def _line_points(bins: BarBins, pane: PaneScale) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return closes, or for merged bars their extremes in the order the price took, so that no spike is lost."""
    x = (bins.centers - pane.first) * pane.bar_width
    if bins.size == 1:
        return x, bins.columns[CLOSE]
    rising = bins.columns[CLOSE] >= bins.columns[OPEN]
    early = np.where(rising, bins.columns[LOW], bins.columns[HIGH])
    late = np.where(rising, bins.columns[HIGH], bins.columns[LOW])
    return np.repeat(x, 2), np.column_stack((early, late)).ravel()


def _fill_all(rects: RectArray, parts: list[_Part]) -> None:
    """Fill one array with several sets of rectangles, so that each colour is one call to Qt."""
    rects.fill(
        *(
            np.concatenate([np.broadcast_to(np.asarray(part[place]), part[0].shape) for part in parts])
            for place in range(4)
        )
    )
