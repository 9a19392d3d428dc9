"""The key store of a run as its desktop asks about it: which one is in use, and the vault that stands in for one.

Beside both walks, on whatever thread asks; what is slow to load loads with the first question.
"""

import threading
import time
from typing import TYPE_CHECKING

from workstation.config.paths import Home
from workstation.domain.errors import UserError

if TYPE_CHECKING:
    from workstation.config.vault import VaultDoor


class HomeSecrets:
    """Implements `desktop.secrets_watch.Secrets` for a home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._door: VaultDoor | None = None

    @property
    def has_vault(self) -> bool:
        """Tell whether there is a vault, by a look at its file alone."""
        return self._home.vault.exists()

    def standing(self) -> tuple[str, bool]:
        """Return a sentence on the key store in use, and whether a vault waits for its passphrase."""
        from workstation.app.vault_commands import status_words  # noqa: PLC0415  the window shows first
        from workstation.config.secrets import secret_store  # noqa: PLC0415  as above

        self._placed()
        return status_words(), secret_store().is_locked

    def unlock(self, passphrase: str) -> str:
        """Open the vault; returns why not, "" when it is open."""
        try:
            self._placed().unlock(passphrase)
        except UserError as error:
            return str(error)
        return ""

    def _placed(self) -> "VaultDoor":
        """Return the door of the vault, which stands in for a key store of the system from now on."""
        from workstation.config.secrets import use_vault  # noqa: PLC0415  the window shows first
        from workstation.config.vault import VaultDoor  # noqa: PLC0415  as above

        with self._lock:
            if self._door is None:
                self._door = VaultDoor(self._home.vault, time.monotonic)
                use_vault(self._door)
            return self._door
