"""The GUI thread: Qt application, theme, windows, bridge; where Qt's own errors are caught.

One of the four places that catch every exception: an error in a slot is logged with its traceback and announced, the
desktop lives on. Engine and REST are other threads; nothing here waits for them, but for an order's 5 ms (`bridge`).
"""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from workstation.commands.registry import CommandRegistry, Gateway
from workstation.config.settings import Settings
from workstation.desktop.bracket_key import bracket_key
from workstation.desktop.bridge import Bridge
from workstation.desktop.chart_links import ChartLinks
from workstation.desktop.context import DesktopContext
from workstation.desktop.fonts import load_fonts
from workstation.desktop.hold_to_confirm import hold_to_confirm
from workstation.desktop.look import LOOKS
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.panels.ticket_presets_store import PresetStore
from workstation.desktop.secrets_watch import Secrets, SecretsWatch
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.hotkeys_disarm import disarm
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.rejects_store import RejectsStore
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import Theme, apply_theme, current_theme
from workstation.desktop.theme_shelf import ThemeShelf
from workstation.domain.accounts import Environment
from workstation.kernel.logs import get_logger
from workstation.viewmodels.focus import LinkGroups, SizePresets, TradeFocus
from workstation.viewmodels.session import Session

if TYPE_CHECKING:
    from workstation.desktop.shell.screen_lock import ScreenLock

BEAT_MS = 25
SHOWN_MS = 250
SETTLE_MS = 2_000
LAYOUT_SAVE_MS = 10_000

_log = get_logger("desktop")


class ErrorReporter(QObject):
    """Announces an exception that escaped from a slot; the desktop lives on. Emits: failed(str)."""

    failed = Signal(str)

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log, announce, and show it in the panel that it came out of (the protocol of `sys.excepthook`)."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.error("slot_failed", error=f"{kind.__name__}: {error}", exc_info=(kind, error, trace))
        panel, in_frame = Panel.behind(trace)
        if panel is not None:
            details = "".join(traceback.format_exception(kind, error, trace))
            panel.show_fault(f"{kind.__name__}: {error}", f"{panel.panel_id}\n{details}", stands=in_frame)
        self.failed.emit(f"Internal error: {kind.__name__}: {error}. Details are in the log; trading goes on.")


class Desktop:
    """The desktop of one session: application, first window, timers."""

    def __init__(
        self,
        session: Session,
        gateway: Gateway,
        commands: CommandRegistry,
        *,
        layouts: Path,
        look: Theme,
        frame_hz: int,
        disarm_after_s: int,
        keys_file: Path | None = None,
        presets_file: Path | None = None,
        settings: SettingsStore | None = None,
        themes: ThemeShelf | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.app = _application()
        self.app.setApplicationName("Workstation")
        load_fonts()
        apply_theme(self.app, look)
        configure_docking()
        self.bridge = Bridge(session, gateway, commands, frame_hz=frame_hz)
        first = session.accounts[0].account
        symbol = next(iter(session.instruments))
        self.context = DesktopContext(
            bridge=self.bridge,
            focus=TradeFocus(first, symbol, session.mono_ns),
            links=LinkGroups(),
            sizes=SizePresets(),
            charts=ChartLinks(layouts.parent / "drawings", self._warn),
            settings=settings,
            presets=PresetStore(presets_file),
            themes=themes or ThemeShelf(),
            secrets=None if secrets is None else SecretsWatch(secrets),
        )
        if session.environment is not Environment.REPLAY:  # a replay's orders are of another time
            RejectsStore(self.bridge.state.rejects, layouts.parent / "rejects-seen.txt", self._warn)
        self.workspace = Workspace(
            self.context, PANEL_KINDS, LayoutStore(layouts), disarm_after_s=disarm_after_s, keys_file=keys_file
        )
        if settings is not None:
            hold_to_confirm().ms = settings.settings.desktop.hold_to_confirm_ms
            bracket_key().name = settings.settings.desktop.bracket_key
            settings.changed.connect(self._apply)
            settings.refusal = lambda name, text: self.context.themes.refusal(name, text, settings.settings.desktop)
        self._lock: ScreenLock | None = None
        self.reporter = ErrorReporter()
        self.reporter.failed.connect(lambda text: self.context.announcer.say("critical", text))

    @property
    def thread_id(self) -> int:
        """Identifier of the GUI thread, for the stall watchdog."""
        return threading.get_ident()

    def start(
        self,
        *,
        beat: Callable[[], None],
        settled: Callable[[], None],
        worst_stall_ms: Callable[[], float],
        stalls: Collection[tuple[float, float]] = (),
        shown: Callable[[], None] | None = None,
    ) -> None:
        """Show the window and begin to take frames; `beat` is called every 25 ms for the watchdog.

        shown: called once the window has had time to paint, for what can wait until then. settled: called later,
        when stalls begin to count. stalls: those of the GUI thread so far, (monotonic end, length) in seconds.
        """
        sys.excepthook = self.reporter
        self.workspace.open()
        self._follow_screen()
        if self.context.presets.error:
            self.context.announcer.say("warning", self.context.presets.error)
        self.bridge.start()
        beat_timer = QTimer(self.bridge, interval=BEAT_MS)
        beat_timer.timeout.connect(beat)
        beat_timer.start()
        QTimer.singleShot(SETTLE_MS, settled)
        QTimer.singleShot(SHOWN_MS, self.workspace, self._watch_lock)
        QTimer.singleShot(SHOWN_MS, self.workspace, self._ask_for_vault)
        if shown is not None:
            QTimer.singleShot(SHOWN_MS, shown)
        bar = self.workspace.window.status_bar
        stall_timer = QTimer(bar, interval=1_000)
        stall_timer.timeout.connect(lambda: bar.show_stall(worst_stall_ms(), stalls))
        stall_timer.start()
        save_timer = QTimer(self.bridge, interval=LAYOUT_SAVE_MS)
        save_timer.timeout.connect(self.workspace.save)
        save_timer.start()

    def _warn(self, text: str) -> None:
        self.context.announcer.say("warning", text)

    def _apply(self, name: str, settings: Settings) -> None:
        """Let a changed setting act at once where it can."""
        if name in LOOKS:
            self._show_look(settings)
        elif name == "desktop.disarm_after_s":
            self.workspace.disarm_after(settings.desktop.disarm_after_s)
        elif name == "desktop.hold_to_confirm_ms":
            hold_to_confirm().ms = settings.desktop.hold_to_confirm_ms
        elif name == "desktop.bracket_key":
            bracket_key().name = settings.desktop.bracket_key

    def _watch_lock(self) -> None:
        """Disarm when the screen is locked."""
        from workstation.desktop.shell.screen_lock import watched_screen  # noqa: PLC0415  the window shows first

        self._lock = watched_screen()
        if self._lock is not None:
            self._lock.locked.connect(lambda: disarm(self.context, "screen locked"))

    def _ask_for_vault(self) -> None:
        """Ask for the passphrase of a vault, where there is one and the system has no key store."""
        secrets = self.context.secrets
        if secrets is not None and secrets.has_vault:
            secrets.changed.connect(self._on_vault, Qt.ConnectionType.SingleShotConnection)
            secrets.look()

    def _on_vault(self) -> None:
        from workstation.desktop.shell.vault_dialog import ask_for_passphrase  # noqa: PLC0415  most homes have no vault

        secrets = self.context.secrets
        if secrets is not None and secrets.is_locked:
            ask_for_passphrase(secrets, self.workspace.window)

    def _follow_screen(self) -> None:
        """Let text and density follow the window from screen to screen, where the settings say so."""
        window, store = self.workspace.window, self.context.settings
        self.context.themes.screen = lambda: window.screen().name()
        handle = window.windowHandle()
        if store is not None and handle is not None:
            handle.screenChanged.connect(lambda _screen: self._show_look(store.settings))
            self._show_look(store.settings)

    def _show_look(self, settings: Settings) -> None:
        look, words = self.context.themes.at_start(settings.desktop)
        if words:
            self.context.announcer.say("warning", words)
        if look != current_theme():
            apply_theme(self.app, look)

    def run(self) -> int:
        """Run until the last window closes; returns the exit code."""
        code = self.app.exec()
        self.stop()
        return code

    def stop(self) -> None:
        """Save the layout, end every panel and the bridge."""
        self.workspace.close()
        self.bridge.stop()
        sys.excepthook = sys.__excepthook__


def _application() -> QApplication:
    running = QApplication.instance()
    return running if isinstance(running, QApplication) else QApplication(sys.argv[:1])


def display_available() -> bool:
    """Tell whether a window can be shown here: a display server, or a platform chosen by hand."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
