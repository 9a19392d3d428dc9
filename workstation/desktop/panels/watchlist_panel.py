"""Watchlist panel: instruments with their prices and how fresh these are; the selection moves the link group.

Last stage of the tick walk. Prices are folded at the frame rate whatever the tick rate. A click on the marker column
aims the trade focus, a double click fills a ticket in; nothing here sends an order.
"""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.panels.watchlist_entry import Adding
from workstation.desktop.panels.watchlist_lists import ListChoice
from workstation.desktop.panels.watchlist_trends import TrendSeeding
from workstation.desktop.panels.watchlist_view import RANK_SORT, WatchView, panel_at
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.shell.staging import stage
from workstation.desktop.spelt import spelt
from workstation.desktop.tables import ColumnModel
from workstation.domain.orders import OrderTerms, OrdType, Side
from workstation.viewmodels.columns import Changes
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.hotkeys import Stage
from workstation.viewmodels.market_view import NoRoom
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.watchlist import UNDO_NS, Watchlist
from workstation.viewmodels.watchlist_computed import Computed, definition
from workstation.viewmodels.watchlist_import import resolve
from workstation.viewmodels.watchlist_lists import NamedLists
from workstation.viewmodels.watchlist_rows import HEADING, Mine, WatchRow, mine_by_symbol

FLASH_END_MS = 260
ASK_AGAIN_MS = 5_000
"""How often a list asks again for streams that there was no room for."""
PAINT_EVERY_NS = 30_000_000
"""Tables paint at about 30 Hz, however fast frames come."""
ROWS_A_FRAME = 8
"""Under load each row has its turn every few frames, so that ladder, blotter and positions keep theirs."""
IMPORT_BYTES_MAX = 262_144


LINK_DOWN = "Positions and orders in these rows are of then."


class WatchlistPanel(TablePanel):
    """One list of instruments."""

    kind = "watchlist"
    title = "Watchlist"
    icon = "list"
    linked = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        instruments = context.bridge.session.instruments
        self._behind = self._is_without_headings = False
        self._mine: dict[str, Mine] | None = None
        self._taken_at = context.bridge.session.mono_ns() - PAINT_EVERY_NS
        self.list = Watchlist(instruments, Formats(instruments))
        self.lists = NamedLists()
        self.seeding = TrendSeeding(context, panel_id, lambda: self.list.trends, self)
        self.until_released(self.seeding.stop)
        self._build_bar()
        self._flash_end = QTimer(self, interval=FLASH_END_MS, singleShot=True)
        self._flash_end.timeout.connect(self._take_frame)
        self._ask_again = QTimer(self, interval=ASK_AGAIN_MS)
        self._ask_again.timeout.connect(self.watch_again)
        self._build_table()
        self.when_low(self._leave_out_headings)
        self.until_released(context.focus.listen(self._on_focus))
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
        if frame.positions or frame.rows:
            self._mine, self._behind = None, True
        self._behind |= bool(frame.quotes)
        if self._behind and self._now() - self._taken_at >= PAINT_EVERY_NS:
            self._take_frame()

    def on_symbol(self, symbol: str) -> None:
        """Select the link group's instrument where it is in the list."""
        if [row.entry for row in self.view.selected_rows()] != [symbol]:
            self._following = True
            self.view.select_key(symbol)
            self._following = False

    def add_typed(self) -> None:
        """Add what was typed; see `Adding`."""
        self.adding.add_typed()

    def add(self, symbol: str) -> None:
        """Add an instrument below the selected row and select it."""
        after = next((row.entry for row in self.view.selected_rows()), None)
        self._change(self.list.add(symbol, after))
        self.view.select_key(symbol)

    def import_text(self, text: str) -> None:
        """Add a list of symbols below the selected row; what cannot be resolved is listed."""
        resolved = resolve(text[:IMPORT_BYTES_MAX], self.context.bridge.session.instruments)
        self.insert(resolved.entries)
        left = resolved.unknown or resolved.ambiguous
        self.context.announcer.say("warning" if left else "info", resolved.words)

    def paste(self) -> None:
        """Add the symbols on the clipboard."""
        self.import_text(QApplication.clipboard().text())

    def import_file(self) -> None:
        """Ask for a text or CSV file of symbols and add them."""
        name, _ = QFileDialog.getOpenFileName(self, "Import symbols", "", "Lists (*.txt *.csv);;All files (*)")
        if name:
            self.import_from(Path(name))

    def import_from(self, path: Path) -> None:
        """Add the symbols of a file; says so where it cannot be read."""
        try:
            with path.open("rb") as file:
                text = file.read(IMPORT_BYTES_MAX).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            self.context.announcer.say("warning", f"Not imported: {path.name}: {error}.")
            return
        self.import_text(text)

    def show_list(self, name: str) -> None:
        """Show another of the named lists; the present one is kept."""
        self.lists.keep(self.list.entries)
        self.take_list(self.lists.show(name))

    def take_list(self, entries: list[str]) -> None:
        """Show entries as the present list."""
        self._change(self.list.set_entries(entries))
        self.choice.refresh()

    def insert(self, entries: Iterable[str]) -> None:
        """Put entries below the selected row, or at the end; those that are there stay where they are."""
        after = next((row.entry for row in self.view.selected_rows()), None)
        place = self.list.entries.index(after) + 1 if after in self.list.entries else len(self.list.entries)
        fresh = [entry for entry in entries if entry not in self.list.entries]
        self._change(self.list.set_entries([*self.list.entries[:place], *fresh, *self.list.entries[place:]]))

    def show_computed(self, computed: Iterable[Computed]) -> None:
        """Show these computed columns, in a table made anew."""
        instruments, before, entries = self.context.bridge.session.instruments, self.view, self.list.entries
        settings, trends = before.save_settings(), self.list.trends
        self.list = Watchlist(instruments, Formats(instruments), tuple(computed))
        self.list.trends = trends
        self.list.set_entries(entries)
        self.column.removeWidget(before)
        before.hide()
        before.deleteLater()
        self._build_table()
        self.view.restore_settings(self._with_new_columns(settings))
        self._take_frame()
        self._show_state()

    def _with_new_columns(self, settings: PanelSettings) -> PanelSettings:
        """Return a view's settings with the computed columns that they do not know beside the change in per cent."""
        names, widths = settings["columns"], settings["widths"]
        if isinstance(names, list) and isinstance(widths, list):
            place = names.index("percent") + 1
            for name in [f"={column.name}" for column in reversed(self.list.computed)]:
                if name not in names:
                    names.insert(place, name)
                    widths.insert(place, self.view.columnWidth(self.columns.column_named(name)))
        return settings

    def remove_selected(self) -> None:
        """Take the selected rows out; Undo brings them back for ten seconds."""
        chosen = [row.entry for row in self.view.selected_rows()]
        if chosen:
            self._change(self.list.remove(chosen, self._now()))
            self.undo_button.setText(
                f"Undo removal of {len(chosen)}" if len(chosen) > 1 else f"Undo {spelt(chosen[0])}"
            )
            self.undo_button.show()
            self._undo_timer.start()

    def undo(self) -> None:
        """Bring back what was removed last."""
        self._change(self.list.undo(self._now()))
        self.undo_button.hide()

    def save_settings(self) -> PanelSettings:
        """Return the lists, computed columns, columns and sort."""
        self.lists.keep(self.list.entries)
        computed: PanelSettings = {"computed": [str(column) for column in self.list.computed]}
        return super().save_settings() | self.lists.save() | (computed if self.list.computed else {})

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        lines = settings.get("computed")
        computed = [definition(str(line)) for line in lines] if isinstance(lines, list) else []
        if computed:
            self.show_computed(filter(None, computed))
        entries = self.lists.restore(settings)
        if entries is not None:
            self.take_list(entries)
        super().restore_settings(settings)
        self._order_headings()

    def _build_bar(self) -> None:
        self.entry = self.add_filter("Add: symbol or name, Enter", self._complete)
        self.adding = Adding(self)
        self.choice = ListChoice(self)
        self.bar.add(self.choice, at=0)
        self.undo_button = self.add_button("undo", "Undo", "Bring back what was removed", self.undo)
        self.undo_button.hide()
        self._undo_timer = QTimer(self, interval=UNDO_NS // 1_000_000, singleShot=True)
        self._undo_timer.timeout.connect(self.undo_button.hide)

    def _complete(self) -> None:
        self.adding.complete()

    def _build_table(self) -> None:
        self._following = False
        self.columns: ColumnModel[WatchRow] = ColumnModel(self.list.table)
        view = WatchView(self.columns, self.list.style, name=f"{self.panel_id}_table", meaning="Watchlist")
        view.set_default_sort(RANK_SORT)
        view.set_flexible("symbol", overflow="name")
        view.marker_clicked.connect(self._aim)
        view.row_dropped.connect(self._drop)
        view.row_carried.connect(self._carry)
        view.row_opened.connect(self.open_ticket)
        view.move_pressed.connect(self._move)
        view.paste_pressed.connect(self.paste)
        view.delete_pressed.connect(self.remove_selected)
        view.rows_chosen.connect(self._on_chosen)
        view.sorted.connect(self._order_headings)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_context_menu)
        view.installEventFilter(self)
        self.show_view(view)

    def _take_frame(self) -> None:
        self._taken_at = self._now()
        self.view.apply(self._taken)
        self._behind = self.list.behind

    def _taken(self) -> Changes:
        focus, state = self.context.focus, self.context.state
        if self._mine is None:
            self._mine = mine_by_symbol(focus.account, state.positions, state.open_orders.values())
        changes = self.list.take(state.quotes, self._mine, focus.symbol, self._now(), most=ROWS_A_FRAME)
        if changes.changed:
            self._flash_end.start()
        return changes

    def _change(self, changes: Changes) -> None:
        self.view.apply(lambda: changes)
        self._watch()
        self._take_frame()

    def on_watched(self, result: CommandResult) -> None:
        """Say in its row which instrument the feed has no room for, and who has it."""
        left = result.data if isinstance(result.data, NoRoom) else NoRoom()
        self.view.apply(lambda: self.list.set_left_out(left))
        (self._ask_again.start if left.symbols else self._ask_again.stop)()
        self._show_state()

    def _watch(self) -> None:
        self.watch(quotes=frozenset(self.list.symbols))
        self.seeding.want(self.list.symbols)

    def _now(self) -> int:
        return self.context.bridge.session.mono_ns()

    def _aim(self, symbol: str) -> None:
        self.context.focus.move(symbol=symbol)

    def _drop(self, entry: str, place: int) -> None:
        self.view.apply(lambda: self.list.move_to(entry, place))

    def _carry(self, entry: str, at: QPoint) -> None:
        """Show an instrument in the panel that its row was carried to."""
        target = panel_at(at)
        if target is not None and target is not self and target.linked and not entry.startswith(HEADING):
            target.choose_symbol(entry)

    def open_ticket(self, symbol: str) -> None:
        """Fill a ticket in with the size in force at the near price, not sent."""
        quote = self.context.state.quotes.get(symbol)
        terms = OrderTerms(
            symbol=symbol,
            account=self.context.focus.account,
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=self.context.sizes.size * 10 ** self.context.instrument(symbol).qty_decimals,
            price=quote.bid if quote is not None and quote.freshness == "FRESH" else None,
        )
        stage(self.context, Stage(terms, f"{symbol} in the ticket; choose side and price."))

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
            self._mine = None
            self._take_frame()

    def _leave_out_headings(self, is_low: bool) -> None:
        """Keep the few rows of a low list for instruments."""
        self._is_without_headings = is_low
        self._order_headings()

    def _order_headings(self) -> None:
        hidden = self._is_without_headings or self.list.table.sorting != RANK_SORT
        self.view.reorder(lambda: self.list.hide_headings(hidden))

    def _show_state(self) -> None:
        note, left = self.connection.prices_note(LINK_DOWN), self.list.left_out
        if not note.text and left.symbols:
            note = PanelNote("warning", left.words)
        self.note.show_note(note)
        self.view.set_empty_text("Nothing to watch yet", "Type a symbol or a name above, then Enter.")

    def context_menu(self) -> QMenu:
        """Return the commands on the selected rows."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.panel_id}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.view.selected_rows()
        one = len(rows) == 1
        entries = (
            ("ticket", "Open in the ticket", lambda: self.open_ticket(rows[0].entry), one and not rows[0].is_heading),
            ("aim", "Aim keys at it", lambda: self._aim(rows[0].entry), one and not rows[0].is_heading),
            ("up", "Move up\tAlt+Up", lambda: self._move(-1), one),
            ("down", "Move down\tAlt+Down", lambda: self._move(1), one),
            ("remove", "Remove\tDel", self.remove_selected, bool(rows)),
            ("copy", "Copy rows\tCtrl+C", self.view.copy_selection, bool(rows)),
            ("paste", "Paste symbols\tCtrl+V", self.paste, True),
            ("import", "Import list…", self.import_file, True),
            ("export", "Export as CSV or JSON…", self.export, True),
        )
        for name, text, run, on in entries:
            action = menu.addAction(icon("remove"), text) if name == "remove" else menu.addAction(text)
            action.setObjectName(f"{self.panel_id}_{name}")
            action.setEnabled(on)
            action.triggered.connect(lambda _checked=False, run=run: run())
        for column in self.list.computed:
            action = menu.addAction(f"Remove column {spelt(column.name)}")
            action.setObjectName(f"{self.panel_id}_remove_{column.name}")
            rest = [other for other in self.list.computed if other != column]
            action.triggered.connect(lambda _checked=False, rest=rest: self.show_computed(rest))
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
