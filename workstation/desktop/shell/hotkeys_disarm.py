"""Hand entry disarms by itself: reconnect, another account, other keys, a locked screen. Idle time is the workspace's.

Each disarming is journalled with its reason. It never arms.
"""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication

from workstation.commands.params import Disarm
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_store import KeyStore
from workstation.domain.orders import OriginKind
from workstation.viewmodels.frames import Frame

_UP = "UP"


def disarm(context: DesktopContext, reason: str) -> None:
    """Disarm hand entry where it is armed, and say why."""
    status = context.state.status
    if status is not None and status.armed is not None:
        context.call("risk.disarm", Disarm(reason=reason), context.origin(OriginKind.SYSTEM, reason))
        context.announcer.say("info", f"Disarmed: {reason}.")


class AutoDisarm(QObject):
    """Watches what ends the armed state. Lives as long as its parent, the workspace."""

    def __init__(self, context: DesktopContext, store: KeyStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("auto_disarm")
        self._context = context
        self._account = context.focus.account
        self._venue_state = ""
        context.focus.listen(self._follow_account)
        context.bridge.frame_taken.connect(self._on_frame)
        store.changed.connect(lambda: disarm(context, "keys reloaded"))
        store.failed.connect(lambda _text: disarm(context, "key file refused"))
        context.presets.changed.connect(lambda: disarm(context, "ticket presets changed"))
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.applicationStateChanged.connect(self._on_application_state)

    def _follow_account(self) -> None:
        if self._context.focus.account != self._account:
            self._account = self._context.focus.account
            disarm(self._context, "another account")

    def _on_frame(self, frame: Frame) -> None:
        if frame.status is None:
            return
        before, self._venue_state = self._venue_state, frame.status.venue_state
        if before and before != _UP and self._venue_state == _UP:
            disarm(self._context, "reconnected")

    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if state in (Qt.ApplicationState.ApplicationSuspended, Qt.ApplicationState.ApplicationHidden):
            disarm(self._context, "screen locked")
