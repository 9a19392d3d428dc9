"""The command palette (Ctrl+K): one field, one list, and the order line read while it is typed.

Works without a mouse. An order typed here always stages: Enter puts it into the ticket, a second Enter of its own, at
least SECOND_ENTER_NS later, presses the ticket's Send. It decides nothing: `palette_choices` does what is chosen.
"""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ticket_fields import set_role
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.desktop.shell.keyboard_back import give_back
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.palette_choices import Choices
from workstation.desktop.shell.staging import find_ticket
from workstation.desktop.theme import current_theme, use_figure_font
from workstation.viewmodels.hotkeys import Refused, Stage
from workstation.viewmodels.order_line import LineError
from workstation.viewmodels.order_line_words import OrderLine
from workstation.viewmodels.palette import Entry, Recent, Sort, Typed, completions, read_typed, search

SECOND_ENTER_NS = 150_000_000
WIDTH, ROWS_HEIGHT, MARGIN = 680, 320, 48
EDGE, GAP = 8, 6
TITLE_SHARE, KEY_PX = 0.56, 130
_HINT = "Search, or type an order: b 300 aapl 187.20 day br 20t/40t · x 50% · c entries"


class Palette(QFrame):
    """An overlay at the head of a window; hidden until it is opened.

    front: the window that it opens over, by default always the one that it was made for.
    """

    def __init__(self, context: DesktopContext, choices: Choices, window: QWidget) -> None:
        super().__init__(window)
        self._home = self._window = window
        self.front: Callable[[], QWidget] = lambda: window
        self._context = context
        self._choices = choices
        self._recent = Recent()
        self._entries: list[Entry] = []
        self._typed = Typed()
        self._staged_text = ""
        self._staged_at = 0
        self._staged: object = None
        self._before: QWidget | None = None
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self.setProperty("role", "raised")
        self.field = QLineEdit()
        self.field.setObjectName("palette_field")
        self.field.setAccessibleName("Search, or an order line")
        self.field.setPlaceholderText(_HINT)
        use_figure_font(self.field, "body")
        self.said = QLabel()
        self.said.setObjectName("palette_said")
        self.said.setWordWrap(True)
        use_figure_font(self.said, "body")
        self.list = QTreeWidget()
        self.list.setObjectName("palette_list")
        self.list.setAccessibleName("Choices")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(3)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformRowHeights(True)
        self.list.itemClicked.connect(lambda *_: self._enter())
        column = QVBoxLayout(self)
        column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        column.setSpacing(GAP)
        for widget in (self.field, self.said, self.list):
            column.addWidget(widget)
        self.field.textChanged.connect(self._on_text)
        self.field.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show it with an empty field; the keyboard is its own until it closes."""
        self._stand_over(self.front())
        self._before = QApplication.focusWidget()
        scale = current_theme().text_scale
        width = min(round(WIDTH * scale), self._window.width() - 2 * MARGIN)
        self.setFixedWidth(width)
        self.list.setColumnWidth(0, round(width * TITLE_SHARE))
        self.list.setColumnWidth(1, round(KEY_PX * scale))
        self.field.clear()
        self._on_text("")
        self.show()
        self._place()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _stand_over(self, window: QWidget) -> None:
        """Move to a window, and back home before that one goes."""
        if window is self._window:
            return
        self.hide()
        if isinstance(self._window, MainWindow) and self._window is not self._home:
            self._window.closing.disconnect(self._go_home)
        if isinstance(window, MainWindow) and window is not self._home:
            window.closing.connect(self._go_home)
        self._window = window
        self.setParent(window)

    def _go_home(self) -> None:
        self._stand_over(self._home)

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._window.width() - self.width()) // 2, MARGIN)
        self.raise_()

    def _on_text(self, text: str) -> None:
        self._staged_text = ""
        self._typed = read_typed(text)
        found = completions(text, self._choices.symbols())
        if self._typed.line is None and self._typed.fault is None:
            found = search(self._typed.query, self._choices.entries(), self._recent)
        self._show_entries(found)
        self._say(*self._meaning(text))

    def _meaning(self, text: str) -> tuple[str, str]:
        """Return what the line means, as rich text, with its role."""
        fault, line = self._typed.fault, self._typed.line
        if fault is not None:
            return underlined(text, fault), "muted" if fault.start >= len(text.rstrip()) else "danger"
        if line is None:
            return "", ""
        if not isinstance(line, OrderLine):
            return escape(f"Enter: {self._choices.verbs.describe(line)}"), "info"
        request = self._choices.staging(line)
        if isinstance(request, Refused):
            return escape(request.text), "warning"
        open_price = "" if line.at or line.stop or line.trail else " · the price is open"
        side = "buy" if request.terms.side.sign > 0 else "sell"
        does = "holds in the ticket" if line.hold else "stages"
        words = f"Enter {does}: {request.words}{open_price}"
        hint = self._choices.short_hint(request.terms)
        return escape(f"{words} · {hint}" if hint else words), "warning" if hint else side

    def _say(self, rich: str, role: str) -> None:
        self.said.setText(rich)
        self.said.setVisible(bool(rich))
        set_role(self.said, "role", role)
        if self.isVisible():
            self._place()

    def _show_entries(self, entries: list[Entry]) -> None:
        self._entries = entries
        self.list.clear()
        self.field.setAccessibleDescription("" if entries else "No choices")
        for entry in entries:
            shown = "" if entry.sort is Sort.WORD else entry.name
            item = QTreeWidgetItem([entry.title, entry.key, shown])
            for column in range(3):
                item.setToolTip(column, f"{entry.sort.value}: {entry.title}")
            self.list.addTopLevelItem(item)
        self._size_list(len(entries))
        if self._typed.line is None:
            self._mark(0)
        self.list.setVisible(bool(entries))

    def _size_list(self, rows: int) -> None:
        """Make the list as high as its entries are, up to ROWS_HEIGHT and the window's edge, in whole rows."""
        frame, row = 2 * self.list.frameWidth(), max(self.list.sizeHintForRow(0), 1)
        above = MARGIN + 2 * EDGE + self.field.sizeHint().height() + self.said.sizeHint().height() + 2 * GAP
        room = min(round(ROWS_HEIGHT * current_theme().text_scale), self._window.height() - above - MARGIN // 2)
        shown = min(rows, max((room - frame) // row, 1))
        self.list.setFixedHeight(shown * row + frame if rows else 0)

    def _mark(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)
            said = filter(None, (item.text(0), item.text(1), f"{row + 1} of {self.list.topLevelItemCount()}"))
            self.field.setAccessibleDescription(", ".join(said))

    def _move(self, rows: int) -> None:
        count, item = self.list.topLevelItemCount(), self.list.currentItem()
        if count:
            at = -1 if item is None else self.list.indexOfTopLevelItem(item)
            self._mark((at + rows) % count)

    def _chosen(self) -> Entry | None:
        item = self.list.currentItem()
        return None if item is None else self._entries[self.list.indexOfTopLevelItem(item)]

    def _complete(self) -> None:
        words = [entry for entry in self._entries if entry.sort is Sort.WORD]
        chosen = self._chosen()
        if words:
            self.field.setText((chosen if chosen in words else words[0]).name)

    def _enter(self) -> None:
        text, line = self.field.text(), self._typed.line
        chosen = self._chosen()
        if self._staged_text == text and text:
            self._send()
        elif chosen is not None and chosen.sort is Sort.WORD:
            self.field.setText(chosen.name)
        elif isinstance(line, OrderLine):
            self._stage(text, line)
        elif line is not None:
            self.hide()
            self._choices.verbs.run(line)
        elif chosen is not None and self._typed.fault is None:
            self._recent.chose(chosen)
            self.hide()
            self._choices.choose(chosen)

    def _stage(self, text: str, line: OrderLine) -> None:
        request = self._choices.staging(line)
        if isinstance(request, Stage) and self._choices.put_into_ticket(request):
            if line.hold:
                self._say(escape(f"Held in the ticket: {request.words}. It is sent from there (Ctrl+Enter)."), "info")
                return
            self._staged_text, self._staged_at = text, self._context.bridge.session.mono_ns()
            ticket = find_ticket()
            self._staged = None if ticket is None else ticket.content
            self._say(escape(f"Staged, not sent: {request.words}. Enter again sends it."), "info")

    def _send(self) -> None:
        """Press the ticket's Send; disarmed, the order stays staged and the arm chip pulses.

        A ticket that something else was put into meanwhile is not sent: what is read here would be another order.
        """
        if self._context.bridge.session.mono_ns() - self._staged_at < SECOND_ENTER_NS:
            return
        ticket = find_ticket()
        status = self._context.state.status
        if ticket is None:
            return
        if ticket.content != self._staged:
            self._staged_text = ""
            self._say("Not sent: the ticket holds another order by now. Enter stages this one again.", "warning")
            return
        if status is None or status.armed is None:
            pulse_arm_chip()
        ticket.press_send()
        self.hide()

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that steer the list; the rest is typing."""
        if event.type() is not QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        key = event.key()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
        if key in steps:
            self._move(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self._enter()
        elif key == Qt.Key.Key_Tab:
            self._complete()
        elif key == Qt.Key.Key_Escape:
            self.hide()
        else:
            return super().eventFilter(watched, event)
        return True

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the keyboard back to where it was."""
        super().hideEvent(event)
        self._staged_text = ""
        give_back(self._before, self._window)
        self._before = None


def underlined(text: str, fault: LineError) -> str:
    """Return a line as rich text, its wrong word underlined, with what was expected there."""
    start, end = min(fault.start, len(text)), min(max(fault.end, fault.start), len(text))
    wrong = escape(text[start:end]) or "&nbsp;&nbsp;"
    return f"{escape(text[:start])}<u>{wrong}</u>{escape(text[end:])}<br/>expected {escape(fault.expected)}"
