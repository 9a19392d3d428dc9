"""Drawings as they are painted over the bars, and which one is under a point. They are made and moved by `tools`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPen

from workstation.desktop.charts.layers import NO_PEN, Layer, antialiased
from workstation.desktop.charts.texts import figures, words
from workstation.desktop.colors import with_alpha
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.drawings import LOCKED, Drawing, DrawingKind
from workstation.viewmodels.drawings_geometry import Shape, distance, handle_at, shape_of

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

LINE_WIDTH: Final = 1.25
SELECTED_WIDTH: Final = 2.0
HANDLE_PX: Final = 4.0
REACH_PX: Final = 6.0
AREA_OPACITY: Final = 0.10
VEIL_OPACITY: Final = 0.78


class DrawingsLayer(Layer):
    """All drawings of the instrument; the selected one is stronger and shows its handles."""

    def drawings(self) -> list[Drawing]:
        """Return what is shown, from below: the draft stands for the drawing that it changes."""
        model = self.model
        if not model.drawings_shown:
            return [] if model.draft is None else [model.draft]
        draft = model.draft
        kept = [drawing for drawing in model.book.drawings if draft is None or drawing.number != draft.number]
        return kept if draft is None else [*kept, draft]

    def hit(self, at: QPointF) -> tuple[int, int | None] | None:
        """Return the number of the topmost drawing under a point, and of its handle there; None where there is none."""
        ground = self.model.ground(self.pane)
        for drawing in reversed(self.drawings()):
            shape = shape_of(drawing, ground)
            handle = handle_at(shape, at.x(), at.y(), REACH_PX)
            if handle is not None or distance(shape, at.x(), at.y()) <= REACH_PX:
                return drawing.number, handle
        return None

    def draw(self, painter: QPainter) -> None:
        """Draw every drawing."""
        drawings = self.drawings()
        if not drawings or not len(self.model.bars):
            return
        ground = self.model.ground(self.pane)
        with antialiased(painter):
            for drawing in drawings:
                self._draw_one(painter, drawing, shape_of(drawing, ground))

    def _draw_one(self, painter: QPainter, drawing: Drawing, shape: Shape) -> None:
        colors = current_theme().colors
        draft = self.model.draft
        selected = drawing.number == self.model.selected or drawing is draft
        for areas, ink in ((shape.areas, colors.info), (shape.gains, colors.rise), (shape.losses, colors.fall)):
            for left, top, right, bottom in areas:
                painter.fillRect(QRectF(QPointF(left, top), QPointF(right, bottom)), with_alpha(ink, AREA_OPACITY))
        painter.setPen(QPen(colors.info, SELECTED_WIDTH if selected else LINE_WIDTH))
        for x1, y1, x2, y2 in shape.segments:
            painter.drawLine(QLineF(x1, y1, x2, y2))
        face = words(Weight.Medium) if drawing.kind is DrawingKind.TEXT else figures()
        for left, middle, text in shape.labels:
            self._draw_label(painter, left, middle, text)
            painter.setPen(colors.text if drawing.kind is DrawingKind.TEXT else colors.info)
            face.draw_left(painter, left, middle, text)
        if selected and drawing.locked and shape.handles:
            left, middle = shape.handles[0]
            self._draw_label(painter, left + REACH_PX, middle, LOCKED)
            painter.setPen(colors.text_muted)
            figures().draw_left(painter, left + REACH_PX, middle, LOCKED)
        elif selected:
            painter.setPen(QPen(colors.info, LINE_WIDTH))
            painter.setBrush(colors.surface)
            for x, y in shape.handles:
                painter.drawEllipse(QPointF(x, y), HANDLE_PX, HANDLE_PX)

    def _draw_label(self, painter: QPainter, left: float, middle: float, text: str) -> None:
        face = figures()
        veil = QRectF(left - 2, middle - face.height / 2, face.width(text) + 4, face.height)
        painter.setPen(NO_PEN)
        painter.fillRect(veil, with_alpha(current_theme().colors.surface, VEIL_OPACITY))
