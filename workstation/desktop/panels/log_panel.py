"""Log panel: the newest log lines and notices, filtered by text and level. Bounded; never takes the focus.

A double click or Enter on a line that names an order shows where that order came from; it changes nothing.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.viewmodels.frames import Frame, LogRow, Notice
from workstation.viewmodels.log_lines import LogLine, line_of, matches, order_named
from workstation.viewmodels.panel_notes import PanelNote

LINES_MAX = 2_000


class LogPanel(Panel):
    """Newest line last; stays at the end unless the reader has scrolled up."""

    kind = "log"
    title = "Log"
    icon = "log"
    link_down_words = "Lines of this program go on."

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._lines: list[LogLine] = []
        self._filter = QLineEdit()
        self._filter.setObjectName(f"{panel_id}_filter")
        self._filter.setAccessibleName("Filter log")
        self._filter.setPlaceholderText("Filter: words, or a level such as warning")
        self._filter.setClearButtonEnabled(True)
        self._list = QListWidget()
        self._list.setObjectName(f"{panel_id}_lines")
        self._list.setAccessibleName("Log lines")
        self._list.setUniformItemSizes(True)
        use_figure_font(self._list, "caption")
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        bar.addWidget(self._filter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._note = NoteLine(f"{panel_id}_note")
        column.addLayout(bar)
        column.addWidget(self._note)
        column.addWidget(self._list, 1)
        self._filter.textChanged.connect(self._refill)
        self._list.itemActivated.connect(self._jump)
        theme_notifier().changed.connect(self._refill)
        self._lines += [line_of(row) for row in context.state.log]
        self._lines += [line_of(row) for row in context.state.notices]
        self._refill()

    def on_frame(self, frame: Frame) -> None:
        """Append what is new."""
        fresh = [line_of(row) for row in frame.rows if isinstance(row, LogRow | Notice)]
        if not fresh:
            return
        self._lines = (self._lines + fresh)[-LINES_MAX:]
        bar = self._list.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        for line in fresh:
            self._append(line)
        while self._list.count() > LINES_MAX:
            self._list.takeItem(0)
        if at_end:
            self._list.scrollToBottom()
        self._show_state()

    def chosen_order(self) -> str:
        """Return the order that the selected line names."""
        item = self._list.currentItem()
        return "" if item is None else self._order_in(item)

    def _jump(self, item: QListWidgetItem) -> None:
        """Show where the order came from that a line names."""
        order = self._order_in(item)
        if order:
            self.provenance_asked.emit(order)
        else:
            self.context.announcer.say("info", "This line names no order.")

    def _order_in(self, item: QListWidgetItem) -> str:
        known = str(item.data(Qt.ItemDataRole.UserRole) or "")
        return known or order_named(item.toolTip(), self.context.state.orders)

    def _refill(self, *_: object) -> None:
        self._list.clear()
        for line in self._lines:
            self._append(line)
        self._list.scrollToBottom()
        self._show_state()

    def _show_state(self) -> None:
        text = ""
        if not self._lines:
            text = "No lines yet. What the program notes appears here."
        elif not self._list.count():
            text = f"None of {len(self._lines):,} lines has these words. Clear the filter to see them."
        self._note.show_note(PanelNote("info", text))

    def _append(self, line: LogLine) -> None:
        if not matches(line, self._filter.text()):
            return
        item = QListWidgetItem(f"{line.at}  {line.level.upper():<8} {line.text}")
        item.setForeground(_ink(line.level))
        item.setToolTip(line.text)
        item.setData(Qt.ItemDataRole.UserRole, line.order)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        self._list.addItem(item)


def _ink(level: str) -> QColor:
    colors = current_theme().colors
    return {"warning": colors.warning, "error": colors.danger, "critical": colors.danger}.get(level, colors.text_muted)
