"""The table of a watchlist: rows can be dragged to another place or panel, its marker aims the trade focus.

Last stage of the tick walk. Says what was done with the pointer and the keys; changes no list and sends nothing.
"""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication

from workstation.desktop.cell_painting import PADDING_PX
from workstation.desktop.shell.panel import Panel
from workstation.desktop.table_view import ColumnView
from workstation.viewmodels.watchlist_rows import WatchRow

RANK_SORT = (("rank", False),)
SYMBOL_LETTERS, LAST_LETTERS = 5, 7
"""What a symbol and the last price have at least where both have less room than they were designed for."""


class WatchView(ColumnView):
    """The table of a watchlist: rows can be dragged to another place while it stands in its own order.

    Emits: marker_clicked(entry), row_dropped(entry, place), row_carried(entry, place on the screen) where a row is let
    go outside, row_opened(entry) on a double click, move_pressed(steps), paste_pressed().
    """

    marker_clicked = Signal(str)
    row_dropped = Signal(str, int)
    row_carried = Signal(str, QPoint)
    row_opened = Signal(str)
    move_pressed = Signal(int)
    paste_pressed = Signal()

    _dragged: WatchRow | None = None
    _press = QPoint()
    _target = -1

    def _fit_flexible(self, *_: object) -> None:
        """Show the last price beside the symbol in a narrow list too: both are as wide as they must then."""
        symbol, last = (self.columns.column_named(name) for name in ("symbol", "last"))
        header = self.horizontalHeader()
        beside = [header.logicalIndex(place) for place in range(header.visualIndex(last) + 1)]
        room = self.viewport().width() - sum(
            self._kept_width(number)
            for number in beside
            if number not in (symbol, last) and not self.isColumnHidden(number)
        )
        wanted, least = self._designed_width(last), self._least_width(LAST_LETTERS)
        is_narrow = symbol in beside and not self.isColumnHidden(last) and room < self._designed_width(symbol) + wanted
        if is_narrow and not self._by_hand & {symbol, last} and room >= self._least_width(SYMBOL_LETTERS) + least:
            self._lent = {last}
            self.setColumnWidth(last, max(room - self._designed_width(symbol), least))
            self.setColumnWidth(symbol, room - self.columnWidth(last))
            self.updateGeometries()
            return
        if self._lent:
            self.setColumnWidth(last, wanted)
            self._lent = set()
        super()._fit_flexible()

    def _least_width(self, letters: int) -> int:
        return round(letters * self.cell_paint.digit) + 2 * PADDING_PX

    def _place_at(self, y: int) -> int:
        """Return the row before which a drop at y would go."""
        position = self.rowAt(y)
        if position < 0:
            return len(self.columns.view)
        return position + (y > self.rowViewportPosition(position) + self.rowHeight(position) // 2)

    # Qt overrides

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a row; on the marker, aim the trade focus."""
        point = event.position().toPoint()
        index = self.indexAt(point)
        self._dragged, self._press = None, point
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            row = self.columns.row_at(index.row())
            if self.columns.table.columns[index.column()].name == "focus" and not row.is_heading:
                self.marker_clicked.emit(row.entry)
                return
            self._dragged = row
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show where a dragged row would go."""
        point = event.position().toPoint()
        held = self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton
        outside = held and not self.viewport().rect().contains(point)
        self.viewport().setCursor(Qt.CursorShape.DragLinkCursor if outside else Qt.CursorShape.ArrowCursor)
        if outside:
            self._target = -1
            self.viewport().update()
            return
        if held and self.columns.table.sorting == RANK_SORT and (point - self._press).manhattanLength() > 8:
            self._target = self._place_at(point.y())
            self.viewport().update()
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop a dragged row."""
        target, dragged = self._target, self._dragged
        self._target, self._dragged = -1, None
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        super().mouseReleaseEvent(event)
        if dragged is not None and not self.viewport().rect().contains(event.position().toPoint()):
            self.row_carried.emit(dragged.entry, event.globalPosition().toPoint())
            return
        if target >= 0 and dragged is not None:
            self.viewport().update()
            self.row_dropped.emit(dragged.entry, target)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the row's instrument in a ticket."""
        row = self.row_under(event.position().toPoint())
        self._dragged = None
        if row is not None and not row.is_heading and event.button() == Qt.MouseButton.LeftButton:
            self.row_opened.emit(row.entry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the selected row with Alt and an arrow; paste symbols on the platform's key."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if steps is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_pressed.emit(steps)
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and the line where a dragged one would go."""
        super().paintEvent(event)
        if self._target >= 0:
            last = min(self._target, len(self.columns.view) - 1)
            y = self.rowViewportPosition(last) + (self.rowHeight(last) if self._target > last else 0)
            painter = QPainter(self.viewport())
            painter.setPen(QPen(self.cell_paint.color("accent"), 2))
            painter.drawLine(0, y, self.viewport().width(), y)
            painter.end()


def panel_at(place: QPoint) -> Panel | None:
    """Return the panel at a place of the screen."""
    found = QApplication.widgetAt(place)
    while found is not None and not isinstance(found, Panel):
        found = found.parentWidget()
    return found
