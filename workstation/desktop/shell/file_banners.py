"""Banners of files that a person edits: what is wrong with keys or settings, where, and what is in force instead.

Each stays until its file reads well or a person puts it away. Reading a file again disarms.
"""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.shell.hotkeys_disarm import disarm
from workstation.desktop.shell.hotkeys_store import KeyStore


class FileBanner(QFrame):
    """One line across the window; hidden while its file is sound."""

    def __init__(self, name: str, meaning: str, reload: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName(f"{name}_banner")
        self.setProperty("role", "raised")
        self.setAccessibleName(meaning)
        self._text = QLabel()
        self._text.setObjectName(f"{name}_banner_text")
        self._text.setProperty("role", "danger")
        self._text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._text, 1)
        row.addWidget(_button(f"{name}_banner_reload", "Reload", "Read the file again; disarms", reload))
        row.addWidget(_button(f"{name}_banner_dismiss", "Dismiss", "Put this line away", self.hide))
        self.hide()

    def show_trouble(self, text: str) -> None:
        """Say what is wrong."""
        self._text.setText(text)
        self.show()


class KeyFileBanner(FileBanner):
    """The line of the key file."""

    def __init__(self, store: KeyStore) -> None:
        super().__init__("key_file", "Key file refused", store.load)
        store.failed.connect(self.show_trouble)
        store.changed.connect(self.hide)


class SettingsBanner(FileBanner):
    """The line of the settings file as this run found it."""

    def __init__(self, context: DesktopContext, store: SettingsStore) -> None:
        super().__init__("settings", "Settings file", self._reload)
        self._context, self._store = context, store
        store.sound.connect(self.hide)
        if store.trouble:
            self.show_trouble(store.trouble)

    def _reload(self) -> None:
        disarm(self._context, "settings reloaded")
        trouble = self._store.reload()
        if trouble:
            self.show_trouble(f"{trouble}. The settings before stay in force; the file stays as it is.")


def _button(name: str, text: str, meaning: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(meaning)
    button.clicked.connect(lambda _checked=False: run())
    return button
