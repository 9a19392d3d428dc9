"""Executions as arrows at their bar and price: up for a buy, down for a sell; size and price in words on hover.

Where bars are adjusted, an arrow stands at its bar; its words keep the price that was paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF

from workstation.desktop.charts.layers import Layer, antialiased, hairline_pen
from workstation.desktop.charts.tags import TagStyle, draw_tag, tag_height, tag_width
from workstation.desktop.charts.texts import figures
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_marks import MarkSide

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from workstation.viewmodels.chart_marks import FillMark

ARROW_PX: Final = 9.0
FILLS_DRAWN_MAX: Final = 2_000


class FillsLayer(Layer):
    """An arrow at each fill: its tip at the price, up for a buy, down for a sell; size and price beside it on hover."""

    def fill_at(self, at: QPointF) -> int | None:
        """Return the number of the fill under a point."""
        for number, x, y in reversed(self._visible()):
            below = self.model.fills[number].side is MarkSide.BUY
            top = y if below else y - ARROW_PX
            if abs(at.x() - x - 0.5) <= ARROW_PX / 2 + 1 and top <= at.y() <= top + ARROW_PX:
                return number
        return None

    def draw(self, painter: QPainter) -> None:
        """Draw the arrows in view, those on one pixel once, and the text of the hovered one."""
        colors, fills = current_theme().colors, self.model.fills
        painter.setPen(hairline_pen(colors.surface, 1.0))
        tips = {(fills[number].side, int(x), int(y)): (x, y) for number, x, y in self._visible()}
        with antialiased(painter):
            for (side, *_), tip in tips.items():
                buy = side is MarkSide.BUY
                painter.setBrush(colors.buy if buy else colors.sell)
                painter.drawPolygon(self._arrow(QPointF(*tip), up=buy))
        hovered = self.model.hovered_fill
        if hovered is not None and hovered < len(self.model.fills):
            self._draw_text(painter, self.model.fills[hovered], self._tip(hovered))

    def _draw_text(self, painter: QPainter, fill: FillMark, tip: QPointF) -> None:
        colors = current_theme().colors
        color, ink = (colors.buy, colors.on_buy) if fill.side is MarkSide.BUY else (colors.sell, colors.on_sell)
        text = f"{fill.side.name} {fill.quantity} @ {self.model.format_price(fill.price)}"
        face = figures(Weight.Medium)
        rect = self.text_rect(fill.side, tip, tag_width(face, text), tag_height(face))
        draw_tag(painter, rect, text, TagStyle(face, color, ink), self.pane.ratio)

    def text_rect(self, side: MarkSide, tip: QPointF, width: float, height: float) -> QRectF:
        """Return where the words of a fill stand: beyond its arrow, or on its other side where the pane ends there."""
        left = min(max(tip.x() - width / 2, 4), self.pane.width - width - 4)
        above, below = tip.y() - ARROW_PX - 4 - height, tip.y() + ARROW_PX + 4
        under = side is MarkSide.BUY
        if under and below + height > self.pane.height:
            under = False
        elif not under and above < 0:
            under = True
        return QRectF(left, below if under else above, width, height)

    def _visible(self) -> list[tuple[int, float, float]]:
        """Return the newest fills whose bars are in view, oldest first: number and tip."""
        pane, model = self.pane, self.model
        first, stop = pane.bar_range
        shown = [
            (number, bar, factor) for number, (bar, factor) in enumerate(model.fill_places) if first <= bar < stop
        ][-FILLS_DRAWN_MAX:]
        across = pane.xs(np.array([bar + 0.5 for _, bar, _ in shown])).tolist()
        heights = pane.ys(np.array([model.fills[number].price * factor for number, _, factor in shown])).tolist()
        return [(number, x, y) for (number, *_), x, y in zip(shown, across, heights, strict=True)]

    def _tip(self, number: int) -> QPointF:
        bar, factor = self.model.fill_places[number]
        return QPointF(self.pane.x(bar + 0.5), self.pane.y(self.model.fills[number].price * factor))

    @staticmethod
    def _arrow(tip: QPointF, *, up: bool) -> QPolygonF:
        reach = ARROW_PX if up else -ARROW_PX
        return QPolygonF(
            [
                tip,
                QPointF(tip.x() + ARROW_PX / 2 + 0.5, tip.y() + reach),
                QPointF(tip.x() - ARROW_PX / 2 - 0.5, tip.y() + reach),
            ]
        )
