"""The table of the positions panel: cells that act on a press or a key, and rows that can be carried to another panel.

Last stage of both walks. Says what was done with pointer and keys; sends nothing itself.
"""

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from workstation.desktop.spare_columns import SpareColumnView
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.positions_table import PORTIONS_BPS

TO_TICKET, GAP = "qty", "gap"
PRESSED_CELLS = frozenset({TO_TICKET, GAP, *PORTIONS_BPS})
"""Columns whose cells act on a press: exits, the size, which goes into a ticket, and a gap, which shows its fills."""


class ButtonCells(SpareColumnView):
    """A table with buttons in cells.

    Emits: cell_pressed(row, column name) on a press and release within one, or Enter or the space bar on it;
    row_carried(row, place on the screen) where a row is let go outside the table.
    """

    cell_pressed = Signal(object, str)
    row_carried = Signal(object, QPoint)

    _pressed: QModelIndex | None = None
    _held: PositionSnap | None = None

    def _acts(self, index: QModelIndex) -> bool:
        return index.isValid() and self.columns.table.columns[index.column()].name in PRESSED_CELLS

    def _press(self, index: QModelIndex) -> None:
        self.cell_pressed.emit(self.columns.row_at(index.row()), self.columns.table.columns[index.column()].name)

    # Qt overrides

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note a first press on a button; the second press of a double click is none."""
        index = self.indexAt(event.position().toPoint())
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = index if is_left and self._acts(index) else None
        self._held = self.columns.row_at(index.row()) if is_left and index.isValid() else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show that a row that is held would be carried out of the table."""
        held = self._held is not None and event.buttons() & Qt.MouseButton.LeftButton
        outside = held and not self.viewport().rect().contains(event.position().toPoint())
        self.viewport().setCursor(Qt.CursorShape.DragLinkCursor if outside else Qt.CursorShape.ArrowCursor)
        if not outside:
            super().mouseMoveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do nothing twice."""
        self._pressed = self._held = None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Act when the release is on the button that was pressed; outside the table, hand the row over."""
        (pressed, held), self._pressed, self._held = (self._pressed, self._held), None, None
        point = event.position().toPoint()
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        super().mouseReleaseEvent(event)
        if held is not None and not self.viewport().rect().contains(point):
            self.row_carried.emit(held, event.globalPosition().toPoint())
        elif pressed is not None and self.indexAt(point) == pressed:
            self._press(pressed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Act on the cell that the keyboard is in; a key that is held down acts once."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.key() in keys and self._acts(self.currentIndex()):
            if not event.isAutoRepeat():
                self._press(self.currentIndex())
        else:
            super().keyPressEvent(event)
