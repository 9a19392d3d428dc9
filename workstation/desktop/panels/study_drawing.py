"""What drawings of studies share: they paint what they are given, and say in words what lies under the pointer.

Base of the curve of a backtest and the map of a sweep.
"""

from abc import abstractmethod

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workstation.desktop.theme import current_theme, theme_notifier, ui_font

HEIGHT_MIN_PX = 96


class StudyDrawing(QWidget):
    """One drawing. meaning: its accessible name."""

    def __init__(self, name: str, meaning: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(meaning)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(HEIGHT_MIN_PX)
        theme_notifier().changed.connect(self.update)

    @abstractmethod
    def text_at(self, point: QPointF) -> str:
        """Return what lies under a point, "" for nothing."""

    @abstractmethod
    def _draw(self, painter: QPainter) -> None:
        """Paint all of it."""

    def _draw_nothing(self, painter: QPainter, words: str) -> None:
        """Say in the middle what would be here."""
        painter.setFont(ui_font("caption"))
        painter.setPen(current_theme().colors.text_muted)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    # Qt overrides

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        self._draw(painter)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell what lies under the pointer."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.text_at(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
