"""Drop marks of docks: none while Ctrl says that a panel shall float, and none that hides what lies below.

While a panel is carried, the docking library lays see-through windows over the docks. Under X without a compositor such
a window is black, and would hide all prices: there each is cut down to its frame and its buttons.
"""

import PySide6QtAds as QtAds
from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPalette, QRegion
from PySide6.QtWidgets import QWidget

from workstation.desktop.theme import current_theme

FRAME_PX = 4
"""Width of the frame around the area that a drop would take."""

SPOT = QRegion(0, 0, 1, 1)
"""What is left of a mark with nothing to show: an empty region would be none."""

_NOWHERE = (QtAds.DockWidgetArea.NoDockWidgetArea, QtAds.DockWidgetArea.InvalidDockWidgetArea)


class DropMarks(QObject):
    """The drop marks of one dock manager. framed: windows may be opaque here, so that nothing but frames is left."""

    def __init__(self, docking: QtAds.CDockManager, *, framed: bool) -> None:
        super().__init__(docking)
        self.setObjectName("drop_marks")
        self._framed = framed
        self._overlays = (docking.containerOverlay(), docking.dockAreaOverlay())
        for mark in (*self._overlays, *docking.findChildren(QtAds.CDockOverlayCross)):
            mark.installEventFilter(self)

    def refuse(self) -> None:
        """Let a panel that is let go now float where it is, whatever lies below."""
        for overlay in self._overlays:
            overlay.hideOverlay()

    def _cut(self, mark: QWidget) -> None:
        """Leave of a mark what it shows now."""
        if QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
            region = SPOT
        elif self._framed:
            region = _frame(mark) if isinstance(mark, QtAds.CDockOverlay) else _buttons(mark)
        else:
            region = QRegion()
        if region != mark.mask():
            mark.setMask(region)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cut a mark before it is first seen, and again after it has been painted; never consumes an event."""
        if isinstance(watched, QWidget):
            if event.type() is QEvent.Type.Show:
                _colour(watched)
                self._cut(watched)
            elif event.type() is QEvent.Type.Paint:
                QTimer.singleShot(0, watched, lambda: self._cut(watched))
        return super().eventFilter(watched, event)


def _colour(mark: QWidget) -> None:
    """Let a mark be drawn in the theme's accent: the colour of selected rows is too dark for a frame."""
    palette = mark.palette()
    palette.setColor(QPalette.ColorRole.Highlight, current_theme().colors.accent)
    mark.setPalette(palette)


def _frame(overlay: QtAds.CDockOverlay) -> QRegion:
    """Return the frame around the area that a drop would take."""
    area: QRect = overlay.dropOverlayRect()
    if not overlay.dropPreviewEnabled() or area.isEmpty() or overlay.dropAreaUnderCursor() in _NOWHERE:
        return SPOT
    inner = area.adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
    return SPOT.united(QRegion(area).subtracted(QRegion(inner)))


def _buttons(cross: QWidget) -> QRegion:
    """Return the places of a cross's buttons."""
    region = QRegion(SPOT)
    for button in cross.findChildren(QWidget):
        if not button.isHidden():
            region += button.geometry()
    return region
