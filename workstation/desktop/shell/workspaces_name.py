"""The question for a workspace's name: one line, and under it why a name is refused.

It only asks; what takes the name says why not, and until it takes one the text stays as it was typed.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.theme import current_theme

LINE_PX = 320


class NameDialog(QDialog):
    """take: takes a name and returns why not, "" when done."""

    def __init__(self, title: str, does: str, name: str, take: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._take = take
        self.setObjectName("workspace_name_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.line = QLineEdit(name)
        self.line.setObjectName("workspace_name")
        self.line.setAccessibleName("Name of the workspace")
        self.line.setMinimumWidth(round(LINE_PX * current_theme().text_scale))
        self.line.selectAll()
        self.error = QLabel(wordWrap=True)
        self.error.setObjectName("workspace_name_error")
        self.error.setProperty("role", "danger")
        self.error.hide()
        go = QPushButton(f"&{does}")
        go.setObjectName("workspace_name_go")
        go.setProperty("role", "primary")
        go.setDefault(True)
        go.clicked.connect(self._on_go)
        cancel = QPushButton("&Cancel")
        cancel.setObjectName("workspace_name_cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        label = QLabel("&Name of the workspace")
        label.setBuddy(self.line)
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(go)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
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
        self.adjustSize()
        self.line.setFocus()
