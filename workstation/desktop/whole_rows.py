"""Rows of the toolkit's own trees and tables are shown whole or not at all: a cut line is read as a whole one.

Rows may be of different heights. One that is higher than the view is shown as far as it goes.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTreeWidget

EDGE_PX = 2
"""What of a row may lie outside: its words stand further in."""

Index = QModelIndex | QPersistentModelIndex


def is_cut(view: QAbstractItemView, row: QRect) -> bool:
    """Tell whether a row, in pixels of the viewport, lies partly outside of a view that has room for it."""
    room = view.viewport().height()
    return row.height() <= room and (row.top() < -EDGE_PX or row.bottom() >= room + EDGE_PX)


class WholeRowsTree(QTreeWidget):
    """A tree that shows whole rows."""

    # Qt overrides

    def drawRow(self, painter: QPainter, options: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row that has room."""
        if not is_cut(self, options.rect):
            super().drawRow(painter, options, index)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the item that is seen at a point of the viewport."""
        index = super().indexAt(point)
        return QModelIndex() if is_cut(self, self.visualRect(index)) else index


class WholeRows(QStyledItemDelegate):
    """Cells of a table that shows whole rows."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    # Qt overrides

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell whose row has room."""
        if not is_cut(self._view, option.rect):
            super().paint(painter, option, index)
