"""The one table of the desktop: a Qt model over a ColumnTable, and a view that paints only what changed and is seen.

Selections and edits follow keys, not rows. Re-sorting waits while the pointer is pressed or has just moved. Nothing
here resizes columns while data flows.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QHeaderView, QTableView, QWidget

from workstation.desktop.theme import current_theme, figure_font, theme_notifier
from workstation.viewmodels.columns import Changes, ColumnKind, ColumnTable

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
Ink = Callable[[Any, str], QColor | None]

STILL_MS = 400
REFRESH_MS = 1_000
COLUMN_PADDING_PX = 14


class ColumnModel(QAbstractTableModel, Generic[R]):
    """Shows a ColumnTable. `ink(row, column name)` gives a text colour, `ground(row, column name)` a background."""

    def __init__(self, table: ColumnTable[R], ink: Ink, ground: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self._ink = ink
        self._ground = ground

    def apply(self, changes: Changes, first: int, last: int) -> None:
        """Announce an update; only changed rows between the view positions first and last are repainted."""
        if changes.reset:
            self.announce_order()
        elif changes.changed:
            visible = self.table.view[first : last + 1]
            hits = np.flatnonzero(np.isin(visible, np.fromiter(changes.changed, np.int32)))
            if len(hits):
                top, bottom = first + int(hits[0]), first + int(hits[-1])
                self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(self.table.columns) - 1))

    def announce_order(self) -> None:
        """Say that rows came, went or moved; selections follow their keys."""
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        keys = self._keys_before
        moved = [self._moved(index, keys) for index in persistent]
        self.changePersistentIndexList(persistent, moved)
        self._keys_before = {}
        self.layoutChanged.emit()

    def remember_selection(self, rows: Sequence[int]) -> None:
        """Note the keys of rows before their order changes."""
        self._keys_before = {row: self.table.key_at(row) for row in rows if row < len(self.table)}

    _keys_before: dict[int, Hashable] = {}  # noqa: RUF012  replaced whole, never changed in place

    def _moved(self, index: QModelIndex, keys: dict[int, Hashable]) -> QModelIndex:
        key = keys.get(index.row())
        position = None if key is None else self.table.position_of(key)
        return QModelIndex() if position is None else self.index(position, index.column())

    # Qt overrides

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of rows in view."""
        return 0 if parent is not None and parent.isValid() else len(self.table)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell's text, colours, alignment or accessible name."""
        if not index.isValid() or index.row() >= len(self.table):
            return None
        column = self.table.columns[index.column()]
        row = self.table.row_at(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column.name)
        if role == Qt.ItemDataRole.BackgroundRole:
            return self._ground(row, column.name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and column.kind is ColumnKind.TEXT:
            return column.text(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title} {column.text(row)}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.table.columns):
            return None
        column = self.table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by one column's values."""
        if 0 <= column < len(self.table.columns) and self.table.columns[column].kind is not ColumnKind.TEXT:
            self.table.sort_by([(self.table.columns[column].name, order == Qt.SortOrder.DescendingOrder)])
            self.announce_order()


class ColumnView(QTableView):
    """A dense table. Emits: pointer_still() when a deferred re-sort may happen."""

    pointer_still = Signal()

    def __init__(self, model: ColumnModel[Any], name: str, meaning: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(meaning)
        self.columns = model
        self.setModel(model)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self._still = QTimer(self, interval=STILL_MS, singleShot=True)
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self._refresh.start()
        theme_notifier().changed.connect(self._fit)
        self._fit()

    def upsert(self, rows: Sequence[Any]) -> None:
        """Show new and changed rows."""
        if rows:
            self.columns.remember_selection(self.selected_positions())
            changes = self.columns.table.upsert(rows)
            self.columns.apply(changes, *self.visible_positions())

    def refresh(self) -> None:
        """Sort again where values changed, unless the pointer has just moved over the table."""
        if not self._still.isActive() and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.columns.remember_selection(self.selected_positions())
            if self.columns.table.refresh():
                self.columns.announce_order()

    def filter_by(self, accepts: Callable[..., Any] | None) -> None:
        """Show only rows that a filter accepts."""
        self.columns.remember_selection(self.selected_positions())
        self.columns.table.filter_by(accepts)
        self.columns.announce_order()

    def visible_positions(self) -> tuple[int, int]:
        """Return the first and last view positions on screen."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        return max(first, 0), last if last >= 0 else max(len(self.columns.table) - 1, 0)

    def selected_positions(self) -> list[int]:
        """Return the view positions of the selected rows."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def selected_rows(self) -> list[Any]:
        """Return the selected rows."""
        return [self.columns.table.row_at(row) for row in self.selected_positions() if row < len(self.columns.table)]

    def row_under(self, point: QPoint) -> Any | None:
        """Return the row under a point of the viewport."""
        row = self.rowAt(point.y())
        return None if row < 0 else self.columns.table.row_at(row)

    def copy_selection(self) -> str:
        """Put the selected rows on the clipboard, tab-separated, as shown; returns the text."""
        columns = self.columns.table.columns
        lines = ["\t".join(column.title for column in columns)]
        lines += ["\t".join(column.text(row) for column in columns) for row in self.selected_rows()]
        text = "\n".join(lines)
        QApplication.clipboard().setText(text)
        return text

    def _fit(self, *_: object) -> None:
        font = figure_font("body")
        self.setFont(font)
        self.verticalHeader().setDefaultSectionSize(current_theme().metrics.row_compact)
        digit = QFontMetrics(font).horizontalAdvance("0")
        for number, column in enumerate(self.columns.table.columns):
            self.setColumnWidth(number, column.width * digit + COLUMN_PADDING_PX)

    # Qt overrides

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Hold the order of rows still while the pointer moves."""
        self._still.start()
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: Any) -> None:
        """Copy on the platform's copy key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        else:
            super().keyPressEvent(event)
