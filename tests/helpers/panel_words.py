"""Every word that can be read in a panel: labels, cells, lists, empty texts and accessible names of what is shown."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QWidget

from workstation.desktop.table_view import ColumnView

ROWS_MAX = 60


def words_of(widget: QWidget) -> str:
    """Return all that is shown in a widget, one text a line."""
    return "\n".join(text for part in (widget, *widget.findChildren(QWidget)) for text in _texts(part, widget))


def _texts(part: QWidget, whole: QWidget) -> Iterator[str]:
    if not part.isVisibleTo(whole):
        return
    if isinstance(part, QLabel | QAbstractButton):
        yield part.text()
        yield part.accessibleName()
    if isinstance(part, ColumnView) and not part.columns.rowCount():
        yield part.empty_text
    elif isinstance(part, QAbstractItemView):
        yield from _cells(part.model(), QModelIndex())
    elif isinstance(text := getattr(part, "empty_text", None), str):
        yield text


def _cells(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for row in range(min(model.rowCount(parent), ROWS_MAX)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
            yield str(model.index(row, column, parent).data(Qt.ItemDataRole.DisplayRole) or "")
        yield from _cells(model, model.index(row, 0, parent))
