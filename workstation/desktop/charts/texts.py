"""Words and figures on a chart, laid out once and drawn many times.

Shaping a text costs several times its painting, and an axis repeats the same prices frame after frame; so each
typeface keeps the texts it has laid out, and starts over when it holds too many.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QStaticText, QTransform

from workstation.desktop.fonts import Weight, sized_figure_font, sized_ui_font
from workstation.desktop.theme import current_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

TEXTS_KEPT_MAX: Final = 2_048
TYPEFACES_KEPT_MAX: Final = 16


class Typeface:
    """One font at one size, with the texts already laid out in it. Positions are logical pixels."""

    def __init__(self, font: QFont) -> None:
        self._font = font
        self._kept: dict[str, tuple[QStaticText, float, float]] = {}
        self.height = float(round(QFontMetricsF(font).height()))

    def width(self, text: str) -> float:
        """Return the width of a text."""
        return self._laid_out(text)[1]

    def draw_left(self, painter: QPainter, left: float, middle: float, text: str) -> None:
        """Draw a text from `left` on, its height centred on `middle`."""
        laid_out, _, height = self._laid_out(text)
        painter.setFont(self._font)
        painter.drawStaticText(QPointF(round(left), round(middle - height / 2)), laid_out)

    def draw_centered(self, painter: QPainter, center: float, middle: float, text: str) -> None:
        """Draw a text around a point."""
        self.draw_left(painter, center - self.width(text) / 2, middle, text)

    def _laid_out(self, text: str) -> tuple[QStaticText, float, float]:
        found = self._kept.get(text)
        if found is None:
            if len(self._kept) >= TEXTS_KEPT_MAX:
                self._kept.clear()
            laid_out = QStaticText(text)
            laid_out.setTextFormat(Qt.TextFormat.PlainText)
            laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            laid_out.prepare(QTransform(), self._font)
            size = laid_out.size()
            found = self._kept[text] = (laid_out, size.width(), size.height())
        return found


def words(weight: Weight = Weight.Normal) -> Typeface:
    """Return the face for words on a chart in the active theme's size."""
    return _words(current_theme().type.caption, weight)


def figures(weight: Weight = Weight.Normal) -> Typeface:
    """Return the face for figures on a chart in the active theme's size."""
    return _figures(current_theme().type.caption, weight)


@lru_cache(maxsize=TYPEFACES_KEPT_MAX)
def _words(size_px: int, weight: Weight) -> Typeface:
    return Typeface(sized_ui_font(size_px, weight))


@lru_cache(maxsize=TYPEFACES_KEPT_MAX)
def _figures(size_px: int, weight: Weight) -> Typeface:
    return Typeface(sized_figure_font(size_px, weight))
