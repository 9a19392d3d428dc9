"""What lies behind and beside the bars: shaded hours without trading, volume by price, and the compared instrument.

Each is off until it is asked for and costs nothing then. The figures are the view models'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF

from workstation.desktop.charts.indicator_layers import line_pen
from workstation.desktop.charts.layers import Layer, antialiased
from workstation.desktop.charts.primitives import LineArray, RectArray, device_pixels
from workstation.desktop.charts.series import bars_per_bin, device_y, shown_bins
from workstation.desktop.colors import blend
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_profile import VolumeProfile, volume_profile
from workstation.viewmodels.chart_sessions import closed_bars_in
from workstation.viewmodels.level_of_detail import CLOSE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel
    from workstation.viewmodels.chart_window import PaneScale

PROFILE_SHARE: Final = 0.22  # of the width, for the busiest row
ROW_PX: Final = 5.0
ROWS_MAX: Final = 160
VALUE_BLEND: Final = 0.34
OUTSIDE_BLEND: Final = 0.18


class SessionsLayer(Layer):
    """Bars outside trading hours, shaded."""

    def draw(self, painter: QPainter) -> None:
        """Shade them."""
        model, pane = self.model, self.pane
        if model.calendar is None or not len(model.bars):
            return
        color = current_theme().colors.surface_sunken
        for start, stop in closed_bars_in(model.bars.times_ns, model.calendar, *pane.bar_range):
            left, right = pane.snapped(pane.x(start)), pane.snapped(pane.x(stop))
            painter.fillRect(QRectF(left, 0.0, right - left, pane.height), color)


class ProfileLayer(Layer):
    """Volume by price of what is in view, from the left edge; the value area is stronger, the busiest row strongest."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self.profile: VolumeProfile | None = None
        self._rects = [RectArray(), RectArray(), RectArray()]
        self._built: tuple[object, ...] = ()

    def draw(self, painter: QPainter) -> None:
        """Draw the rows."""
        if not self.model.profile_shown or not len(self.model.bars):
            return
        key = (self.pane, self.model.bars.revision)
        if key != self._built:
            self._build()
            self._built = key
        colors = current_theme().colors
        fills = (
            blend(colors.info, colors.surface, OUTSIDE_BLEND),
            blend(colors.info, colors.surface, VALUE_BLEND),
            blend(colors.accent, colors.surface, 0.5),
        )
        with device_pixels(painter, self.pane.ratio):
            for rows, fill in zip(self._rects, fills, strict=True):
                painter.setBrush(fill)
                rows.draw(painter)

    def _build(self) -> None:
        pane, model = self.pane, self.model
        rows = int(min(max(pane.height // ROW_PX, 1), ROWS_MAX))
        first, stop = pane.bar_range
        bins = model.bars.bins(first, stop, bars_per_bin(pane))
        self.profile = profile = volume_profile(bins.columns, rows)
        if profile is None:
            self._rects = [RectArray(), RectArray(), RectArray()]
            return
        edges = device_y(pane, profile.edges)
        full = pane.width * pane.ratio * PROFILE_SHARE
        widths = np.rint(profile.volumes / profile.volumes[profile.busiest] * full).astype(np.int32)
        drawn = np.column_stack((np.zeros_like(widths), edges[1:], widths, np.maximum(edges[:-1] - 1, edges[1:] + 1)))
        number = np.arange(len(widths))
        inside = (number >= profile.value_area[0]) & (number < profile.value_area[1])
        busiest = number == profile.busiest
        for chosen, target in zip((~inside, inside & ~busiest, busiest), self._rects, strict=True):
            target.take(drawn[chosen & (widths > 0)].astype(np.int32))


class ComparisonLayer(Layer):
    """The compared instrument as a line that starts with the bars in view."""

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._line = LineArray()

    def draw(self, painter: QPainter) -> None:
        """Draw the line."""
        if self.model.comparison is None or not len(self.model.bars):
            return
        x, prices = comparison_points(self.model, self.pane)
        self._line.fill_path(x, self.pane.ys(prices))
        with antialiased(painter):
            painter.setPen(line_pen(current_theme().colors.text))
            self._line.draw(painter)


def comparison_points(model: ChartModel, pane: PaneScale) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and price of the compared instrument's line, one point a candle."""
    bins = shown_bins(model, pane)
    ends, x = bins.ends, (bins.centers - pane.first) * pane.bar_width
    if model.comparison is None:
        return x, np.full(len(x), np.nan)
    return x, model.comparison.line(model.bars.times_ns[ends], model.bars.columns[CLOSE, ends])
