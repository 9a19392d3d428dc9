"""A place for a label whose words change with the market, which then lays out nothing but itself.

A label's new text asks every layout above it, up to the window's, to be done again; at the frame rate that costs more
than all painting. Here the request ends: the label has whatever room its holder has, and the holder asks for another
height only where the words need one.
"""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from workstation.desktop.theme import current_theme


class Still(QWidget):
    """Holds one label over its whole area; its width never follows the words."""

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        self._height = 0
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Be as tall as the words."""
        self._height = self._label.sizeHint().height()
        return QSize(1, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the label all room."""
        super().resizeEvent(event)
        self._label.resize(self.size())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground of a panel, so that nothing below is painted anew for new words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), current_theme().colors.surface)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Ask for another height where the label needs one."""
        if event.type() is QEvent.Type.LayoutRequest and self._label.sizeHint().height() != self._height:
            self.updateGeometry()
        return super().event(event)
