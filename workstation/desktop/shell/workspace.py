"""The desktop around a workspace: its first window, the menus, the keys, and the desktop's own commands.

Which layout is shown, and its further windows, are the business of `workspaces`. Hand entry disarms here when nobody
is at the keys.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QDropEvent, QInputEvent, QSinglePointEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.alert_here import AlertHere
from workstation.desktop.shell.alert_lines import AlertLines
from workstation.desktop.shell.file_banners import KeyFileBanner, SettingsBanner
from workstation.desktop.shell.hold_still import HoldStill
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.hotkeys_disarm import AutoDisarm, disarm
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.leaving import LeaveQuestion
from workstation.desktop.shell.menu_bar import MenuBar
from workstation.desktop.shell.palette import Palette
from workstation.desktop.shell.palette_choices import Choices
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_keys import PanelKeys
from workstation.desktop.shell.screen_commands import ScreenCommands
from workstation.desktop.shell.spoken_line import SpokenLine
from workstation.desktop.shell.staging import panel_around
from workstation.desktop.shell.start_page import StartPage
from workstation.desktop.shell.theme_menu import ThemeMenu
from workstation.desktop.shell.toasts import ToastStack
from workstation.desktop.shell.tour import Tour
from workstation.desktop.shell.workspaces import Workspaces
from workstation.desktop.shell.workspaces_menu import UndoLoadBanner
from workstation.domain.orders import Origin

UNFOCUSED_DISARM_MS = 30_000

_INPUT = frozenset({QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel})


_INPUTS = (QInputEvent, QDropEvent)
_AIMED = frozenset(
    {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.Wheel, QEvent.Type.DragEnter}
    | {QEvent.Type.DragMove, QEvent.Type.Drop}
)
"""What a pointer does at a place: the panel there is made first where it still waits, so that it has the gesture."""


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
        self.workspaces = Workspaces(context, kinds, store, self._unheard)
        self.window = self.workspaces.window
        self.hotkeys = HotkeyFilter(context, keys_file)
        titles = {name: kind.title for name, kind in kinds.items()}
        self.commands = ScreenCommands(context, self.hotkeys, titles, self.window)
        self.window.command_asked.connect(self.hotkeys.run_command)
        self.hotkeys.runs["view.provenance"] = self._show_provenance
        self.alert_here = AlertHere(context, self.hotkeys)
        self.spoken = SpokenLine(context, self.hotkeys, self.window.top_bar.notice)
        self.hold_still = HoldStill(context, self.hotkeys, self.spoken)
        self.window.add_banner(KeyFileBanner(self.hotkeys.store))
        if context.settings is not None:
            self.window.add_banner(SettingsBanner(context, context.settings))
        self.window.add_banner(UndoLoadBanner(self.workspaces))
        choices = Choices(context, self.hotkeys, self.workspaces.open, self._show_setting)
        self.palette = Palette(context, choices, self.window)
        self.palette.front = lambda: self.workspaces.front
        self.alert_lines = AlertLines(context, choices)
        self.hotkeys.runs["view.palette"] = lambda _origin: self.palette.open()
        self.toasts = ToastStack(context, self.window)
        self.toasts.opened.connect(self.window.show_provenance)
        self.spoken.voice = self.toasts.voice
        self.leaving = LeaveQuestion(context, self.window)
        self.window.may_close = self.leaving.may_close
        self.tour = Tour(self.window, store.tour_file)
        self.start_page = StartPage(self.window.docking, titles, self.workspaces.open)
        self.start_page.closed.connect(self.tour.offer)
        self._auto_disarm = AutoDisarm(context, self.hotkeys.store, self)
        self._aiming = self._listens = False
        context.focus.listen(self._follow_focus)
        self.themes = ThemeMenu(context, self.commands, self.window)
        self._build_menu(kinds)
        self._idle = QTimer(self, interval=disarm_after_s * 1_000, singleShot=True)
        self._idle.timeout.connect(lambda: self._disarm("no input"))
        self._unfocused = QTimer(self, interval=UNFOCUSED_DISARM_MS, singleShot=True)
        self._unfocused.timeout.connect(lambda: self._disarm("window out of focus"))

    def open(self) -> None:
        """Load the layout, show the window and listen to keys."""
        self.hotkeys.store.load()
        is_first = self.workspaces.is_first
        layout = self.workspaces.begin()
        self.window.place(layout)
        if layout.maximized:
            self.window.showMaximized()
        else:
            self.window.show()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.installEventFilter(self)
            self._listens = True
            app.focusWindowChanged.connect(self._on_window_focus)
        self._idle.start()
        if is_first and QApplication.platformName() != "offscreen":
            self.start_page.open()
        else:
            self.tour.offer()

    def close(self) -> None:
        """Save and end every panel."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.removeEventFilter(self)
        self._listens = False
        self.toasts.end()
        self.workspaces.end()

    def save(self) -> None:
        """Write the layout when it changed."""
        self.workspaces.save()

    def disarm_after(self, seconds: int) -> None:
        """Disarm after so long without input, from now on."""
        self._idle.setInterval(seconds * 1_000)

    def _build_menu(self, kinds: Mapping[str, type[Panel]]) -> None:
        menus = MenuBar(self.window, self.commands)
        runs: dict[str, Callable[[], object]] = {
            **PanelKeys(self._context, self.workspaces).runs,
            "panel.reopen": self._reopen,
            "panel.maximise": self._maximise,
            "screen.full_screen": self._fill_screen,
            "screen.leave": self.leaving.leave,
        }
        menus.add_view(self.workspaces, kinds, runs, self.themes)
        menus.add_workspaces(self.workspaces)
        menus.add_notes(self.toasts)
        menus.add_trade(self.hotkeys.actions(self.window))
        menus.add_help({"screen.start_page": self.start_page.open, "screen.tour": self.tour.start})

    def _reopen(self) -> None:
        self.workspaces.front.reopen()

    def _fill_screen(self) -> None:
        self.workspaces.front.toggle_full_screen()

    def _maximise(self) -> None:
        """Show the panel with the keyboard alone, or all again."""
        window = self.workspaces.front
        panel = window.panel_of(QApplication.focusWidget())
        if panel is not None:
            window.toggle_maximised(panel.panel_id)
        else:
            window.maximised.end()

    def _show_provenance(self, _origin: Origin) -> None:
        """Show where the order came from that is selected in the panel with the focus, else the newest one of ours."""
        panel = self.window.panel_of(QApplication.focusWidget())
        chosen = "" if panel is None else panel.chosen_order()
        self.window.show_provenance(chosen or self._context.state.order_behind())

    def _show_setting(self, name: str) -> None:
        """Bring the settings panel to the front, searched for one setting, with the keyboard in it."""
        panel = self.window.shown("settings")
        panel.restore_settings({"search": name})
        panel.setFocus()

    def _follow_focus(self) -> None:
        """Show the instrument of a new focus in group A, but where a click in a panel of another group chose it."""
        if not self._aiming:
            self._context.links.choose("A", self._context.focus.symbol)

    def _aim(self, widget: QWidget) -> None:
        """Aim the trade focus at the instrument of the ladder or ticket that is clicked in."""
        panel = panel_around(widget)
        if panel is not None and panel.aims and panel.symbol:
            self._aiming = True
            try:
                self._context.focus.move(symbol=panel.symbol)
            finally:
                self._aiming = False

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Hear no event of the application: panels that come, go and move make thousands, and no input comes meanwhile.

        While a key is held its end is listened for, and so is everything.
        """
        app = QApplication.instance()
        if app is None or not self._listens or self.hotkeys.holds:
            yield
            return
        app.removeEventFilter(self)
        self._listens = False
        try:
            yield
        finally:
            self._listens = True
            app.installEventFilter(self)

    def _complete_at(self, at: QPoint) -> None:
        for window in self.workspaces.windows:
            window.complete_at(at)

    def _on_window_focus(self, window: object) -> None:
        if window is None:
            self._unfocused.start()
        else:
            self._unfocused.stop()

    def _disarm(self, reason: str) -> None:
        disarm(self._context, reason)

    def _see(self, watched: QObject, event: QEvent) -> None:
        """Look at an input: what a pointer is pressed on is made first."""
        kind = event.type()
        if kind in _AIMED and isinstance(watched, QWindow) and isinstance(event, QSinglePointEvent | QDropEvent):
            self._complete_at(watched.mapToGlobal(event.position().toPoint()))
        if kind in _INPUT:
            self._idle.start()
            if kind is QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
                self._aim(watched)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let keys act, count any input as a sign of life, see clicks, save before a quit closes the windows.

        The one filter of the application: each of its thousands of events a second comes here and takes the
        interpreter for it, so what is no input costs a look at its class. Consumes what keys take.
        """
        if self.hotkeys.takes(watched, event):
            return True
        if isinstance(event, _INPUTS):
            self._see(watched, event)
        elif isinstance(watched, QApplication) and event.type() is QEvent.Type.Quit:
            self.workspaces.settle()
        return False
