"""The window's own commands as menu entries, and what each runs: one action a command, whichever door asks for it.

Their keys are the menu's until the key file binds the command itself, which the entry then shows, or gives the chord
to something else. It sends nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from workstation.commands.screen import declare_screen
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.spelt import spelt
from workstation.domain.orders import Origin


class ScreenCommands(QObject):
    """Every command of the window by id. kinds: the title of each kind of panel."""

    def __init__(self, context: DesktopContext, keys: HotkeyFilter, kinds: Mapping[str, str], window: QObject) -> None:
        super().__init__(window)
        self.setObjectName("screen_commands")
        self._commands = context.bridge.commands
        self._keys = keys
        self._actions: dict[str, QAction] = {}
        declare_screen(self._commands, kinds)
        keys.store.changed.connect(self._show_keys)

    def action(self, command_id: str, run: Callable[[], object], text: str = "") -> QAction:
        """Return the menu entry of a command, which from now on runs so. text: in place of the title, where it helps.

        Asked again for the same command it is the same entry.
        """
        self._keys.runs[command_id] = partial(_run, run)
        made = self._actions.get(command_id)
        if made is None:
            made = self._actions[command_id] = QAction(self)
            made.setObjectName(command_id)
            made.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            made.triggered.connect(lambda _checked=False: self._keys.run_command(command_id))
        command = self._commands.get(command_id)
        made.setText(text or spelt(command.title))
        made.setToolTip(command.help or command.title)
        self._show_key(command_id, made)
        return made

    def put(self, menu: QMenu, command_id: str, run: Callable[[], object], text: str = "") -> QAction:
        """Add a command's entry to a menu and return it."""
        made = self.action(command_id, run, text)
        menu.addAction(made)
        return made

    def _show_keys(self) -> None:
        for command_id, action in self._actions.items():
            self._show_key(command_id, action)

    def _show_key(self, command_id: str, action: QAction) -> None:
        """Give an entry its key: the menu's own, or as text that of the key file, which acts by itself."""
        bound = self._keys.store.keys_that_run(command_id)
        free = [] if bound else [key for key in self._commands.get(command_id).keys if not self._keys.store.takes(key)]
        title = action.text().partition("\t")[0]
        action.setText(f"{title}\t{bound}" if bound else title)
        action.setShortcuts([QKeySequence(key) for key in free])


def _run(run: Callable[[], object], _origin: Origin) -> None:
    run()
