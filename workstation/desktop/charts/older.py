"""What stands before the first bar: that older ones are loading, where they begin, or that they did not come.

A quiet line at the left edge; one that did not come can be pressed. Where bars that trades close were counted anew, a
dotted line says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QRectF

from workstation.desktop.charts.layers import NO_PEN, Layer, dash_pen
from workstation.desktop.charts.texts import words
from workstation.desktop.colors import with_alpha
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_older import OlderState

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QPainter

EDGE_PX: Final = 6.0
BOTTOM_PX: Final = 8.0
ANEW: Final = "Counted anew from here"


class OlderLayer(Layer):
    """The words before the first bar, and where bars were counted anew."""

    def words(self) -> str:
        """Return what is said, "" while the first bar is out of sight or there is nothing to say."""
        model = self.model
        if not len(model.bars) or self.pane.first > 0:
            return ""
        return model.older.words(int(model.bars.times_ns[0]), model.zone)

    def rect(self) -> QRectF:
        """Return where it is said: left of the first bar where there is room, else at the left edge."""
        text, face = self.words(), words()
        if not text:
            return QRectF()
        width, height = face.width(text) + 2 * EDGE_PX, face.height + EDGE_PX
        left = max(self.pane.x(0) - width - EDGE_PX, EDGE_PX)
        return QRectF(left, self.pane.height - height - BOTTOM_PX, width, height)

    def is_pressed_by(self, at: QPointF) -> bool:
        """Return whether a press at a point asks once more for what did not come."""
        return self.model.older is OlderState.ERROR and self.rect().contains(at)

    def draw(self, painter: QPainter) -> None:
        """Draw both."""
        for time_ns in self.model.counted_anew:
            self._draw_seam(painter, time_ns)
        box, colors = self.rect(), current_theme().colors
        if not box.isEmpty():
            painter.setPen(NO_PEN)
            painter.setBrush(with_alpha(colors.surface, 0.9))
            painter.drawRect(box)
            painter.setPen(colors.warning if self.model.older is OlderState.ERROR else colors.text_muted)
            words().draw_left(painter, box.left() + EDGE_PX, box.center().y(), self.words())

    def _draw_seam(self, painter: QPainter, time_ns: int) -> None:
        pane, face, colors = self.pane, words(), current_theme().colors
        x = pane.x(self.model.bars.index_at(time_ns))
        if not 0 < x <= pane.width:
            return
        painter.setPen(dash_pen(colors.text_muted, pane.ratio, (1, 3)))
        painter.drawLine(QLineF(pane.hairline(x), 0, pane.hairline(x), pane.height))
        room = face.width(ANEW) + 2 * EDGE_PX
        if x + room <= pane.width:
            painter.setPen(colors.text_muted)
            face.draw_left(painter, x + EDGE_PX, pane.height - BOTTOM_PX - face.height, ANEW)
