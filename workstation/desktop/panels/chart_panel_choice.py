"""A question of one line for a chart: which interval, how tall a brick. What cannot be is told of in place.

Last stage of the tick walk, beside the chart panel. It reads what is typed and hands it over; no orders here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from workstation.domain.errors import ValidationError
from workstation.viewmodels.chart_feed import read_interval
from workstation.viewmodels.chart_renko import read_brick_size


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked: a name for tests and scripts, the title, what may be typed, and who reads it."""

    name: str
    title: str
    hint: str
    check: Callable[[str], object]


INTERVAL_CHOICE = Choice(
    "interval",
    "Interval",
    "Such as 3m, 30m@open, ticks 100t, volume 5kv, value 1mn, range 20r, bricks 10b",
    read_interval,
)
BRICK_CHOICE = Choice("brick", "Brick size", "Ticks such as 10t, or the range of bars such as atr14", read_brick_size)


class ChoiceDialog(QDialog):
    """One line; Enter hands it to `chosen` when it can be read, else the text stays and the rule is said under it."""

    def __init__(self, choice: Choice, shown: str, chosen: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._choice, self._chosen = choice, chosen
        self.setObjectName(f"{parent.objectName()}_{choice.name}_dialog")
        self.setWindowTitle(choice.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit(shown, self)
        self.line.setObjectName(f"{parent.objectName()}_{choice.name}_line")
        self.line.setAccessibleName(f"{choice.title}. {choice.hint}")
        self.line.setMinimumWidth(280)
        hint = QLabel(choice.hint, self)
        hint.setProperty("role", "muted")
        self.error = QLabel(self, wordWrap=True)
        self.error.setProperty("role", "danger")
        self.error.hide()
        column = QVBoxLayout(self)
        for widget in (self.line, hint, self.error):
            column.addWidget(widget)
        self.line.returnPressed.connect(self._on_entered)
        self.line.selectAll()

    def _on_entered(self) -> None:
        try:
            self._choice.check(self.line.text())
        except ValidationError as error:
            self.error.setText(str(error))
            self.error.show()
            self.line.setAccessibleDescription(str(error))
            return
        self._chosen(self.line.text())
        self.accept()


def ask_interval(panel: QWidget, shown: str, chosen: Callable[[str], None], *, begun: bool = False) -> None:
    """Ask for an interval. begun: `shown` is what was typed so far, and typing goes on behind it."""
    dialog = ChoiceDialog(INTERVAL_CHOICE, shown, chosen, panel)
    dialog.show()
    if begun:
        dialog.line.deselect()


def ask_brick(panel: QWidget, shown: str, chosen: Callable[[str], None]) -> None:
    """Ask for the size of bricks."""
    ChoiceDialog(BRICK_CHOICE, shown, chosen, panel).show()


def interval_begun(event: QKeyEvent) -> str | None:
    """Return what a key begins an interval with: its digit, "" for the comma, None for any other key."""
    plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    text = event.text()
    begins = plain and (text == "," or (text.isascii() and text.isdigit()))
    return text.strip(",") if begins else None
