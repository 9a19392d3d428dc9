"""The view of the desktop's table: paints cells from laid-out texts, repaints only cells that changed and are seen.

Sort by header (Shift adds a key), columns to show, move and size, selection that follows its rows, copy at full
precision. Last stage of both walks. A double click sends nothing, ever.

Long because one Qt view answers for painting, header, selection and settings of the same columns.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QHeaderView, QMenu, QTableView

from workstation.desktop.fitted_columns import COLUMN_WIDTH_MIN_PX, FittedColumns, Settings
from workstation.desktop.row_pictures import RowPictures
from workstation.desktop.spelt import spelt
from workstation.desktop.tables import ColumnModel, named
from workstation.desktop.theme import current_theme, theme_notifier, ui_font
from workstation.viewmodels.columns import NO_CHANGES, Accepts, Changes, Column, RowStyle

STILL_MS = 400
REFRESH_MS = 1_000
SELECTED_MAX = 5_000
CELLS_APART_MAX = 3
"""Changed cells of one row that are repainted one by one; beyond, the row's picture is copied whole."""
EDGE_PX = 2
"""What of a row may lie outside: its words stand further in."""
EMPTY_GAP_PX = 4
INVERTED = "text"
"""Ground of a row whose colours are turned around."""


class ColumnView(FittedColumns):
    """A dense table. `style(row)` says how a row looks.

    Emits: delete_pressed(), filter_asked(column) by the header's menu, rows_chosen() when the selection changes,
    sorted() after another order was asked for.
    """

    delete_pressed = Signal()
    filter_asked = Signal(str)
    rows_chosen = Signal()
    sorted = Signal()

    def __init__(self, model: ColumnModel[Any], style: Callable[[Any], RowStyle], *, name: str, meaning: str) -> None:
        super().__init__(model)
        self.setObjectName(name)
        self.setAccessibleName(meaning)
        self.pictures = RowPictures(model.table.columns, style, self.cell_paint)
        self._hovered = -1
        self._empty = ("", "")
        self._default_sort: tuple[tuple[str, bool], ...] = ()
        self.filterable: frozenset[str] = frozenset()
        self.setModel(model)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self._build_headers()
        self._still = QTimer(self, interval=STILL_MS, singleShot=True)
        refresh = QTimer(self, interval=REFRESH_MS)
        refresh.timeout.connect(self.refresh)
        refresh.start()
        self.selectionModel().selectionChanged.connect(self._on_selection)
        model.modelReset.connect(self.pictures.clear)
        for changed in (model.modelReset, model.rowsInserted, model.layoutChanged):
            changed.connect(self._describe)
        theme_notifier().changed.connect(self._on_theme)
        self._fit_rows()
        self.reset_widths()

    @property
    def empty_text(self) -> str:
        """What stands in the table while it is empty."""
        return " ".join(self._empty).strip()

    def set_empty_text(self, text: str, hint: str = "") -> None:
        """Say what stands in an empty table, and the gesture that fills it."""
        if self._empty != (text, hint):
            self._empty = (text, hint)
            self._describe()
            if not len(self.columns.view):
                self.viewport().update()

    @property
    def default_sort(self) -> tuple[tuple[str, bool], ...]:
        """The order that holds when no header was clicked; empty for that of the rows' coming."""
        return self._default_sort

    def set_default_sort(self, keys: Sequence[tuple[str, bool]], *, over_chosen: bool = True) -> None:
        """Set the order that holds when no header was clicked. over_chosen: also over one that was chosen."""
        chosen = self.columns.table.sorting != self._default_sort
        self._default_sort = tuple(keys)
        if over_chosen or not chosen:
            self._sort(self._default_sort)

    def show_changes(self, changes: Changes) -> None:
        """Repaint cells of changed rows where they are seen and differ."""
        if changes.changed:
            shown = self._shown_numbers()
            self.pictures.forget(set(changes.changed - shown.keys()))
            for number in shown.keys() & changes.changed:
                self._redress(number, shown[number])

    def upsert(self, rows: Sequence[Any]) -> None:
        """Show new and changed rows."""
        if rows:
            self.apply(lambda: self.columns.table.upsert(rows))

    def apply(self, change: Callable[[], Changes | None]) -> None:
        """Run a change of the table and show it; what is read stays in place."""
        anchor = self._anchor()
        changes = change() or NO_CHANGES
        if self.columns.table.view is not self.columns.view:
            self._bound_selection()
            self.columns.announce(changes.inserted)
            self._hold(anchor)
        self.show_changes(changes)

    def redress(self) -> None:
        """Repaint the seen cells whose text or look is another now, though their rows are not."""
        shown = self._shown_numbers()
        self.pictures.keep(set(shown))
        for number, position in shown.items():
            self._redress(number, position)

    def refresh(self) -> None:
        """Sort and filter again where values changed, unless the pointer is at work over the table."""
        if not self._still.isActive() and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.reorder(self.columns.table.refresh)

    def reorder(self, change: Callable[[], Any]) -> None:
        """Run a change of sort, filter or membership."""
        change()
        if self.columns.table.view is not self.columns.view:
            self._bound_selection()
            self.columns.announce()

    def filter_by(self, accepts: Accepts | None) -> None:
        """Show only rows that a filter accepts."""
        self.reorder(lambda: self.columns.table.filter_by(accepts))

    def visible_positions(self) -> tuple[int, int]:
        """Return the first and last view positions on screen; (0, -1) when there are none."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        return max(first, 0), last if last >= 0 else len(self.columns.view) - 1

    def selected_rows(self) -> list[Any]:
        """Return the selected rows from top to bottom, at most SELECTED_MAX."""
        table = self.columns.table
        positions: set[int] = set()
        for part in self._selected_ranges():
            positions.update(range(part.top(), min(part.bottom() + 1, part.top() + SELECTED_MAX)))
        return [self.columns.row_at(position) for position in sorted(positions)[:SELECTED_MAX] if position < len(table)]

    def row_under(self, point: QPoint) -> Any | None:
        """Return the row under a point of the viewport."""
        position = self.rowAt(point.y())
        return (
            None if position < 0 or self._is_cut(self.rowViewportPosition(position)) else self.columns.row_at(position)
        )

    def select_key(self, key: Any) -> None:
        """Select the row of a key alone and bring it into view, whatever keys are held meanwhile."""
        position = self.columns.table.position_of(key)
        if position is not None:
            index, flag = self.columns.index(position, 0), QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
            self.scrollTo(index)

    def open_editor(self, index: QModelIndex) -> None:
        """Open a cell's editor; where a click into it is about to do so, leave that to the click."""
        self.edit(index, QTableView.EditTrigger.AllEditTriggers, QEvent(QEvent.Type.None_))

    def copy_selection(self) -> str:
        """Put the selected rows on the clipboard, tab-separated at full precision; returns the text."""
        columns = self.wanted_columns()
        lines = ["\t".join(column.title for column in columns)]
        lines += [self._copied(row, columns) for row in self.selected_rows()]
        text = "\n".join(lines)
        QApplication.clipboard().setText(text)
        return text

    def _copied(self, row: Any, columns: Sequence[Column[Any]]) -> str:
        return "\t".join((column.exact or column.text)(row).replace("\t", " ") for column in columns)

    def shown_columns(self) -> list[Column[Any]]:
        """Return the columns on screen, left to right."""
        header = self.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        return [self.columns.table.columns[number] for number in order if not self.isColumnHidden(number)]

    def wanted_columns(self) -> list[Column[Any]]:
        """Return the columns that a person wants to read, left to right: what is copied and exported."""
        return self.shown_columns()

    def save_settings(self) -> Settings:
        """Return column order, widths, hidden columns and sort."""
        return self.save_widths() | {
            "sort": [("-" if descending else "+") + name for name, descending in self.columns.table.sorting],
        }

    def restore_settings(self, settings: Settings) -> None:
        """Take them back."""
        self.restore_widths(settings)
        known = {column.name for column in self.columns.table.columns}
        keys = settings.get("sort")
        if isinstance(keys, list):
            words = [str(key) for key in keys]
            self._sort(tuple((word[1:], word[0] == "-") for word in words if word[1:] in known))

    def _build_headers(self) -> None:
        """Make headers of our own: one that Qt made may be taken for what stood at its address before."""
        rows = QHeaderView(Qt.Orientation.Vertical, self)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setVerticalHeader(rows)
        rows.hide()
        header = QHeaderView(Qt.Orientation.Horizontal, self)
        self.setHorizontalHeader(header)
        header.setObjectName(f"{self.objectName()}_header")
        header.setAccessibleName(f"Columns of {self.accessibleName()}")
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(COLUMN_WIDTH_MIN_PX)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorShown(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_column_menu)
        header.sectionClicked.connect(self._on_header_clicked)
        header.sectionResized.connect(self.pictures.clear)

    def _on_header_clicked(self, number: int) -> None:
        table = self.columns.table
        name = table.columns[number].name
        if table.columns[number].kind in ("TEXT", "ID"):
            return
        before = dict(table.sorting)
        adding = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
        kept = tuple(pair for pair in table.sorting if pair[0] != name) if adding else ()
        if name not in before:
            self._sort((*kept, (name, table.columns[number].right)))
        elif before[name] == table.columns[number].right:
            self._sort((*kept, (name, not before[name])))
        else:
            self._sort(kept or self._default_sort)

    def _sort(self, keys: Sequence[tuple[str, bool]]) -> None:
        self.reorder(lambda: self.columns.table.sort_by(keys))
        header = self.horizontalHeader()
        if not keys or tuple(keys) == self._default_sort:
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        else:
            order = Qt.SortOrder.DescendingOrder if keys[0][1] else Qt.SortOrder.AscendingOrder
            header.setSortIndicator(self.columns.column_named(keys[0][0]), order)
        self.sorted.emit()

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by columns, True for descending; no keys means the default order."""
        self._sort(tuple(keys) or self._default_sort)

    def _show_column_menu(self, point: QPoint) -> None:
        menu = self.column_menu(self.horizontalHeader().logicalIndexAt(point))
        menu.popup(self.horizontalHeader().mapToGlobal(point))

    def column_menu(self, under: int = -1) -> QMenu:
        """Return the menu that shows and hides columns, and filters by the one under the pointer.

        It deletes itself when closed.
        """
        menu = QMenu(self)
        menu.setObjectName(f"{self.objectName()}_columns")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if 0 <= under < len(self.columns.table.columns):
            pointed = self.columns.table.columns[under]
            if pointed.name in self.filterable:
                action = menu.addAction(f"Filter by {_entry_text(pointed)}…")
                action.setObjectName(f"{self.objectName()}_filter_by")
                action.triggered.connect(lambda _checked=False, name=pointed.name: self.filter_asked.emit(name))
                menu.addSeparator()
        for number, column in enumerate(self.columns.table.columns):
            if column.width:
                action = QAction(_entry_text(column), menu, checkable=True, checked=not self.isColumnHidden(number))
                action.toggled.connect(lambda on, number=number: self.setColumnHidden(number, not on))
                menu.addAction(action)
        menu.addSeparator()
        menu.addAction("Reset widths").triggered.connect(self.reset_widths)
        return menu

    def _shown_numbers(self) -> dict[int, int]:
        first, last = self.visible_positions()
        numbers: list[int] = self.columns.view[first : last + 1].tolist()
        return {number: first + offset for offset, number in enumerate(numbers)}

    def _anchor(self) -> int | None:
        bar = self.verticalScrollBar()
        position = bar.value()
        return int(self.columns.view[position]) if 0 < position < len(self.columns.view) else None

    def _hold(self, anchor: int | None) -> None:
        if anchor is not None and int(self.columns.view[self.verticalScrollBar().value()]) != anchor:
            position = int(self.columns.table.positions_of(np.array([anchor], np.int32))[0])
            if position >= 0:
                self.verticalScrollBar().setValue(position)

    def _selected_ranges(self) -> list[QItemSelectionRange]:
        selection = self.selectionModel().selection()
        return [selection.at(number) for number in range(selection.count())]

    def _bound_selection(self) -> None:
        if sum(part.height() for part in self._selected_ranges()) > SELECTED_MAX:
            self.clearSelection()

    def _on_selection(self, *_: object) -> None:
        self.viewport().update()
        self.rows_chosen.emit()

    def _on_theme(self, *_: object) -> None:
        before = self.cell_paint.digit
        self.cell_paint.use_theme()
        self.pictures.clear()
        self._fit_rows()
        if before != self.cell_paint.digit:
            self.scale_widths(before)
        self.viewport().update()

    def _fit_rows(self) -> None:
        self.verticalHeader().setDefaultSectionSize(current_theme().metrics.row_compact)

    def _redress(self, number: int, position: int) -> None:
        places = self.pictures.change(number, self.columns.table.row(number))
        if places is None or len(places) > CELLS_APART_MAX:
            self._update_row(position)
            return
        top, height, offset = self.rowViewportPosition(position), self._row_height(), self.horizontalOffset()
        for _, left, width in places:
            self.viewport().update(left - offset, top, width, height)

    def _update_row(self, position: int) -> None:
        top, height = self.rowViewportPosition(position), self.rowHeight(position)
        self.viewport().update(QRect(0, top, self.viewport().width(), height))

    def _row_height(self) -> int:
        return self.verticalHeader().defaultSectionSize()

    def _is_cut(self, top: int) -> bool:
        """Tell whether a row, its top in pixels, lies partly outside: it is not shown, and not under a pointer."""
        room, height = self.viewport().height(), self._row_height()
        return height <= room and (top < -EDGE_PX or top + height > room + EDGE_PX)

    def _ground(self, style: RowStyle, position: int, *, selected: bool) -> str:
        if selected and style.ground != INVERTED:
            return "surface_selected"
        if style.section:
            return "surface_raised"
        return style.ground or ("surface_hover" if position == self._hovered else "surface")

    def _lay_out(self) -> None:
        header, offset = self.horizontalHeader(), self.horizontalOffset()
        places = [
            (number, header.sectionViewportPosition(number) + offset, header.sectionSize(number))
            for number in range(header.count())
            if not header.isSectionHidden(number)
        ]
        self.pictures.lay_out(places, self._row_height(), self.devicePixelRatioF())

    def _paint_empty(self, painter: QPainter) -> None:
        """Say that nothing is here, with the gesture that fills it where that has room too."""
        box, flags = self.viewport().rect().adjusted(12, 0, -12, 0), Qt.AlignmentFlag.AlignHCenter
        wrapped, (text, hint) = flags | Qt.TextFlag.TextWordWrap, self._empty
        large, small = ui_font("emphasis"), ui_font("caption")

        def height_of(words: str, font: QFont) -> int:
            return QFontMetrics(font).boundingRect(box, wrapped, words).height() if words else 0

        room, below = box.height() - EDGE_PX, EMPTY_GAP_PX + height_of(hint, small) if hint else 0
        if height_of(text, large) + below > room:
            hint, below = "", 0
        font, words_px = large, height_of(text, large)
        if words_px > room:
            font, words_px = small, height_of(text, small)
        if words_px > room:
            wrapped, words_px = flags, QFontMetrics(font).height()
            text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        if words_px > room:
            return
        top = (box.height() - words_px - below) // 2
        painter.setFont(font)
        painter.setPen(self.cell_paint.color("text"))
        painter.drawText(box.adjusted(0, top, 0, 0), wrapped, text)
        painter.setFont(small)
        painter.setPen(self.cell_paint.color("text_muted"))
        painter.drawText(box.adjusted(0, top + words_px + EMPTY_GAP_PX, 0, 0), wrapped, hint)

    def _describe(self, *_: object) -> None:
        """Tell a screen reader what an empty table says."""
        words = "" if len(self.columns.view) else self.empty_text
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    def _hover(self, position: int) -> None:
        if position != self._hovered:
            before, self._hovered = self._hovered, position
            for row in (before, position):
                if row >= 0:
                    self._update_row(row)

    # Qt overrides

    def minimumSizeHint(self) -> QSize:
        """Return the least in which titles and a row stand whole above what scrolls them sideways."""
        titles, bar = self.horizontalHeader().sizeHint().height(), self.horizontalScrollBar().sizeHint().height()
        least = titles + self._row_height() + bar + 2 * self.frameWidth()
        hint = super().minimumSizeHint()
        return QSize(hint.width(), max(hint.height(), least))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the flexible column into the new width."""
        super().resizeEvent(event)
        self._fit_flexible()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the pictures of the rows within the region."""
        painter = QPainter(self.viewport())
        if len(self.columns.view):
            self._paint_rows(painter, event)
        else:
            self._paint_empty(painter)
        painter.end()

    def _paint_rows(self, painter: QPainter, event: QPaintEvent) -> None:
        self._lay_out()
        region, bounds = event.region(), event.rect()
        first, last = self.rowAt(bounds.top()), self.rowAt(bounds.bottom())
        last = last if last >= 0 else len(self.columns.view) - 1
        numbers = self.columns.view[first : last + 1].tolist() if first >= 0 else []
        selected = self._selected_positions(first, last)
        left, height, several = -self.horizontalOffset(), self._row_height(), region.rectCount() > 1
        for position, number in enumerate(numbers, first):
            top = self.rowViewportPosition(position)
            if self._is_cut(top) or (several and not region.intersects(QRect(0, top, bounds.right() + 1, height))):
                continue
            row = self.columns.table.row(number)
            style = self.pictures.style_of(number, row)
            ground = self._ground(style, position, selected=position in selected)
            self.pictures.draw(painter, (left, top), number, row, ground)
            if position in selected and style.ground == INVERTED:
                painter.fillRect(0, top, 3, height, self.cell_paint.color("accent"))
        current = self.currentIndex()
        if self.hasFocus() and current.isValid():
            painter.setPen(QPen(self.cell_paint.color("focus"), 1))
            painter.drawRect(self.visualRect(current).adjusted(0, 0, -1, -1))
        self.pictures.keep(set(self._shown_numbers()))

    def _selected_positions(self, first: int, last: int) -> set[int]:
        found: set[int] = set()
        for part in self._selected_ranges():
            found.update(range(max(part.top(), first), min(part.bottom(), last) + 1))
        return found

    def selectAll(self) -> None:
        """Select every row, where they are not too many to act on."""
        if len(self.columns.view) <= SELECTED_MAX:
            super().selectAll()

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the cell that is seen at a point of the viewport."""
        index = super().indexAt(point)
        is_shown = index.isValid() and not self._is_cut(self.rowViewportPosition(index.row()))
        return index if is_shown else QModelIndex()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Hold the order of rows still while the pointer moves."""
        self._still.start()
        self._hover(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the row under the pointer."""
        self._hover(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy on the platform's copy key; report Del. Backspace is left to the trading keys, and means one thing."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


def _entry_text(column: Column[Any]) -> str:
    """Return what a menu calls a column."""
    return spelt(named(column))
