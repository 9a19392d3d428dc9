"""Figures of the ladder, laid out once and drawn many times: shaping a text costs several times its painting."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QFont, QPainter, QStaticText, QTransform

from workstation.desktop.fonts import FIGURE_FAMILY, Weight, sized_figure_font, sized_ui_font

TEXTS_KEPT_MAX = 4_096


def text_width(font: QFont, text: str) -> float:
    """Return the width of a text in pixels."""
    return _laid_out(text, font.family(), font.pixelSize(), font.weight())[1]


def draw_left(painter: QPainter, font: QFont, cell: QRect, text: str) -> None:
    """Draw a text from the left edge of a cell, in the middle of its height."""
    laid_out, _, height = _laid_out(text, font.family(), font.pixelSize(), font.weight())
    _draw(painter, font, laid_out, cell.left(), cell.top() + (cell.height() - height) / 2)


def draw_right(painter: QPainter, font: QFont, cell: QRect, text: str) -> None:
    """Draw a text up to the right edge of a cell; one that is too wide loses its end, never its first digits."""
    laid_out, width, height = _laid_out(text, font.family(), font.pixelSize(), font.weight())
    left = max(cell.left() + cell.width() - width, cell.left())
    _draw(painter, font, laid_out, left, cell.top() + (cell.height() - height) / 2)


def draw_centered(painter: QPainter, font: QFont, cell: QRect, text: str) -> None:
    """Draw a text in the middle of a cell."""
    laid_out, width, height = _laid_out(text, font.family(), font.pixelSize(), font.weight())
    _draw(painter, font, laid_out, cell.left() + (cell.width() - width) / 2, cell.top() + (cell.height() - height) / 2)


def _draw(painter: QPainter, font: QFont, laid_out: QStaticText, left: float, top: float) -> None:
    painter.setFont(font)
    painter.drawStaticText(QPointF(round(left), round(top)), laid_out)


@lru_cache(maxsize=TEXTS_KEPT_MAX)
def _laid_out(text: str, family: str, size_px: int, weight: int) -> tuple[QStaticText, float, float]:
    laid_out = QStaticText(text)
    laid_out.setTextFormat(Qt.TextFormat.PlainText)
    laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    sized = sized_figure_font if family == FIGURE_FAMILY else sized_ui_font
    laid_out.prepare(QTransform(), sized(size_px, Weight(weight)))
    return laid_out, laid_out.size().width(), laid_out.size().height()
