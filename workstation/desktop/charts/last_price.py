"""The last price: a dotted line, a tag with its age, and hatching where it is too old or cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QRectF

from workstation.desktop.charts.layers import NO_PEN, Layer, dash_pen, hatch
from workstation.desktop.charts.tags import AxisTag
from workstation.desktop.colors import with_alpha
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_window import PanelState
from workstation.viewmodels.level_of_detail import CLOSE, OPEN

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

STALE_BAND_MIN_PX: Final = 36.0


class LastPriceLayer(Layer):
    """The last price as a dotted line, and hatching from the last bar on where it is too old or cut off."""

    @property
    def stale(self) -> bool:
        """Return whether the right edge must be hatched."""
        last = self.model.last
        cut = self.model.state in {PanelState.STALE, PanelState.DISCONNECTED}
        return cut or (last is not None and last.stale)

    def axis_tags(self) -> list[AxisTag]:
        """Return the last price's label with its age."""
        model, colors = self.model, current_theme().colors
        if model.last is None:
            return []
        y = self.pane.y(model.last.price)
        if not 0 <= y <= self.pane.height:
            return []
        color = colors.stale if self.stale else self._color()
        text = model.format_price(model.last.price)
        return [AxisTag(y, text, color, colors.surface, 3, model.last.age_text, outline_only=False)]

    def draw(self, painter: QPainter) -> None:
        """Draw the hatching and the line."""
        pane, model, colors = self.pane, self.model, current_theme().colors
        if self.stale and len(model.bars):
            self._draw_hatch(painter)
        if model.last is None:
            return
        y = pane.y(model.last.price)
        if 0 <= y <= pane.height:
            painter.setPen(dash_pen(colors.stale if self.stale else self._color(), pane.ratio, (1, 3)))
            at = pane.hairline(y)
            painter.drawLine(QLineF(0, at, pane.width, at))

    def _draw_hatch(self, painter: QPainter) -> None:
        pane, colors = self.pane, current_theme().colors
        left = min(max(pane.x(len(self.model.bars)), 0.0), pane.width - STALE_BAND_MIN_PX)
        band = QRectF(pane.snapped(left), 0, pane.width - left, pane.height)
        painter.setPen(NO_PEN)
        painter.setBrush(with_alpha(colors.stale, 0.08))
        painter.drawRect(band)
        painter.setBrush(hatch(with_alpha(colors.stale, 0.35)))
        painter.drawRect(band)

    def _color(self) -> QColor:
        colors = current_theme().colors
        if not len(self.model.bars):
            return colors.text_muted
        columns = self.model.bars.columns
        return colors.rise if columns[CLOSE, -1] >= columns[OPEN, -1] else colors.fall
