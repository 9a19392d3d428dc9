"""The one table of the desktop: a Qt model over a ColumnTable, and a view that paints only what changed and is seen.

Selections and edits follow rows by number, not by place. Re-sorting waits while the pointer is pressed or has just
moved; rows that join above keep what is read in place. Nothing here resizes columns while data flows.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workstation.viewmodels.column_arrays import Rows
from workstation.viewmodels.columns import Bulk, Column, ColumnTable

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
Editable = Callable[[Any, str], str | None]


def not_editable(_row: Any, _name: str) -> str | None:
    """Return None: no cell of such a table is edited in place."""
    return None


class ColumnModel(QAbstractTableModel, Generic[R]):
    """Shows a ColumnTable. `edit_text(row, column name)` is what an editor starts with, None where none opens."""

    def __init__(self, table: ColumnTable[R], edit_text: Editable = not_editable) -> None:
        super().__init__()
        self.table = table
        self.view: Rows = table.view
        self._edit_text = edit_text

    def announce(self, inserted: tuple[int, int] | None = None) -> None:
        """Take over the table's view where it is another, and say so: rows joined in one run, or came, went and moved.

        Until then the model shows the view before, so that whoever hears of a change finds what it expects.
        """
        before, after = self.view, self.table.view
        if after is before:
            return
        if inserted is not None and len(before) + inserted[1] == len(after):
            self.beginInsertRows(QModelIndex(), inserted[0], inserted[0] + inserted[1] - 1)
            self.view = after
            self.endInsertRows()
        else:
            self._announce_order(before, after)

    def load(self, bulk: Bulk[R]) -> None:
        """Show many rows in place of all others."""
        self.beginResetModel()
        self.table.load(bulk)
        self.view = self.table.view
        self.endResetModel()

    def row_at(self, position: int) -> R:
        """Return the row at a view position."""
        return self.table.row(int(self.view[position]))

    def column_named(self, name: str) -> int:
        """Return the number of a column."""
        return next(number for number, column in enumerate(self.table.columns) if column.name == name)

    def _announce_order(self, before: Rows, after: Rows) -> None:
        self.layoutAboutToBeChanged.emit()
        self.view = after
        persistent = self.persistentIndexList()
        if persistent:
            rows = np.array([index.row() for index in persistent])
            known = rows < len(before)
            places = np.full(len(rows), -1)
            if known.any():
                places[known] = self.table.positions_of(before[rows[known]])
            moved = [
                self.index(int(place), index.column()) if place >= 0 else QModelIndex()
                for place, index in zip(places, persistent, strict=True)
            ]
            self.changePersistentIndexList(persistent, moved)
        self.layoutChanged.emit()

    # Qt overrides

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of rows in view."""
        return 0 if parent is not None and parent.isValid() else len(self.view)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell's text, alignment, hover text or accessible name; colours belong to the view."""
        if not index.isValid() or index.row() >= len(self.view):
            return None
        column: Column[R] = self.table.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        row = self.row_at(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.EditRole:
            return self._edit_text(row, column.name) or column.text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (column.hover or column.exact or column.text)(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{named(column)} {column.text(row)}".strip()
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title, alignment or hint."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.table.columns):
            return None
        column = self.table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return named(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.hint or column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if index.isValid() and index.row() < len(self.view):
            name = self.table.columns[index.column()].name
            if self._edit_text(self.row_at(index.row()), name) is not None:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags if index.isValid() else Qt.ItemFlag.NoItemFlags


def named(column: Column[Any]) -> str:
    """Return what a column is called: its title, or the first words of its hint, or else its own name."""
    return column.title or column.hint.partition(":")[0] or column.name
