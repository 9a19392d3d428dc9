"""The line in which the words of a text drawing are typed, over the chart where the text stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit

from workstation.viewmodels.drawings import TEXT_MAX

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent
    from PySide6.QtWidgets import QWidget

WIDTH_PX: Final = 180


class DrawingText(QLineEdit):
    """Emits: typed(text) once, by Enter or by leaving the line; Esc emits nothing. It deletes itself."""

    typed = Signal(str)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName("chart-drawing-text")
        self.setAccessibleName("Words of the drawing")
        self.setMaxLength(TEXT_MAX)
        self.setFixedWidth(WIDTH_PX)
        self._done = False
        self.returnPressed.connect(lambda: self._end(kept=True))

    def _end(self, *, kept: bool) -> None:
        if self._done:
            return
        self._done = True
        if kept:
            self.typed.emit(self.text())
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()
        self.hide()
        self.deleteLater()

    # --- Qt overrides ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self._end(kept=False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving keeps what was typed."""
        super().focusOutEvent(event)
        self._end(kept=True)
