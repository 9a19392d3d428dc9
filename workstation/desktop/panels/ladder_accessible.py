"""The ladder as a table to a screen reader: every cell has a role, a place and a name.

Read walk, beside the painter. Names are made when they are asked for, from the picture that is painted, and follow it;
live values announce nothing by themselves, only the cursor's moves do. Where Qt takes an interface or nothing, its
stubs forget the nothing: such methods return Any.
"""

from functools import cache
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface

from workstation.desktop.panels.ladder_canvas import LadderCanvas
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_words import cell_words


class LadderCell(QAccessibleInterface):
    """One cell of a ladder, by row from the top and column from the left as they are shown."""

    def __init__(self, table: "LadderTable", row: int, column: int) -> None:
        super().__init__()
        self._table, self._row, self._column = table, row, column

    # Qt overrides

    def isValid(self) -> bool:
        """Tell whether the cell is shown."""
        view = self._table.view
        return view is not None and self._row < self._table.rows and self._column < self._table.columns

    def object(self) -> Any:
        """Return nothing: a cell is painted, it is no object of its own."""
        return None

    def parent(self) -> QAccessibleInterface:
        """Return the ladder."""
        return self._table

    def child(self, index: int) -> Any:
        """Return nothing: a cell has no parts."""
        return None

    def childAt(self, x: int, y: int) -> Any:
        """Return nothing: a cell has no parts."""
        return None

    def childCount(self) -> int:
        """Return 0."""
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return that there is none."""
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        """Return the cell's name."""
        view = self._table.view
        if kind is not QAccessible.Text.Name or view is None or not self.isValid():
            return ""
        picture, column = view.picture, view.columns.edges[self._column][0]
        if picture is None:
            return ""
        return cell_words(picture.rows[self._row], column)

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Change nothing: a cell is read."""

    def rect(self) -> QRect:
        """Return where the cell is on the screen."""
        view = self._table.view
        if view is None or not self.isValid():
            return QRect()
        cell = view.cell_rect(view.columns.edges[self._column][0], self._row)
        return QRect(view.mapToGlobal(cell.topLeft()), cell.size())

    def role(self) -> QAccessible.Role:
        """Return that it is a cell."""
        return QAccessible.Role.Cell

    def state(self) -> QAccessible.State:
        """Return an ordinary state."""
        return QAccessible.State()


class LadderTable(QAccessibleInterface):
    """A ladder with its cells, row by row. Cells are made once and kept as long as the ladder lives."""

    def __init__(self, view: LadderCanvas) -> None:
        super().__init__()
        self.view: LadderCanvas | None = view
        self._cells: dict[tuple[int, int], LadderCell] = {}
        view.destroyed.connect(self._on_destroyed)

    @property
    def rows(self) -> int:
        """Rows that are shown."""
        picture = None if self.view is None else self.view.picture
        return 0 if picture is None else len(picture.rows)

    @property
    def columns(self) -> int:
        """Columns that are shown."""
        return 0 if self.view is None else len(self.view.columns.edges)

    def _on_destroyed(self) -> None:
        self.view = None

    def _cell(self, row: int, column: int) -> LadderCell:
        key = row, column
        if key not in self._cells:
            self._cells[key] = LadderCell(self, row, column)
        return self._cells[key]

    # Qt overrides

    def isValid(self) -> bool:
        """Tell whether the ladder still lives."""
        return self.view is not None

    def object(self) -> Any:
        """Return the ladder."""
        return self.view

    def parent(self) -> Any:
        """Return what holds the ladder."""
        holder = None if self.view is None else self.view.parentWidget()
        return None if holder is None else QAccessible.queryAccessibleInterface(holder)

    def child(self, index: int) -> Any:
        """Return a cell by its number, row by row."""
        if not 0 <= index < self.childCount():
            return None
        return self._cell(*divmod(index, self.columns))

    def childAt(self, x: int, y: int) -> Any:
        """Return the cell at a point of the screen."""
        if self.view is None:
            return None
        place = self.view.grid.place(self.view.mapFromGlobal(QPoint(x, y)), self.view.ladder.map.prices)
        if place is None or place.row >= self.rows:
            return None
        return self._cell(place.row, self.view.columns.index(place.column))

    def childCount(self) -> int:
        """Return the number of cells that are shown."""
        return self.rows * self.columns

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return a cell's number, -1 for a stranger."""
        for (row, column), cell in self._cells.items():
            if cell is child:
                return row * self.columns + column
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        """Return name and description of the ladder."""
        if self.view is None:
            return ""
        names = {
            QAccessible.Text.Name: self.view.accessibleName(),
            QAccessible.Text.Description: self.view.accessibleDescription(),
        }
        return names.get(kind, "")

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Change nothing: a ladder is read."""

    def rect(self) -> QRect:
        """Return where the ladder is on the screen."""
        if self.view is None:
            return QRect()
        return QRect(self.view.mapToGlobal(QPoint(0, 0)), self.view.size())

    def role(self) -> QAccessible.Role:
        """Return that it is a table."""
        return QAccessible.Role.Table

    def state(self) -> QAccessible.State:
        """Return an ordinary state."""
        return QAccessible.State()


@cache
def offer_cells() -> None:
    """Let Qt find cells in every ladder; the second call does nothing."""
    QAccessible.installFactory(_table_of)


def announce_cell(view: LadderCanvas, row: int, column: Column) -> None:
    """Tell a screen reader that the cursor is on a cell now."""
    if column in (shown for shown, _, _ in view.columns.edges):
        event = QAccessibleEvent(view, QAccessible.Event.Focus)
        event.setChild(row * len(view.columns.edges) + view.columns.index(column))
        QAccessible.updateAccessibility(event)


def _table_of(_kind: str, widget: QObject) -> QAccessibleInterface | None:
    return LadderTable(widget) if isinstance(widget, LadderCanvas) else None
