"""A button as wide as its text: steps and presets beside a field of a quantity, at any size of type.

It decides nothing; whoever makes it gives it its meaning.
"""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from workstation.desktop.theme import use_figure_font

SPARE_PX = 10
"""Room beside the text, both sides together."""


class TightButton(QToolButton):
    """A small button with figures for its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setText(text)
        use_figure_font(self, "caption")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return the size of the text, with some room."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + SPARE_PX, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: no text is cut."""
        return self.sizeHint()


def draw_tight(parent: QWidget, *, tight: bool) -> None:
    """Draw the buttons within a widget close about their words, or with the room of the theme."""
    for button in parent.findChildren(QPushButton):
        button.setProperty("tight", tight)
        button.style().polish(button)
