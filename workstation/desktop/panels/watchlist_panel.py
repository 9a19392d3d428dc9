"""Watchlist panel: instruments with their prices and how fresh these are; the selection moves the link group.

Last stage of the tick walk. Prices are folded at the frame rate whatever the tick rate. A click on the marker column
aims the trade focus; nothing here sends an order.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCompleter, QMenu

from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.viewmodels.columns import Changes
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.watchlist import UNDO_NS, Watchlist, WatchRow, search

FLASH_END_MS = 260
PAINT_EVERY_NS = 30_000_000
"""Tables paint at about 30 Hz, however fast frames come."""
ROWS_A_FRAME = 8
"""Under load each row has its turn every few frames, so that ladder, blotter and positions keep theirs."""
RANK_SORT = (("rank", False),)


class WatchView(ColumnView):
    """The table of a watchlist: rows can be dragged to another place while it stands in its own order.

    Emits: marker_clicked(entry), row_dropped(entry, place), move_pressed(steps).
    """

    marker_clicked = Signal(str)
    row_dropped = Signal(str, int)
    move_pressed = Signal(int)

    _dragged: WatchRow | None = None
    _press = QPoint()
    _target = -1

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
        if held and self.columns.table.sorting == RANK_SORT and (point - self._press).manhattanLength() > 8:
            self._target = self._place_at(point.y())
            self.viewport().update()
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop a dragged row."""
        target, dragged = self._target, self._dragged
        self._target, self._dragged = -1, None
        super().mouseReleaseEvent(event)
        if target >= 0 and dragged is not None:
            self.viewport().update()
            self.row_dropped.emit(dragged.entry, target)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the selected row with Alt and an arrow."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if steps is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_pressed.emit(steps)
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


class WatchlistPanel(TablePanel):
    """One list of instruments."""

    kind = "watchlist"
    title = "Watchlist"
    icon = "list"
    linked = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        instruments = context.bridge.session.instruments
        self._behind = False
        self._taken_at = context.bridge.session.mono_ns() - PAINT_EVERY_NS
        self.list = Watchlist(instruments, Formats(instruments))
        self._build_bar()
        self._build_table()
        self._watch()
        self.view.apply(self._taken)
        self._show_state()

    def on_frame(self, frame: Frame) -> None:
        """Take new quotes and positions."""
        if frame.status is not None:
            self.connection.take(frame.status)
            if self.connection.feed_up != self.list.connected:
                self.list.connected = self.connection.feed_up
                self.view.redress()
            self._show_state()
        self._behind |= bool(frame.quotes or frame.positions)
        if self._behind and self._now() - self._taken_at >= PAINT_EVERY_NS:
            self._take_frame()

    def on_symbol(self, symbol: str) -> None:
        """Select the link group's instrument where it is in the list."""
        chosen = self.view.selected_rows()
        if [row.entry for row in chosen] != [symbol]:
            self._following = True
            self.view.select_key(symbol)
            self._following = False

    def add_typed(self) -> None:
        """Add the instrument typed, or its best match; an unknown one keeps the text and says so."""
        line = self.entry
        found = search(self.context.bridge.session.instruments, line.text().split("  ")[0])
        if not found:
            line.setProperty("invalid", "true")
            line.style().polish(line)
            line.setToolTip(f"No instrument matches “{line.text()}”.")
            self.context.announcer.say("warning", f"No instrument matches “{line.text()}”.")
            return
        symbol = found[0].symbol
        after = next((row.entry for row in self.view.selected_rows()), None)
        self._change(self.list.add(symbol, after))
        self.view.select_key(symbol)
        line.clear()

    def remove_selected(self) -> None:
        """Take the selected rows out; Undo brings them back for ten seconds."""
        chosen = [row.entry for row in self.view.selected_rows()]
        if chosen:
            self._change(self.list.remove(chosen, self._now()))
            self.undo_button.setText(f"Undo removal of {len(chosen)}" if len(chosen) > 1 else f"Undo {chosen[0]}")
            self.undo_button.show()
            self._undo_timer.start()

    def undo(self) -> None:
        """Bring back what was removed last."""
        self._change(self.list.undo(self._now()))
        self.undo_button.hide()

    def save_settings(self) -> PanelSettings:
        """Return the list, columns and sort."""
        return super().save_settings() | {"list": list[str | int](self.list.entries)}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        entries = settings.get("list")
        if isinstance(entries, list):
            self._change(self.list.set_entries([str(entry) for entry in entries]))
        super().restore_settings(settings)
        self._order_headings()

    def _build_bar(self) -> None:
        self.entry = self.add_filter("Add: symbol or name, Enter", self._complete)
        self.entry.setObjectName(f"{self.panel_id}_add")
        self.entry.setAccessibleName("Add an instrument")
        self.entry.returnPressed.connect(self.add_typed)
        self._matches = QStringListModel(self)
        completer = QCompleter(self._matches, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.activated.connect(lambda _text: QTimer.singleShot(0, self.add_typed))
        self.entry.setCompleter(completer)
        self.undo_button = self.add_button("undo", "Undo", "Bring back what was removed", self.undo)
        self.undo_button.hide()
        self._undo_timer = QTimer(self, interval=UNDO_NS // 1_000_000, singleShot=True)
        self._undo_timer.timeout.connect(self.undo_button.hide)

    def _build_table(self) -> None:
        self._following = False
        self.columns: ColumnModel[WatchRow] = ColumnModel(self.list.table)
        view = WatchView(self.columns, self.list.style, name=f"{self.panel_id}_table", meaning="Watchlist")
        view.set_default_sort(RANK_SORT)
        view.set_flexible("symbol")
        view.marker_clicked.connect(self._aim)
        view.row_dropped.connect(self._drop)
        view.move_pressed.connect(self._move)
        view.delete_pressed.connect(self.remove_selected)
        view.rows_chosen.connect(self._on_chosen)
        view.sorted.connect(self._order_headings)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_context_menu)
        view.installEventFilter(self)
        self.show_view(view)
        self._flash_end = QTimer(self, interval=FLASH_END_MS, singleShot=True)
        self._flash_end.timeout.connect(self._take_frame)
        self.until_released(self.context.focus.listen(self._on_focus))

    def _take_frame(self) -> None:
        self._taken_at = self._now()
        self.view.apply(self._taken)
        self._behind = self.list.behind

    def _taken(self) -> Changes:
        focus, state = self.context.focus, self.context.state
        positions = {
            symbol: snap.position.qty
            for (account, symbol, strategy), snap in state.positions.items()
            if account == focus.account and strategy == "*"
        }
        changes = self.list.take(state.quotes, positions, focus.symbol, self._now(), most=ROWS_A_FRAME)
        if changes.changed:
            self._flash_end.start()
        return changes

    def _change(self, changes: Changes) -> None:
        self.view.apply(lambda: changes)
        self._watch()
        self._take_frame()

    def _watch(self) -> None:
        self.watch(quotes=frozenset(self.list.symbols))

    def _now(self) -> int:
        return self.context.bridge.session.mono_ns()

    def _complete(self) -> None:
        if self.entry.property("invalid") == "true":
            self.entry.setProperty("invalid", "false")
            self.entry.style().polish(self.entry)
        found = search(self.context.bridge.session.instruments, self.entry.text())
        self._matches.setStringList([f"{item.symbol}  {item.name}" for item in found])

    def _aim(self, symbol: str) -> None:
        self.context.focus.move(symbol=symbol)

    def _drop(self, entry: str, place: int) -> None:
        self.view.apply(lambda: self.list.move_to(entry, place))

    def _move(self, steps: int) -> None:
        rows = self.view.selected_rows()
        if len(rows) == 1 and self.list.table.sorting == RANK_SORT:
            self.view.apply(lambda: self.list.move(rows[0].entry, steps))
            self.view.select_key(rows[0].entry)

    def _on_chosen(self) -> None:
        rows = self.view.selected_rows()
        if len(rows) == 1 and not rows[0].is_heading and not self._following:
            self.choose_symbol(rows[0].entry)

    def _on_focus(self) -> None:
        if not self.released:
            self._take_frame()

    def _order_headings(self) -> None:
        self.view.reorder(lambda: self.list.hide_headings(self.list.table.sorting != RANK_SORT))

    def _show_state(self) -> None:
        self.note.show_note(self.connection.prices_note())
        self.view.set_empty_text("Nothing to watch yet", "Type a symbol or a name above, then Enter.")

    def context_menu(self) -> QMenu:
        """Return the commands on the selected rows."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.panel_id}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.view.selected_rows()
        one = len(rows) == 1
        entries = (
            ("aim", "Aim keys at it", lambda: self._aim(rows[0].entry), one and not rows[0].is_heading),
            ("up", "Move up\tAlt+Up", lambda: self._move(-1), one),
            ("down", "Move down\tAlt+Down", lambda: self._move(1), one),
            ("remove", "Remove\tDel", self.remove_selected, bool(rows)),
            ("copy", "Copy rows\tCtrl+C", self.view.copy_selection, bool(rows)),
            ("export", "Export as CSV…", self.export, True),
        )
        for name, text, run, on in entries:
            action = menu.addAction(icon("remove"), text) if name == "remove" else menu.addAction(text)
            action.setObjectName(f"{self.panel_id}_{name}")
            action.setEnabled(on)
            action.triggered.connect(lambda _checked=False, run=run: run())
        return menu

    def _open_context_menu(self, point: QPoint) -> None:
        self.context_menu().popup(self.view.viewport().mapToGlobal(point))

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let typing over the table start a search."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.view:
            text = event.text()
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
            if plain and text.isalnum():
                self.entry.setFocus()
                self.entry.setText(text.upper())
                return True
        return super().eventFilter(watched, event)
