"""The question for the passphrase of the vault: one line without echo, and under it why a passphrase is refused.

Asked once at the start, where the system has no key store, and again from Connections. It blocks nothing else: the
desktop goes on with the vault locked. The line is emptied with each answer.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.secrets_watch import SecretsWatch
from workstation.desktop.theme import current_theme

LINE_PX = 340
WHY = (
    "This system has no key store, so passwords are kept in an encrypted vault. "
    "Without its passphrase the program goes on, and they are missing until it is opened."
)


class VaultDialog(QDialog):
    """Tries what is typed, and closes once the vault is open."""

    def __init__(self, watch: SecretsWatch, parent: QWidget) -> None:
        super().__init__(parent)
        self._watch = watch
        self.setObjectName("vault_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Unlock the vault")
        self.line = QLineEdit()
        self.line.setObjectName("vault_passphrase")
        self.line.setAccessibleName("Passphrase of the vault")
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setMinimumWidth(round(LINE_PX * current_theme().text_scale))
        self.note = QLabel(wordWrap=True)
        self.note.setObjectName("vault_note")
        self.note.hide()
        self.go = QPushButton("&Unlock")
        self.go.setObjectName("vault_unlock")
        self.go.setProperty("role", "primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self._on_go)
        self.later = QPushButton("&Not now")
        self.later.setObjectName("vault_later")
        self.later.setAutoDefault(False)
        self.later.clicked.connect(self.reject)
        self._lay_out()
        watch.answered.connect(self._on_answer)

    def _lay_out(self) -> None:
        why, label = QLabel(WHY, wordWrap=True), QLabel("&Passphrase")
        label.setBuddy(self.line)
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.addStretch(1)
        row.addWidget(self.later)
        row.addWidget(self.go)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        for widget in (why, label, self.line, self.note):
            column.addWidget(widget)
        column.addLayout(row)

    def _on_go(self) -> None:
        typed = self.line.text()
        if not typed or not self.go.isEnabled():
            return
        self.line.clear()
        self.go.setEnabled(False)
        self._say("Opening…", refused=False)
        self._watch.unlock(typed)

    def _on_answer(self, refusal: str) -> None:
        self.go.setEnabled(True)
        if not refusal:
            self.accept()
            return
        self._say(f"{refusal[:1].upper()}{refusal[1:]}.", refused=True)
        self.line.setFocus()

    def _say(self, text: str, *, refused: bool) -> None:
        self.note.setProperty("role", "danger" if refused else "caption")
        self.note.style().polish(self.note)
        self.note.setText(text)
        self.note.show()
        self.adjustSize()


def ask_for_passphrase(watch: SecretsWatch, parent: QWidget) -> VaultDialog:
    """Show the question over a window; one that is shown already comes to the front."""
    shown = parent.findChild(VaultDialog)
    dialog = shown if isinstance(shown, VaultDialog) else VaultDialog(watch, parent)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
