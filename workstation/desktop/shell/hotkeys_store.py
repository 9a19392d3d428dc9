"""The key file in force: read at the start and on reload, all or nothing; the last good map stays when a file is wrong.

Beside the filter. After a file has changed, the first CAUTIOUS_ORDERS entries by key go out at half size; what is left
of that is kept beside the file, so that a restart does not forget it. It writes the key file for the panel alone, and
only a text that reads well.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from workstation.config.resources import resource_text
from workstation.config.whole_files import write_whole
from workstation.viewmodels.hotkey_binds import Bind
from workstation.viewmodels.hotkey_file import FILE_BYTES_MAX, HotkeyFile, HotkeyFileError, hotkey_text, read_hotkeys

CAUTIOUS_ORDERS = 5
SHIPPED_FILE = "default.toml"
PROFILES = {"fn": SHIPPED_FILE, "modal": "modal.toml"}
"""The shipped profiles. A key file that names one and has no binds of its own takes that profile's."""
USES_KEPT = 50
VERSION_DIGITS = 12


def shipped_text() -> str:
    """Return the default key file."""
    return resource_text("hotkeys", SHIPPED_FILE)


def _version_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


class KeyStore(QObject):
    """The binds in force. Emits: changed() after a reload that took effect, failed(str) when a file was refused.

    uses: (keys, bind, words) of the last presses that asked for something, newest last. Emits: used().
    """

    changed = Signal()
    failed = Signal(str)
    used = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("key_store")
        self.path: Path | None = None
        self.commands: Callable[[], Sequence[str]] = tuple
        self.uses: deque[tuple[str, str, str]] = deque(maxlen=USES_KEPT)
        self.shipped = read_hotkeys(shipped_text())
        self.file: HotkeyFile = self.shipped
        self.error = ""
        self.cautious = 0
        self._text = shipped_text()
        self._version = _version_of(self._text)

    @property
    def is_default(self) -> bool:
        """Tell whether the shipped keys are in force."""
        return self.file is self.shipped

    @property
    def text(self) -> str:
        """The text of the file in force."""
        return self._text

    @property
    def version(self) -> str:
        """The first digits of the SHA-256 of the text in force."""
        return self._version

    def load(self) -> bool:
        """Read the file again; returns whether it is in force now. A missing file means the shipped keys."""
        try:
            text = self._read()
            found = self.shipped if text is None else _with_profile(read_hotkeys(text, self.commands()))
        except HotkeyFileError as error:
            return self._refuse(f"{error}")
        except OSError as error:
            return self._refuse(f"it cannot be read: {error}")
        self.error = ""
        self.file, self._text = found, shipped_text() if text is None else text
        self._version = _version_of(self._text)
        self._judge_change()
        self.changed.emit()
        return True

    def save(self, text: str) -> None:
        """Write a text that reads well, whole or not at all, and take it into force.

        Raises:
            HotkeyFileError: the text is no key file; nothing is written.
            OSError: there is no file, it cannot be written, or it was changed by somebody else meanwhile.
        """
        read_hotkeys(text, self.commands())
        if self.path is None:
            raise OSError("there is no home to keep a key file in")
        if (self._read() or shipped_text()) != self._text:
            raise OSError("the file was changed outside; reload it first")
        write_whole(self.path, text)
        self.load()

    def note_use(self, keys: str, bind: str, words: str) -> None:
        """Keep one press that asked for something, or was refused."""
        self.uses.append((keys, bind, words))
        self.used.emit()

    def _refuse(self, why: str) -> bool:
        name = "the key file" if self.path is None else self.path.name
        self.error = f"{name} is refused, the last good keys stay in force: {why}"
        self.failed.emit(self.error)
        return False

    def _read(self) -> str | None:
        if self.path is None or not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return hotkey_text(file.read(FILE_BYTES_MAX + 1))

    def bind(self, name: str) -> Bind | None:
        """Return the bind with this id: the enabled one in force, else the shipped one."""
        binds = [*(bind for bind in self.file.binds if bind.enabled), *self.shipped.binds]
        return next((bind for bind in binds if bind.id == name), None)

    def keys_of(self, name: str) -> str:
        """Return the keys of a bind in force as `Ctrl+J B`, with ×2 where it acts on the second press; "" for none."""
        found = next((bind for bind in self.file.binds if bind.id == name and bind.enabled), None)
        return "" if found is None else keys_text(found)

    def keys_that_run(self, command_id: str) -> str:
        """Return the keys of the first bind in force that runs a command of the registry by its id; "" for none."""
        found = next((bind for bind in self.file.binds if bind.command == command_id and bind.enabled), None)
        return "" if found is None else keys_text(found)

    def takes(self, chord: str) -> bool:
        """Tell whether a bind in force begins with a chord, so that no menu may have it."""
        return any(bind.enabled and bind.keys[0] == chord for bind in self.file.binds)

    # Half size after a change

    @property
    def _mark(self) -> Path | None:
        return None if self.path is None else self.path.with_suffix(".seen")

    def _judge_change(self) -> None:
        """Count anew when this text was never in force here; the shipped keys need no care."""
        if self.is_default:
            self.cautious = 0
            return
        digest, left = self._seen()
        self.cautious = left if digest == self._digest() else CAUTIOUS_ORDERS
        self._keep()

    def used_cautiously(self) -> None:
        """Count one order that went out at half size."""
        self.cautious = max(self.cautious - 1, 0)
        self._keep()

    def _digest(self) -> str:
        return hashlib.sha256(self._text.encode()).hexdigest()

    def _seen(self) -> tuple[str, int]:
        try:
            digest, left = ("" if self._mark is None else self._mark.read_text(encoding="ascii")).split()
            return digest, min(max(int(left), 0), CAUTIOUS_ORDERS)
        except (OSError, ValueError):
            return "", CAUTIOUS_ORDERS

    def _keep(self) -> None:
        """Keep the count; where the folder takes no file, the next start is as careful as this one began."""
        if self._mark is None:
            return
        try:
            self._mark.write_text(f"{self._digest()} {self.cautious}\n", encoding="ascii")
        except OSError as error:
            self.failed.emit(f"{self._mark.name} cannot be written: {error.strerror}")


def _with_profile(found: HotkeyFile) -> HotkeyFile:
    """Return a file without binds as the shipped profile that it names, its own defaults first."""
    if found.binds or found.profile not in PROFILES:
        return found
    shipped = read_hotkeys(resource_text("hotkeys", PROFILES[found.profile]))
    return msgspec.structs.replace(
        shipped,
        expressions={**shipped.expressions, **found.expressions},
        plain={**shipped.plain, **found.plain},
    )


def keys_text(bind: Bind) -> str:
    """Return a bind's keys as they are shown."""
    shown = " ".join(bind.keys)
    if bind.press == "double":
        return f"{shown} ×2"
    if bind.press == "click":
        return f"{shown} held, click"
    return f"{shown} held {bind.hold_ms} ms" if bind.press == "hold" else shown
