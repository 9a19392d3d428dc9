"""Texts of the ladder in one font, laid out once and drawn many times: shaping costs several times the painting."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QPainter, QStaticText, QTransform

TEXTS_KEPT_MAX = 4_096


class TextFace:
    """One font and the texts laid out in it. `use` sets the font; the draw calls then assume it."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._kept: dict[str, tuple[QStaticText, float, float]] = {}

    def use(self, painter: QPainter) -> None:
        """Set the font once for the texts that follow."""
        painter.setFont(self.font)

    def width(self, text: str) -> float:
        """Return the width of a text in pixels."""
        return self._laid_out(text)[1]

    def left(self, painter: QPainter, cell: QRect, text: str) -> None:
        """Draw from the left edge of a cell, in the middle of its height."""
        laid_out, _, height = self._laid_out(text)
        painter.drawStaticText(cell.x(), round(cell.y() + (cell.height() - height) / 2), laid_out)

    def right(self, painter: QPainter, cell: QRect, text: str) -> None:
        """Draw up to the right edge of a cell; a text that is too wide keeps its first digits."""
        laid_out, width, height = self._laid_out(text)
        x = cell.x()
        left = max(x + cell.width() - width, x)
        painter.drawStaticText(round(left), round(cell.y() + (cell.height() - height) / 2), laid_out)

    def centre(self, painter: QPainter, cell: QRect, text: str) -> None:
        """Draw in the middle of a cell."""
        laid_out, width, height = self._laid_out(text)
        left, top = cell.x() + (cell.width() - width) / 2, cell.y() + (cell.height() - height) / 2
        painter.drawStaticText(round(left), round(top), laid_out)

    def _laid_out(self, text: str) -> tuple[QStaticText, float, float]:
        kept = self._kept.get(text)
        if kept is None:
            if len(self._kept) >= TEXTS_KEPT_MAX:
                self._kept.clear()
            laid_out = QStaticText(text)
            laid_out.setTextFormat(Qt.TextFormat.PlainText)
            laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            laid_out.prepare(QTransform(), self.font)
            kept = self._kept[text] = (laid_out, laid_out.size().width(), laid_out.size().height())
        return kept
