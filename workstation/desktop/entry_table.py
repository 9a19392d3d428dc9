"""A table of plain entries, some of them edited in place: the panels of settings and of hotkeys stand on it.

Columns are as wide as what is in them, at any size of type; those named for it share what is left. It knows no panel
and sends nothing.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget

from workstation.desktop.cell_painting import PADDING_PX
from workstation.desktop.theme import current_theme
from workstation.desktop.whole_rows import WholeRows, is_cut

MARGIN_PX = 2 * PADDING_PX + 6
"""What a cell has beside its text, both sides together."""

CHARACTERS_MAX, SHARE_CHARACTERS_MIN = 32, 12
"""Bounds of a column that is as wide as its text, and of one that shares what is left, in digits."""


class EntryTable(QTableWidget):
    """A table without a grid. titles: of the columns; shares: what is left over goes to these, by weight."""

    def __init__(self, name: str, meaning: str, titles: Sequence[str], shares: Mapping[str, int]) -> None:
        super().__init__(0, len(titles))
        self._shares = {titles.index(title): weight for title, weight in shares.items()}
        self.setObjectName(name)
        self.setAccessibleName(meaning)
        self.setHorizontalHeaderLabels(list(titles))
        self.verticalHeader().hide()
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setItemDelegate(WholeRows(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.fit()

    def fit(self) -> None:
        """Give each column its room. Whoever fills the table calls it afterwards; data that flows never does."""
        self.verticalHeader().setDefaultSectionSize(current_theme().metrics.row)
        shown = [column for column in range(self.columnCount()) if not self.isColumnHidden(column)]
        digit, left = self.fontMetrics().horizontalAdvance("0"), self.viewport().width()
        for column in shown:
            if column not in self._shares:
                width = min(self._text_width(column), CHARACTERS_MAX * digit) + MARGIN_PX
                self.setColumnWidth(column, width)
                left -= width
        sharing = [column for column in shown if column in self._shares]
        weights = sum(self._shares[column] for column in sharing)
        for column in sharing:
            part = max(left * self._shares[column] // weights, SHARE_CHARACTERS_MIN * digit)
            left, weights = left - part, weights - self._shares[column]
            self.setColumnWidth(column, part)

    def _text_width(self, column: int) -> int:
        """Return the width of the widest text of a column, its title with it."""
        items = [item for row in range(self.rowCount()) if (item := self.item(row, column)) is not None]
        title, metrics = self.horizontalHeaderItem(column), self.fontMetrics()
        texts = [item.text() for item in items] + ([title.text()] if title is not None else [])
        boxed = any(item.flags() & Qt.ItemFlag.ItemIsUserCheckable for item in items)
        box = 2 * metrics.height() if boxed else 0
        return box + max((metrics.horizontalAdvance(text) for text in texts), default=0)

    # Qt overrides

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the cell that is seen at a point of the viewport."""
        index = super().indexAt(point)
        return QModelIndex() if is_cut(self, self.visualRect(index)) else index

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the columns to another size of type."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()
