"""The line of a panel that is there only when there is something to say; made from a note, and it says it aloud."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from workstation.viewmodels.panel_notes import PanelNote


class NoteLine(QLabel):
    """One line that is there only when there is something to say."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setContentsMargins(8, 2, 8, 2)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()

    def show_note(self, note: PanelNote) -> None:
        """Show a note, or hide the line; equal notes cost nothing."""
        if note.text == self.text():
            return
        self.setText(note.text)
        self.setAccessibleName(note.text)
        self.setVisible(bool(note.text))
        role = {"info": "muted", "warning": "warning", "danger": "danger"}[note.level]
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().polish(self)
