"""Moving the prices of selected orders by ticks: Alt with an arrow, Shift for ten, or any number in a line below.

A door of the orders panel: it says how far; the panel checks each order and asks the engine.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from workstation.desktop.theme import use_figure_font

KEYS = {"Alt+Up": 1, "Alt+Down": -1, "Alt+Shift+Up": 10, "Alt+Shift+Down": -10}
TICKS_MAX = 10_000
RULE = f"A whole number of ticks, 1 to {TICKS_MAX:,}."


class TickMover(QWidget):
    """The line, hidden until it is asked for. move(ticks, detail): moves the selected orders, + up."""

    def __init__(self, panel_id: str, table: QWidget, move: Callable[[int, str], None]) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_move")
        self._table, self._move = table, move
        for keys, ticks in KEYS.items():
            nudge = QShortcut(QKeySequence(keys), table)
            nudge.setContext(Qt.ShortcutContext.WidgetShortcut)
            nudge.activated.connect(partial(move, ticks, keys))
        self.words = QLabel()
        self.words.setObjectName(f"{panel_id}_move_words")
        self.ticks = QLineEdit()
        self.ticks.setObjectName(f"{panel_id}_move_ticks")
        self.ticks.setAccessibleName("Ticks to move the selected orders by")
        self.ticks.setToolTip(RULE)
        use_figure_font(self.ticks, "body")
        self.ticks.setFixedWidth(72)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self.words)
        row.addWidget(self.ticks)
        self.buttons: dict[str, QPushButton] = {}
        for name, text, run in (
            ("up", "Up", partial(self._act, 1)),
            ("down", "Down", partial(self._act, -1)),
            ("close", "Close", self.leave),
        ):
            button = self.buttons[name] = QPushButton(text)
            button.setObjectName(f"{panel_id}_move_{name}")
            button.setAccessibleName(f"Move {text.lower()}" if name != "close" else "Close the line")
            button.clicked.connect(lambda _checked=False, run=run: run())
            row.addWidget(button)
        row.addStretch(1)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.activated.connect(self.leave)
        self.hide()

    def ask(self, orders: int) -> None:
        """Show the line for so many selected orders."""
        self.words.setText(f"Move {orders} order{'s' if orders != 1 else ''} by ticks:")
        self.show()
        self.ticks.setFocus()
        self.ticks.selectAll()

    def leave(self) -> None:
        """Hide the line; the table has the keyboard again."""
        self.hide()
        self._table.setFocus()

    def _act(self, sign: int) -> None:
        text = self.ticks.text().strip()
        ticks = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(TICKS_MAX)) + 1 else 0
        is_read = 0 < ticks <= TICKS_MAX
        self.ticks.setProperty("invalid", "false" if is_read else "true")
        self.ticks.style().polish(self.ticks)
        if is_read:
            self._move(sign * ticks, f"move {sign * ticks:+d}t")
        else:
            self.words.setText(f"Refused: {RULE}")
            self.ticks.setFocus()
