"""The form of a strategy's parameters: one typed line each, what is wrong beneath it, nothing guessed.

Part of the strategies panel. It knows fields and texts, no command.
"""

import json
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from workstation.strategies.describing import CodeShape, ParameterField

Editor = QCheckBox | QComboBox | QLineEdit
_WORDS = {"integer": "a whole number", "number": "a number", "array": "a list such as [1, 2]"}


class ParametersForm(QWidget):
    """Parameters of one piece of code. Emits: edited() with each change by hand."""

    edited = Signal()

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_parameters")
        self._panel_id = panel_id
        self._fields: dict[str, tuple[ParameterField, Editor, QLabel]] = {}
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(8, 3, 8, 3)
        self._layout.setSpacing(4)

    def show_shape(self, shape: CodeShape | None, values: Mapping[str, Any]) -> None:
        """Show the parameters of a shape with these values over its defaults; None shows nothing."""
        while self._layout.rowCount():
            self._layout.removeRow(0)
        self._fields.clear()
        for field in () if shape is None else shape.parameters:
            editor, trouble = self._editor(field, values.get(field.name, field.default)), QLabel()
            trouble.setProperty("role", "error")
            trouble.setWordWrap(True)
            trouble.hide()
            self._layout.addRow(field.name.replace("_", " "), editor)
            self._layout.addRow(trouble)
            self._fields[field.name] = (field, editor, trouble)

    def values(self) -> dict[str, Any] | None:
        """Return what differs from the defaults; None, with the reason at the field, where something is wrong."""
        found, good = {}, True
        for name, (field, editor, trouble) in self._fields.items():
            value, words = _read(field, editor)
            trouble.setText(words)
            trouble.setVisible(bool(words))
            good = good and not words
            if not words and value != field.default:
                found[name] = value
        return found if good else None

    def _editor(self, field: ParameterField, value: Any) -> Editor:
        editor: Editor
        if field.kind == "boolean":
            editor = QCheckBox()
            editor.setChecked(bool(value))
            editor.toggled.connect(self.edited)
        elif field.choices:
            editor = QComboBox()
            editor.addItems(field.choices)
            editor.setCurrentText(str(value))
            editor.currentTextChanged.connect(self.edited)
        else:
            is_text = field.kind == "string"
            editor = QLineEdit("" if value is None else str(value) if is_text else json.dumps(value))
            editor.setPlaceholderText(field.allowed)
            editor.textEdited.connect(self.edited)
        editor.setObjectName(f"{self._panel_id}_parameter_{field.name}")
        editor.setAccessibleName(field.name)
        editor.setToolTip(". ".join(part for part in (field.meaning, field.allowed) if part))
        return editor


def _read(field: ParameterField, editor: Editor) -> tuple[Any, str]:
    """Return a value and what is wrong with it, "" for nothing; bounds are held by the strategy itself."""
    if isinstance(editor, QCheckBox):
        return editor.isChecked(), ""
    if isinstance(editor, QComboBox):
        return editor.currentText(), ""
    text = editor.text().strip()
    if field.kind == "string":
        return (text, "") if text or field.default == "" else (field.default, "")
    if not text:
        return field.default, "" if field.default is not None else "A value is needed."
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    wanted = {"integer": is_number and float(value).is_integer(), "number": is_number, "array": isinstance(value, list)}
    if wanted.get(field.kind, True):
        return value, ""
    return None, f"{text} is not {_WORDS[field.kind]}."
