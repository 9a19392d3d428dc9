"""The form of a webhook: a line for each field, what is wrong beneath it, and a new secret shown once.

Part of the webhooks panel. It knows fields and texts, no command.
"""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import bar_of, named
from workstation.desktop.panels.ticket_fields import set_role
from workstation.viewmodels.webhooks_form import HookInputs

_LINES = (
    ("name", "Name", "Name of the webhook", "desk chat"),
    ("endpoint_url", "Address", "Address that is told", "https://hooks.example.com/fills"),
    ("event_types", "Events", "Event types, none for all", "all; or order.*, execution.created"),
)
_NUMBERS = (
    ("max_retries", "Retries", "Retries after the first try, 0 to 10"),
    ("retry_delay_s", "First after, s", "Seconds to the first retry, 1 to 3,600; each next one waits twice as long"),
    ("timeout_s", "Answer in, s", "Seconds that the endpoint has to answer, 1 to 30"),
)


class HookForm(QWidget):
    """Fields of one webhook. Emits: saved(HookInputs), closed()."""

    saved = Signal(object)
    closed = Signal()

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_form")
        self._panel_id = panel_id
        self.fields: dict[str, QLineEdit] = {}
        self.troubles: dict[str, QLabel] = {}
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(8, 3, 8, 3)
        self._layout.setSpacing(4)
        for name, caption, meaning, sample in _LINES:
            self._layout.addRow(caption, self._field(name, meaning, sample))
            self._layout.addRow(self._trouble(name))
        self._layout.addRow(self._numbers())
        for name, _, _ in _NUMBERS:
            self._layout.addRow(self._trouble(name))
        self.save = named(QPushButton("Create"), f"{panel_id}_save", "Keep this webhook", "primary", self._save)
        self.cancel = named(QPushButton("Cancel"), f"{panel_id}_cancel", "Change nothing", "quiet", self.closed.emit)
        buttons = bar_of(self.save, self.cancel)
        buttons.set_margins(0, 3)
        self._layout.addRow(buttons)

    def show_inputs(self, inputs: HookInputs, *, is_new: bool) -> None:
        """Show a webhook to be changed, or what a new one begins with."""
        for name, field in self.fields.items():
            field.setText(getattr(inputs, name))
        self.save.setText("Create" if is_new else "Save")
        self.show_troubles({})
        self.fields["name"].setFocus()

    def show_troubles(self, troubles: Mapping[str, str]) -> None:
        """Say what is wrong beneath each field; the first one that is gets the keys."""
        for name, label in self.troubles.items():
            words = troubles.get(name, "")
            label.setText(words)
            label.setVisible(bool(words))
            set_role(self.fields[name], "invalid", "true" if words else "false")
            self.fields[name].setAccessibleDescription(words)
        wrong = next((name for name in self.fields if troubles.get(name)), None)
        if wrong is not None:
            self.fields[wrong].setFocus()

    def _numbers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for name, caption, meaning in _NUMBERS:
            label = QLabel(caption)
            label.setProperty("role", "caption")
            column = QVBoxLayout()
            column.setSpacing(1)
            column.addWidget(label)
            column.addWidget(self._field(name, meaning, ""))
            row.addLayout(column, 1)
        return row

    def _field(self, name: str, meaning: str, sample: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{self._panel_id}_{name}")
        field.setAccessibleName(meaning)
        field.setToolTip(meaning)
        field.setPlaceholderText(sample)
        field.returnPressed.connect(self._save)
        self.fields[name] = field
        return field

    def _trouble(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(f"{self._panel_id}_{name}_trouble")
        label.setProperty("role", "error")
        label.setWordWrap(True)
        label.hide()
        self.troubles[name] = label
        return label

    def _save(self) -> None:
        self.saved.emit(HookInputs(**{name: field.text() for name, field in self.fields.items()}))
