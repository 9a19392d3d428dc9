"""Cells of a tree whose texts go on in another line where their column is too narrow. Nothing is elided."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeWidget

TEXT_HEIGHT_MAX_PX = 10_000
CELL_PADDING_PX, ROW_PADDING_PX = 20, 4


class WrappedCells(QStyledItemDelegate):
    """Cells of a tree whose texts go on in another line where their column is too narrow."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height that the text takes in its column's width."""
        hint, text = super().sizeHint(option, index), str(index.data() or "")
        font = index.data(Qt.ItemDataRole.FontRole) or option.font
        room = self._tree.columnWidth(index.column()) - CELL_PADDING_PX
        if not index.parent().isValid() or room <= 0:
            return hint
        box = QFontMetrics(font).boundingRect(0, 0, room, TEXT_HEIGHT_MAX_PX, Qt.TextFlag.TextWordWrap, text)
        return QSize(hint.width(), max(hint.height(), box.height() + ROW_PADDING_PX))
