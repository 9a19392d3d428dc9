"""A question that one line answers: arming LIVE, the name of a workspace or of a list.

It only asks; what takes the text says why not, under the line, and until it takes one the text stays as it was typed.
"""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.theme import current_theme

LINE_PX = 320


class LineQuestion(NamedTuple):
    """What is asked. does: what the button says; words: what stands above the question; role: how the button looks."""

    name: str
    title: str
    question: str
    does: str
    words: str = ""
    role: str = "primary"


class LineDialog(QDialog):
    """take: takes the text and returns why not, "" when done; text: what stands in the line at first.

    Parts are named after the question's name: the line itself, `name_dialog`, `name_error`, `name_go`, `name_cancel`.
    """

    def __init__(
        self, asked: LineQuestion, take: Callable[[str], str], parent: QWidget | None, *, text: str = ""
    ) -> None:
        super().__init__(parent)
        self._take = take
        self.setObjectName(f"{asked.name}_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(asked.title)
        self.line = QLineEdit(text)
        self.line.setObjectName(asked.name)
        self.line.setAccessibleName(asked.question)
        self.line.setMinimumWidth(round(LINE_PX * current_theme().text_scale))
        self.line.selectAll()
        self.error = QLabel(wordWrap=True)
        self.error.setObjectName(f"{asked.name}_error")
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setProperty("role", "danger")
        self.error.hide()
        self.go = QPushButton(f"&{asked.does}")
        self.go.setObjectName(f"{asked.name}_go")
        self.go.setProperty("role", asked.role)
        self.go.setDefault(True)
        self.go.clicked.connect(self._on_go)
        cancel = QPushButton("&Cancel")
        cancel.setObjectName(f"{asked.name}_cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self._lay_out(asked, cancel)

    def _lay_out(self, asked: LineQuestion, cancel: QPushButton) -> None:
        label = QLabel(f"&{asked.question}")
        label.setBuddy(self.line)
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.go)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        if asked.words:
            meaning = QLabel(asked.words, wordWrap=True)
            meaning.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(meaning)
            self.setAccessibleDescription(asked.words)
        for widget in (label, self.line, self.error):
            column.addWidget(widget)
        column.addLayout(row)

    def _on_go(self) -> None:
        trouble = self._take(self.line.text().strip())
        if not trouble:
            self.accept()
            return
        self.error.setText(trouble)
        self.error.show()
        self.line.setAccessibleDescription(trouble)
        self.adjustSize()
        self.line.setFocus()
