"""Grid, price axis and time axis: marks computed once a frame, drawn as hairlines and shipped figures.

Stock plot axes cost more time than a million bars; these draw a dozen lines and texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from workstation.desktop.charts.layers import Layer, hairline_pen
from workstation.desktop.charts.tags import AxisTag, draw_tag, spread, tag_height
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme, figure_font, ui_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel

PRICE_MARK_GAP_PX: Final = 36.0
TIME_MARK_GAP_PX: Final = 84.0
AXIS_PADDING_PX: Final = 7.0
TICK_PX: Final = 4.0


class GridLayer(Layer):
    """Rulings at the axis marks; a new day, month or year is ruled stronger."""

    horizontal = True

    def draw(self, painter: QPainter) -> None:
        """Rule levels and uprights."""
        pane, model, colors = self.pane, self.model, current_theme().colors
        faint, strong = hairline_pen(colors.grid, pane.ratio), hairline_pen(colors.line, pane.ratio)
        painter.setPen(faint)
        if self.horizontal:
            painter.drawLines([self._level(price) for price in model.price_marks])
        painter.drawLines([self._upright(mark.bar) for mark in model.time_marks if not mark.major])
        painter.setPen(strong)
        painter.drawLines([self._upright(mark.bar) for mark in model.time_marks if mark.major])

    def _level(self, price: float) -> QLineF:
        y = self.pane.hairline(self.pane.y(price))
        return QLineF(0, y, self.pane.width, y)

    def _upright(self, bar: int) -> QLineF:
        x = self.pane.hairline(self.pane.x(bar))
        return QLineF(x, 0, x, self.pane.height)


class VolumeGridLayer(GridLayer):
    """The same upright rulings in the volume pane, and the line that divides it from the prices."""

    horizontal = False

    def draw(self, painter: QPainter) -> None:
        """Rule uprights and the dividing line."""
        super().draw(painter)
        y = self.pane.hairline(0)
        painter.drawLine(QLineF(0, y, self.pane.width, y))


class PriceAxis(Layer):
    """Price texts right of the plot, and over them the tags of last price, orders, position and pointer.

    `pane` is the price pane's scale with the axis' own width. `tags` are laid without covering each other,
    `pointer_tag` lies over everything.
    """

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self.tags: list[AxisTag] = []
        self.pointer_tag: AxisTag | None = None
        self.full_height = 0.0
        self.volume_top = 0.0
        self.volume_text = ""

    def wanted_width(self) -> float:
        """Return the width that the widest text needs."""
        model = self.model
        texts = [model.format_price(price) for price in (model.price_marks or [model.window.low, model.window.high])]
        if model.last is not None:
            texts.append(model.format_price(model.last.price))
        metrics = QFontMetricsF(figure_font("caption", Weight.DemiBold))
        return round(max(metrics.horizontalAdvance(text) for text in texts) + 2 * AXIS_PADDING_PX + TICK_PX)

    def draw(self, painter: QPainter) -> None:
        """Write prices where no tag lies, then the tags."""
        pane, model, colors = self.pane, self.model, current_theme().colors
        font = figure_font("caption")
        height = tag_height(font)
        placed = spread(self.tags, height, 0.0, pane.height)
        taken = [(top, top + height * (2 if tag.second_line else 1)) for tag, top in placed]
        painter.setFont(font)
        painter.setPen(hairline_pen(colors.line, pane.ratio))
        edge = pane.hairline(0)
        painter.drawLine(QLineF(edge, 0, edge, self.full_height))
        for price in model.price_marks:
            y = pane.y(price)
            painter.setPen(hairline_pen(colors.line, pane.ratio))
            painter.drawLine(QLineF(edge, pane.hairline(y), edge + TICK_PX, pane.hairline(y)))
            if not height / 2 <= y <= pane.height - height / 2:
                continue
            if any(top < y + height / 2 and bottom > y - height / 2 for top, bottom in taken):
                continue
            painter.setPen(colors.text_muted)
            painter.drawText(self._text_rect(y - height / 2, height), _LEFT, model.format_price(price))
        if self.volume_text:
            painter.setPen(colors.text_muted)
            painter.drawText(self._text_rect(self.volume_top + 2, height), _LEFT, self.volume_text)
        for tag, top in placed:
            self._draw_tag(painter, tag, top, height)
        if self.pointer_tag is not None:
            top = min(max(self.pointer_tag.y - height / 2, 0.0), self.full_height - height)
            self._draw_tag(painter, self.pointer_tag, top, height)

    def _draw_tag(self, painter: QPainter, tag: AxisTag, top: float, height: float) -> None:
        colors, pane = current_theme().colors, self.pane
        rect = QRectF(pane.snapped(1.0), pane.snapped(top), pane.width - 1.0, height * (2 if tag.second_line else 1))
        outline = tag.fill if tag.outline_only else None
        painter.setFont(figure_font("caption", Weight.DemiBold))
        draw_tag(
            painter,
            rect,
            "",
            fill=colors.surface if tag.outline_only else tag.fill,
            ink=tag.ink,
            outline=outline,
            ratio=pane.ratio,
        )
        painter.drawText(self._text_rect(rect.top(), height), _LEFT, tag.text)
        if tag.second_line:
            painter.setFont(figure_font("caption"))
            painter.drawText(self._text_rect(rect.top() + height - 1, height), _LEFT, tag.second_line)

    def _text_rect(self, top: float, height: float) -> QRectF:
        return QRectF(AXIS_PADDING_PX + TICK_PX / 2, top, self.pane.width - AXIS_PADDING_PX, height)

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return the axis beside both panes."""
        return QRectF(0.0, 0.0, self.pane.width, max(self.full_height, self.pane.height))


class TimeAxis(Layer):
    """Time texts under the plot. `pane` is the price pane's scale with the axis' own height."""

    def draw(self, painter: QPainter) -> None:
        """Write the times and their ticks."""
        pane, colors = self.pane, current_theme().colors
        painter.setPen(hairline_pen(colors.line, pane.ratio))
        edge = pane.hairline(0)
        painter.drawLine(QLineF(0, edge, pane.width + 1000, edge))
        faint, strong = ui_font("caption"), ui_font("caption", Weight.DemiBold)
        for mark in self.model.time_marks:
            x = pane.x(mark.bar)
            font = strong if mark.major else faint
            half = QFontMetricsF(font).horizontalAdvance(mark.text) / 2
            if not half <= x <= pane.width - half:
                continue
            painter.setFont(font)
            painter.setPen(colors.text if mark.major else colors.text_muted)
            painter.drawText(QRectF(x - half - 4, TICK_PX, 2 * half + 8, pane.height - TICK_PX), _CENTER, mark.text)
            painter.setPen(hairline_pen(colors.line, pane.ratio))
            painter.drawLine(QPointF(pane.hairline(x), edge), QPointF(pane.hairline(x), edge + TICK_PX))


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
