"""Words and figures on a chart, laid out once and drawn many times.

Shaping a text costs several times its painting, and an axis repeats the same prices frame after frame; so laid-out
texts are kept by text and font, least recently used dropped first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QStaticText, QTransform

from workstation.desktop.fonts import FIGURE_FAMILY, Weight, sized_figure_font, sized_ui_font

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QPainter

TEXTS_KEPT_MAX: Final = 4_096


def text_width(font: QFont, text: str) -> float:
    """Return the width of a text in pixels."""
    return _laid_out(text, font.family(), font.pixelSize(), font.weight())[1]


def line_height(font: QFont) -> float:
    """Return the height of one line in whole pixels."""
    return _line_height(font.family(), font.pixelSize(), font.weight())


def draw_left(painter: QPainter, font: QFont, rect: QRectF, text: str) -> None:
    """Draw a text from the left edge of a rectangle, in the middle of its height."""
    _draw(painter, font, text, rect.left(), rect.center().y())


def draw_centered(painter: QPainter, font: QFont, rect: QRectF, text: str) -> None:
    """Draw a text in the middle of a rectangle."""
    _draw(painter, font, text, rect.center().x() - text_width(font, text) / 2, rect.center().y())


def _draw(painter: QPainter, font: QFont, text: str, left: float, middle: float) -> None:
    laid_out, _, height = _laid_out(text, font.family(), font.pixelSize(), font.weight())
    painter.setFont(font)
    painter.drawStaticText(QPointF(round(left), round(middle - height / 2)), laid_out)


@lru_cache(maxsize=TEXTS_KEPT_MAX)
def _laid_out(text: str, family: str, size_px: int, weight: int) -> tuple[QStaticText, float, float]:
    laid_out = QStaticText(text)
    laid_out.setTextFormat(Qt.TextFormat.PlainText)
    laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    laid_out.prepare(QTransform(), _font(family, size_px, weight))
    return laid_out, laid_out.size().width(), laid_out.size().height()


@lru_cache(maxsize=64)
def _line_height(family: str, size_px: int, weight: int) -> float:
    return float(round(QFontMetricsF(_font(family, size_px, weight)).height()))


def _font(family: str, size_px: int, weight: int) -> QFont:
    sized = sized_figure_font if family == FIGURE_FAMILY else sized_ui_font
    return sized(size_px, Weight(weight))
