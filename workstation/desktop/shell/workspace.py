"""A workspace: the window, its layout file, the menu, and the desktop's own commands.

Loads the saved layout, falls back on the shipped one where the file is damaged (which stays untouched and is named),
and saves what changed. Loading a layout disarms.
"""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu

from workstation.config.resources import resource_text
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.hotkeys_banner import KeyFileBanner
from workstation.desktop.shell.hotkeys_disarm import AutoDisarm, disarm
from workstation.desktop.shell.layouts import Layout, parse_layout
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.palette import Palette
from workstation.desktop.shell.palette_choices import Choices
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import THEME_NAMES, apply_theme, load_theme
from workstation.domain.errors import UserError
from workstation.domain.orders import Origin

DEFAULT_LAYOUT = "trading"
UNFOCUSED_DISARM_MS = 30_000

_INPUT = frozenset({QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel})


class Workspace(QObject):
    """Owns the window of one workspace and the hotkey filter of the application."""

    def __init__(
        self,
        context: DesktopContext,
        kinds: Mapping[str, type[Panel]],
        store: LayoutStore,
        *,
        disarm_after_s: int,
        keys_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._context = context
        self._store = store
        self.window = MainWindow(context, kinds)
        self.hotkeys = HotkeyFilter(context, keys_file)
        self.hotkeys.runs["view.provenance"] = self._show_provenance
        self.window.add_banner(KeyFileBanner(self.hotkeys.store))
        self.palette = Palette(context, Choices(context, self.hotkeys), self.window)
        self.hotkeys.runs["view.palette"] = lambda _origin: self.palette.open()
        self._auto_disarm = AutoDisarm(context, self.hotkeys.store)
        self.window.closing.connect(self.save)
        context.focus.listen(self._follow_focus)
        self._build_menu()
        self._idle = QTimer(self, interval=disarm_after_s * 1_000, singleShot=True)
        self._idle.timeout.connect(lambda: self._disarm("no input"))
        self._unfocused = QTimer(self, interval=UNFOCUSED_DISARM_MS, singleShot=True)
        self._unfocused.timeout.connect(lambda: self._disarm("window out of focus"))

    def open(self) -> None:
        """Load the layout, show the window and listen to keys."""
        self.hotkeys.store.load()
        layout = self._load()
        self.window.place(layout)
        self.window.load_layout(layout)
        self._context.links.choose("A", self._context.focus.symbol)
        if layout.maximized:
            self.window.showMaximized()
        else:
            self.window.show()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.installEventFilter(self)
            app.installEventFilter(self.hotkeys)
            app.focusWindowChanged.connect(self._on_window_focus)
        self._idle.start()

    def close(self) -> None:
        """Save and end every panel."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.removeEventFilter(self.hotkeys)
            app.removeEventFilter(self)
        self.save()
        self.window.release()
        self.window.close()

    def save(self) -> None:
        """Write the layout when it changed; a folder that cannot be written is announced, nothing is lost on screen."""
        if not self.window.panels:
            return
        try:
            self._store.save(self.window.current_layout())
        except OSError as error:
            self._context.announcer.say("warning", f"Layout not saved: {error.strerror}.")

    def _load(self) -> Layout:
        shipped = parse_layout(resource_text("layouts", f"{DEFAULT_LAYOUT}.toml"), source="shipped layout")
        try:
            return self._store.load(DEFAULT_LAYOUT) or shipped
        except UserError as error:
            self._context.announcer.say("warning", f"{error}. The file is kept as it is; the shipped layout is shown.")
            damaged = self._store.set_aside(DEFAULT_LAYOUT)
            self._context.announcer.say("warning", f"The damaged layout is kept as {damaged.name}.")
            return shipped

    def reset_layout(self) -> None:
        """Show the shipped layout again; the present one stays among the kept versions. Disarms."""
        self._disarm("layout reset")
        self.save()
        self.window.load_layout(parse_layout(resource_text("layouts", f"{DEFAULT_LAYOUT}.toml"), source="shipped"))
        self._context.links.choose("A", self._context.focus.symbol)

    def _build_menu(self) -> None:
        bar = self.window.menuBar()
        bar.setObjectName("menu_bar")
        view = bar.addMenu("&View")
        view.setObjectName("view_menu")
        view.addMenu(self.window.panel_menu())
        reset = QAction("Reset layout", view)
        reset.setObjectName("reset_layout")
        reset.triggered.connect(self.reset_layout)
        view.addAction(reset)
        view.addMenu(self._theme_menu(view))
        trade = bar.addMenu("&Trade")
        trade.setObjectName("trade_menu")
        for command_id, action in self.hotkeys.actions(trade).items():
            action.setObjectName(command_id)
            trade.addAction(action)

    def _theme_menu(self, parent: QMenu) -> QMenu:
        menu = QMenu("Theme", parent)
        menu.setObjectName("theme_menu")
        for name in THEME_NAMES:
            action = QAction(name.replace("_", " ").capitalize(), menu)
            action.setObjectName(f"theme_{name}")
            action.triggered.connect(lambda _checked=False, name=name: self.show_theme(name))
            menu.addAction(action)
        return menu

    def show_theme(self, name: str) -> None:
        """Switch the theme live."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, load_theme(name))

    def _show_provenance(self, _origin: Origin) -> None:
        """Show where the order came from that is selected in the panel with the focus, else the newest one of ours."""
        panel = self.window.panel_of(QApplication.focusWidget())
        chosen = "" if panel is None else panel.chosen_order()
        self.window.show_provenance(chosen or self._context.state.order_behind())

    def _follow_focus(self) -> None:
        self._context.links.choose("A", self._context.focus.symbol)

    def _on_window_focus(self, window: object) -> None:
        if window is None:
            self._unfocused.start()
        else:
            self._unfocused.stop()

    def _disarm(self, reason: str) -> None:
        disarm(self._context, reason)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count any input as a sign of life; never consumes an event."""
        if event.type() in _INPUT:
            self._idle.start()
        return super().eventFilter(watched, event)
