"""The menu of themes: the shipped ones, a person's own, and a copy of the present one to make an own one from.

Switching is live and kept in the settings. A theme that cannot be used is refused with its reason, and the present one
stays. It knows no panel.
"""

from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from workstation.config.settings import DesktopSettings
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.screen_commands import ScreenCommands
from workstation.desktop.spelt import spelt
from workstation.desktop.theme import THEME_NAMES, apply_theme, current_theme
from workstation.desktop.theme_shelf import SETTING
from workstation.domain.errors import UserError


class ThemeMenu(QMenu):
    """A person's own themes are looked for each time it opens, so that a file that has come since is offered."""

    def __init__(self, context: DesktopContext, commands: ScreenCommands, parent: QWidget) -> None:
        super().__init__("&Theme", parent)
        self.setObjectName("theme_menu")
        self._context = context
        self._shipped = {
            name: commands.put(self, f"screen.theme_{name}", partial(self.show_theme, name)) for name in THEME_NAMES
        }
        for action in self._shipped.values():
            action.setCheckable(True)
        self._end = self.addSeparator()
        commands.put(self, "screen.theme_copy", self.copy_theme)
        self._own: list[QAction] = []
        self.aboutToShow.connect(self._fill)

    def show_theme(self, name: str) -> None:
        """Switch the theme live, and keep it where there are settings to keep it in."""
        store, say = self._context.settings, self._context.announcer.say
        settings = DesktopSettings() if store is None else store.settings.desktop
        try:
            theme = self._context.themes.theme(settings, name)
        except UserError as error:
            say("warning", f"Refused: {error}")
            return
        trouble = "" if store is None else store.set(SETTING, name)
        if trouble:
            say("warning", f"The theme is not kept: {trouble}")
        app = QApplication.instance()
        if isinstance(app, QApplication) and current_theme() != theme:
            apply_theme(app, theme)

    def copy_theme(self) -> None:
        """Write the present theme beside a person's own ones, to be edited."""
        say = self._context.announcer.say
        try:
            made = self._context.themes.copy(current_theme())
        except OSError as error:
            say("warning", f"The theme is not copied: {error.strerror}.")
            return
        if made is None:
            say("warning", "The theme is not copied: this desktop has no folder for themes.")
            return
        place = f"{made.parent.name}/{made.name}"
        say("info", f"The theme is copied to {place} in the home folder. Edit it, then choose it here.")

    def _fill(self) -> None:
        for action in self._own:
            self.removeAction(action)
            action.deleteLater()
        for name, action in self._shipped.items():
            action.setChecked(current_theme().name == name)
        self._own = [self._entry(name) for name in self._context.themes.own()]
        self.insertActions(self._end, self._own)

    def _entry(self, name: str) -> QAction:
        action = QAction(spelt(name), self)
        action.setObjectName(f"theme_{name}")
        action.setCheckable(True)
        action.setChecked(current_theme().name == name)
        action.triggered.connect(lambda _checked=False: self.show_theme(name))
        return action
