"""A place for a label whose words change with the market, which then lays out nothing but itself.

A label's new text asks every layout above it, up to the window's, to be done again; at the frame rate that costs more
than all painting. Here the request ends: the label has whatever room its holder has, and the holder asks for another
height only where the words need one.
"""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Still(QWidget):
    """Holds one label over its whole area; its width never follows the words."""

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        self._height = 0
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Be as tall as the words."""
        self._height = self._label.sizeHint().height()
        return QSize(1, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the label all room."""
        super().resizeEvent(event)
        self._label.resize(self.size())

    def event(self, event: QEvent) -> bool:
        """Ask for another height where the label needs one."""
        if event.type() is QEvent.Type.LayoutRequest and self._label.sizeHint().height() != self._height:
            self.updateGeometry()
        return super().event(event)
