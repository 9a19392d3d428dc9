"""A locked screen, as the system tells it: hand entry must not stay armed while nobody sees the screen.

On Linux the screen savers say it on the session bus and the login manager on the system bus; a bus that is not there is
no error, and away from Linux the time out of focus disarms. Sources: the freedesktop.org idle and screen saver
interface, `org.gnome.ScreenSaver`, and `org.freedesktop.login1.Session`. It decides nothing and asks for nothing.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import QDBusConnection

SAVERS: Final = tuple(f"org.{desktop}.ScreenSaver" for desktop in ("freedesktop", "gnome", "cinnamon", "mate"))
SESSION: Final = "org.freedesktop.login1.Session"
ON_ACTIVE: Final[Any] = SLOT("on_active(bool)")
ON_LOCK: Final[Any] = SLOT("on_lock()")
SYSTEM_BUS: Final = Path("/run/dbus/system_bus_socket")


class ScreenLock(QObject):
    """Listens as long as it lives. Emits: locked()."""

    locked = Signal()

    def __init__(self, session: QDBusConnection, system: QDBusConnection) -> None:
        super().__init__()
        self.setObjectName("screen_lock")
        for saver in SAVERS if session.isConnected() else ():
            session.connect("", "", saver, "ActiveChanged", self, ON_ACTIVE)
        if system.isConnected():
            system.connect("", "", SESSION, "Lock", self, ON_LOCK)

    @Slot(bool)
    def on_active(self, active: bool) -> None:
        """Take what a screen saver says."""
        if active:
            self.locked.emit()

    @Slot()
    def on_lock(self) -> None:
        """Take what the login manager says."""
        self.locked.emit()


def watched_screen() -> ScreenLock | None:
    """Return what listens to the buses of this machine, None away from Linux. None of them is started."""
    if sys.platform != "linux":
        return None
    own = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
    has_session = "DBUS_SESSION_BUS_ADDRESS" in os.environ or own.exists()
    session = QDBusConnection.sessionBus() if has_session else _none()
    return ScreenLock(session, QDBusConnection.systemBus() if SYSTEM_BUS.exists() else _none())


def _none() -> QDBusConnection:
    return QDBusConnection("none")
