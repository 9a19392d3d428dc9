"""The menus of the first window: view, workspaces, notes, trade, help. Every entry is a command of the registry.

Built once, after everything that a command runs is there. It decides nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from workstation.commands.screen import ADD_PANEL
from workstation.desktop.icons import icon
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.screen_commands import ScreenCommands
from workstation.desktop.shell.toasts import ToastStack
from workstation.desktop.shell.workspaces import Workspaces
from workstation.desktop.shell.workspaces_menu import WorkspaceMenu
from workstation.desktop.spelt import spelt

Run = Callable[[], object]
PANEL_KEYS = tuple(f"panel.{word}" for word in ("next", "previous", "next_tab", "previous_tab", "float", "close"))


class MenuBar:
    """Fills the menu bar of one window. commands: makes each entry and gives it its key."""

    def __init__(self, window: QMainWindow, commands: ScreenCommands) -> None:
        self._window, self._commands = window, commands
        self._bar = window.menuBar()
        self._bar.setObjectName("menu_bar")

    def add_view(
        self, workspaces: Workspaces, kinds: Mapping[str, type[Panel]], runs: Mapping[str, Run], themes: QMenu
    ) -> None:
        """Add the menu of panels and looks, with the way out at its end. runs: commands by id."""
        menu = self._menu("&View")
        menu.addMenu(self._panels(menu, workspaces, kinds))
        for command_id in (*PANEL_KEYS, "panel.reopen", "panel.maximise", "screen.full_screen"):
            self._commands.put(menu, command_id, runs[command_id])
        menu.addMenu(themes)
        menu.addSeparator()
        self._commands.put(menu, "screen.leave", runs["screen.leave"])

    def add_workspaces(self, workspaces: Workspaces) -> None:
        """Add the menu of workspaces."""
        self._bar.addMenu(WorkspaceMenu(workspaces, self._commands, self._window))

    def add_notes(self, toasts: ToastStack) -> None:
        """Add the menu of notes."""
        quiet = self._commands.action("screen.quiet", toasts.menu.toggle_quiet)
        seen = self._commands.action("screen.acknowledge_notes", toasts.acknowledge)
        toasts.menu.begin_with(seen, quiet)
        self._bar.addMenu(toasts.menu)

    def add_trade(self, actions: Mapping[str, QAction]) -> None:
        """Add the menu of the key map. actions: entries by command."""
        menu = self._menu("&Trade")
        for command_id, action in actions.items():
            action.setObjectName(command_id)
            menu.addAction(action)

    def add_help(self, runs: Mapping[str, Run]) -> None:
        """Add the menu of what explains. runs: by command."""
        menu = self._menu("&Help")
        for command_id, run in runs.items():
            self._commands.put(menu, command_id, run)

    def _menu(self, title: str) -> QMenu:
        menu = self._bar.addMenu(title)
        menu.setObjectName(f"{title.strip('&').lower()}_menu")
        return menu

    def _panels(self, parent: QWidget, workspaces: Workspaces, kinds: Mapping[str, type[Panel]]) -> QMenu:
        """Return the menu that opens one more panel of each kind, in the window in front."""
        menu = QMenu("&Add panel", parent)
        menu.setObjectName("add_panel_menu")
        for kind, panel in sorted(kinds.items(), key=lambda pair: pair[1].title):
            add = partial(_add_panel, workspaces, kind)
            self._commands.put(menu, f"{ADD_PANEL}{kind}", add, spelt(panel.title)).setIcon(icon(panel.icon))
        return menu


def _add_panel(workspaces: Workspaces, kind: str) -> None:
    workspaces.front.add_panel(kind)
