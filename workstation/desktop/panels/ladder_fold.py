"""What stands around the price rows gives way in a low ladder, a step at a time: rows come first.

The height and the size of text alone decide, so that no figure and no state of the data ever moves a row.
"""

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.theme import current_theme

ROWS_LEAST = 8
"""Price rows for which what stands around them gives way."""
FOLD_BELOW_PX = 280
"""Width, at text size 1, below which a text has a line to itself."""
COLUMNS = 12
"""Columns of a grid of buttons: rows of two and of three fill it, and so does the row that is left."""
GAP_PX = 4


class Fold(IntEnum):
    """How much has given way."""

    NOTHING = 0
    WORDS = 1
    """What the pointer is at is said in the line of the data's state."""
    BUTTONS = 2
    """And one row of buttons is left, with the others behind its last."""


def fold_for(height: int, row_px: int, around_px: Sequence[int]) -> Fold:
    """Return the first step that leaves ROWS_LEAST rows, else the last; around_px: what else is high, by step."""
    return next((step for step in Fold if height - around_px[step] >= ROWS_LEAST * row_px), Fold.BUTTONS)


class FoldedLine(QWidget):
    """A text and what stands beside it, which goes below the text where that would keep but a few letters.

    The last of it stays beside the text. The width alone decides: no state of the data, and no figure, ever moves a row
    of the ladder. Emits: room_changed(width in pixels).
    """

    room_changed = Signal(int)

    def __init__(self, text: QWidget, *beside: QWidget) -> None:
        super().__init__()
        self._text, self._beside = text, beside
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._is_folded = self._is_single = False
        self._place()

    def be_single(self, *, single: bool) -> None:
        """Stay one line at any width, or fold in a narrow panel."""
        self._is_single = single
        self._fold()

    def line_px(self, *, single: bool) -> int:
        """Return how high it is."""
        line = max(widget.sizeHint().height() for widget in self._beside)
        return line if single or not self.is_narrow else line + self._text.sizeHint().height()

    @property
    def is_narrow(self) -> bool:
        """Whether the text and all beside it have no room in one line."""
        return self.width() < FOLD_BELOW_PX * current_theme().text_scale

    def _fold(self) -> None:
        is_folded = self.is_narrow and not self._is_single
        if is_folded is not self._is_folded:
            self._is_folded = is_folded
            self._place()
        self.setMinimumHeight(self.line_px(single=True) if self._is_single else 0)

    def _place(self) -> None:
        count, row = len(self._beside), int(self._is_folded)
        self._grid.addWidget(self._text, 0, 0, 1, count if self._is_folded else 1)
        for place, widget in enumerate(self._beside[:-1], 1):
            self._grid.addWidget(widget, row, place, 1, 2 if self._is_folded and place == count - 1 else 1)
        self._grid.addWidget(self._beside[-1], 0, count)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold in a narrow panel."""
        super().resizeEvent(event)
        self.room_changed.emit(self.width())
        self._fold()


class ButtonRows(QWidget):
    """Buttons in rows; in a low place the last button of the one row that is left shows the others above it.

    rows: all of them, from the top; low: the row that is left, each with its share of the width.
    """

    def __init__(
        self, name: str, rows: Sequence[Sequence[QPushButton]], low: Sequence[tuple[QPushButton, int]]
    ) -> None:
        super().__init__()
        self._rows, self._low = rows, low
        self._is_low = False
        self.more = QPushButton("⋯", self)
        self.more.setObjectName(f"{name}_more")
        self.more.setAccessibleName("More buttons of the ladder")
        self.more.setToolTip("Cancels and the other buttons")
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.clicked.connect(self.open_others)
        self.others = QFrame(self, Qt.WindowType.Popup)
        self.others.setObjectName(f"{name}_others")
        self.others.setProperty("role", "raised")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._grid = _grid(0)
        column.addLayout(self._grid)
        self._apart = _grid(GAP_PX)
        self.others.setLayout(self._apart)
        self._place()

    def rows_px(self, *, low: bool) -> int:
        """Return how high the buttons are."""
        rows = 1 if low else len(self._rows)
        return rows * self.more.sizeHint().height() + (rows - 1) * GAP_PX

    def be_low(self, *, low: bool) -> None:
        """Keep one row, or show all."""
        if low is not self._is_low:
            self._is_low = low
            self.others.hide()
            self._place()

    def open_others(self) -> None:
        """Show the buttons that have given way above their row."""
        self.others.setFixedWidth(max(self.width(), self._apart.minimumSize().width()))
        self.others.adjustSize()
        self.others.move(self.mapToGlobal(QPoint(0, -self.others.height() - GAP_PX)))
        self.others.show()

    def _place(self) -> None:
        kept = {button for button, _ in self._low} if self._is_low else set()
        for number, row in enumerate(self._rows):
            grid = self._apart if self._is_low else self._grid
            shown = [button for button in row if button not in kept]
            for place, button in enumerate(shown):
                span = COLUMNS // len(shown)
                grid.addWidget(button, number, place * span, 1, span)
        at = 0
        for button, share in (*self._low, (self.more, COLUMNS - sum(share for _, share in self._low))):
            if self._is_low:
                self._grid.addWidget(button, 0, at, 1, share)
                at += share
        self.more.setVisible(self._is_low)


def _grid(margin: int) -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(margin, margin, margin, margin)
    grid.setSpacing(GAP_PX)
    for column in range(COLUMNS):
        grid.setColumnStretch(column, 1)
    return grid
