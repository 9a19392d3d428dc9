"""Holes in the bars as hatched bands with their times; a click on one asks for the bars again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF

from workstation.desktop.charts.layers import NO_PEN, Layer, hatch
from workstation.desktop.charts.texts import figures
from workstation.desktop.colors import with_alpha
from workstation.desktop.theme import current_theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

    from workstation.viewmodels.chart_gaps import ChartGap

BAND_MIN_PX: Final = 8.0
BAND_MAX_PX: Final = 24.0
LABEL_TOP_PX: Final = 48.0  # below the read-out
LABEL_EDGE_PX: Final = 4.0


class GapsLayer(Layer):
    """The holes in view. A label stands beside the one before it, or is left out where that is off its band."""

    def gap_at(self, at: QPointF) -> ChartGap | None:
        """Return the hole whose band or label is under a point."""
        return next((gap for gap, *boxes in self._boxes() if any(box.contains(at) for box in boxes)), None)

    def draw(self, painter: QPainter) -> None:
        """Draw bands and labels."""
        colors = current_theme().colors
        for gap, band, label in self._boxes():
            painter.setPen(NO_PEN)
            painter.setBrush(with_alpha(colors.warning, 0.08))
            painter.drawRect(band)
            painter.setBrush(hatch(with_alpha(colors.warning, 0.5)))
            painter.drawRect(band)
            if not label.isEmpty():
                painter.setBrush(with_alpha(colors.surface, 0.9))
                painter.drawRect(label)
                painter.setPen(colors.warning)
                text = gap.words(self.model.zone)
                figures().draw_left(painter, label.left() + LABEL_EDGE_PX, label.center().y(), text)

    def _boxes(self) -> Iterator[tuple[ChartGap, QRectF, QRectF]]:
        """Yield the holes in view with their bands and labels, an empty label where there is no room."""
        if self.model.renko is not None:
            return
        pane, face, taken = self.pane, figures(), 0.0
        width = min(max(pane.bar_width, BAND_MIN_PX), BAND_MAX_PX)
        for gap in self.model.gaps:
            x = pane.x(gap.bar)
            if not -width <= x <= pane.width + width:
                continue
            room = face.width(gap.words(self.model.zone)) + 2 * LABEL_EDGE_PX
            left = max(min(max(x - room / 2, 0.0), pane.width - room), taken)
            fits = left <= x and left + room <= pane.width
            label = QRectF(left, LABEL_TOP_PX, room, face.height + 4) if fits else QRectF()
            taken = max(taken, label.right())
            yield gap, QRectF(pane.snapped(x - width / 2), 0, width, pane.height), label
