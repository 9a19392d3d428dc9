"""The settings of a running desktop: read, changed in the file, taken back, and told to whoever can apply them.

Between the settings file and what acts on it. A change that touches trading is told as such, so that hand entry
disarms; a file that changed outside waits for consent. It applies nothing itself.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.config.settings import Settings, load_settings
from workstation.config.settings_file import TRADING, SettingRow, SettingsFile, setting_rows
from workstation.config.start import unknown_words
from workstation.domain.errors import UserError

VERSION_DIGITS = 12


class SettingsStore(QObject):
    """Emits: changed(name, Settings) for each setting that has another value now, sound() when the file reads well.

    trouble: what is wrong with the file that this run began with, "" for nothing.
    """

    changed = Signal(str, object)
    sound = Signal()

    def __init__(self, path: Path, settings: Settings, trouble: str = "") -> None:
        super().__init__()
        self.trouble = trouble
        self.setObjectName("settings_store")
        self._file = SettingsFile(path)
        self._settings = settings
        self._version = _version_of(settings)
        self._known = self._stamp()
        self.refusal: Callable[[str, str], str] = lambda _name, _text: ""

    @property
    def settings(self) -> Settings:
        """Every setting as it is in force, or will be after a restart."""
        return self._settings

    @property
    def folder(self) -> Path:
        """The home, where the settings file stands."""
        return self._file.path.parent

    @property
    def version(self) -> str:
        """The first digits of the SHA-256 of every value in force."""
        return self._version

    @property
    def can_undo(self) -> bool:
        """True while a change of this run can be taken back."""
        return self._file.can_undo

    @property
    def writable(self) -> bool:
        """True where the file can be written; else settings are for reading."""
        folder = self._file.path.parent
        return os.access(folder if folder.exists() else folder.parent, os.W_OK)

    def rows(self) -> list[SettingRow]:
        """Return every setting as it is in force, or will be after a restart."""
        return setting_rows(self._settings, self._file.path, os.environ)

    def set(self, name: str, text: str) -> str:
        """Change a setting; returns why not, "" when done. What `refusal` says of name and text goes first."""
        return self.refusal(name, text) or self._run(lambda: self._file.set(name, text))

    def reset(self, name: str) -> str:
        """Take a setting back to its default; returns why not, "" when done."""
        return self._run(lambda: self._file.reset(name))

    @property
    def undo_touches_trading(self) -> bool:
        """True where the next undo changes what hand entry disarms for."""
        return self._file.undo_touches(TRADING)

    def undo(self) -> str:
        """Take the last change back; returns why not, "" when done."""
        return self._run(self._file.undo)

    def outside(self) -> tuple[str, list[str]]:
        """Return what is wrong with a file that changed outside, and `name: before → after` of what it would change."""
        if self._stamp() == self._known:
            return self.trouble, []
        try:
            found = load_settings(self._file.path)
        except UserError as error:
            return str(error), []
        return "", [f"{name}: {old} → {new}" for name, old, new in _differences(self._settings, found)]

    def reload(self) -> str:
        """Take the file as it is now; returns why not, "" when done."""
        return self._run(lambda: load_settings(self._file.path))

    def _run(self, step: Callable[[], Settings]) -> str:
        try:
            found = step()
        except UserError as error:
            return str(error)
        except OSError as error:
            return f"The settings cannot be written: {error.strerror}."
        before, self._settings = self._settings, found
        self._version = _version_of(found)
        self._known, self.trouble = self._stamp(), unknown_words(self._file.path)
        self.sound.emit()
        for name, _old, _new in _differences(before, found):
            self.changed.emit(name, found)
        return ""

    def _stamp(self) -> tuple[int, int]:
        path = self._file.path
        if not path.exists():
            return (0, 0)
        found = path.stat()
        return found.st_mtime_ns, found.st_size


def _version_of(settings: Settings) -> str:
    lines = [f"{row.name}={row.value!r}" for row in setting_rows(settings, None, {})]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:VERSION_DIGITS]


def _differences(before: Settings, after: Settings) -> list[tuple[str, object, object]]:
    old = {row.name: row.value for row in setting_rows(before, None, {})}
    new = {row.name: row.value for row in setting_rows(after, None, {})}
    return [(name, old[name], value) for name, value in new.items() if old[name] != value]
