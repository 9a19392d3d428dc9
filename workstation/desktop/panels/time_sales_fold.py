"""Filters of a low tape stand in a popup behind one button, so that there are prints to be read.

The height and the size of text alone decide: no print, and no figure, ever moves another. It filters nothing itself.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.theme import current_theme

LOW_ROWS = 12
"""Rows of height, with all above the prints, below which filters stand behind their button."""
EDGE_PX, GAP_PX = 8, 4


class FilterFold(QPushButton):
    """The button of a low tape that opens its filters; it is there while the tape is low.

    bar: where the filters stand in a higher one, the first of all; filters: each with its share of the bar's width.
    """

    def __init__(self, name: str, bar: FlowBar, filters: Sequence[tuple[QWidget, int]]) -> None:
        super().__init__()
        self._bar, self._filters = bar, filters
        self.is_low = False
        self.setObjectName(name)
        self.setProperty("role", "quiet")
        self.setToolTip("Show the filters (Ctrl+F)")
        self.say_filtered(filtered=False)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setObjectName(f"{name}_filters")
        self.popup.setAccessibleName("Filters of the tape")
        self.popup.setProperty("role", "raised")
        self._column = QVBoxLayout(self.popup)
        self._column.setContentsMargins(EDGE_PX, EDGE_PX, EDGE_PX, EDGE_PX)
        self._column.setSpacing(GAP_PX)
        self.clicked.connect(self.open_filters)
        bar.add(self)
        self.hide()
        for place, (part, share) in enumerate(filters):
            bar.add(part, share, at=place)

    def be_low(self, height: int) -> bool:
        """Take the height in pixels of the tape with all above it; returns whether something moved."""
        is_low = height < LOW_ROWS * current_theme().metrics.row_compact
        if is_low is self.is_low:
            return False
        self.is_low = is_low
        self.popup.hide()
        for place, (part, share) in enumerate(self._filters):
            if is_low:
                self._bar.take(part)
                self._column.addWidget(part)
            else:
                self._column.removeWidget(part)
                self._bar.add(part, share, at=place)
            part.show()
        self.setVisible(is_low)
        return True

    def take_in(self, part: QWidget) -> None:
        """Show one more control below the folded filters."""
        self._column.addWidget(part)

    def say_filtered(self, *, filtered: bool) -> None:
        """Say whether prints are left out by a filter that may be out of sight."""
        self.setText("Filter on" if filtered else "Filter")
        self.setAccessibleName(f"Filters of the tape, {'on' if filtered else 'off'}")

    def open_filters(self) -> None:
        """Show the filters below the button, with the keyboard in the first."""
        self.popup.adjustSize()
        self.popup.move(self.mapToGlobal(QPoint(0, self.height())))
        self.popup.show()
        self._filters[0][0].setFocus()
