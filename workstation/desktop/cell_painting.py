"""Cells as they are painted: texts laid out once, glyphs drawn once, both kept; and the rows of a table made of them.

The view asks for a row's cells, compares them with what stands on screen, and repaints those that differ. Colours are
role names of the theme until a cell is painted. Last stage of both walks; this module reads no frame.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QStaticText,
    QTransform,
)

from workstation.desktop.colors import blend, with_alpha
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import Theme, current_theme, figure_font, ui_font
from workstation.viewmodels.columns import CellStyle

TEXTS_KEPT: Final = 2_048
"""Laid-out texts that a table keeps, about a kilobyte each; a full screen has some nine hundred."""

GLYPHS_KEPT: Final = 256
PADDING_PX: Final = 6
GLYPH_PX: Final = 10
"""Side of a glyph at text size 1; it grows with the text."""

INDENT_PX: Final = 14
TOO_NARROW: Final = "###"
_MIXES: Final = {  # grounds that are a share of a role over the surface
    "danger_fill": ("danger", 0.45),
    "rise_flash": ("rise", 0.34),
    "fall_flash": ("fall", 0.34),
    "warning_tint": ("warning", 0.16),
    "danger_tint": ("danger", 0.22),
}


class PaintedCell(NamedTuple):
    """One cell ready to paint: what it says and shows, how it differs from its row, where its text starts within it."""

    text: str
    own: CellStyle
    shown: str
    ink: str
    glyph: str
    figures: bool
    text_x: float
    glyph_x: float


class CellPaint:
    """Fonts, colours, laid-out texts and glyphs of one theme. Bounded; emptied when the theme changes."""

    def __init__(self) -> None:
        self._theme: Theme | None = None
        self._texts: dict[tuple[str, bool, bool], QStaticText] = {}
        self._glyphs: dict[tuple[str, str, float], QPixmap] = {}
        self._colors: dict[str, QColor] = {}
        self.use_theme()

    def use_theme(self) -> None:
        """Take fonts and colours of the theme now in force."""
        theme = current_theme()
        if theme is self._theme:
            return
        self._theme = theme
        self._texts.clear()
        self._glyphs.clear()
        self._colors.clear()
        self.fonts: dict[tuple[bool, bool], QFont] = {
            (figures, bold): (figure_font if figures else ui_font)("body", Weight.DemiBold if bold else Weight.Normal)
            for figures in (False, True)
            for bold in (False, True)
        }
        self.metrics = {key: QFontMetricsF(font) for key, font in self.fonts.items()}
        self.line = self.metrics[False, False].height()
        self.digit = self.metrics[True, False].horizontalAdvance("0")
        self.glyph_px = max(round(GLYPH_PX * theme.text_scale), GLYPH_PX)

    def color(self, role: str) -> QColor:
        """Return the colour of a role, or of a named mix of one over the surface."""
        found = self._colors.get(role)
        if found is None:
            colors = current_theme().colors
            if role in _MIXES:
                name, share = _MIXES[role]
                found = blend(getattr(colors, name), colors.surface, share)
            else:
                found = getattr(colors, role)
            self._colors[role] = found
        return found

    def hatch(self) -> QBrush:
        """Return the brush that says: this value is stale."""
        return QBrush(with_alpha(self.color("stale"), 0.35), Qt.BrushStyle.BDiagPattern)

    def draw_cell(self, painter: QPainter, cell: PaintedCell, box: QRect) -> None:
        """Draw button, glyph and text of a cell."""
        if cell.own.button and cell.shown:
            self._draw_button(painter, box.adjusted(2, 1, -2, -1))
        if cell.glyph:
            glyph = self.glyph(cell.glyph, cell.ink, painter.device().devicePixelRatioF())
            painter.drawPixmap(round(box.left() + cell.glyph_x), box.top() + (box.height() - self.glyph_px) // 2, glyph)
        if cell.shown:
            painter.setPen(self.color(cell.ink))
            painter.setFont(self.fonts[cell.figures, cell.own.bold])
            static = self.static(cell.shown, figures=cell.figures, bold=cell.own.bold)
            y = box.top() + round((box.height() - self.line) / 2)
            painter.drawStaticText(round(box.left() + cell.text_x), y, static)

    def _draw_button(self, painter: QPainter, box: QRect) -> None:
        painter.setPen(self.color("line_strong"))
        painter.setBrush(self.color("surface_raised"))
        painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def text_width(self, text: str, *, figures: bool, bold: bool) -> float:
        """Return the width of a text in logical pixels."""
        if figures:
            return self.digit * len(text)
        return self.static(text, figures=figures, bold=bold).size().width()

    def fitted(self, text: str, width: float, *, figures: bool, bold: bool) -> str:
        """Return the text cut to a width: words with an ellipsis, figures replaced whole, never cut."""
        if self.text_width(text, figures=figures, bold=bold) <= width + 0.5:
            return text
        if figures:
            return TOO_NARROW if self.digit * len(TOO_NARROW) <= width else ""
        return self.metrics[figures, bold].elidedText(text, Qt.TextElideMode.ElideRight, width)

    def static(self, text: str, *, figures: bool, bold: bool) -> QStaticText:
        """Return a text laid out."""
        key = (text, figures, bold)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= TEXTS_KEPT:
                self._texts.clear()
            found = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            found.prepare(QTransform(), self.fonts[figures, bold])
            self._texts[key] = found
        return found

    def glyph(self, name: str, role: str, ratio: float) -> QPixmap:
        """Return a glyph in a role's colour for a device pixel ratio."""
        key = (name, role, ratio)
        found = self._glyphs.get(key)
        if found is None:
            if len(self._glyphs) >= GLYPHS_KEPT:
                self._glyphs.clear()
            found = self._glyphs[key] = _drawn_glyph(name, self.color(role), ratio, self.glyph_px)
        return found


def _drawn_glyph(name: str, color: QColor, ratio: float, side: int) -> QPixmap:
    """Return a glyph of a side in logical pixels; its shapes are drawn for GLYPH_PX."""
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    box = QRectF(1.5, 1.5, GLYPH_PX - 3, GLYPH_PX - 3)
    if name != "question":
        painter.scale(side / GLYPH_PX, side / GLYPH_PX)
    if name in _FILLED:
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPath(_filled_path(name, box))
    elif name == "question":
        font = ui_font("caption", Weight.Bold)
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(QRectF(0, 0, side, side), Qt.AlignmentFlag.AlignCenter, "?")
    else:
        painter.drawPath(_stroked_path(name, box))
        if name == "half":
            painter.setBrush(color)
            painter.drawChord(box, 90 * 16, 180 * 16)
    painter.end()
    return pixmap


_FILLED: Final = frozenset({"disc", "up", "down", "dots", "pause", "spot", "square", "shield", "pointer"})


def _filled_path(name: str, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    left, top, right, bottom = box.left(), box.top(), box.right(), box.bottom()
    middle, width = box.center(), box.width()
    if name == "disc":
        path.addEllipse(box)
    elif name == "spot":
        path.addEllipse(middle, 1.5, 1.5)
    elif name == "square":
        path.addRect(box)
    elif name == "dots":
        for share in (0.0, 0.5, 1.0):  # far enough apart that they are no dash
            path.addEllipse(QPointF(left + share * width, middle.y()), 1.1, 1.1)
    elif name == "pause":
        path.addRect(left + 0.8, top, 2.0, width)
        path.addRect(right - 2.8, top, 2.0, width)
    elif name == "shield":
        path.moveTo(left, top)
        path.lineTo(right, top)
        path.lineTo(right, middle.y())
        path.quadTo(right, bottom - 1, middle.x(), bottom + 1)
        path.quadTo(left, bottom - 1, left, middle.y())
        path.closeSubpath()
    else:
        corners = {
            "up": (QPointF(middle.x(), top), QPointF(right, bottom - 1), QPointF(left, bottom - 1)),
            "down": (QPointF(middle.x(), bottom), QPointF(right, top + 1), QPointF(left, top + 1)),
            "pointer": (QPointF(left + 1, top - 1), QPointF(right, middle.y()), QPointF(left + 1, bottom + 1)),
        }[name]
        path.addPolygon(list(corners))
        path.closeSubpath()
    return path


def _stroked_path(name: str, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    middle = box.center().y()
    if name in ("ring", "half"):
        path.addEllipse(box)
    elif name == "dash":
        path.moveTo(box.left(), middle)
        path.lineTo(box.right(), middle)
    elif name == "bar":
        path.addEllipse(box)
        path.moveTo(box.left() + 1.2, box.bottom() - 1.2)
        path.lineTo(box.right() - 1.2, box.top() + 1.2)
    elif name == "cross":
        path.moveTo(box.topLeft())
        path.lineTo(box.bottomRight())
        path.moveTo(box.topRight())
        path.lineTo(box.bottomLeft())
    elif name == "tick":
        path.moveTo(box.left(), middle)
        path.lineTo(box.left() + box.width() * 0.38, box.bottom() - 0.5)
        path.lineTo(box.right(), box.top() + 0.5)
    return path
