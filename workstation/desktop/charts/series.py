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
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPen

from workstation.desktop.charts.layers import NO_PEN, Layer, antialiased
from workstation.desktop.charts.primitives import LineArray, RectArray, device_pixels, polygon
from workstation.desktop.colors import blend, with_alpha
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_window import ChartType, PaneScale
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN, VOLUME, BarBins

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel

CANDLE_DEVICE_PX_MIN = 4.0  # body of three, gap of one
CANDLE_PX_MIN = 3.0
LINE_DEVICE_PX_MIN = 1.5
LINE_WIDTH = 1.0
AREA_OPACITY = 0.14
VOLUME_SHARE = 0.45  # of the rise or fall colour over the panel
BODY_SHARE = 0.78  # of a bar's width


def bars_per_bin(pane: PaneScale) -> float:
    """Return how many bars must share one candle at this zoom."""
    narrowest = max(CANDLE_DEVICE_PX_MIN, CANDLE_PX_MIN * pane.ratio)
    return narrowest / (pane.bar_width * pane.ratio)


def merged_bars(model: ChartModel, pane: PaneScale) -> int:
    """Return how many bars one drawn candle stands for; 1 for lines, which show every extreme."""
    if model.chart_type in {ChartType.LINE, ChartType.AREA}:
        return 1
    return 1 << model.bars.level_for(bars_per_bin(pane))


def shown_bins(model: ChartModel, pane: PaneScale) -> BarBins:
    """Return the bins in view."""
    first, stop = pane.bar_range
    return model.drawn.bins(first, stop, bars_per_bin(pane))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where candles stand, in device pixels: left edges of bodies, width of body and wick, the wick's offset."""

    left: NDArray[np.int32]
    body: int
    wick: int
    offset: int


def columns_of(bins: BarBins, pane: PaneScale) -> Columns:
    """Return columns whose wick is centred in its body to the device pixel."""
    per_bar = pane.bar_width * pane.ratio
    wick = max(1, int(pane.ratio))
    body = max(wick, int(bins.size * per_bar * BODY_SHARE))
    body -= (body - wick) % 2
    left = np.rint((bins.centers - pane.first) * per_bar - body / 2).astype(np.int32)
    return Columns(left, body, wick, (body - wick) // 2)


def device_y(pane: PaneScale, values: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the nearest device-pixel edges of values, kept within a screen of the pane so that they fit 32 bits."""
    height = pane.height * pane.ratio
    edges = np.rint(pane.ys(values) * pane.ratio)
    return np.clip(edges, -height, 2 * height).astype(np.int32)


class BarsLayer(Layer):
    """Candles, hollow or averaged ones, bars, a line or an area."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._rising, self._falling, self._inner = RectArray(), RectArray(), RectArray()
        self._line = LineArray()
        self._built: tuple[object, ...] = ()

    def draw(self, painter: QPainter) -> None:
        """Draw bars of the chosen type."""
        model, colors = self.model, current_theme().colors
        if model.chart_type in {ChartType.LINE, ChartType.AREA}:
            self._draw_line(painter)
            return
        key = (self.pane, model.bars.revision, model.chart_type)
        if key != self._built:
            self._build(shown_bins(model, self.pane))
            self._built = key
        with device_pixels(painter, self.pane.ratio):
            painter.setBrush(colors.fall)
            self._falling.draw(painter)
            painter.setBrush(colors.rise)
            self._rising.draw(painter)
            painter.setBrush(colors.surface)
            self._inner.draw(painter)

    def last_bar_rect(self) -> QRectF:
        """Return the strip that a live tick can change."""
        pane = self.pane
        start, size = self.model.bars.bin_start(len(self.model.bars) - 1, bars_per_bin(pane))
        left = pane.x(start)
        return QRectF(left - 2, 0, size * pane.bar_width + 4, pane.height)

    def _build(self, bins: BarBins) -> None:
        at = columns_of(bins, self.pane)
        open_, high, low, close = device_y(self.pane, bins.columns[: CLOSE + 1])
        rising = bins.columns[CLOSE] >= bins.columns[OPEN]
        wick = at.left + at.offset
        parts = [rects(wick, high, at.wick, np.maximum(low, high + at.wick))]
        inner = np.empty((0, 4), dtype=np.int32)
        if self.model.chart_type is ChartType.BARS:
            reach = at.offset + at.wick  # from the outer edge over the wick, so that a tick is never empty
            parts.append(rects(at.left, open_, reach, open_ + at.wick))
            parts.append(rects(wick, close, reach, close + at.wick))
        else:
            top = np.minimum(open_, close)
            bottom = np.maximum(np.maximum(open_, close), top + at.wick)
            parts.append(rects(at.left, top, at.body, bottom))
            if self.model.chart_type is ChartType.HOLLOW:
                inner = rects(at.left + at.wick, top + at.wick, at.body - 2 * at.wick, bottom - at.wick)[rising]
        drawn = np.concatenate(parts)
        chosen = np.tile(rising, len(parts))
        self._rising.take(drawn[chosen])
        self._falling.take(drawn[~chosen])
        self._inner.take(inner[(inner[:, 2] > inner[:, 0]) & (inner[:, 3] > inner[:, 1])])

    def _draw_line(self, painter: QPainter) -> None:
        model, pane, colors = self.model, self.pane, current_theme().colors
        first, stop = pane.bar_range
        bins = model.bars.bins(first, stop, LINE_DEVICE_PX_MIN / (pane.bar_width * pane.ratio))
        if not len(bins):
            return
        x, prices = _line_points(bins, pane)
        y = pane.ys(prices)
        if model.chart_type is ChartType.AREA:
            painter.setPen(NO_PEN)
            painter.setBrush(with_alpha(colors.accent, AREA_OPACITY))
            painter.drawPolygon(
                polygon(np.concatenate((x[:1], x, x[-1:])), np.concatenate(([pane.height], y, [pane.height])))
            )
        painter.setPen(QPen(colors.accent, LINE_WIDTH))
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
        with device_pixels(painter, self.pane.ratio):
            for rects, color in ((self._falling, colors.fall), (self._rising, colors.rise)):
                painter.setBrush(blend(color, colors.surface, VOLUME_SHARE))
                rects.draw(painter)

    def _build(self, bins: BarBins) -> None:
        at, floor = columns_of(bins, self.pane), round(self.pane.height * self.pane.ratio)
        top = device_y(self.pane, bins.columns[VOLUME])
        drawn = rects(at.left, top, at.body, np.full_like(top, floor))
        rising = bins.columns[CLOSE] >= bins.columns[OPEN]
        self._rising.take(drawn[rising])
        self._falling.take(drawn[~rising])


def _line_points(bins: BarBins, pane: PaneScale) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return closes, or for merged bars their extremes in the order the price took, so that no spike is lost."""
    x = (bins.centers - pane.first) * pane.bar_width
    if bins.size == 1:
        return x, bins.columns[CLOSE]
    rising = bins.columns[CLOSE] >= bins.columns[OPEN]
    early = np.where(rising, bins.columns[LOW], bins.columns[HIGH])
    late = np.where(rising, bins.columns[HIGH], bins.columns[LOW])
    return np.repeat(x, 2), np.column_stack((early, late)).ravel()


def rects(left: NDArray[np.int32], top: NDArray[np.int32], width: int, bottom: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return (n, 4) rows of left, top, right, bottom, in device pixels."""
    return np.column_stack((left, top, left + np.int32(width), bottom))
