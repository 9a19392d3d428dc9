"""Grid, price axis and time axis: marks computed once a frame, drawn as hairlines and shipped figures.

Stock plot axes cost more time than a million bars; these draw a dozen lines and texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF

from workstation.desktop.charts.layers import Layer
from workstation.desktop.charts.primitives import RectArray, device_pixels
from workstation.desktop.charts.tags import AxisTag, TagStyle, draw_tag, spread, tag_height
from workstation.desktop.charts.texts import figures, words
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel
    from workstation.viewmodels.chart_window import PaneScale

PRICE_MARK_GAP_PX: Final = 36.0
TIME_MARK_GAP_PX: Final = 84.0
AXIS_PADDING_PX: Final = 7.0
TICK_PX: Final = 4.0
TEXT_LEFT_PX: Final = AXIS_PADDING_PX + TICK_PX / 2


class GridLayer(Layer):
    """Rulings through all panes: prices, times, and the lines between panes; a new day, month or year is stronger.

    `pane` is the price pane's scale; `dividers` are where panes end, `full_height` where the last one does.
    """

    full_height = 0.0
    dividers: tuple[float, ...] = ()

    def __init__(self, parent: QGraphicsItem | None, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._faint, self._strong = RectArray(), RectArray()

    def place(self, pane: PaneScale) -> None:
        """Take a new scale and lay the rulings out."""
        super().place(pane)
        ratio, hair = pane.ratio, max(1, int(pane.ratio))
        right, bottom = round(pane.width * ratio), round(self.full_height * ratio)
        edges: tuple[list[int], list[int]] = ([], [])
        for mark in self.model.time_marks:
            edges[mark.major].append(int(pane.x(mark.bar) * ratio // 1))
        levels = [int(pane.y(price) * ratio // 1) for price in self.model.price_marks]
        between = [int(y * ratio // 1) for y in self.dividers]
        for rects, uprights, rows in ((self._faint, edges[0], levels), (self._strong, edges[1], between)):
            ruled = [(x, 0, x + hair, bottom) for x in uprights] + [(0, y, right, y + hair) for y in rows]
            rects.take(np.array(ruled, dtype=np.int32).reshape(-1, 4))

    def draw(self, painter: QPainter) -> None:
        """Rule."""
        colors = current_theme().colors
        with device_pixels(painter, self.pane.ratio):
            for rects, color in ((self._faint, colors.grid), (self._strong, colors.line)):
                painter.setBrush(color)
                rects.draw(painter)

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return all panes."""
        return QRectF(0.0, 0.0, self.pane.width, max(self.full_height, self.pane.height))


class PriceAxis(Layer):
    """Price texts right of the plot, and over them the tags of last price, orders, position and pointer.

    `pane` is the price pane's scale with the axis' own width. `tags` are laid without covering each other,
    `pointer_tag` lies over everything.
    """

    def __init__(self, parent: QGraphicsItem | None, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self.tags: list[AxisTag] = []
        self.pointer_tag: AxisTag | None = None
        self.full_height = 0.0
        self.volume_top = 0.0
        self.volume_text = ""
        self.pane_texts: list[tuple[float, str]] = []

    def wanted_width(self) -> float:
        """Return the width that the widest text needs."""
        model = self.model
        prices = [model.window.low, model.window.high]
        if model.last is not None:
            prices.append(model.last.price)
        longest = max((*model.price_texts, *map(model.format_price, prices)), key=len)
        return round(figures(Weight.DemiBold).width(longest) + 2 * AXIS_PADDING_PX + TICK_PX)

    def draw(self, painter: QPainter) -> None:
        """Write prices where no tag lies, then the tags."""
        pane, model, colors = self.pane, self.model, current_theme().colors
        face = figures()
        height = tag_height(face)
        placed = spread(self.tags, height, 0.0, pane.height)
        taken = [(top, top + height * (2 if tag.second_line else 1)) for tag, top in placed]
        if self.pointer_tag is not None:
            taken.append((self.pointer_tag.y - height / 2, self.pointer_tag.y + height / 2))
        painter.fillRect(QRectF(0, 0, pane.hair, self.full_height), colors.line)
        painter.setPen(colors.text_muted)
        for price, text in zip(model.price_marks, model.price_texts, strict=True):
            y = pane.y(price)
            painter.fillRect(QRectF(0, pane.pixel(y), TICK_PX, pane.hair), colors.line)
            inside = height / 2 <= y <= pane.height - height / 2
            if inside and not any(top < y + height / 2 and bottom > y - height / 2 for top, bottom in taken):
                face.draw_left(painter, TEXT_LEFT_PX, y, text)
        if self.volume_text:
            face.draw_left(painter, TEXT_LEFT_PX, self.volume_top + height / 2 + 2, self.volume_text)
        for y, text in self.pane_texts:
            face.draw_left(painter, TEXT_LEFT_PX, y, text)
        for tag, top in placed:
            self._draw_tag(painter, tag, top, height)
        if self.pointer_tag is not None:
            top = min(max(self.pointer_tag.y - height / 2, 0.0), self.full_height - height)
            self._draw_tag(painter, self.pointer_tag, top, height)

    def _draw_tag(self, painter: QPainter, tag: AxisTag, top: float, height: float) -> None:
        colors, pane = current_theme().colors, self.pane
        rect = QRectF(pane.snapped(1.0), pane.snapped(top), pane.width - 1.0, height * (2 if tag.second_line else 1))
        face = figures(Weight.DemiBold)
        if tag.outline_only:
            style = TagStyle(face, colors.surface, tag.ink, tag.fill)
        else:
            style = TagStyle(face, tag.fill, tag.ink)
        draw_tag(painter, rect, "", style, pane.ratio)
        face.draw_left(painter, TEXT_LEFT_PX, rect.top() + height / 2, tag.text)
        if tag.second_line:
            figures().draw_left(painter, TEXT_LEFT_PX, rect.top() + height * 1.5 - 1, tag.second_line)

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return the axis beside both panes."""
        return QRectF(0.0, 0.0, self.pane.width, max(self.full_height, self.pane.height))


class TimeAxis(Layer):
    """Time texts under the plot. `pane` is the price pane's scale with the axis' own height."""

    full_width = 0.0
    pointer_tag: QRectF | None = None

    def draw(self, painter: QPainter) -> None:
        """Write the times and their ticks."""
        pane, colors = self.pane, current_theme().colors
        painter.fillRect(QRectF(0, 0, self.full_width, pane.hair), colors.line)
        faint, strong = words(), words(Weight.DemiBold)
        middle = (TICK_PX + pane.height) / 2
        for mark in self.model.time_marks:
            x = pane.x(mark.bar)
            face = strong if mark.major else faint
            half = face.width(mark.text) / 2
            if not half <= x <= pane.width - half or self._covered(x - half, x + half):
                continue
            painter.setPen(colors.text if mark.major else colors.text_muted)
            face.draw_centered(painter, x, middle, mark.text)
            painter.fillRect(QRectF(pane.pixel(x), 0, pane.hair, TICK_PX), colors.line)

    def _covered(self, left: float, right: float) -> bool:
        tag = self.pointer_tag
        return tag is not None and left < tag.right() and right > tag.left()

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return the axis below plot and price axis."""
        return QRectF(0.0, 0.0, max(self.full_width, self.pane.width), self.pane.height)
