"""Which key store is in use, and the passphrase of a vault that is locked: looked up and tried on a thread aside.

Beside both walks. A key store may take its time, and a passphrase takes half a second by design; neither holds the
desktop up. A passphrase is handed on and kept nowhere here.
"""

from contextlib import suppress
from typing import Protocol

from PySide6.QtCore import QObject, QThreadPool, Signal


class Secrets(Protocol):
    """What the program knows of its key store. Any thread; each may block."""

    @property
    def has_vault(self) -> bool:
        """Tell whether there is a vault, by a look at its file alone."""

    def standing(self) -> tuple[str, bool]:
        """Return a sentence on the key store in use, and whether a vault waits for its passphrase."""

    def unlock(self, passphrase: str) -> str:
        """Open the vault; returns why not, "" when it is open."""


class SecretsWatch(QObject):
    """The key store as it was looked up last. Emits: changed(); answered(str), why a vault stays locked or ""."""

    changed = Signal()
    answered = Signal(str)
    _found = Signal(str, bool)

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets
        self.words, self.is_locked = "", False
        self._found.connect(self._take)

    @property
    def has_vault(self) -> bool:
        """Tell whether there is a vault."""
        return self._secrets.has_vault

    def look(self) -> None:
        """Look the key store up; `changed` tells."""
        QThreadPool.globalInstance().start(self._look)

    def unlock(self, passphrase: str) -> None:
        """Try a passphrase; `answered` tells, and `changed` where it opened the vault."""

        def work() -> None:
            refusal = self._secrets.unlock(passphrase)
            if not refusal:
                self._look()
            with suppress(RuntimeError):  # the desktop has ended meanwhile
                self.answered.emit(refusal)

        QThreadPool.globalInstance().start(work)

    def _look(self) -> None:
        found = self._secrets.standing()
        with suppress(RuntimeError):  # the desktop has ended meanwhile
            self._found.emit(*found)

    def _take(self, words: str, is_locked: bool) -> None:
        self.words, self.is_locked = words, is_locked
        self.changed.emit()
