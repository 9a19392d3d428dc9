"""The banner of a key file that was refused: line, column, what is wrong, and that the last good keys are in force.

Stays until the file reads well or a person puts it away. It changes nothing itself.
"""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from workstation.desktop.shell.hotkeys_store import KeyStore


class KeyFileBanner(QFrame):
    """One line across the window; hidden while the key file is sound."""

    def __init__(self, store: KeyStore) -> None:
        super().__init__()
        self.setObjectName("key_file_banner")
        self.setProperty("role", "raised")
        self.setAccessibleName("Key file refused")
        self._text = QLabel()
        self._text.setObjectName("key_file_banner_text")
        self._text.setProperty("role", "danger")
        self._text.setWordWrap(True)
        reload = QPushButton("Reload")
        reload.setObjectName("key_file_banner_reload")
        reload.setToolTip("Read the key file again; disarms")
        reload.clicked.connect(store.load)
        close = QPushButton("Dismiss")
        close.setObjectName("key_file_banner_dismiss")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._text, 1)
        row.addWidget(reload)
        row.addWidget(close)
        store.failed.connect(self._show)
        store.changed.connect(self.hide)
        self.hide()

    def _show(self, text: str) -> None:
        self._text.setText(text)
        self.show()
