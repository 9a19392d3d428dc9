"""Signals of strategies: a dot at time and price, and a letter beside it, B below, S above, H to hold; text on hover.

Last stage of the tick walk. Shape and letter differ from fills, so that an opinion is not read as a trade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF

from workstation.desktop.charts.layers import Layer, antialiased, hairline_pen
from workstation.desktop.charts.tags import TagStyle, draw_tag, tag_height, tag_width
from workstation.desktop.charts.texts import words
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_marks import MarkSide
from workstation.viewmodels.level_of_detail import CLOSE

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

BOX_PX: Final = 13.0
REACH_PX: Final = 16.0
DOT_PX: Final = 2.5
SIGNALS_DRAWN_MAX: Final = 1_000


class SignalsLayer(Layer):
    """The marks in view, and the words of the hovered one."""

    def signal_at(self, at: QPointF) -> int | None:
        """Return the number of the signal under a point."""
        for number in reversed(self._visible()):
            tip = self._tip(number)
            if self._box(number, tip).adjusted(-1, -1, 1, 1).contains(at) or (at - tip).manhattanLength() <= BOX_PX / 2:
                return number
        return None

    def draw(self, painter: QPainter) -> None:
        """Draw dots, stems and letters, then the words of the hovered one."""
        colors, face = current_theme().colors, words(Weight.DemiBold)
        for number in self._visible():
            tip, color = self._tip(number), self._color(number)
            box = self._box(number, tip)
            painter.setPen(hairline_pen(color, self.pane.ratio))
            painter.drawLine(QLineF(tip, box.center()))
            with antialiased(painter):
                painter.setBrush(color)
                painter.drawEllipse(tip, DOT_PX, DOT_PX)
                painter.setBrush(colors.surface)
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(color)
            face.draw_centered(painter, box.center().x(), box.center().y(), self._letter(number))
        hovered = self.model.hovered_signal
        if hovered is not None and hovered < len(self.model.signals) and self.model.signals_shown:
            self._draw_text(painter, hovered)

    def _draw_text(self, painter: QPainter, number: int) -> None:
        color, face, pane = self._color(number), words(Weight.Medium), self.pane
        text = self.model.signals[number].text
        width, height = min(tag_width(face, text), pane.width - 8), tag_height(face)
        box = self._box(number, self._tip(number))
        above = self.model.signals[number].side is not MarkSide.BUY
        left = min(max(box.center().x() - width / 2, 4), pane.width - width - 4)
        top = box.top() - height - 4 if above else box.bottom() + 4
        top = min(max(top, 2), pane.height - height - 2)
        style = TagStyle(face, current_theme().colors.surface, color, color)
        draw_tag(painter, QRectF(pane.snapped(left), pane.snapped(top), width, height), text, style, pane.ratio)

    def _visible(self) -> list[int]:
        if not self.model.signals_shown:
            return []
        first, stop = self.pane.bar_range
        shown = [number for number, (bar, _) in enumerate(self.model.signal_places) if first <= bar < stop]
        return shown[-SIGNALS_DRAWN_MAX:]

    def _tip(self, number: int) -> QPointF:
        model, (bar, factor) = self.model, self.model.signal_places[number]
        price = model.signals[number].price
        at = model.bars.columns[CLOSE, bar] if price is None else price * factor
        return QPointF(self.pane.x(bar + 0.5), self.pane.y(at))

    def _box(self, number: int, tip: QPointF) -> QRectF:
        reach = REACH_PX if self.model.signals[number].side is MarkSide.BUY else -REACH_PX
        return QRectF(tip.x() - BOX_PX / 2, tip.y() + reach - BOX_PX / 2, BOX_PX, BOX_PX)

    def _color(self, number: int) -> QColor:
        colors, side = current_theme().colors, self.model.signals[number].side
        return colors.text_muted if side is None else colors.buy if side is MarkSide.BUY else colors.sell

    def _letter(self, number: int) -> str:
        side = self.model.signals[number].side
        return "H" if side is None else side.name[0]
