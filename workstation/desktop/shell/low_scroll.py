"""A panel in a dock that may be lower than what the panel holds: it scrolls as a whole, and is never squeezed.

Qt's own resizable area asks for the height that a panel would like; a table in it would then scroll a panel that fits.
"""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class LowScroll(QScrollArea):
    """Gives a panel the room there is, and at least the height below which its rows would lie over each other."""

    def __init__(self, panel: QWidget, holder: QWidget) -> None:
        super().__init__(holder)
        self._panel = panel
        self.setObjectName(f"{panel.objectName()}_room")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(panel)
        panel.installEventFilter(self)

    def _fit(self) -> None:
        room, layout = self.viewport().size(), self._panel.layout()
        if layout is None:
            least = 0
        elif layout.hasHeightForWidth():
            least = layout.minimumHeightForWidth(room.width())
        else:
            least = layout.minimumSize().height()
        self._panel.resize(room.width(), max(room.height(), least))

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow parts of the panel that come, go or grow."""
        if watched is self._panel and event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Follow the dock."""
        if event.type() is QEvent.Type.Resize:
            self._fit()
        return super().viewportEvent(event)

    def minimumSizeHint(self) -> QSize:
        """Return the least of a panel: a dock may be as low as it likes."""
        return QSize(1, 1)

    def sizeHint(self) -> QSize:
        """Return the size of the panel."""
        return self._panel.sizeHint()
