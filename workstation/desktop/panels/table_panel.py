"""What panels of one table share: a bar above, one line for trouble, the table, its settings and its export.

Last stage of both walks. A failure to write a file is said in the panel; nothing here sends an order.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.low_table import LowTable
from workstation.desktop.panels.export_dialog import ask_for_export
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.table_view import ColumnView
from workstation.desktop.theme import current_theme
from workstation.desktop.tight_button import draw_tight
from workstation.viewmodels.columns import Accepts
from workstation.viewmodels.formats import csv_text, json_text
from workstation.viewmodels.panel_notes import ConnectionWatch
from workstation.viewmodels.table_query import AGE_COLUMNS, QueryError

TIGHT_DIGITS = 60
LOW_ROWS = 6
"""Rows of height below which a panel keeps its table and its controls alone."""


class TablePanel(Panel):
    """Base of the order, fill, position and P&L panels. `bar` is the row above the table."""

    holdable = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.connection = ConnectionWatch()
        self._tight = self._has_low_look = False
        self._low_looks: list[Callable[[bool], object]] = []
        if context.state.status is not None:
            self.connection.take(context.state.status)
        gap = current_theme().metrics.grid
        self.bar = FlowBar(gap)
        self.bar.setParent(self)
        self.bar.setObjectName(f"{panel_id}_tools")
        self.bar.setHidden(self.linked)
        margin = 0 if self.linked else gap
        self.bar.set_margins(margin, margin)
        self.note = NoteLine(f"{panel_id}_note")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        if not self.linked:
            self.column.addWidget(self.bar)
        self.column.addWidget(self.note)
        self.released = False
        self.view: ColumnView
        self.filter_line: QLineEdit | None = None
        self._filter_help = ""

    def header_widget(self) -> QWidget | None:
        """Return the bar of a linked panel, which stands beside its link chip."""
        if not self.linked:
            return None
        self.bar.show()
        return self.bar

    def show_view(self, view: ColumnView) -> None:
        """Put the table in its place."""
        self.view = view
        LowTable(view)
        self.column.addWidget(view, 1)
        self.setFocusProxy(view)

    def add_spare(self, words: QWidget, stretch: int = 0) -> None:
        """Add words to the bar that give way to rows of the table in a low panel."""
        self.when_low(words.setHidden)
        self.bar.add(words, stretch)

    def when_low(self, look: Callable[[bool], object]) -> None:
        """Have a part take the look of a low panel, or its whole one again, when the height asks for it."""
        self._low_looks.append(look)

    def add_filter(self, hint: str, on_changed: Callable[[], None]) -> QLineEdit:
        """Add the live filter line, reached by Ctrl+F and left by Esc."""
        line = QLineEdit()
        line.setObjectName(f"{self.panel_id}_filter")
        line.setAccessibleName(f"Filter {self.title.lower()}")
        line.setPlaceholderText(hint)
        line.setClearButtonEnabled(True)
        line.setMinimumWidth(90)
        line.textChanged.connect(lambda _text: on_changed())
        self.bar.add(line, 1)
        self.filter_line = line
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(line.setFocus)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), line)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(line.clear)
        return line

    def filter_columns(self, names: Collection[str], view: ColumnView) -> None:
        """Say in place which columns the line knows, and let the header of each begin a filter by it."""
        line = self.filter_line
        if line is None:
            return
        self._filter_help = f"{line.placeholderText()}\nColumns: {' '.join(names)}"
        line.setToolTip(self._filter_help)
        view.filterable = frozenset(names)
        view.filter_asked.connect(self.begin_filter)

    def begin_filter(self, column: str) -> None:
        """Put a column into the filter line, ready for what it is to hold."""
        line = self.filter_line
        if line is not None:
            line.setText(f"{line.text()} {column}{'>' if column in AGE_COLUMNS else ':'}".lstrip())
            line.setFocus()

    def filter_rows(self, accepts: Callable[[], Accepts | None]) -> None:
        """Show the rows asked for; a line that cannot be read is marked with why, and the rows stay as they are."""
        trouble = ""
        try:
            self.view.filter_by(accepts())
        except QueryError as error:
            trouble = f"Column {error.start + 1}: {error}"
        line = self.filter_line
        if line is not None:
            line.setToolTip(trouble or self._filter_help or line.placeholderText())
            line.setAccessibleDescription(trouble)
            if (line.property("invalid") == "true") is not bool(trouble):
                line.setProperty("invalid", "true" if trouble else "false")
                line.style().polish(line)

    def add_button(
        self, name: str, text: str, meaning: str, on_clicked: Callable[..., Any], *, checkable: bool = False
    ) -> QPushButton:
        """Add a quiet button to the bar."""
        button = QPushButton(text)
        button.setObjectName(f"{self.panel_id}_{name}")
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        button.setCheckable(checkable)
        button.setProperty("role", "quiet")
        (button.toggled if checkable else button.clicked).connect(lambda *_: on_clicked())
        self.bar.add(button)
        return button

    def visible_rows(self) -> Iterable[Any]:
        """Return every row that passes the filter, in the order shown."""
        table = self.view.columns.table
        return (table.row_at(position) for position in range(len(table)))

    def export_text(self, *, as_json: bool = False) -> str:
        """Return the filtered view as CSV or JSON: full precision, UTC, CSV safe against formulas."""
        columns = [(column.title or column.name, column.exact or column.text) for column in self.view.wanted_columns()]
        return (json_text if as_json else csv_text)(columns, self.visible_rows())

    def export(self) -> None:
        """Ask for a file and write the filtered view to it."""
        path = ask_for_export(self, f"Export {self.title.lower()}", self.kind)
        if path is not None:
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the filtered view, as JSON where the name ends so; says how many rows went out, or why not."""
        try:
            text = self.export_text(as_json=path.suffix.lower() == ".json")
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            self.context.announcer.say("warning", f"Not exported: {path.name}: {error.strerror}.")
            return
        self.context.announcer.say("info", f"{len(self.view.columns.table):,} rows exported to {path.name}.")

    def release(self) -> None:
        """End; listeners that cannot be taken back find the panel released."""
        self.released = True
        super().release()

    def save_settings(self) -> PanelSettings:
        """Return columns, widths, sort and filter."""
        settings = self.view.save_settings()
        line = self.filter_line
        return settings | ({"filter": line.text()} if line is not None and line.text() else {})

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        self.view.restore_settings(settings)
        line, text = self.filter_line, settings.get("filter")
        if line is not None and isinstance(text, str):
            line.setText(text)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the buttons above a narrow table closer together, and let spare words go in a low panel.

        So the filter line and every word stay whole, and there are rows to be read.
        """
        super().resizeEvent(event)
        tight = self.width() < TIGHT_DIGITS * self.fontMetrics().horizontalAdvance("0")
        if tight is not self._tight:
            self._tight = tight
            draw_tight(self.bar, tight=tight)
        is_low = self.height() < LOW_ROWS * current_theme().metrics.row_compact
        if is_low is not self._has_low_look:
            self._has_low_look = is_low
            for look in self._low_looks:
                look(is_low)
