"""The question of an alert whose condition holds already: fire now, or on the next cross; and a keeping that asks it.

Beside the tick walk. The alerts panel shows it in its form; whoever has no form asks in a small window. The engine
decides whether there is anything to ask, and keeps nothing until there is an answer.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import named
from workstation.desktop.shell.hotkeys import ESCAPE_LAYER
from workstation.desktop.shell.staging import windows
from workstation.domain.alerts import HOLDS_ALREADY, Alert, SaveAlert
from workstation.domain.orders import Origin

KeepAlert = Callable[[DesktopContext, Alert, Origin, Callable[[CommandResult], None]], None]
NOT_KEPT = "The alert is not kept: nothing was chosen."


class WhenQuestion(QWidget):
    """Two buttons beside the words. Emits: chosen(bool), true to fire at once."""

    chosen = Signal(bool)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}_question")
        words = QLabel("It holds now.")
        words.setProperty("role", "info")
        self.fire_now = self._button(f"{name}_fire_now", "Fire now", "Keep the alert and fire at once", fire_now=True)
        later = "Keep the alert and fire when it next comes to hold"
        self.next_cross = self._button(f"{name}_next_cross", "On the next cross", later, fire_now=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (words, self.fire_now, self.next_cross):
            row.addWidget(widget)
        row.addStretch(1)

    def _button(self, name: str, text: str, meaning: str, *, fire_now: bool) -> QPushButton:
        return named(QPushButton(text), name, meaning, "quiet", partial(self.chosen.emit, fire_now))


class WhenDialog(QDialog):
    """The question in a window of its own, under what the alert waits for. `answer` hears what is chosen, None for Esc.

    No button acts on Enter by itself: a key that was meant for something else decides nothing.
    """

    def __init__(self, text: str, answer: Callable[[bool | None], None], parent: QWidget | None) -> None:
        super().__init__(parent)
        self._answer = answer
        self.setObjectName("alert_when_dialog")
        self.setWindowTitle("Alert")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty(ESCAPE_LAYER, True)  # noqa: FBT003  the toolkit's signature; Esc cancels no order here
        self.words = QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.question = WhenQuestion("alert_when")
        self.question.chosen.connect(self._on_chosen)
        for button in (self.question.fire_now, self.question.next_cross):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.question)
        self.question.next_cross.setFocus()

    def _on_chosen(self, fire_now: bool) -> None:
        self._answer(fire_now)
        self.accept()

    # Qt overrides

    def reject(self) -> None:
        """Keep nothing."""
        self._answer(None)
        super().reject()


def keep_alert(context: DesktopContext, alert: Alert, origin: Origin, told: Callable[[CommandResult], None]) -> None:
    """Keep an alert; asks whether it fires now where its condition holds already. told: hears how it ended."""

    def answered(result: CommandResult) -> None:
        if result.code == HOLDS_ALREADY:
            WhenDialog(result.text, chosen, next(iter(windows()), None)).show()
        else:
            told(result)

    def chosen(fire_now: bool | None) -> None:
        if fire_now is None:
            told(CommandResult(ok=False, code=HOLDS_ALREADY, text=NOT_KEPT))
        else:
            context.call("alert.save", SaveAlert(alert=alert, fire_now=fire_now), origin, told)

    context.call("alert.save", SaveAlert(alert=alert, fire_now=None), origin, answered)


def keep_for_later(
    context: DesktopContext, alert: Alert, origin: Origin, told: Callable[[CommandResult], None]
) -> None:
    """Keep an alert that nobody is there to be asked about: it fires on the next cross."""
    context.call("alert.save", SaveAlert(alert=alert, fire_now=False), origin, told)
