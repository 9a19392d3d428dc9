"""What stands under a cell that is edited: a step down and up, and what Enter would do. Part of the orders panel.

A click on a step leaves the cursor in the cell. It decides and sends nothing.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget
from shiboken6 import isValid

STEPS = {"down": ("−", -1, "One step down"), "up": ("+", 1, "One step up")}


class AmendBar(QFrame):
    """The bar of one open cell, within the table. line: the editor; step(n): moves the edit by n ticks or lots."""

    def __init__(self, parent: QWidget, line: QWidget, step: Callable[[int], None], *, has_steps: bool) -> None:
        super().__init__(parent)
        self._table, self._cell = parent, QRect()
        self.setObjectName("order_edit_bar")
        self.setProperty("role", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(line)  # a click looks for who takes the focus from here upwards, and finds that it is there
        self.words = QLabel()
        self.words.setObjectName("order_edit_words")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 6, 2)
        row.setSpacing(4)
        self.steps: dict[str, QPushButton] = {}
        for name, (text, steps, meaning) in STEPS.items() if has_steps else ():
            button = self.steps[name] = QPushButton(text)
            button.setObjectName(f"order_edit_{name}")
            button.setProperty("tight", "true")
            button.setFixedWidth(button.sizeHint().height())
            button.setAccessibleName(meaning)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _checked=False, steps=steps: step(steps))
            row.addWidget(button)
        row.addWidget(self.words)

    def say(self, words: str, *, refused: bool = False) -> None:
        """Show what Enter would do, or why it would not."""
        self.words.setText(words)
        role = "danger" if refused else "muted"
        if self.words.property("role") != role:
            self.words.setProperty("role", role)
            self.words.style().polish(self.words)
        self._fit()

    def stand_under(self, cell: QRect) -> None:
        """Stand under a cell, or above it where there is no room below; whole within the table either way."""
        self._cell = QRect(cell)  # a view's own is gone once it has been drawn
        self._fit()
        self.show()
        self.raise_()

    def _fit(self) -> None:
        if not isValid(self._table):  # it ends with the editor open
            return
        self.adjustSize()
        cell, table = self._cell, self._table.rect()
        left = max(min(cell.left(), table.right() - self.width()), 0)
        has_room = cell.bottom() + self.height() <= table.bottom() or cell.top() < self.height()
        self.move(left, cell.bottom() + 1 if has_room else cell.top() - self.height())
