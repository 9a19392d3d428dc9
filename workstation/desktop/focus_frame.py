"""The line around a control that paints itself, while the keyboard is in it: the style sheet draws it for all others.

Four strips rather than one widget above the whole: what is painted sixty times a second is not painted through a cover.
"""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QFrame, QWidget

LINE_PX = 1


class FocusFrame(QObject):
    """Shows where the keyboard is. Lives as long as the control around which it stands."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self._target = target
        self._strips = [self._strip(number) for number in range(4)]
        target.installEventFilter(self)

    def _strip(self, number: int) -> QFrame:
        strip = QFrame(self._target)
        strip.setObjectName(f"focus_line_{number}")
        strip.setProperty("role", "focus")
        strip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        strip.hide()
        return strip

    def _lay_out(self) -> None:
        width, height = self._target.width(), self._target.height()
        sides = (
            QRect(0, 0, width, LINE_PX),
            QRect(0, height - LINE_PX, width, LINE_PX),
            QRect(0, 0, LINE_PX, height),
            QRect(width - LINE_PX, 0, LINE_PX, height),
        )
        for strip, side in zip(self._strips, sides, strict=True):
            strip.setGeometry(side)
            strip.raise_()

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keyboard and the size; never consumes an event."""
        kind = event.type()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            for strip in self._strips:
                strip.setVisible(kind is QEvent.Type.FocusIn)
        if kind in (QEvent.Type.FocusIn, QEvent.Type.Resize):
            self._lay_out()
        return super().eventFilter(watched, event)
